#ifndef AK_CLI_LINE_H
#define AK_CLI_LINE_H

#include "util/arena.h"
#include "util/buf.h"
#include "util/error.h"

/* One line of 'append': an event before it is chained. Views lie in the arena of the batch. */
typedef struct {
    AkView id; /* lower case; a new UUID where the line has none */
    AkView event_type;
    AkView canonical; /* payload, canonical */
    AkView payload;   /* what is stored: the text as given where canonicalising changes numbers */
    AkView metadata;  /* NULL: none */
    gint64 ts_usec;
    gboolean has_ts;
} AkLine;

/* Scratch memory from line to line. */
typedef struct AkLineReader AkLineReader;

AkLineReader *ak_line_reader_new(void);
void ak_line_reader_free(AkLineReader *reader);

/* BAD_INPUT names the member that is missing, unknown, twice there or wrong. */
gboolean ak_line_read(AkLineReader *reader, AkView text, AkArena *arena, AkLine *out,
                      GError **error) AK_MUST_CHECK;

gboolean ak_line_is_blank(AkView text);

#endif
