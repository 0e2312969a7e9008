#include "segment/manifest.h"

#include "chain/canonical.h"
#include "util/hex.h"
#include "util/time.h"

#include <json-glib/json-glib.h>

typedef enum {
    FIELD_STRING,
    FIELD_FIXED,
    FIELD_UINT,
    FIELD_DIGEST,
    FIELD_DAY,
    FIELD_TIME,
    FIELD_FLAG /* absent when it is not set */
} FieldKind;

/* One row per member, in canonical order: the writer and the reader walk the same table. */
typedef struct {
    const char *name;
    FieldKind kind;
    gsize offset;
    gsize size; /* FIELD_FIXED: of the array */
} Field;

#define FIELD(name, kind, member)                                                                  \
    {                                                                                              \
        name, kind, G_STRUCT_OFFSET(AkManifest, member), 0                                         \
    }
#define FIXED(name, member)                                                                        \
    {                                                                                              \
        name, FIELD_FIXED, G_STRUCT_OFFSET(AkManifest, member), sizeof(((AkManifest *)0)->member)  \
    }

static const Field fields[] = {
    FIELD("chain", FIELD_STRING, chain),
    FIELD("checkpoint", FIELD_STRING, checkpoint),
    FIELD("contentBytes", FIELD_UINT, content_bytes),
    FIELD("contentSha256", FIELD_DIGEST, content_sha256),
    FIELD("count", FIELD_UINT, count),
    FIELD("day", FIELD_DAY, day),
    FIELD("eventObjects", FIELD_FLAG, has_event_objects),
    FIELD("exporter", FIELD_STRING, exporter),
    FIXED("firstId", first_id),
    FIELD("firstIndex", FIELD_UINT, first_index),
    FIELD("firstTs", FIELD_TIME, first_ts_usec),
    {"format", FIELD_UINT, G_MAXSIZE, 0},
    FIXED("lastHash", last_hash),
    FIXED("lastId", last_id),
    FIELD("lastIndex", FIELD_UINT, last_index),
    FIELD("lastTs", FIELD_TIME, last_ts_usec),
    FIXED("prevHash", prev_hash),
    FIELD("root", FIELD_DIGEST, root),
    FIELD("treeSize", FIELD_UINT, tree_size),
};

void ak_manifest_clear(AkManifest *manifest)
{
    g_free(manifest->chain);
    g_free(manifest->checkpoint);
    g_free(manifest->exporter);
    *manifest = (AkManifest){0};
}

static void write_text(AkBuf *out, const char *text)
{
    ak_canonical_string(ak_view_str(text), out);
}

static void write_field(const Field *field, const AkManifest *manifest, AkBuf *out)
{
    const void *place = (const char *)manifest + field->offset;
    char text[2 * AK_SHA256_LEN + 1] = "";

    switch (field->kind) {
    case FIELD_STRING:
        write_text(out, *(const char *const *)place);
        break;
    case FIELD_FIXED:
        write_text(out, place);
        break;
    case FIELD_UINT:
        ak_buf_append_uint(out, *(const guint64 *)place);
        break;
    case FIELD_DIGEST:
        ak_hex_encode(place, AK_SHA256_LEN, text);
        write_text(out, text);
        break;
    case FIELD_DAY:
        (void)ak_time_format(*(const gint64 *)place * AK_USEC_PER_DAY, text);
        text[10] = '\0';
        write_text(out, text);
        break;
    case FIELD_TIME:
        (void)ak_time_format(*(const gint64 *)place, text);
        write_text(out, text);
        break;
    case FIELD_FLAG:
        ak_buf_append_literal(out, "true");
        break;
    }
}

static gboolean is_set(const Field *flag, const AkManifest *manifest)
{
    const void *place = (const char *)manifest + flag->offset;

    return *(const gboolean *)place;
}

void ak_manifest_write(const AkManifest *manifest, AkBuf *out)
{
    for (gsize i = 0; i < G_N_ELEMENTS(fields); i++) {
        if (fields[i].kind == FIELD_FLAG && !is_set(&fields[i], manifest))
            continue;
        ak_buf_append_byte(out, i == 0 ? '{' : ',');
        write_text(out, fields[i].name);
        ak_buf_append_byte(out, ':');
        if (fields[i].offset == G_MAXSIZE)
            ak_buf_append_uint(out, AK_SEGMENT_FORMAT);
        else
            write_field(&fields[i], manifest, out);
    }
    ak_buf_append_byte(out, '}');
}

static gboolean read_uint(JsonNode *node, guint64 *out)
{
    if (!JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_INT64 ||
        json_node_get_int(node) < 0)
        return FALSE;
    *out = (guint64)json_node_get_int(node);
    return TRUE;
}

static gboolean read_text(const Field *field, const char *text, void *place)
{
    gint64 usec;

    switch (field->kind) {
    case FIELD_STRING:
        *(char **)place = g_strdup(text);
        return TRUE;
    case FIELD_FIXED:
        return g_strlcpy(place, text, field->size) < field->size;
    case FIELD_DIGEST:
        return ak_hex_decode(ak_view_str(text), place, AK_SHA256_LEN);
    case FIELD_DAY:
        if (strlen(text) != 10 || !ak_time_parse(ak_view_str(text), &usec))
            return FALSE;
        *(gint64 *)place = ak_time_day(usec);
        return TRUE;
    case FIELD_TIME:
        return ak_time_parse(ak_view_str(text), place);
    case FIELD_UINT:
    case FIELD_FLAG:
        return FALSE;
    }
    return FALSE;
}

static gboolean read_flag(JsonNode *node, gboolean *out)
{
    if (!JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_BOOLEAN)
        return FALSE;
    *out = json_node_get_boolean(node);
    return TRUE;
}

static gboolean read_field(const Field *field, JsonNode *node, AkManifest *out)
{
    guint64 format;

    if (field->offset == G_MAXSIZE)
        return read_uint(node, &format) && format == AK_SEGMENT_FORMAT;
    if (field->kind == FIELD_FLAG)
        return read_flag(node, G_STRUCT_MEMBER_P(out, field->offset));
    if (field->kind == FIELD_UINT)
        return read_uint(node, G_STRUCT_MEMBER_P(out, field->offset));
    if (!JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_STRING)
        return FALSE;
    return read_text(field, json_node_get_string(node), G_STRUCT_MEMBER_P(out, field->offset));
}

static gboolean is_consistent(const AkManifest *manifest)
{
    return manifest->count > 0 && manifest->last_index >= manifest->first_index &&
           manifest->last_index - manifest->first_index == manifest->count - 1 &&
           manifest->tree_size == manifest->last_index + 1;
}

/* JSON-GLib takes more than JSON, and nesting that no stack holds: only strict text goes to it. */
static JsonNode *parse_object(AkView json)
{
    g_autoptr(AkCanonical) canonical = ak_canonical_new();
    g_autoptr(JsonParser) parser = json_parser_new_immutable();
    g_auto(AkBuf) strict = {0};

    if (json.len > AK_MANIFEST_MAX_BYTES ||
        !ak_canonical_json(canonical, json, &strict, NULL, NULL) || strict.data[0] != '{' ||
        !json_parser_load_from_data(parser, json.data, (gssize)json.len, NULL))
        return NULL;
    return json_parser_steal_root(parser);
}

gboolean ak_manifest_parse(AkView json, AkManifest *out, GError **error)
{
    g_autoptr(JsonNode) root = parse_object(json);
    g_auto(AkManifest) manifest = {0};

    if (root == NULL) {
        g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT, "manifest is no JSON object");
        return FALSE;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(fields); i++) {
        JsonNode *node = json_object_get_member(json_node_get_object(root), fields[i].name);

        if (node == NULL && fields[i].kind == FIELD_FLAG)
            continue;
        if (node == NULL || !read_field(&fields[i], node, &manifest)) {
            g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT,
                        "manifest member '%s' is missing or wrong", fields[i].name);
            return FALSE;
        }
    }
    if (!is_consistent(&manifest)) {
        g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT,
                    "manifest contradicts itself: count, indexes and tree size do not fit");
        return FALSE;
    }
    *out = manifest;
    manifest = (AkManifest){0};
    return TRUE;
}
