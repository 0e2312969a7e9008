#include "store/aws/profiles.h"

#include <glib/gstdio.h>

static AkAwsProfiles *parse(const char *config, const char *credentials)
{
    g_autoptr(AkAwsProfiles) profiles = ak_aws_profiles_new();
    g_autoptr(GError) error = NULL;

    g_assert_true(ak_aws_profiles_add(profiles, ak_view_str(config), AK_AWS_FILE_CONFIG, &error));
    g_assert_true(
        ak_aws_profiles_add(profiles, ak_view_str(credentials), AK_AWS_FILE_CREDENTIALS, &error));
    return g_steal_pointer(&profiles);
}

static void assert_value(const AkAwsProfiles *profiles, const char *name, const char *setting,
                         const char *value)
{
    g_assert_cmpstr(ak_aws_profiles_get(profiles, "profile", name, setting), ==, value);
}

static void test_sections(void)
{
    g_autoptr(AkAwsProfiles) profiles =
        parse("[default]\nregion=a\n[profile b]\nregion=b\n[ profile\t'c d' ]\nregion = c\n"
              "[plain]\nregion=no\n[sso-session s]\nregion=no\n[services s]\nx=1\n",
              "[b]\naws_access_key_id=id\n[profile x]\ny=1\n");

    assert_value(profiles, "default", "region", "a");
    assert_value(profiles, "b", "region", "b");
    assert_value(profiles, "b", "aws_access_key_id", "id");
    assert_value(profiles, "c d", "region", "c");
    g_assert_false(ak_aws_profiles_has(profiles, "profile", "plain"));
    g_assert_false(ak_aws_profiles_has(profiles, "profile", "x"));
    g_assert_false(ak_aws_profiles_has(profiles, "profile", "s"));
    g_assert_true(ak_aws_profiles_has(profiles, "services", "s"));
}

static void test_values(void)
{
    g_autoptr(AkAwsProfiles) profiles = parse(
        "# comment\n; another\r\n[default] # yes\nREGION = eu-west-1 # no\nkey=a#b;c\nempty=\n"
        "equals = a=b=c \t\r\nlast=1\nlast=2",
        "");

    assert_value(profiles, "default", "region", "eu-west-1");
    assert_value(profiles, "default", "key", "a#b;c");
    assert_value(profiles, "default", "empty", NULL);
    assert_value(profiles, "default", "equals", "a=b=c");
    assert_value(profiles, "default", "last", "2");
}

static void test_nested(void)
{
    g_autoptr(AkAwsProfiles) profiles = parse(
        "[services dev]\ns3 =\n  endpoint_url = http://s3\n\n  # comment\n  other = 1\nsts =\n"
        "\tendpoint_url = http://sts\nlong = a\n  b\n",
        "");

    g_assert_cmpstr(ak_aws_profiles_get(profiles, "services", "dev", "s3.endpoint_url"), ==,
                    "http://s3");
    g_assert_cmpstr(ak_aws_profiles_get(profiles, "services", "dev", "s3.other"), ==, "1");
    g_assert_cmpstr(ak_aws_profiles_get(profiles, "services", "dev", "sts.endpoint_url"), ==,
                    "http://sts");
    g_assert_cmpstr(ak_aws_profiles_get(profiles, "services", "dev", "long"), ==, "a\nb");
}

static void test_credentials_file_wins(void)
{
    g_autoptr(AkAwsProfiles) profiles =
        parse("[default]\naws_access_key_id=config\n", "[default]\naws_access_key_id=file\n");

    assert_value(profiles, "default", "aws_access_key_id", "file");
}

static void refuse(AkView text, const char *why)
{
    g_autoptr(AkAwsProfiles) profiles = ak_aws_profiles_new();
    g_autoptr(GError) error = NULL;

    g_assert_false(ak_aws_profiles_add(profiles, text, AK_AWS_FILE_CONFIG, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_CONFIG);
    g_assert_nonnull(strstr(error->message, why));
    g_assert_null(strstr(error->message, "hush"));
}

static void test_refused(void)
{
    g_autofree char *overlong = g_strnfill(17000, 'x');

    refuse(AK_VIEW("[default]\n[open\n"), "line 2: no ']'");
    refuse(AK_VIEW("[ ]\n"), "without a name");
    refuse(AK_VIEW("[default]\nhush hush\n"), "line 2: neither");
    refuse(AK_VIEW("[default]\n=hush\n"), "neither");
    refuse(AK_VIEW("[default]\n  hush=1\n"), "belongs to no setting");
    refuse(AK_VIEW("[default]\na=\0b\n"), "not a text file");
    refuse(ak_view_str(overlong), "line 1: the line is too long");
}

static void test_too_many_settings(void)
{
    g_autoptr(GString) text = g_string_new("[default]\n");

    for (guint i = 0; i < 17000; i++)
        g_string_append_printf(text, "k%u=1\n", i);
    refuse(ak_view(text->str, text->len), "too many settings");
}

static void test_load(void)
{
    g_autofree char *folder = g_dir_make_tmp("ak-profiles-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "config", NULL);
    g_autofree char *none = g_build_filename(folder, "none", NULL);
    g_auto(GStrv) environ = g_environ_setenv(NULL, "AWS_CONFIG_FILE", path, TRUE);
    g_autoptr(GError) error = NULL;

    environ = g_environ_setenv(environ, "AWS_SHARED_CREDENTIALS_FILE", none, TRUE);
    g_autofree char *before = ak_aws_profiles_stamp(environ);
    g_assert_true(g_file_set_contents(path, "[default]\nregion=x\n", -1, NULL));
    g_autofree char *after = ak_aws_profiles_stamp(environ);
    g_assert_cmpstr(before, !=, after);
    g_autoptr(AkAwsProfiles) profiles = ak_aws_profiles_load(environ, &error);
    g_assert_no_error(error);
    assert_value(profiles, "default", "region", "x");

    environ = g_environ_setenv(environ, "AWS_CONFIG_FILE", "/dev/zero", TRUE);
    g_assert_null(ak_aws_profiles_load(environ, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_CONFIG);
    g_assert_cmpint(g_unlink(path), ==, 0);
    g_assert_cmpint(g_rmdir(folder), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/store/profiles/sections", test_sections);
    g_test_add_func("/store/profiles/values", test_values);
    g_test_add_func("/store/profiles/nested", test_nested);
    g_test_add_func("/store/profiles/credentials-file-wins", test_credentials_file_wins);
    g_test_add_func("/store/profiles/refused", test_refused);
    g_test_add_func("/store/profiles/too-many-settings", test_too_many_settings);
    g_test_add_func("/store/profiles/load", test_load);
    return g_test_run();
}
