#ifndef AK_SOURCE_SQL_H
#define AK_SOURCE_SQL_H

#include "util/buf.h"
#include "util/error.h"

/* The files of sql/ as templates: @name@ stands for what ak_sql_append() is given for it. */

typedef struct {
    const char *name; /* with both signs: "@events@"; NULL ends a list */
    const char *value;
} AkSqlName;

/* Appends @text with the names replaced. */
void ak_sql_append(AkBuf *sql, const char *text, const AkSqlName *names);

typedef gboolean (*AkSqlFunc)(const char *statement, gpointer data, GError **error);

/* Calls @func for each statement: it ends at a semicolon before an empty line (or the end). */
gboolean ak_sql_each(AkView sql, AkSqlFunc func, gpointer data, GError **error) AK_MUST_CHECK;

#endif
