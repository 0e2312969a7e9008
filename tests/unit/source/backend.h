#ifndef AK_TEST_SOURCE_BACKEND_H
#define AK_TEST_SOURCE_BACKEND_H

#include "source/source.h"

/* A fresh database per case, and a way to write to it past the driver, as other programs do. */
typedef struct Backend Backend;

Backend *backend_new(void);
void backend_free(Backend *backend);
const char *backend_url(const Backend *backend);

/* Runs SQL, which has to succeed. */
void backend_sql(Backend *backend, const char *sql);

/* FALSE when the database refuses it. */
gboolean backend_try(Backend *backend, const char *sql);

/* First column of the first row; NULL when that is NULL or there is no row. */
char *backend_text(Backend *backend, const char *sql);

/* The three tables of the field, as their own migrations make them. */
typedef enum { VARIANT_OWN, VARIANT_KERNEL, VARIANT_MEMORY, VARIANT_AGENT, N_VARIANTS } Variant;

const char *backend_ddl(Variant variant);

/* Cases of one driver only; may add none. */
void backend_add_cases(void);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Backend, backend_free)

#endif
