#include "ops/check_proof.h"

#include "chain/check.h"
#include "tree/merkle.h"

void ak_proof_verdict_clear(AkProofVerdict *verdict)
{
    g_clear_pointer(&verdict->texts, g_ptr_array_unref);
    g_free(verdict->key_text);
    g_free(verdict->origin);
    g_free(verdict->chain);
    g_free(verdict->event_type);
    g_free(verdict->signer_id);
    *verdict = (AkProofVerdict){0};
}

static void find(AkProofVerdict *verdict, AkFaultCode code, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

static void find(AkProofVerdict *verdict, AkFaultCode code, const char *format, ...)
{
    va_list args;

    verdict->faults |= AK_FAULT_BIT(code);
    va_start(args, format);
    g_ptr_array_add(verdict->texts, g_strdup_vprintf(format, args));
    va_end(args);
}

/* NULL: no key is at hand, or it is none. */
static AkNoteKey *choose_key(const AkProof *proof, const AkProofTrust *trust,
                             AkProofVerdict *verdict, GError **error)
{
    verdict->is_own_key = trust->key == NULL;
    return trust->key != NULL ? ak_note_key_new(verdict->origin, trust->key)
                              : ak_note_key_parse(proof->checkpoint_key, error);
}

/* Whose word is it, and about which chain? */
static gboolean check_note(const AkProof *proof, const AkProofTrust *trust, AkProofVerdict *verdict)
{
    AkView note = ak_view_str(proof->checkpoint);
    g_autoptr(GError) error = NULL;
    g_autoptr(AkNoteKey) key = NULL;
    AkCheckpoint checkpoint;

    if (!ak_checkpoint_parse(note, &checkpoint, &error)) {
        find(verdict, AK_FAULT_CHECKPOINT_INVALID, "%s", error->message);
        return FALSE;
    }
    verdict->origin = g_strndup(checkpoint.origin.data, checkpoint.origin.len);
    verdict->size = checkpoint.size;
    memcpy(verdict->root, checkpoint.root, AK_SHA256_LEN);
    key = choose_key(proof, trust, verdict, &error);
    if (key != NULL)
        verdict->key_text = ak_note_key_text(key);
    if (key == NULL || !ak_checkpoint_verify(note, key, &error))
        find(verdict, AK_FAULT_CHECKPOINT_INVALID, "%s",
             error != NULL ? error->message : "the key is no Ed25519 key");
    return TRUE;
}

static void check_path(const AkProof *proof, AkProofVerdict *verdict)
{
    g_autoptr(AkSha256) sha = ak_sha256_new();
    guint8 leaf[AK_SHA256_LEN];

    ak_tree_leaf_hash(sha, proof->event, strlen(proof->event), leaf);
    if (!ak_tree_check_inclusion(sha, proof->index, verdict->size, leaf,
                                 (const guint8 *)ak_buf_view(&proof->proof).data,
                                 proof->proof.len / AK_SHA256_LEN, verdict->root))
        find(verdict, AK_FAULT_TREE_INCONSISTENT,
             "the line does not lead to the root that was signed: it is not the one at index "
             "%" G_GUINT64_FORMAT,
             proof->index);
}

static char *copy(AkView view)
{
    return view.data != NULL ? g_strndup(view.data, view.len) : NULL;
}

static void copy_fixed(AkView view, char *out, gsize size)
{
    if (view.data != NULL && view.len < size)
        memcpy(out, view.data, view.len);
}

/* "<origin>/<chain>": the signed origin has to be of the chain that the line names. */
static void check_place(const AkProof *proof, const AkProofTrust *trust, const AkEnvelope *envelope,
                        AkProofVerdict *verdict)
{
    g_autofree char *end =
        g_strconcat(trust->origin != NULL ? trust->origin : "", "/", verdict->chain, NULL);
    const char *origin = verdict->origin;

    if (envelope->event.index != proof->index)
        find(verdict, AK_FAULT_TREE_INCONSISTENT,
             "the line says that its index is %" G_GUINT64_FORMAT
             ", the proof says %" G_GUINT64_FORMAT,
             envelope->event.index, proof->index);
    if (origin != NULL &&
        (trust->origin != NULL ? strcmp(origin, end) != 0 : !g_str_has_suffix(origin, end)))
        find(verdict, AK_FAULT_CHECKPOINT_INVALID,
             "the checkpoint is of '%s', where '%s' is asked for", origin, end);
}

static AkSigners *own_signers(const AkProof *proof, AkProofVerdict *verdict)
{
    g_autofree char *list = g_strdup_printf("[%s]", proof->signer);
    g_autoptr(GError) error = NULL;
    AkSigners *signers = ak_signers_parse(ak_view_str(list), &error);

    if (signers == NULL)
        find(verdict, AK_FAULT_SIGNER_UNKNOWN, "the signer in the proof cannot be used: %s",
             error->message);
    return signers;
}

static AkProofSignature signature_of(const AkEvent *event, const AkCheckResult *result,
                                     gboolean is_checked)
{
    const AkFaultSet bad = AK_FAULT_BIT(AK_FAULT_SIGNATURE_INVALID) |
                           AK_FAULT_BIT(AK_FAULT_SIGNER_UNKNOWN) |
                           AK_FAULT_BIT(AK_FAULT_SIGNER_NOT_VALID_AT_TIME);

    if (ak_view_is_blank(event->signature))
        return AK_PROOF_UNSIGNED;
    if (!is_checked || !result->has_hash)
        return AK_PROOF_UNCHECKED;
    return (result->faults & bad) != 0 ? AK_PROOF_BAD_SIGNATURE : AK_PROOF_SIGNED;
}

/* The event by itself: its hash, its signature. */
static void check_event(const AkProof *proof, const AkProofTrust *trust, const AkEvent *event,
                        AkProofVerdict *verdict)
{
    gboolean is_own = trust->signers == NULL && proof->signer != NULL;
    g_autoptr(AkSigners) own = is_own ? own_signers(proof, verdict) : NULL;
    const AkSigners *signers = trust->signers != NULL ? trust->signers : own;
    g_autoptr(AkChecker) checker = ak_checker_new(signers, FALSE);
    g_auto(AkBuf) canonical = {0};
    AkCheckResult result;

    verdict->is_own_signer = is_own;
    ak_checker_check(checker, event, &canonical, &result);
    verdict->signature = signature_of(event, &result, signers != NULL);
    for (AkFaultCode code = 0; code < AK_FAULT_N_CODES; code++)
        if ((result.faults & AK_FAULT_BIT(code)) != 0 && !ak_fault_is_notice(code))
            find(verdict, code, "the event has the fault %s", ak_fault_name(code));
}

static void check_line(const AkProof *proof, const AkProofTrust *trust, AkProofVerdict *verdict)
{
    g_auto(AkArena) arena = {0};
    g_autoptr(GError) error = NULL;
    AkEnvelope envelope;

    if (!ak_envelope_parse(ak_view_str(proof->event), &arena, &envelope, &error)) {
        find(verdict, AK_FAULT_OBJECT_CORRUPT, "the event's line cannot be read: %s",
             error->message);
        return;
    }
    copy_fixed(envelope.event.id, verdict->id, sizeof verdict->id);
    copy_fixed(envelope.event.hash, verdict->hash, sizeof verdict->hash);
    verdict->chain = copy(envelope.chain);
    verdict->event_type = copy(envelope.event.event_type);
    verdict->signer_id = copy(envelope.event.signer_id);
    verdict->ts_usec = envelope.event.ts_usec;
    check_place(proof, trust, &envelope, verdict);
    check_event(proof, trust, &envelope.event, verdict);
}

static void free_text(gpointer text)
{
    g_free(text);
}

void ak_proof_check(const AkProof *proof, const AkProofTrust *trust, AkProofVerdict *out)
{
    *out = (AkProofVerdict){.texts = g_ptr_array_new_with_free_func(free_text)};
    if (check_note(proof, trust, out))
        check_path(proof, out);
    check_line(proof, trust, out);
}
