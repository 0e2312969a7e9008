#include "cli/chains.h"
#include "cli/commands.h"
#include "cli/config.h"
#include "cli/discover.h"
#include "cli/json.h"
#include "cli/open.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <unistd.h>

/* What was done, a line a thing; in a dry run comments between the SQL. */
typedef struct {
    AkCli *cli;
    gboolean is_dry_run;
    GString *out;
} Init;

static void say(Init *init, gboolean is_there, const char *what, const char *name)
{
    const char *verb = is_there ? "kept" : init->is_dry_run ? "would create" : "created";

    g_string_append_printf(init->out, "%s%s %s '%s'\n", init->is_dry_run ? "-- " : "", verb, what,
                           name);
}

static gboolean is_file(const char *path)
{
    return g_file_test(path, G_FILE_TEST_EXISTS);
}

static gboolean write_all(int fd, const char *text)
{
    gsize len = strlen(text);

    while (len > 0) {
        ssize_t done = write(fd, text, len);

        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return FALSE;
        text += done;
        len -= (gsize)done;
    }
    return fsync(fd) == 0;
}

/* A file that is there is never touched; one that could not be written whole is taken away. */
static gboolean write_new(const char *path, const char *text, int mode, GError **error)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    gboolean is_written = fd >= 0 && write_all(fd, text);
    int cause = errno;

    if (fd >= 0)
        (void)close(fd);
    if (is_written)
        return TRUE;
    if (fd >= 0)
        (void)g_unlink(path);
    g_set_error(error, AK_ERROR,
                cause == EEXIST   ? AK_ERROR_CONFLICT
                : cause == ENOSPC ? AK_ERROR_FULL
                                  : AK_ERROR_CONFIG,
                "file '%s' cannot be written: %s", path, g_strerror(cause));
    return FALSE;
}

static gboolean create_file(Init *init, const char *what, const char *path, const char *text,
                            int mode, GError **error)
{
    gboolean is_there = is_file(path);

    if (!is_there && !init->is_dry_run && !write_new(path, text, mode, error))
        return FALSE;
    say(init, is_there, what, path);
    return TRUE;
}

static gboolean create_config(Init *init, GError **error)
{
    const char *path = ak_cli_text(init->cli, AK_OPT_CONFIG);
    g_autofree char *text = path != NULL ? ak_config_sample(init->cli) : NULL;

    /* Readable by the owner alone: a password may be written into it. */
    return path == NULL || create_file(init, "configuration", path, text, 0600, error);
}

/* *out NULL in a dry run that would create the key. */
static gboolean create_key(Init *init, const char *what, const char *path, AkSigningKey **out,
                           GError **error)
{
    gboolean is_there = is_file(path);

    *out = NULL;
    if (!is_there && !init->is_dry_run && !ak_signing_key_create(path, error))
        return FALSE;
    if (is_there || !init->is_dry_run) {
        *out = ak_signing_key_load(path, error);
        if (*out == NULL)
            return FALSE;
    }
    say(init, is_there, what, path);
    return TRUE;
}

static gboolean create_checkpoint_key(Init *init, GError **error)
{
    const char *path = ak_cli_text(init->cli, AK_OPT_KEY);
    g_autoptr(AkSigningKey) key = NULL;
    g_autofree char *public_path = NULL;
    g_autofree char *base64 = NULL;
    g_autofree char *pem = NULL;

    if (path == NULL)
        return TRUE;
    if (!create_key(init, "checkpoint key", path, &key, error))
        return FALSE;
    if (key != NULL && ak_signing_key_algorithm(key) != AK_ALGORITHM_ED25519) {
        g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT,
                    "key '%s' is not an Ed25519 key, which checkpoints are signed with", path);
        return FALSE;
    }
    public_path = g_strconcat(path, ".pub", NULL);
    base64 = key != NULL ? ak_signing_key_public(key) : NULL;
    pem = g_strdup_printf("-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n",
                          base64 != NULL ? base64 : "");
    return create_file(init, "its public half", public_path, pem, 0644, error);
}

static char *registry_entry(const char *id, const AkSigningKey *key)
{
    g_autofree char *public_key = key != NULL ? ak_signing_key_public(key) : NULL;
    AkJson json = {.out = g_string_new(NULL)};

    ak_json_open(&json, NULL, '{');
    ak_json_string(&json, "signerId", id);
    ak_json_string(&json, "algorithm",
                   key != NULL ? ak_algorithm_name(ak_signing_key_algorithm(key)) : NULL);
    ak_json_string(&json, "publicKey", public_key);
    ak_json_close(&json, '}');
    return g_string_free(json.out, FALSE);
}

/* A registry that others keep is not rewritten: the entry to add is shown. */
static gboolean create_registry(Init *init, const char *id, const AkSigningKey *key, GError **error)
{
    const char *path = ak_cli_text(init->cli, AK_OPT_SIGNERS);
    g_autofree char *entry = registry_entry(id, key);
    g_autofree char *text = g_strdup_printf("[\n  %s\n]\n", entry);
    g_autoptr(AkSigners) signers = NULL;

    if (path == NULL || !is_file(path))
        return path == NULL || create_file(init, "signer registry", path, text, 0644, error);
    signers = ak_signers_load(path, error);
    if (signers == NULL)
        return FALSE;
    say(init, TRUE, "signer registry", path);
    if (key != NULL && ak_signers_find(signers, ak_view_str(id)) == NULL)
        g_string_append_printf(init->out, "%sadd to it: %s\n", init->is_dry_run ? "-- " : "",
                               entry);
    return TRUE;
}

static gboolean create_event_key(Init *init, GError **error)
{
    const char *path = ak_cli_text(init->cli, AK_OPT_SIGNING_KEY);
    g_autoptr(AkSigningKey) key = NULL;
    const char *id;

    if (path == NULL)
        return TRUE;
    id = ak_cli_require(init->cli, AK_OPT_SIGNER_ID, error);
    return id != NULL && create_key(init, "event signing key", path, &key, error) &&
           create_registry(init, id, key, error);
}

static gboolean create_table(AkCli *cli, gpointer data, GError **error)
{
    Init *init = data;
    g_autoptr(AkSource) source = ak_open_source(cli, error);
    g_auto(AkBuf) sql = {0};

    if (source == NULL || !source->driver->init(source, !init->is_dry_run, &sql, error))
        return FALSE;
    if (init->is_dry_run)
        g_string_append_len(init->out, ak_buf_view(&sql).data, (gssize)sql.len);
    else
        g_string_append_printf(init->out, "prepared table '%s', chain '%s'\n",
                               ak_cli_text(cli, AK_OPT_TABLE), ak_cli_text(cli, AK_OPT_CHAIN));
    return TRUE;
}

/* The table whose tenants are chains, with the index that they are found by. */
static gboolean create_tenants(Init *init, GError **error)
{
    AkCli cli = *init->cli;
    char all[] = "";

    cli.values[AK_OPT_WHERE_COLUMN] = cli.values[AK_OPT_CHAINS_COLUMN];
    cli.values[AK_OPT_WHERE_VALUE].text = all;
    return create_table(&cli, init, error);
}

static gboolean create_tables(Init *init, GError **error)
{
    AkCli *cli = init->cli;

    if (ak_cli_text(cli, AK_OPT_SOURCE) == NULL)
        return TRUE;
    if (ak_cli_text(cli, AK_OPT_CHAINS_QUERY) != NULL && !ak_discover_again(cli, error))
        return FALSE;
    if (ak_cli_text(cli, AK_OPT_CHAINS_COLUMN) != NULL) {
        ak_chains_expect(cli);
        if (!create_tenants(init, error))
            return FALSE;
    }
    return ak_chains_each(cli, 1, FALSE, create_table, init, error);
}

static gboolean has_anything(const AkCli *cli, GError **error)
{
    static const AkOptId ids[] = {AK_OPT_SOURCE, AK_OPT_CONFIG, AK_OPT_KEY, AK_OPT_SIGNING_KEY};

    for (guint i = 0; i < G_N_ELEMENTS(ids); i++)
        if (ak_cli_text(cli, ids[i]) != NULL)
            return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                "there is nothing to do; hint: give --source, --config, --key or --signing-key");
    return FALSE;
}

static gboolean print_config(const AkCli *cli, GError **error)
{
    g_autofree char *text = ak_config_sample(cli);

    return ak_cli_write(ak_view_str(text), error);
}

gboolean ak_cmd_init(AkCli *cli, GError **error)
{
    g_autoptr(GString) out = g_string_new(NULL);
    Init init = {.cli = cli, .is_dry_run = ak_cli_flag(cli, AK_OPT_DRY_RUN), .out = out};
    gboolean is_done;

    if (ak_cli_flag(cli, AK_OPT_PRINT_CONFIG))
        return print_config(cli, error);
    is_done = has_anything(cli, error) && create_config(&init, error) &&
              create_checkpoint_key(&init, error) && create_event_key(&init, error) &&
              create_tables(&init, error);
    if (is_done)
        return ak_cli_write(ak_view(out->str, out->len), error);
    /* What was created before the error is there, and worth knowing. */
    (void)!ak_cli_write(ak_view(out->str, out->len), NULL);
    return FALSE;
}
