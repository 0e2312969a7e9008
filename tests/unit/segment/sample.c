#include "sample.h"

#include "../fixed_key.h"
#include "util/hex.h"
#include "util/time.h"

static AkView id_of(AkArena *arena, guint64 index)
{
    g_autofree char *id = g_strdup_printf("00000000-0000-4000-8000-%012" G_GUINT64_FORMAT, index);

    return ak_arena_copy(arena, ak_view_str(id));
}

static AkView payload_of(AkArena *arena, guint64 index)
{
    g_autofree char *payload =
        g_strdup_printf("{\"amount\":%" G_GUINT64_FORMAT ",\"note\":\"é %" G_GUINT64_FORMAT "\"}",
                        index * 100, index % 7);

    return ak_arena_copy(arena, ak_view_str(payload));
}

static AkView hash_of(AkArena *arena, AkView canonical, AkView prev)
{
    g_autoptr(AkSha256) sha = ak_sha256_new();
    guint8 hash[AK_SHA256_LEN];
    char hex[2 * AK_SHA256_LEN];

    g_assert_true(ak_chain_hash(sha, canonical, prev, hash));
    ak_hex_encode(hash, sizeof hash, hex);
    return ak_arena_copy(arena, ak_view(hex, sizeof hex));
}

void sample_init(Sample *sample, guint64 first_index, gsize count)
{
    AkArena *arena = &sample->arena;
    AkView prev = first_index == 0 ? AK_VIEW_NULL : hash_of(arena, AK_VIEW("before"), AK_VIEW_NULL);

    sample->events = g_new0(AkEvent, count);
    sample->count = count;
    for (gsize i = 0; i < count; i++) {
        AkEvent *event = &sample->events[i];

        event->index = first_index + i;
        event->ts_usec = SAMPLE_DAY * AK_USEC_PER_DAY + (gint64)i * AK_USEC_PER_SEC;
        event->id = id_of(arena, event->index);
        event->event_type = AK_VIEW("order.paid");
        event->payload = payload_of(arena, event->index);
        event->prev_hash = prev;
        event->hash = prev = hash_of(arena, event->payload, prev);
    }
}

void sample_clear(Sample *sample)
{
    g_free(sample->events);
    ak_arena_clear(&sample->arena);
}

AkTree sample_tree(guint64 size)
{
    g_autoptr(AkSha256) sha = ak_sha256_new();
    static const guint8 leaf[AK_SHA256_LEN] = {0};
    AkTree tree = AK_TREE_EMPTY;

    while (tree.size < size)
        ak_tree_append(&tree, sha, leaf, 1);
    return tree;
}

void sample_seal(const Sample *sample, AkSegment *segment)
{
    g_autoptr(AkSegmentBuilder) builder = ak_segment_builder_new(SAMPLE_CHAIN, NULL, FALSE);
    g_autoptr(AkSigningKey) key = fixed_key_new();
    AkTree tree = sample_tree(sample->events[0].index);
    g_autoptr(GError) error = NULL;

    g_assert_true(
        ak_segment_build(builder, sample->events, sample->count, SAMPLE_DAY, segment, &error));
    g_assert_no_error(error);
    g_assert_true(ak_segment_seal(segment, &tree, key, SAMPLE_ORIGIN, &error));
    g_assert_no_error(error);
}
