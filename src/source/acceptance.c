#include "source/acceptance.h"

typedef struct {
    const AkAcceptor *acceptor;
    AkWalkStep step;
    const AkWalkFault *fault;
    AkAcceptance *out;
    AkBuf *statement;
    gboolean is_found;
} Search;

static gboolean is_pair(const char *a, const char *b, const char *x, const char *y)
{
    return (g_str_equal(a, x) && g_str_equal(b, y)) || (g_str_equal(a, y) && g_str_equal(b, x));
}

/*
 * A gap is accepted at one place in the chain. A branch that was rejected stays so: the walk meets
 * it again from wherever it starts.
 */
static gboolean is_about(const AkAcceptance *acceptance, AkWalkStep step, const AkWalkFault *fault)
{
    if (!g_str_equal(acceptance->event_prev, fault->orphan_prev))
        return FALSE;
    if (step == AK_WALK_FORK)
        return acceptance->kind == AK_BREAK_FORK &&
               is_pair(acceptance->event_id, acceptance->rejected_id, fault->orphan_id,
                       fault->rival_id) &&
               !g_str_equal(acceptance->rejected_id, fault->followed_id);
    return acceptance->kind == AK_BREAK_GAP && (gint64)acceptance->index == fault->head.index + 1 &&
           g_str_equal(acceptance->head_hash, fault->head.hash) &&
           g_str_equal(acceptance->event_id, fault->orphan_id);
}

static gboolean look_at(AkView statement, gpointer data, GError **error)
{
    Search *search = data;
    const AkAcceptor *acceptor = search->acceptor;
    g_auto(AkAcceptance) acceptance = {0};
    g_autoptr(GError) forged = NULL;

    if (search->is_found || !ak_acceptance_parse(statement, &acceptance, NULL) ||
        !is_about(&acceptance, search->step, search->fault))
        return TRUE;
    if (acceptor->public_key != NULL &&
        !ak_acceptance_verify(&acceptance, statement, acceptor->origin, acceptor->public_key,
                              &forged)) {
        g_warning("%s; it does not count", forged->message);
        return TRUE;
    }
    *search->out = acceptance;
    acceptance = (AkAcceptance){0};
    ak_buf_truncate(search->statement, 0);
    ak_buf_append_view(search->statement, statement);
    search->is_found = TRUE;
    return TRUE;
}

gboolean ak_acceptance_find(AkSource *source, const AkAcceptor *acceptor, AkWalkStep step,
                            const AkWalkFault *fault, AkAcceptance *out, AkBuf *out_statement,
                            gboolean *out_found, GError **error)
{
    Search search = {acceptor, step, fault, out, out_statement, FALSE};

    *out_found = FALSE;
    if (source->driver->acceptances == NULL)
        return TRUE;
    if (!source->driver->acceptances(source, look_at, &search, error))
        return FALSE;
    *out_found = search.is_found;
    return TRUE;
}
