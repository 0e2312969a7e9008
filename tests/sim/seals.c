#include "sim/seals.h"

#include "sim/check_seals.h"
#include "sim/forge.h"

void sim_seal_free(gpointer seal)
{
    ak_seal_row_clear(seal);
    g_free(seal);
}

gpointer sim_seal_copy(gconstpointer seal, gpointer data)
{
    AkSealRow *copy = g_memdup2(seal, sizeof *copy);

    copy->key = g_strdup(copy->key);
    copy->version = g_strdup(copy->version);
    return copy;
}

static AkSealRow *last_seal(const SimWorld *world)
{
    guint count = world->seals->len;

    return count > 0 ? g_ptr_array_index(world->seals, count - 1) : NULL;
}

gboolean sim_is_sealed_day(const SimWorld *world, gint64 day)
{
    const AkSealRow *last = last_seal(world);

    return last != NULL && day <= last->day;
}

gint64 sim_open_day(const SimWorld *world, gboolean is_archived)
{
    const AkSegmentRow *first;

    for (guint i = world->seals->len; i-- > 0;) {
        const AkSealRow *row = g_ptr_array_index(world->seals, i);

        if (row->is_archived || !is_archived)
            return row->day + 1;
    }
    if (world->segments->len == 0)
        return G_MAXINT64;
    first = g_ptr_array_index(world->segments, 0);
    return first->is_archived ? first->day : G_MAXINT64;
}

const AkSealRow *sim_find_seal(const SimWorld *world, const char *key)
{
    for (guint i = 0; i < world->seals->len; i++) {
        const AkSealRow *row = g_ptr_array_index(world->seals, i);

        if (g_str_equal(row->key, key))
            return row;
    }
    return NULL;
}

/* Everything of its days is archived, and it says where that ends. */
static gboolean is_whole(const SimWorld *world, const AkSealRow *seal)
{
    guint64 last_index = G_MAXUINT64;

    for (guint i = 0; i < world->segments->len; i++) {
        const AkSegmentRow *row = g_ptr_array_index(world->segments, i);

        if (row->day > seal->day)
            break;
        if (!row->is_archived)
            return FALSE;
        last_index = row->last_index;
    }
    return seal->last_index == last_index;
}

static gboolean set_wrong_seal(const char *what, const AkSealRow *seal, GError **error)
{
    g_set_error(error, AK_ERROR, AK_ERROR_CONFLICT, "%s seal '%s' does not follow", what,
                seal->key);
    return FALSE;
}

static gboolean is_same_plan(const AkSealRow *a, const AkSealRow *b)
{
    return a->day == b->day && a->first_day == b->first_day && a->last_index == b->last_index &&
           a->retain_until_usec == b->retain_until_usec && g_str_equal(a->key, b->key);
}

static gboolean has_digest(const AkSealRow *a, const AkSealRow *b)
{
    return memcmp(a->sha256, b->sha256, AK_SHA256_LEN) == 0;
}

gboolean sim_seal_plan(SimRequest *request, GError **error)
{
    SimWorld *world = request->world;
    const AkSealRow *seal = &request->seal;
    AkSealRow *last = last_seal(world), *added;

    if (!sim_database_lock(request, error))
        return FALSE;
    if (last != NULL && is_same_plan(last, seal) &&
        (has_digest(last, seal) || !last->is_archived)) {
        memcpy(last->sha256, seal->sha256, AK_SHA256_LEN);
        return TRUE;
    }
    if (seal->first_day != sim_open_day(world, FALSE) || seal->first_day > seal->day ||
        (last != NULL && !last->is_archived) || !is_whole(world, seal))
        return set_wrong_seal("plan of", seal, error);
    added = sim_seal_copy(seal, NULL);
    added->is_archived = FALSE;
    g_clear_pointer(&added->version, g_free);
    g_ptr_array_add(world->seals, added);
    sim_check_seal_plan(world, request);
    if (sim_draw(world, SIM_FOREIGN_OBJECT))
        sim_forge_seal(world, added);
    return TRUE;
}

gboolean sim_seal_commit(SimRequest *request, GError **error)
{
    SimWorld *world = request->world;
    const AkSealRow *seal = &request->seal;
    AkSealRow *last = last_seal(world);

    if (!sim_database_lock(request, error))
        return FALSE;
    if (last == NULL || last->day != seal->day || !has_digest(last, seal))
        return set_wrong_seal("commit of", seal, error);
    g_free(last->version);
    last->version = g_strdup(seal->version);
    if (last->is_archived)
        return TRUE;
    last->is_archived = TRUE;
    last->archived_usec = world->now_usec;
    sim_check_seal_commit(world, request);
    return TRUE;
}
