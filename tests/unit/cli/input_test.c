#include "cli/input.h"

#include <glib-unix.h>
#include <unistd.h>

typedef struct {
    int ends[2];
    AkInputLines lines;
    AkInputStep step;
    AkView line;
    GError *error;
} Fixture;

static void set_up(Fixture *f, gconstpointer data)
{
    g_assert_true(g_unix_open_pipe(f->ends, FD_CLOEXEC, NULL));
    f->lines = (AkInputLines){.fd = f->ends[0], .max_line = 10};
}

static void tear_down(Fixture *f, gconstpointer data)
{
    (void)close(f->ends[0]);
    if (f->ends[1] >= 0)
        (void)close(f->ends[1]);
    ak_input_clear(&f->lines);
    g_clear_error(&f->error);
}

static void feed(Fixture *f, const char *text)
{
    g_assert_cmpint(write(f->ends[1], text, strlen(text)), ==, (gssize)strlen(text));
}

static void end(Fixture *f)
{
    (void)close(f->ends[1]);
    f->ends[1] = -1;
}

static gboolean next(Fixture *f)
{
    g_clear_error(&f->error);
    return ak_input_next(&f->lines, FALSE, &f->step, &f->line, &f->error);
}

static void assert_line(Fixture *f, const char *wanted)
{
    g_assert_true(next(f));
    g_assert_cmpint(f->step, ==, AK_INPUT_LINE);
    g_assert_cmpmem(f->line.data, f->line.len, wanted, strlen(wanted));
}

static void assert_step(Fixture *f, AkInputStep wanted)
{
    g_assert_true(next(f));
    g_assert_cmpint(f->step, ==, wanted);
}

static void test_lines(Fixture *f, gconstpointer data)
{
    feed(f, "one\n\nth");
    assert_line(f, "one");
    assert_line(f, "");
    assert_step(f, AK_INPUT_WAIT);
    feed(f, "ree\n");
    assert_line(f, "three");
    g_assert_cmpuint(f->lines.number, ==, 3);
    end(f);
    assert_step(f, AK_INPUT_END);
    assert_step(f, AK_INPUT_END);
}

static void test_last_line_without_newline(Fixture *f, gconstpointer data)
{
    feed(f, "a\nlast");
    end(f);
    assert_line(f, "a");
    assert_line(f, "last");
    assert_step(f, AK_INPUT_END);
}

static void test_line_of_the_limit(Fixture *f, gconstpointer data)
{
    feed(f, "0123456789\n");
    assert_line(f, "0123456789");
}

static void test_line_too_long(Fixture *f, gconstpointer data)
{
    feed(f, "a\n01234567890\n");
    assert_line(f, "a");
    g_assert_false(next(f));
    g_assert_error(f->error, AK_ERROR, AK_ERROR_BAD_INPUT);
    g_assert_nonnull(strstr(f->error->message, "line 2 "));
}

/* Refused when the limit is passed, not when the newline comes: it may never come. */
static void test_line_that_does_not_end(Fixture *f, gconstpointer data)
{
    feed(f, "01234567890");
    g_assert_false(next(f));
    g_assert_error(f->error, AK_ERROR, AK_ERROR_BAD_INPUT);
    g_assert_nonnull(strstr(f->error->message, "line 1 "));
}

static void test_stopped(Fixture *f, gconstpointer data)
{
    volatile gint stop = 1;

    f->lines.stop = &stop;
    g_assert_false(ak_input_next(&f->lines, TRUE, &f->step, &f->line, &f->error));
    g_assert_error(f->error, AK_ERROR, AK_ERROR_CANCELLED);
}

static void test_read_all(void)
{
    g_autofree char *path = NULL;
    g_autoptr(GError) error = NULL;
    g_auto(AkBuf) out = {0};
    int fd = g_file_open_tmp("ak-input-XXXXXX", &path, NULL);

    g_assert_cmpint(write(fd, "0123456789", 10), ==, 10);
    (void)close(fd);
    g_assert_true(ak_input_read_all(path, 10, &out, &error));
    g_assert_cmpmem(out.data, out.len, "0123456789", 10);
    ak_buf_truncate(&out, 0);
    g_assert_false(ak_input_read_all(path, 9, &out, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_BAD_INPUT);
    (void)unlink(path);
    g_clear_error(&error);
    g_assert_false(ak_input_read_all(path, 9, &out, &error));
    g_assert_error(error, AK_ERROR, AK_ERROR_CONFIG);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/cli/input/lines", Fixture, NULL, set_up, test_lines, tear_down);
    g_test_add("/cli/input/last-line-without-newline", Fixture, NULL, set_up,
               test_last_line_without_newline, tear_down);
    g_test_add("/cli/input/line-of-the-limit", Fixture, NULL, set_up, test_line_of_the_limit,
               tear_down);
    g_test_add("/cli/input/line-too-long", Fixture, NULL, set_up, test_line_too_long, tear_down);
    g_test_add("/cli/input/line-that-does-not-end", Fixture, NULL, set_up,
               test_line_that_does_not_end, tear_down);
    g_test_add("/cli/input/stopped", Fixture, NULL, set_up, test_stopped, tear_down);
    g_test_add_func("/cli/input/read-all", test_read_all);
    return g_test_run();
}
