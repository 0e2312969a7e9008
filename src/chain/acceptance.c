#include "chain/acceptance.h"

#include "chain/base64.h"
#include "chain/canonical.h"
#include "chain/ed25519.h"
#include "chain/scan.h"
#include "util/time.h"

/* Says what the signature is about, so that it can stand for nothing else. */
#define FORMAT "auditkeep-acceptance/1"
#define SIGNATURE_MEMBER ",\"signature\":"

enum { SIGNATURE_LEN = 64 };

static const char *const kinds[] = {[AK_BREAK_GAP] = "gap", [AK_BREAK_FORK] = "fork"};

const char *ak_break_name(AkBreakKind kind)
{
    return kinds[kind];
}

void ak_acceptance_clear(AkAcceptance *acceptance)
{
    g_free(acceptance->origin);
    g_free(acceptance->chain);
    g_free(acceptance->reason);
    g_free(acceptance->accepted_by);
    *acceptance = (AkAcceptance){0};
}

static void write_member(AkBuf *out, const char *name, const char *text)
{
    if (out->data[out->len - 1] != '{')
        ak_buf_append_byte(out, ',');
    ak_canonical_string(ak_view_str(name), out);
    ak_buf_append_byte(out, ':');
    ak_canonical_string(ak_view_str(text), out);
}

/* The object but for its signature and its closing brace; "signature" sorts last. */
static void write_open(const AkAcceptance *acceptance, AkBuf *out)
{
    char at[AK_TIME_MAX];

    (void)ak_time_format_seconds(acceptance->accepted_usec, at);
    ak_buf_append_byte(out, '{');
    write_member(out, "acceptedAt", at);
    write_member(out, "acceptedBy", acceptance->accepted_by);
    write_member(out, "chain", acceptance->chain);
    write_member(out, "eventId", acceptance->event_id);
    write_member(out, "eventPrevHash", acceptance->event_prev);
    write_member(out, "format", FORMAT);
    write_member(out, "headHash", acceptance->head_hash);
    write_member(out, "headId", acceptance->head_id);
    ak_buf_append_literal(out, ",\"index\":");
    ak_buf_append_uint(out, acceptance->index);
    write_member(out, "kind", kinds[acceptance->kind]);
    write_member(out, "origin", acceptance->origin);
    write_member(out, "reason", acceptance->reason);
    write_member(out, "rejectedId", acceptance->rejected_id);
}

gboolean ak_acceptance_sign(const AkAcceptance *acceptance, const AkSigningKey *key, AkBuf *out,
                            GError **error)
{
    gsize start = out->len;
    guint8 signature[SIGNATURE_LEN];

    write_open(acceptance, out);
    ak_buf_append_byte(out, '}');
    if (key == NULL)
        return TRUE;
    if (!ak_signing_key_sign_raw(key, (const guint8 *)out->data + start, out->len - start,
                                 signature, error)) {
        ak_buf_truncate(out, start);
        return FALSE;
    }
    ak_buf_truncate(out, out->len - 1);
    ak_buf_append_literal(out, SIGNATURE_MEMBER "\"");
    ak_base64_append(out, signature, sizeof signature);
    ak_buf_append_literal(out, "\"}");
    return TRUE;
}

/* Where a member of text goes: a string of its own, or an array of @size bytes. */
typedef struct {
    const char *name;
    gsize offset;
    gsize size; /* 0: char * */
} TextMember;

#define TEXT(name, member)                                                                         \
    {                                                                                              \
        name, G_STRUCT_OFFSET(AkAcceptance, member), 0                                             \
    }
#define FIXED(name, member)                                                                        \
    {                                                                                              \
        name, G_STRUCT_OFFSET(AkAcceptance, member), sizeof(((AkAcceptance *)0)->member)           \
    }

static const TextMember texts[] = {
    TEXT("acceptedBy", accepted_by),  TEXT("chain", chain),
    FIXED("eventId", event_id),       FIXED("eventPrevHash", event_prev),
    FIXED("headHash", head_hash),     FIXED("headId", head_id),
    TEXT("origin", origin),           TEXT("reason", reason),
    FIXED("rejectedId", rejected_id),
};

static gboolean read_text(AkAcceptance *out, AkView key, AkView text)
{
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        char *place = G_STRUCT_MEMBER_P(out, texts[i].offset);

        if (!ak_view_equal(key, ak_view_str(texts[i].name)))
            continue;
        if (texts[i].size == 0) {
            g_free(*(char **)place);
            *(char **)place = g_strndup(text.data, text.len);
            return TRUE;
        }
        if (text.len >= texts[i].size)
            return FALSE;
        memcpy(place, text.data, text.len);
        place[text.len] = '\0';
        return TRUE;
    }
    return TRUE;
}

static gboolean read_kind(AkAcceptance *out, AkView text)
{
    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (ak_view_equal(text, ak_view_str(kinds[i]))) {
            out->kind = (AkBreakKind)i;
            return TRUE;
        }
    return FALSE;
}

static gboolean read_member(AkAcceptance *out, AkView key, AkView value, AkArena *arena)
{
    AkView text;

    if (ak_view_equal(key, AK_VIEW("index"))) {
        g_autofree char *digits = g_strndup(value.data, value.len);

        return g_ascii_string_to_unsigned(digits, 10, 0, G_MAXINT64, &out->index, NULL);
    }
    if (!ak_scan_string(value, arena, &text) || memchr(text.data, '\0', text.len) != NULL)
        return FALSE;
    if (ak_view_equal(key, AK_VIEW("kind")))
        return read_kind(out, text);
    if (ak_view_equal(key, AK_VIEW("acceptedAt")))
        return ak_time_parse(text, &out->accepted_usec);
    return read_text(out, key, text);
}

/* The signature's base64, whose place is the end. */
static gboolean find_signature(AkView statement, const AkBuf *open, guint8 out[SIGNATURE_LEN])
{
    g_auto(AkBuf) again = {0};
    gsize start = open->len + strlen(SIGNATURE_MEMBER "\""), len;

    if (statement.len < start + 2 ||
        !ak_base64_decode(ak_view(statement.data + start, statement.len - start - 2), out,
                          SIGNATURE_LEN, &len) ||
        len != SIGNATURE_LEN)
        return FALSE;
    ak_buf_append_view(&again, ak_buf_view(open));
    ak_buf_append_literal(&again, SIGNATURE_MEMBER "\"");
    ak_base64_append(&again, out, SIGNATURE_LEN);
    ak_buf_append_literal(&again, "\"}");
    return ak_view_equal(ak_buf_view(&again), statement);
}

static gboolean is_complete(const AkAcceptance *acceptance)
{
    return acceptance->accepted_by != NULL && acceptance->chain != NULL &&
           acceptance->origin != NULL && acceptance->reason != NULL;
}

static gboolean read_members(AkView statement, AkAcceptance *out)
{
    g_auto(AkArena) arena = {0};
    AkScan scan;
    AkScanStep step;
    AkView key, value;

    if (statement.len > AK_ACCEPTANCE_MAX_BYTES || !ak_scan_begin(&scan, statement))
        return FALSE;
    while ((step = ak_scan_next(&scan, &key, &value)) == AK_SCAN_MEMBER)
        if (!read_member(out, key, value, &arena))
            return FALSE;
    return step == AK_SCAN_DONE && is_complete(out);
}

gboolean ak_acceptance_parse(AkView statement, AkAcceptance *out, GError **error)
{
    g_auto(AkBuf) open = {0};
    guint8 signature[SIGNATURE_LEN];

    *out = (AkAcceptance){0};
    if (read_members(statement, out)) {
        write_open(out, &open);
        if (find_signature(statement, &open, signature))
            return TRUE;
    }
    ak_acceptance_clear(out);
    g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT,
                "acceptance is no statement of the form that 'auditkeep accept' writes");
    return FALSE;
}

gboolean ak_acceptance_verify(const AkAcceptance *acceptance, AkView statement, const char *origin,
                              const guint8 public_key[32], GError **error)
{
    g_autoptr(AkEd25519Key) key = ak_ed25519_key_new(public_key);
    g_auto(AkBuf) open = {0};
    guint8 signature[SIGNATURE_LEN];

    write_open(acceptance, &open);
    if (key != NULL && g_str_equal(acceptance->origin, origin) &&
        find_signature(statement, &open, signature)) {
        ak_buf_append_byte(&open, '}');
        if (ak_ed25519_verify(key, (const guint8 *)open.data, open.len, signature))
            return TRUE;
    }
    g_set_error(error, AK_ERROR, AK_ERROR_BAD_SIGNATURE,
                "acceptance at index %" G_GUINT64_FORMAT " is not signed by the key of '%s'; "
                "hint: --key names the archiver's key, --origin its name",
                acceptance->index, origin);
    return FALSE;
}
