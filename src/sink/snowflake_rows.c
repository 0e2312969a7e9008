#include "sink/snowflake_rows.h"

#include "util/time.h"

#include <zstd.h>

enum {
    ZSTD_LEVEL = 1, /* as small as 3 on such rows, twice as fast (docs/performance.md) */
};

void ak_snowflake_rows_clear(AkSnowflakeRows *rows)
{
    ak_buf_clear(&rows->plain);
    ak_buf_clear(&rows->wire);
    ZSTD_freeCCtx(rows->zstd);
    *rows = (AkSnowflakeRows){0};
}

/* As a JSON string. Canonical lines need nothing but these two escapes; other texts may. */
static void append_text(AkBuf *out, AkView text)
{
    char *to = ak_buf_reserve(out, text.len * 6 + 2);
    char *start = to;

    *to++ = '"';
    for (gsize i = 0; i < text.len; i++) {
        guchar c = (guchar)text.data[i];

        if (c < ' ') {
            static const char hex[] = "0123456789abcdef";

            memcpy(to, "\\u00", 4);
            to[4] = hex[c >> 4];
            to[5] = hex[c & 15];
            to += 6;
            continue;
        }
        if (c == '"' || c == '\\')
            *to++ = '\\';
        *to++ = (char)c;
    }
    *to++ = '"';
    out->len += (gsize)(to - start);
}

static void append_member(AkBuf *out, const char *name, AkView value)
{
    if (value.data == NULL)
        return;
    ak_buf_append_printf(out, ",\"%s\":", name);
    append_text(out, value);
}

/* @has_line FALSE: RAW is left out, the archive's key stands for it. */
static void append_row(AkView chain, const AkSnowflakeRow *row, gboolean has_line, AkBuf *out)
{
    char ts[AK_TIME_MAX];
    gsize ts_len = ak_time_format(row->ts_usec, ts);

    ak_buf_append_literal(out, "{\"SEQ\":\"");
    ak_buf_append_uint(out, row->index);
    ak_buf_append_byte(out, '"');
    append_member(out, "CHAIN_ID", chain);
    append_member(out, "EVENT_ID", row->id);
    append_member(out, "PREV_HASH", row->prev_hash);
    append_member(out, "HASH", row->hash);
    append_member(out, "OCCURRED_AT", ak_view(ts, ts_len));
    append_member(out, "ARCHIVE_KEY", row->archive_key);
    if (has_line)
        append_member(out, "RAW", row->line);
    ak_buf_append_literal(out, "}\n");
}

/* How many rows, at most @max, fill a request before compression; at least one. */
static gsize fill(AkSnowflakeRows *rows, AkView chain, const AkSnowflakeRow *first, gsize max)
{
    gsize n = 0;

    ak_buf_truncate(&rows->plain, 0);
    while (n < max) {
        gsize before = rows->plain.len;
        gboolean has_line = first[n].line.len <= AK_SNOWFLAKE_LINE_MAX;

        append_row(chain, &first[n], has_line, &rows->plain);
        if (n > 0 && rows->plain.len > AK_SNOWFLAKE_PLAIN_MAX) {
            ak_buf_truncate(&rows->plain, before);
            return n;
        }
        n++;
    }
    return n;
}

static void compress(AkSnowflakeRows *rows)
{
    gsize bound = ZSTD_compressBound(rows->plain.len);

    if (rows->zstd == NULL)
        rows->zstd = ZSTD_createCCtx();
    ak_buf_truncate(&rows->wire, 0);
    gsize len = ZSTD_compressCCtx(rows->zstd, ak_buf_reserve(&rows->wire, bound), bound,
                                  rows->plain.data, rows->plain.len, ZSTD_LEVEL);
    if (ZSTD_isError(len))
        g_error("zstd does not compress: %s", ZSTD_getErrorName(len));
    rows->wire.len = len;
}

static gboolean set_oversize(const AkSnowflakeRow *row, GError **error)
{
    g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT,
                "event %" G_GUINT64_FORMAT " is too large for Snowflake, and its place in the "
                "archive is not known; hint: deliver what is archived already",
                row->index);
    return FALSE;
}

/* The row alone, by its reference. */
static gboolean send_reference(AkSnowflakeRows *rows, AkSnowflakeChannel *channel, AkView chain,
                               const AkSnowflakeRow *row, AkSnowflakeOutcome *out, GError **error)
{
    if (row->archive_key.data == NULL)
        return set_oversize(row, error);
    ak_buf_truncate(&rows->plain, 0);
    append_row(chain, row, FALSE, &rows->plain);
    compress(rows);
    if (!ak_snowflake_channel_append(channel, row->index, row->index, ak_buf_view(&rows->wire), out,
                                     error))
        return FALSE;
    return *out != AK_SNOWFLAKE_TOO_LARGE || set_oversize(row, error);
}

/* What does not fit is cut in halves until it does. */
static gboolean send_some(AkSnowflakeRows *rows, AkSnowflakeChannel *channel, AkView chain,
                          const AkSnowflakeRow *first, gsize *n, AkSnowflakeOutcome *out,
                          GError **error)
{
    for (;;) {
        *n = fill(rows, chain, first, *n);
        if (*n == 1 &&
            (rows->plain.len > AK_SNOWFLAKE_PLAIN_MAX || first->line.len > AK_SNOWFLAKE_LINE_MAX))
            return send_reference(rows, channel, chain, first, out, error);
        compress(rows);
        *out = AK_SNOWFLAKE_TOO_LARGE;
        if (rows->wire.len <= AK_SNOWFLAKE_WIRE_MAX &&
            !ak_snowflake_channel_append(channel, first->index, first[*n - 1].index,
                                         ak_buf_view(&rows->wire), out, error))
            return FALSE;
        if (*out != AK_SNOWFLAKE_TOO_LARGE)
            return TRUE;
        if (*n == 1)
            return send_reference(rows, channel, chain, first, out, error);
        *n = (*n + 1) / 2;
    }
}

gboolean ak_snowflake_rows_send(AkSnowflakeRows *rows, AkSnowflakeChannel *channel, AkView chain,
                                const AkSnowflakeRow *first, gsize n, AkSnowflakeOutcome *out,
                                GError **error)
{
    *out = AK_SNOWFLAKE_TAKEN;
    for (gsize done = 0; done < n && *out == AK_SNOWFLAKE_TAKEN;) {
        gsize some = n - done;

        if (!send_some(rows, channel, chain, first + done, &some, out, error))
            return FALSE;
        done += some;
    }
    return TRUE;
}
