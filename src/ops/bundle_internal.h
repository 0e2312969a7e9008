#ifndef AK_OPS_BUNDLE_INTERNAL_H
#define AK_OPS_BUNDLE_INTERNAL_H

#include "ops/bundle.h"
#include "ops/bundle_files.h"

#include <json-glib/json-glib.h>

/* A bundle in the making. */
typedef struct {
    const AkBundleConfig *config;
    AkBundleReport *report;
    AkBundleFiles *files;
    GPtrArray *entries;   /* AkCatalogEntry: those that go into it next, borrowed */
    GHashTable *accepted; /* guint64 *: indexes at which a person let the chain go on */
    guint next;
    JsonBuilder *json;  /* bundle.json */
    char prev_hash[65]; /* what the first event follows */
} AkBundle;

/* A member of the open object; @value NULL is null. */
void ak_bundle_set_string(JsonBuilder *json, const char *name, const char *value);
void ak_bundle_set_uint(JsonBuilder *json, const char *name, guint64 value);

gboolean ak_bundle_add_json(AkBundle *bundle, JsonBuilder *json, const char *path,
                            GError **error) AK_MUST_CHECK;

/* What leads from the chosen events to the signed trees: nodes before them, the newest checkpoint.
 */
gboolean ak_bundle_export_proofs(AkBundle *bundle, GError **error) AK_MUST_CHECK;

/* Public keys: the archiver's, and those of the signers that have any. */
gboolean ak_bundle_export_keys(AkBundle *bundle, GError **error) AK_MUST_CHECK;

#endif
