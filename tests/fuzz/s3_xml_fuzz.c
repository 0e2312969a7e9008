/*
 * An answer of S3 is read as a listing or refused with a reason, and an error's code is found or
 * not; what a listing names has a key, and the keys are in order.
 */
#include "fuzz.h"

#include "store/s3_xml.h"

static void check_page(const AkS3Page *page)
{
    const char *last = "";

    for (guint i = 0; i < page->objects->len; i++) {
        const AkObject *object = &g_array_index(page->objects, AkObject, i);

        if (object->key == NULL || strcmp(last, object->key) > 0)
            g_error("no key, or out of order");
        last = object->key;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AkView xml = ak_view((const char *)data, size);
    g_autofree char *code = ak_xml_text(xml, "Error/Code");
    g_auto(AkS3Page) page = {0};
    g_autoptr(GError) error = NULL;

    if (code != NULL && !g_utf8_validate(code, -1, NULL))
        g_error("a code that is not UTF-8");
    if (ak_s3_xml_versions(xml, &page, &error)) {
        if (error != NULL || code != NULL)
            g_error("a listing and an error");
        check_page(&page);
    } else if (!g_error_matches(error, AK_ERROR, AK_ERROR_BAD_INPUT) || page.objects != NULL) {
        g_error("refused without a reason, or with a page");
    }
    return 0;
}
