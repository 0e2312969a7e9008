#include "cli/input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

enum { CHUNK = 64 * 1024 };

/* Appends what one read gives; *out_len 0 at the end. */
static gboolean read_chunk(int fd, AkBuf *buf, gsize *out_len, GError **error)
{
    ssize_t got = read(fd, ak_buf_reserve(buf, CHUNK), CHUNK);

    if (got < 0 && errno == EISDIR) {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG, "the input is a directory");
        return FALSE;
    }
    if (got < 0) {
        g_set_error(error, AK_ERROR, AK_ERROR_INTERNAL, "the input cannot be read: %s",
                    g_strerror(errno));
        return FALSE;
    }
    buf->len += (gsize)got;
    *out_len = (gsize)got;
    return TRUE;
}

static gboolean read_all(int fd, gsize max, AkBuf *out, GError **error)
{
    gsize got;

    do {
        if (!read_chunk(fd, out, &got, error))
            return FALSE;
    } while (got > 0 && out->len <= max);
    if (out->len <= max)
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT, "the input is larger than %zu MiB",
                max / (1024 * 1024));
    return FALSE;
}

gboolean ak_input_read_all(const char *path, gsize max, AkBuf *out, GError **error)
{
    gboolean is_read;
    int fd;

    if (path == NULL || strcmp(path, "-") == 0)
        return read_all(STDIN_FILENO, max, out, error);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG, "file '%s' cannot be opened: %s", path,
                    g_strerror(errno));
        return FALSE;
    }
    is_read = read_all(fd, max, out, error);
    (void)close(fd);
    if (!is_read)
        g_prefix_error(error, "file '%s': ", path);
    return is_read;
}

static gboolean is_stopped(const AkInputLines *lines, GError **error)
{
    if (lines->stop == NULL || *lines->stop == 0)
        return FALSE;
    g_set_error(error, AK_ERROR, AK_ERROR_CANCELLED, "stopped by a signal");
    return TRUE;
}

/* *out_ready FALSE: nothing to read now, and we were not to wait. */
static gboolean wait_readable(AkInputLines *lines, gboolean may_wait, gboolean *out_ready,
                              GError **error)
{
    /* A wait has an end, so that a signal between the test and the poll is seen too. */
    enum { POLL_MS = 500 };
    struct pollfd fd = {.fd = lines->fd, .events = POLLIN};
    int n;

    do {
        if (is_stopped(lines, error))
            return FALSE;
        n = poll(&fd, 1, may_wait ? POLL_MS : 0);
    } while (n < 0 ? errno == EINTR : n == 0 && may_wait);
    if (n < 0) {
        g_set_error(error, AK_ERROR, AK_ERROR_INTERNAL, "the input cannot be polled: %s",
                    g_strerror(errno));
        return FALSE;
    }
    *out_ready = n > 0;
    return TRUE;
}

static gboolean take_line(AkInputLines *lines, AkView *out_line)
{
    const char *data = lines->buf.data;
    gsize left = lines->buf.len - lines->start;
    const char *end = left > lines->scanned ? memchr(data + lines->start + lines->scanned, '\n',
                                                     left - lines->scanned)
                                            : NULL;
    gsize len = end != NULL ? (gsize)(end - data) - lines->start : left;

    lines->scanned = end != NULL ? 0 : left;
    if (end == NULL && !(lines->is_at_end && left > 0))
        return FALSE;
    *out_line = ak_view(data + lines->start, len);
    lines->start += len + (end != NULL);
    lines->scanned = 0;
    lines->number++;
    return TRUE;
}

static gboolean fill(AkInputLines *lines, GError **error)
{
    gsize got;

    if (lines->start > 0) {
        lines->buf.len -= lines->start;
        memmove(lines->buf.data, lines->buf.data + lines->start, lines->buf.len);
        lines->start = 0;
    }
    if (!read_chunk(lines->fd, &lines->buf, &got, error))
        return FALSE;
    lines->is_at_end = got == 0;
    return TRUE;
}

static gboolean check_length(const AkInputLines *lines, gsize len, guint64 number, GError **error)
{
    if (len <= lines->max_line)
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT,
                "line %" G_GUINT64_FORMAT
                " is larger than %zu bytes; hint: --max-event-bytes sets the limit",
                number, lines->max_line);
    return FALSE;
}

gboolean ak_input_next(AkInputLines *lines, gboolean may_wait, AkInputStep *out_step,
                       AkView *out_line, GError **error)
{
    gboolean is_ready;

    if (is_stopped(lines, error))
        return FALSE;
    while (!take_line(lines, out_line)) {
        if (!check_length(lines, lines->scanned, lines->number + 1, error))
            return FALSE;
        if (lines->is_at_end) {
            *out_step = AK_INPUT_END;
            return TRUE;
        }
        if (!wait_readable(lines, may_wait, &is_ready, error))
            return FALSE;
        if (!is_ready) {
            *out_step = AK_INPUT_WAIT;
            return TRUE;
        }
        if (!fill(lines, error))
            return FALSE;
    }
    *out_step = AK_INPUT_LINE;
    return check_length(lines, out_line->len, lines->number, error);
}

void ak_input_clear(AkInputLines *lines)
{
    ak_buf_clear(&lines->buf);
}
