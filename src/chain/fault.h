#ifndef AK_CHAIN_FAULT_H
#define AK_CHAIN_FAULT_H

#include "util/view.h"

/*
 * What can be wrong with the data. A fault is a result, never a GError. The names (reports,
 * metrics, incidents) are stable: add at the end, never rename.
 */
typedef enum {
    AK_FAULT_HASH_MISMATCH,
    AK_FAULT_PREV_HASH_GAP,
    AK_FAULT_PREV_HASH_FORK,
    AK_FAULT_SIGNATURE_INVALID,
    AK_FAULT_SIGNATURE_MISSING,
    AK_FAULT_SIGNER_UNKNOWN,
    AK_FAULT_SIGNER_NOT_VALID_AT_TIME,
    AK_FAULT_PAYLOAD_NOT_CANONICALISABLE,
    AK_FAULT_PAYLOAD_LOSSY_NUMBER,
    AK_FAULT_ENVELOPE_CHANGED,
    AK_FAULT_ROW_MISSING,
    AK_FAULT_OBJECT_MISSING,
    AK_FAULT_OBJECT_CORRUPT,
    AK_FAULT_OBJECT_EXTRA,
    AK_FAULT_OBJECT_UNLOCKED,
    AK_FAULT_RETENTION_TOO_SHORT,
    AK_FAULT_RETENTION_MODE_WRONG,
    AK_FAULT_BUCKET_LOCK_OFF,
    AK_FAULT_REPLICATION_PENDING,
    AK_FAULT_REPLICATION_FAILED,
    AK_FAULT_CHECKPOINT_INVALID,
    AK_FAULT_TREE_INCONSISTENT,
    AK_FAULT_DAY_UNSEALED,
    AK_FAULT_POINTER_BEHIND,
    AK_FAULT_POINTER_AHEAD,
    AK_FAULT_KAFKA_GAP,
    AK_FAULT_SNOWFLAKE_GAP,
    AK_FAULT_BREAK_ACCEPTED,
    AK_FAULT_N_CODES
} AkFaultCode;

/* A set of faults of one event: bit n is AkFaultCode n. */
typedef guint32 AkFaultSet;

#define AK_FAULT_BIT(code) ((AkFaultSet)1 << (code))

/* "hash_mismatch" and so on. Never NULL. */
const char *ak_fault_name(AkFaultCode code);

/* What a person does about it: one sentence. Never NULL. */
const char *ak_fault_remedy(AkFaultCode code);

/* FALSE when @name is none of them. */
gboolean ak_fault_from_name(AkView name, AkFaultCode *out);

/*
 * PAYLOAD_LOSSY_NUMBER is a notice: the hash cannot see the digits beyond a double, the archive
 * keeps them (payloadText). So is BREAK_ACCEPTED: a person answers for it. Every other fault makes
 * a check fail.
 */
gboolean ak_fault_is_notice(AkFaultCode code);

#endif
