#ifndef AK_STORE_AWS_PROFILES_H
#define AK_STORE_AWS_PROFILES_H

#include "util/error.h"
#include "util/view.h"

/*
 * The shared files of the AWS tools: sections of settings. Values are wiped when freed. Names of
 * settings are lower case; a nested one is "outer.inner". Both files make one set of profiles, in
 * which the credentials file wins.
 */
typedef struct AkAwsProfiles AkAwsProfiles;

typedef enum {
    AK_AWS_FILE_CONFIG,     /* "[profile NAME]", "[default]", "[services NAME]", … */
    AK_AWS_FILE_CREDENTIALS /* "[NAME]" */
} AkAwsFile;

enum { AK_AWS_FILE_MAX = 1024 * 1024 };

AkAwsProfiles *ak_aws_profiles_new(void);
void ak_aws_profiles_free(AkAwsProfiles *profiles);

/* Adds one file's text over what is there. CONFIG with the line for what is no such file. */
gboolean ak_aws_profiles_add(AkAwsProfiles *profiles, AkView text, AkAwsFile file,
                             GError **error) AK_MUST_CHECK;

/* AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE, or ~/.aws/…; one that is absent is empty. */
AkAwsProfiles *ak_aws_profiles_load(char **environ, GError **error) AK_MUST_CHECK;

/* Changes when one of the files does. */
char *ak_aws_profiles_stamp(char **environ);

/* @kind: "profile" or "services". */
gboolean ak_aws_profiles_has(const AkAwsProfiles *profiles, const char *kind, const char *name);

/* NULL: not set, or empty. */
const char *ak_aws_profiles_get(const AkAwsProfiles *profiles, const char *kind, const char *name,
                                const char *setting);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(AkAwsProfiles, ak_aws_profiles_free)

#endif
