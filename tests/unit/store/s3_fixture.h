#ifndef AK_TESTS_STORE_S3_FIXTURE_H
#define AK_TESTS_STORE_S3_FIXTURE_H

#include "conformance.h"
#include "scripted.h"

#include "store/s3_driver.h"

/* A store at s3://bucket/p over a scripted S3; its clock stands at 2026-01-01T00:00:00Z. */
typedef struct {
    Scripted *scripted;
    AkStore *store;
    gint stop;
} Fixture;

void set_up(Fixture *f, const ScriptedStep *steps, gsize n_steps);
void tear_down(Fixture *f);
void set_conditional(Fixture *f, AkS3Conditional conditional);

/* The message says what was tried, holds @text, no secret, and is one line. */
void assert_message(const GError *error, const char *text);

#define SECRET "not-so-secret-key"
#define UNTIL "2040-01-01T00:00:00Z"
#define DATE_NOW "x-amz-date: 20260101T000000Z"
#define DATE_LATER "x-amz-date: 20260101T010000Z"

#define LIST "GET /bucket?encoding-type=url&prefix=p%2Fk&versions= HTTP"
#define LISTING(entries)                                                                           \
    "<?xml version=\"1.0\"?><ListVersionsResult "                                                  \
    "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"                                           \
    "<IsTruncated>false</IsTruncated><EncodingType>url</EncodingType>" entries                     \
    "</ListVersionsResult>"
#define VERSION(id)                                                                                \
    "<Version><Key>p/k</Key><VersionId>" id "</VersionId><IsLatest>true</IsLatest>"                \
    "<LastModified>2026-01-01T00:00:00.000Z</LastModified><Size>5</Size></Version>"
#define ERROR_XML(code)                                                                            \
    "<Error><Code>" code "</Code><Message>told \n you</Message><RequestId>r1</RequestId></Error>"
#define LOCKED                                                                                     \
    "200 OK\r\ncontent-length: 5\r\nx-amz-version-id: v1\r\nx-amz-object-lock-mode: "              \
    "COMPLIANCE\r\n"                                                                               \
    "x-amz-object-lock-retain-until-date: " UNTIL

/* The steps of an undisturbed put. */
#define HEAD_ABSENT                                                                                \
    {                                                                                              \
        .request = "HEAD /bucket/p/k HTTP", .reply = "404 Not Found"                               \
    }
#define LIST_NONE                                                                                  \
    {                                                                                              \
        .request = LIST, .reply = "200 OK", .body = LISTING("")                                    \
    }
#define PUT_OK                                                                                     \
    {                                                                                              \
        .request = "PUT /bucket/p/k HTTP", .header = "if-none-match: *",                           \
        .reply = "200 OK\r\nx-amz-version-id: v1"                                                  \
    }
#define HEAD_REQUEST "HEAD /bucket/p/k?versionId=v1 HTTP"
#define HEAD_LOCKED                                                                                \
    {                                                                                              \
        .request = HEAD_REQUEST, .header = "x-amz-checksum-mode: ENABLED", .reply = LOCKED         \
    }
#define LIST_OURS                                                                                  \
    {                                                                                              \
        .request = LIST, .reply = "200 OK", .body = LISTING(VERSION("v1"))                         \
    }

#define START(f, ...)                                                                              \
    const ScriptedStep steps[] = {__VA_ARGS__};                                                    \
    Fixture f;                                                                                     \
    set_up(&f, steps, G_N_ELEMENTS(steps))

#define START_PROVEN(f, ...)                                                                       \
    START(f, __VA_ARGS__);                                                                         \
    set_conditional(&f, AK_S3_CONDITIONAL_PROVEN)

#define PUT_ERROR(status, code)                                                                    \
    {                                                                                              \
        .request = "PUT /bucket/p/k HTTP", .reply = status, .body = ERROR_XML(code)                \
    }

#define CHECK "GET /bucket?list-type=2&max-keys=0 HTTP"

#define CASE(name, test) g_test_add_func("/store/s3/" name, test)

#endif
