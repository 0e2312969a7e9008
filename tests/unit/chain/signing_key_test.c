#include "chain/signer.h"

#include <glib/gstdio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY, EVP_PKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_MD_CTX, EVP_MD_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIO, BIO_free)

static const guint8 hash[AK_SHA256_LEN] = "the thirty-two bytes of a hash..";

typedef struct {
    char *folder;
    char *path;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    fixture->folder = g_dir_make_tmp("auditkeep-key-XXXXXX", &error);
    g_assert_no_error(error);
    fixture->path = g_build_filename(fixture->folder, "key.pem", NULL);
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    (void)g_unlink(fixture->path);
    g_assert_cmpint(g_rmdir(fixture->folder), ==, 0);
    g_free(fixture->path);
    g_free(fixture->folder);
}

static void write_file(const Fixture *fixture, const char *text, int mode)
{
    g_autoptr(GError) error = NULL;

    g_file_set_contents(fixture->path, text, -1, &error);
    g_assert_no_error(error);
    g_assert_cmpint(g_chmod(fixture->path, mode), ==, 0);
}

typedef enum { PKCS8, PKCS1, ENCRYPTED, PUBLIC } Form;

static char *pem_of(EVP_PKEY *key, Form form)
{
    g_autoptr(BIO) bio = BIO_new(BIO_s_mem());
    int is_written = 0;
    char *data;
    long len;

    switch (form) {
    case PKCS8:
        is_written = PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
        break;
    case PKCS1:
        is_written = PEM_write_bio_PrivateKey_traditional(bio, key, NULL, NULL, 0, NULL, NULL);
        break;
    case ENCRYPTED:
        is_written =
            PEM_write_bio_PKCS8PrivateKey(bio, key, EVP_aes_256_cbc(), "secret", 6, NULL, NULL);
        break;
    case PUBLIC:
        is_written = PEM_write_bio_PUBKEY(bio, key);
        break;
    }
    g_assert_cmpint(is_written, ==, 1);
    len = BIO_get_mem_data(bio, &data);
    return g_strndup(data, (gsize)len);
}

static AkSigningKey *load(const Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    AkSigningKey *key = ak_signing_key_load(fixture->path, &error);

    g_assert_no_error(error);
    g_assert_nonnull(key);
    return key;
}

/* Loading fails in class @code and says @expected, the path and nothing of the key. */
static void check_refused(const Fixture *fixture, int code, const char *expected)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(ak_signing_key_load(fixture->path, &error));
    g_assert_error(error, AK_ERROR, code);
    g_assert_nonnull(strstr(error->message, fixture->path));
    if (strstr(error->message, expected) == NULL)
        g_error("'%s' is not in '%s'", expected, error->message);
}

/* What @key signs verifies with its public half in a registry, and only for that hash. */
static void check_signs(const AkSigningKey *key)
{
    g_autofree char *public_key = ak_signing_key_public(key);
    g_autofree char *json = g_strdup_printf("{\"a\":\"%s\"}", public_key);
    g_autoptr(AkSigners) signers = NULL;
    g_autoptr(GError) error = NULL;
    g_auto(AkBuf) signature = {0};
    guint8 changed[AK_SHA256_LEN];
    const AkSigner *signer;

    signers = ak_signers_parse(ak_view_str(json), &error);
    g_assert_no_error(error);
    signer = ak_signers_find(signers, AK_VIEW("a"));
    g_assert_cmpint(ak_signer_algorithm(signer), ==, ak_signing_key_algorithm(key));
    g_assert_true(ak_signing_key_sign(key, hash, &signature, &error));
    g_assert_no_error(error);
    g_assert_true(ak_signer_verify(signer, hash, ak_buf_view(&signature)));
    memcpy(changed, hash, sizeof changed);
    changed[31] ^= 1;
    g_assert_false(ak_signer_verify(signer, changed, ak_buf_view(&signature)));
}

static void test_create(Fixture *fixture, gconstpointer data)
{
    g_autoptr(AkSigningKey) key = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    struct stat info;

    g_assert_true(ak_signing_key_create(fixture->path, &error));
    g_assert_no_error(error);
    g_assert_cmpint(stat(fixture->path, &info), ==, 0);
    g_assert_cmpuint(info.st_mode & 07777, ==, 0600);
    g_assert_true(g_file_get_contents(fixture->path, &text, NULL, NULL));
    g_assert_true(g_str_has_prefix(text, "-----BEGIN PRIVATE KEY-----\n"));
    key = load(fixture);
    g_assert_cmpint(ak_signing_key_algorithm(key), ==, AK_ALGORITHM_ED25519);
    check_signs(key);
}

static void test_create_keeps_what_is_there(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;

    write_file(fixture, "mine", 0600);
    g_assert_false(ak_signing_key_create(fixture->path, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_CONFLICT);
    g_assert_true(g_file_get_contents(fixture->path, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, "mine");
}

static void test_create_without_folder(Fixture *fixture, gconstpointer data)
{
    g_autofree char *path = g_build_filename(fixture->folder, "absent", "key.pem", NULL);
    g_autoptr(GError) error = NULL;

    g_assert_false(ak_signing_key_create(path, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_CONFIG);
}

static void test_rsa(Fixture *fixture, gconstpointer data)
{
    g_autoptr(EVP_PKEY) rsa = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
    static const Form forms[] = {PKCS8, PKCS1};

    for (gsize i = 0; i < G_N_ELEMENTS(forms); i++) {
        g_autofree char *pem = pem_of(rsa, forms[i]);
        g_autoptr(AkSigningKey) key = NULL;

        write_file(fixture, pem, 0400);
        key = load(fixture);
        g_assert_cmpint(ak_signing_key_algorithm(key), ==, AK_ALGORITHM_RSA_SHA256);
        check_signs(key);
    }
}

static void test_small_rsa(Fixture *fixture, gconstpointer data)
{
    g_autoptr(EVP_PKEY) rsa = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024);
    g_autofree char *pem = pem_of(rsa, PKCS8);

    write_file(fixture, pem, 0600);
    check_refused(fixture, AK_ERROR_BAD_INPUT, "RSA key of 1024 bits");
}

static void test_other_type(Fixture *fixture, gconstpointer data)
{
    g_autoptr(EVP_PKEY) ec = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    g_autofree char *pem = pem_of(ec, PKCS8), *sec1 = pem_of(ec, PKCS1);

    write_file(fixture, pem, 0600);
    check_refused(fixture, AK_ERROR_BAD_INPUT, "unknown key type 'EC'");
    write_file(fixture, sec1, 0600);
    check_refused(fixture, AK_ERROR_BAD_INPUT, "no private key that can sign");
}

static void test_open_mode(Fixture *fixture, gconstpointer data)
{
    static const int modes[] = {0640, 0604, 0620, 0602, 0777};

    g_assert_true(ak_signing_key_create(fixture->path, NULL));
    for (gsize i = 0; i < G_N_ELEMENTS(modes); i++) {
        g_assert_cmpint(g_chmod(fixture->path, modes[i]), ==, 0);
        check_refused(fixture, AK_ERROR_CONFIG, "chmod 600");
    }
}

static void test_missing(Fixture *fixture, gconstpointer data)
{
    check_refused(fixture, AK_ERROR_CONFIG, "No such file");
}

static void test_empty(Fixture *fixture, gconstpointer data)
{
    write_file(fixture, "", 0600);
    check_refused(fixture, AK_ERROR_BAD_INPUT, "it is empty");
}

static void test_too_large(Fixture *fixture, gconstpointer data)
{
    g_autofree char *text = g_strnfill(70000, '#');

    write_file(fixture, text, 0600);
    check_refused(fixture, AK_ERROR_BAD_INPUT, "more than 65536 bytes");
}

static void test_public(Fixture *fixture, gconstpointer data)
{
    g_autoptr(EVP_PKEY) key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    g_autofree char *pem = pem_of(key, PUBLIC);

    write_file(fixture, pem, 0600);
    check_refused(fixture, AK_ERROR_BAD_INPUT, "it holds a public key");
}

static void test_encrypted(Fixture *fixture, gconstpointer data)
{
    g_autoptr(EVP_PKEY) key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    g_autofree char *pem = pem_of(key, ENCRYPTED);

    write_file(fixture, pem, 0600);
    check_refused(fixture, AK_ERROR_BAD_INPUT, "the key is encrypted");
    write_file(fixture,
               "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n"
               "DEK-Info: AES-128-CBC,00000000000000000000000000000000\n\nAAAA\n"
               "-----END RSA PRIVATE KEY-----\n",
               0600);
    check_refused(fixture, AK_ERROR_BAD_INPUT, "the key is encrypted");
}

static void test_several(Fixture *fixture, gconstpointer data)
{
    g_autoptr(EVP_PKEY) key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    g_autofree char *secret = pem_of(key, PKCS8), *public_key = pem_of(key, PUBLIC);
    g_autofree char *both = g_strconcat(secret, public_key, NULL);

    write_file(fixture, both, 0600);
    check_refused(fixture, AK_ERROR_BAD_INPUT, "more than one PEM block");
    write_file(fixture, secret, 0600);
    ak_signing_key_free(load(fixture));
}

static void test_damaged(Fixture *fixture, gconstpointer data)
{
    g_autoptr(EVP_PKEY) key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    g_autofree char *pem = pem_of(key, PKCS8), *cut = g_strndup(pem, strlen(pem) - 10);

    write_file(fixture, cut, 0600);
    check_refused(fixture, AK_ERROR_BAD_INPUT, "no whole PEM block");
    write_file(fixture, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", 0600);
    check_refused(fixture, AK_ERROR_BAD_INPUT, "damaged");
}

static void test_raw(Fixture *fixture, gconstpointer data)
{
    guint8 public_key[32], signature[64], message[] = "a note of any length";
    g_autoptr(EVP_MD_CTX) ctx = EVP_MD_CTX_new();
    g_autoptr(AkSigningKey) key = NULL;
    g_autoptr(EVP_PKEY) theirs = NULL;
    g_autoptr(GError) error = NULL;

    g_assert_true(ak_signing_key_create(fixture->path, NULL));
    key = load(fixture);
    g_assert_true(ak_signing_key_public_raw(key, public_key));
    g_assert_true(ak_signing_key_sign_raw(key, message, sizeof message, signature, &error));
    g_assert_no_error(error);
    theirs = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, 32);
    g_assert_cmpint(EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, theirs), ==, 1);
    g_assert_cmpint(EVP_DigestVerify(ctx, signature, 64, message, sizeof message), ==, 1);
    message[0] ^= 1;
    g_assert_cmpint(EVP_DigestVerify(ctx, signature, 64, message, sizeof message), !=, 1);
}

static void test_raw_of_rsa(Fixture *fixture, gconstpointer data)
{
    g_autoptr(EVP_PKEY) rsa = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
    g_autofree char *pem = pem_of(rsa, PKCS8);
    g_autoptr(AkSigningKey) key = NULL;
    g_autoptr(GError) error = NULL;
    guint8 public_key[32], signature[64];

    write_file(fixture, pem, 0600);
    key = load(fixture);
    g_assert_false(ak_signing_key_public_raw(key, public_key));
    g_assert_false(ak_signing_key_sign_raw(key, hash, sizeof hash, signature, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_CONFIG);
}

#define ADD(name, function)                                                                        \
    g_test_add("/chain/signing-key/" name, Fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("create", test_create);
    ADD("create-keeps-what-is-there", test_create_keeps_what_is_there);
    ADD("create-without-folder", test_create_without_folder);
    ADD("rsa", test_rsa);
    ADD("small-rsa", test_small_rsa);
    ADD("other-type", test_other_type);
    ADD("open-mode", test_open_mode);
    ADD("missing", test_missing);
    ADD("empty", test_empty);
    ADD("too-large", test_too_large);
    ADD("public", test_public);
    ADD("encrypted", test_encrypted);
    ADD("several", test_several);
    ADD("damaged", test_damaged);
    ADD("raw", test_raw);
    ADD("raw-of-rsa", test_raw_of_rsa);
    return g_test_run();
}
