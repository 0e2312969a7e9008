#ifndef AK_STORE_AWS_XML_H
#define AK_STORE_AWS_XML_H

#include "util/error.h"
#include "util/view.h"

/*
 * Reader of AWS's XML answers. The text comes from outside: at most eight levels deep, names and
 * texts capped, namespaces ignored; BAD_INPUT for what is not such a document.
 */

/* Called at the end of each element ("Error/Code"); FALSE with *error stops. @text is blank for a
 * parent. */
typedef gboolean (*AkXmlFunc)(const char *path, const char *text, gpointer data, GError **error);

gboolean ak_xml_walk(AkView xml, AkXmlFunc func, gpointer data, GError **error) AK_MUST_CHECK;

/* Text of the first element at @path ("Error/Code") or NULL: absent, or no XML at all. */
char *ak_xml_text(AkView xml, const char *path);

#endif
