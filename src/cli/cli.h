#ifndef AK_CLI_CLI_H
#define AK_CLI_CLI_H

#include "cli/option.h"
#include "util/buf.h"

/* One option's value after all sources were read. */
typedef struct {
    char *text;        /* NULL: not given, and no default */
    char *origin;      /* where it comes from, for error texts; NULL: the default */
    guint64 number;    /* see AkOptType; BOOL: 0 or 1 */
    gboolean is_given; /* on the command line */
} AkOptValue;

/* A call of the program: what the command's run() gets. */
typedef struct AkCli {
    const AkCommand *command;
    AkOptValue values[AK_OPT_N];
    GPtrArray *args;         /* char *, owned */
    GPtrArray *chains;       /* of cli/chains.c; NULL: none is configured, and none looked for */
    GHashTable *chain_names; /* name → the chain */
    gboolean is_one_of_many; /* this is for one chain, others come as well: say which */
    int exit_status;
} AkCli;

/* Reads @argv, the configuration files and the environment. CONFIG says which of them is wrong.
 * On success cli->command is set, unless only --help or --version was asked for. */
gboolean ak_cli_parse(AkCli *cli, int argc, char **argv, GError **error) AK_MUST_CHECK;
void ak_cli_clear(AkCli *cli);

/* The whole program: parses, runs, prints the error. Returns the exit status. */
int ak_cli_main(int argc, char **argv);

static inline const char *ak_cli_text(const AkCli *cli, AkOptId id)
{
    return cli->values[id].text;
}

static inline guint64 ak_cli_number(const AkCli *cli, AkOptId id)
{
    return cli->values[id].number;
}

static inline gboolean ak_cli_flag(const AkCli *cli, AkOptId id)
{
    return cli->values[id].number != 0;
}

/* Argument @i, or NULL. */
static inline const char *ak_cli_arg(const AkCli *cli, guint i)
{
    return i < cli->args->len ? g_ptr_array_index(cli->args, i) : NULL;
}

/* The value of @id; CONFIG that names the option, its environment and its key when not set. */
const char *ak_cli_require(const AkCli *cli, AkOptId id, GError **error) AK_MUST_CHECK;

/* Argument @i as a UUID in lower case; CONFIG when it is none. */
gboolean ak_cli_uuid(const AkCli *cli, guint i, char out[37], GError **error) AK_MUST_CHECK;

/* Writes to standard output; an error there is INTERNAL (a full disk: FULL). */
gboolean ak_cli_write(AkView bytes, GError **error) AK_MUST_CHECK;

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AkCli, ak_cli_clear)

#endif
