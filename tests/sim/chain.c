#include "sim/chain.h"

#include "sim/rng.h"
#include "util/time.h"

/* 2025-03-01T00:00:00Z */
#define START_USEC (G_GINT64_CONSTANT(20148) * AK_USEC_PER_DAY)

typedef struct {
    SimChain *chain;
    SimRng rng;
    GChecksum *checksum;
    gint64 ts_usec;
    gint tampered; /* index of the event whose payload was changed afterwards; -1: none */
    gboolean is_start_null;
} Maker;

static AkView keep(Maker *maker, const GString *text)
{
    return ak_arena_copy(&maker->chain->arena, ak_view(text->str, text->len));
}

/* Often a little later, sometimes the same, earlier, or on another day. */
static void move_clock(Maker *maker)
{
    SimRng *rng = &maker->rng;
    guint kind = sim_rng_below(rng, 20);

    if (kind < 12)
        maker->ts_usec += sim_rng_between(rng, 1, 2000000);
    else if (kind < 16)
        return;
    else if (kind < 18)
        maker->ts_usec -= sim_rng_between(rng, 1, 5000000);
    else if (kind == 18)
        maker->ts_usec += sim_rng_between(rng, 1, 30) * G_GINT64_CONSTANT(3600000000);
    else
        maker->ts_usec -= sim_rng_between(rng, 1, 20) * G_GINT64_CONSTANT(3600000000);
}

/* The payload as the table prints it and in canonical form: sorted, without blanks. */
static void make_payload(Maker *maker, guint index, AkView *out_text, GString *canonical)
{
    g_autoptr(GString) text = g_string_new(NULL);
    guint actor = sim_rng_below(&maker->rng, 50), amount = sim_rng_below(&maker->rng, 100000);

    g_string_printf(canonical, "{\"actor\":\"u%u\",\"amount\":%u,\"n\":%u}", actor, amount, index);
    if (sim_rng_chance(&maker->rng, 5000))
        g_string_printf(text, "{\"n\": %u, \"amount\": %u, \"actor\": \"u%u\"}", index, amount,
                        actor);
    else
        g_string_assign(text, canonical->str);
    *out_text = keep(maker, text);
}

/* SHA-256(canonical || bytes(prev_hash)), by GLib. */
static void chain_hash(Maker *maker, const GString *canonical, const char *prev, char out[65])
{
    g_checksum_reset(maker->checksum);
    g_checksum_update(maker->checksum, (const guchar *)canonical->str, (gssize)canonical->len);
    for (; *prev != '\0'; prev += 2) {
        guchar byte = (guchar)(g_ascii_xdigit_value(prev[0]) << 4 | g_ascii_xdigit_value(prev[1]));

        g_checksum_update(maker->checksum, &byte, 1);
    }
    g_strlcpy(out, g_checksum_get_string(maker->checksum), 65);
}

static AkView make_id(Maker *maker)
{
    g_autoptr(GString) id = g_string_new(NULL);
    guint64 a = sim_rng_next(&maker->rng), b = sim_rng_next(&maker->rng);

    g_string_printf(id, "%08x-%04x-4%03x-a%03x-%012" G_GINT64_MODIFIER "x", (guint)(a >> 32),
                    (guint)(a >> 16 & 0xffff), (guint)(a & 0xfff), (guint)(b >> 52),
                    b & G_GUINT64_CONSTANT(0xffffffffffff));
    return keep(maker, id);
}

/* docs/archive-format.md, "lines" */
static void make_line(Maker *maker, guint index, const GString *canonical, gboolean is_tampered)
{
    SimChain *chain = maker->chain;
    const AkEvent *event = &chain->events[index];
    g_autoptr(GString) line = g_string_new("{\"chain\":\"" SIM_CHAIN_NAME "\"");
    char ts[AK_TIME_MAX] = "";

    (void)ak_time_format(event->ts_usec, ts);
    g_string_append_printf(line, ",\"eventType\":\"%.*s\"", (int)event->event_type.len,
                           event->event_type.data);
    if (is_tampered)
        g_string_append(line, ",\"fault\":[\"hash_mismatch\"]");
    g_string_append_printf(line, ",\"hash\":\"%s\",\"id\":\"%.*s\",\"index\":%u",
                           chain->hashes[index], (int)event->id.len, event->id.data, index);
    if (event->metadata.data != NULL)
        g_string_append_printf(line, ",\"metadata\":%.*s", (int)event->metadata.len,
                               event->metadata.data);
    else
        g_string_append(line, ",\"metadata\":null");
    g_string_append_printf(line, ",\"payload\":%s", canonical->str);
    if (event->prev_hash.data != NULL)
        g_string_append_printf(line, ",\"prevHash\":\"%.*s\"", (int)event->prev_hash.len,
                               event->prev_hash.data);
    else
        g_string_append(line, ",\"prevHash\":null");
    g_string_append_printf(line, ",\"signature\":null,\"signerId\":null,\"ts\":\"%s\"}\n", ts);
    chain->lines[index] = keep(maker, line);
}

static void make_event(Maker *maker, guint index)
{
    static const char *const types[] = {"user.login", "order.paid", "file.read"};
    SimChain *chain = maker->chain;
    AkEvent *event = &chain->events[index];
    const char *prev = index > 0 ? chain->hashes[index - 1] : "";
    g_autoptr(GString) canonical = g_string_new(NULL);

    move_clock(maker);
    event->index = G_MAXUINT64; /* nobody may use it */
    event->ts_usec = maker->ts_usec;
    event->id = make_id(maker);
    event->event_type = ak_view_str(types[sim_rng_below(&maker->rng, G_N_ELEMENTS(types))]);
    event->prev_hash = index == 0 && maker->is_start_null ? AK_VIEW_NULL : ak_view_str(prev);
    if (sim_rng_chance(&maker->rng, 3000))
        event->metadata = AK_VIEW("{\"ip\":\"10.0.0.1\"}");
    make_payload(maker, index, &event->payload, canonical);
    chain_hash(maker, canonical, prev, chain->hashes[index]);
    if ((gint)index == maker->tampered)
        make_payload(maker, index, &event->payload, canonical);
    event->hash = chain->has_hashes ? ak_view_str(chain->hashes[index]) : AK_VIEW_NULL;
    make_line(maker, index, canonical, (gint)index == maker->tampered);
}

static int compare_rows(gconstpointer a, gconstpointer b, gpointer data)
{
    const SimChain *chain = data;
    const AkEvent *x = &chain->events[*(const guint *)a], *y = &chain->events[*(const guint *)b];

    if (x->ts_usec != y->ts_usec)
        return x->ts_usec < y->ts_usec ? -1 : 1;
    return memcmp(x->id.data, y->id.data, x->id.len);
}

static void make_trees(SimChain *chain)
{
    g_autoptr(AkSha256) sha = ak_sha256_new();

    chain->trees[0] = AK_TREE_EMPTY;
    for (guint i = 0; i < SIM_MAX_EVENTS; i++) {
        guint8 leaf[AK_SHA256_LEN];

        ak_tree_leaf_hash(sha, chain->lines[i].data, chain->lines[i].len - 1, leaf);
        chain->trees[i + 1] = chain->trees[i];
        ak_tree_append(&chain->trees[i + 1], sha, leaf, 1);
        ak_tree_root(&chain->trees[i + 1], sha, chain->roots[i + 1]);
    }
}

SimChain *sim_chain_new(guint number)
{
    SimChain *chain = g_new0(SimChain, 1);
    Maker maker = {.chain = chain, .rng = {number}};

    maker.checksum = g_checksum_new(G_CHECKSUM_SHA256);
    maker.ts_usec = START_USEC + sim_rng_below(&maker.rng, 86400) * AK_USEC_PER_SEC;
    maker.is_start_null = sim_rng_chance(&maker.rng, 5000);
    chain->has_hashes = !sim_rng_chance(&maker.rng, 1500);
    maker.tampered = chain->has_hashes && sim_rng_chance(&maker.rng, 4000)
                         ? (gint)sim_rng_below(&maker.rng, SIM_MAX_EVENTS / 2)
                         : -1;
    for (guint i = 0; i < SIM_MAX_EVENTS; i++) {
        make_event(&maker, i);
        chain->order[i] = i;
    }
    g_qsort_with_data(chain->order, SIM_MAX_EVENTS, sizeof chain->order[0], compare_rows, chain);
    make_trees(chain);
    g_checksum_free(maker.checksum);
    return chain;
}

AkView sim_chain_line(const SimChain *chain, guint event, guint index, AkArena *arena)
{
    g_autofree char *line = g_strndup(chain->lines[event].data, chain->lines[event].len);
    g_autofree char *old = g_strdup_printf(",\"index\":%u,", event);
    g_autofree char *moved = NULL;
    char *at = strstr(line, old);

    g_assert_nonnull(at);
    *at = '\0';
    moved = g_strdup_printf("%s,\"index\":%u,%s", line, index, at + strlen(old));
    return ak_arena_copy(arena, ak_view_str(moved));
}

void sim_chain_free(SimChain *chain)
{
    ak_arena_clear(&chain->arena);
    g_free(chain);
}
