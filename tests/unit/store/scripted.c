#include "scripted.h"

#include "store/aws/sigv4.h"
#include "util/hex.h"
#include "util/time.h"

#include <gio/gio.h>
#include <openssl/evp.h>

struct Scripted {
    const ScriptedStep *steps;
    gsize n_steps;
    gsize n_taken; /* atomic */
    char *secret;
    GSocketListener *listener;
    GCancellable *end;
    guint16 port;
    GThread *thread;
    GString *faults;
};

typedef struct {
    char *line;
    AkPairs headers;
    char *body;
    gsize body_len;
} Request;

static void request_clear(Request *request)
{
    g_free(request->line);
    g_free(request->body);
    ak_pairs_clear(&request->headers);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Request, request_clear)

static void add_fault(Scripted *scripted, const char *what, const Request *request)
{
    g_string_append_printf(scripted->faults, "step %zu: %s: %s\n", (size_t)scripted->n_taken, what,
                           request->line);
}

static gboolean read_request(GInputStream *stream, Request *out)
{
    g_autoptr(GDataInputStream) input = g_data_input_stream_new(stream);
    char *line = NULL;

    g_data_input_stream_set_newline_type(input, G_DATA_STREAM_NEWLINE_TYPE_CR_LF);
    g_filter_input_stream_set_close_base_stream(G_FILTER_INPUT_STREAM(input), FALSE);
    out->line = g_data_input_stream_read_line(input, NULL, NULL, NULL);
    while ((line = g_data_input_stream_read_line(input, NULL, NULL, NULL)) != NULL && *line) {
        g_auto(GStrv) pair = g_strsplit(line, ":", 2);

        ak_pairs_add(&out->headers, pair[0], g_strstrip(pair[1]));
        g_free(line);
    }
    g_free(line);
    const char *length = ak_pairs_get(&out->headers, "content-length");
    out->body_len = length != NULL ? (gsize)g_ascii_strtoull(length, NULL, 10) : 0;
    out->body = g_malloc0(out->body_len + 1);
    return out->line != NULL && g_input_stream_read_all(G_INPUT_STREAM(input), out->body,
                                                        out->body_len, NULL, NULL, NULL);
}

static char *between(const char *text, const char *start, const char *end)
{
    const char *from = strstr(text, start);

    if (from == NULL)
        return g_strdup("");
    from += strlen(start);
    return g_strndup(from, strcspn(from, end));
}

/* The signature as this request, read back from the wire, should have it. */
static char *expected_signature(const Scripted *scripted, const Request *request,
                                const char *authorization, const char *body_hash)
{
    g_auto(GStrv) words = g_strsplit(request->line, " ", 3);
    g_auto(GStrv) target = g_strsplit(words[1], "?", 2);
    g_autofree char *names = between(authorization, "SignedHeaders=", ",");
    g_autofree char *scope_text = between(authorization, "Credential=", ",");
    g_auto(GStrv) scope_parts = g_strsplit(scope_text, "/", -1);
    g_auto(GStrv) signed_names = g_strsplit(names, ";", -1);
    g_auto(AkPairs) headers = {0};
    AkSigv4Request signed_request = {words[0], target[0], target[1] != NULL ? target[1] : "",
                                     &headers, body_hash};
    AkSigv4Scope scope = {.region = scope_parts[2], .service = scope_parts[3]};
    const char *date = ak_pairs_get(&request->headers, "x-amz-date");
    g_autofree char *rfc3339 = g_strdup_printf("%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", date, date + 4,
                                               date + 6, date + 9, date + 11, date + 13);

    g_assert_true(ak_time_parse(ak_view_str(rfc3339), &scope.time_usec));
    for (char **name = signed_names; *name != NULL; name++)
        ak_pairs_add(&headers, *name, ak_pairs_get(&request->headers, *name));
    g_autofree char *canonical = ak_sigv4_canonical_request(&signed_request, &scope);
    g_autofree char *to_sign = ak_sigv4_string_to_sign(&scope, canonical);
    return ak_sigv4_signature(&scope, scripted->secret, to_sign);
}

static void check_signature(Scripted *scripted, const Request *request)
{
    const char *authorization = ak_pairs_get(&request->headers, "authorization");
    const char *hash = ak_pairs_get(&request->headers, "x-amz-content-sha256");
    gboolean is_sts = authorization != NULL && strstr(authorization, "/sts/aws4_request") != NULL;
    guint8 digest[AK_SHA256_LEN];

    if (scripted->secret == NULL) {
        if (authorization != NULL && strstr(authorization, "AWS4") != NULL)
            add_fault(scripted, "signed", request);
        return;
    }
    if (authorization == NULL || (hash == NULL && !is_sts)) {
        add_fault(scripted, "not signed", request);
        return;
    }
    EVP_Digest(request->body, request->body_len, digest, NULL, EVP_sha256(), NULL);
    g_autofree char *body_hash = ak_hex_string(digest, sizeof digest);
    g_autofree char *expected = expected_signature(scripted, request, authorization, body_hash);
    g_autofree char *actual = between(authorization, "Signature=", ",");
    if (!g_str_equal(expected, actual))
        add_fault(scripted, "wrong signature", request);
    if (hash != NULL && !g_str_equal(hash, body_hash))
        add_fault(scripted, "wrong digest", request);
    for (gsize i = 0; i < request->headers.len; i++) {
        const char *name = request->headers.items[i].name;
        g_autofree char *names = between(authorization, "SignedHeaders=", ",");

        if (g_str_has_prefix(name, "x-amz-") && strstr(names, name) == NULL)
            add_fault(scripted, "an x-amz- header is not signed", request);
    }
}

static void check_step(Scripted *scripted, const ScriptedStep *step, const Request *request)
{
    if (!g_str_has_prefix(request->line, step->request))
        add_fault(scripted, step->request, request);
    if (step->in_body != NULL && strstr(request->body, step->in_body) == NULL)
        add_fault(scripted, step->in_body, request);
    if (step->absent != NULL && ak_pairs_get(&request->headers, step->absent) != NULL)
        add_fault(scripted, step->absent, request);
    if (step->header == NULL)
        return;
    g_auto(GStrv) pair = g_strsplit(step->header, ": ", 2);
    const char *value = ak_pairs_get(&request->headers, pair[0]);
    if (g_strcmp0(value, pair[1]) != 0)
        add_fault(scripted, step->header, request);
}

static void answer(const ScriptedStep *step, GIOStream *stream)
{
    const char *body = step->body != NULL ? step->body : "";
    gboolean has_length = strstr(step->reply, "content-length:") != NULL;
    g_autofree char *length =
        has_length ? g_strdup("")
                   : g_strdup_printf("content-length: %zu\r\n",
                                     strlen(body) + (step->act == SCRIPTED_CUT ? 1 : 0));
    g_autofree char *text =
        g_strdup_printf("HTTP/1.1 %s\r\n%sconnection: close\r\n\r\n%s", step->reply, length, body);

    g_output_stream_write_all(g_io_stream_get_output_stream(stream), text, strlen(text), NULL, NULL,
                              NULL);
}

static void serve(Scripted *scripted, GIOStream *stream)
{
    g_auto(Request) request = {0};
    GInputStream *input = g_io_stream_get_input_stream(stream);
    char byte;

    if (!read_request(input, &request))
        return;
    if (scripted->n_taken == scripted->n_steps) {
        add_fault(scripted, "beyond the script", &request);
        return;
    }
    const ScriptedStep *step = &scripted->steps[scripted->n_taken];
    check_signature(scripted, &request);
    check_step(scripted, step, &request);
    g_atomic_pointer_add(&scripted->n_taken, 1);
    if (step->act == SCRIPTED_STALL)
        (void)g_input_stream_read(input, &byte, 1, scripted->end, NULL);
    else if (step->act != SCRIPTED_CLOSE)
        answer(step, stream);
}

static gpointer run(gpointer data)
{
    Scripted *scripted = data;

    for (;;) {
        g_autoptr(GSocketConnection) connection =
            g_socket_listener_accept(scripted->listener, NULL, scripted->end, NULL);

        if (connection == NULL)
            return NULL;
        serve(scripted, G_IO_STREAM(connection));
    }
}

Scripted *scripted_start(const ScriptedStep *steps, gsize n_steps, const char *secret)
{
    Scripted *scripted = g_new0(Scripted, 1);
    g_autoptr(GInetAddress) loopback = g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4);
    g_autoptr(GSocketAddress) any_port = g_inet_socket_address_new(loopback, 0);
    g_autoptr(GSocketAddress) bound = NULL;

    scripted->steps = steps;
    scripted->n_steps = n_steps;
    scripted->secret = g_strdup(secret);
    scripted->faults = g_string_new(NULL);
    scripted->end = g_cancellable_new();
    scripted->listener = g_socket_listener_new();
    g_assert_true(g_socket_listener_add_address(scripted->listener, any_port, G_SOCKET_TYPE_STREAM,
                                                G_SOCKET_PROTOCOL_TCP, NULL, &bound, NULL));
    scripted->port = g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(bound));
    scripted->thread = g_thread_new("scripted", run, scripted);
    return scripted;
}

guint scripted_port(const Scripted *scripted)
{
    return scripted->port;
}

gsize scripted_taken(Scripted *scripted)
{
    return (gsize)g_atomic_pointer_get(&scripted->n_taken);
}

void scripted_finish(Scripted *scripted)
{
    g_cancellable_cancel(scripted->end);
    g_thread_join(scripted->thread);
    g_assert_cmpstr(scripted->faults->str, ==, "");
    g_assert_cmpuint(scripted->n_taken, ==, scripted->n_steps);
    g_string_free(scripted->faults, TRUE);
    g_object_unref(scripted->listener);
    g_object_unref(scripted->end);
    g_free(scripted->secret);
    g_free(scripted);
}
