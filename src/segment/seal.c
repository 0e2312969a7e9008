#include "segment/seal.h"

#include "chain/canonical.h"
#include "segment/key.h"
#include "util/hex.h"
#include "util/time.h"

#include <json-glib/json-glib.h>

void ak_seal_init(AkSeal *seal)
{
    *seal = (AkSeal){.segments = g_array_new(FALSE, FALSE, sizeof(AkSealSegment))};
}

void ak_seal_clear(AkSeal *seal)
{
    g_free(seal->chain);
    g_free(seal->checkpoint);
    g_free(seal->exporter);
    g_clear_pointer(&seal->segments, g_array_unref);
    *seal = (AkSeal){0};
}

void ak_seal_add(AkSeal *seal, const AkSealSegment *segment)
{
    g_array_append_vals(seal->segments, segment, 1);
}

static const AkSealSegment *at(const AkSeal *seal, guint i)
{
    return &g_array_index(seal->segments, AkSealSegment, i);
}

static guint64 count_of(const AkSealSegment *segment)
{
    return segment->last_index - segment->first_index + 1;
}

static void write_name(AkBuf *out, const char *name)
{
    if (out->data[out->len - 1] != '{')
        ak_buf_append_byte(out, ',');
    ak_canonical_string(ak_view_str(name), out);
    ak_buf_append_byte(out, ':');
}

static void write_text(AkBuf *out, const char *name, const char *text)
{
    write_name(out, name);
    ak_canonical_string(ak_view_str(text), out);
}

static void write_uint(AkBuf *out, const char *name, guint64 value)
{
    write_name(out, name);
    ak_buf_append_uint(out, value);
}

static void write_day(AkBuf *out, const char *name, gint64 day)
{
    char text[AK_TIME_MAX];

    (void)ak_time_format(day * AK_USEC_PER_DAY, text);
    text[10] = '\0';
    write_text(out, name, text);
}

static void write_digest(AkBuf *out, const char *name, const guint8 digest[AK_SHA256_LEN])
{
    char text[2 * AK_SHA256_LEN + 1] = "";

    ak_hex_encode(digest, AK_SHA256_LEN, text);
    write_text(out, name, text);
}

static void write_index(AkBuf *out, const char *name, const guint64 *index)
{
    write_name(out, name);
    if (index != NULL)
        ak_buf_append_uint(out, *index);
    else
        ak_buf_append_literal(out, "null");
}

static void write_segment(AkBuf *out, const AkSealSegment *segment)
{
    ak_buf_append_byte(out, '{');
    write_digest(out, "contentSha256", segment->content_sha256);
    write_uint(out, "count", count_of(segment));
    write_uint(out, "firstIndex", segment->first_index);
    write_text(out, "key", segment->key);
    write_uint(out, "lastIndex", segment->last_index);
    write_digest(out, "objectSha256", segment->object_sha256);
    ak_buf_append_byte(out, '}');
}

void ak_seal_write(const AkSeal *seal, AkBuf *out)
{
    guint n = seal->segments->len;
    const AkSealSegment *first = n > 0 ? at(seal, 0) : NULL;
    const AkSealSegment *last = n > 0 ? at(seal, n - 1) : NULL;

    ak_buf_append_byte(out, '{');
    write_text(out, "chain", seal->chain);
    write_text(out, "checkpoint", seal->checkpoint);
    write_uint(out, "count", n > 0 ? last->last_index - first->first_index + 1 : 0);
    write_day(out, "day", seal->day);
    write_text(out, "exporter", seal->exporter);
    write_day(out, "firstDay", seal->first_day);
    write_index(out, "firstIndex", n > 0 ? &first->first_index : NULL);
    write_uint(out, "format", AK_SEAL_FORMAT);
    write_text(out, "lastHash", seal->last_hash);
    write_index(out, "lastIndex", n > 0 ? &last->last_index : NULL);
    write_text(out, "prevHash", seal->prev_hash);
    write_name(out, "segments");
    ak_buf_append_byte(out, '[');
    for (guint i = 0; i < n; i++) {
        if (i > 0)
            ak_buf_append_byte(out, ',');
        write_segment(out, at(seal, i));
    }
    ak_buf_append_literal(out, "]}");
}

/* Members of an object; the first one that is missing or wrong is kept for the message. */
typedef struct {
    JsonObject *object;
    const char *wrong;
} Members;

static JsonNode *take(Members *members, const char *name, GType type)
{
    JsonNode *node = json_object_get_member(members->object, name);

    if (node != NULL && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == type)
        return node;
    if (members->wrong == NULL)
        members->wrong = name;
    return NULL;
}

static const char *read_text(Members *members, const char *name)
{
    JsonNode *node = take(members, name, G_TYPE_STRING);

    return node != NULL ? json_node_get_string(node) : "";
}

static guint64 read_uint(Members *members, const char *name)
{
    JsonNode *node = take(members, name, G_TYPE_INT64);
    gint64 value = node != NULL ? json_node_get_int(node) : 0;

    if (value < 0 && members->wrong == NULL)
        members->wrong = name;
    return (guint64)MAX(value, 0);
}

static gint64 read_day(Members *members, const char *name)
{
    const char *text = read_text(members, name);
    gint64 usec = 0;

    if ((strlen(text) != 10 || !ak_time_parse(ak_view_str(text), &usec)) && members->wrong == NULL)
        members->wrong = name;
    return ak_time_day(usec);
}

static void read_digest(Members *members, const char *name, guint8 out[AK_SHA256_LEN])
{
    const char *text = read_text(members, name);

    if (!ak_hex_decode(ak_view_str(text), out, AK_SHA256_LEN) && members->wrong == NULL)
        members->wrong = name;
}

static void read_fixed(Members *members, const char *name, char *out, gsize size)
{
    if (g_strlcpy(out, read_text(members, name), size) >= size && members->wrong == NULL)
        members->wrong = name;
}

/* Null without segments, else the index. */
static void check_index(Members *members, const char *name, const guint64 *index)
{
    if (index == NULL ? !json_object_has_member(members->object, name) ||
                            !json_object_get_null_member(members->object, name)
                      : read_uint(members, name) != *index)
        if (members->wrong == NULL)
            members->wrong = name;
}

static gboolean read_segment(JsonNode *node, AkSealSegment *out)
{
    Members members = {.object = JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL};
    guint64 count;

    if (members.object == NULL)
        return FALSE;
    read_digest(&members, "contentSha256", out->content_sha256);
    count = read_uint(&members, "count");
    out->first_index = read_uint(&members, "firstIndex");
    read_fixed(&members, "key", out->key, sizeof out->key);
    out->last_index = read_uint(&members, "lastIndex");
    read_digest(&members, "objectSha256", out->object_sha256);
    return members.wrong == NULL && out->last_index >= out->first_index && count == count_of(out);
}

/* Is it of this chain and of these days, and does it follow the segment before? */
static gboolean fits(const AkSeal *seal, const AkSealSegment *segment)
{
    guint n = seal->segments->len;
    AkSegmentName name;

    return ak_segment_key_parse(segment->key, &name) && strcmp(name.chain, seal->chain) == 0 &&
           name.first_index == segment->first_index && name.last_index == segment->last_index &&
           name.day >= seal->first_day && name.day <= seal->day &&
           (n == 0 || at(seal, n - 1)->last_index + 1 == segment->first_index);
}

static gboolean read_segments(Members *members, AkSeal *seal)
{
    JsonNode *node = json_object_get_member(members->object, "segments");
    JsonArray *array;

    if (node == NULL || !JSON_NODE_HOLDS_ARRAY(node))
        return FALSE;
    array = json_node_get_array(node);
    for (guint i = 0; i < json_array_get_length(array); i++) {
        AkSealSegment segment;

        if (!read_segment(json_array_get_element(array, i), &segment) || !fits(seal, &segment))
            return FALSE;
        ak_seal_add(seal, &segment);
    }
    return TRUE;
}

static void check_totals(Members *members, const AkSeal *seal)
{
    guint n = seal->segments->len;
    const AkSealSegment *first = n > 0 ? at(seal, 0) : NULL;
    const AkSealSegment *last = n > 0 ? at(seal, n - 1) : NULL;
    guint64 count = n > 0 ? last->last_index - first->first_index + 1 : 0;

    check_index(members, "firstIndex", n > 0 ? &first->first_index : NULL);
    check_index(members, "lastIndex", n > 0 ? &last->last_index : NULL);
    check_index(members, "count", &count);
}

static void read_seal(Members *members, AkSeal *out)
{
    guint64 format = AK_SEAL_FORMAT;

    out->chain = g_strdup(read_text(members, "chain"));
    out->checkpoint = g_strdup(read_text(members, "checkpoint"));
    out->exporter = g_strdup(read_text(members, "exporter"));
    out->day = read_day(members, "day");
    out->first_day = read_day(members, "firstDay");
    read_fixed(members, "prevHash", out->prev_hash, sizeof out->prev_hash);
    read_fixed(members, "lastHash", out->last_hash, sizeof out->last_hash);
    check_index(members, "format", &format);
    if (members->wrong == NULL && out->first_day > out->day)
        members->wrong = "firstDay";
    if (members->wrong == NULL && !read_segments(members, out))
        members->wrong = "segments";
    if (members->wrong != NULL)
        return;
    check_totals(members, out);
    if (out->segments->len == 0 && strcmp(out->prev_hash, out->last_hash) != 0)
        members->wrong = "lastHash";
}

/* JSON-GLib takes more than JSON, and nesting that no stack holds: only strict text goes to it. */
static JsonNode *parse_object(AkView json)
{
    g_autoptr(AkCanonical) canonical = ak_canonical_new();
    g_autoptr(JsonParser) parser = json_parser_new_immutable();
    g_auto(AkBuf) strict = {0};

    if (json.len > AK_SEAL_MAX_BYTES || !ak_canonical_json(canonical, json, &strict, NULL, NULL) ||
        strict.data[0] != '{' ||
        !json_parser_load_from_data(parser, json.data, (gssize)json.len, NULL))
        return NULL;
    return json_parser_steal_root(parser);
}

gboolean ak_seal_parse(AkView json, AkSeal *out, GError **error)
{
    g_autoptr(JsonNode) root = parse_object(json);
    g_auto(AkSeal) seal = {0};
    Members members = {0};

    if (root == NULL) {
        g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT, "seal is no JSON object");
        return FALSE;
    }
    ak_seal_init(&seal);
    members.object = json_node_get_object(root);
    read_seal(&members, &seal);
    if (members.wrong != NULL) {
        g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT, "seal member '%s' is missing or wrong",
                    members.wrong);
        return FALSE;
    }
    *out = seal;
    seal = (AkSeal){0};
    return TRUE;
}
