#include "verify/group.h"

typedef struct {
    AkGrouper *grouper;
    GString *seen; /* a line per group */
} Fixture;

static void on_group(const AkFindingGroup *group, gpointer data)
{
    Fixture *f = data;

    g_string_append_printf(f->seen,
                           "%s %s %" G_GUINT64_FORMAT " %" G_GINT64_FORMAT "-%" G_GINT64_FORMAT
                           " %s-%s %s-%s %s\n",
                           ak_fault_name(group->code), group->where, group->count,
                           group->first_index, group->last_index, group->first_id, group->last_id,
                           group->first_key, group->last_key, group->detail);
}

static void setup(Fixture *f, gconstpointer unused)
{
    f->grouper = ak_grouper_new(on_group, f);
    f->seen = g_string_new(NULL);
}

static void teardown(Fixture *f, gconstpointer unused)
{
    ak_grouper_free(f->grouper);
    (void)g_string_free(f->seen, TRUE);
}

static gboolean add_event(Fixture *f, AkFaultCode code, const char *where, gint64 index)
{
    g_autofree char *id = g_strdup_printf("id%d", (int)index);

    return ak_grouper_add(f->grouper, &(AkFinding){code, where, index, id, "k", "why"});
}

static gboolean add_object(Fixture *f, AkFaultCode code, const char *key, const char *detail)
{
    return ak_grouper_add(f->grouper, &(AkFinding){code, "archive", -1, NULL, key, detail});
}

static void test_neighbours_are_one(Fixture *f, gconstpointer unused)
{
    g_assert_true(add_event(f, AK_FAULT_HASH_MISMATCH, "source", 7));
    g_assert_false(add_event(f, AK_FAULT_HASH_MISMATCH, "source", 8));
    g_assert_false(add_event(f, AK_FAULT_HASH_MISMATCH, "source", 9));
    g_assert_cmpstr(f->seen->str, ==, "");
    ak_grouper_end(f->grouper);
    g_assert_cmpstr(f->seen->str, ==, "hash_mismatch source 3 7-9 id7-id9 k-k why\n");
}

static void test_a_distance_ends_it(Fixture *f, gconstpointer unused)
{
    g_assert_true(add_event(f, AK_FAULT_HASH_MISMATCH, "source", 7));
    g_assert_true(add_event(f, AK_FAULT_HASH_MISMATCH, "source", 9));
    g_assert_cmpstr(f->seen->str, ==, "hash_mismatch source 1 7-7 id7-id7 k-k why\n");
    ak_grouper_end(f->grouper);
    g_assert_true(g_str_has_suffix(f->seen->str, "hash_mismatch source 1 9-9 id9-id9 k-k why\n"));
}

static void test_kinds_run_side_by_side(Fixture *f, gconstpointer unused)
{
    for (gint64 i = 0; i < 3; i++) {
        g_assert_cmpint(add_event(f, AK_FAULT_HASH_MISMATCH, "source", i), ==, i == 0);
        g_assert_cmpint(add_event(f, AK_FAULT_SIGNATURE_INVALID, "source", i), ==, i == 0);
        g_assert_cmpint(add_event(f, AK_FAULT_HASH_MISMATCH, "cross", i), ==, i == 0);
    }
    ak_grouper_end(f->grouper);
    g_assert_cmpstr(f->seen->str, ==,
                    "hash_mismatch source 3 0-2 id0-id2 k-k why\n"
                    "signature_invalid source 3 0-2 id0-id2 k-k why\n"
                    "hash_mismatch cross 3 0-2 id0-id2 k-k why\n");
}

static void test_objects_with_the_same_words(Fixture *f, gconstpointer unused)
{
    g_assert_true(add_object(f, AK_FAULT_OBJECT_UNLOCKED, "a", "it has no lock"));
    g_assert_false(add_object(f, AK_FAULT_OBJECT_UNLOCKED, "b", "it has no lock"));
    g_assert_true(add_object(f, AK_FAULT_OBJECT_UNLOCKED, "c", "its lock cannot be seen"));
    ak_grouper_end(f->grouper);
    g_assert_cmpstr(f->seen->str, ==,
                    "object_unlocked archive 2 -1--1 (null)-(null) a-b it has no lock\n"
                    "object_unlocked archive 1 -1--1 (null)-(null) c-c its lock cannot be seen\n");
}

static void test_an_end_leaves_nothing_open(Fixture *f, gconstpointer unused)
{
    g_assert_true(add_event(f, AK_FAULT_HASH_MISMATCH, "source", 1));
    ak_grouper_end(f->grouper);
    ak_grouper_end(f->grouper);
    g_assert_true(add_event(f, AK_FAULT_HASH_MISMATCH, "source", 2));
    g_assert_cmpstr(f->seen->str, ==, "hash_mismatch source 1 1-1 id1-id1 k-k why\n");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define CASE(name, func) g_test_add("/verify/group/" name, Fixture, NULL, setup, func, teardown)
    CASE("neighbours-are-one", test_neighbours_are_one);
    CASE("a-distance-ends-it", test_a_distance_ends_it);
    CASE("kinds-run-side-by-side", test_kinds_run_side_by_side);
    CASE("objects-with-the-same-words", test_objects_with_the_same_words);
    CASE("an-end-leaves-nothing-open", test_an_end_leaves_nothing_open);
    return g_test_run();
}
