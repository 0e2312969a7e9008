/*
 * The headers of an answer, one a line "name: value", are read as an object or refused; the bytes
 * of a ranged answer are the ones asked for or refused.
 */
#include "fuzz.h"

#include "store/s3_driver.h"

static void read_headers(AkS3Reply *reply, const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", 1000);

    for (char **line = lines; *line != NULL; line++) {
        g_auto(GStrv) pair = g_strsplit(*line, ":", 2);

        if (pair[0] != NULL && pair[1] != NULL) {
            g_autofree char *name = g_ascii_strdown(pair[0], -1);

            ak_pairs_add(&reply->http.headers, name, g_strstrip(pair[1]));
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    g_auto(AkS3Reply) reply = {0};
    g_auto(AkObject) object = {0};
    AkView piece = AK_VIEW_NULL;

    read_headers(&reply, text);
    if (ak_s3_read_object(&reply, &object) &&
        (object.meta == NULL || object.lock_mode == AK_LOCK_UNKNOWN))
        g_error("an object without metadata, or of a mode that no header says");
    ak_buf_append_literal(&reply.http.body, "0123456789");
    for (reply.http.status = 200; reply.http.status <= 206; reply.http.status += 6) {
        if (ak_s3_pick_range(&reply, 3, 4, &piece) && piece.len > 10)
            g_error("more than there is");
        if (reply.http.status == 200 && !ak_view_equal(piece, AK_VIEW("3456")))
            g_error("not what was asked for");
    }
    return 0;
}
