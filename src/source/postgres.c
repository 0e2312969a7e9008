#include "source/postgres_internal.h"

#include <poll.h>

/* Seconds from 1970 to PostgreSQL's epoch, 2000. */
#define PG_EPOCH_USEC (G_GINT64_CONSTANT(946684800) * 1000000)

static void ignore_notice(void *data, const PGresult *result)
{
    g_debug("postgresql: %s", PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
}

/* The SQLSTATE in a verbose message of the connection phase: "FATAL:  28P01: …". */
static gboolean find_sqlstate(const char *message, char out[6])
{
    for (const char *at = strstr(message, ":  "); at != NULL; at = strstr(at + 1, ":  ")) {
        gsize len = strspn(at + 3, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ");

        if (len == 5 && at[3 + len] == ':') {
            g_strlcpy(out, at + 3, 6);
            return TRUE;
        }
    }
    return FALSE;
}

/* What libpq says, as one line without a full stop. */
static char *one_line(const char *message)
{
    char *line = g_strdup(message != NULL ? message : "");

    g_strdelimit(g_strstrip(line), "\n\r\t", ' ');
    if (g_str_has_suffix(line, "."))
        line[strlen(line) - 1] = '\0';
    return line;
}

static void fail_connect(PGconn *conn, const char *address, GError **error)
{
    const char *message = PQerrorMessage(conn);
    g_autofree char *text = NULL;
    char state[6] = "";
    int code = AK_ERROR_NETWORK;
    const char *hint = "is the server running, and does --source name its host and port?";

    if (find_sqlstate(message, state)) {
        g_autofree char *mark = g_strconcat(":  ", state, ": ", NULL);
        char **lines = g_strsplit(strstr(message, mark) + strlen(mark), "\n", 2);

        text = one_line(lines[0]);
        g_strfreev(lines);
        if (g_str_has_prefix(state, "28")) {
            code = AK_ERROR_DENIED;
            hint = "check the user and the password of --source (or PGPASSWORD, ~/.pgpass)";
        } else if (g_str_equal(state, "3D000")) {
            code = AK_ERROR_CONFIG;
            hint = "create the database, or name another one in --source";
        } else if (g_str_equal(state, "53300")) {
            code = AK_ERROR_THROTTLED;
            hint = "raise max_connections";
        }
    } else {
        text = one_line(message);
        if (PQconnectionNeedsPassword(conn)) {
            code = AK_ERROR_DENIED;
            hint = "set PGPASSWORD or write ~/.pgpass";
        }
    }
    g_set_error(error, AK_ERROR, code, "cannot connect to PostgreSQL at '%s': %s; hint: %s",
                address, text, hint);
}

/* Where a connection string leads, without its secrets. */
static char *describe(PGconn *conn)
{
    const char *host = PQhost(conn), *port = PQport(conn), *db = PQdb(conn);

    return g_strdup_printf("%s:%s/%s", host != NULL && *host != '\0' ? host : "localhost",
                           port != NULL && *port != '\0' ? port : "5432", db != NULL ? db : "");
}

/* Why nobody waits for the server any longer. Always NULL. */
static PGconn *fail_waiting(const char *address, AkPatienceEnd end, GError **error)
{
    if (end == AK_PATIENCE_STOPPED)
        g_set_error(error, AK_ERROR, AK_ERROR_CANCELLED,
                    "cannot connect to PostgreSQL at '%s': stopped while it did not answer",
                    address);
    else
        g_set_error(error, AK_ERROR, AK_ERROR_TIMEOUT,
                    "cannot connect to PostgreSQL at '%s': no answer in time; hint: check the "
                    "host, the port and the firewall",
                    address);
    return NULL;
}

/* PQconnectdb() with a limit in milliseconds, and with SQLSTATEs in its messages. */
static PGconn *connect_within(const AkSourceConfig *config, char **out_address, GError **error)
{
    /* A host that has gone without a word is noticed within half a minute; the URL may say
     * otherwise. */
    const char *keys[] = {
        "fallback_application_name", "client_encoding",  "keepalives_idle", "keepalives_interval",
        "keepalives_count",          "tcp_user_timeout", "dbname",          NULL};
    const char *values[] = {"auditkeep", "UTF8", "10", "5", "3", "25000", config->url, NULL};
    AkPatience patience = ak_patience_new(config->stop, config->connect_timeout_ms);
    g_autoptr(PGconn) conn = PQconnectStartParams(keys, values, 1);
    g_autofree char *address = NULL;
    PostgresPollingStatusType step = PGRES_POLLING_WRITING;

    g_assert(conn != NULL);
    address = describe(conn);
    PQsetErrorVerbosity(conn, PQERRORS_VERBOSE);
    PQsetNoticeReceiver(conn, ignore_notice, NULL);
    if (PQstatus(conn) == CONNECTION_BAD) {
        fail_connect(conn, address, error);
        return NULL;
    }
    while (step != PGRES_POLLING_OK) {
        short events = step == PGRES_POLLING_READING ? POLLIN : POLLOUT;
        AkPatienceEnd end = ak_pg_wait_socket(conn, events, &patience);

        if (end != AK_PATIENCE_LEFT)
            return fail_waiting(address, end, error);
        step = PQconnectPoll(conn);
        if (step == PGRES_POLLING_FAILED) {
            fail_connect(conn, address, error);
            return NULL;
        }
    }
    PQsetErrorVerbosity(conn, PQERRORS_DEFAULT);
    (void)PQsetnonblocking(conn, TRUE); /* so that sending does not wait inside of libpq */
    *out_address = g_steal_pointer(&address);
    return g_steal_pointer(&conn);
}

/* libpq's own words would repeat the URL, and with it a password. */
static gboolean check_url(const char *url, GError **error)
{
    PQconninfoOption *options = PQconninfoParse(url, NULL);

    if (options == NULL) {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                    "cannot understand the source's URL; hint: "
                    "postgresql://USER@HOST:PORT/DATABASE");
        return FALSE;
    }
    PQconninfoFree(options);
    return TRUE;
}

static void pg_close(AkSource *source)
{
    AkPg *pg = (AkPg *)source;

    PQfreemem(pg->scan_row);
    PQfinish(pg->conn);
    ak_pg_table_clear(&pg->table);
    g_free(pg->channel);
    g_free(pg->address);
    g_free(pg->name);
    g_free(pg->chain);
    g_free(pg->column);
    g_free(pg->value);
    g_free(pg);
}

/* A backend that waits for a lock looks whether we are still there: else what was given up here
 * would stay in the queue, and hold up everybody behind it. From PostgreSQL 14 on. */
static gboolean let_go_of_us(AkPg *pg, GError **error)
{
    return PQserverVersion(pg->conn) < 140000 ||
           ak_pg_run(pg, "prepare the session", "SET client_connection_check_interval = '5s'",
                     error);
}

static AkSource *pg_open(const AkSourceConfig *config, GError **error)
{
    char *address = NULL;
    PGconn *conn;
    AkPg *pg;

    if (!check_url(config->url, error))
        return NULL;
    conn = connect_within(config, &address, error);
    if (conn == NULL)
        return NULL;
    pg = g_new0(AkPg, 1);
    pg->base.driver = &ak_source_postgres;
    pg->conn = conn;
    pg->address = address;
    pg->name = g_strdup(config->table);
    pg->chain = g_strdup(config->chain);
    pg->column = g_strdup(config->column);
    pg->value = g_strdup(config->value);
    pg->max_event_bytes = config->max_event_bytes;
    pg->stop = config->stop;
    pg->timeout_ms = config->statement_timeout_ms;
    /* Text that the server prints must not depend on who connects; compiling costs more than it
     * saves on short statements. */
    if (!ak_pg_run(pg, "prepare the session",
                   "SET TimeZone = 'UTC'; SET DateStyle = 'ISO'; SET IntervalStyle = 'iso_8601'; "
                   "SET bytea_output = 'hex'; SET extra_float_digits = 1; SET jit = off",
                   error) ||
        !let_go_of_us(pg, error)) {
        pg_close(&pg->base);
        return NULL;
    }
    return &pg->base;
}

/* SQLSTATE (or its class) → class of ours and what to do. The first match counts. */
static const struct {
    const char *state;
    AkErrorCode code;
    const char *hint;
} state_map[] = {
    {"AK001", AK_ERROR_FENCED, NULL},
    {"AK002", AK_ERROR_CONFLICT, NULL},
    {"AK003", AK_ERROR_BUSY, "wait for it, or stop the other writer"},
    {"08", AK_ERROR_NETWORK, NULL},
    {"28", AK_ERROR_DENIED, NULL},
    {"42501", AK_ERROR_DENIED, "grant the user one of the roles that 'auditkeep init' creates"},
    {"42P01", AK_ERROR_CONFIG, "run 'auditkeep init'"},
    {"42703", AK_ERROR_CONFIG, "run 'auditkeep init'"},
    {"42883", AK_ERROR_CONFIG, "run 'auditkeep init'"},
    {"3F000", AK_ERROR_CONFIG, "run 'auditkeep init'"},
    {"23503", AK_ERROR_CONFIG, "run 'auditkeep init'"},
    {"0A", AK_ERROR_CONFIG, NULL}, /* such as a partitioned table */
    {"23505", AK_ERROR_CONFLICT, NULL},
    {"23P01", AK_ERROR_CONFLICT, NULL},
    {"23", AK_ERROR_BAD_INPUT, NULL},
    {"22", AK_ERROR_BAD_INPUT, NULL},
    {"25006", AK_ERROR_DENIED, "connect to the primary: this server is read-only"},
    {"53100", AK_ERROR_FULL, "make room on the database's disk"},
    {"53", AK_ERROR_THROTTLED, NULL},
    {"55P03", AK_ERROR_TIMEOUT, "another session holds a lock on the table: run it again"},
    {"57014", AK_ERROR_TIMEOUT, "raise statement_timeout"},
    {"57P", AK_ERROR_NETWORK, NULL},
    {"40", AK_ERROR_THROTTLED, NULL},
};

gboolean ak_pg_fail(AkPg *pg, const char *what, const PGresult *result, GError **error)
{
    const char *state = result != NULL ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    const char *primary =
        result != NULL ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    const char *hint = result != NULL ? PQresultErrorField(result, PG_DIAG_MESSAGE_HINT) : NULL;
    g_autofree char *text = one_line(primary != NULL ? primary : PQerrorMessage(pg->conn));
    AkErrorCode code = AK_ERROR_INTERNAL;

    if (state == NULL || PQstatus(pg->conn) == CONNECTION_BAD)
        code = AK_ERROR_NETWORK;
    for (gsize i = 0; state != NULL && code == AK_ERROR_INTERNAL && i < G_N_ELEMENTS(state_map);
         i++) {
        if (g_str_has_prefix(state, state_map[i].state)) {
            code = state_map[i].code;
            hint = state_map[i].hint != NULL ? state_map[i].hint : hint;
        }
    }
    g_set_error(error, AK_ERROR, (int)code, "cannot %s at '%s': %s%s%s", what, pg->address, text,
                hint != NULL ? "; hint: " : "", hint != NULL ? hint : "");
    return FALSE;
}

static void add_param(PgParams *params, Oid type, const void *data, gsize len, int format)
{
    g_assert(params->count < PG_MAX_PARAMS && len <= G_MAXINT);
    params->types[params->count] = type;
    params->values[params->count] = data;
    params->lengths[params->count] = (int)len;
    params->formats[params->count] = format;
    params->count++;
}

void ak_pg_add_string(PgParams *params, const char *string)
{
    add_param(params, 0, string, 0, 0);
}

void ak_pg_add_text(PgParams *params, const char *string)
{
    add_param(params, PG_TEXT, string, string != NULL ? strlen(string) : 0, 1);
}

void ak_pg_add_int8(PgParams *params, gint64 value)
{
    guint64 *place = &params->numbers[params->count];

    *place = GUINT64_TO_BE((guint64)value);
    add_param(params, PG_INT8, place, 8, 1);
}

void ak_pg_add_int4(PgParams *params, gint32 value)
{
    guint64 *place = &params->numbers[params->count];
    guint32 number = GUINT32_TO_BE((guint32)value);

    memcpy(place, &number, 4);
    add_param(params, PG_INT4, place, 4, 1);
}

void ak_pg_add_time(PgParams *params, gint64 usec)
{
    /* The ends of the range are PostgreSQL's infinities. */
    gboolean is_infinite = usec == G_MININT64 || usec == G_MAXINT64;

    ak_pg_add_int8(params, is_infinite ? usec : usec - PG_EPOCH_USEC);
    params->types[params->count - 1] = PG_TIMESTAMPTZ;
}

void ak_pg_add_bytes(PgParams *params, Oid type, const void *data, gsize len)
{
    add_param(params, type, data, len, 1);
}

static void append_be32(AkBuf *buf, guint32 value)
{
    guint32 number = GUINT32_TO_BE(value);

    ak_buf_append(buf, &number, 4);
}

void ak_pg_array_begin(AkBuf *buf, Oid element, gsize count)
{
    append_be32(buf, 1); /* dimensions */
    append_be32(buf, 1); /* may hold NULLs */
    append_be32(buf, element);
    append_be32(buf, (guint32)count);
    append_be32(buf, 1); /* lower bound */
}

void ak_pg_array_element(AkBuf *buf, AkView value)
{
    if (value.data == NULL) {
        append_be32(buf, G_MAXUINT32);
        return;
    }
    append_be32(buf, (guint32)value.len);
    ak_buf_append_view(buf, value);
}

guint32 ak_pg_be32(const char *bytes)
{
    guint32 number;

    memcpy(&number, bytes, 4);
    return GUINT32_FROM_BE(number);
}

guint64 ak_pg_be64(const char *bytes)
{
    guint64 number;

    memcpy(&number, bytes, 8);
    return GUINT64_FROM_BE(number);
}

gint64 ak_pg_time_from(const char *bytes)
{
    gint64 usec = (gint64)ak_pg_be64(bytes);

    return usec == G_MININT64 || usec > G_MAXINT64 - PG_EPOCH_USEC ? usec : usec + PG_EPOCH_USEC;
}

const AkSourceDriver ak_source_postgres = {
    .scheme = "postgresql",
    .open = pg_open,
    .close = pg_close,
    .init = ak_pg_init,
    .check = ak_pg_check,
    .scan_begin = ak_pg_scan_begin,
    .scan_next = ak_pg_scan_next,
    .scan_end = ak_pg_scan_end,
    .find_by_prev = ak_pg_find_by_prev,
    .find_by_id = ak_pg_find_by_id,
    .find_by_hash = ak_pg_find_by_hash,
    .append_begin = ak_pg_append_begin,
    .append_rows = ak_pg_append_rows,
    .append_end = ak_pg_append_end,
    .state = ak_pg_state,
    .count_pending = ak_pg_count_pending,
    .lease_acquire = ak_pg_lease_acquire,
    .lease_renew = ak_pg_lease_renew,
    .lease_release = ak_pg_lease_release,
    .plan = ak_pg_plan,
    .commit = ak_pg_commit,
    .segments = ak_pg_segments,
    .seal_plan = ak_pg_seal_plan,
    .seal_commit = ak_pg_seal_commit,
    .seals = ak_pg_seals,
    .accept = ak_pg_accept,
    .acceptances = ak_pg_acceptances,
    .tenants = ak_pg_tenants,
    .named = ak_pg_named,
    .pending = ak_pg_pending,
    .note_trouble = ak_pg_note_trouble,
    .sink_acquire = ak_pg_sink_acquire,
    .sink_renew = ak_pg_sink_renew,
    .sink_move = ak_pg_sink_move,
    .sink_fail = ak_pg_sink_fail,
    .sinks = ak_pg_sinks,
    .wait = ak_pg_wait,
};
