#include "store/s3_xml.h"

#include "util/time.h"

static const char error_document[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>NoSuchKey</Code>"
    "<Message>a &lt;b&gt; &amp; c</Message><Detail><Code>inner</Code></Detail></Error>";

static void test_text_by_path(void)
{
    g_autofree char *code = ak_xml_text(ak_view_str(error_document), "Error/Code");
    g_autofree char *message = ak_xml_text(ak_view_str(error_document), "Error/Message");
    g_autofree char *inner = ak_xml_text(ak_view_str(error_document), "Error/Detail/Code");

    g_assert_cmpstr(code, ==, "NoSuchKey");
    g_assert_cmpstr(message, ==, "a <b> & c");
    g_assert_cmpstr(inner, ==, "inner");
    g_assert_null(ak_xml_text(ak_view_str(error_document), "Code"));
}

static void test_no_text_in_what_is_no_document(void)
{
    static const char *const texts[] = {"",
                                        "<",
                                        "<Error>",
                                        "{\"Error\":1}",
                                        "<a></b>",
                                        "<Error>\xff</Error>",
                                        "<Error><Code>&x;</Code></Error>"};

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        g_assert_null(ak_xml_text(ak_view_str(texts[i]), "Error/Code"));
}

static void test_depth_and_length_are_capped(void)
{
    g_autofree char *text = g_strnfill(8193, 'x');
    g_autofree char *overlong = g_strdup_printf("<Error><Code>%s</Code></Error>", text);
    g_autofree char *fits = g_strdup_printf("<Error><Code>%s</Code></Error>", text + 1);
    g_autofree char *code = ak_xml_text(ak_view_str(fits), "Error/Code");

    g_assert_null(ak_xml_text(ak_view_str(overlong), "Error/Code"));
    g_assert_cmpuint(strlen(code), ==, 8192);
    g_assert_null(ak_xml_text(AK_VIEW("<a><a><a><a><a><a><a><a><a>x</a></a></a></a></a></a></a>"
                                      "</a></a>"),
                              "a/a/a/a/a/a/a/a/a"));
}

static void read_page(const char *xml, AkS3Page *page)
{
    g_autoptr(GError) error = NULL;
    gboolean is_read = ak_s3_xml_versions(ak_view_str(xml), page, &error);

    g_assert_no_error(error);
    g_assert_true(is_read);
}

static const AkObject *object_at(const AkS3Page *page, guint i)
{
    return &g_array_index(page->objects, AkObject, i);
}

static void test_versions(void)
{
    g_auto(AkS3Page) page = {0};

    read_page("<ListVersionsResult xmlns=\"x\"><Name>b</Name><IsTruncated>true</IsTruncated>"
              "<NextKeyMarker>m</NextKeyMarker><NextVersionIdMarker>n</NextVersionIdMarker>"
              "<Version><Key>k</Key><VersionId>v2</VersionId><IsLatest>false</IsLatest>"
              "<LastModified>2026-01-02T03:04:05.678Z</LastModified><ETag>&quot;e&quot;</ETag>"
              "<Size>123456789012</Size><Owner><ID>i</ID></Owner></Version>"
              "<DeleteMarker><Key>k</Key><VersionId>v3</VersionId><IsLatest>true</IsLatest>"
              "<LastModified>2026-01-02T03:04:05Z</LastModified></DeleteMarker>"
              "<Version><Key>a</Key></Version></ListVersionsResult>",
              &page);
    g_assert_cmpuint(page.objects->len, ==, 3);
    g_assert_cmpstr(object_at(&page, 0)->key, ==, "a");
    g_assert_cmpstr(object_at(&page, 1)->version, ==, "v2");
    g_assert_cmpuint(object_at(&page, 1)->size, ==, 123456789012);
    g_assert_false(object_at(&page, 1)->is_latest);
    g_assert_cmpint(object_at(&page, 1)->modified_usec % AK_USEC_PER_SEC, ==, 678000);
    g_assert_true(object_at(&page, 2)->is_delete_marker);
    g_assert_true(object_at(&page, 2)->is_latest);
    g_assert_true(page.is_truncated);
    g_assert_cmpstr(page.next_key, ==, "m");
    g_assert_cmpstr(page.next_version, ==, "n");
}

static void test_keys_are_decoded_when_they_are_encoded(void)
{
    g_auto(AkS3Page) encoded = {0};
    g_auto(AkS3Page) plain = {0};

    read_page("<ListVersionsResult><EncodingType>url</EncodingType><Version><Key>a%2Fb%zz</Key>"
              "</Version><Version><Key>a%2Fb</Key></Version></ListVersionsResult>",
              &encoded);
    read_page("<ListVersionsResult><Version><Key>a%2Fb</Key></Version></ListVersionsResult>",
              &plain);
    g_assert_cmpstr(object_at(&encoded, 0)->key, ==, "a%2Fb%zz");
    g_assert_cmpstr(object_at(&encoded, 1)->key, ==, "a/b");
    g_assert_cmpstr(object_at(&plain, 0)->key, ==, "a%2Fb");
}

static void test_bad_listings_are_refused(void)
{
    static const char *const texts[] = {
        "",
        "<Error><Code>x</Code></Error>",
        "<ListVersionsResult><Version></Version></ListVersionsResult>",
        "<ListVersionsResult><Version><Key>k</Key><Size>-1</Size></Version></ListVersionsResult>",
        "<ListVersionsResult><Version><Key>k</Key><Size>1e3</Size></Version></ListVersionsResult>",
        ("<ListVersionsResult><Version><Key>k</Key><LastModified>now</LastModified></Version>"
         "</ListVersionsResult>"),
        "<ListVersionsResult><Version><Key>k</Key>",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_auto(AkS3Page) page = {0};
        g_autoptr(GError) error = NULL;

        g_assert_false(ak_s3_xml_versions(ak_view_str(texts[i]), &page, &error));
        g_assert_error(error, AK_ERROR, AK_ERROR_BAD_INPUT);
        g_assert_null(page.objects);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/store/s3-xml/text-by-path", test_text_by_path);
    g_test_add_func("/store/s3-xml/no-document", test_no_text_in_what_is_no_document);
    g_test_add_func("/store/s3-xml/caps", test_depth_and_length_are_capped);
    g_test_add_func("/store/s3-xml/versions", test_versions);
    g_test_add_func("/store/s3-xml/encoded-keys", test_keys_are_decoded_when_they_are_encoded);
    g_test_add_func("/store/s3-xml/bad-listings", test_bad_listings_are_refused);
    return g_test_run();
}
