#include "cli/verify_page.h"

#include "cli/text.h"
#include "cli/verify_calendar.h"
#include "cli/verify_style.h"
#include "util/error.h"
#include "util/hex.h"
#include "util/time.h"

/* A page is for reading: beyond that the JSON output has them all. */
enum { MAX_GROUPS = 500 };

/* What was seen of the objects of one chain. */
typedef struct {
    guint64 n_objects, n_read, bytes;
    guint64 n_compliance, n_governance, n_unlocked, n_unseen;
    gint64 first_release_usec; /* the earliest end of a lock */
    guint64 n_replicated, n_pending, n_failed;
} Tally;

struct AkVerifyPage {
    char *archive;
    GString *body;
    gboolean has_faults, is_incomplete;
    guint n_chains;
    /* of the chain that is under way */
    GString *findings;
    guint64 n_groups;
    Tally tally;
    AkVerifyCalendar *calendar;
};

/* Every string that goes in is escaped. */
static void add(GString *out, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void add(GString *out, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_markup_vprintf_escaped(format, args);
    va_end(args);
    g_string_append(out, text);
}

static void begin_chain(AkVerifyPage *page)
{
    page->tally = (Tally){.first_release_usec = G_MAXINT64};
    page->n_groups = 0;
    g_string_truncate(page->findings, 0);
    ak_verify_calendar_free(page->calendar);
    page->calendar = ak_verify_calendar_new();
}

AkVerifyPage *ak_verify_page_new(const char *archive)
{
    AkVerifyPage *page = g_new0(AkVerifyPage, 1);

    page->archive = g_strdup(archive);
    page->body = g_string_new(NULL);
    page->findings = g_string_new(NULL);
    begin_chain(page);
    return page;
}

void ak_verify_page_free(AkVerifyPage *page)
{
    if (page == NULL)
        return;
    g_free(page->archive);
    (void)g_string_free(page->body, TRUE);
    (void)g_string_free(page->findings, TRUE);
    ak_verify_calendar_free(page->calendar);
    g_free(page);
}

static void count_lock(Tally *tally, const AkVerifiedObject *object)
{
    switch (object->lock_mode) {
    case AK_LOCK_COMPLIANCE:
        tally->n_compliance++;
        break;
    case AK_LOCK_GOVERNANCE:
        tally->n_governance++;
        break;
    case AK_LOCK_UNKNOWN:
        tally->n_unseen++;
        return;
    case AK_LOCK_NONE:
        tally->n_unlocked++;
        return;
    }
    tally->first_release_usec = MIN(tally->first_release_usec, object->retain_until_usec);
}

void ak_verify_page_add_object(AkVerifyPage *page, const AkVerifiedObject *object)
{
    Tally *tally = &page->tally;

    ak_verify_calendar_add(page->calendar, object);
    tally->n_objects++;
    tally->bytes += object->size;
    tally->n_read += object->is_read;
    tally->n_replicated += object->replication == AK_REPLICATION_COMPLETED;
    tally->n_pending += object->replication == AK_REPLICATION_PENDING;
    tally->n_failed += object->replication == AK_REPLICATION_FAILED;
    if (object->has_lock)
        count_lock(tally, object);
}

static void add_span(GString *out, const char *first, const char *last)
{
    if (first == NULL)
        return;
    add(out, "<br><code>%s</code>", first);
    if (g_strcmp0(last, first) != 0)
        add(out, " to <code>%s</code>", last);
}

static void add_indexes(GString *out, const AkFindingGroup *group)
{
    if (group->first_index >= 0)
        add(out, ", index %" G_GINT64_FORMAT, group->first_index);
    if (group->last_index > group->first_index)
        add(out, " to %" G_GINT64_FORMAT, group->last_index);
}

void ak_verify_page_add_group(AkVerifyPage *page, const AkFindingGroup *group)
{
    GString *out = page->findings;

    if (page->n_groups++ >= MAX_GROUPS)
        return;
    add(out, "<li><b%s>%s</b> in %s", ak_fault_is_notice(group->code) ? "" : " class=bad",
        ak_fault_name(group->code), group->where);
    add_indexes(out, group);
    if (group->count > 1)
        add(out, " (%" G_GUINT64_FORMAT " in a row)", group->count);
    if (group->detail != NULL)
        add(out, "<br>%s", group->detail);
    add(out, "<br><span class=\"dim\">%s</span>", ak_fault_remedy(group->code));
    add_span(out, group->first_id, group->last_id);
    add_span(out, group->first_key, group->last_key);
    add(out, "\n");
}

static void add_verdict(GString *out, const AkVerifyReport *report, gboolean is_complete)
{
    if (report->n_faults > 0)
        add(out,
            "<p class=\"verdict faults\">&#10007; %" G_GUINT64_FORMAT " fault%s found%s.</p>\n",
            report->n_faults, ak_text_plural(report->n_faults),
            is_complete ? "" : ", and not everything could be looked at");
    else if (!is_complete)
        add(out, "<p class=\"verdict faults\">&#10007; Not finished: not everything could be "
                 "looked at.</p>\n");
    else
        add(out, "<p class=\"verdict clean\">&#10003; Clean: no fault was found.</p>\n");
}

static void add_count(GString *out, const char *name, guint64 n, const char *what)
{
    add(out, "<dt>%s<dd>%" G_GUINT64_FORMAT " %s%s\n", name, n, what, ak_text_plural(n));
}

static void add_head(GString *out, const char *name, const AkCursor *head)
{
    if (head->index >= 0)
        add(out,
            "<dt>%s<dd>index %" G_GINT64_FORMAT ", event <code>%s</code>, hash <code>%s</code>\n",
            name, head->index, head->id, head->hash);
}

static void add_facts(GString *out, const AkVerifyConfig *config, const AkVerifyReport *report)
{
    add(out, "<dl>\n");
    if ((config->what & AK_VERIFY_SOURCE) != 0)
        add_count(out, "Database", report->source_events, "event");
    if ((config->what & AK_VERIFY_ARCHIVE) != 0)
        add_count(out, "Archive", report->archive_events, "event");
    if ((config->what & AK_VERIFY_CROSS) != 0)
        add_count(out, "Compared", report->cross_events, "event");
    if (config->signers != NULL)
        add_count(out, "Signatures checked", report->signatures, "signature");
    else
        add(out, "<dt>Signatures<dd>not checked: no registry of signers was given\n");
    if ((config->what & AK_VERIFY_ARCHIVE) != 0 && config->checkpoint_key == NULL)
        add(out, "<dt>Checkpoints<dd>signatures not checked: no key was given\n");
    add_head(out, "Head in the database", &report->source_head);
    add_head(out, "Head in the archive", &report->archive_head);
    if (report->has_root) {
        g_autofree char *root = ak_hex_string(report->root, AK_SHA256_LEN);

        add(out, "<dt>Merkle tree<dd>size %" G_GUINT64_FORMAT ", root <code>%s</code>\n",
            report->tree_size, root);
    }
    if (config->sample > 0)
        add(out, "<dt>Sample<dd>%" G_GUINT64_FORMAT " objects, seed %" G_GUINT64_FORMAT "\n",
            config->sample, config->seed);
    add(out, "</dl>\n");
}

static void add_faults(GString *out, const AkVerifyPage *page)
{
    if (page->n_groups == 0)
        return;
    add(out, "<h3>Findings</h3>\n<ol>\n");
    g_string_append_len(out, page->findings->str, (gssize)page->findings->len);
    add(out, "</ol>\n");
    if (page->n_groups > MAX_GROUPS)
        add(out,
            "<p>%" G_GUINT64_FORMAT " more are not shown; the output of --json has them.</p>\n",
            page->n_groups - MAX_GROUPS);
}

static void add_objects(GString *out, const Tally *tally)
{
    char release[AK_TIME_MAX];

    if (tally->n_objects == 0)
        return;
    add(out, "<h3>Objects and locks</h3>\n<dl>\n");
    add_count(out, "Looked at", tally->n_objects, "object");
    add_count(out, "Read in full", tally->n_read, "object");
    add_count(out, "Size", tally->bytes, "byte");
    add_count(out, "Locked, compliance", tally->n_compliance, "object");
    if (tally->n_governance > 0)
        add_count(out, "Locked, governance", tally->n_governance, "object");
    if (tally->n_unlocked > 0)
        add_count(out, "Not locked", tally->n_unlocked, "object");
    if (tally->n_unseen > 0)
        add_count(out, "Lock not visible to us", tally->n_unseen, "object");
    if (tally->first_release_usec != G_MAXINT64) {
        (void)ak_time_format(tally->first_release_usec, release);
        add(out, "<dt>First lock ends<dd>%s\n", release);
    }
    if (tally->n_replicated + tally->n_pending + tally->n_failed == 0)
        add(out, "<dt>Replication<dd>none is configured, or none is visible to us\n");
    else
        add(out,
            "<dt>Replication<dd>%" G_GUINT64_FORMAT " done, %" G_GUINT64_FORMAT
            " pending, %" G_GUINT64_FORMAT " failed\n",
            tally->n_replicated, tally->n_pending, tally->n_failed);
    add(out, "</dl>\n");
}

static void add_bound(GString *out, gint64 usec)
{
    char text[AK_TIME_MAX] = "always";

    if (usec != G_MININT64 && usec != G_MAXINT64)
        (void)ak_time_format(usec, text);
    add(out, "<td>%s", text);
}

static void add_signers(GString *out, const AkSigners *signers)
{
    g_autoptr(GPtrArray) list = NULL;

    if (signers == NULL)
        return;
    list = ak_signers_list(signers);
    add(out, "<h3>Signers</h3>\n<div class=\"scroll\"><table class=\"wide\"><thead><tr><th>Id"
             "<th>Algorithm<th>Valid from<th>Valid until</tr></thead><tbody>\n");
    for (guint i = 0; i < list->len; i++) {
        const AkSigner *signer = g_ptr_array_index(list, i);
        gint64 from, until;

        ak_signer_validity(signer, &from, &until);
        add(out, "<tr><td><code>%s</code><td>%s", ak_signer_id(signer),
            ak_algorithm_name(ak_signer_algorithm(signer)));
        add_bound(out, from);
        add_bound(out, until);
        add(out, "</tr>\n");
    }
    add(out, "</tbody></table></div>\n");
}

void ak_verify_page_end_chain(AkVerifyPage *page, const AkVerifyConfig *config,
                              const AkVerifyReport *report, gboolean is_complete)
{
    GString *out = page->body;

    add(out, "<section><h2>Chain %s</h2>\n", config->chain);
    add_verdict(out, report, is_complete);
    add_facts(out, config, report);
    add_faults(out, page);
    if (report->has_days) {
        add(out, "<h3>Days</h3>\n");
        ak_verify_calendar_write(page->calendar, report, out);
    }
    add_objects(out, &page->tally);
    add_signers(out, config->signers);
    add(out, "</section>\n");
    page->n_chains++;
    page->has_faults |= report->n_faults > 0;
    page->is_incomplete |= !is_complete;
    begin_chain(page);
}

static void add_check_yourself(GString *out, const char *archive)
{
    add(out,
        "<section><h2>Check it yourself</h2>\n<p>Nothing on this page has to be believed. "
        "The archive is NDJSON in zstd files under day folders; docs/archive-format.md says how "
        "its hashes, tree and signatures are made.</p>\n"
        "<pre>auditkeep verify --archive %s --key archiver.pem.pub --signers signers.json\n"
        "zstdcat SEGMENT.ndjson.zst | jq .        # the events, one a line\n"
        "auditkeep explain ID                     # why a hash and a signature are what they "
        "are</pre></section>\n",
        archive != NULL ? archive : "URL");
}

gboolean ak_verify_page_write(AkVerifyPage *page, const char *path, GError **error)
{
    g_autoptr(GString) out = g_string_new(page_head);
    g_autoptr(GError) local = NULL;
    char now[AK_TIME_MAX];

    (void)ak_time_format_seconds(g_get_real_time(), now);
    add(out, "<h1>Audit trail verification</h1>\n<p class=\"dim\">%s, auditkeep %s", now,
        AK_VERSION);
    if (page->archive != NULL)
        add(out, ", archive <code>%s</code>", page->archive);
    add(out, "</p>\n");
    if (page->n_chains > 1)
        add(out, "<p class=\"verdict %s\">%u chains: %s</p>\n",
            page->has_faults || page->is_incomplete ? "faults" : "clean", page->n_chains,
            page->has_faults      ? "faults were found"
            : page->is_incomplete ? "not everything could be looked at"
                                  : "clean");
    g_string_append_len(out, page->body->str, (gssize)page->body->len);
    add_check_yourself(out, page->archive);
    g_string_append(out, "</body></html>\n");
    if (g_file_set_contents_full(path, out->str, (gssize)out->len,
                                 G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0644,
                                 &local))
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_CONFIG, "the report cannot be written: %s",
                local->message);
    return FALSE;
}
