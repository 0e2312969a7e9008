#include "store/s3_xml.h"

#include "util/time.h"

typedef struct {
    AkS3Page *page;
    AkObject current;
    gboolean is_listing;
    gboolean is_encoded;
} Versions;

/* Unescaped as encoding-type=url asks for; as it stands where that does not work out. */
static char *decode(const char *text)
{
    char *plain = g_uri_unescape_string(text, NULL);

    return plain != NULL ? plain : g_strdup(text);
}

static void replace(char **place, char *text)
{
    g_free(*place);
    *place = text;
}

static gboolean read_field(AkObject *object, const char *field, const char *text, GError **error)
{
    guint64 size = 0;

    if (g_str_equal(field, "Key"))
        replace(&object->key, g_strdup(text));
    else if (g_str_equal(field, "VersionId"))
        replace(&object->version, g_strdup(text));
    else if (g_str_equal(field, "IsLatest"))
        object->is_latest = g_str_equal(text, "true");
    else if (g_str_equal(field, "LastModified")) {
        if (!ak_time_parse(ak_view_str(text), &object->modified_usec)) {
            g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT, "bad time in the listing");
            return FALSE;
        }
    } else if (g_str_equal(field, "Size")) {
        if (!g_ascii_string_to_unsigned(text, 10, 0, G_MAXINT64, &size, NULL)) {
            g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT, "bad size in the listing");
            return FALSE;
        }
        object->size = size;
    }
    return TRUE;
}

static gboolean end_object(Versions *versions, gboolean is_delete_marker, GError **error)
{
    AkObject *object = &versions->current;

    if (object->key == NULL) {
        g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT, "an object without key in the listing");
        return FALSE;
    }
    object->is_delete_marker = is_delete_marker;
    g_array_append_val(versions->page->objects, *object);
    versions->current = (AkObject){0};
    return TRUE;
}

static gboolean read_version(const char *path, const char *text, gpointer data, GError **error)
{
    Versions *versions = data;
    AkS3Page *page = versions->page;
    const char *slash = strchr(path, '/');
    const char *field = slash != NULL ? slash + 1 : "";

    if (!g_str_has_prefix(path, "ListVersionsResult")) {
        g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT, "the answer is not a list of versions");
        return FALSE;
    }
    versions->is_listing = TRUE;
    if (g_str_has_prefix(field, "Version/"))
        return read_field(&versions->current, field + strlen("Version/"), text, error);
    if (g_str_has_prefix(field, "DeleteMarker/"))
        return read_field(&versions->current, field + strlen("DeleteMarker/"), text, error);
    if (g_str_equal(field, "Version"))
        return end_object(versions, FALSE, error);
    if (g_str_equal(field, "DeleteMarker"))
        return end_object(versions, TRUE, error);
    if (g_str_equal(field, "IsTruncated"))
        page->is_truncated = g_str_equal(text, "true");
    else if (g_str_equal(field, "EncodingType"))
        versions->is_encoded = g_str_equal(text, "url");
    else if (g_str_equal(field, "NextKeyMarker"))
        replace(&page->next_key, g_strdup(text));
    else if (g_str_equal(field, "NextVersionIdMarker"))
        replace(&page->next_version, g_strdup(text));
    return TRUE;
}

static void undo_encoding(AkS3Page *page)
{
    for (guint i = 0; i < page->objects->len; i++) {
        AkObject *object = &g_array_index(page->objects, AkObject, i);

        replace(&object->key, decode(object->key));
    }
    if (page->next_key != NULL)
        replace(&page->next_key, decode(page->next_key));
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(((const AkObject *)a)->key, ((const AkObject *)b)->key);
}

static void clear_object(gpointer object)
{
    ak_object_clear(object);
}

gboolean ak_s3_xml_versions(AkView xml, AkS3Page *out, GError **error)
{
    Versions versions = {.page = out};

    *out = (AkS3Page){.objects = g_array_new(FALSE, TRUE, sizeof(AkObject))};
    g_array_set_clear_func(out->objects, clear_object);
    gboolean is_read = ak_xml_walk(xml, read_version, &versions, error);
    ak_object_clear(&versions.current);
    if (is_read && versions.is_listing) {
        if (versions.is_encoded)
            undo_encoding(out);
        /* Some stores list all delete markers after the versions. The sort is stable. */
        g_array_sort(out->objects, compare_keys);
        return TRUE;
    }
    ak_s3_page_clear(out);
    if (is_read)
        g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT, "the answer is not a list of versions");
    return FALSE;
}

void ak_s3_page_clear(AkS3Page *page)
{
    g_clear_pointer(&page->objects, g_array_unref);
    g_free(page->next_key);
    g_free(page->next_version);
    *page = (AkS3Page){0};
}
