#ifndef AK_SIM_CALL_H
#define AK_SIM_CALL_H

#include "sim/world.h"

/* A request that was given up arrives within that time, if it does. */
enum { SIM_LATEST_MS = 5000 };

/* What crosses the network and changes something: it can be lost, late, and there twice. */
typedef enum {
    SIM_LEASE_ACQUIRE,
    SIM_LEASE_RENEW,
    SIM_LEASE_RELEASE,
    SIM_PLAN,
    SIM_COMMIT,
    SIM_SEAL_PLAN,
    SIM_SEAL_COMMIT,
    SIM_PUT,
    SIM_LOCK,
    SIM_N_REQUESTS
} SimRequestKind;

/* Owns what it holds; g_rc_box. */
typedef struct {
    SimWorld *world;
    SimRequestKind kind;
    guint64 epoch;
    guint ttl_ms;
    char holder[16];
    gint64 clock_usec; /* the latest that the sender's has shown */
    AkSegmentRow row;
    AkSealRow seal;
    GArray *ids;       /* SIM_COMMIT: char[37] */
    SimObject *object; /* SIM_PUT, SIM_LOCK: what is to be written */
    /* the reply */
    guint64 number;   /* epoch; rows marked */
    char version[16]; /* of the object */
} SimRequest;

SimRequest *sim_request_new(SimWorld *world, SimRequestKind kind);
void sim_request_free(SimRequest *request);
const char *sim_request_name(SimRequestKind kind);

/* The other end: NULL or broken. */
typedef enum { SIM_DATABASE, SIM_STORE } SimPeer;

typedef struct {
    SimPeer peer;
    gboolean *is_broken; /* the connection; NULL: there is none to keep */
} SimLine;

/* A request goes out, has its effect and its reply comes back, or any of that goes wrong. */
gboolean sim_call_write(SimProcess *process, const SimLine *line, SimRequest *request,
                        GError **error) AK_MUST_CHECK;

/* The same for what changes nothing: to be called in front of the look. */
gboolean sim_call_read(SimProcess *process, const SimLine *line, const char *what,
                       GError **error) AK_MUST_CHECK;

/* The request arrives some time later, and nobody waits for its reply. */
void sim_call_late(SimRequest *request);

void sim_crash(SimProcess *process);

/* The effects. */
/* FENCED unless it carries the epoch that holds the lease. */
gboolean sim_database_lock(const SimRequest *request, GError **error) AK_MUST_CHECK;
gboolean sim_database_apply(SimRequest *request, GError **error) AK_MUST_CHECK;
gboolean sim_store_apply(SimRequest *request, GError **error) AK_MUST_CHECK;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimRequest, sim_request_free)

#endif
