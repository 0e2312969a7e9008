#ifndef AK_CLI_INPUT_H
#define AK_CLI_INPUT_H

#include "util/buf.h"
#include "util/error.h"

/* Everything of the file, or of standard input for NULL and "-". BAD_INPUT beyond @max bytes. */
gboolean ak_input_read_all(const char *path, gsize max, AkBuf *out, GError **error) AK_MUST_CHECK;

/* Lines of a file descriptor. Set fd, max_line and stop; zero the rest. */
typedef struct {
    int fd;
    gsize max_line;            /* a longer one is BAD_INPUT */
    const volatile gint *stop; /* non-zero: CANCELLED instead of waiting; may be NULL */
    AkBuf buf;
    gsize start;    /* of the next line in buf */
    gsize scanned;  /* bytes of it that hold no newline */
    guint64 number; /* of the line handed out last, from 1 */
    gboolean is_at_end;
} AkInputLines;

typedef enum { AK_INPUT_LINE, AK_INPUT_WAIT, AK_INPUT_END } AkInputStep;

/*
 * The next line, without its newline, valid until the next call. When there is none without
 * waiting for it, waits if @may_wait, else says AK_INPUT_WAIT.
 */
gboolean ak_input_next(AkInputLines *lines, gboolean may_wait, AkInputStep *out_step,
                       AkView *out_line, GError **error) AK_MUST_CHECK;

void ak_input_clear(AkInputLines *lines);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AkInputLines, ak_input_clear)

#endif
