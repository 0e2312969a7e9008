/*
 * A seal is read or refused with a reason. What was read is written in canonical form, which is
 * read as the same seal again, and lists segments without a hole.
 */
#include "fuzz.h"

#include "segment/seal.h"

static void check_segments(const AkSeal *seal)
{
    for (guint i = 0; i < seal->segments->len; i++) {
        const AkSealSegment *segment = &g_array_index(seal->segments, AkSealSegment, i);

        if (segment->last_index < segment->first_index)
            g_error("a segment that ends before it starts");
        if (i > 0 && (segment - 1)->last_index + 1 != segment->first_index)
            g_error("a hole between two segments");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_auto(AkSeal) seal = {0}, again = {0};
    g_auto(AkBuf) first = {0}, second = {0};
    g_autoptr(GError) error = NULL;

    if (!ak_seal_parse(ak_view((const char *)data, size), &seal, &error)) {
        if (!g_error_matches(error, AK_ERROR, AK_ERROR_BAD_INPUT))
            g_error("refused without a reason, or with another class");
        return 0;
    }
    check_segments(&seal);
    ak_seal_write(&seal, &first);
    if (!ak_seal_parse(ak_buf_view(&first), &again, NULL))
        g_error("what was written cannot be read");
    ak_seal_write(&again, &second);
    if (!ak_view_equal(ak_buf_view(&first), ak_buf_view(&second)))
        g_error("another seal when read again");
    return 0;
}
