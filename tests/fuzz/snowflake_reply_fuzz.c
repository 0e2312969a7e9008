#include "fuzz.h"
#include "sink/snowflake_reply.h"

/* The first byte says which reader the rest goes to. */
static void read_channel(AkView body, gboolean is_open)
{
    g_auto(AkSnowflakeStatus) status = {0};
    g_autoptr(GError) error = NULL;
    g_autofree char *token = NULL;
    gboolean is_known = FALSE;
    gboolean is_read = is_open ? ak_snowflake_read_open(body, &token, &status, &error)
                               : ak_snowflake_read_statuses(body, "C", &is_known, &status, &error);
    guint64 index;

    g_assert_true(is_read == (error == NULL));
    if (status.committed != NULL && ak_snowflake_read_offset(status.committed, &index))
        g_assert_cmpuint(index, <=, G_MAXINT64);
}

static void read_result(AkView body)
{
    g_auto(AkSnowflakeResult) result = {0};
    g_autoptr(GError) error = NULL;

    g_assert_true(ak_snowflake_read_result(body, &result, &error) == (error == NULL));
}

static void read_text(AkView body)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *host = ak_snowflake_read_text(body, "hostname", &error);
    g_autofree char *next = ak_snowflake_read_append(body, NULL);

    g_assert_true((host != NULL) == (error == NULL));
    g_assert_true(next == NULL || strpbrk(next, " \r\n") == NULL);
}

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
    g_autofree char *code = NULL;
    g_autofree char *message = NULL;

    if (size == 0)
        return 0;
    AkView body = ak_view((const char *)data + 1, size - 1);
    switch (data[0] % 4) {
    case 0:
        read_text(body);
        break;
    case 1:
        read_channel(body, TRUE);
        read_channel(body, FALSE);
        break;
    case 2:
        read_result(body);
        break;
    default:
        ak_snowflake_read_error(body, &code, &message);
        g_assert_true(code == NULL || strpbrk(code, " \"\r\n") == NULL);
        g_assert_true(message == NULL || g_utf8_validate(message, -1, NULL));
    }
    return 0;
}
