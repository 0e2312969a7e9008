#include "chain/acceptance.h"

#include <glib/gstdio.h>
#include <string.h>

#define ORIGIN "audit.example.org/main"

typedef struct {
    char *dir, *path;
    AkSigningKey *key;
    guint8 public_key[32];
    AkBuf statement;
} Case;

static AkAcceptance sample(void)
{
    AkAcceptance acceptance = {
        .kind = AK_BREAK_GAP,
        .origin = g_strdup(ORIGIN),
        .chain = g_strdup("main"),
        .index = 41,
        .head_id = "head",
        .head_hash = "aa",
        .event_id = "event",
        .event_prev = "bb",
        .reason = g_strdup("lost with disk \"7\"\nsee ticket é"),
        .accepted_by = g_strdup("ann@host"),
        .accepted_usec = G_GINT64_CONSTANT(1738368000000000),
    };

    return acceptance;
}

static void set_up(Case *self)
{
    g_autoptr(GError) error = NULL;
    g_auto(AkAcceptance) acceptance = sample();

    *self = (Case){.dir = g_dir_make_tmp(NULL, NULL)};
    self->path = g_build_filename(self->dir, "key.pem", NULL);
    g_assert_true(ak_signing_key_create(self->path, &error));
    self->key = ak_signing_key_load(self->path, &error);
    g_assert_no_error(error);
    g_assert_true(ak_signing_key_public_raw(self->key, self->public_key));
    g_assert_true(ak_acceptance_sign(&acceptance, self->key, &self->statement, &error));
}

static void tear_down(Case *self)
{
    (void)g_unlink(self->path);
    (void)g_rmdir(self->dir);
    g_free(self->path);
    g_free(self->dir);
    ak_signing_key_free(self->key);
    ak_buf_clear(&self->statement);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Case, tear_down)

static gboolean verify(const Case *self, AkView statement, const char *origin)
{
    g_auto(AkAcceptance) acceptance = {0};

    return ak_acceptance_parse(statement, &acceptance, NULL) &&
           ak_acceptance_verify(&acceptance, statement, origin, self->public_key, NULL);
}

static void test_round_trip(void)
{
    g_auto(Case) self;
    g_auto(AkAcceptance) wanted = sample(), got = {0};
    g_autoptr(GError) error = NULL;

    set_up(&self);
    g_assert_true(ak_acceptance_parse(ak_buf_view(&self.statement), &got, &error));
    g_assert_cmpint(got.kind, ==, wanted.kind);
    g_assert_cmpuint(got.index, ==, wanted.index);
    g_assert_cmpstr(got.reason, ==, wanted.reason);
    g_assert_cmpstr(got.accepted_by, ==, wanted.accepted_by);
    g_assert_cmpstr(got.event_id, ==, wanted.event_id);
    g_assert_cmpstr(got.event_prev, ==, wanted.event_prev);
    g_assert_cmpstr(got.head_hash, ==, wanted.head_hash);
    g_assert_cmpint(got.accepted_usec, ==, wanted.accepted_usec);
    g_assert_true(
        ak_acceptance_verify(&got, ak_buf_view(&self.statement), ORIGIN, self.public_key, &error));
}

static void test_other_origin(void)
{
    g_auto(Case) self;

    set_up(&self);
    g_assert_true(verify(&self, ak_buf_view(&self.statement), ORIGIN));
    g_assert_false(verify(&self, ak_buf_view(&self.statement), "audit.example.org/other"));
}

static void test_other_key(void)
{
    g_auto(Case) self, other;

    set_up(&self);
    set_up(&other);
    g_assert_false(verify(&other, ak_buf_view(&self.statement), ORIGIN));
}

/* Whatever byte is changed: it is no statement, or not a signed one. */
static void test_every_byte_counts(void)
{
    g_auto(Case) self;

    set_up(&self);
    for (gsize i = 0; i < self.statement.len; i++) {
        self.statement.data[i] ^= 1;
        g_assert_false(verify(&self, ak_buf_view(&self.statement), ORIGIN));
        self.statement.data[i] ^= 1;
    }
}

static void test_cut_off(void)
{
    g_auto(Case) self;

    set_up(&self);
    for (gsize len = 0; len < self.statement.len; len++)
        g_assert_false(verify(&self, ak_view(self.statement.data, len), ORIGIN));
}

static void test_more_members(void)
{
    g_auto(Case) self;
    g_autofree char *text = NULL;

    set_up(&self);
    text =
        g_strdup_printf("%.*s,\"zero\":\"0\"}", (int)self.statement.len - 1, self.statement.data);
    g_assert_false(verify(&self, ak_view_str(text), ORIGIN));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/chain/acceptance/round-trip", test_round_trip);
    g_test_add_func("/chain/acceptance/other-origin", test_other_origin);
    g_test_add_func("/chain/acceptance/other-key", test_other_key);
    g_test_add_func("/chain/acceptance/every-byte-counts", test_every_byte_counts);
    g_test_add_func("/chain/acceptance/cut-off", test_cut_off);
    g_test_add_func("/chain/acceptance/more-members", test_more_members);
    return g_test_run();
}
