#ifndef AK_STORE_AWS_PROVIDERS_H
#define AK_STORE_AWS_PROVIDERS_H

#include "store/aws/context.h"
#include "store/aws/credentials.h"

/*
 * The sources of keys. Each fetches anew whenever it is asked; @context is borrowed. None is ever
 * NULL.
 */

/* AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN. */
AkCredentials *ak_credentials_from_environment(const AkAwsContext *context);

/* A token file and a role (EKS: IRSA), through STS; the file is read every time. */
AkCredentials *ak_credentials_from_web_identity(const AkAwsContext *context);

/* The shared files, read every time. */
AkCredentials *ak_credentials_from_profile(const AkAwsContext *context);

/* The agent of ECS, EKS Pod Identity, Greengrass. */
AkCredentials *ak_credentials_from_container(const AkAwsContext *context);

/* The instance's role through the metadata service, version 2. */
AkCredentials *ak_credentials_from_instance(const AkAwsContext *context);

/* The address of the container's agent; MISSING when there is none, CONFIG when it is not allowed.
 */
char *ak_container_url(char **environ, GError **error) AK_MUST_CHECK;

/*
 * The source called @name, or all of them in the documented order when it is NULL: the first that
 * is configured answers, and when it fails no other is asked. CONFIG for an unknown name.
 */
AkCredentials *ak_credentials_chain(const AkAwsContext *context, const char *name,
                                    GError **error) AK_MUST_CHECK;

/*
 * Keeps what @source (taken) gave. Fetches again five minutes (and up to one more) before expiry
 * and when a file has changed, on a thread of its own, one at a time, while the old keys go on
 * serving; waits only when there are none that are valid.
 */
AkCredentials *ak_credentials_cached(AkCredentials *source, const AkAwsContext *context);

#endif
