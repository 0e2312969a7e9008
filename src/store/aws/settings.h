#ifndef AK_STORE_AWS_SETTINGS_H
#define AK_STORE_AWS_SETTINGS_H

#include "store/aws/retry_kind.h"
#include "util/error.h"

/* What our own configuration says; it comes before the environment and the shared files. Borrowed;
 * NULL, 0, FALSE: not said. */
typedef struct {
    const char *profile;
    const char *region;
    const char *endpoint; /* of S3 */
    const char *ca_bundle;
    const char *retry_mode;
    guint max_attempts;
    gboolean use_fips;
    gboolean use_dualstack;
} AkAwsGiven;

/* Configuration, environment and profile in one, in the order of docs/aws.md. Members are owned. */
typedef struct {
    char *profile;
    gboolean is_profile_given; /* by our own configuration: its keys are meant, too */
    char *region;
    char *endpoint; /* NULL: AWS's own for the region */
    char *sts_endpoint;
    char *ca_bundle; /* NULL: the system's */
    char *metadata_endpoint;
    gboolean is_metadata_disabled;
    gboolean use_fips;
    gboolean use_dualstack;
    guint max_attempts; /* 0: not set */
    AkRetryMode retry_mode;
} AkAwsSettings;

/* Reads the shared files; CONFIG for what cannot be taken, and a named profile that is not there.
 */
gboolean ak_aws_settings_init(AkAwsSettings *settings, char **environ, const AkAwsGiven *given,
                              GError **error) AK_MUST_CHECK;
void ak_aws_settings_clear(AkAwsSettings *settings);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AkAwsSettings, ak_aws_settings_clear)

#endif
