/* Canonical JSON canonicalises to itself, never lossy, and another parser takes it. */
#include "fuzz.h"

#include "chain/canonical.h"

#include <json-glib/json-glib.h>

static void check_json_glib(AkView text)
{
    g_autoptr(JsonParser) parser = json_parser_new_immutable();
    g_autoptr(GError) error = NULL;

    if (!json_parser_load_from_data(parser, text.data, (gssize)text.len, &error))
        g_error("json-glib: %s", error->message);
}

static void check_string(AkCanonical *canonical, AkView bytes)
{
    g_auto(AkBuf) string = {0}, again = {0};
    g_autoptr(GError) error = NULL;

    ak_canonical_string(bytes, &string);
    if (!ak_canonical_json(canonical, ak_buf_view(&string), &again, NULL, &error))
        g_error("as a string: %s", error->message);
    if (!ak_view_equal(ak_buf_view(&string), ak_buf_view(&again)))
        g_error("the string changes");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(AkCanonical) canonical = ak_canonical_new();
    AkView text = ak_view((const char *)data, size);
    g_auto(AkBuf) out = {0}, again = {0};
    g_autoptr(GError) error = NULL;
    AkCanonicalInfo info;

    check_string(canonical, text);
    if (!ak_canonical_json(canonical, text, &out, NULL, NULL))
        return 0;
    if (!ak_canonical_json(canonical, ak_buf_view(&out), &again, &info, &error))
        g_error("again: %s", error->message);
    if (!ak_view_equal(ak_buf_view(&out), ak_buf_view(&again)))
        g_error("it changes");
    if (info.is_lossy || info.is_reshaped)
        g_error("it is lossy or reshaped");
    check_json_glib(ak_buf_view(&out));
    return 0;
}
