#include "store/aws/keys_json.h"
#include "store/aws/process.h"
#include "store/aws/profiles.h"
#include "store/aws/providers.h"
#include "store/aws/sts.h"

#include <openssl/crypto.h>

enum { MAX_DEPTH = 5 };

typedef struct {
    AkCredentials base;
    const AkAwsContext *context;
    GMutex lock;
    char *stamp; /* of the files when they were read last */
} ProfileSource;

/* One profile on the way from ours to where its keys come from. */
typedef struct {
    const AkAwsContext *context;
    const AkAwsProfiles *profiles;
    const char *name;
    guint depth;
} Step;

static gboolean resolve(const Step *step, AkAwsKeys *out, GError **error);

static const char *setting(const Step *step, const char *name)
{
    return ak_aws_profiles_get(step->profiles, "profile", step->name, name);
}

static gboolean set_bad(const Step *step, GError **error, const char *what, const char *hint)
{
    g_set_error(error, AK_ERROR, AK_ERROR_CONFIG, "AWS profile '%s': %s; hint: %s", step->name,
                what, hint);
    return FALSE;
}

static gboolean take_static(const Step *step, AkAwsKeys *out, GError **error)
{
    g_autofree char *source = g_strdup_printf("the profile '%s'", step->name);
    g_auto(AkAwsKeys) keys = {
        .access_key_id = g_strdup(setting(step, "aws_access_key_id")),
        .secret_access_key = g_strdup(setting(step, "aws_secret_access_key")),
        .session_token = g_strdup(setting(step, "aws_session_token")),
        .source = g_strdup(source),
    };

    if (!ak_aws_keys_check(&keys, source, error))
        return FALSE;
    *out = keys;
    keys = (AkAwsKeys){0};
    return TRUE;
}

static gboolean take_process(const Step *step, AkAwsKeys *out, GError **error)
{
    g_autofree char *source = g_strdup_printf("the profile '%s' (credential_process)", step->name);
    g_auto(AkBuf) printed = {0};
    AkProcess process = {
        .command = setting(step, "credential_process"),
        .environ = step->context->environ,
        .timeout_ms = step->context->process_timeout_ms,
        .max_bytes = AK_KEYS_JSON_MAX,
        .stop = step->context->stop,
    };

    gboolean is_run = ak_process_run(&process, &printed, error);
    if (!is_run)
        g_prefix_error(error, "AWS profile '%s': credential_process: ", step->name);
    gboolean is_read = is_run && ak_aws_keys_from_json(ak_buf_view(&printed), AK_KEYS_JSON_PROCESS,
                                                       source, out, error);
    OPENSSL_cleanse(printed.data, printed.len);
    return is_read;
}

/* The keys that a role is taken on with, from outside the files. */
static gboolean take_credential_source(const Step *step, const char *name, AkAwsKeys *out,
                                       GError **error)
{
    static const struct {
        const char *name;
        AkCredentials *(*make)(const AkAwsContext *context);
    } sources[] = {
        {"Environment", ak_credentials_from_environment},
        {"Ec2InstanceMetadata", ak_credentials_from_instance},
        {"EcsContainer", ak_credentials_from_container},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(sources); i++) {
        if (g_str_equal(sources[i].name, name)) {
            g_autoptr(AkCredentials) source = sources[i].make(step->context);

            return source->fetch(source, out, error);
        }
    }
    return set_bad(step, error, "its credential_source is unknown",
                   "it takes Environment, Ec2InstanceMetadata or EcsContainer");
}

static gboolean take_source_profile(const Step *step, const char *name, AkAwsKeys *out,
                                    GError **error)
{
    Step next = {step->context, step->profiles, name, step->depth + 1};

    if (g_str_equal(name, step->name))
        return take_static(step, out, error); /* its own keys, to take on its own role */
    if (next.depth > MAX_DEPTH)
        return set_bad(step, error, "its source_profile leads in a circle",
                       "at most 5 profiles in a row");
    if (!ak_aws_profiles_has(step->profiles, "profile", name))
        return set_bad(step, error, "its source_profile is not there", "check the AWS files");
    return resolve(&next, out, error);
}

static gboolean take_role(const Step *step, AkAwsKeys *out, GError **error)
{
    const char *from_profile = setting(step, "source_profile");
    const char *from_outside = setting(step, "credential_source");
    const char *token_file = setting(step, "web_identity_token_file");
    g_auto(AkAwsKeys) keys = {0};
    AkAwsRole role = {
        .role_arn = setting(step, "role_arn"),
        .session_name = setting(step, "role_session_name"),
        .external_id = setting(step, "external_id"),
        .duration_seconds = setting(step, "duration_seconds"),
        .keys = &keys,
    };

    if (setting(step, "mfa_serial") != NULL)
        return set_bad(step, error, "its role asks for a second factor",
                       "a service cannot type one; use a role without mfa_serial");
    if ((from_profile != NULL) + (from_outside != NULL) + (token_file != NULL) != 1)
        return set_bad(step, error, "its role_arn needs one source of keys",
                       "set source_profile, credential_source or web_identity_token_file");
    if (token_file != NULL) {
        role.keys = NULL;
        return ak_sts_assume_with_file(step->context, &role, token_file, out, error);
    }
    return (from_profile != NULL ? take_source_profile(step, from_profile, &keys, error)
                                 : take_credential_source(step, from_outside, &keys, error)) &&
           ak_sts_assume(step->context, &role, out, error);
}

static gboolean refuse_sso(const Step *step, AkAwsKeys *out, GError **error)
{
    return set_bad(step, error, "it signs in through a browser (SSO), which auditkeep does not do",
                   "set credential_process = aws configure export-credentials --profile NAME "
                   "--format process in a profile of its own");
}

/* In order; the first that is set in a profile decides. */
static const struct {
    const char *setting;
    gboolean (*take)(const Step *step, AkAwsKeys *out, GError **error);
} ways[] = {
    {"role_arn", take_role},
    {"aws_access_key_id", take_static},
    {"aws_secret_access_key", take_static},
    {"credential_process", take_process},
    {"sso_session", refuse_sso},
    {"sso_start_url", refuse_sso},
    {"sso_account_id", refuse_sso},
    {"login_session", refuse_sso},
};

/* What a profile refers to and is not there is a mistake, no reason to ask the next source. */
static void refuse_missing(GError *error)
{
    if (g_error_matches(error, AK_ERROR, AK_ERROR_MISSING))
        error->code = AK_ERROR_CONFIG;
}

static gboolean resolve(const Step *step, AkAwsKeys *out, GError **error)
{
    g_autoptr(GError) local = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(ways); i++) {
        if (setting(step, ways[i].setting) == NULL)
            continue;
        if (ways[i].take(step, out, &local))
            return TRUE;
        refuse_missing(local);
        g_propagate_error(error, g_steal_pointer(&local));
        return FALSE;
    }
    g_set_error(error, AK_ERROR, AK_ERROR_MISSING, "no keys in the profile '%s'", step->name);
    return FALSE;
}

static void replace_stamp(ProfileSource *source)
{
    g_autofree char *stamp = ak_aws_profiles_stamp(source->context->environ);
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&source->lock);

    g_free(source->stamp);
    source->stamp = g_steal_pointer(&stamp);
}

static gboolean profile_fetch(AkCredentials *credentials, AkAwsKeys *out, GError **error)
{
    ProfileSource *source = (ProfileSource *)credentials;
    const AkAwsContext *context = source->context;

    replace_stamp(source); /* before the files: what changes meanwhile is read again */
    g_autoptr(AkAwsProfiles) profiles = ak_aws_profiles_load(context->environ, error);
    if (profiles == NULL)
        return FALSE;
    Step step = {context, profiles, context->settings->profile, 0};
    return resolve(&step, out, error);
}

static gboolean profile_is_changed(AkCredentials *credentials)
{
    ProfileSource *source = (ProfileSource *)credentials;
    g_autofree char *stamp = ak_aws_profiles_stamp(source->context->environ);
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&source->lock);

    return source->stamp != NULL && !g_str_equal(stamp, source->stamp);
}

static void profile_free(AkCredentials *credentials)
{
    ProfileSource *source = (ProfileSource *)credentials;

    g_mutex_clear(&source->lock);
    g_free(source->stamp);
    g_free(source);
}

AkCredentials *ak_credentials_from_profile(const AkAwsContext *context)
{
    ProfileSource *source = g_new0(ProfileSource, 1);

    source->base = (AkCredentials){.name = "profile",
                                   .fetch = profile_fetch,
                                   .free = profile_free,
                                   .is_changed = profile_is_changed};
    source->context = context;
    g_mutex_init(&source->lock);
    return &source->base;
}
