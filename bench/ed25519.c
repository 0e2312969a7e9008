/*
 * ed25519 SECONDS: one core's rate of Ed25519 verifications over 32 bytes, OpenSSL's and ours, in
 * turns of one run; prints both, their ratio, and what building a key's table takes.
 */
#include "chain/ed25519.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

enum { SIGNATURES = 2048, TURNS = 5, BATCH = 256 };

typedef struct {
    EVP_PKEY *openssl;
    AkEd25519Key *own;
    guint8 messages[SIGNATURES][32];
    guint8 signatures[SIGNATURES][64];
} Work;

typedef gboolean (*Verify)(const Work *work, EVP_MD_CTX *ctx, gsize i);

static gboolean verify_openssl(const Work *work, EVP_MD_CTX *ctx, gsize i)
{
    return EVP_MD_CTX_reset(ctx) == 1 &&
           EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, work->openssl) == 1 &&
           EVP_DigestVerify(ctx, work->signatures[i], 64, work->messages[i], 32) == 1;
}

static gboolean verify_own(const Work *work, EVP_MD_CTX *ctx, gsize i)
{
    (void)ctx;
    return ak_ed25519_verify(work->own, work->messages[i], 32, work->signatures[i]);
}

static double rate(const Work *work, Verify verify, double seconds)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    gint64 start = g_get_monotonic_time(), spent;
    gsize count = 0;

    do {
        for (gsize i = 0; i < BATCH; i++, count++) {
            if (!verify(work, ctx, count % SIGNATURES))
                g_error("a good signature is refused");
        }
        spent = g_get_monotonic_time() - start;
    } while ((double)spent < seconds * G_USEC_PER_SEC);
    EVP_MD_CTX_free(ctx);
    return (double)count * G_USEC_PER_SEC / (double)spent;
}

static void sign_all(Work *work)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    for (gsize i = 0; i < SIGNATURES; i++) {
        size_t len = 64;

        for (gsize byte = 0; byte < 32; byte++)
            work->messages[i][byte] = (guint8)g_random_int_range(0, 256);
        if (EVP_MD_CTX_reset(ctx) != 1 ||
            EVP_DigestSignInit(ctx, NULL, NULL, NULL, work->openssl) != 1 ||
            EVP_DigestSign(ctx, work->signatures[i], &len, work->messages[i], 32) != 1)
            g_error("OpenSSL does not sign");
    }
    EVP_MD_CTX_free(ctx);
}

/* Milliseconds for the key's table; the base point's is there already. */
static double make_table(Work *work)
{
    guint8 raw[32];
    size_t len = sizeof raw;
    gint64 start;

    if (EVP_PKEY_get_raw_public_key(work->openssl, raw, &len) != 1)
        g_error("OpenSSL does not tell the public key");
    start = g_get_monotonic_time();
    work->own = ak_ed25519_key_new(raw);
    return (double)(g_get_monotonic_time() - start) / 1000;
}

static int compare(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

int main(int argc, char **argv)
{
    double seconds = argc == 2 ? g_ascii_strtod(argv[1], NULL) / (2 * TURNS) : 0;
    double theirs[TURNS], ours[TURNS], ratios[TURNS], table_ms;
    Work *work = g_new0(Work, 1);

    if (seconds <= 0) {
        g_printerr("usage: %s SECONDS\n", argv[0]);
        return 2;
    }
    work->openssl = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    sign_all(work);
    table_ms = make_table(work);
    for (int turn = 0; turn < TURNS; turn++) {
        theirs[turn] = rate(work, verify_openssl, seconds);
        ours[turn] = rate(work, verify_own, seconds);
        ratios[turn] = ours[turn] / theirs[turn];
    }
    qsort(theirs, TURNS, sizeof *theirs, compare);
    qsort(ours, TURNS, sizeof *ours, compare);
    qsort(ratios, TURNS, sizeof *ratios, compare);
    printf("openssl %.0f/s, auditkeep %.0f/s, ratio %.1f (medians of %d), table %.1f ms\n",
           theirs[TURNS / 2], ours[TURNS / 2], ratios[TURNS / 2], TURNS, table_ms);
    ak_ed25519_key_free(work->own);
    EVP_PKEY_free(work->openssl);
    g_free(work);
    return EXIT_SUCCESS;
}
