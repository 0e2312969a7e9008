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

static const char *const remedies[AK_FAULT_N_CODES] = {
    [AK_FAULT_HASH_MISMATCH] =
        "Compare the row with its archived line (auditkeep explain, get): one of them was changed "
        "after it was hashed. Keep both, open an incident.",
    [AK_FAULT_PREV_HASH_GAP] =
        "Events are missing. Look for them in backups and replicas; when they are lost for good, "
        "a person accepts the gap (auditkeep accept).",
    [AK_FAULT_PREV_HASH_FORK] =
        "Two events follow the same one: a second writer, or a forged row. Find out which branch "
        "is the wrong one, then accept the other (auditkeep accept).",
    [AK_FAULT_SIGNATURE_INVALID] =
        "The event was not signed by the key that the registry has for its signer: find out who "
        "wrote it, and whether the registry is the right one.",
    [AK_FAULT_SIGNATURE_MISSING] = "Find out which writer does not sign.",
    [AK_FAULT_SIGNER_UNKNOWN] =
        "Add the signer to the registry if it is a known one; else treat the event as forged.",
    [AK_FAULT_SIGNER_NOT_VALID_AT_TIME] =
        "The key signed outside its time: a late rotation, a wrong clock, or a stolen key.",
    [AK_FAULT_PAYLOAD_NOT_CANONICALISABLE] =
        "The writer stored something that is not I-JSON; the archive keeps its text as it is.",
    [AK_FAULT_PAYLOAD_LOSSY_NUMBER] =
        "Have the writer send such numbers as strings: the hash does not cover all their digits.",
    [AK_FAULT_ENVELOPE_CHANGED] =
        "A member beside the payload differs from what was archived: the archive has the original.",
    [AK_FAULT_ROW_MISSING] =
        "The row was deleted after it was archived: auditkeep restore brings it back.",
    [AK_FAULT_OBJECT_MISSING] =
        "Look for delete markers and older versions; auditkeep archive --after-id puts again what "
        "the database still has.",
    [AK_FAULT_OBJECT_CORRUPT] =
        "Keep the object; compare it with its replica and with the rows (verify --what cross).",
    [AK_FAULT_OBJECT_EXTRA] =
        "Somebody else writes to the bucket: find out who, and take the permission away.",
    [AK_FAULT_OBJECT_UNLOCKED] =
        "Lock it (PutObjectRetention, compliance), and find out why it was not.",
    [AK_FAULT_RETENTION_TOO_SHORT] = "Extend the lock: compliance mode allows that, and no less.",
    [AK_FAULT_RETENTION_MODE_WRONG] = "Lock it in compliance mode.",
    [AK_FAULT_BUCKET_LOCK_OFF] =
        "Object Lock is off: export to a bucket that has it, and pause retention until then.",
    [AK_FAULT_REPLICATION_PENDING] = "Wait; when it stays, look at the replication metrics.",
    [AK_FAULT_REPLICATION_FAILED] =
        "Mend the replication role or destination, then run a batch replication of the object.",
    [AK_FAULT_CHECKPOINT_INVALID] =
        "Check that the key is the archiver's; if it is, treat the object as forged.",
    [AK_FAULT_TREE_INCONSISTENT] =
        "Signed history does not follow from the events: open an incident, pause retention.",
    [AK_FAULT_DAY_UNSEALED] = "Run auditkeep archive: it seals the days that are over.",
    [AK_FAULT_POINTER_BEHIND] = "Run auditkeep archive --once: it moves the pointer.",
    [AK_FAULT_POINTER_AHEAD] =
        "The archive lost objects that the database counts on: find them before anything else.",
    [AK_FAULT_KAFKA_GAP] = "Compare the topic with the chain before delivery goes on.",
    [AK_FAULT_SNOWFLAKE_GAP] = "Compare the table with the chain before delivery goes on.",
    [AK_FAULT_BREAK_ACCEPTED] = "A person answers for it: see who and why.",
};

const char *ak_fault_remedy(AkFaultCode code)
{
    return remedies[code];
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
