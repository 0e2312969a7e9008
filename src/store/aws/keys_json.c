#include "store/aws/keys_json.h"

#include "util/time.h"

#include <json-glib/json-glib.h>

enum { MAX_OPENERS = 16 };

typedef struct {
    const char *token;
    gboolean has_version;
    gboolean has_code;
    gboolean is_expiry_needed;
} Form;

static const Form forms[] = {
    [AK_KEYS_JSON_PROCESS] = {"SessionToken", TRUE, FALSE, FALSE},
    [AK_KEYS_JSON_CONTAINER] = {"Token", FALSE, FALSE, TRUE},
    [AK_KEYS_JSON_INSTANCE] = {"Token", FALSE, TRUE, TRUE},
};

static gboolean set_bad(const char *source, const char *what, GError **error)
{
    g_set_error(error, AK_ERROR, AK_ERROR_CONFIG, "the answer of %s %s", source, what);
    return FALSE;
}

/* The library's parser recurses: no deep nests. Keys hold no brackets. */
static gboolean is_shallow(AkView text)
{
    gsize openers = 0;

    for (gsize i = 0; i < text.len; i++)
        openers += text.data[i] == '{' || text.data[i] == '[';
    return openers <= MAX_OPENERS;
}

/* A member that is a string, or NULL; borrowed. */
static const char *member(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);

    return node != NULL && JSON_NODE_HOLDS_VALUE(node) &&
                   json_node_get_value_type(node) == G_TYPE_STRING
               ? json_node_get_string(node)
               : NULL;
}

static gboolean has_version_1(JsonObject *object)
{
    JsonNode *node = json_object_get_member(object, "Version");

    return node != NULL && JSON_NODE_HOLDS_VALUE(node) &&
           json_node_get_value_type(node) == G_TYPE_INT64 && json_node_get_int(node) == 1;
}

static gboolean read_expiry(JsonObject *object, const Form *form, const char *source,
                            gint64 *out_usec, GError **error)
{
    const char *text = member(object, "Expiration");

    if (text == NULL && form->is_expiry_needed)
        return set_bad(source, "has no 'Expiration'", error);
    if (text != NULL && !ak_time_parse(ak_view_str(text), out_usec))
        return set_bad(source, "has an 'Expiration' that is no time", error);
    if (text != NULL)
        *out_usec = MAX(*out_usec, 1); /* 0 means never */
    return TRUE;
}

static gboolean read_object(JsonObject *object, const Form *form, const char *source,
                            AkAwsKeys *out, GError **error)
{
    const char *code = member(object, "Code");

    if (form->has_version && !has_version_1(object))
        return set_bad(source, "is not of 'Version' 1", error);
    if (form->has_code && code != NULL && !g_str_equal(code, "Success")) {
        g_set_error(error, AK_ERROR, AK_ERROR_DENIED,
                    "%s gives no keys; hint: check the role and its trust policy", source);
        return FALSE;
    }
    out->access_key_id = g_strdup(member(object, "AccessKeyId"));
    out->secret_access_key = g_strdup(member(object, "SecretAccessKey"));
    out->session_token = g_strdup(member(object, form->token));
    out->source = g_strdup(source);
    return read_expiry(object, form, source, &out->expires_usec, error) &&
           ak_aws_keys_check(out, source, error);
}

gboolean ak_aws_keys_from_json(AkView text, AkKeysJson form, const char *source, AkAwsKeys *out,
                               GError **error)
{
    g_autoptr(JsonParser) parser = json_parser_new_immutable();
    g_auto(AkAwsKeys) keys = {0};

    if (text.len > AK_KEYS_JSON_MAX || !is_shallow(text) ||
        !json_parser_load_from_data(parser, text.data, (gssize)text.len, NULL))
        return set_bad(source, "is no JSON", error);
    JsonNode *root = json_parser_get_root(parser);
    if (root == NULL || !JSON_NODE_HOLDS_OBJECT(root))
        return set_bad(source, "is no JSON object", error);
    if (!read_object(json_node_get_object(root), &forms[form], source, &keys, error))
        return FALSE;
    *out = keys;
    keys = (AkAwsKeys){0};
    return TRUE;
}
