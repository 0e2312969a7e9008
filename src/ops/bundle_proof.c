#include "ops/bundle_internal.h"

#include "chain/base64.h"
#include "chain/canonical.h"
#include "ops/hash_tree.h"
#include "util/hex.h"

static void add_hash(JsonBuilder *json, const guint8 hash[AK_SHA256_LEN])
{
    g_autofree char *hex = ak_hex_string(hash, AK_SHA256_LEN);

    (void)json_builder_add_string_value(json, hex);
}

/* The roots of the perfect subtrees that the leaves before the first event make. */
static gboolean describe_edge(AkBundle *bundle, AkHashTree *tree, GError **error)
{
    AkTreeNodes nodes = ak_hash_tree_nodes(tree);
    guint64 size = bundle->report->first_index;
    JsonBuilder *json = bundle->json;
    guint8 hash[AK_SHA256_LEN];

    (void)json_builder_set_member_name(json, "edge");
    (void)json_builder_begin_array(json);
    for (guint level = 0; size >> level != 0; level++) {
        if ((size >> level & 1) == 0)
            continue;
        if (!nodes.node(nodes.data, level, (size >> level) - 1, hash, error))
            return FALSE;
        (void)json_builder_begin_object(json);
        ak_bundle_set_uint(json, "level", level);
        (void)json_builder_set_member_name(json, "hash");
        add_hash(json, hash);
        (void)json_builder_end_object(json);
    }
    (void)json_builder_end_array(json);
    return TRUE;
}

static void describe_consistency(JsonBuilder *json, guint64 size, const AkBuf *proof,
                                 const AkBuf *note)
{
    g_autofree char *text = g_strndup(note->data, note->len);

    (void)json_builder_begin_object(json);
    ak_bundle_set_uint(json, "size", size);
    (void)json_builder_set_member_name(json, "proof");
    (void)json_builder_begin_array(json);
    for (gsize i = 0; i < proof->len; i += AK_SHA256_LEN)
        add_hash(json, (const guint8 *)proof->data + i);
    (void)json_builder_end_array(json);
    ak_bundle_set_string(json, "checkpoint", text);
    (void)json_builder_end_object(json);
}

static gboolean export_consistency(AkBundle *bundle, AkHashTree *tree, GError **error)
{
    AkTreeNodes nodes = ak_hash_tree_nodes(tree);
    guint64 old_size = bundle->report->last_index + 1, size = ak_hash_tree_size(tree);
    g_autoptr(JsonBuilder) json = json_builder_new();
    g_autoptr(AkSha256) sha = ak_sha256_new();
    g_auto(AkBuf) note = {0}, proof = {0};

    if (!ak_hash_tree_note(tree, size, &note, error) ||
        !ak_tree_prove_consistency(&nodes, sha, old_size, size, &proof, error))
        return FALSE;
    describe_consistency(json, size, &proof, &note);
    return ak_bundle_add_json(bundle, json, "consistency.json", error);
}

gboolean ak_bundle_export_proofs(AkBundle *bundle, GError **error)
{
    g_autoptr(AkHashTree) tree =
        ak_hash_tree_open(bundle->config->store, bundle->config->chain, error);

    return tree != NULL && describe_edge(bundle, tree, error) &&
           export_consistency(bundle, tree, error);
}

/* RFC 8410 §4: the SubjectPublicKeyInfo of an Ed25519 key is this and its 32 bytes. */
static void write_archiver(const guint8 key[32], AkBuf *out)
{
    static const guint8 prefix[] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
                                    0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};
    guint8 der[sizeof prefix + 32];

    memcpy(der, prefix, sizeof prefix);
    memcpy(der + sizeof prefix, key, 32);
    ak_buf_append_literal(out, "-----BEGIN PUBLIC KEY-----\n");
    ak_base64_append(out, der, sizeof der);
    ak_buf_append_literal(out, "\n-----END PUBLIC KEY-----\n");
}

/* A signer with a secret: who checks has to know at least that there is one. */
static void write_secret_signer(const AkSigner *signer, AkBuf *out)
{
    ak_buf_append_printf(
        out, "{\"algorithm\":\"%s\",\"signerId\":", ak_algorithm_name(ak_signer_algorithm(signer)));
    ak_canonical_string(ak_view_str(ak_signer_id(signer)), out);
    ak_buf_append_byte(out, '}');
}

static void write_signers(const AkSigners *signers, AkBuf *out)
{
    g_autoptr(GPtrArray) list = signers != NULL ? ak_signers_list(signers) : g_ptr_array_new();

    ak_buf_append_byte(out, '[');
    for (guint i = 0; i < list->len; i++) {
        const AkSigner *signer = g_ptr_array_index(list, i);

        ak_buf_append(out, i > 0 ? ",\n" : "\n", i > 0 ? 2 : 1);
        if (!ak_signer_write(signer, out))
            write_secret_signer(signer, out);
    }
    ak_buf_append_literal(out, "\n]\n");
}

gboolean ak_bundle_export_keys(AkBundle *bundle, GError **error)
{
    g_auto(AkBuf) signers = {0}, archiver = {0};

    write_signers(bundle->config->signers, &signers);
    write_archiver(bundle->config->checkpoint_key, &archiver);
    return ak_bundle_files_add(bundle->files, "signers.json", ak_buf_view(&signers), error) &&
           ak_bundle_files_add(bundle->files, "archiver.pem", ak_buf_view(&archiver), error);
}
