#include "store/aws/providers.h"

/* In the documented order. */
static const struct {
    const char *name;
    AkCredentials *(*make)(const AkAwsContext *context);
} makers[] = {
    {"environment", ak_credentials_from_environment},
    {"web-identity", ak_credentials_from_web_identity},
    {"profile", ak_credentials_from_profile},
    {"container", ak_credentials_from_container},
    {"instance", ak_credentials_from_instance},
};

enum { N_SOURCES = G_N_ELEMENTS(makers), NONE = -1 };

typedef struct {
    AkCredentials base;
    AkCredentials *sources[N_SOURCES];
    gint chosen; /* the source that answered; atomic */
} Chain;

/*
 * Is there no such source, as opposed to one that fails? Every machine but an EC2 instance gets no
 * answer from the metadata service, which is the last one.
 */
static gboolean is_absent(gsize i, const GError *error)
{
    return error->code == AK_ERROR_MISSING ||
           (i == N_SOURCES - 1 &&
            (error->code == AK_ERROR_NETWORK || error->code == AK_ERROR_TIMEOUT ||
             error->code == AK_ERROR_DENIED));
}

static gboolean ask_all(Chain *chain, AkAwsKeys *out, GError **error)
{
    g_autoptr(GString) reasons = g_string_new(NULL);

    for (gsize i = 0; i < N_SOURCES; i++) {
        g_autoptr(GError) local = NULL;

        if (chain->sources[i]->fetch(chain->sources[i], out, &local)) {
            g_atomic_int_set(&chain->chosen, (gint)i);
            return TRUE;
        }
        if (!is_absent(i, local)) {
            g_propagate_error(error, g_steal_pointer(&local));
            return FALSE;
        }
        g_string_append_printf(reasons, "%s%s", i > 0 ? ", " : "", local->message);
    }
    g_set_error_literal(error, AK_ERROR, AK_ERROR_MISSING, reasons->str);
    return FALSE;
}

/* Whoever answered once stays: a file that is just being rewritten must not make another identity
 * of us. */
static gboolean chain_fetch(AkCredentials *credentials, AkAwsKeys *out, GError **error)
{
    Chain *chain = (Chain *)credentials;
    gint chosen = g_atomic_int_get(&chain->chosen);

    if (chosen == NONE)
        return ask_all(chain, out, error);
    return chain->sources[chosen]->fetch(chain->sources[chosen], out, error);
}

static gboolean chain_is_changed(AkCredentials *credentials)
{
    Chain *chain = (Chain *)credentials;
    gint chosen = g_atomic_int_get(&chain->chosen);
    AkCredentials *source = chosen != NONE ? chain->sources[chosen] : NULL;

    return source != NULL && source->is_changed != NULL && source->is_changed(source);
}

static void chain_free(AkCredentials *credentials)
{
    Chain *chain = (Chain *)credentials;

    for (gsize i = 0; i < N_SOURCES; i++)
        ak_credentials_free(chain->sources[i]);
    g_free(chain);
}

static AkCredentials *chain_new(const AkAwsContext *context)
{
    Chain *chain = g_new0(Chain, 1);

    chain->base = (AkCredentials){
        .name = "chain", .fetch = chain_fetch, .free = chain_free, .is_changed = chain_is_changed};
    chain->chosen = NONE;
    for (gsize i = 0; i < N_SOURCES; i++)
        chain->sources[i] = makers[i].make(context);
    return &chain->base;
}

AkCredentials *ak_credentials_chain(const AkAwsContext *context, const char *name, GError **error)
{
    if (name == NULL)
        return chain_new(context);
    for (gsize i = 0; i < N_SOURCES; i++) {
        if (g_str_equal(makers[i].name, name))
            return makers[i].make(context);
    }
    g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                "there is no source of AWS keys called '%s'; hint: environment, web-identity, "
                "profile, container or instance",
                name);
    return NULL;
}
