#include "segment/builder.h"

#include "../fixed_key.h"
#include "chain/envelope.h"
#include "sample.h"
#include "segment/reader.h"
#include "tree/checkpoint.h"
#include "util/hex.h"
#include "util/time.h"

static const guint64 firsts[] = {0, 100, 256, 1000};
static const gsize counts[] = {1, 255, 256, 257, 1000};

static void append_frames(AkView object, const AkFooter *footer, AkBuf *out)
{
    for (guint i = 0; i < footer->frames->len; i++) {
        const AkFrame *frame = &g_array_index(footer->frames, AkFrame, i);

        g_assert_true(ak_frame_decompress(ak_view(object.data + frame->offset, frame->compressed),
                                          frame->content, out, NULL));
    }
}

/* The lines as they have to be, written from the events alone. */
static void append_lines(const Sample *sample, AkBuf *out)
{
    g_autoptr(AkCanonical) scratch = ak_canonical_new();

    for (gsize i = 0; i < sample->count; i++) {
        const AkEvent *event = &sample->events[i];

        ak_envelope_write(scratch, event, AK_VIEW(SAMPLE_CHAIN), event->payload,
                          &(AkCanonicalInfo){0}, 0, out);
        ak_buf_append_byte(out, '\n');
    }
}

static void check_leaves_and_tags(const Sample *sample, const AkFooter *footer, AkView lines)
{
    g_autoptr(AkSha256) sha = ak_sha256_new();
    AkView line;

    g_assert_cmpuint(footer->leaves.len, ==, sample->count * AK_SHA256_LEN);
    g_assert_cmpuint(footer->tags.len, ==, sample->count * 8);
    for (gsize i = 0; i < sample->count; i++) {
        guint64 tag = GUINT64_TO_LE(ak_segment_tag(sample->events[i].id));
        guint8 leaf[AK_SHA256_LEN];

        g_assert_true(ak_line_next(&lines, &line));
        ak_tree_leaf_hash(sha, line.data, line.len, leaf);
        g_assert_cmpmem(footer->leaves.data + i * AK_SHA256_LEN, sizeof leaf, leaf, sizeof leaf);
        g_assert_cmpmem(footer->tags.data + i * 8, 8, &tag, 8);
    }
    g_assert_false(ak_line_next(&lines, &line));
}

static void check_round_trip(guint64 first, gsize count)
{
    g_auto(Sample) sample = {0};
    g_auto(AkSegment) segment = {0};
    g_auto(AkFooter) footer = {0};
    g_auto(AkBuf) lines = {0}, expected = {0};
    g_autoptr(GError) error = NULL;

    g_test_message("%" G_GSIZE_FORMAT " events from %" G_GUINT64_FORMAT, count, first);
    sample_init(&sample, first, count);
    sample_seal(&sample, &segment);
    g_assert_true(ak_footer_open_object(ak_buf_view(&segment.object), &footer, &error));
    g_assert_no_error(error);
    append_frames(ak_buf_view(&segment.object), &footer, &lines);
    append_lines(&sample, &expected);
    g_assert_cmpmem(lines.data, lines.len, expected.data, expected.len);
    check_leaves_and_tags(&sample, &footer, ak_buf_view(&lines));
    g_assert_cmpuint(footer.frames->len, ==, (first + count - 1) / 256 - first / 256 + 1);
    for (guint code = 0; code < AK_FAULT_N_CODES; code++)
        g_assert_cmpuint(segment.faults[code], ==, 0);
}

static void test_round_trips(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(firsts); i++)
        for (guint k = 0; k < G_N_ELEMENTS(counts); k++)
            check_round_trip(firsts[i], counts[k]);
}

/* Cut where the index is a multiple of 256, so that a frame is one Merkle tile's leaves. */
static void test_frame_boundaries(void)
{
    g_auto(Sample) sample = {0};
    g_auto(AkSegment) segment = {0};
    g_auto(AkFooter) footer = {0};
    static const guint64 starts[] = {100, 256, 512};

    sample_init(&sample, 100, 500); /* 100 … 599 */
    sample_seal(&sample, &segment);
    g_assert_true(ak_footer_open_object(ak_buf_view(&segment.object), &footer, NULL));
    g_assert_cmpuint(footer.frames->len, ==, G_N_ELEMENTS(starts));
    for (guint i = 0; i < G_N_ELEMENTS(starts); i++) {
        const AkFrame *frame = &g_array_index(footer.frames, AkFrame, i);
        g_autofree char *member = g_strdup_printf("\"index\":%" G_GUINT64_FORMAT ",", starts[i]);
        g_auto(AkBuf) lines = {0};
        AkView rest, line;

        g_assert_true(
            ak_frame_decompress(ak_view(segment.object.data + frame->offset, frame->compressed),
                                frame->content, &lines, NULL));
        rest = ak_buf_view(&lines);
        g_assert_true(ak_line_next(&rest, &line));
        g_assert_nonnull(g_strstr_len(line.data, (gssize)line.len, member));
        g_assert_cmpuint(ak_footer_first_index(&footer, i), ==, starts[i]);
    }
}

static void test_manifest(void)
{
    g_auto(Sample) sample = {0};
    g_auto(AkSegment) segment = {0};
    g_auto(AkFooter) footer = {0};
    g_auto(AkBuf) lines = {0};
    g_autoptr(AkSha256) sha = ak_sha256_new();
    const AkEvent *last;
    guint8 digest[AK_SHA256_LEN];

    sample_init(&sample, 100, 300);
    sample_seal(&sample, &segment);
    last = &sample.events[299];
    g_assert_true(ak_footer_open_object(ak_buf_view(&segment.object), &footer, NULL));
    append_lines(&sample, &lines);
    ak_sha256_of(sha, lines.data, lines.len, digest);
    g_assert_cmpstr(footer.manifest.chain, ==, SAMPLE_CHAIN);
    g_assert_cmpstr(footer.manifest.exporter, ==, "auditkeep " AK_VERSION);
    g_assert_cmpuint(footer.manifest.content_bytes, ==, lines.len);
    g_assert_cmpmem(footer.manifest.content_sha256, 32, digest, sizeof digest);
    g_assert_cmpuint(footer.manifest.count, ==, 300);
    g_assert_cmpint(footer.manifest.day, ==, SAMPLE_DAY);
    g_assert_cmpuint(footer.manifest.first_index, ==, 100);
    g_assert_cmpuint(footer.manifest.last_index, ==, 399);
    g_assert_cmpuint(footer.manifest.tree_size, ==, 400);
    g_assert_cmpint(footer.manifest.first_ts_usec, ==, sample.events[0].ts_usec);
    g_assert_cmpint(footer.manifest.last_ts_usec, ==, last->ts_usec);
    g_assert_cmpmem(footer.manifest.first_id, 36, sample.events[0].id.data, 36);
    g_assert_cmpmem(footer.manifest.last_id, 36, last->id.data, 36);
    g_assert_cmpmem(footer.manifest.prev_hash, 64, sample.events[0].prev_hash.data, 64);
    g_assert_cmpmem(footer.manifest.last_hash, 64, last->hash.data, 64);
}

static void test_head_of_the_chain_has_no_prev_hash(void)
{
    static const AkView heads[] = {
        {NULL, 0},
        {"", 0},
        {"0000000000000000000000000000000000000000000000000000000000000000", 64}};

    for (guint i = 0; i < G_N_ELEMENTS(heads); i++) {
        g_auto(Sample) sample = {0};
        g_auto(AkSegment) segment = {0};

        sample_init(&sample, 0, 1);
        sample.events[0].prev_hash = heads[i];
        sample_seal(&sample, &segment);
        g_assert_cmpstr(segment.manifest.prev_hash, ==, "");
    }
}

/* The checkpoint is the archiver's, over the tree that the manifest tells of. */
static void test_checkpoint(void)
{
    g_auto(Sample) sample = {0};
    g_auto(AkSegment) segment = {0};
    g_autoptr(AkSigningKey) key = fixed_key_new();
    g_autoptr(AkNoteKey) note_key = NULL;
    g_autoptr(AkSha256) sha = ak_sha256_new();
    AkTree tree = sample_tree(100);
    guint8 public_key[32], root[AK_SHA256_LEN];
    AkCheckpoint checkpoint;
    AkView note;

    sample_init(&sample, 100, 300);
    sample_seal(&sample, &segment);
    note = ak_view_str(segment.manifest.checkpoint);
    g_assert_true(ak_signing_key_public_raw(key, public_key));
    note_key = ak_note_key_new(SAMPLE_ORIGIN "/" SAMPLE_CHAIN, public_key);
    g_assert_true(ak_checkpoint_verify(note, note_key, NULL));
    g_assert_true(ak_checkpoint_parse(note, &checkpoint, NULL));
    ak_tree_append(&tree, sha, (const guint8 *)segment.leaves.data, 300);
    ak_tree_root(&tree, sha, root);
    g_assert_cmpuint(checkpoint.size, ==, 400);
    g_assert_cmpmem(checkpoint.root, 32, root, sizeof root);
    g_assert_cmpmem(segment.manifest.root, 32, root, sizeof root);
}

/* Two segments one after the other give the tree that one segment of both gives. */
static void test_tree_goes_on(void)
{
    g_auto(Sample) sample = {0};
    g_auto(AkSegment) whole = {0}, part = {0};
    g_autoptr(AkSegmentBuilder) builder = ak_segment_builder_new(SAMPLE_CHAIN, NULL, FALSE);
    g_autoptr(AkSigningKey) key = fixed_key_new();
    AkTree tree = sample_tree(100);

    sample_init(&sample, 100, 300);
    sample_seal(&sample, &whole);
    g_assert_true(ak_segment_build(builder, sample.events, 120, SAMPLE_DAY, &part, NULL));
    g_assert_true(ak_segment_seal(&part, &tree, key, SAMPLE_ORIGIN, NULL));
    ak_segment_clear(&part);
    g_assert_true(ak_segment_build(builder, sample.events + 120, 180, SAMPLE_DAY, &part, NULL));
    g_assert_true(ak_segment_seal(&part, &tree, key, SAMPLE_ORIGIN, NULL));
    g_assert_cmpuint(tree.size, ==, 400);
    g_assert_cmpmem(part.manifest.root, 32, whole.manifest.root, 32);
}

/* A crash between plan and upload is mended by building the same object again. */
static void test_same_events_same_bytes(void)
{
    g_auto(Sample) sample = {0}, other = {0};
    g_auto(AkSegment) one = {0}, two = {0};
    g_autoptr(AkSegmentBuilder) builder = ak_segment_builder_new(SAMPLE_CHAIN, NULL, FALSE);
    g_autoptr(AkSigningKey) key = fixed_key_new();
    AkTree tree;

    sample_init(&sample, 1000, 700);
    sample_init(&other, 0, 30);
    sample_seal(&sample, &one);
    for (guint i = 0; i < 3; i++) {
        g_assert_true(ak_segment_build(builder, other.events, 30, SAMPLE_DAY, &two, NULL));
        ak_segment_clear(&two);
        tree = sample_tree(1000);
        g_assert_true(ak_segment_build(builder, sample.events, 700, SAMPLE_DAY, &two, NULL));
        g_assert_true(ak_segment_seal(&two, &tree, key, SAMPLE_ORIGIN, NULL));
        g_assert_cmpmem(one.object.data, one.object.len, two.object.data, two.object.len);
        ak_segment_clear(&two);
    }
}

static void test_faults_are_marked_and_counted(void)
{
    g_auto(Sample) sample = {0};
    g_auto(AkSegment) segment = {0};
    g_auto(AkFooter) footer = {0};
    g_auto(AkBuf) lines = {0};
    g_autoptr(GString) text = NULL;

    sample_init(&sample, 0, 5);
    sample.events[1].payload = AK_VIEW("{\"amount\":1}");
    sample.events[3].payload = AK_VIEW("{\"n\":9007199254740993}");
    sample_seal(&sample, &segment);
    g_assert_cmpuint(segment.faults[AK_FAULT_HASH_MISMATCH], ==, 2);
    g_assert_cmpuint(segment.faults[AK_FAULT_PAYLOAD_LOSSY_NUMBER], ==, 1);
    g_assert_true(ak_footer_open_object(ak_buf_view(&segment.object), &footer, NULL));
    append_frames(ak_buf_view(&segment.object), &footer, &lines);
    text = g_string_new_len(lines.data, (gssize)lines.len);
    g_assert_cmpuint(g_string_replace(text, "\"fault\":[\"hash_mismatch\"]", "", 0), ==, 2);
    g_assert_cmpuint(g_string_replace(text, "\"fault\"", "", 0), ==, 0);
    ak_segment_clear(&segment);
    g_assert_cmpuint(segment.faults[AK_FAULT_HASH_MISMATCH], ==, 0);
}

/* The pointer needs the computed hashes; an event without one gets it. */
static void test_computed_hashes(void)
{
    g_auto(Sample) sample = {0}, bare = {0};
    g_auto(AkSegment) segment = {0}, computed = {0};

    sample_init(&sample, 0, 3);
    sample_init(&bare, 0, 3);
    for (guint i = 0; i < 3; i++)
        bare.events[i].hash = AK_VIEW_NULL;
    sample_seal(&sample, &segment);
    sample_seal(&bare, &computed);
    g_assert_cmpmem(segment.object.data, segment.object.len, computed.object.data,
                    computed.object.len);
    g_assert_cmpuint(computed.hashes.len, ==, 3 * 65);
    for (guint i = 0; i < 3; i++) {
        g_assert_cmpmem(computed.hashes.data + i * 65, 64, sample.events[i].hash.data, 64);
        g_assert_cmpint(computed.hashes.data[i * 65 + 64], ==, 0);
    }
}

static void test_payload_without_a_hash(void)
{
    g_auto(Sample) sample = {0};
    g_auto(AkSegment) segment = {0};

    sample_init(&sample, 0, 1);
    sample.events[0].payload = AK_VIEW("not json");
    sample.events[0].hash = AK_VIEW_NULL;
    sample_seal(&sample, &segment);
    g_assert_cmpstr(segment.hashes.data, ==, "");
    g_assert_cmpstr(segment.manifest.last_hash, ==, "");
    g_assert_cmpuint(segment.faults[AK_FAULT_PAYLOAD_NOT_CANONICALISABLE], ==, 1);
}

static void test_seal_refuses_a_bad_origin(void)
{
    g_autoptr(AkSegmentBuilder) builder = ak_segment_builder_new(SAMPLE_CHAIN, NULL, FALSE);
    g_autoptr(AkSigningKey) key = fixed_key_new();
    g_auto(Sample) sample = {0};
    g_auto(AkSegment) segment = {0};
    g_autoptr(GError) error = NULL;
    AkTree tree = AK_TREE_EMPTY;

    sample_init(&sample, 0, 1);
    g_assert_true(ak_segment_build(builder, sample.events, 1, SAMPLE_DAY, &segment, NULL));
    g_assert_false(ak_segment_seal(&segment, &tree, key, "two words", &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_CONFIG);
}

/* Standard tools read it: zstd prints the lines and passes over the footer. */
static void test_zstd_prints_the_lines(void)
{
    g_auto(Sample) sample = {0};
    g_auto(AkSegment) segment = {0};
    g_auto(AkBuf) expected = {0};
    g_autofree char *folder = g_dir_make_tmp("auditkeep-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "segment.zst", NULL);
    g_autofree char *out = NULL, *err = NULL;
    g_autoptr(GError) error = NULL;
    char *argv[] = {(char[]){"zstd"}, (char[]){"-dc"}, path, NULL};
    int status;

    sample_init(&sample, 100, 300);
    sample_seal(&sample, &segment);
    append_lines(&sample, &expected);
    g_assert_true(g_file_set_contents(path, segment.object.data, (gssize)segment.object.len, NULL));
    g_spawn_sync(NULL, argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out, &err, &status, &error);
    g_assert_no_error(error);
    g_assert_cmpint(status, ==, 0);
    g_assert_cmpmem(out, strlen(out), expected.data, expected.len);
    g_assert_cmpint(g_unlink(path), ==, 0);
    g_assert_cmpint(g_rmdir(folder), ==, 0);
}

/* Walks the object as zstd's formats are written down, without our reader: every frame that the
 * seek table lists starts with the magic number that its content calls for. */
static void test_seek_table_follows_the_format(void)
{
    g_auto(Sample) sample = {0};
    g_auto(AkSegment) segment = {0};
    const char *object, *table, *end;
    guint32 n;
    gsize offset = 0;

    sample_init(&sample, 100, 500);
    sample_seal(&sample, &segment);
    object = segment.object.data;
    end = object + segment.object.len;
    g_assert_cmpmem(end - 4, 4, "\xb1\xea\x92\x8f", 4);
    g_assert_cmpint(end[-5], ==, 0);
    n = ak_frame_get_u32(end - 9);
    g_assert_cmpuint(n, ==, 3 + 3);
    table = end - 9 - n * 8 - 8;
    g_assert_cmpmem(table, 4, "\x5e\x2a\x4d\x18", 4);
    g_assert_cmpuint(ak_frame_get_u32(table + 4), ==, n * 8 + 9);
    for (guint i = 0; i < n; i++) {
        guint32 content = ak_frame_get_u32(table + 8 + i * 8 + 4);

        if (i < 3)
            g_assert_cmpmem(object + offset, 4, "\x28\xb5\x2f\xfd", 4);
        else
            g_assert_cmphex(ak_frame_get_u32(object + offset), ==, 0x184d2a50 + i - 3);
        g_assert_cmpint(content > 0, ==, i < 3);
        offset += ak_frame_get_u32(table + 8 + i * 8);
    }
    g_assert_true(object + offset == table);
}

/* 64-bit FNV-1a: published values, and one with high bytes and NULs by another program. */
static void test_tag(void)
{
    g_assert_cmphex(ak_segment_tag(AK_VIEW_NULL), ==, G_GUINT64_CONSTANT(0xcbf29ce484222325));
    g_assert_cmphex(ak_segment_tag(AK_VIEW("a")), ==, G_GUINT64_CONSTANT(0xaf63dc4c8601ec8c));
    g_assert_cmphex(ak_segment_tag(AK_VIEW("foobar")), ==, G_GUINT64_CONSTANT(0x85944171f73967e8));
    g_assert_cmphex(ak_segment_tag(AK_VIEW("\xff\0\0\1")), ==,
                    G_GUINT64_CONSTANT(0x6961196491cc682d));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/segment/builder/round_trips", test_round_trips);
    g_test_add_func("/segment/builder/frame_boundaries", test_frame_boundaries);
    g_test_add_func("/segment/builder/manifest", test_manifest);
    g_test_add_func("/segment/builder/head_of_the_chain", test_head_of_the_chain_has_no_prev_hash);
    g_test_add_func("/segment/builder/checkpoint", test_checkpoint);
    g_test_add_func("/segment/builder/tree_goes_on", test_tree_goes_on);
    g_test_add_func("/segment/builder/same_events_same_bytes", test_same_events_same_bytes);
    g_test_add_func("/segment/builder/faults", test_faults_are_marked_and_counted);
    g_test_add_func("/segment/builder/computed_hashes", test_computed_hashes);
    g_test_add_func("/segment/builder/payload_without_a_hash", test_payload_without_a_hash);
    g_test_add_func("/segment/builder/bad_origin", test_seal_refuses_a_bad_origin);
    g_test_add_func("/segment/builder/zstd_prints_the_lines", test_zstd_prints_the_lines);
    g_test_add_func("/segment/builder/seek_table", test_seek_table_follows_the_format);
    g_test_add_func("/segment/builder/tag", test_tag);
    return g_test_run();
}
