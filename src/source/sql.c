#include "source/sql.h"

void ak_sql_append(AkBuf *sql, const char *text, const AkSqlName *names)
{
    g_autoptr(GString) out = g_string_new(text);

    for (; names->name != NULL; names++)
        (void)g_string_replace(out, names->name, names->value, 0);
    ak_buf_append(sql, out->str, out->len);
}

/* Comments alone are not a statement. */
static gboolean is_blank(const char *statement)
{
    g_auto(GStrv) lines = g_strsplit(statement, "\n", -1);

    for (gsize i = 0; lines[i] != NULL; i++)
        if (*g_strstrip(lines[i]) != '\0' && !g_str_has_prefix(lines[i], "--"))
            return FALSE;
    return TRUE;
}

gboolean ak_sql_each(AkView sql, AkSqlFunc func, gpointer data, GError **error)
{
    g_autofree char *text = g_strndup(sql.data, sql.len);
    const char *at = text;

    while (*at != '\0') {
        const char *end = strstr(at, ";\n\n");
        gsize len = end != NULL ? (gsize)(end - at) + 1 : strlen(at);
        g_autofree char *statement = g_strndup(at, len);

        if (!is_blank(statement) && !func(statement, data, error))
            return FALSE;
        at += len;
    }
    return TRUE;
}
