/*
 * A line that is read is written as canonical JSON, and from then on reading and writing change
 * nothing; unless it had bytes that are no UTF-8, which are replaced and may then have a canonical
 * form that the payload did not have.
 */
#include "fuzz.h"

#include "chain/envelope.h"

static void write_line(AkCanonical *scratch, const AkEnvelope *envelope, AkBuf *out)
{
    const AkEvent *event = &envelope->event;
    AkView payload = event->payload.data != NULL ? event->payload : AK_VIEW("null");
    AkView canonical = AK_VIEW_NULL;
    AkCanonicalInfo info = {0};
    g_auto(AkBuf) text = {0};

    if (ak_canonical_json(scratch, payload, &text, &info, NULL))
        canonical = ak_buf_view(&text);
    ak_envelope_write(scratch, event, envelope->chain, canonical, &info, envelope->faults, out);
}

static void read_again(AkView line, AkArena *arena, AkEnvelope *out)
{
    g_autoptr(GError) error = NULL;

    if (!ak_envelope_parse(line, arena, out, &error))
        g_error("it is not read again: %s", error->message);
}

static void check_error(const GError *error)
{
    if (!g_error_matches(error, AK_ERROR, AK_ERROR_BAD_INPUT))
        g_error("refused without BAD_INPUT");
    if (!g_utf8_validate(error->message, -1, NULL))
        g_error("a message that is not UTF-8");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(AkCanonical) scratch = ak_canonical_new();
    g_auto(AkBuf) first = {0}, second = {0}, canonical = {0};
    g_auto(AkArena) arena = {0};
    g_autoptr(GError) error = NULL;
    AkEnvelope envelope;

    if (!ak_envelope_parse(ak_view((const char *)data, size), &arena, &envelope, &error)) {
        check_error(error);
        return 0;
    }
    write_line(scratch, &envelope, &first);
    if (!ak_canonical_json(scratch, ak_buf_view(&first), &canonical, NULL, NULL) ||
        !ak_view_equal(ak_buf_view(&first), ak_buf_view(&canonical)))
        g_error("what is written is not canonical");
    if (!g_utf8_validate_len((const char *)data, size, NULL))
        return 0;
    read_again(ak_buf_view(&first), &arena, &envelope);
    write_line(scratch, &envelope, &second);
    if (!ak_view_equal(ak_buf_view(&first), ak_buf_view(&second)))
        g_error("it changes when it is written again");
    return 0;
}
