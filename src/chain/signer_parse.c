#include "chain/canonical.h"
#include "chain/signer_internal.h"
#include "chain/small_file.h"
#include "util/time.h"

#include <json-glib/json-glib.h>
#include <string.h>

enum { MAX_REGISTRY_BYTES = 16 << 20, MAX_KEY_BYTES = 16 << 10, MAX_TEXT_BYTES = 1024 };

/* Names that stand for one thing; the first that is there counts. */
static const char *const id_names[] = {"signerId", "signer_id", "signer_kid", "id", NULL};
static const char *const key_names[] = {"publicKey", "public_key", "public_key_pem", "key", NULL};
static const char *const algorithm_names[] = {"algorithm", "alg", NULL};
static const char *const from_names[] = {"validFrom", "valid_from", "notBefore", NULL};
static const char *const until_names[] = {"validUntil", "valid_until", "notAfter", NULL};

static gboolean fail(GError **error, const char *member, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

static gboolean fail(GError **error, const char *member, const char *format, ...)
{
    g_autofree char *why = NULL;
    va_list args;

    va_start(args, format);
    why = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT, "member '%s': %s", member, why);
    return FALSE;
}

/*
 * The text of the first of @names that @object has and that is not null. @out_name tells which;
 * NULL, and *@out NULL, when it has none. FALSE when it is not a text.
 */
static gboolean find_text(JsonObject *object, const char *const names[], const char **out_name,
                          const char **out, GError **error)
{
    *out_name = *out = NULL;
    for (gsize i = 0; names[i] != NULL; i++) {
        JsonNode *node = json_object_get_member(object, names[i]);
        const char *text;

        if (node == NULL || JSON_NODE_HOLDS_NULL(node))
            continue;
        if (json_node_get_value_type(node) != G_TYPE_STRING)
            return fail(error, names[i], "not a text");
        text = json_node_get_string(node);
        if (strlen(text) > (names == key_names ? MAX_KEY_BYTES : MAX_TEXT_BYTES))
            return fail(error, names[i], "too long");
        *out_name = names[i];
        *out = text;
        return TRUE;
    }
    return TRUE;
}

/* "rsa*" is rsa-sha256, "*ed25519*" is ed25519, in any case, as the prototype reads them. */
static gboolean check_algorithm(JsonObject *object, AkAlgorithm of_key, GError **error)
{
    const char *name, *text;
    g_autofree char *lower = NULL;
    AkAlgorithm said;

    if (!find_text(object, algorithm_names, &name, &text, error))
        return FALSE;
    if (text == NULL)
        return TRUE;
    lower = g_ascii_strdown(text, -1);
    if (g_str_has_prefix(lower, "rsa"))
        said = AK_ALGORITHM_RSA_SHA256;
    else if (strstr(lower, "ed25519") != NULL)
        said = AK_ALGORITHM_ED25519;
    else if (g_str_has_prefix(lower, "hmac"))
        return fail(error, name,
                    "'%s' has a secret, which must not stand in a registry; hint: "
                    "--hmac-secret-file (docs/signers.md)",
                    text);
    else
        return fail(error, name, "unknown algorithm '%s'; hint: 'ed25519' or 'rsa-sha256'", text);
    if (said != of_key)
        return fail(error, name, "'%s', but the key is for %s; hint: correct one of the two", text,
                    ak_algorithm_name(of_key));
    return TRUE;
}

static gboolean parse_time(JsonObject *object, const char *const names[], gint64 *out,
                           GError **error)
{
    const char *name, *text;

    if (!find_text(object, names, &name, &text, error))
        return FALSE;
    if (text != NULL && !ak_time_parse(ak_view_str(text), out))
        return fail(error, name, "'%s' is not a time; hint: such as 2025-02-01T00:00:00Z", text);
    return TRUE;
}

static gboolean parse_window(JsonObject *object, AkSigner *signer, GError **error)
{
    if (!parse_time(object, from_names, &signer->valid_from, error) ||
        !parse_time(object, until_names, &signer->valid_until, error))
        return FALSE;
    if (signer->valid_from >= signer->valid_until)
        return fail(error, "validUntil", "not later than validFrom");
    return TRUE;
}

/* @name: of the member that holds @text, if it is one. */
static AkSigner *add_key(AkSigners *signers, const char *id, const char *name, const char *text,
                         GError **error)
{
    EVP_PKEY *key = ak_public_key_decode(text, error);
    AkSigner *signer;

    if (key == NULL && name != NULL)
        g_prefix_error(error, "member '%s': ", name);
    if (key == NULL)
        return NULL;
    signer = ak_signers_add(signers, id, key);
    if (signer == NULL)
        g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT,
                    "the id is there twice; hint: one signer has one key, a new key a new id");
    return signer;
}

static gboolean add_object(AkSigners *signers, const char *id, JsonObject *object, GError **error)
{
    const char *name, *text;
    AkSigner *signer;

    if (!find_text(object, key_names, &name, &text, error))
        return FALSE;
    if (text == NULL)
        return fail(error, key_names[0], "missing; hint: it holds the public key");
    signer = add_key(signers, id, name, text, error);
    return signer != NULL && check_algorithm(object, ak_signer_algorithm(signer), error) &&
           parse_window(object, signer, error);
}

/* An id that no event could carry is a mistake. */
static gboolean check_id(const char *id, GError **error)
{
    if (*id != '\0' && strlen(id) <= MAX_TEXT_BYTES)
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT, "the id is empty or has more than %d bytes",
                MAX_TEXT_BYTES);
    return FALSE;
}

static gboolean add_element(AkSigners *signers, JsonNode *node, guint index, GError **error)
{
    const char *name, *id = NULL;
    JsonObject *object = JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
    gboolean is_added = FALSE;

    if (object == NULL)
        g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT, "not an object");
    else if (find_text(object, id_names, &name, &id, error) && id == NULL)
        (void)fail(error, id_names[0], "missing; hint: it holds the signer's id");
    else if (id != NULL)
        is_added = check_id(id, error) && add_object(signers, id, object, error);
    if (!is_added && id != NULL)
        g_prefix_error(error, "signer '%s': ", id);
    else if (!is_added)
        g_prefix_error(error, "signer number %u: ", index + 1);
    return is_added;
}

static gboolean add_array(AkSigners *signers, JsonArray *array, GError **error)
{
    guint count = json_array_get_length(array);

    for (guint i = 0; i < count; i++) {
        if (!add_element(signers, json_array_get_element(array, i), i, error))
            return FALSE;
    }
    return TRUE;
}

/* id → key text, or id → object; the member's name is the id. */
static gboolean add_member(AkSigners *signers, const char *id, JsonNode *node, GError **error)
{
    gboolean is_added = FALSE;

    if (!check_id(id, error))
        return FALSE;
    if (JSON_NODE_HOLDS_OBJECT(node))
        is_added = add_object(signers, id, json_node_get_object(node), error);
    else if (json_node_get_value_type(node) == G_TYPE_STRING)
        is_added = add_key(signers, id, NULL, json_node_get_string(node), error) != NULL;
    else
        g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT, "neither a key nor an object");
    if (!is_added)
        g_prefix_error(error, "signer '%s': ", id);
    return is_added;
}

static gboolean add_map(AkSigners *signers, JsonObject *map, GError **error)
{
    JsonObjectIter iter;
    const char *id;
    JsonNode *node;

    json_object_iter_init(&iter, map);
    while (json_object_iter_next(&iter, &id, &node)) {
        if (!add_member(signers, id, node, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean add_root(AkSigners *signers, JsonNode *root, GError **error)
{
    JsonObject *object;
    JsonNode *list;

    if (JSON_NODE_HOLDS_ARRAY(root))
        return add_array(signers, json_node_get_array(root), error);
    if (!JSON_NODE_HOLDS_OBJECT(root)) {
        g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT,
                    "neither an array nor an object; hint: docs/signers.md shows the forms");
        return FALSE;
    }
    object = json_node_get_object(root);
    list = json_object_get_member(object, "signers");
    if (list != NULL && JSON_NODE_HOLDS_ARRAY(list))
        return add_array(signers, json_node_get_array(list), error);
    return add_map(signers, object, error);
}

/* JSON-GLib reads more than JSON, and the last of two members: only strict text goes to it. */
static JsonNode *parse_strictly(AkView json, GError **error)
{
    g_autoptr(AkCanonical) canonical = ak_canonical_new();
    g_autoptr(JsonParser) parser = json_parser_new_immutable();
    g_autoptr(GError) unexpected = NULL;
    g_auto(AkBuf) strict = {0};

    if (json.len > MAX_REGISTRY_BYTES) {
        g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT, "more than %d bytes", MAX_REGISTRY_BYTES);
        return NULL;
    }
    if (!ak_canonical_json(canonical, json, &strict, NULL, error))
        return NULL;
    if (!json_parser_load_from_data(parser, strict.data, (gssize)strict.len, &unexpected)) {
        g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT, "not JSON: %s", unexpected->message);
        return NULL;
    }
    return json_parser_steal_root(parser);
}

AkSigners *ak_signers_parse(AkView json, GError **error)
{
    g_autoptr(AkSigners) signers = ak_signers_new();
    g_autoptr(JsonNode) root = parse_strictly(json, error);

    if (root == NULL || !add_root(signers, root, error)) {
        g_prefix_error(error, "signer registry: ");
        return NULL;
    }
    return g_steal_pointer(&signers);
}

AkSigners *ak_signers_load(const char *path, GError **error)
{
    g_autoptr(GBytes) bytes = ak_small_file_read(path, MAX_REGISTRY_BYTES, FALSE, error);
    AkSigners *signers;
    gsize len;
    const char *text;

    if (bytes == NULL) {
        g_prefix_error(error, "signer registry: ");
        return NULL;
    }
    text = g_bytes_get_data(bytes, &len);
    signers = ak_signers_parse(ak_view(text != NULL ? text : "", len), error);
    if (signers == NULL)
        g_prefix_error(error, "'%s': ", path);
    return signers;
}
