#include "cli/open.h"

#include "cli/stop.h"

#include <openssl/err.h>
#include <openssl/pem.h>

enum { MAX_KEY_FILE = 64 * 1024 };

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIO, BIO_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY, EVP_PKEY_free)

gboolean ak_open_source_config(const AkCli *cli, AkSourceConfig *out, GError **error)
{
    const char *text = ak_cli_require(cli, AK_OPT_SOURCE, error);

    if (text == NULL)
        return FALSE;
    *out = (AkSourceConfig){
        .url = text,
        .table = ak_cli_text(cli, AK_OPT_TABLE),
        .chain = ak_cli_text(cli, AK_OPT_CHAIN),
        .column = ak_cli_text(cli, AK_OPT_WHERE_COLUMN),
        .value = ak_cli_text(cli, AK_OPT_WHERE_VALUE),
        .max_event_bytes = ak_cli_number(cli, AK_OPT_MAX_EVENT_BYTES),
        .connect_timeout_ms = (guint)ak_cli_number(cli, AK_OPT_CONNECT_TIMEOUT),
        .statement_timeout_ms = (guint)ak_cli_number(cli, AK_OPT_STATEMENT_TIMEOUT),
        .stop = ak_stop_flag(),
    };
    return TRUE;
}

AkSource *ak_open_source(const AkCli *cli, GError **error)
{
    AkSourceConfig config;

    if (!ak_open_source_config(cli, &config, error))
        return NULL;
    return ak_source_open(&config, error);
}

AkStore *ak_open_store(const AkCli *cli, GError **error)
{
    AkStoreConfig config = {
        .url = ak_cli_require(cli, AK_OPT_ARCHIVE, error),
        .legal_hold = ak_cli_flag(cli, AK_OPT_LEGAL_HOLD),
        .is_mutable = !ak_cli_flag(cli, AK_OPT_FILE_IMMUTABLE),
        .stop = ak_stop_flag(),
        .profile = ak_cli_text(cli, AK_OPT_S3_PROFILE),
        .credential_source = ak_cli_text(cli, AK_OPT_S3_CREDENTIALS),
        .endpoint = ak_cli_text(cli, AK_OPT_S3_ENDPOINT),
        .region = ak_cli_text(cli, AK_OPT_S3_REGION),
        .ca_bundle = ak_cli_text(cli, AK_OPT_S3_CA_BUNDLE),
        .retry_mode = ak_cli_text(cli, AK_OPT_S3_RETRY_MODE),
        .max_attempts = (guint)ak_cli_number(cli, AK_OPT_S3_MAX_ATTEMPTS),
        .use_fips = ak_cli_flag(cli, AK_OPT_S3_FIPS),
        .use_dualstack = ak_cli_flag(cli, AK_OPT_S3_DUALSTACK),
        .fallback_to_regional = ak_cli_flag(cli, AK_OPT_S3_FALLBACK_REGIONAL),
        .path_style = (AkPathStyle)ak_cli_number(cli, AK_OPT_S3_PATH_STYLE),
        .sse = (AkSse)ak_cli_number(cli, AK_OPT_S3_SSE),
        .sse_kms_key_id = ak_cli_text(cli, AK_OPT_S3_SSE_KMS_KEY),
        .sse_bucket_key = ak_cli_flag(cli, AK_OPT_S3_SSE_BUCKET_KEY),
        .connect_timeout_ms = (guint)ak_cli_number(cli, AK_OPT_S3_CONNECT_TIMEOUT),
        .stall_timeout_ms = (guint)ak_cli_number(cli, AK_OPT_S3_STALL_TIMEOUT),
        .request_timeout_ms = (guint)ak_cli_number(cli, AK_OPT_S3_REQUEST_TIMEOUT),
    };

    if (config.url == NULL)
        return NULL;
    return ak_store_open(&config, error);
}

static gboolean read_file(AkOptId id, const char *path, gsize max, char **out, gsize *out_len,
                          GError **error)
{
    g_autoptr(GError) cause = NULL;

    if (!g_file_get_contents(path, out, out_len, &cause)) {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG, "--%s: '%s' cannot be read: %s",
                    ak_options[id].name, path, cause->message);
        return FALSE;
    }
    if (*out_len <= max)
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT, "--%s: '%s' is larger than %zu bytes",
                ak_options[id].name, path, max);
    return FALSE;
}

/* A line of the secrets file: an id, blanks, a secret. */
static gboolean add_secret(AkSigners *signers, const char *line)
{
    gsize id_len = strcspn(line, " \t");
    g_autofree char *id = g_strndup(line, id_len);
    const char *secret = line + id_len + strspn(line + id_len, " \t");

    if (id_len == 0 || *secret == '\0')
        return FALSE;
    ak_signers_add_hmac(signers, id, ak_view_str(secret));
    return TRUE;
}

static gboolean add_secrets(AkSigners *signers, const char *path, GError **error)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;
    gsize len;

    if (!read_file(AK_OPT_HMAC_SECRET_FILE, path, MAX_KEY_FILE, &text, &len, error))
        return FALSE;
    lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i] != NULL; i++) {
        g_strchomp(lines[i]);
        if (*lines[i] == '\0' || *lines[i] == '#' || add_secret(signers, lines[i]))
            continue;
        g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT,
                    "secrets file '%s': line %u is not 'SIGNER-ID SECRET'", path, i + 1);
        return FALSE;
    }
    return TRUE;
}

gboolean ak_open_signers(const AkCli *cli, AkSigners **out, GError **error)
{
    const char *registry = ak_cli_text(cli, AK_OPT_SIGNERS);
    const char *secrets = ak_cli_text(cli, AK_OPT_HMAC_SECRET_FILE);
    g_autoptr(AkSigners) signers = NULL;

    *out = NULL;
    if (registry == NULL && secrets == NULL) {
        if (!ak_cli_flag(cli, AK_OPT_REQUIRE_SIGNATURES))
            return TRUE;
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                    "--require-signatures needs to know who may sign; hint: give --signers FILE");
        return FALSE;
    }
    signers = registry != NULL ? ak_signers_load(registry, error)
                               : ak_signers_parse(AK_VIEW("[]"), error);
    if (signers == NULL || (secrets != NULL && !add_secrets(signers, secrets, error)))
        return FALSE;
    *out = g_steal_pointer(&signers);
    return TRUE;
}

/* No prompt for the passphrase of an encrypted key: nobody may be there to answer. */
static int no_passphrase(char *buf, int size, int is_write, void *data)
{
    return -1;
}

static EVP_PKEY *read_key(const char *text, gsize len)
{
    g_autoptr(BIO) bio = BIO_new_mem_buf(text, (int)len);
    EVP_PKEY *key = PEM_read_bio_PUBKEY(bio, NULL, no_passphrase, NULL);

    if (key == NULL) {
        (void)BIO_reset(bio);
        key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
    }
    ERR_clear_error();
    return key;
}

gboolean ak_open_checkpoint_key(const AkCli *cli, guint8 out[32], gboolean *out_is_set,
                                GError **error)
{
    const char *path = ak_cli_text(cli, AK_OPT_KEY);
    g_autofree char *text = NULL;
    g_autoptr(EVP_PKEY) key = NULL;
    gsize len, raw_len = 32;

    *out_is_set = path != NULL;
    if (path == NULL)
        return TRUE;
    if (!read_file(AK_OPT_KEY, path, MAX_KEY_FILE, &text, &len, error))
        return FALSE;
    key = read_key(text, len);
    OPENSSL_cleanse(text, len);
    if (key != NULL && EVP_PKEY_is_a(key, "ED25519") &&
        EVP_PKEY_get_raw_public_key(key, out, &raw_len) == 1)
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT,
                "--key: '%s' holds no Ed25519 key in PEM; hint: 'auditkeep init --key' makes one",
                path);
    return FALSE;
}

gboolean ak_open_note_key(const AkCli *cli, const char *origin, AkNoteKey **out, GError **error)
{
    gboolean is_set;
    guint8 key[32];

    if (ak_cli_require(cli, AK_OPT_KEY, error) == NULL ||
        !ak_open_checkpoint_key(cli, key, &is_set, error))
        return FALSE;
    *out = ak_note_key_new(origin, key);
    if (*out != NULL)
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT, "--key: '%s' is no point of the curve",
                ak_cli_text(cli, AK_OPT_KEY));
    return FALSE;
}
