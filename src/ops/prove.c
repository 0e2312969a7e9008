#include "ops/prove.h"

#include "chain/envelope.h"
#include "ops/get.h"

/* The note over @size leaves, signed by @key. @note holds what *out points into. */
static gboolean read_note(AkHashTree *tree, guint64 size, const AkNoteKey *key, AkBuf *note,
                          AkCheckpoint *out, GError **error)
{
    ak_buf_truncate(note, 0);
    if (!ak_hash_tree_note(tree, size, note, error) ||
        !ak_checkpoint_parse(ak_buf_view(note), out, error) ||
        (key != NULL && !ak_checkpoint_verify(ak_buf_view(note), key, error)))
        return FALSE;
    if (out->size == size)
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT,
                "checkpoint of %" G_GUINT64_FORMAT " events is about %" G_GUINT64_FORMAT, size,
                out->size);
    return FALSE;
}

/* The newest checkpoint beside the tiles that covers @index and is signed; else the one that was
 * signed when the event was archived. */
static gboolean choose_note(const AkProveConfig *config, AkHashTree *tree, guint64 index,
                            AkBuf *note, AkCheckpoint *out, GError **error)
{
    const GArray *sizes = ak_hash_tree_checkpoints(tree);

    for (guint i = 0; i < sizes->len; i++) {
        guint64 size = g_array_index(sizes, guint64, i);

        if (size > index && size <= ak_hash_tree_size(tree) &&
            read_note(tree, size, config->key, note, out, NULL))
            return TRUE;
    }
    return read_note(tree, ak_hash_tree_end_of(tree, index), config->key, note, out, error);
}

static gboolean prove_leaf(AkHashTree *tree, const AkGetResult *event,
                           const AkCheckpoint *checkpoint, AkBuf *proof, gboolean *out_is_right,
                           GError **error)
{
    g_autoptr(AkSha256) sha = ak_sha256_new();
    AkTreeNodes nodes = ak_hash_tree_nodes(tree);
    guint8 leaf[AK_SHA256_LEN];

    ak_buf_truncate(proof, 0);
    if (!ak_tree_prove_inclusion(&nodes, sha, event->index, checkpoint->size, proof, error))
        return FALSE;
    ak_tree_leaf_hash(sha, event->line.data, event->line.len, leaf);
    *out_is_right = ak_tree_check_inclusion(sha, event->index, checkpoint->size, leaf,
                                            (const guint8 *)ak_buf_view(proof).data,
                                            proof->len / AK_SHA256_LEN, checkpoint->root);
    return TRUE;
}

/* Tiles may be damaged or made up; the segments' own hashes are the second try. */
static gboolean prove_somehow(AkHashTree *tree, const AkGetResult *event,
                              const AkCheckpoint *checkpoint, AkBuf *proof, GError **error)
{
    gboolean is_right = FALSE;

    if (!prove_leaf(tree, event, checkpoint, proof, &is_right, error))
        return FALSE;
    if (is_right)
        return TRUE;
    ak_hash_tree_pass_over_tiles(tree);
    if (!prove_leaf(tree, event, checkpoint, proof, &is_right, error))
        return FALSE;
    if (is_right)
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT,
                "tree_inconsistent: the event at index %" G_GUINT64_FORMAT
                " does not lead to the root that was signed over %" G_GUINT64_FORMAT " events; "
                "hint: run 'auditkeep verify --what archive'",
                event->index, checkpoint->size);
    return FALSE;
}

static char *find_signer(const AkSigners *signers, AkView line)
{
    g_auto(AkArena) arena = {0};
    g_auto(AkBuf) entry = {0};
    const AkSigner *signer = NULL;
    AkEnvelope envelope;

    if (signers != NULL && ak_envelope_parse(line, &arena, &envelope, NULL) &&
        envelope.event.signer_id.data != NULL)
        signer = ak_signers_find(signers, envelope.event.signer_id);
    if (signer == NULL || !ak_signer_write(signer, &entry))
        return NULL;
    return g_strndup(entry.data, entry.len);
}

gboolean ak_prove_run(const AkProveConfig *config, AkProof *out, GError **error)
{
    AkGetConfig get = {config->store, config->source, config->chain, config->id};
    g_auto(AkGetResult) event = {0};
    g_autoptr(AkHashTree) tree = NULL;
    g_auto(AkProof) proof = {0};
    g_auto(AkBuf) note = {0};
    AkCheckpoint checkpoint;

    *out = (AkProof){0};
    if (!ak_get_run(&get, &event, error))
        return FALSE;
    tree = ak_hash_tree_open(config->store, config->chain, error);
    if (tree == NULL || !choose_note(config, tree, event.index, &note, &checkpoint, error) ||
        !prove_somehow(tree, &event, &checkpoint, &proof.proof, error))
        return FALSE;
    proof.checkpoint = g_strndup(note.data, note.len);
    proof.checkpoint_key = ak_note_key_text(config->key);
    proof.event = g_strndup(event.line.data, event.line.len);
    proof.index = event.index;
    proof.signer = find_signer(config->signers, ak_buf_view(&event.line));
    *out = proof;
    proof = (AkProof){0};
    return TRUE;
}
