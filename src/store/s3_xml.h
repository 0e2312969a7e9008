#ifndef AK_STORE_S3_XML_H
#define AK_STORE_S3_XML_H

#include "store/store.h"

/*
 * Readers of S3's XML answers. The text comes from outside: at most eight levels deep, names and
 * texts capped, namespaces ignored; BAD_INPUT for what is not such a document.
 */

/* Text of the first element at @path ("Error/Code") or NULL: absent, or no XML at all. */
char *ak_s3_xml_text(AkView xml, const char *path);

/* One page of ListObjectVersions (encoding-type=url is undone). */
typedef struct {
    GArray *objects; /* AkObject, in key order, newest version of a key first */
    gboolean is_truncated;
    char *next_key;
    char *next_version;
} AkS3Page;

gboolean ak_s3_xml_versions(AkView xml, AkS3Page *out, GError **error) AK_MUST_CHECK;
void ak_s3_page_clear(AkS3Page *page);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AkS3Page, ak_s3_page_clear)

#endif
