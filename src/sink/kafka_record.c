#include "sink/kafka_record.h"

#include "chain/canonical.h"
#include "chain/scan.h"
#include "util/hex.h"
#include "util/sha256.h"
#include "util/time.h"

enum { N_HEADERS = 12, HEADER_BYTES = 16 }; /* the second: what a header's lengths take, at most */

gboolean ak_kafka_format_from_name(const char *name, AkKafkaFormat *out)
{
    static const char *const names[] = {"binary", "structured", "plain"};

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        if (strcmp(names[i], name) == 0) {
            *out = (AkKafkaFormat)i;
            return TRUE;
        }
    }
    return FALSE;
}

/* ---- headers ---- */

typedef struct {
    rd_kafka_headers_t *list;
    gsize bytes;
} Headers;

static void add(Headers *headers, const char *name, AkView value)
{
    if (value.data == NULL)
        return;
    (void)rd_kafka_header_add(headers->list, name, -1, value.data, (gssize)value.len);
    headers->bytes += strlen(name) + value.len + HEADER_BYTES;
}

static AkView digits(guint64 number, char text[24])
{
    return ak_view(text, (gsize)g_snprintf(text, 24, "%" G_GUINT64_FORMAT, number));
}

/* Where in the chain: what a reader, and our own resume, goes by. */
static void add_place(Headers *headers, const AkKafkaStyle *style, const AkEvent *event)
{
    gboolean is_ce = style->format == AK_KAFKA_BINARY;
    char index[24];

    add(headers, is_ce ? "ce_id" : "ak_id", event->id);
    add(headers, is_ce ? "ce_chain" : "ak_chain", ak_view_str(style->chain));
    add(headers, is_ce ? "ce_index" : "ak_index", digits(event->index, index));
    add(headers, is_ce ? "ce_hash" : "ak_hash", event->hash);
    if (!ak_view_is_blank(event->prev_hash))
        add(headers, is_ce ? "ce_prevhash" : "ak_prevhash", event->prev_hash);
}

/* CloudEvents wants a type that is not empty. */
static AkView type_of(const AkEvent *event)
{
    return ak_view_is_blank(event->event_type) ? AK_VIEW("audit.event") : event->event_type;
}

static Headers make_headers(const AkKafkaStyle *style, const AkEvent *event, const char *dataref)
{
    Headers headers = {rd_kafka_headers_new(N_HEADERS), 0};
    char ts[AK_TIME_MAX];

    add_place(&headers, style, event);
    if (style->format == AK_KAFKA_BINARY) {
        add(&headers, "ce_specversion", AK_VIEW("1.0"));
        add(&headers, "ce_source", ak_view_str(style->source));
        add(&headers, "ce_type", type_of(event));
        add(&headers, "ce_time", ak_view(ts, ak_time_format(event->ts_usec, ts)));
    }
    if (style->format == AK_KAFKA_STRUCTURED)
        add(&headers, "content-type", AK_VIEW("application/cloudevents+json; charset=UTF-8"));
    else
        add(&headers, "content-type", AK_VIEW("application/json"));
    if (dataref != NULL)
        add(&headers, style->format == AK_KAFKA_BINARY ? "ce_dataref" : "ak_dataref",
            ak_view_str(dataref));
    return headers;
}

/* ---- values ---- */

static void name(AkBuf *out, char before, const char *member)
{
    ak_buf_append_byte(out, before);
    ak_canonical_string(ak_view_str(member), out);
    ak_buf_append_byte(out, ':');
}

static void text(AkBuf *out, char before, const char *member, AkView value)
{
    name(out, before, member);
    if (value.data != NULL)
        ak_canonical_string(value, out);
    else
        ak_buf_append_literal(out, "null");
}

/* The line's members that the prototype had; canonical order stays. */
static gboolean write_plain(AkView line, AkBuf *out)
{
    static const char *const known[] = {"eventType", "hash",      "id",       "metadata", "payload",
                                        "prevHash",  "signature", "signerId", "ts"};
    AkScan scan;
    AkScanStep step;
    AkView key, value;
    char before = '{';

    if (!ak_scan_begin(&scan, line))
        return FALSE;
    while ((step = ak_scan_next(&scan, &key, &value)) == AK_SCAN_MEMBER) {
        for (gsize i = 0; i < G_N_ELEMENTS(known); i++) {
            if (!ak_view_equal(key, ak_view_str(known[i])))
                continue;
            name(out, before, known[i]);
            ak_buf_append_view(out, value);
            before = ',';
        }
    }
    ak_buf_append_byte(out, '}');
    return step == AK_SCAN_DONE;
}

/* CloudEvents JSON format 1.0; an integer attribute has 31 bits only, so the index is text. */
static void write_structured(const AkKafkaStyle *style, const AkEvent *event, AkView line,
                             AkBuf *out)
{
    char index[24], ts[AK_TIME_MAX];

    text(out, '{', "chain", ak_view_str(style->chain));
    name(out, ',', "data");
    ak_buf_append_view(out, line);
    text(out, ',', "datacontenttype", AK_VIEW("application/json"));
    text(out, ',', "hash", event->hash);
    text(out, ',', "id", event->id);
    text(out, ',', "index", digits(event->index, index));
    if (!ak_view_is_blank(event->prev_hash))
        text(out, ',', "prevhash", event->prev_hash);
    text(out, ',', "source", ak_view_str(style->source));
    text(out, ',', "specversion", AK_VIEW("1.0"));
    text(out, ',', "time", ak_view(ts, ak_time_format(event->ts_usec, ts)));
    text(out, ',', "type", type_of(event));
    ak_buf_append_byte(out, '}');
}

static void write_reference(const AkKafkaStyle *style, const AkEvent *event, AkView line,
                            const char *archive_key, AkBuf *out)
{
    g_autoptr(AkSha256) sha = ak_sha256_new();
    guint8 digest[AK_SHA256_LEN];
    char hex[2 * AK_SHA256_LEN];

    ak_sha256_of(sha, line.data, line.len, digest);
    ak_hex_encode(digest, sizeof digest, hex);
    text(out, '{', "chain", ak_view_str(style->chain));
    text(out, ',', "dataref", ak_view_str(archive_key));
    text(out, ',', "hash", event->hash);
    text(out, ',', "id", event->id);
    name(out, ',', "index");
    ak_buf_append_uint(out, event->index);
    text(out, ',', "sha256", ak_view(hex, sizeof hex));
    name(out, ',', "size");
    ak_buf_append_uint(out, line.len);
    ak_buf_append_byte(out, '}');
}

static gboolean write_value(const AkKafkaStyle *style, const AkEvent *event, AkView line,
                            AkBuf *out, GError **error)
{
    if (style->format == AK_KAFKA_BINARY) {
        ak_buf_append_view(out, line);
    } else if (style->format == AK_KAFKA_STRUCTURED) {
        write_structured(style, event, line, out);
    } else if (!write_plain(line, out)) {
        g_set_error(error, AK_ERROR, AK_ERROR_INTERNAL, "line of event '%.36s' is no JSON object",
                    event->id.data);
        return FALSE;
    }
    return TRUE;
}

AkView ak_kafka_record_key(const AkKafkaStyle *style, const AkEvent *event)
{
    return style->format == AK_KAFKA_PLAIN ? event->id : ak_view_str(style->chain);
}

gboolean ak_kafka_record_write(const AkKafkaStyle *style, const AkEvent *event, AkView line,
                               const char *archive_key, AkBuf *out, rd_kafka_headers_t **headers,
                               GError **error)
{
    gsize start = out->len;
    Headers made = make_headers(style, event, NULL);

    *headers = made.list;
    if (!write_value(style, event, line, out, error))
        return FALSE;
    if (made.bytes + ak_kafka_record_key(style, event).len + out->len - start <= style->max_bytes)
        return TRUE;
    ak_buf_truncate(out, start);
    g_clear_pointer(headers, rd_kafka_headers_destroy);
    if (archive_key == NULL) {
        g_set_error(error, AK_ERROR, AK_ERROR_MISSING,
                    "event '%.36s' is larger than a record may be (%" G_GSIZE_FORMAT
                    " bytes) and not archived yet; hint: archive it first, or raise "
                    "message.max.bytes and the topic's max.message.bytes",
                    event->id.data, style->max_bytes);
        return FALSE;
    }
    *headers = make_headers(style, event, archive_key).list;
    write_reference(style, event, line, archive_key, out);
    return TRUE;
}
