#ifndef AK_TEST_SOURCE_FIXTURE_H
#define AK_TEST_SOURCE_FIXTURE_H

#include "backend.h"
#include "source/walk.h"

/* Rows that link, made without the code under test but for the hash itself. */
enum { MAX_ROWS = 64 };

#define T0 G_GINT64_CONSTANT(1738368000000000) /* 2025-02-01T00:00:00Z */

typedef struct {
    char id[37];
    char prev[65]; /* "" at the head */
    char hash[65];
    char payload[64];
    gint64 ts_usec;
} TestRow;

/* Row @n of the chain whose events have the payloads {"n": 0}, {"n": 1}, …; one second apart. */
TestRow test_row(guint n);

/* Row with this payload after @prev (NULL: the first). */
TestRow test_row_after(const TestRow *prev, guint n, const char *payload);

/* Inserts as the program that owns such a table does. */
void insert_row(Backend *backend, Variant variant, const TestRow *row);
void insert_chain(Backend *backend, Variant variant, guint count);

AkSource *open_source(const Backend *backend);
AkSource *open_prepared(Backend *backend, Variant variant);

/* Walks to the first step that is no event; the ids of the events, as their numbers, in order. */
AkWalkStep walk_from(AkSource *source, const AkCursor *from, gint64 from_ts_usec, GString *numbers,
                     AkWalkFault *fault);
AkWalkStep walk_all(AkSource *source, GString *numbers, AkWalkFault *fault);

/* The plan of rows first..last of test_row()'s chain, and its commit. */
void fill_segment(AkSegmentRow *segment, guint first, guint last);
gboolean commit_rows(AkSource *source, guint64 epoch, const AkSegmentRow *segment, guint first,
                     guint last, guint64 *marked, GError **error);

void add_init_cases(void);
void add_order_cases(void);
void add_append_cases(void);
void add_pointer_cases(void);
void add_seal_cases(void);
void add_sink_cases(void);
void add_wait_cases(void);
void add_accept_cases(void);
void add_tenant_cases(void);

#endif
