#ifndef AK_TEST_FIXED_KEY_H
#define AK_TEST_FIXED_KEY_H

#include "chain/signer.h"

#include <glib/gstdio.h>
#include <unistd.h>

/* The Ed25519 key whose seed is the bytes 0 to 31, so that what it signs is always the same. */
static inline AkSigningKey *fixed_key_new(void)
{
    static const char pem[] = "-----BEGIN PRIVATE KEY-----\n"
                              "MC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n"
                              "-----END PRIVATE KEY-----\n";
    g_autofree char *path = NULL;
    g_autoptr(GError) error = NULL;
    int file = g_file_open_tmp("auditkeep-key-XXXXXX", &path, &error);
    AkSigningKey *key;

    g_assert_no_error(error);
    g_assert_cmpint(write(file, pem, sizeof pem - 1), ==, sizeof pem - 1);
    g_assert_true(g_close(file, NULL));
    key = ak_signing_key_load(path, &error);
    g_assert_no_error(error);
    g_assert_cmpint(g_unlink(path), ==, 0);
    return key;
}

#endif
