#include "segment/reader.h"

#include "sample.h"

/* Where the parts of a sealed object are. */
typedef struct {
    gsize leaves, tags, manifest, table; /* first byte of each; a header comes first */
} Layout;

static Layout layout_of(const AkSegment *segment)
{
    guint n = segment->frames->len;
    Layout layout = {0};

    layout.leaves = g_array_index(segment->frames, AkFrame, n - 3).offset;
    layout.tags = g_array_index(segment->frames, AkFrame, n - 2).offset;
    layout.manifest = g_array_index(segment->frames, AkFrame, n - 1).offset;
    layout.table = layout.manifest + g_array_index(segment->frames, AkFrame, n - 1).compressed;
    return layout;
}

static gboolean is_between(gsize at, gsize first, gsize end)
{
    return at >= first && at < end;
}

static void check_refused(AkView object)
{
    g_autofree char *exact = g_malloc(MAX(object.len, 1)); /* so that a sanitizer sees its end */
    g_auto(AkFooter) footer = {0};
    g_autoptr(GError) error = NULL;

    if (object.len > 0)
        memcpy(exact, object.data, object.len);
    g_assert_false(ak_footer_open_object(ak_view(exact, object.len), &footer, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_BAD_INPUT);
    g_assert_true(g_utf8_validate(error->message, -1, NULL));
    g_assert_null(footer.frames);
}

/* The lines of an object that may be refused: FALSE then. */
static gboolean read_lines(AkView object, AkBuf *out)
{
    g_autoptr(AkSha256) sha = ak_sha256_new();
    g_auto(AkFooter) footer = {0};
    g_auto(AkBuf) lines = {0};

    if (!ak_footer_open_object(object, &footer, NULL))
        return FALSE;
    for (guint i = 0; i < footer.frames->len; i++) {
        const AkFrame *frame = &g_array_index(footer.frames, AkFrame, i);

        g_assert_true(ak_footer_open_frame(&footer, sha, i,
                                           ak_view(object.data + frame->offset, frame->compressed),
                                           &lines, NULL));
        ak_buf_append_view(out, ak_buf_view(&lines));
    }
    return TRUE;
}

static void flip(AkSegment *segment, gsize at, guint8 bits)
{
    segment->object.data[at] = (char)(segment->object.data[at] ^ bits);
}

static const guint8 flips[] = {0xff, 1, 0x80, 0x20};

/*
 * Whatever byte changes, the object is refused. Tags are only hints, and what the manifest says
 * beyond counts, sizes and digest is checked against the events and the checkpoint by the verifier.
 */
static void test_flipped_bytes_of_the_footer(void)
{
    g_auto(Sample) sample = {0};
    g_auto(AkSegment) segment = {0};
    Layout layout;

    sample_init(&sample, 254, 4); /* two frames */
    sample_seal(&sample, &segment);
    layout = layout_of(&segment);
    for (gsize at = layout.leaves; at < segment.object.len; at++) {
        if (is_between(at, layout.tags + AK_SKIPPABLE_HEADER, layout.manifest) ||
            is_between(at, layout.manifest + AK_SKIPPABLE_HEADER, layout.table))
            continue;
        for (guint i = 0; i < G_N_ELEMENTS(flips); i++) {
            flip(&segment, at, flips[i]);
            check_refused(ak_buf_view(&segment.object));
            flip(&segment, at, flips[i]);
        }
    }
}

/* A zstd frame has a few bits that its decoder does not look at (RFC 8878 §3.1.1.1.1.3): apart
 * from them, every change is refused, and never is anything else read than what was written. */
static void test_flipped_bytes_of_the_frames(void)
{
    g_auto(Sample) sample = {0};
    g_auto(AkSegment) segment = {0};
    g_auto(AkBuf) written = {0};
    guint n_unseen = 0;
    Layout layout;

    sample_init(&sample, 254, 4);
    sample_seal(&sample, &segment);
    layout = layout_of(&segment);
    g_assert_true(read_lines(ak_buf_view(&segment.object), &written));
    for (gsize at = 0; at < layout.leaves; at++) {
        for (guint i = 0; i < G_N_ELEMENTS(flips); i++) {
            g_auto(AkBuf) lines = {0};

            flip(&segment, at, flips[i]);
            if (read_lines(ak_buf_view(&segment.object), &lines)) {
                g_assert_true(ak_view_equal(ak_buf_view(&lines), ak_buf_view(&written)));
                n_unseen++;
            }
            flip(&segment, at, flips[i]);
        }
    }
    g_assert_cmpuint(n_unseen, <, layout.leaves * G_N_ELEMENTS(flips) / 50);
}

static void test_truncated_at_the_end(void)
{
    g_auto(Sample) sample = {0};
    g_auto(AkSegment) segment = {0};

    sample_init(&sample, 254, 4);
    sample_seal(&sample, &segment);
    for (gsize len = 0; len < segment.object.len; len++)
        check_refused(ak_view(segment.object.data, len));
}

static void test_truncated_at_the_start(void)
{
    g_auto(Sample) sample = {0};
    g_auto(AkSegment) segment = {0};

    sample_init(&sample, 254, 4);
    sample_seal(&sample, &segment);
    for (gsize len = 0; len < segment.object.len; len++)
        check_refused(ak_view(segment.object.data + segment.object.len - len, len));
}

static void test_appended(void)
{
    g_auto(Sample) sample = {0};
    g_auto(AkSegment) segment = {0};
    g_autoptr(GString) twice = NULL;

    sample_init(&sample, 0, 2);
    sample_seal(&sample, &segment);
    ak_buf_append_byte(&segment.object, 0);
    check_refused(ak_buf_view(&segment.object));
    ak_buf_truncate(&segment.object, segment.object.len - 1);
    twice = g_string_new_len(segment.object.data, (gssize)segment.object.len);
    g_string_append_len(twice, segment.object.data, (gssize)segment.object.len);
    check_refused(ak_view(twice->str, twice->len));
}

/* A tail of every length: either it is enough, or it says how much is, or it is no tail at all. */
static void test_tails(void)
{
    g_auto(Sample) sample = {0};
    g_auto(AkSegment) segment = {0};
    const char *end;
    Layout layout;
    gsize footer_bytes;

    sample_init(&sample, 254, 4);
    sample_seal(&sample, &segment);
    layout = layout_of(&segment);
    end = segment.object.data + segment.object.len;
    footer_bytes = segment.object.len - layout.leaves;
    for (gsize len = 1; len <= segment.object.len; len++) {
        g_autofree char *tail = g_memdup2(end - len, len);
        g_auto(AkFooter) footer = {0};
        g_autoptr(GError) error = NULL;
        gsize need = 0;
        gboolean is_read =
            ak_footer_parse(ak_view(tail, len), segment.object.len, &footer, &need, &error);

        g_assert_cmpint(is_read, ==, len >= footer_bytes);
        if (len < AK_SEEK_FOOTER) {
            g_assert_error(error, AK_ERROR, AK_ERROR_BAD_INPUT);
            continue;
        }
        g_assert_no_error(error);
        if (len < segment.object.len - layout.table)
            g_assert_cmpuint(need, ==, segment.object.len - layout.table);
        else
            g_assert_cmpuint(need, ==, is_read ? 0 : footer_bytes);
    }
}

static void test_frames_by_index(void)
{
    g_auto(Sample) sample = {0};
    g_auto(AkSegment) segment = {0};
    g_auto(AkFooter) footer = {0};

    sample_init(&sample, 100, 500);
    sample_seal(&sample, &segment);
    g_assert_true(ak_footer_open_object(ak_buf_view(&segment.object), &footer, NULL));
    for (guint64 index = 100; index < 600; index++)
        g_assert_cmpuint(ak_footer_frame_of(&footer, index), ==,
                         index < 256   ? 0
                         : index < 512 ? 1
                                       : 2);
    g_assert_cmpuint(ak_footer_first_index(&footer, 0), ==, 100);
    g_assert_cmpuint(ak_footer_first_index(&footer, 1), ==, 256);
    g_assert_cmpuint(ak_footer_first_index(&footer, 2), ==, 512);
}

static void test_one_frame_alone(void)
{
    g_auto(Sample) sample = {0};
    g_auto(AkSegment) segment = {0};
    g_auto(AkFooter) footer = {0};
    g_auto(AkBuf) lines = {0};
    g_autoptr(AkSha256) sha = ak_sha256_new();
    g_autoptr(GError) error = NULL;
    const AkFrame *frames;
    AkView second;

    sample_init(&sample, 254, 4);
    sample_seal(&sample, &segment);
    g_assert_true(ak_footer_open_object(ak_buf_view(&segment.object), &footer, NULL));
    frames = &g_array_index(footer.frames, AkFrame, 0);
    second = ak_view(segment.object.data + frames[1].offset, frames[1].compressed);
    ak_buf_append_literal(&lines, "left over");
    g_assert_true(ak_footer_open_frame(&footer, sha, 1, second, &lines, &error));
    g_assert_true(g_str_has_prefix(lines.data, "{\"chain\":\"orders\""));
    g_assert_cmpuint(lines.len, ==, frames[1].content);
    g_assert_false(ak_footer_open_frame(&footer, sha, 0, second, &lines, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_BAD_INPUT);
}

/* An object put together by hand, to contradict itself in one place. */
typedef struct {
    AkBuf data;
    GArray *frames;
    AkView leaves, tags;
    AkManifest manifest;
    gboolean is_footer_swapped, has_footer_content;
} Parts;

static void parts_clear(Parts *parts)
{
    ak_buf_clear(&parts->data);
    g_clear_pointer(&parts->frames, g_array_unref);
    ak_manifest_clear(&parts->manifest);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Parts, parts_clear)

static void parts_init(Parts *parts, const AkSegment *segment)
{
    Layout layout = layout_of(segment);
    guint n = segment->frames->len - 3;
    g_auto(AkBuf) json = {0};

    *parts = (Parts){.leaves = ak_buf_view(&segment->leaves), .tags = ak_buf_view(&segment->tags)};
    ak_buf_append(&parts->data, segment->object.data, layout.leaves);
    parts->frames = g_array_new(FALSE, FALSE, sizeof(AkFrame));
    g_array_append_vals(parts->frames, segment->frames->data, n);
    ak_manifest_write(&segment->manifest, &json);
    g_assert_true(ak_manifest_parse(ak_buf_view(&json), &parts->manifest, NULL));
}

static void put_footer_frame(Parts *parts, guint32 magic, AkView content, AkBuf *object)
{
    AkFrame frame = {object->len, (guint32)content.len + AK_SKIPPABLE_HEADER,
                     parts->has_footer_content ? 1 : 0};

    ak_frame_put_skippable(object, magic, content);
    g_array_append_val(parts->frames, frame);
}

static void assemble(Parts *parts, AkBuf *object)
{
    g_auto(AkBuf) json = {0};

    ak_manifest_write(&parts->manifest, &json);
    ak_buf_append_view(object, ak_buf_view(&parts->data));
    if (parts->is_footer_swapped)
        put_footer_frame(parts, AK_SKIPPABLE_TAGS, parts->tags, object);
    put_footer_frame(parts, AK_SKIPPABLE_LEAVES, parts->leaves, object);
    if (!parts->is_footer_swapped)
        put_footer_frame(parts, AK_SKIPPABLE_TAGS, parts->tags, object);
    put_footer_frame(parts, AK_SKIPPABLE_MANIFEST, ak_buf_view(&json), object);
    ak_frame_put_seek_table(object, &g_array_index(parts->frames, AkFrame, 0), parts->frames->len);
}

static void set_count(AkManifest *manifest, guint64 count)
{
    manifest->count = count;
    manifest->last_index = manifest->first_index + count - 1;
    manifest->tree_size = manifest->last_index + 1;
}

/* Changes one thing of the parts. */
typedef void (*Change)(Parts *parts);

static void fewer_leaves(Parts *parts)
{
    parts->leaves.len -= AK_SHA256_LEN;
}

static void half_a_leaf(Parts *parts)
{
    parts->leaves.len -= AK_SHA256_LEN / 2;
    set_count(&parts->manifest, parts->manifest.count - 1);
    parts->tags.len -= 8;
}

static void fewer_tags(Parts *parts)
{
    parts->tags.len -= 8;
}

static void half_a_tag(Parts *parts)
{
    parts->tags.data += 4;
    parts->tags.len -= 4;
    set_count(&parts->manifest, parts->manifest.count - 1);
    parts->leaves.len -= AK_SHA256_LEN;
}

static void swapped_footer(Parts *parts)
{
    parts->is_footer_swapped = TRUE;
}

static void footer_with_content(Parts *parts)
{
    parts->has_footer_content = TRUE;
}

static void one_more(Parts *parts)
{
    set_count(&parts->manifest, parts->manifest.count + 1);
}

static void one_less(Parts *parts)
{
    set_count(&parts->manifest, parts->manifest.count - 1);
}

/* 2^61 more events: times 32 and times 8 that is nothing in 64 bits, and so are their frames in
 * 32 bits. */
static void far_too_many(Parts *parts)
{
    parts->manifest.first_index = 0;
    set_count(&parts->manifest, (G_GUINT64_CONSTANT(1) << 61) + parts->manifest.count);
}

static void other_indexes(Parts *parts)
{
    parts->manifest.first_index++;
    set_count(&parts->manifest, parts->manifest.count);
}

static void other_digest(Parts *parts)
{
    parts->manifest.content_sha256[31] ^= 1;
}

static void other_content_bytes(Parts *parts)
{
    parts->manifest.content_bytes++;
}

static void frame_content_moved(Parts *parts)
{
    g_array_index(parts->frames, AkFrame, 0).content--;
    g_array_index(parts->frames, AkFrame, 1).content++;
}

static void frame_missing(Parts *parts)
{
    const AkFrame *last = &g_array_index(parts->frames, AkFrame, 1);

    parts->manifest.content_bytes -= last->content;
    ak_buf_truncate(&parts->data, last->offset);
    g_array_set_size(parts->frames, 1);
}

static void no_data(Parts *parts)
{
    ak_buf_truncate(&parts->data, 0);
    g_array_set_size(parts->frames, 0);
}

static void test_contradictions(void)
{
    static const struct {
        Change change;
        const char *message;
    } cases[] = {
        {fewer_leaves, "object is no whole segment: leaf hashes or tags do not fit the count"},
        {half_a_leaf, "object is no whole segment: leaf hashes or tags do not fit the count"},
        {fewer_tags, "object is no whole segment: leaf hashes or tags do not fit the count"},
        {half_a_tag, "object is no whole segment: leaf hashes or tags do not fit the count"},
        {one_more, "object is no whole segment: leaf hashes or tags do not fit the count"},
        {one_less, "object is no whole segment: leaf hashes or tags do not fit the count"},
        {far_too_many, "object is no whole segment: leaf hashes or tags do not fit the count"},
        {swapped_footer, "object is no whole segment: a footer frame is malformed"},
        {footer_with_content, "object is no whole segment: a frame of the footer has content"},
        {other_indexes, "frame 0: line of index 256 is one too many for its frame"},
        {other_digest,
         "object is no whole segment: the content does not have the manifest's digest"},
        {other_content_bytes, "object is no whole segment: frame sizes do not fit the content"},
        {frame_missing, "object is no whole segment: number of frames does not fit the indexes"},
        {no_data, "object is no whole segment: it has no data"},
        {frame_content_moved, NULL},
    };
    g_auto(Sample) sample = {0};
    g_auto(AkSegment) segment = {0};

    sample_init(&sample, 254, 4);
    sample_seal(&sample, &segment);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(Parts) parts = {0};
        g_auto(AkBuf) object = {0};
        g_auto(AkFooter) footer = {0};
        g_autoptr(GError) error = NULL;

        g_test_message("%s", cases[i].message);
        parts_init(&parts, &segment);
        cases[i].change(&parts);
        assemble(&parts, &object);
        check_refused(ak_buf_view(&object));
        g_assert_false(ak_footer_open_object(ak_buf_view(&object), &footer, &error));
        if (cases[i].message != NULL)
            g_assert_cmpstr(error->message, ==, cases[i].message);
    }
}

/* The parts are put together right when nothing is changed: what is refused above is the change. */
static void test_assembled_as_built(void)
{
    g_auto(Sample) sample = {0};
    g_auto(AkSegment) segment = {0};
    g_auto(Parts) parts = {0};
    g_auto(AkBuf) object = {0};

    sample_init(&sample, 254, 4);
    sample_seal(&sample, &segment);
    parts_init(&parts, &segment);
    assemble(&parts, &object);
    g_assert_cmpmem(object.data, object.len, segment.object.data, segment.object.len);
}

/* The footer alone has to tell: whoever looks for a tag trusts its count. */
static void test_far_too_many(void)
{
    g_auto(Sample) sample = {0};
    g_auto(AkSegment) segment = {0};
    g_auto(Parts) parts = {0};
    g_auto(AkBuf) object = {0};
    g_auto(AkFooter) footer = {0};
    g_autoptr(GError) error = NULL;
    gsize need;

    sample_init(&sample, 0, 200);
    sample_seal(&sample, &segment);
    parts_init(&parts, &segment);
    far_too_many(&parts);
    assemble(&parts, &object);
    g_assert_false(ak_footer_parse(ak_buf_view(&object), object.len, &footer, &need, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_BAD_INPUT);
}

static void check_lines(AkView text, const char *expected)
{
    g_autoptr(GString) lines = g_string_new(NULL);
    AkView line;

    while (ak_line_next(&text, &line))
        g_string_append_printf(lines, "[%.*s]", (int)line.len, line.data);
    g_assert_cmpstr(lines->str, ==, expected);
}

static void test_lines(void)
{
    check_lines(AK_VIEW(""), "");
    check_lines(AK_VIEW_NULL, "");
    check_lines(AK_VIEW("a\n"), "[a]");
    check_lines(AK_VIEW("a\nbc"), "[a][bc]");
    check_lines(AK_VIEW("\n\na\n"), "[][][a]");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/segment/reader/flipped_footer", test_flipped_bytes_of_the_footer);
    g_test_add_func("/segment/reader/flipped_frames", test_flipped_bytes_of_the_frames);
    g_test_add_func("/segment/reader/truncated_at_the_end", test_truncated_at_the_end);
    g_test_add_func("/segment/reader/truncated_at_the_start", test_truncated_at_the_start);
    g_test_add_func("/segment/reader/appended", test_appended);
    g_test_add_func("/segment/reader/tails", test_tails);
    g_test_add_func("/segment/reader/frames_by_index", test_frames_by_index);
    g_test_add_func("/segment/reader/one_frame_alone", test_one_frame_alone);
    g_test_add_func("/segment/reader/assembled_as_built", test_assembled_as_built);
    g_test_add_func("/segment/reader/contradictions", test_contradictions);
    g_test_add_func("/segment/reader/far_too_many", test_far_too_many);
    g_test_add_func("/segment/reader/lines", test_lines);
    return g_test_run();
}
