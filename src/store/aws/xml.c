#include "store/aws/xml.h"

enum { MAX_DEPTH = 8, MAX_NAME = 100, MAX_TEXT = 8192 };

typedef struct {
    GString *path; /* "Error/Code" */
    GString *text;
    int depth;
    AkXmlFunc func;
    gpointer data;
} Walk;

static void on_start(GMarkupParseContext *context, const char *name, const char **names,
                     const char **values, gpointer data, GError **error)
{
    Walk *walk = data;

    if (++walk->depth > MAX_DEPTH || strlen(name) > MAX_NAME) {
        g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT, "unexpected element in the answer");
        return;
    }
    if (walk->path->len > 0)
        g_string_append_c(walk->path, '/');
    g_string_append(walk->path, name);
    g_string_truncate(walk->text, 0);
}

static void on_text(GMarkupParseContext *context, const char *text, gsize len, gpointer data,
                    GError **error)
{
    Walk *walk = data;

    if (len > MAX_TEXT - walk->text->len) {
        g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT, "overlong text in the answer");
        return;
    }
    g_string_append_len(walk->text, text, (gssize)len);
}

static void on_end(GMarkupParseContext *context, const char *name, gpointer data, GError **error)
{
    Walk *walk = data;

    if (!walk->func(walk->path->str, walk->text->str, walk->data, error))
        return;
    char *slash = strrchr(walk->path->str, '/');
    g_string_truncate(walk->path, slash != NULL ? (gsize)(slash - walk->path->str) : 0);
    g_string_truncate(walk->text, 0);
    walk->depth--;
}

gboolean ak_xml_walk(AkView xml, AkXmlFunc func, gpointer data, GError **error)
{
    static const GMarkupParser parser = {on_start, on_end, on_text, NULL, NULL};
    g_autoptr(GString) path = g_string_new(NULL);
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GError) local = NULL;
    Walk walk = {path, text, 0, func, data};
    g_autoptr(GMarkupParseContext) context =
        g_markup_parse_context_new(&parser, G_MARKUP_TREAT_CDATA_AS_TEXT, &walk, NULL);

    if (g_markup_parse_context_parse(context, xml.data, (gssize)xml.len, &local) &&
        g_markup_parse_context_end_parse(context, &local))
        return TRUE;
    if (local->domain == G_MARKUP_ERROR)
        g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT, "the answer is not XML: %s",
                    local->message);
    else
        g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
}

typedef struct {
    const char *path;
    char *text;
} Wanted;

static gboolean pick_text(const char *path, const char *text, gpointer data, GError **error)
{
    Wanted *wanted = data;

    if (wanted->text == NULL && g_str_equal(path, wanted->path))
        wanted->text = g_strdup(text);
    return TRUE;
}

char *ak_xml_text(AkView xml, const char *path)
{
    Wanted wanted = {path, NULL};
    g_autoptr(GError) ignored = NULL;

    if (xml.len == 0 || ak_xml_walk(xml, pick_text, &wanted, &ignored))
        return wanted.text;
    g_free(wanted.text);
    return NULL;
}
