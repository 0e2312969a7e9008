/*
 * An object is read or refused with a reason, whole or by its tail. The first byte chooses: even,
 * the rest is the object; odd, the rest says how to change a real one (two bytes of place, one of
 * bits to flip, again and again), and no change may bring out other lines than those written.
 */
#include "fuzz.h"

#include "../unit/segment/sample.h"
#include "segment/reader.h"

enum { FIRST = 254, COUNT = 4 }; /* two frames */

static void check_error(const GError *error)
{
    if (error != NULL && !g_error_matches(error, AK_ERROR, AK_ERROR_BAD_INPUT))
        g_error("another class of error: %s", error->message);
    if (error != NULL && !g_utf8_validate(error->message, -1, NULL))
        g_error("a message that is not UTF-8");
}

/* Appends the lines; FALSE when the object is refused. */
static gboolean read_lines(AkView object, AkBuf *out)
{
    g_autoptr(AkSha256) sha = ak_sha256_new();
    g_auto(AkFooter) footer = {0};
    g_auto(AkBuf) lines = {0};
    g_autoptr(GError) error = NULL;

    if (!ak_footer_open_object(object, &footer, &error)) {
        if (error == NULL)
            g_error("refused without a reason");
        check_error(error);
        return FALSE;
    }
    for (guint i = 0; i < footer.frames->len; i++) {
        const AkFrame *frame = &g_array_index(footer.frames, AkFrame, i);

        if (ak_footer_frame_of(&footer, ak_footer_first_index(&footer, i)) != i)
            g_error("a frame does not hold its first index");
        if (!ak_footer_open_frame(&footer, sha, i,
                                  ak_view(object.data + frame->offset, frame->compressed), &lines,
                                  NULL))
            g_error("a frame of a good object is refused");
        ak_buf_append_view(out, ak_buf_view(&lines));
    }
    return TRUE;
}

/* As the last bytes of something larger: an answer, a refusal, or how much it takes. */
static void read_tail(AkView tail)
{
    g_auto(AkFooter) footer = {0};
    g_autoptr(GError) error = NULL;
    gsize need = 0;

    if (ak_footer_parse(tail, (guint64)tail.len + 1000, &footer, &need, &error))
        return;
    check_error(error);
    if ((error == NULL) != (need > tail.len))
        g_error("neither a reason nor a need, or both");
}

static const AkSegment *real_segment(void)
{
    static AkSegment segment; /* made once */

    if (segment.object.len == 0) {
        g_auto(Sample) sample = {0};

        sample_init(&sample, FIRST, COUNT);
        sample_seal(&sample, &segment);
    }
    return &segment;
}

static void read_changed(const uint8_t *data, size_t size)
{
    AkView object = ak_buf_view(&real_segment()->object);
    g_autofree char *changed = g_memdup2(object.data, object.len);
    g_auto(AkBuf) lines = {0}, written = {0};

    for (; size >= 3; data += 3, size -= 3) {
        gsize place = ((gsize)data[0] << 8 | data[1]) % object.len;

        changed[place] = (char)(changed[place] ^ data[2]);
    }
    if (!read_lines(ak_view(changed, object.len), &lines))
        return;
    if (!read_lines(object, &written) || !ak_view_equal(ak_buf_view(&lines), ak_buf_view(&written)))
        g_error("a changed object gives other lines");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_auto(AkBuf) lines = {0};

    if (size == 0)
        return 0;
    if (data[0] % 2 == 1) {
        read_changed(data + 1, size - 1);
        return 0;
    }
    (void)read_lines(ak_view((const char *)data + 1, size - 1), &lines);
    read_tail(ak_view((const char *)data + 1, size - 1));
    return 0;
}
