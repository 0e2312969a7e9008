#include "chain/check.h"
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/open.h"
#include "util/hex.h"
#include "util/time.h"

/* An event and everything that is said about it. */
typedef struct {
    AkCli *cli;
    const AkSigners *signers;
    GString *out;
    gboolean is_found;
    AkFaultSet faults;
} Explain;

typedef struct {
    const AkEvent *event;
    const AkCheckResult *result;
    char *id, *type, *prev, *stored, *signature, *signer; /* NULL: the event has none */
    char *canonical, *canonical_hex;                      /* NULL: it cannot be canonicalised */
    char computed[2 * AK_SHA256_LEN + 1];                 /* "" without a hash */
    char ts[AK_TIME_MAX];
    gsize prev_bytes;
    const char *algorithm; /* NULL: the signer is not known */
    const char *verdict;
} Facts;

static char *copy(AkView view)
{
    return view.data != NULL ? g_strndup(view.data, view.len) : NULL;
}

static void facts_clear(Facts *facts)
{
    char *texts[] = {facts->id,        facts->type,   facts->prev,      facts->stored,
                     facts->signature, facts->signer, facts->canonical, facts->canonical_hex};

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Facts, facts_clear)

static gboolean has(const AkCheckResult *result, AkFaultCode code)
{
    return (result->faults & AK_FAULT_BIT(code)) != 0;
}

static const char *signature_verdict(const Explain *explain, const AkEvent *event,
                                     const AkCheckResult *result)
{
    static const AkFaultCode codes[] = {AK_FAULT_SIGNATURE_INVALID, AK_FAULT_SIGNATURE_MISSING,
                                        AK_FAULT_SIGNER_UNKNOWN, AK_FAULT_SIGNER_NOT_VALID_AT_TIME};

    for (guint i = 0; i < G_N_ELEMENTS(codes); i++)
        if (has(result, codes[i]))
            return ak_fault_name(codes[i]);
    if (ak_view_is_blank(event->signature))
        return "unsigned";
    return explain->signers == NULL || !result->has_hash ? "not_checked" : "valid";
}

static void gather(const Explain *explain, const AkEvent *event, const AkCheckResult *result,
                   Facts *facts)
{
    const AkSigner *signer = explain->signers != NULL && event->signer_id.data != NULL
                                 ? ak_signers_find(explain->signers, event->signer_id)
                                 : NULL;

    *facts = (Facts){
        .event = event,
        .result = result,
        .id = copy(event->id),
        .type = copy(event->event_type),
        .prev = copy(event->prev_hash),
        .stored = copy(event->hash),
        .signature = copy(event->signature),
        .signer = copy(event->signer_id),
        .canonical = copy(result->canonical),
        .prev_bytes = event->prev_hash.len / 2,
        .algorithm = signer != NULL ? ak_algorithm_name(ak_signer_algorithm(signer)) : NULL,
        .verdict = signature_verdict(explain, event, result),
    };
    if (result->canonical.data != NULL)
        facts->canonical_hex =
            ak_hex_string((const guint8 *)result->canonical.data, result->canonical.len);
    if (result->has_hash)
        ak_hex_encode(result->hash, sizeof result->hash, facts->computed);
    (void)ak_time_format(event->ts_usec, facts->ts);
}

static gboolean hash_matches(const Facts *facts)
{
    return facts->result->has_hash && !has(facts->result, AK_FAULT_HASH_MISMATCH);
}

static void append_json(GString *out, const Facts *facts)
{
    AkJson json = {.out = out};
    gboolean has_hash = facts->result->has_hash;

    ak_json_open(&json, NULL, '{');
    ak_json_string(&json, "id", facts->id);
    ak_json_string(&json, "eventType", facts->type);
    ak_json_string(&json, "ts", facts->ts);
    ak_json_string(&json, "canonical", facts->canonical);
    ak_json_string(&json, "canonicalHex", facts->canonical_hex);
    ak_json_uint(&json, "canonicalBytes", facts->result->canonical.len);
    ak_json_string(&json, "prevHash", facts->prev);
    if (has_hash)
        ak_json_uint(&json, "inputBytes", facts->result->canonical.len + facts->prev_bytes);
    else
        ak_json_null(&json, "inputBytes");
    ak_json_string(&json, "computedHash", has_hash ? facts->computed : NULL);
    ak_json_string(&json, "storedHash", facts->stored);
    ak_json_bool(&json, "hashMatches", hash_matches(facts));
    ak_json_string(&json, "signature", facts->signature);
    ak_json_string(&json, "signerId", facts->signer);
    ak_json_string(&json, "algorithm", facts->algorithm);
    ak_json_string(&json, "signatureVerdict", facts->verdict);
    ak_json_open(&json, "faults", '[');
    for (AkFaultCode code = 0; code < AK_FAULT_N_CODES; code++)
        if (has(facts->result, code))
            ak_json_string(&json, NULL, ak_fault_name(code));
    ak_json_close(&json, ']');
    ak_json_close(&json, '}');
    g_string_append_c(out, '\n');
}

/* offset, sixteen bytes in hexadecimal, the same as text. */
static void append_dump(GString *out, AkView bytes)
{
    enum { ROW = 16 };

    for (gsize at = 0; at < bytes.len; at += ROW) {
        gsize n = MIN(bytes.len - at, ROW);

        g_string_append_printf(out, "  %08zx ", at);
        for (gsize i = 0; i < ROW; i++) {
            if (i < n)
                g_string_append_printf(out, " %02x", (guchar)bytes.data[at + i]);
            else
                g_string_append(out, "   ");
        }
        g_string_append(out, "  ");
        for (gsize i = 0; i < n; i++)
            g_string_append_c(out, g_ascii_isprint(bytes.data[at + i]) ? bytes.data[at + i] : '.');
        g_string_append_c(out, '\n');
    }
}

static void append_hash(GString *out, const Facts *facts)
{
    gsize len = facts->result->canonical.len;

    g_string_append_printf(out, "\n1. canonical payload, %zu bytes\n", len);
    if (facts->canonical == NULL)
        g_string_append(out, "  none: the payload is no JSON that can be canonicalised\n");
    append_dump(out, facts->result->canonical);
    g_string_append_printf(out, "\n2. bytes of prev_hash, %zu\n  %s\n", facts->prev_bytes,
                           facts->prev_bytes > 0 ? facts->prev : "none: the chain starts here");
    g_string_append(out, "\n3. SHA-256 over 1 followed by 2\n");
    if (!facts->result->has_hash) {
        g_string_append(out, "  cannot be computed\n");
        return;
    }
    g_string_append_printf(out, "  input    %zu bytes\n  computed %s\n  stored   %s\n  %s\n",
                           len + facts->prev_bytes, facts->computed,
                           facts->stored != NULL ? facts->stored : "none",
                           !hash_matches(facts)    ? "they DIFFER"
                           : facts->stored == NULL ? "there is nothing to compare it with"
                                                   : "they are equal");
}

static void append_text(GString *out, const Facts *facts)
{
    g_string_append_printf(out, "event  %s\ntype   %s\ntime   %s\n", facts->id,
                           facts->type != NULL ? facts->type : "none", facts->ts);
    append_hash(out, facts);
    g_string_append(out, "\n4. signature over the 32 bytes of the hash\n");
    if (facts->signature == NULL) {
        g_string_append(out, "  none\n");
    } else {
        g_string_append_printf(out, "  signer    %s\n  algorithm %s\n  signature %s\n",
                               facts->signer != NULL ? facts->signer : "none",
                               facts->algorithm != NULL ? facts->algorithm : "unknown",
                               facts->signature);
    }
    g_string_append_printf(out, "  verdict   %s\n\n", facts->verdict);
    if (facts->result->faults == 0)
        g_string_append(out, "faults: none\n");
    for (AkFaultCode code = 0; code < AK_FAULT_N_CODES; code++)
        if (has(facts->result, code))
            g_string_append_printf(out, "%s: %s\n", ak_fault_is_notice(code) ? "notice" : "fault",
                                   ak_fault_name(code));
}

static gboolean explain_row(const AkRow *row, gpointer data, GError **error)
{
    Explain *explain = data;
    g_autoptr(AkChecker) checker =
        ak_checker_new(explain->signers, ak_cli_flag(explain->cli, AK_OPT_REQUIRE_SIGNATURES));
    g_auto(AkBuf) canonical = {0};
    g_auto(Facts) facts = {0};
    AkCheckResult result;

    ak_checker_check(checker, &row->event, &canonical, &result);
    gather(explain, &row->event, &result, &facts);
    explain->is_found = TRUE;
    explain->faults |= result.faults;
    if (ak_cli_flag(explain->cli, AK_OPT_JSON))
        append_json(explain->out, &facts);
    else
        append_text(explain->out, &facts);
    return TRUE;
}

static gboolean is_faulty(AkFaultSet faults)
{
    for (AkFaultCode code = 0; code < AK_FAULT_N_CODES; code++)
        if ((faults & AK_FAULT_BIT(code)) != 0 && !ak_fault_is_notice(code))
            return TRUE;
    return FALSE;
}

gboolean ak_cmd_explain(AkCli *cli, GError **error)
{
    g_autoptr(GString) out = g_string_new(NULL);
    g_autoptr(AkSigners) signers = NULL;
    g_autoptr(AkSource) source = NULL;
    char ids[1][37];
    Explain explain = {.cli = cli, .out = out};

    if (!ak_cli_uuid(cli, 0, ids[0], error) || !ak_open_signers(cli, &signers, error))
        return FALSE;
    explain.signers = signers;
    source = ak_open_source(cli, error);
    if (source == NULL || !source->driver->check(source, error) ||
        !source->driver->find_by_id(source, (const char(*)[37])ids, 1, explain_row, &explain,
                                    error))
        return FALSE;
    if (!explain.is_found) {
        g_set_error(error, AK_ERROR, AK_ERROR_MISSING, "table '%s' holds no event '%s'",
                    ak_cli_text(cli, AK_OPT_TABLE), ids[0]);
        return FALSE;
    }
    cli->exit_status = is_faulty(explain.faults) ? 1 : 0;
    return ak_cli_write(ak_view(out->str, out->len), error);
}
