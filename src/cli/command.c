#include "cli/command.h"

#include "cli/commands.h"

#include <string.h>

#define WRONG_CALL "the call or the configuration is wrong"
#define NO_DATABASE "the database could not be reached or refused us"
#define NO_OUTSIDE "database or archive could not be reached, refused us, or are full"
#define NO_OUTPUT "the output could not be written"

const AkCommand ak_commands[AK_CMD_N] = {
    [AK_CMD_INIT] =
        {.name = "init",
         .arguments = "",
         .summary = "Write a configuration, create keys and tables",
         .description =
             "Creates what is missing and leaves alone what is there, so that it may be run again: "
             "the commented configuration (the file named by --config), the archiver's checkpoint "
             "key (--key, and its public half as FILE.pub), a key that signs events (--signing-key "
             "and --signer-id) with a registry that holds its public half (--signers), and the "
             "tables of the database (--source). An existing table of events is adapted; those who "
             "write to it go on as before.\n"
             "With --dry-run the SQL is printed and nothing is changed.",
         .example = "auditkeep init --source sqlite:audit.db --key archiver.pem",
         .exits = {"everything is there", "something else is in the way", WRONG_CALL, NO_DATABASE},
         .run = ak_cmd_init},
    [AK_CMD_APPEND] =
        {.name = "append",
         .arguments = "",
         .is_stoppable = TRUE,
         .summary = "Add events from standard input to the chain",
         .description =
             "Reads one JSON object a line with the members eventType and payload, and optionally "
             "id (a UUID), ts (RFC 3339) and metadata. Each event is canonicalised, chained, "
             "signed "
             "when there is a --signing-key, and inserted; then its id and hash are printed. Lines "
             "are inserted in batches, all or nothing; a bad line stops the command before its "
             "batch is written, and the error says how many events were appended.\n"
             "With --json each line is an object with the members id and hash.",
         .example = "echo '{\"eventType\":\"login\",\"payload\":{\"user\":7}}' | auditkeep append "
                    "--source sqlite:audit.db",
         .exits = {"all lines were appended", "the head of the chain is damaged",
                   "the call, the configuration or a line is wrong", NO_DATABASE},
         .run = ak_cmd_append},
    [AK_CMD_ARCHIVE] =
        {.name = "archive",
         .link = "audit-archiver",
         .arguments = "",
         .is_stoppable = TRUE,
         .summary = "Export events, in order, to the archive",
         .description =
             "Takes the chain's lease, finishes what an interrupted run has planned, and exports "
             "every event after the pointer: read in chain order, checked, written as locked "
             "objects, read back; only then does the pointer move. An event that fails a check is "
             "archived as it is and marked with its fault.\n"
             "With --json the report is an object with the members events, segments, adopted, "
             "contentBytes, objectBytes, seals, sealedDays, heartbeats, faults (an object of fault "
             "names and counts) and head "
             "(index, id, hash).",
         .example = "auditkeep archive --source sqlite:audit.db --archive file:archive --key "
                    "archiver.pem",
         .exits = {"everything is archived",
                   "the chain has a gap or a fork, or another object is "
                   "in the way",
                   WRONG_CALL, NO_OUTSIDE, "another writer holds the chain"},
         .run = ak_cmd_archive},
    [AK_CMD_DELIVER] =
        {.name = "deliver",
         .arguments = "",
         .is_stoppable = TRUE,
         .summary = "Send events, in order and once, to Kafka and Snowflake",
         .description =
             "Delivers each chain to every --sink, as 'archive' does beside its own work when it "
             "has sinks. Each sink has a lease and a pointer of its own. It asks the remote first "
             "where it stands: a remote that lost events, or holds others than the chain, is a "
             "named fault, and nothing is sent to it until a person has looked into it. Rows that "
             "are pruned are read from the --archive.\n"
             "With --json an object a sink with the members chain, sink, events, skipped (what the "
             "remote had beyond the pointer) and head (index, id, hash).",
         .example = "auditkeep deliver --follow --sink kafka://broker:9092/audit-events",
         .exits = {"every sink has confirmed the head of the chain",
                   "a sink lost events or holds others, or the chain is broken", WRONG_CALL,
                   "database, archive or sink could not be reached, or refused us",
                   "another writer holds the sink"},
         .run = ak_cmd_deliver},
    [AK_CMD_ACCEPT] =
        {.name = "accept",
         .arguments = "",
         .is_stoppable = TRUE,
         .summary = "Let a broken chain go on, with a reason",
         .description =
             "A gap or a fork stops a chain; 'archive' says at which index and event. When the "
             "missing events are lost for good, or one branch of the fork is the wrong one, a "
             "person may accept that: a statement of who, when, why and what exactly is signed "
             "with the archiver's key (--key), recorded in the database for good, and archived "
             "before the next event. Only what the chain stops at now can be accepted. Of a fork "
             "of which one branch is archived already, it is the one that counts.\n"
             "Without --yes it refuses; with --dry-run it prints what would be accepted. With "
             "--json the signed statement is printed (with --dry-run without its signature), with "
             "the members acceptedAt, acceptedBy, chain, eventId, eventPrevHash, format, headHash, "
             "headId, index, kind, origin, reason, rejectedId and signature.",
         .example = "auditkeep accept --index 4711 --id 6f1c0d2e-4b57-4e0b-9d0f-1a5f5f1f8a11 "
                    "--reason 'lost with disk 7, ticket 123' --key archiver.pem --yes",
         .exits = {"the chain may go on", "the chain is not broken there", WRONG_CALL, NO_DATABASE},
         .run = ak_cmd_accept},
    [AK_CMD_STATUS] =
        {.name = "status",
         .arguments = "",
         .summary = "Show how far the archive is behind",
         .description =
             "Shows the archive's pointer, the events that are not archived yet, the oldest of "
             "them, and who holds the writer's lease.\n"
             "With --json an object with the members chain, archived (the pointer: index, -1 "
             "before the first event, id, hash, at), pending, lagSeconds, oldestPending (id, ts), "
             "planned, writer (holder, epoch, held, "
             "until), lastError (text, at: what a writer ended with, if none ended well and "
             "nothing was archived since), sinks (an object each: sink, confirmed, at, lagEvents, "
             "lagSeconds, holder, epoch, held, error, errorAt); what is not known is null.",
         .example = "auditkeep status --json",
         .exits = {"the state was read", NULL, WRONG_CALL, NO_DATABASE},
         .run = ak_cmd_status},
    [AK_CMD_VERIFY] =
        {.name = "verify",
         .link = "audit-verify",
         .arguments = "",
         .is_stoppable = TRUE,
         .summary = "Look for faults in the database and the archive",
         .description =
             "Recomputes every hash, follows every link, checks every signature, object, lock and "
             "checkpoint, and compares database and archive. It goes on after a fault and reports "
             "each with its name, the event's index and id, and the object's key; what is the same "
             "for many events or objects in a row is said once, with its range.\n"
             "With --json an object with the members faults and notices (objects with fault, "
             "where, "
             "index, id, key and detail; at most 1000 notices), groups (findings in a row as one: "
             "fault, where, count, firstIndex, lastIndex, firstId, lastId, firstKey, lastKey and "
             "detail of the first; at most 1000 of groupCount), complete (whether everything could "
             "be looked at), verdict ('clean' or "
             "'faults'), faultCount, noticeCount, source and archive (events and head: index, id, "
             "hash), cross (events), segments, "
             "signatures, treeSize, root, seed and ledger (knownObjects, coveredBytes, totalBytes, "
             "coveredSince).",
         .example = "auditkeep verify --since 2025-02-01T00:00:00Z --signers signers.json",
         .exits = {"no fault was found", "at least one fault was found", WRONG_CALL, NO_OUTSIDE},
         .run = ak_cmd_verify},
    [AK_CMD_CANONICAL] =
        {.name = "canonical",
         .arguments = "[FILE]",
         .max_args = 1,
         .summary = "Print the canonical bytes of a JSON text",
         .description =
             "Prints what the chain hashes: the canonical form (RFC 8785) of the JSON text in "
             "FILE, "
             "or of standard input when there is none or it is '-', and nothing else, not even a "
             "newline. At most 64 MiB are read.",
         .example = "auditkeep canonical payload.json | sha256sum",
         .exits = {"the bytes were printed", NULL,
                   "the call is wrong, or the text is not JSON that can be canonicalised",
                   NO_OUTPUT},
         .run = ak_cmd_canonical},
    [AK_CMD_EXPLAIN] =
        {.name = "explain",
         .arguments = "ID",
         .min_args = 1,
         .max_args = 1,
         .summary = "Show byte by byte how an event's hash comes about",
         .description =
             "Shows the canonical bytes of the event's payload as text and in hexadecimal, the "
             "bytes of prev_hash, the length of what SHA-256 gets, the hash that is computed and "
             "the one that is stored, and the signature's verdict.\n"
             "With --json an object with the members id, eventType, ts, canonical, canonicalHex, "
             "canonicalBytes, prevHash, inputBytes, computedHash, storedHash, hashMatches, "
             "signature, signerId, algorithm, signatureVerdict and faults.",
         .example = "auditkeep explain 6f1c0d2e-4b57-4e0b-9d0f-1a5f5f1f8a11 --signers signers.json",
         .exits = {"the event is as it should be", "the event has a fault", WRONG_CALL,
                   "the database could not be reached, or holds no such event"},
         .run = ak_cmd_explain},
    [AK_CMD_EXPORT_BUNDLE] =
        {.name = "export-bundle",
         .arguments = "DIR",
         .min_args = 1,
         .max_args = 1,
         .is_stoppable = TRUE,
         .summary = "Export a part of the archive for an auditor",
         .description =
             "Writes the days from --since to before --until (all of them by default) into the new "
             "folder DIR: segments and seals as they are in the archive, acceptances, signed "
             "checkpoints, the proof that the newest checkpoint grows out of them, and the public "
             "keys. CHECK.md says what is there; check.sh verifies it with zstd, jq, sha256sum and "
             "openssl alone, without auditkeep. Faulty evidence is exported as it is: checking is "
             "what the bundle is for.\n"
             "With --json an object with the members events, firstIndex, lastIndex, segments, "
             "seals "
             "and objectBytes.",
         .example = "auditkeep export-bundle january --since 2025-01-01 --until 2025-02-01 "
                    "--key archiver.pem.pub --signers signers.json",
         .exits = {"the bundle is there", "the archive has a hole there, or an object is damaged",
                   "the call is wrong, or there is nothing in that range", NO_OUTSIDE},
         .run = ak_cmd_export_bundle},
    [AK_CMD_GET] =
        {.name = "get",
         .arguments = "ID",
         .min_args = 1,
         .max_args = 1,
         .summary = "Print one event from the archive",
         .description =
             "Prints the archived line of the event, as it is. Only the object's footer and the "
             "frame that holds the event are read; the frame is checked against the footer. With "
             "a --source the object is known at once, without one the archive is searched.",
         .example = "auditkeep get 6f1c0d2e-4b57-4e0b-9d0f-1a5f5f1f8a11 --archive file:archive",
         .exits = {"the event was printed", NULL,
                   "the call or the configuration is wrong, or the object is corrupt",
                   "the archive could not be reached, or holds no such event"},
         .run = ak_cmd_get},
    [AK_CMD_PROVE] =
        {.name = "prove",
         .arguments = "ID",
         .min_args = 1,
         .max_args = 1,
         .summary = "Print the proof that the archive holds an event",
         .description =
             "Prints a small JSON document that proves, to somebody who has nothing but the "
             "archiver's public key (--key), that the event is in the archive: its archived line, "
             "its path in the hash tree, the signed checkpoint over it, and, when --signers knows "
             "it, the key of the event's signer. 'check-proof' checks it without the archive; "
             "docs/proofs.md describes it.\n"
             "Few objects are read, in parts: hash tiles where 'checkpoint sign' has written them, "
             "the leaf hashes of the segments elsewhere. The proof is checked before it is "
             "printed.\n"
             "The members are checkpoint, checkpointKey, event, format (auditkeep-proof/1), index, "
             "proof (hashes in base64, the leaf's sibling first) and signer.",
         .example = "auditkeep prove 6f1c0d2e-4b57-4e0b-9d0f-1a5f5f1f8a11 --archive file:archive "
                    "--key archiver.pem.pub > event.proof",
         .exits = {"the proof was printed", NULL,
                   "the call or the configuration is wrong, the checkpoint is not signed by the "
                   "key, or the archive does not lead to its root",
                   "the archive could not be reached, or holds no such event"},
         .run = ak_cmd_prove},
    [AK_CMD_CHECK_PROOF] =
        {.name = "check-proof",
         .arguments = "[FILE]",
         .max_args = 1,
         .summary = "Check a proof offline, and say what it proves",
         .description =
             "Checks what 'prove' printed, from FILE or standard input, without network, archive "
             "or database: the checkpoint's signature, the path from the event to the signed root, "
             "the event's hash, and its signature. A checkpoint is trusted against the --key that "
             "is given, a signature against --signers; without them the proof's own keys are "
             "taken, and the answer says so: that proves that the document fits together, not who "
             "made it. --origin, when given, has to be the checkpoint's.\n"
             "With --json an object with the members verdict ('proven' or 'faults'), id, hash, "
             "index, chain, eventType, ts, origin, treeSize, root, key, keyFrom ('caller' or "
             "'proof'), signature ('valid', 'invalid', 'unsigned', 'not_checked'), signerId, "
             "signerFrom, faults and details.",
         .example = "auditkeep check-proof event.proof --key archiver.pem.pub",
         .exits = {"everything holds", "something does not",
                   "the call is wrong, or the file holds no proof", NULL},
         .run = ak_cmd_check_proof},
    [AK_CMD_RESTORE] =
        {.name = "restore",
         .arguments = "",
         .is_stoppable = TRUE,
         .summary = "Write the archived events into a staging database",
         .description =
             "Brings the events of the archive back as rows of the staging database at --source, "
             "in order; every object is "
             "verified before it is believed. Rows that are there already are passed over, so that "
             "an interrupted run may be repeated. Without --yes it refuses; with --dry-run the "
             "archive is verified and nothing is written.\n"
             "With --json an object with the members events, segments, headIndex, headId and "
             "headHash.",
         .example = "auditkeep restore --archive file:archive --source sqlite:staging.db --yes",
         .exits = {"everything is restored",
                   "the archive is not whole, or the target holds another chain", WRONG_CALL,
                   NO_OUTSIDE},
         .run = ak_cmd_restore},
    [AK_CMD_DEMO] =
        {.name = "demo",
         .arguments = "",
         .summary = "Show the whole path, with a tampering to be caught",
         .description =
             "In a temporary folder, on SQLite and a folder as archive: init, append, archive, "
             "verify; then a row is changed behind auditkeep's back, and verify has to find it. "
             "The folder is removed at the end.",
         .example = "auditkeep demo",
         .exits = {"everything went as it should", "something did not", WRONG_CALL,
                   "the temporary folder could not be written"},
         .run = ak_cmd_demo},
    [AK_CMD_HELP] = {.name = "help",
                     .is_plain = TRUE,
                     .arguments = "[COMMAND]",
                     .max_args = 1,
                     .summary = "Print help on a command, or the list of commands",
                     .description = "The same as --help after the command.",
                     .example = "auditkeep help verify",
                     .exits = {"help was printed", NULL, WRONG_CALL, NO_OUTPUT},
                     .run = ak_cmd_help},
    [AK_CMD_MAN] = {.name = "man",
                    .is_plain = TRUE,
                    .arguments = "[COMMAND]",
                    .max_args = 1,
                    .summary = "Print a man page as roff",
                    .description = "Prints the man page of the command, or auditkeep's own.",
                    .example = "auditkeep man verify | man -l -",
                    .exits = {"the page was printed", NULL, WRONG_CALL, NO_OUTPUT},
                    .run = ak_cmd_man},
    [AK_CMD_COMPLETION] = {.name = "completion",
                           .is_plain = TRUE,
                           .arguments = "SHELL",
                           .min_args = 1,
                           .max_args = 1,
                           .summary = "Print a completion script for bash, zsh or fish",
                           .description = "Prints the script for the shell: bash, zsh or fish.",
                           .example = "eval \"$(auditkeep completion bash)\"",
                           .exits = {"the script was printed", NULL, WRONG_CALL, NO_OUTPUT},
                           .run = ak_cmd_completion},
    [AK_CMD_REFERENCE] = {.name = "reference",
                          .is_plain = TRUE,
                          .arguments = "",
                          .summary = "Print the reference of all commands and options",
                          .description = "Prints docs/reference.md (Markdown).",
                          .example = "auditkeep reference > docs/reference.md",
                          .exits = {"the page was printed", NULL, WRONG_CALL, NO_OUTPUT},
                          .run = ak_cmd_reference},
};

const AkCommand *ak_command_find(const char *name)
{
    for (guint i = 0; i < AK_CMD_N; i++)
        if (strcmp(ak_commands[i].name, name) == 0)
            return &ak_commands[i];
    return NULL;
}

const char *ak_command_for_program(const char *program)
{
    for (guint i = 0; i < AK_CMD_N; i++)
        if (ak_commands[i].link != NULL && strcmp(ak_commands[i].link, program) == 0)
            return ak_commands[i].name;
    return strcmp(program, "audit-retention") == 0 ? "retention" : NULL;
}
