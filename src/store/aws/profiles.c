#include "store/aws/profiles.h"

#include "store/aws/context.h"
#include "store/aws/credentials.h"

#include <sys/stat.h>

enum { MAX_LINE = 16 * 1024, MAX_SETTINGS = 16 * 1024 };

/* "profile NAME\nsetting" → value; "profile NAME\n" says that the section is there. */
struct AkAwsProfiles {
    GHashTable *values;
};

typedef struct {
    AkAwsProfiles *profiles;
    AkAwsFile file;
    char *section; /* "profile NAME", or NULL before the first and in one that is not ours */
    char *setting; /* the last one, for the lines that go on with it */
} Reader;

static void free_value(gpointer value)
{
    ak_secret_free(value);
}

AkAwsProfiles *ak_aws_profiles_new(void)
{
    AkAwsProfiles *profiles = g_new0(AkAwsProfiles, 1);

    profiles->values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_value);
    return profiles;
}

void ak_aws_profiles_free(AkAwsProfiles *profiles)
{
    if (profiles != NULL)
        g_hash_table_unref(profiles->values);
    g_free(profiles);
}

static void store(Reader *reader, const char *setting, const char *value)
{
    char *key = g_strconcat(reader->section, "\n", setting, NULL);

    g_hash_table_replace(reader->profiles->values, key, g_strdup(value));
}

static gboolean set_bad_line(GError **error, const char *why)
{
    g_set_error_literal(error, AK_ERROR, AK_ERROR_CONFIG, why);
    return FALSE;
}

/* What stands between the brackets, as "kind name"; NULL for a section that nobody asks for. */
static char *section_name(const Reader *reader, const char *inside)
{
    static const char *const kinds[] = {"profile", "services"};
    gsize kind_len = strcspn(inside, " \t");
    const char *rest = inside + kind_len + strspn(inside + kind_len, " \t");
    g_autofree char *name = g_strdup(rest);
    gsize len = strlen(name);

    if (reader->file == AK_AWS_FILE_CREDENTIALS || g_str_equal(inside, "default"))
        return g_strconcat("profile ", inside, NULL);
    if (len >= 2 && (name[0] == '"' || name[0] == '\'') && name[len - 1] == name[0]) {
        memmove(name, name + 1, len - 2);
        name[len - 2] = '\0';
    }
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (name[0] != '\0' && strlen(kinds[i]) == kind_len &&
            strncmp(kinds[i], inside, kind_len) == 0)
            return g_strconcat(kinds[i], " ", name, NULL);
    }
    return NULL;
}

static gboolean read_section(Reader *reader, const char *line, GError **error)
{
    const char *end = strchr(line, ']');

    g_clear_pointer(&reader->section, g_free);
    g_clear_pointer(&reader->setting, g_free);
    if (end == NULL)
        return set_bad_line(error, "no ']' after a section's name");
    g_autofree char *inside = g_strstrip(g_strndup(line + 1, (gsize)(end - line) - 1));
    if (inside[0] == '\0')
        return set_bad_line(error, "a section without a name");
    reader->section = section_name(reader, inside);
    if (reader->section != NULL)
        store(reader, "", "");
    return TRUE;
}

/* A comment inside a line starts with a blank and '#' or ';'. */
static void cut_comment(char *value)
{
    for (char *c = value; *c != '\0'; c++) {
        if ((*c == '#' || *c == ';') && c > value && g_ascii_isspace(c[-1])) {
            *c = '\0';
            break;
        }
    }
    g_strchomp(value);
}

static gboolean read_setting(Reader *reader, char *line, const char *outer, GError **error)
{
    char *equals = strchr(line, '=');

    if (equals == NULL || equals == line)
        return set_bad_line(error, "neither a section, a setting nor a comment");
    g_autofree char *name = g_strchomp(g_ascii_strdown(line, equals - line));
    char *value = g_strchug(equals + 1);
    cut_comment(value);
    if (reader->section == NULL)
        return TRUE;
    if (g_hash_table_size(reader->profiles->values) >= MAX_SETTINGS)
        return set_bad_line(error, "too many settings");
    g_autofree char *full = outer != NULL ? g_strconcat(outer, ".", name, NULL) : g_strdup(name);
    store(reader, full, value);
    if (outer == NULL) {
        g_free(reader->setting);
        reader->setting = g_strdup(name);
    }
    return TRUE;
}

/* An indented line goes on with the setting above: nested settings when that has no value. */
static gboolean read_continuation(Reader *reader, char *line, GError **error)
{
    if (reader->section == NULL)
        return TRUE;
    if (reader->setting == NULL)
        return set_bad_line(error, "an indented line that belongs to no setting");
    g_autofree char *key = g_strconcat(reader->section, "\n", reader->setting, NULL);
    const char *value = g_hash_table_lookup(reader->profiles->values, key);
    if (value == NULL || value[0] == '\0')
        return read_setting(reader, line, reader->setting, error);
    g_autoptr(AkSecret) longer = g_strconcat(value, "\n", line, NULL);
    store(reader, reader->setting, longer);
    return TRUE;
}

static gboolean read_line(Reader *reader, const char *text, gsize len, GError **error)
{
    if (len > MAX_LINE)
        return set_bad_line(error, "the line is too long");
    g_autoptr(AkSecret) copy = g_strndup(text, len);
    gboolean is_indented = g_ascii_isspace(copy[0]);
    char *line = g_strstrip(copy);

    if (line[0] == '\0' || line[0] == '#' || line[0] == ';')
        return TRUE;
    if (is_indented)
        return read_continuation(reader, line, error);
    return line[0] == '[' ? read_section(reader, line, error)
                          : read_setting(reader, line, NULL, error);
}

gboolean ak_aws_profiles_add(AkAwsProfiles *profiles, AkView text, AkAwsFile file, GError **error)
{
    Reader reader = {profiles, file, NULL, NULL};
    gboolean is_read = TRUE;
    guint number = 0;

    if (text.len > AK_AWS_FILE_MAX || (text.len > 0 && memchr(text.data, '\0', text.len) != NULL))
        return set_bad_line(error, "too large, or not a text file");
    while (is_read && text.len > 0) {
        const char *end = memchr(text.data, '\n', text.len);
        gsize len = end != NULL ? (gsize)(end - text.data) : text.len;
        gsize used = end != NULL ? len + 1 : len;

        number++;
        is_read = read_line(&reader, text.data, len, error);
        text = ak_view(text.data + used, text.len - used);
    }
    if (!is_read)
        g_prefix_error(error, "line %u: ", number);
    g_free(reader.section);
    g_free(reader.setting);
    return is_read;
}

typedef struct {
    const char *variable;
    const char *name;
    AkAwsFile file;
} SharedFile;

/* In the order of reading: the later one wins. */
static const SharedFile shared_files[] = {
    {"AWS_CONFIG_FILE", "config", AK_AWS_FILE_CONFIG},
    {"AWS_SHARED_CREDENTIALS_FILE", "credentials", AK_AWS_FILE_CREDENTIALS},
};

static char *path_of(char **environ, const SharedFile *file)
{
    const char *given = ak_aws_env(environ, file->variable);
    const char *home = ak_aws_env(environ, "HOME");

    if (given != NULL && !g_str_has_prefix(given, "~/"))
        return g_strdup(given);
    if (home == NULL)
        home = g_get_home_dir();
    return given != NULL ? g_build_filename(home, given + 2, NULL)
                         : g_build_filename(home, ".aws", file->name, NULL);
}

static gboolean load_file(AkAwsProfiles *profiles, const char *path, AkAwsFile file, GError **error)
{
    g_autoptr(AkSecret) text = NULL;
    g_autoptr(GError) cause = NULL;
    struct stat info;
    gsize len = 0;

    /* A device or a pipe would not end. */
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode)) {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG, "'%s' is no regular file", path);
        return FALSE;
    }
    if (!g_file_get_contents(path, &text, &len, &cause)) {
        if (g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_NOENT) ||
            g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_NOTDIR))
            return TRUE;
        g_set_error_literal(error, AK_ERROR, AK_ERROR_CONFIG, cause->message);
        return FALSE;
    }
    if (ak_aws_profiles_add(profiles, ak_view(text, len), file, error))
        return TRUE;
    g_prefix_error(error, "cannot read the AWS settings in '%s': ", path);
    return FALSE;
}

AkAwsProfiles *ak_aws_profiles_load(char **environ, GError **error)
{
    g_autoptr(AkAwsProfiles) profiles = ak_aws_profiles_new();

    for (gsize i = 0; i < G_N_ELEMENTS(shared_files); i++) {
        g_autofree char *path = path_of(environ, &shared_files[i]);

        if (!load_file(profiles, path, shared_files[i].file, error))
            return NULL;
    }
    return g_steal_pointer(&profiles);
}

char *ak_aws_profiles_stamp(char **environ)
{
    GString *stamp = g_string_new(NULL);

    for (gsize i = 0; i < G_N_ELEMENTS(shared_files); i++) {
        g_autofree char *path = path_of(environ, &shared_files[i]);
        struct stat info;

        if (stat(path, &info) == 0)
            g_string_append_printf(stamp, "%lu %ld %ld.%09ld", (unsigned long)info.st_ino,
                                   (long)info.st_size, (long)info.st_mtim.tv_sec,
                                   info.st_mtim.tv_nsec);
        g_string_append_c(stamp, '\n');
    }
    return g_string_free(stamp, FALSE);
}

gboolean ak_aws_profiles_has(const AkAwsProfiles *profiles, const char *kind, const char *name)
{
    g_autofree char *key = g_strconcat(kind, " ", name, "\n", NULL);

    return g_hash_table_contains(profiles->values, key);
}

const char *ak_aws_profiles_get(const AkAwsProfiles *profiles, const char *kind, const char *name,
                                const char *setting)
{
    g_autofree char *key = g_strconcat(kind, " ", name, "\n", setting, NULL);
    const char *value = g_hash_table_lookup(profiles->values, key);

    return value != NULL && value[0] != '\0' ? value : NULL;
}
