#ifndef AK_STORE_AWS_CONTEXT_H
#define AK_STORE_AWS_CONTEXT_H

#include "net/http.h"
#include "store/aws/settings.h"

/* What the sources of keys work with; it outlives them. */
typedef struct {
    char **environ; /* the process's, as it was at the start */
    const AkAwsSettings *settings;
    AkHttp *http;  /* to STS */
    AkHttp *local; /* to link-local addresses: no proxy, one second */
    gint64 (*now_usec)(void);
    double (*random)(void);    /* from [0, 1) */
    guint process_timeout_ms;  /* of credential_process */
    const volatile gint *stop; /* may be NULL */
} AkAwsContext;

/* An empty variable counts as unset, as in the AWS tools. */
static inline const char *ak_aws_env(char **environ, const char *name)
{
    const char *value = g_environ_getenv(environ, name);

    return value != NULL && value[0] != '\0' ? value : NULL;
}

#endif
