#include "fixture.h"

/* Four events of three types; the type stands for the tenant. */
typedef struct {
    Backend *backend;
    AkSource *source;
    GString *seen;
    GError *error;
} Case;

static AkSource *open_tenant(const Backend *backend, const char *column, const char *value)
{
    g_autoptr(GError) error = NULL;
    AkSourceConfig config = {.url = backend_url(backend), .column = column, .value = value};
    AkSource *source = ak_source_open(&config, &error);

    g_assert_no_error(error);
    return source;
}

static void set_up(Case *self)
{
    g_autoptr(AkSource) prepared = NULL;

    *self = (Case){.backend = backend_new(), .seen = g_string_new(NULL)};
    prepared = open_prepared(self->backend, VARIANT_OWN);
    insert_chain(self->backend, VARIANT_OWN, 4);
    for (guint n = 0; n < 4; n++) {
        TestRow row = test_row(n);
        g_autofree char *sql =
            g_strdup_printf("UPDATE audit_events SET event_type = '%s' WHERE id = '%s'",
                            n == 0   ? "Zoe''s"
                            : n == 1 ? "acme"
                                     : "b",
                            row.id);

        backend_sql(self->backend, sql);
    }
    self->source = open_tenant(self->backend, "event_type", "");
}

static void tear_down(Case *self)
{
    g_clear_error(&self->error);
    (void)g_string_free(self->seen, TRUE);
    ak_source_close(self->source);
    backend_free(self->backend);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Case, tear_down)

static gboolean see(const char *value, gpointer data, GError **error)
{
    g_string_append_printf(data, "%s;", value);
    return TRUE;
}

static gboolean see_named(const char *name, const char *table, const char *column,
                          const char *value, gpointer data, GError **error)
{
    g_string_append_printf(data, "%s %s %s %s;", name, table != NULL ? table : "-",
                           column != NULL ? column : "-", value != NULL ? value : "-");
    return TRUE;
}

static void assert_seen(Case *self, const char *expected)
{
    g_assert_no_error(self->error);
    g_assert_cmpstr(self->seen->str, ==, expected);
    g_string_truncate(self->seen, 0);
}

static void test_tenants(void)
{
    g_auto(Case) self = {0};

    set_up(&self);
    (void)self.source->driver->tenants(self.source, 10, see, self.seen, &self.error);
    assert_seen(&self, "Zoe's;acme;b;");
    (void)self.source->driver->tenants(self.source, 2, see, self.seen, &self.error);
    assert_seen(&self, "Zoe's;acme;");
}

static void test_pending(void)
{
    g_auto(Case) self = {0};
    const AkSourceDriver *driver;

    set_up(&self);
    driver = self.source->driver;
    backend_sql(self.backend, "UPDATE audit_events SET s3_archived_at = '2025-02-01T00:00:00Z' "
                              "WHERE event_type <> 'b'");
    (void)driver->pending(self.source, "audit_events", "event_type", see, self.seen, &self.error);
    assert_seen(&self, "b;");
    (void)driver->pending(self.source, "audit_events", NULL, see, self.seen, &self.error);
    assert_seen(&self, ";");
    backend_sql(self.backend, "UPDATE audit_events SET s3_archived_at = '2025-02-01T00:00:00Z'");
    (void)driver->pending(self.source, "audit_events", NULL, see, self.seen, &self.error);
    assert_seen(&self, "");
    g_assert_false(driver->pending(self.source, "no_table", NULL, see, self.seen, &self.error));
    g_assert_nonnull(self.error);
}

static void test_named(void)
{
    g_auto(Case) self = {0};
    const AkSourceDriver *driver;

    set_up(&self);
    driver = self.source->driver;
    (void)driver->named(self.source,
                        "SELECT 'x', NULL, 'c', 'v' UNION ALL SELECT 'y', 't', NULL, "
                        "NULL",
                        1, see_named, self.seen, &self.error);
    assert_seen(&self, "x - c v;");
    g_assert_false(driver->named(self.source, "SELECT 1, 2", 9, see_named, self.seen, &self.error));
    g_assert_error(self.error, AK_ERROR, AK_ERROR_CONFIG);
}

/* A bound chain is found when its rows have gone. */
static void test_bound(void)
{
    g_auto(Case) self = {0};
    guint64 epoch;

    set_up(&self);
    {
        g_autoptr(AkSource) one = open_tenant(self.backend, "event_type", "gone");
        g_autoptr(AkSource) other = open_tenant(self.backend, "event_type", "acme");
        g_autoptr(AkSource) whole = open_source(self.backend);

        g_assert_true(one->driver->lease_acquire(one, "a", 60000, &epoch, &self.error));
        g_assert_true(one->driver->lease_release(one, epoch, &self.error));
        g_assert_false(other->driver->lease_acquire(other, "b", 60000, &epoch, &self.error));
        g_assert_error(self.error, AK_ERROR, AK_ERROR_CONFLICT);
        g_clear_error(&self.error);
        g_assert_false(whole->driver->lease_acquire(whole, "b", 60000, &epoch, &self.error));
        g_assert_error(self.error, AK_ERROR, AK_ERROR_CONFLICT);
        g_clear_error(&self.error);
        g_assert_true(one->driver->lease_acquire(one, "b", 60000, &epoch, &self.error));
    }
    (void)self.source->driver->tenants(self.source, 10, see, self.seen, &self.error);
    assert_seen(&self, "Zoe's;acme;b;gone;");
}

static char *trouble_of(Case *self)
{
    g_auto(AkChainState) state = {0};

    g_assert_true(self->source->driver->state(self->source, &state, &self->error));
    g_assert_cmpint(state.trouble != NULL, ==, state.trouble_usec != 0);
    return g_strdup(state.trouble);
}

static void test_trouble(void)
{
    g_auto(Case) self = {0};
    g_autofree char *none = NULL, *some = NULL, *gone = NULL;
    const AkSourceDriver *driver;
    guint64 epoch;

    set_up(&self);
    driver = self.source->driver;
    g_assert_true(driver->note_trouble(self.source, "before there is a chain", &self.error));
    none = trouble_of(&self);
    g_assert_null(none);
    g_assert_true(driver->lease_acquire(self.source, "a", 60000, &epoch, &self.error));
    g_assert_true(driver->note_trouble(self.source, "it's broken", &self.error));
    some = trouble_of(&self);
    g_assert_cmpstr(some, ==, "it's broken");
    g_assert_true(driver->note_trouble(self.source, NULL, &self.error));
    gone = trouble_of(&self);
    g_assert_null(gone);
}

void add_tenant_cases(void)
{
    g_test_add_func("/source/tenants/values", test_tenants);
    g_test_add_func("/source/tenants/pending", test_pending);
    g_test_add_func("/source/tenants/named", test_named);
    g_test_add_func("/source/tenants/bound", test_bound);
    g_test_add_func("/source/tenants/trouble", test_trouble);
}
