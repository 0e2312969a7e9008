#ifndef AK_TESTS_STORE_AWS_FIXTURE_H
#define AK_TESTS_STORE_AWS_FIXTURE_H

#include "scripted.h"

#include "store/aws/providers.h"

/*
 * An environment of its own for the sources of keys, with its home in a new folder, and one
 * scripted server that stands for whatever they ask. "%H" in values and files stands for the
 * server's "http://127.0.0.1:port", "%D" for the folder. The clock stands where tests put it.
 */
typedef struct {
    Scripted *scripted; /* NULL: none */
    char *folder;
    char **environ;
    AkAwsSettings settings;
    AkAwsContext context;
    gint stop;
} Aws;

#define AWS_SECRET "verySecretKey"
#define AWS_START(f, secret, ...)                                                                  \
    const ScriptedStep steps[] = {__VA_ARGS__};                                                    \
    Aws f;                                                                                         \
    aws_set_up(&f, steps, G_N_ELEMENTS(steps), secret)

/* @steps NULL: no server. Instance metadata points at the server. */
void aws_set_up(Aws *f, const ScriptedStep *steps, gsize n_steps, const char *secret);
void aws_tear_down(Aws *f);

void aws_setenv(Aws *f, const char *name, const char *value);

/* A file in the folder, written as a whole. */
void aws_write(Aws *f, const char *name, const char *text);

/* Reads the settings anew; nothing may hold on to the old ones. */
void aws_read_settings(Aws *f);

/* The clock of all fixtures; starts at 2026-01-01T00:00:00Z. */
extern gint64 aws_now_usec;
#define AWS_EXPIRY "2026-01-01T01:00:00Z"

/* Fetches and frees. */
void assert_keys(AkCredentials *credentials, const char *id, const char *token, const char *source);
void assert_no_keys(AkCredentials *credentials, AkErrorCode class, const char *text);

#define JSON_KEYS(id)                                                                              \
    "{\"Code\":\"Success\",\"AccessKeyId\":\"" id "\",\"SecretAccessKey\":\"" AWS_SECRET           \
    "\",\"Token\":\"t/" id "\",\"Expiration\":\"" AWS_EXPIRY "\"}"
#define STS_KEYS(action, id)                                                                       \
    "<" action "Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><" action             \
    "Result><Credentials><AccessKeyId>" id "</AccessKeyId><SecretAccessKey>" AWS_SECRET            \
    "</SecretAccessKey><SessionToken>t/" id "</SessionToken><Expiration>" AWS_EXPIRY               \
    "</Expiration></Credentials></" action "Result></" action "Response>"
#define STS_ERROR(code)                                                                            \
    "<ErrorResponse><Error><Code>" code "</Code><Message>said STS</Message></Error>"               \
    "</ErrorResponse>"

#endif
