#include "source/head.h"
#include "source/sqlite_internal.h"

static const char what[] = "append events";

gboolean ak_lite_append_begin(AkSource *source, char out_prev[65], gint64 *out_ts_usec,
                              GError **error)
{
    AkLite *lite = (AkLite *)source;
    AkSourceHead head = {"", G_MININT64};

    /* the write lock is the appenders' queue */
    if (!ak_lite_table_need(lite, error) || !ak_lite_run(lite, what, "BEGIN IMMEDIATE", error))
        return FALSE;
    lite->is_appending = TRUE;
    if (!ak_lite_find_leaf(lite, ak_source_head_take, &head, error) ||
        !ak_source_head_follow(source, &head, error)) {
        (void)ak_lite_append_end(source, FALSE, NULL);
        return FALSE;
    }
    memcpy(out_prev, head.hash, sizeof head.hash);
    *out_ts_usec = head.ts_usec;
    return TRUE;
}

/* The event's values beside the columns that hold them; the time comes last, apart. */
static gsize list_values(const LiteTable *table, const AkEvent *event, const char **columns,
                         AkView *values)
{
    const struct {
        const char *column;
        AkView value;
    } all[] = {
        {"id", event->id},
        {"event_type", event->event_type},
        {"payload", event->payload},
        {"prev_hash", event->prev_hash},
        {"hash", event->hash},
        {"signature", event->signature},
        {"metadata", event->metadata},
        {table->signer != NULL ? table->signer : "signer_id", event->signer_id},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(all); i++) {
        columns[i] = all[i].column;
        values[i] = all[i].value;
    }
    return G_N_ELEMENTS(all);
}

enum { MAX_VALUES = 8 };

static LiteStmt *prepare_insert(AkLite *lite, GError **error)
{
    const AkEvent none = {0};
    const char *columns[MAX_VALUES];
    AkView values[MAX_VALUES];
    gsize n = list_values(&lite->table, &none, columns, values);
    g_autoptr(GString) sql = g_string_new(NULL);
    g_autoptr(GString) marks = g_string_new(NULL);

    g_string_append_printf(sql, "INSERT INTO \"%s\" (", lite->name);
    for (gsize i = 0; i < n; i++) {
        if (ak_lite_has(&lite->table, columns[i])) {
            g_string_append_printf(sql, "\"%s\", ", columns[i]);
            g_string_append_printf(marks, "?%" G_GSIZE_FORMAT ", ", i + 1);
        }
    }
    if (lite->table.tenant != NULL) {
        g_string_append_printf(sql, "\"%s\", ", lite->column);
        g_string_append_printf(marks, "%s, ", lite->table.tenant);
    }
    g_string_append_printf(sql, "\"%s\") VALUES (%s?%" G_GSIZE_FORMAT ")", lite->table.ts,
                           marks->str, n + 1);
    return ak_lite_prepare(lite, what, sql->str, error);
}

static gboolean insert_event(AkLite *lite, const AkEvent *event, GError **error)
{
    const char *columns[MAX_VALUES];
    AkView values[MAX_VALUES];
    gsize n = list_values(&lite->table, event, columns, values);
    char ts[AK_LITE_TIME_LEN + 1];
    int code;

    for (gsize i = 0; i < n; i++) {
        if (ak_lite_has(&lite->table, columns[i])) {
            ak_lite_bind_view(lite->insert, (int)i + 1, values[i]);
        } else if (values[i].data != NULL && !g_str_equal(columns[i], "hash")) {
            g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                        "cannot append event '%.*s': table '%s' has no column '%s'",
                        (int)event->id.len, event->id.data, lite->name, columns[i]);
            return FALSE;
        }
    }
    ak_lite_format_time(event->ts_usec, ts);
    ak_lite_bind_text(lite->insert, (int)n + 1, ts);
    code = sqlite3_step(lite->insert);
    if (code == SQLITE_DONE) {
        (void)sqlite3_reset(lite->insert);
        return TRUE;
    }
    if (sqlite3_extended_errcode(lite->db) == SQLITE_CONSTRAINT_PRIMARYKEY)
        g_set_error(error, AK_ERROR, AK_ERROR_CONFLICT,
                    "cannot append event '%.*s': there is one with this id already; hint: leave "
                    "out what was appended before",
                    (int)event->id.len, event->id.data);
    else
        (void)ak_lite_fail(lite, what, error);
    (void)sqlite3_reset(lite->insert);
    return FALSE;
}

gboolean ak_lite_append_rows(AkSource *source, const AkEvent *events, gsize count, GError **error)
{
    AkLite *lite = (AkLite *)source;

    if (lite->insert == NULL)
        lite->insert = prepare_insert(lite, error);
    if (lite->insert == NULL)
        return FALSE;
    for (gsize i = 0; i < count; i++)
        if (!insert_event(lite, &events[i], error))
            return FALSE;
    return TRUE;
}

gboolean ak_lite_append_end(AkSource *source, gboolean commit, GError **error)
{
    AkLite *lite = (AkLite *)source;

    if (!lite->is_appending)
        return TRUE;
    if (commit && !ak_lite_run(lite, what, "COMMIT", error)) {
        (void)ak_lite_append_end(source, FALSE, NULL);
        return FALSE;
    }
    lite->is_appending = FALSE;
    return commit || sqlite3_get_autocommit(lite->db) || ak_lite_run(lite, what, "ROLLBACK", error);
}
