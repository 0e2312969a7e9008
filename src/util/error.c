#include "util/error.h"

G_DEFINE_QUARK(auditkeep_error_quark, ak_error)

enum { EXIT_FAULT = 1, EXIT_CALL = 2, EXIT_OUTSIDE = 3, EXIT_HELD = 4 };

static const AkErrorClass classes[AK_ERROR_N_CODES] = {
    [AK_ERROR_DENIED] = {"denied", EXIT_OUTSIDE, FALSE,
                         "rotate the credentials and check that the policy trusts the exporter",
                         "3-accessdenied"},
    [AK_ERROR_LOCK_OFF] = {"lock_off", EXIT_OUTSIDE, FALSE,
                           "enable Object Lock on the bucket (compliance, 7 years)",
                           "3-object-lock-off"},
    [AK_ERROR_NETWORK] = {"network", EXIT_OUTSIDE, TRUE,
                          "check the endpoint; fall back to the regional one", "3-network-timeout"},
    [AK_ERROR_TIMEOUT] = {"timeout", EXIT_OUTSIDE, TRUE,
                          "check the endpoint; raise AWS_MAX_ATTEMPTS", "3-network-timeout"},
    [AK_ERROR_THROTTLED] = {"throttled", EXIT_OUTSIDE, TRUE,
                            "lower the rate or raise AWS_MAX_ATTEMPTS", "3-network-timeout"},
    [AK_ERROR_MISSING] = {"missing", EXIT_OUTSIDE, FALSE,
                          "create what is missing, or correct its name", "3-diagnosis-matrix"},
    [AK_ERROR_CONFLICT] = {"conflict", EXIT_FAULT, FALSE,
                           "keep both versions as evidence and open an incident", "3-hash-gaps"},
    [AK_ERROR_GAP] = {"gap", EXIT_FAULT, FALSE,
                      "run 'auditkeep verify --what source' and replay in order", "3-hash-gaps"},
    [AK_ERROR_BAD_SIGNATURE] = {"bad_signature", EXIT_FAULT, FALSE,
                                "check the signer registry and the key files", "5-verification"},
    [AK_ERROR_BAD_INPUT] = {"bad_input", EXIT_CALL, FALSE, "correct the input",
                            "3-diagnosis-matrix"},
    [AK_ERROR_CONFIG] = {"config", EXIT_CALL, FALSE, "correct the configuration",
                         "3-diagnosis-matrix"},
    [AK_ERROR_BUSY] = {"busy", EXIT_HELD, TRUE, "wait for the other writer, or stop it first",
                       "3-hash-gaps"},
    [AK_ERROR_FENCED] = {"fenced", EXIT_HELD, FALSE, "another writer took over: nothing to repair",
                         "3-hash-gaps"},
    [AK_ERROR_FULL] = {"full", EXIT_OUTSIDE, TRUE, "free some space", "3-diagnosis-matrix"},
    [AK_ERROR_CANCELLED] = {"cancelled", EXIT_OUTSIDE, TRUE, "run the command again",
                            "4-replay-procedure"},
    [AK_ERROR_INTERNAL] = {"internal", EXIT_OUTSIDE, FALSE, "report this with a support bundle",
                           "6-communication-follow-up"},
};

const AkErrorClass *ak_error_class(int code)
{
    if (code < 0 || code >= AK_ERROR_N_CODES)
        code = AK_ERROR_INTERNAL;
    return &classes[code];
}

int ak_error_exit_status(const GError *error)
{
    int code = error->domain == AK_ERROR ? error->code : AK_ERROR_INTERNAL;

    return ak_error_class(code)->exit_status;
}

gboolean ak_error_is_retryable(const GError *error)
{
    return error->domain == AK_ERROR && ak_error_class(error->code)->is_retryable;
}
