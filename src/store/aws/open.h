#ifndef AK_STORE_AWS_OPEN_H
#define AK_STORE_AWS_OPEN_H

#include "store/aws/credentials.h"
#include "store/aws/settings.h"

/*
 * Settings and keys as the AWS tools would find them. The keys, cached and refreshed, come from the
 * source called @source, the given profile, or the chain. @out_settings lives as long as they do.
 */
AkCredentials *ak_aws_open(const AkAwsGiven *given, char **environ, const char *source,
                           const volatile gint *stop, const AkAwsSettings **out_settings,
                           GError **error) AK_MUST_CHECK;

#endif
