#include "cli/line.h"

#include "chain/canonical.h"
#include "cli/members.h"
#include "util/time.h"

enum { MAX_MEMBERS = 8, UUID_LEN = 36 };

struct AkLineReader {
    AkCanonical *canonical;
    AkBuf json, text;
};

typedef enum { EVENT_TYPE, PAYLOAD, ID, TS, METADATA, N_FIELDS } Field;

static const char *const field_names[N_FIELDS] = {[EVENT_TYPE] = "eventType",
                                                  [PAYLOAD] = "payload",
                                                  [ID] = "id",
                                                  [TS] = "ts",
                                                  [METADATA] = "metadata"};

AkLineReader *ak_line_reader_new(void)
{
    AkLineReader *reader = g_new0(AkLineReader, 1);

    reader->canonical = ak_canonical_new();
    return reader;
}

void ak_line_reader_free(AkLineReader *reader)
{
    if (reader == NULL)
        return;
    ak_canonical_free(reader->canonical);
    ak_buf_clear(&reader->json);
    ak_buf_clear(&reader->text);
    g_free(reader);
}

static gboolean wrong(const char *name, const char *rule, GError **error)
{
    g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT, "member '%s' %s", name, rule);
    return FALSE;
}

/* The canonical JSON of @value in reader->json. */
static gboolean canonicalise(AkLineReader *reader, const char *name, AkView value,
                             AkCanonicalInfo *info, GError **error)
{
    reader->json.len = 0;
    if (ak_canonical_json(reader->canonical, value, &reader->json, info, error))
        return TRUE;
    g_prefix_error(error, "member '%s': ", name);
    return FALSE;
}

/* The characters of a JSON string in reader->text. */
static gboolean take_string(AkLineReader *reader, const char *name, AkView value, GError **error)
{
    if (!canonicalise(reader, name, value, NULL, error))
        return FALSE;
    if (reader->json.data[0] != '"')
        return wrong(name, "is not a string", error);
    reader->text.len = 0;
    ak_members_unquote(ak_buf_view(&reader->json), &reader->text);
    return TRUE;
}

static gboolean take_event_type(AkLineReader *reader, AkView value, AkArena *arena, AkLine *out,
                                GError **error)
{
    if (!take_string(reader, "eventType", value, error))
        return FALSE;
    if (reader->text.len == 0 || memchr(reader->text.data, '\0', reader->text.len) != NULL)
        return wrong("eventType", "is empty, or holds a NUL", error);
    out->event_type = ak_arena_copy(arena, ak_buf_view(&reader->text));
    return TRUE;
}

static gboolean take_id(AkLineReader *reader, AkView value, AkArena *arena, AkLine *out,
                        GError **error)
{
    char id[UUID_LEN + 1] = "";

    if (!take_string(reader, "id", value, error))
        return FALSE;
    if (reader->text.len == UUID_LEN)
        memcpy(id, reader->text.data, UUID_LEN);
    for (gsize i = 0; i < UUID_LEN; i++)
        id[i] = g_ascii_tolower(id[i]);
    if (!g_uuid_string_is_valid(id))
        return wrong("id", "is not a UUID", error);
    out->id = ak_arena_copy(arena, ak_view(id, UUID_LEN));
    return TRUE;
}

static gboolean take_ts(AkLineReader *reader, AkView value, AkLine *out, GError **error)
{
    if (!take_string(reader, "ts", value, error))
        return FALSE;
    out->has_ts = ak_time_parse(ak_buf_view(&reader->text), &out->ts_usec);
    return out->has_ts || wrong("ts", "is not an RFC 3339 time", error);
}

static gboolean take_payload(AkLineReader *reader, AkView value, AkArena *arena, AkLine *out,
                             GError **error)
{
    AkCanonicalInfo info;

    if (!canonicalise(reader, "payload", value, &info, error))
        return FALSE;
    out->canonical = ak_arena_copy(arena, ak_buf_view(&reader->json));
    out->payload = info.is_lossy || info.is_reshaped ? ak_arena_copy(arena, value) : out->canonical;
    return TRUE;
}

static gboolean take_metadata(AkLineReader *reader, AkView value, AkArena *arena, AkLine *out,
                              GError **error)
{
    AkCanonicalInfo info;

    if (!canonicalise(reader, "metadata", value, &info, error))
        return FALSE;
    out->metadata = ak_arena_copy(
        arena, info.is_lossy || info.is_reshaped ? value : ak_buf_view(&reader->json));
    return TRUE;
}

static gboolean take_field(AkLineReader *reader, Field field, AkView value, AkArena *arena,
                           AkLine *out, GError **error)
{
    switch (field) {
    case EVENT_TYPE:
        return take_event_type(reader, value, arena, out, error);
    case PAYLOAD:
        return take_payload(reader, value, arena, out, error);
    case ID:
        return take_id(reader, value, arena, out, error);
    case TS:
        return take_ts(reader, value, out, error);
    case METADATA:
        return take_metadata(reader, value, arena, out, error);
    case N_FIELDS:
    default:
        g_assert_not_reached();
    }
}

static gboolean find_field(AkLineReader *reader, AkView name, Field *out, GError **error)
{
    /* The name with its quotes: they stand around it in the text. */
    if (!take_string(reader, "a name", ak_view(name.data - 1, name.len + 2), error))
        return FALSE;
    for (*out = 0; *out < N_FIELDS; (*out)++)
        if (ak_view_equal(ak_buf_view(&reader->text), ak_view_str(field_names[*out])))
            return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT,
                "member '%.*s' is unknown; hint: eventType, payload, id, ts and metadata are known",
                (int)MIN(name.len, 64), name.data);
    return FALSE;
}

gboolean ak_line_read(AkLineReader *reader, AkView text, AkArena *arena, AkLine *out,
                      GError **error)
{
    AkMember members[MAX_MEMBERS];
    gboolean seen[N_FIELDS] = {FALSE};
    gsize n;

    *out = (AkLine){0};
    if (!ak_members_split(text, members, MAX_MEMBERS, &n, error))
        return FALSE;
    for (gsize i = 0; i < n; i++) {
        Field field;

        if (!find_field(reader, members[i].name, &field, error))
            return FALSE;
        if (seen[field])
            return wrong(field_names[field], "is there twice", error);
        seen[field] = TRUE;
        if (!take_field(reader, field, members[i].value, arena, out, error))
            return FALSE;
    }
    for (Field field = EVENT_TYPE; field <= PAYLOAD; field++)
        if (!seen[field])
            return wrong(field_names[field], "is missing", error);
    if (!seen[ID]) {
        g_autofree char *id = g_uuid_string_random();

        out->id = ak_arena_copy(arena, ak_view_str(id));
    }
    return TRUE;
}

gboolean ak_line_is_blank(AkView text)
{
    for (gsize i = 0; i < text.len; i++)
        if (!g_ascii_isspace(text.data[i]))
            return FALSE;
    return TRUE;
}
