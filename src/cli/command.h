#ifndef AK_CLI_COMMAND_H
#define AK_CLI_COMMAND_H

#include "util/error.h"

typedef enum {
    AK_CMD_INIT,
    AK_CMD_APPEND,
    AK_CMD_ARCHIVE,
    AK_CMD_DELIVER,
    AK_CMD_ACCEPT,
    AK_CMD_STATUS,
    AK_CMD_VERIFY,
    AK_CMD_CANONICAL,
    AK_CMD_EXPLAIN,
    AK_CMD_EXPORT_BUNDLE,
    AK_CMD_GET,
    AK_CMD_PROVE,
    AK_CMD_CHECK_PROOF,
    AK_CMD_RESTORE,
    AK_CMD_DEMO,
    AK_CMD_HELP,
    AK_CMD_MAN,
    AK_CMD_COMPLETION,
    AK_CMD_REFERENCE,
    AK_CMD_N
} AkCmdId;

#define AK_CMD_BIT(id) (1u << (id))
#define AK_CMD_ALL (AK_CMD_BIT(AK_CMD_N) - 1)

enum { AK_EXIT_N = 5 };

struct AkCli;

typedef struct {
    const char *name;
    const char *link;      /* program name that acts as this command; NULL: none */
    const char *arguments; /* "ID", "[FILE]"; "" for none */
    guint min_args, max_args;
    gboolean is_stoppable;        /* run() watches ak_stop_flag() */
    gboolean is_plain;            /* reads neither configuration files nor environment */
    const char *summary;          /* without full stop, for lists */
    const char *description;      /* paragraphs, divided by newlines */
    const char *example;          /* one command line, or NULL */
    const char *exits[AK_EXIT_N]; /* what the status means here; NULL: does not occur */
    /* Sets cli->exit_status when it is not 0 and nothing went wrong. */
    gboolean (*run)(struct AkCli *cli, GError **error);
} AkCommand;

extern const AkCommand ak_commands[AK_CMD_N];

/* Borrowed; NULL when there is none. */
const AkCommand *ak_command_find(const char *name);

/* The command that a program of this name acts as ("audit-verify": "verify"); NULL: none. It may
 * be one that ak_command_find() does not know. */
const char *ak_command_for_program(const char *program);

static inline AkCmdId ak_command_id(const AkCommand *command)
{
    return (AkCmdId)(command - ak_commands);
}

#endif
