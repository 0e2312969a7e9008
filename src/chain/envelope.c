#include "chain/envelope.h"

#include "chain/base64.h"
#include "chain/scan.h"
#include "chain/text_block.h"
#include "util/time.h"

/* JSON text that stands in the line as a value, and as text too where the value loses something. */
typedef struct {
    AkView text;
    AkView canonical; /* NULL: none */
    gboolean keep_text;
} JsonMember;

static void write_string(const char *name, AkView value, AkBuf *out)
{
    ak_buf_append(out, name, strlen(name));
    if (value.data == NULL)
        ak_buf_append_literal(out, "null");
    else
        ak_canonical_string(value, out);
}

static void write_faults(AkFaultSet faults, AkBuf *out)
{
    char separator = '[';

    ak_buf_append_literal(out, ",\"fault\":");
    for (guint code = 0; code < AK_FAULT_N_CODES; code++) {
        if ((faults & AK_FAULT_BIT(code)) == 0)
            continue;
        ak_buf_append_byte(out, separator);
        ak_canonical_string(ak_view_str(ak_fault_name((AkFaultCode)code)), out);
        separator = ',';
    }
    ak_buf_append_byte(out, ']');
}

/* SQL NULL and the JSON text null differ: the second keeps its text. */
static gboolean needs_text(AkView text, AkView canonical, const AkCanonicalInfo *info,
                           gboolean is_verbatim)
{
    if (text.data == NULL)
        return FALSE;
    if (canonical.data == NULL || info->is_lossy || info->is_reshaped)
        return TRUE;
    return ak_view_equal(canonical, AK_VIEW("null")) ||
           (is_verbatim && !ak_view_equal(text, canonical));
}

static gboolean is_utf8(AkView text)
{
    for (gsize at = 0; at < text.len;) {
        gsize len =
            (text.data[at] & 0x80) == 0 ? 1 : ak_text_utf8_length(text.data + at, text.len - at);

        if (len == 0)
            return FALSE;
        at += len;
    }
    return TRUE;
}

/* The source's text, as it is: JSON cannot bear bytes that are no UTF-8, base64 keeps them. */
static void write_text(const char *name, AkView text, AkBuf *out)
{
    ak_buf_append(out, name, strlen(name));
    if (is_utf8(text)) {
        ak_buf_append_literal(out, "Text\":");
        ak_canonical_string(text, out);
    } else {
        ak_buf_append_literal(out, "Base64\":\"");
        ak_base64_append(out, (const guint8 *)text.data, text.len);
        ak_buf_append_byte(out, '"');
    }
}

/* name:value[,nameText:text]; @name comes with quotes, comma and colon, without the last quote. */
static void write_json(const char *name, AkView text, AkView canonical, gboolean keep_text,
                       AkBuf *out)
{
    ak_buf_append(out, name, strlen(name));
    ak_buf_append_literal(out, "\":");
    if (text.data == NULL || canonical.data == NULL)
        ak_buf_append_literal(out, "null");
    else
        ak_buf_append_view(out, canonical);
    if (keep_text)
        write_text(name, text, out);
}

/* The same for text that is not canonical yet: canonicalised in place, at the end of @out. */
static void write_source_json(AkCanonical *scratch, const char *name, AkView text,
                              gboolean is_verbatim, AkBuf *out)
{
    AkCanonicalInfo info = {0};
    gsize start;
    AkView canonical = AK_VIEW_NULL;

    ak_buf_append(out, name, strlen(name));
    ak_buf_append_literal(out, "\":");
    start = out->len;
    if (text.data != NULL && ak_canonical_json(scratch, text, out, &info, NULL))
        canonical = ak_view(out->data + start, out->len - start);
    else
        ak_buf_append_literal(out, "null");
    if (needs_text(text, canonical, &info, is_verbatim))
        write_text(name, text, out);
}

void ak_envelope_write(AkCanonical *scratch, const AkEvent *event, AkView chain, AkView canonical,
                       const AkCanonicalInfo *info, AkFaultSet faults, AkBuf *out)
{
    char ts[AK_TIME_MAX];
    gsize ts_len = ak_time_format(event->ts_usec, ts);

    faults &= ~AK_FAULT_BIT(AK_FAULT_PAYLOAD_LOSSY_NUMBER);
    write_string("{\"chain\":", chain, out);
    write_string(",\"eventType\":", event->event_type, out);
    if (event->extra.data != NULL)
        write_source_json(scratch, ",\"extra", event->extra, FALSE, out);
    if (faults != 0)
        write_faults(faults, out);
    write_string(",\"hash\":", event->hash, out);
    write_string(",\"id\":", event->id, out);
    ak_buf_append_literal(out, ",\"index\":");
    ak_buf_append_uint(out, event->index);
    write_source_json(scratch, ",\"metadata", event->metadata, event->is_verbatim, out);
    write_json(",\"payload", event->payload, canonical,
               needs_text(event->payload, canonical, info, event->is_verbatim), out);
    write_string(",\"prevHash\":", event->prev_hash, out);
    write_string(",\"signature\":", event->signature, out);
    write_string(",\"signerId\":", event->signer_id, out);
    ak_buf_append_literal(out, ",\"ts\":\"");
    ak_buf_append(out, ts, ts_len);
    ak_buf_append_literal(out, "\"}");
}

/* What a member's value has to be. */
typedef enum {
    MEMBER_STRING,
    MEMBER_BYTES, /* in base64 */
    MEMBER_INDEX,
    MEMBER_JSON,
    MEMBER_TIME,
    MEMBER_FAULTS
} MemberKind;

enum {
    M_CHAIN,
    M_EVENT_TYPE,
    M_EXTRA,
    M_EXTRA_BASE64,
    M_EXTRA_TEXT,
    M_FAULT,
    M_HASH,
    M_ID,
    M_INDEX,
    M_METADATA,
    M_METADATA_BASE64,
    M_METADATA_TEXT,
    M_PAYLOAD,
    M_PAYLOAD_BASE64,
    M_PAYLOAD_TEXT,
    M_PREV_HASH,
    M_SIGNATURE,
    M_SIGNER_ID,
    M_TS,
    N_MEMBERS
};

static const struct {
    const char *name;
    MemberKind kind;
    gboolean is_optional;
} members[N_MEMBERS] = {
    [M_CHAIN] = {"chain", MEMBER_STRING, FALSE},
    [M_EVENT_TYPE] = {"eventType", MEMBER_STRING, FALSE},
    [M_EXTRA] = {"extra", MEMBER_JSON, TRUE},
    [M_EXTRA_BASE64] = {"extraBase64", MEMBER_BYTES, TRUE},
    [M_EXTRA_TEXT] = {"extraText", MEMBER_STRING, TRUE},
    [M_FAULT] = {"fault", MEMBER_FAULTS, TRUE},
    [M_HASH] = {"hash", MEMBER_STRING, FALSE},
    [M_ID] = {"id", MEMBER_STRING, FALSE},
    [M_INDEX] = {"index", MEMBER_INDEX, FALSE},
    [M_METADATA] = {"metadata", MEMBER_JSON, FALSE},
    [M_METADATA_BASE64] = {"metadataBase64", MEMBER_BYTES, TRUE},
    [M_METADATA_TEXT] = {"metadataText", MEMBER_STRING, TRUE},
    [M_PAYLOAD] = {"payload", MEMBER_JSON, FALSE},
    [M_PAYLOAD_BASE64] = {"payloadBase64", MEMBER_BYTES, TRUE},
    [M_PAYLOAD_TEXT] = {"payloadText", MEMBER_STRING, TRUE},
    [M_PREV_HASH] = {"prevHash", MEMBER_STRING, FALSE},
    [M_SIGNATURE] = {"signature", MEMBER_STRING, FALSE},
    [M_SIGNER_ID] = {"signerId", MEMBER_STRING, FALSE},
    [M_TS] = {"ts", MEMBER_TIME, FALSE},
};

typedef struct {
    AkArena *arena;
    AkView views[N_MEMBERS];
    guint32 seen;
    guint64 index;
    gint64 ts_usec;
    AkFaultSet faults;
} Parse;

static gboolean parse_index(AkView raw, guint64 *out)
{
    guint64 value = 0;

    if (raw.len == 0 || raw.len > 15 || (raw.data[0] == '0' && raw.len > 1))
        return FALSE;
    for (gsize i = 0; i < raw.len; i++) {
        if (!g_ascii_isdigit(raw.data[i]))
            return FALSE;
        value = value * 10 + (guint64)(raw.data[i] - '0');
    }
    *out = value;
    return TRUE;
}

static gboolean parse_faults(AkView raw, AkFaultSet *out)
{
    const char *at = raw.data + 1, *end = raw.data + raw.len - 1;

    if (raw.len < 2 || raw.data[0] != '[' || *end != ']')
        return FALSE;
    for (;;) {
        const char *comma = memchr(at, ',', (gsize)(end - at));
        const char *stop = comma != NULL ? comma : end;
        AkFaultCode code;

        if (stop - at < 2 || at[0] != '"' || stop[-1] != '"' ||
            !ak_fault_from_name(ak_view(at + 1, (gsize)(stop - at) - 2), &code))
            return FALSE;
        *out |= AK_FAULT_BIT(code);
        if (stop == end)
            return TRUE;
        at = stop + 1;
    }
}

static gboolean parse_bytes(AkView raw, AkArena *arena, AkView *out)
{
    gsize size = raw.len / 4 * 3 + 3, len;
    AkView text;
    guint8 *bytes;

    if (!ak_scan_string(raw, arena, &text))
        return FALSE;
    bytes = ak_arena_alloc(arena, size);
    if (!ak_base64_decode(text, bytes, size, &len))
        return FALSE;
    *out = ak_view((const char *)bytes, len);
    return TRUE;
}

static gboolean parse_member(Parse *parse, guint member, AkView raw)
{
    AkView text;

    switch (members[member].kind) {
    case MEMBER_STRING:
        if (ak_view_equal(raw, AK_VIEW("null"))) {
            parse->views[member] = AK_VIEW_NULL;
            return TRUE;
        }
        return ak_scan_string(raw, parse->arena, &parse->views[member]);
    case MEMBER_BYTES:
        return parse_bytes(raw, parse->arena, &parse->views[member]);
    case MEMBER_INDEX:
        return parse_index(raw, &parse->index);
    case MEMBER_JSON:
        parse->views[member] = raw;
        return TRUE;
    case MEMBER_TIME:
        return ak_scan_string(raw, parse->arena, &text) && ak_time_parse(text, &parse->ts_usec);
    case MEMBER_FAULTS:
        return parse_faults(raw, &parse->faults);
    }
    return FALSE;
}

static gboolean find_member(AkView key, guint *out)
{
    for (guint i = 0; i < N_MEMBERS; i++) {
        if (ak_view_equal(key, ak_view_str(members[i].name))) {
            *out = i;
            return TRUE;
        }
    }
    return FALSE;
}

static gboolean bad_line(GError **error, const char *what, AkView name)
{
    g_autofree char *shown =
        g_utf8_make_valid(name.data != NULL ? name.data : "", (gssize)MIN(name.len, 64));

    g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT, "archived line: %s '%s'", what, shown);
    return FALSE;
}

static gboolean parse_members(Parse *parse, AkView line, GError **error)
{
    AkScan scan;
    AkView key = AK_VIEW_NULL, raw;
    AkScanStep step = AK_SCAN_BAD;

    if (ak_scan_begin(&scan, line)) {
        while ((step = ak_scan_next(&scan, &key, &raw)) == AK_SCAN_MEMBER) {
            guint member;

            if (!find_member(key, &member))
                return bad_line(error, "unknown member", key);
            if ((parse->seen & (1u << member)) != 0)
                return bad_line(error, "member given twice", key);
            parse->seen |= 1u << member;
            if (!parse_member(parse, member, raw))
                return bad_line(error, "wrong value of member", key);
        }
    }
    if (step == AK_SCAN_BAD)
        return bad_line(error, "no JSON object after member", key);
    for (guint i = 0; i < N_MEMBERS; i++)
        if (!members[i].is_optional && (parse->seen & (1u << i)) == 0)
            return bad_line(error, "missing member", ak_view_str(members[i].name));
    return TRUE;
}

/* The source's text of a JSON member: its bytes or its text where kept, else the value; null alone
 * is SQL NULL. */
static AkView source_text(const Parse *parse, guint json, guint base64, guint text)
{
    AkView value = parse->views[json];

    if ((parse->seen & (1u << base64)) != 0)
        return parse->views[base64];
    if ((parse->seen & (1u << text)) != 0)
        return parse->views[text];
    return ak_view_equal(value, AK_VIEW("null")) ? AK_VIEW_NULL : value;
}

gboolean ak_envelope_parse(AkView line, AkArena *arena, AkEnvelope *out, GError **error)
{
    Parse parse = {.arena = arena};
    const AkView *views = parse.views;

    if (!parse_members(&parse, line, error))
        return FALSE;
    *out = (AkEnvelope){
        .event =
            {
                .index = parse.index,
                .ts_usec = parse.ts_usec,
                .id = views[M_ID],
                .event_type = views[M_EVENT_TYPE],
                .payload = source_text(&parse, M_PAYLOAD, M_PAYLOAD_BASE64, M_PAYLOAD_TEXT),
                .prev_hash = views[M_PREV_HASH],
                .hash = views[M_HASH],
                .signature = views[M_SIGNATURE],
                .signer_id = views[M_SIGNER_ID],
                .metadata = source_text(&parse, M_METADATA, M_METADATA_BASE64, M_METADATA_TEXT),
                .extra = source_text(&parse, M_EXTRA, M_EXTRA_BASE64, M_EXTRA_TEXT),
                .is_verbatim = TRUE, /* so that a text that was kept is written again */
            },
        .chain = views[M_CHAIN],
        .canonical = views[M_PAYLOAD],
        .faults = parse.faults,
    };
    return TRUE;
}
