#include "segment/proof.h"

#include "chain/base64.h"
#include "chain/canonical.h"
#include "chain/scan.h"

#define FORMAT "auditkeep-proof/1"

void ak_proof_clear(AkProof *proof)
{
    g_free(proof->checkpoint);
    g_free(proof->checkpoint_key);
    g_free(proof->event);
    ak_buf_clear(&proof->proof);
    g_free(proof->signer);
    *proof = (AkProof){0};
}

static void write_text(AkBuf *out, const char *name, const char *text)
{
    ak_buf_append_printf(out, "\"%s\":", name);
    ak_canonical_string(ak_view_str(text), out);
    ak_buf_append_byte(out, ',');
}

void ak_proof_write(const AkProof *proof, AkBuf *out)
{
    ak_buf_append_byte(out, '{');
    write_text(out, "checkpoint", proof->checkpoint);
    write_text(out, "checkpointKey", proof->checkpoint_key);
    write_text(out, "event", proof->event);
    write_text(out, "format", FORMAT);
    ak_buf_append_literal(out, "\"index\":");
    ak_buf_append_uint(out, proof->index);
    ak_buf_append_literal(out, ",\"proof\":[");
    for (gsize at = 0; at < proof->proof.len; at += AK_SHA256_LEN) {
        ak_buf_append_printf(out, at > 0 ? ",\"" : "\"");
        ak_base64_append(out, (const guint8 *)proof->proof.data + at, AK_SHA256_LEN);
        ak_buf_append_byte(out, '"');
    }
    ak_buf_append_literal(out, "],\"signer\":");
    ak_buf_append_view(out, proof->signer != NULL ? ak_view_str(proof->signer) : AK_VIEW("null"));
    ak_buf_append_byte(out, '}');
}

static gboolean read_text(AkView value, char **out)
{
    g_auto(AkArena) arena = {0};
    AkView text;

    if (!ak_scan_string(value, &arena, &text) || memchr(text.data, '\0', text.len) != NULL)
        return FALSE;
    *out = g_strndup(text.data, text.len);
    return TRUE;
}

static gboolean read_index(AkView value, guint64 *out)
{
    g_autofree char *digits = g_strndup(value.data, value.len);

    return g_ascii_string_to_unsigned(digits, 10, 0, G_MAXINT64, out, NULL);
}

/* ["<base64>", …] in canonical form: no blanks, and base64 has nothing to escape. */
static gboolean read_hashes(AkView value, AkBuf *out)
{
    guint8 hash[AK_SHA256_LEN];
    gsize len;

    if (value.len < 2 || value.data[0] != '[')
        return FALSE;
    for (const char *at = value.data + 1, *end = value.data + value.len - 1; at < end;) {
        const char *close = *at == '"' ? memchr(at + 1, '"', (gsize)(end - at - 1)) : NULL;

        if (close == NULL ||
            !ak_base64_decode(ak_view(at + 1, (gsize)(close - at - 1)), hash, sizeof hash, &len) ||
            len != sizeof hash || out->len == AK_PROOF_MAX_HASHES * AK_SHA256_LEN)
            return FALSE;
        ak_buf_append(out, hash, sizeof hash);
        at = close + 1;
        if (at < end && *at++ != ',')
            return FALSE;
    }
    return TRUE;
}

static gboolean read_signer(AkView value, char **out)
{
    if (ak_view_equal(value, AK_VIEW("null")))
        return TRUE;
    if (value.len == 0 || value.data[0] != '{')
        return FALSE;
    *out = g_strndup(value.data, value.len);
    return TRUE;
}

enum { CHECKPOINT, CHECKPOINT_KEY, EVENT, FORM, INDEX, PROOF, SIGNER, N_MEMBERS };

static const char *const names[N_MEMBERS] = {"checkpoint", "checkpointKey", "event", "format",
                                             "index",      "proof",         "signer"};

static gboolean read_member(guint member, AkView value, AkProof *out)
{
    switch (member) {
    case CHECKPOINT:
        return read_text(value, &out->checkpoint);
    case CHECKPOINT_KEY:
        return read_text(value, &out->checkpoint_key);
    case EVENT:
        return read_text(value, &out->event);
    case FORM:
        return ak_view_equal(value, AK_VIEW("\"" FORMAT "\""));
    case INDEX:
        return read_index(value, &out->index);
    case PROOF:
        return read_hashes(value, &out->proof);
    default:
        return read_signer(value, &out->signer);
    }
}

/* @text is canonical JSON: every name is there once, and spelt in one way. */
static const char *read_members(AkView text, AkProof *out)
{
    gboolean is_there[N_MEMBERS] = {FALSE};
    AkScan scan;
    AkView key, value;

    if (!ak_scan_begin(&scan, text))
        return "{";
    while (ak_scan_next(&scan, &key, &value) == AK_SCAN_MEMBER)
        for (guint i = 0; i < N_MEMBERS; i++)
            if (ak_view_equal(key, ak_view_str(names[i]))) {
                is_there[i] = TRUE;
                if (!read_member(i, value, out))
                    return names[i];
            }
    for (guint i = 0; i < N_MEMBERS; i++)
        if (!is_there[i])
            return names[i];
    return NULL;
}

gboolean ak_proof_parse(AkView json, AkProof *out, GError **error)
{
    g_autoptr(AkCanonical) canonical = ak_canonical_new();
    g_autoptr(GError) cause = NULL;
    g_auto(AkBuf) text = {0};
    const char *wrong;

    *out = (AkProof){0};
    if (json.len > AK_PROOF_MAX_BYTES || !ak_canonical_json(canonical, json, &text, NULL, &cause)) {
        g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT, "proof is no JSON object: %s",
                    cause != NULL ? cause->message : "it is too long");
        return FALSE;
    }
    wrong = read_members(ak_buf_view(&text), out);
    if (wrong == NULL)
        return TRUE;
    ak_proof_clear(out);
    g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT,
                "proof member '%s' is missing or wrong; hint: 'auditkeep prove' writes " FORMAT,
                wrong);
    return FALSE;
}
