#ifndef AK_TESTS_STORE_SCRIPTED_H
#define AK_TESTS_STORE_SCRIPTED_H

#include "store/store.h"

/*
 * An S3 that answers by a script, for what a real gateway does not do on demand. It takes one
 * request per connection, in the order of the steps, and checks the signature, the digest of the
 * body and what the step expects of each.
 */
typedef enum {
    SCRIPTED_REPLY,
    SCRIPTED_CLOSE, /* takes the request and says nothing */
    SCRIPTED_STALL, /* the same, and keeps the connection until the client gives up */
    SCRIPTED_CUT    /* announces one byte more than it sends */
} ScriptedAct;

typedef struct {
    const char *request; /* start of the request line: "PUT /bucket/p/k HTTP" */
    const char *header;  /* a header it must have: "if-none-match: *"; NULL: any */
    const char *reply;   /* status line after "HTTP/1.1 " and further headers */
    const char *body;    /* of the reply; NULL: none */
    ScriptedAct act;
} ScriptedStep;

typedef struct Scripted Scripted;

/* @steps must stay. Requests must be signed with @secret. */
Scripted *scripted_start(const ScriptedStep *steps, gsize n_steps, const char *secret);

guint scripted_port(const Scripted *scripted);

/* Asserts that every step was taken, and no request was wrong. */
void scripted_finish(Scripted *scripted);

#endif
