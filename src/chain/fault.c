#include "chain/fault.h"

static const char *const names[AK_FAULT_N_CODES] = {
    [AK_FAULT_HASH_MISMATCH] = "hash_mismatch",
    [AK_FAULT_PREV_HASH_GAP] = "prev_hash_gap",
    [AK_FAULT_PREV_HASH_FORK] = "prev_hash_fork",
    [AK_FAULT_SIGNATURE_INVALID] = "signature_invalid",
    [AK_FAULT_SIGNATURE_MISSING] = "signature_missing",
    [AK_FAULT_SIGNER_UNKNOWN] = "signer_unknown",
    [AK_FAULT_SIGNER_NOT_VALID_AT_TIME] = "signer_not_valid_at_time",
    [AK_FAULT_PAYLOAD_NOT_CANONICALISABLE] = "payload_not_canonicalisable",
    [AK_FAULT_PAYLOAD_LOSSY_NUMBER] = "payload_lossy_number",
    [AK_FAULT_ENVELOPE_CHANGED] = "envelope_changed",
    [AK_FAULT_ROW_MISSING] = "row_missing",
    [AK_FAULT_OBJECT_MISSING] = "object_missing",
    [AK_FAULT_OBJECT_CORRUPT] = "object_corrupt",
    [AK_FAULT_OBJECT_EXTRA] = "object_extra",
    [AK_FAULT_OBJECT_UNLOCKED] = "object_unlocked",
    [AK_FAULT_RETENTION_TOO_SHORT] = "retention_too_short",
    [AK_FAULT_RETENTION_MODE_WRONG] = "retention_mode_wrong",
    [AK_FAULT_BUCKET_LOCK_OFF] = "bucket_lock_off",
    [AK_FAULT_REPLICATION_PENDING] = "replication_pending",
    [AK_FAULT_REPLICATION_FAILED] = "replication_failed",
    [AK_FAULT_CHECKPOINT_INVALID] = "checkpoint_invalid",
    [AK_FAULT_TREE_INCONSISTENT] = "tree_inconsistent",
    [AK_FAULT_DAY_UNSEALED] = "day_unsealed",
    [AK_FAULT_POINTER_BEHIND] = "pointer_behind",
    [AK_FAULT_POINTER_AHEAD] = "pointer_ahead",
    [AK_FAULT_KAFKA_GAP] = "kafka_gap",
    [AK_FAULT_SNOWFLAKE_GAP] = "snowflake_gap",
    [AK_FAULT_BREAK_ACCEPTED] = "break_accepted",
};

const char *ak_fault_name(AkFaultCode code)
{
    g_assert((guint)code < AK_FAULT_N_CODES);
    return names[code];
}

gboolean ak_fault_from_name(AkView name, AkFaultCode *out)
{
    for (guint i = 0; i < AK_FAULT_N_CODES; i++) {
        if (ak_view_equal(name, ak_view_str(names[i]))) {
            *out = (AkFaultCode)i;
            return TRUE;
        }
    }
    return FALSE;
}

gboolean ak_fault_is_notice(AkFaultCode code)
{
    return code == AK_FAULT_PAYLOAD_LOSSY_NUMBER || code == AK_FAULT_BREAK_ACCEPTED;
}
