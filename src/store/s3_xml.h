#ifndef AK_STORE_S3_XML_H
#define AK_STORE_S3_XML_H

#include "store/aws/xml.h"
#include "store/store.h"

/* One page of ListObjectVersions (encoding-type=url is undone); BAD_INPUT for another document. */
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
