#ifndef AK_TESTS_STORE_SCRIPTED_H
#define AK_TESTS_STORE_SCRIPTED_H

#include "store/store.h"

/*
 * An S3 (or STS, or metadata service) that answers by a script, for what a real one does not do on
 * demand. It takes one request per connection, in the order of the steps, and checks the signature,
 * the digest of the body and what the step expects of each.
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
    const char *in_body; /* must be in the request's body; NULL: anything */
    const char *absent;  /* a header it must not have; NULL: any */
} ScriptedStep;

typedef struct Scripted Scripted;

/* @steps must stay. Requests must be signed with @secret; NULL: must not be signed. */
Scripted *scripted_start(const ScriptedStep *steps, gsize n_steps, const char *secret);

guint scripted_port(const Scripted *scripted);

/* How many requests came; may be asked while it runs. */
gsize scripted_taken(Scripted *scripted);

/* Asserts that every step was taken, and no request was wrong. */
void scripted_finish(Scripted *scripted);

#endif
