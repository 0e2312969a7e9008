#ifndef AK_TESTS_STORE_CONFORMANCE_H
#define AK_TESTS_STORE_CONFORMANCE_H

#include "store/store.h"

/* What every driver of a store must do. */
typedef struct {
    const char *name;
    /* A store over a new, empty place; close it with ak_store_close(). */
    AkStore *(*open)(void);
    /* Of several writers of one key exactly one wins; else at most one. */
    gboolean has_one_winner;
} StoreUnderTest;

/* Adds all cases under /store/<name>/. @store must stay. */
void conformance_add(const StoreUnderTest *store);

/* Helpers for the drivers' own tests. */
typedef struct {
    AkPut put;
    guint8 sha256[AK_SHA256_LEN];
    AkMeta meta[2];
} TestPut;

/* An upload of @text, locked COMPLIANCE for an hour. Borrows @key and @text. */
void test_put_init(TestPut *test, const char *key, const char *text);

void assert_put(AkStore *store, const char *key, const char *text);
void assert_content(AkStore *store, const char *key, const char *text);
void assert_missing(AkStore *store, const char *key);

/* All keys under @prefix, joined by ' '; delete markers marked '!'. */
char *list_keys(AkStore *store, const char *prefix);

#endif
