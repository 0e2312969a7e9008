#include "cli/cli.h"

#include <glib/gstdio.h>
#include <unistd.h>

typedef struct {
    AkCli cli;
    GError *error;
    char *path; /* of the configuration file */
} Fixture;

static void set_up(Fixture *f, gconstpointer data)
{
    int fd = g_file_open_tmp("ak-parse-XXXXXX", &f->path, NULL);

    g_assert_cmpint(fd, >=, 0);
    (void)close(fd);
}

static void tear_down(Fixture *f, gconstpointer data)
{
    (void)g_unlink(f->path);
    g_free(f->path);
    ak_cli_clear(&f->cli);
    g_clear_error(&f->error);
    g_unsetenv("AUDITKEEP_RETENTION");
    g_unsetenv("AUDIT_BUCKET");
    g_unsetenv("AUDITKEEP_ARCHIVE");
    g_unsetenv("AWS_MAX_ATTEMPTS");
    g_unsetenv("AWS_REGION");
    g_unsetenv("AWS_DEFAULT_REGION");
}

/* @line: words without blanks in them. */
static gboolean parse(Fixture *f, const char *line)
{
    g_auto(GStrv) argv = g_strsplit(line, " ", -1);

    ak_cli_clear(&f->cli);
    g_clear_error(&f->error);
    return ak_cli_parse(&f->cli, (int)g_strv_length(argv), argv, &f->error);
}

static void assert_refused(Fixture *f, const char *line, const char *part)
{
    g_assert_false(parse(f, line));
    g_assert_error(f->error, AK_ERROR, AK_ERROR_CONFIG);
    if (strstr(f->error->message, part) == NULL)
        g_error("'%s' is not in '%s'", part, f->error->message);
}

static gboolean parse_with_file(Fixture *f, const char *text, const char *line)
{
    g_autofree char *with_file = g_strdup_printf("%s --config %s", line, f->path);

    g_assert_true(g_file_set_contents(f->path, text, -1, NULL));
    return parse(f, with_file);
}

static void test_forms(Fixture *f, gconstpointer data)
{
    g_assert_true(parse(f, "auditkeep --json append -n --chain=a --table t --signer-id x"));
    g_assert_cmpstr(f->cli.command->name, ==, "append");
    g_assert_true(ak_cli_flag(&f->cli, AK_OPT_JSON));
    g_assert_true(ak_cli_flag(&f->cli, AK_OPT_DRY_RUN));
    g_assert_cmpstr(ak_cli_text(&f->cli, AK_OPT_CHAIN), ==, "a");
    g_assert_cmpstr(ak_cli_text(&f->cli, AK_OPT_TABLE), ==, "t");
    g_assert_true(parse(f, "auditkeep append --json --no-json"));
    g_assert_false(ak_cli_flag(&f->cli, AK_OPT_JSON));
    g_assert_true(parse(f, "auditkeep canonical -- --json"));
    g_assert_cmpstr(ak_cli_arg(&f->cli, 0), ==, "--json");
    g_assert_true(parse(f, "auditkeep canonical -"));
    g_assert_cmpstr(ak_cli_arg(&f->cli, 0), ==, "-");
}

static void test_wrong_calls(Fixture *f, gconstpointer data)
{
    assert_refused(f, "auditkeep", "no command");
    assert_refused(f, "auditkeep archiv", "did you mean 'archive'");
    assert_refused(f, "auditkeep archive --onec", "did you mean '--once'");
    assert_refused(f, "auditkeep archive --once=yes", "takes no value");
    assert_refused(f, "auditkeep archive --chain", "needs a value");
    assert_refused(f, "auditkeep archive --chain=", "not empty");
    assert_refused(f, "auditkeep status --once", "does not apply to 'status'");
    assert_refused(f, "auditkeep status -x", "'-x'");
    assert_refused(f, "auditkeep status surplus", "one too many");
    assert_refused(f, "auditkeep get", "missing");
    assert_refused(f, "auditkeep archive --no-chain", "'--no-chain' is unknown");
    assert_refused(f, "auditkeep status --log-level loud", "error|warning|info|debug");
}

static void test_secrets_are_refused(Fixture *f, gconstpointer data)
{
    assert_refused(f, "auditkeep status --source postgresql://u:geheim@h/x", "DATABASE_URL");
    g_assert_null(strstr(f->error->message, "geheim"));
    assert_refused(f, "auditkeep archive --aws-secret-access-key geheim", "AWS_SECRET_ACCESS_KEY");
    g_assert_null(strstr(f->error->message, "geheim"));
}

static void test_links(Fixture *f, gconstpointer data)
{
    g_assert_true(parse(f, "/usr/bin/audit-verify --limit 3"));
    g_assert_cmpstr(f->cli.command->name, ==, "verify");
    g_assert_true(parse(f, "audit-archiver --once"));
    g_assert_cmpstr(f->cli.command->name, ==, "archive");
    assert_refused(f, "audit-retention run", "later");
}

static void assert_retention(Fixture *f, const char *wanted)
{
    g_assert_no_error(f->error);
    g_assert_cmpstr(ak_cli_text(&f->cli, AK_OPT_RETENTION), ==, wanted);
}

static void test_precedence(Fixture *f, gconstpointer data)
{
    const char *file = "[archive]\nretention = 2 years\n";

    g_assert_true(parse(f, "auditkeep archive"));
    assert_retention(f, "7 years");
    g_assert_true(parse_with_file(f, file, "auditkeep archive"));
    assert_retention(f, "2 years");
    g_setenv("AUDITKEEP_RETENTION", "3 years", TRUE);
    g_assert_true(parse_with_file(f, file, "auditkeep archive"));
    assert_retention(f, "3 years");
    g_assert_true(parse_with_file(f, file, "auditkeep archive --retention 4days"));
    assert_retention(f, "4days");
}

static void test_environment(Fixture *f, gconstpointer data)
{
    g_setenv("AUDIT_BUCKET", "trail", TRUE);
    g_setenv("AWS_DEFAULT_REGION", "eu-west-3", TRUE);
    g_assert_true(parse(f, "auditkeep archive"));
    g_assert_cmpstr(ak_cli_text(&f->cli, AK_OPT_ARCHIVE), ==, "s3://trail");
    g_assert_cmpstr(ak_cli_text(&f->cli, AK_OPT_S3_REGION), ==, "eu-west-3");
    g_setenv("AUDITKEEP_ARCHIVE", "file:x", TRUE);
    g_setenv("AWS_REGION", "cn-north-1", TRUE);
    g_assert_true(parse(f, "auditkeep archive"));
    g_assert_cmpstr(ak_cli_text(&f->cli, AK_OPT_ARCHIVE), ==, "file:x");
    g_assert_cmpstr(ak_cli_text(&f->cli, AK_OPT_S3_REGION), ==, "cn-north-1");
    g_setenv("AUDITKEEP_ARCHIVE", "", TRUE);
    g_assert_true(parse(f, "auditkeep archive"));
    g_assert_cmpstr(ak_cli_text(&f->cli, AK_OPT_ARCHIVE), ==, "s3://trail");
}

/* Only what the command uses: a bad AWS_MAX_ATTEMPTS must not stop 'canonical'. */
static void test_bad_environment(Fixture *f, gconstpointer data)
{
    g_setenv("AWS_MAX_ATTEMPTS", "many", TRUE);
    assert_refused(f, "auditkeep archive", "environment variable AWS_MAX_ATTEMPTS: 'many'");
    g_assert_true(parse(f, "auditkeep canonical"));
}

static void test_bad_file(Fixture *f, gconstpointer data)
{
    static const char *const cases[][2] = {
        {"[archive]\nretentoin=1 day\n", "'archive' has no key 'retentoin'; hint: did you mean "},
        {"[archiv]\nretention=1 day\n", "section 'archiv' is unknown"},
        {"[archiv]\n", "section 'archiv' is unknown"},
        {"[archive]\nretention=later\n", "section 'archive', key 'retention': 'later'"},
        {"retention=1 day\n", "cannot be read"},
        {"[source]\npassword geheim\n", "cannot be read"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_assert_false(parse_with_file(f, cases[i][0], "auditkeep canonical"));
        g_assert_error(f->error, AK_ERROR, AK_ERROR_CONFIG);
        g_assert_nonnull(strstr(f->error->message, f->path));
        g_assert_nonnull(strstr(f->error->message, cases[i][1]));
        g_assert_null(strstr(f->error->message, "geheim"));
    }
}

static void test_missing_file(Fixture *f, gconstpointer data)
{
    (void)g_unlink(f->path);
    assert_refused(f, "auditkeep status --config /nonexistent/x.conf", "/nonexistent/x.conf");
    g_assert_true(parse(f, "auditkeep init --config /nonexistent/x.conf"));
}

static void test_require(Fixture *f, gconstpointer data)
{
    g_assert_true(parse(f, "auditkeep archive"));
    g_assert_null(ak_cli_require(&f->cli, AK_OPT_KEY, &f->error));
    g_assert_error(f->error, AK_ERROR, AK_ERROR_CONFIG);
    g_assert_nonnull(strstr(f->error->message, "AUDITKEEP_KEY"));
}

int main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*test)(Fixture *, gconstpointer);
    } tests[] = {
        {"/cli/parse/forms", test_forms},
        {"/cli/parse/wrong-calls", test_wrong_calls},
        {"/cli/parse/secrets-are-refused", test_secrets_are_refused},
        {"/cli/parse/links", test_links},
        {"/cli/parse/precedence", test_precedence},
        {"/cli/parse/environment", test_environment},
        {"/cli/parse/bad-environment", test_bad_environment},
        {"/cli/parse/bad-file", test_bad_file},
        {"/cli/parse/missing-file", test_missing_file},
        {"/cli/parse/require", test_require},
    };

    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].path, Fixture, NULL, set_up, tests[i].test, tear_down);
    return g_test_run();
}
