#include "verify/ledger.h"

#include "chain/base64.h"
#include "chain/ed25519.h"
#include "util/hex.h"

/*
 * A line of what it is, lines of where the chain stood, an empty line, a line per object in order
 * of their keys, and the signature over all that stands before it. Fields are divided by tabs.
 */
#define MAGIC "auditkeep-ledger/1"
#define SIGNATURE "signature\t"

enum { SIGNATURE_LEN = 64, OBJECT_FIELDS = 7, MAX_VERSION = 1024 };

static const char *or_dash(const char *text)
{
    return text != NULL && *text != '\0' ? text : "-";
}

static void append_hex(AkBuf *out, const guint8 *bytes, gsize len)
{
    ak_hex_encode(bytes, len, ak_buf_reserve(out, 2 * len));
    out->len += 2 * len;
}

static void write_cursor(AkBuf *out, const char *name, const AkCursor *cursor)
{
    ak_buf_append_printf(out, "%s\t%" G_GINT64_FORMAT "\t%s\t%s", name, cursor->index,
                         or_dash(cursor->id), or_dash(cursor->hash));
}

static void write_position(const AkLedger *ledger, AkBuf *out)
{
    const AkSealPosition *seals = &ledger->seals;
    g_auto(AkBuf) edge = {0};

    ak_buf_append_printf(out, MAGIC "\norigin\t%s\nmade\t%" G_GINT64_FORMAT "\ntree\t",
                         ledger->origin, ledger->made_usec);
    ak_tree_save(&ledger->tree, &edge);
    append_hex(out, (const guint8 *)edge.data, edge.len);
    ak_buf_append_byte(out, '\n');
    write_cursor(out, "head", &ledger->head);
    ak_buf_append_printf(out, "\nseals\t%" G_GINT64_FORMAT "\t%d\t%s\t%" G_GUINT64_FORMAT "\t",
                         seals->next_day, seals->has_last, or_dash(seals->last_hash), seals->size);
    append_hex(out, seals->root, sizeof seals->root);
    ak_buf_append_byte(out, '\n');
    write_cursor(out, "source", &ledger->source);
    ak_buf_append_printf(out, "\t%" G_GINT64_FORMAT "\n\n", ledger->source_ts_usec);
}

static void write_object(const AkLedgerObject *object, AkBuf *out)
{
    ak_buf_append_printf(
        out, "%s\t%s\t%" G_GSIZE_FORMAT "\t%" G_GINT64_FORMAT "\t%" G_GINT64_FORMAT "\t%u\t",
        object->key, or_dash(object->version), object->size, object->modified_usec,
        object->read_usec, object->n_faults);
    append_hex(out, object->sha256, sizeof object->sha256);
    ak_buf_append_byte(out, '\n');
}

gboolean ak_ledger_write(const AkLedger *ledger, const AkSigningKey *key, AkBuf *out,
                         GError **error)
{
    gsize start = out->len;
    guint8 signature[SIGNATURE_LEN];
    g_autoptr(GList) keys = NULL;

    write_position(ledger, out);
    keys = g_list_sort(g_hash_table_get_keys(ledger->objects), (GCompareFunc)strcmp);
    for (GList *l = keys; l != NULL; l = l->next)
        write_object(ak_ledger_find(ledger, l->data), out);
    if (!ak_signing_key_sign_raw(key, (const guint8 *)out->data + start, out->len - start,
                                 signature, error))
        return FALSE;
    ak_buf_append_literal(out, SIGNATURE);
    ak_base64_append(out, signature, sizeof signature);
    ak_buf_append_byte(out, '\n');
    return TRUE;
}

/* ---- reading ---- */

/* The next line of @rest, cut into @n fields, the first of which is @name; NULL when it is not. */
static char **next_fields(AkView *rest, const char *name, guint n)
{
    const char *end = memchr(rest->data, '\n', rest->len);
    g_auto(GStrv) fields = NULL;
    g_autofree char *line = NULL;

    if (end == NULL)
        return NULL;
    line = g_strndup(rest->data, (gsize)(end - rest->data));
    *rest = ak_view(end + 1, rest->len - (gsize)(end + 1 - rest->data));
    fields = g_strsplit(line, "\t", (gint)n + 1);
    if (g_strv_length(fields) != n || (name != NULL && strcmp(fields[0], name) != 0))
        return NULL;
    return g_steal_pointer(&fields);
}

static gboolean read_int(const char *text, gint64 min, gint64 max, gint64 *out)
{
    return g_ascii_string_to_signed(text, 10, min, max, out, NULL);
}

static gboolean read_text(const char *text, char *out, gsize size)
{
    return g_strlcpy(out, strcmp(text, "-") == 0 ? "" : text, size) < size;
}

static gboolean read_cursor(char **fields, AkCursor *out)
{
    return read_int(fields[1], -1, G_MAXINT64 - 1, &out->index) &&
           read_text(fields[2], out->id, sizeof out->id) &&
           read_text(fields[3], out->hash, sizeof out->hash);
}

static gboolean read_tree(const char *hex, AkTree *out)
{
    guint8 edge[sizeof(AkTree)];
    gsize len = strlen(hex) / 2;

    return len <= sizeof edge && ak_hex_decode(ak_view_str(hex), edge, len) &&
           ak_tree_load(ak_view((const char *)edge, len), out);
}

static gboolean read_seals(char **fields, AkSealPosition *out)
{
    gint64 has_last, size;

    if (!read_int(fields[1], G_MININT64, G_MAXINT64, &out->next_day) ||
        !read_int(fields[2], 0, 1, &has_last) ||
        !read_text(fields[3], out->last_hash, sizeof out->last_hash) ||
        !read_int(fields[4], 0, G_MAXINT64, &size) ||
        !ak_hex_decode(ak_view_str(fields[5]), out->root, sizeof out->root))
        return FALSE;
    out->has_last = has_last != 0;
    out->size = (guint64)size;
    return TRUE;
}

static gboolean read_position(AkView *rest, AkLedger *ledger)
{
    g_auto(GStrv) magic = next_fields(rest, MAGIC, 1);
    g_auto(GStrv) origin = next_fields(rest, "origin", 2);
    g_auto(GStrv) made = next_fields(rest, "made", 2);
    g_auto(GStrv) tree = next_fields(rest, "tree", 2);
    g_auto(GStrv) head = next_fields(rest, "head", 4);
    g_auto(GStrv) seals = next_fields(rest, "seals", 6);
    g_auto(GStrv) source = next_fields(rest, "source", 5);
    g_auto(GStrv) end = next_fields(rest, NULL, 0); /* of an empty line */

    if (magic == NULL || origin == NULL || made == NULL || tree == NULL || head == NULL ||
        seals == NULL || source == NULL || end == NULL)
        return FALSE;
    g_free(ledger->origin);
    ledger->origin = g_strdup(origin[1]);
    return read_int(made[1], 0, G_MAXINT64, &ledger->made_usec) &&
           read_tree(tree[1], &ledger->tree) && read_cursor(head, &ledger->head) &&
           (guint64)(ledger->head.index + 1) == ledger->tree.size &&
           read_seals(seals, &ledger->seals) && read_cursor(source, &ledger->source) &&
           read_int(source[4], G_MININT64, G_MAXINT64, &ledger->source_ts_usec);
}

static gboolean read_object(AkView *rest, AkLedger *ledger)
{
    g_auto(GStrv) fields = next_fields(rest, NULL, OBJECT_FIELDS);
    AkLedgerObject object = {0};
    gint64 size, n_faults;

    if (fields == NULL || *fields[0] == '\0' || strlen(fields[1]) > MAX_VERSION ||
        !read_int(fields[2], 0, G_MAXINT64, &size) ||
        !read_int(fields[3], G_MININT64, G_MAXINT64, &object.modified_usec) ||
        !read_int(fields[4], 0, G_MAXINT64, &object.read_usec) ||
        !read_int(fields[5], 0, G_MAXUINT, &n_faults) ||
        !ak_hex_decode(ak_view_str(fields[6]), object.sha256, sizeof object.sha256))
        return FALSE;
    object.key = fields[0];
    object.version = strcmp(fields[1], "-") == 0 ? NULL : fields[1];
    object.size = (gsize)size;
    object.n_faults = (guint)n_faults;
    ak_ledger_set(ledger, &object);
    return TRUE;
}

/* Where the last line begins, if it is a signature by the key; 0 when not. */
static gsize check_signature(AkView text, const guint8 public_key[32])
{
    g_autoptr(AkEd25519Key) key = ak_ed25519_key_new(public_key);
    const char *line;
    guint8 signature[SIGNATURE_LEN];
    gsize len, start;

    if (key == NULL || text.len < 2 || text.data[text.len - 1] != '\n')
        return 0;
    line = g_strrstr_len(text.data, (gssize)text.len, "\n" SIGNATURE);
    if (line == NULL)
        return 0;
    start = (gsize)(line + 1 - text.data);
    line += strlen("\n" SIGNATURE);
    if (!ak_base64_decode(ak_view(line, text.len - 1 - (gsize)(line - text.data)), signature,
                          sizeof signature, &len) ||
        len != sizeof signature ||
        !ak_ed25519_verify(key, (const guint8 *)text.data, start, signature))
        return 0;
    return start;
}

AkLedger *ak_ledger_read(AkView text, const guint8 public_key[32], const char *origin,
                         GError **error)
{
    g_autoptr(AkLedger) ledger = ak_ledger_new(origin);
    gsize signed_len = check_signature(text, public_key);
    AkView rest = ak_view(text.data, signed_len);
    gboolean is_read;

    if (signed_len == 0) {
        g_set_error(error, AK_ERROR, AK_ERROR_BAD_SIGNATURE,
                    "its last line is no signature by the ledger's key over what stands before it");
        return NULL;
    }
    is_read = read_position(&rest, ledger);
    while (is_read && rest.len > 0)
        is_read = read_object(&rest, ledger);
    if (!is_read) {
        g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT, "it is no ledger of format %d",
                    AK_LEDGER_FORMAT);
        return NULL;
    }
    if (strcmp(ledger->origin, origin) != 0) {
        g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT, "it is about '%s', not '%s'",
                    ledger->origin, origin);
        return NULL;
    }
    return g_steal_pointer(&ledger);
}
