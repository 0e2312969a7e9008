#include "sink/snowflake_reply.h"

#include <json-glib/json-glib.h>

enum { MAX_DEPTH = 16, MAX_ERROR_TEXT = 4096, MAX_CODE = 96 };

void ak_snowflake_status_clear(AkSnowflakeStatus *status)
{
    g_free(status->code);
    g_free(status->committed);
    g_free(status->last_error_upper);
    g_free(status->last_error);
    *status = (AkSnowflakeStatus){0};
}

void ak_snowflake_result_clear(AkSnowflakeResult *result)
{
    g_free(result->handle);
    g_clear_pointer(&result->columns, g_ptr_array_unref);
    g_clear_pointer(&result->rows, g_ptr_array_unref);
    *result = (AkSnowflakeResult){0};
}

static gboolean set_bad(const char *what, GError **error)
{
    g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT, "the answer %s", what);
    return FALSE;
}

/* The library's parser recurses: no deep nests. Brackets in strings do not count. */
static gboolean is_shallow(AkView text)
{
    gboolean is_string = FALSE;
    gsize depth = 0;

    for (gsize i = 0; i < text.len; i++) {
        char c = text.data[i];

        if (is_string && c == '\\')
            i++;
        else if (c == '"')
            is_string = !is_string;
        else if (!is_string && (c == '{' || c == '['))
            depth++;
        else if (!is_string && (c == '}' || c == ']') && depth > 0)
            depth--;
        if (depth > MAX_DEPTH)
            return FALSE;
    }
    return TRUE;
}

/* NULL when @text is no JSON. */
static JsonNode *parse(AkView text)
{
    g_autoptr(JsonParser) parser = json_parser_new();

    if (!is_shallow(text) || !g_utf8_validate_len(text.data, text.len, NULL) ||
        !json_parser_load_from_data(parser, text.data, (gssize)text.len, NULL))
        return NULL;
    return json_parser_steal_root(parser);
}

static JsonObject *as_object(JsonNode *node)
{
    return node != NULL && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

static gboolean holds(JsonNode *node, GType type)
{
    return node != NULL && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == type;
}

/* A string, borrowed, or NULL. */
static const char *text_member(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);

    return holds(node, G_TYPE_STRING) ? json_node_get_string(node) : NULL;
}

/* A count, as a number or as text. */
static gboolean count_member(JsonObject *object, const char *name, guint64 *out)
{
    JsonNode *node = json_object_get_member(object, name);

    if (holds(node, G_TYPE_INT64) && json_node_get_int(node) >= 0) {
        *out = (guint64)json_node_get_int(node);
        return TRUE;
    }
    return holds(node, G_TYPE_STRING) && ak_snowflake_read_offset(json_node_get_string(node), out);
}

gboolean ak_snowflake_read_offset(const char *token, guint64 *out)
{
    gsize len = strspn(token, "0123456789");

    return len > 0 && token[len] == '\0' && (token[0] != '0' || len == 1) &&
           g_ascii_string_to_unsigned(token, 10, 0, G_MAXINT64, out, NULL);
}

static gboolean is_plain(const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (!g_ascii_isgraph(*c) || *c == '"')
            return FALSE;
    }
    return *text != '\0';
}

char *ak_snowflake_read_text(AkView body, const char *member, GError **error)
{
    g_autofree char *bare = NULL;
    g_autoptr(JsonNode) root = NULL;
    const char *text;

    if (body.len > AK_SNOWFLAKE_MAX_TOKEN) {
        (void)set_bad("is too long", error);
        return NULL;
    }
    bare = g_strstrip(g_strndup(body.data, body.len));
    text = bare;
    if (bare[0] == '{' || bare[0] == '"') {
        root = parse(body);
        text = as_object(root) != NULL      ? text_member(as_object(root), member)
               : holds(root, G_TYPE_STRING) ? json_node_get_string(root)
                                            : NULL;
    }
    if (text != NULL && is_plain(text))
        return g_strdup(text);
    g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT, "the answer holds no '%s'", member);
    return NULL;
}

/* Codes are words: "ERR_CHANNEL_…", "ReceiverSaturated", "390144". */
static char *code_of(const char *text)
{
    gsize len = 0;

    while (len < MAX_CODE && (g_ascii_isalnum(text[len]) || text[len] == '_'))
        len++;
    return len > 0 ? g_strndup(text, len) : NULL;
}

static void read_error_object(JsonObject *object, char **out_code, char **out_message)
{
    static const char *const names[] = {"code", "error_code", "status_code"};
    const char *message = text_member(object, "message");
    guint64 number;

    for (gsize i = 0; i < G_N_ELEMENTS(names) && *out_code == NULL; i++) {
        const char *code = text_member(object, names[i]);

        if (code != NULL)
            *out_code = code_of(code);
        else if (count_member(object, names[i], &number))
            *out_code = g_strdup_printf("%" G_GUINT64_FORMAT, number);
    }
    if (message == NULL)
        message = text_member(object, "error_message");
    *out_message = g_strdup(message);
}

void ak_snowflake_read_error(AkView body, char **out_code, char **out_message)
{
    g_autoptr(JsonNode) root = body.len <= AK_SNOWFLAKE_MAX_REPLY ? parse(body) : NULL;

    *out_code = NULL;
    *out_message = NULL;
    if (as_object(root) != NULL) {
        read_error_object(as_object(root), out_code, out_message);
        return;
    }
    g_autofree char *text = holds(root, G_TYPE_STRING)
                                ? g_strdup(json_node_get_string(root))
                                : g_strndup(body.data, MIN(body.len, MAX_ERROR_TEXT));
    g_strstrip(text);
    if (*text == '\0' || *text == '<') /* a proxy's page */
        return;
    *out_code = code_of(text);
    *out_message = g_utf8_make_valid(text, -1);
}

static void read_status(JsonObject *object, AkSnowflakeStatus *out)
{
    out->code = g_strdup(text_member(object, "channel_status_code"));
    out->committed = g_strdup(text_member(object, "last_committed_offset_token"));
    if (!count_member(object, "rows_error_count", &out->rows_errors))
        (void)count_member(object, "rows_errors", &out->rows_errors);
    out->last_error_upper = g_strdup(text_member(object, "last_error_offset_upper_bound"));
    out->last_error = g_strdup(text_member(object, "last_error_message"));
}

static JsonNode *parse_object(AkView body, GError **error)
{
    g_autoptr(JsonNode) root = body.len <= AK_SNOWFLAKE_MAX_RESULT ? parse(body) : NULL;

    if (as_object(root) != NULL)
        return g_steal_pointer(&root);
    (void)set_bad("is no JSON object", error);
    return NULL;
}

static char *continuation_of(JsonObject *object, GError **error)
{
    const char *token = text_member(object, "next_continuation_token");

    if (token != NULL && is_plain(token) && strlen(token) <= AK_SNOWFLAKE_MAX_TOKEN)
        return g_strdup(token);
    (void)set_bad("holds no 'next_continuation_token'", error);
    return NULL;
}

gboolean ak_snowflake_read_open(AkView body, char **out_continuation, AkSnowflakeStatus *out,
                                GError **error)
{
    g_autoptr(JsonNode) root = parse_object(body, error);
    g_autofree char *token = NULL;

    if (root == NULL || (token = continuation_of(as_object(root), error)) == NULL)
        return FALSE;
    JsonObject *status = as_object(json_object_get_member(as_object(root), "channel_status"));
    if (status == NULL)
        return set_bad("holds no 'channel_status'", error);
    read_status(status, out);
    *out_continuation = g_steal_pointer(&token);
    return TRUE;
}

char *ak_snowflake_read_append(AkView body, GError **error)
{
    g_autoptr(JsonNode) root = parse_object(body, error);

    return root != NULL ? continuation_of(as_object(root), error) : NULL;
}

gboolean ak_snowflake_read_statuses(AkView body, const char *channel, gboolean *out_is_known,
                                    AkSnowflakeStatus *out, GError **error)
{
    g_autoptr(JsonNode) root = parse_object(body, error);

    if (root == NULL)
        return FALSE;
    JsonObject *all = as_object(json_object_get_member(as_object(root), "channel_statuses"));
    if (all == NULL)
        return set_bad("holds no 'channel_statuses'", error);
    JsonObject *status = as_object(json_object_get_member(all, channel));
    *out_is_known = status != NULL;
    if (status != NULL)
        read_status(status, out);
    return TRUE;
}

static void read_metadata(JsonObject *meta, AkSnowflakeResult *result)
{
    JsonNode *partitions = json_object_get_member(meta, "partitionInfo");
    JsonNode *types = json_object_get_member(meta, "rowType");

    if (partitions != NULL && JSON_NODE_HOLDS_ARRAY(partitions))
        result->n_partitions = json_array_get_length(json_node_get_array(partitions));
    if (types == NULL || !JSON_NODE_HOLDS_ARRAY(types) || result->columns != NULL)
        return;
    JsonArray *array = json_node_get_array(types);
    result->columns = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < json_array_get_length(array); i++) {
        JsonObject *type = as_object(json_array_get_element(array, i));

        g_ptr_array_add(result->columns, g_strdup(type != NULL ? text_member(type, "name") : NULL));
    }
}

static gboolean read_row(JsonNode *node, GPtrArray *rows, GError **error)
{
    if (!JSON_NODE_HOLDS_ARRAY(node))
        return set_bad("holds a row that is no array", error);
    JsonArray *cells = json_node_get_array(node);
    GPtrArray *row = g_ptr_array_new_with_free_func(g_free);

    g_ptr_array_add(rows, row);
    for (guint i = 0; i < json_array_get_length(cells); i++) {
        JsonNode *cell = json_array_get_element(cells, i);

        if (!holds(cell, G_TYPE_STRING) && !JSON_NODE_HOLDS_NULL(cell))
            return set_bad("holds a cell that is no text", error);
        g_ptr_array_add(row,
                        JSON_NODE_HOLDS_NULL(cell) ? NULL : g_strdup(json_node_get_string(cell)));
    }
    return TRUE;
}

gboolean ak_snowflake_read_result(AkView body, AkSnowflakeResult *result, GError **error)
{
    g_autoptr(JsonNode) root = parse_object(body, error);

    if (root == NULL)
        return FALSE;
    JsonObject *object = as_object(root);
    JsonObject *meta = as_object(json_object_get_member(object, "resultSetMetaData"));
    JsonNode *data = json_object_get_member(object, "data");
    if (result->handle == NULL)
        result->handle = g_strdup(text_member(object, "statementHandle"));
    if (result->handle != NULL && !is_plain(result->handle))
        return set_bad("holds no usable 'statementHandle'", error);
    if (meta != NULL)
        read_metadata(meta, result);
    if (data == NULL || !JSON_NODE_HOLDS_ARRAY(data))
        return TRUE;
    if (result->rows == NULL)
        result->rows = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    JsonArray *array = json_node_get_array(data);
    for (guint i = 0; i < json_array_get_length(array); i++) {
        if (!read_row(json_array_get_element(array, i), result->rows, error))
            return FALSE;
    }
    return TRUE;
}
