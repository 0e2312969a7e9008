#include "cli/commands.h"
#include "cli/input.h"
#include "cli/json.h"
#include "cli/open.h"
#include "ops/check_proof.h"
#include "util/hex.h"
#include "util/time.h"

static const char *const signature_names[] = {
    [AK_PROOF_UNSIGNED] = "unsigned",
    [AK_PROOF_UNCHECKED] = "not_checked",
    [AK_PROOF_SIGNED] = "valid",
    [AK_PROOF_BAD_SIGNATURE] = "invalid",
};

static void append_json(GString *out, const AkProof *proof, const AkProofVerdict *verdict)
{
    AkJson json = {.out = out};
    g_autofree char *root = ak_hex_string(verdict->root, AK_SHA256_LEN);

    ak_json_open(&json, NULL, '{');
    ak_json_string(&json, "verdict", verdict->faults == 0 ? "proven" : "faults");
    ak_json_string(&json, "id", verdict->id);
    ak_json_string(&json, "hash", verdict->hash);
    ak_json_uint(&json, "index", proof->index);
    ak_json_string(&json, "chain", verdict->chain);
    ak_json_string(&json, "eventType", verdict->event_type);
    ak_json_time(&json, "ts", verdict->ts_usec);
    ak_json_string(&json, "origin", verdict->origin);
    ak_json_uint(&json, "treeSize", verdict->size);
    ak_json_string(&json, "root", root);
    ak_json_string(&json, "key", verdict->key_text);
    ak_json_string(&json, "keyFrom", verdict->is_own_key ? "proof" : "caller");
    ak_json_string(&json, "signature", signature_names[verdict->signature]);
    ak_json_string(&json, "signerId", verdict->signer_id);
    ak_json_string(
        &json, "signerFrom",
        verdict->signature == AK_PROOF_UNSIGNED || verdict->signature == AK_PROOF_UNCHECKED ? NULL
        : verdict->is_own_signer ? "proof"
                                 : "caller");
    ak_json_open(&json, "faults", '[');
    for (AkFaultCode code = 0; code < AK_FAULT_N_CODES; code++)
        if ((verdict->faults & AK_FAULT_BIT(code)) != 0)
            ak_json_string(&json, NULL, ak_fault_name(code));
    ak_json_close(&json, ']');
    ak_json_open(&json, "details", '[');
    for (guint i = 0; i < verdict->texts->len; i++)
        ak_json_string(&json, NULL, g_ptr_array_index(verdict->texts, i));
    ak_json_close(&json, ']');
    ak_json_close(&json, '}');
    g_string_append_c(out, '\n');
}

static void append_signature(GString *out, const AkProofVerdict *verdict)
{
    const char *signer = verdict->signer_id != NULL ? verdict->signer_id : "";

    switch (verdict->signature) {
    case AK_PROOF_UNSIGNED:
        g_string_append(out, "The event carries no signature of its own.\n");
        return;
    case AK_PROOF_UNCHECKED:
        g_string_append_printf(out,
                               "The event's signature by '%s' was NOT checked: no key for it is "
                               "here; hint: --signers FILE\n",
                               signer);
        return;
    case AK_PROOF_SIGNED:
        g_string_append_printf(out, "The event was signed by '%s'; the key is %s.\n", signer,
                               verdict->is_own_signer
                                   ? "the PROOF'S OWN: only its bytes are vouched "
                                     "for, not whose they are"
                                   : "from --signers");
        return;
    case AK_PROOF_BAD_SIGNATURE:
        g_string_append_printf(out, "The event's signature by '%s' does NOT hold.\n", signer);
        return;
    }
}

static void append_claim(GString *out, const AkProof *proof, const AkProofVerdict *verdict)
{
    char ts[AK_TIME_MAX];

    (void)ak_time_format(verdict->ts_usec, ts);
    g_string_append_printf(out,
                           "Proven: event %s (%s, %s) is number %" G_GUINT64_FORMAT
                           ", counted from 0, of the %" G_GUINT64_FORMAT
                           " events that '%s' signed for, byte by byte as the proof shows it.\n",
                           verdict->id,
                           verdict->event_type != NULL ? verdict->event_type : "no type", ts,
                           proof->index, verdict->size, verdict->origin);
    if (verdict->is_own_key)
        g_string_append(out, "The archiver's key is the PROOF'S OWN: whoever made the proof may "
                             "have made the key too; hint: --key FILE names the key you trust\n");
    else
        g_string_append(out, "The archiver's key is the one given by --key.\n");
}

static void append_text(GString *out, const AkProof *proof, const AkProofVerdict *verdict)
{
    if (verdict->faults == 0)
        append_claim(out, proof, verdict);
    else
        g_string_append(out, "NOT proven:\n");
    for (guint i = 0; i < verdict->texts->len; i++)
        g_string_append_printf(out, "  %s\n", (const char *)g_ptr_array_index(verdict->texts, i));
    append_signature(out, verdict);
    if (verdict->key_text != NULL)
        g_string_append_printf(out, "key   %s\n", verdict->key_text);
}

gboolean ak_cmd_check_proof(AkCli *cli, GError **error)
{
    const char *path = ak_cli_arg(cli, 0);
    gboolean has_origin = cli->values[AK_OPT_ORIGIN].origin != NULL; /* not the default */
    g_autoptr(AkSigners) signers = NULL;
    g_autoptr(GString) out = g_string_new(NULL);
    g_auto(AkBuf) bytes = {0};
    g_auto(AkProof) proof = {0};
    g_auto(AkProofVerdict) verdict = {0};
    AkProofTrust trust = {0};
    gboolean has_key;
    guint8 key[32];

    if (!ak_open_checkpoint_key(cli, key, &has_key, error) ||
        !ak_open_signers(cli, &signers, error) ||
        !ak_input_read_all(path, AK_PROOF_MAX_BYTES, &bytes, error) ||
        !ak_proof_parse(ak_buf_view(&bytes), &proof, error))
        return FALSE;
    trust.key = has_key ? key : NULL;
    trust.origin = has_origin ? ak_cli_text(cli, AK_OPT_ORIGIN) : NULL;
    trust.signers = signers;
    ak_proof_check(&proof, &trust, &verdict);
    if (ak_cli_flag(cli, AK_OPT_JSON))
        append_json(out, &proof, &verdict);
    else
        append_text(out, &proof, &verdict);
    cli->exit_status = verdict.faults == 0 ? 0 : 1;
    return ak_cli_write(ak_view(out->str, out->len), error);
}
