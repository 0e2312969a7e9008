/*
 * The exporter as a model: processes that share one chain, the database, the store, and faults.
 * docs/model.md maps every step to the code and says what is left out. spec/check runs it.
 *
 * -DEVENTS=2|3 -DPROCESSES=2|3 -DFAULTS=n   size; FAULTS: how many faults may happen in all
 * -DHEAD_FIRST    a store without conditional writes: HEAD, then PUT
 * -DFOREIGN       somebody else may put an object of his own under one of our keys
 * -DSEALS         a midnight passes, and the day before it is sealed
 * -DFAILOVER      the database may lose its last transactions, and with them every connection
 * -DMUTANT_…      breaks one rule on purpose; each has to be found
 */
#ifndef EVENTS
#define EVENTS 3
#endif
#ifndef PROCESSES
#define PROCESSES 2
#endif
#ifndef FAULTS
#define FAULTS 3
#endif

/* A segment is [first, end) with one or two events; its key is made of both. */
#define KEYS (2 * EVENTS)
#define KEY(first, end) (2 * (first) + (end) - (first) - 1)

/* What is promised. Each assertion carries the number of its promise, which pan prints. */
#define no_gap 101
#define no_duplicate 102
#define archived_first 103
#define as_planned 104
#define single_writer 105
#define never_refused 106
#define no_false_alarm 107
#define day_closed 108

/* The database: the chain's row, its plans and its events. */
byte epoch;            /* grows with each holder */
byte holder;           /* process + 1; 0: nobody */
bool is_expired;       /* lease_until has passed */
byte plan_end[EVENTS]; /* end of the plan that starts here; 0: none */
byte plan_next;        /* where the next plan has to start */
byte pointer;          /* events archived */
bool is_there[EVENTS]; /* committed by whoever appends */

/* The store: versions under each key. */
byte good[KEYS];    /* with the planned content */
bool has_bad[KEYS]; /* written by us with other content */
bool is_foreign[KEYS];
bool is_unlocked[KEYS];

#ifdef SEALS
/* Two days. What is planned before the first one is sealed is filed under it, later events under the
 * second; from the plan of the seal on nothing may be filed under the first. */
mtype = {OPEN, SEAL_PLANNED, DAY_SEALED};
mtype day_is = OPEN;
bool is_midnight;
byte filed;     /* events filed under the first day */
byte seal_end;  /* what its seal says */
byte seal_there; /* what the one in the store says, plus 1; 0: there is none */
#endif

#ifdef FAILOVER
/* The replica, which stopped following at some time; and who has lost the connection. */
bool has_replica, has_failed;
byte was_epoch, was_holder, was_plan_end[EVENTS], was_plan_next, was_pointer;
bool is_cut[PROCESSES];
#endif

/* A request whose sender gave up or died, and that arrives later. */
mtype = {NOTHING, LATE_PUT, LATE_COMMIT, LATE_SEAL};
mtype late = NOTHING;
byte late_first, late_end, late_epoch;
bool late_is_other;

byte faults = FAULTS;
byte session[PROCESSES]; /* epoch that each process believes to have; 0: no session */

#define may_fault (faults > 0)
#define fault() faults = faults - 1
#define is_alive(p) (session[p] == epoch)
#define is_stale(p) (session[p] != 0 && session[p] != epoch)
#if PROCESSES == 2
#define is_new(e) (session[0] < (e) && session[1] < (e))
#define nobody_is_stale (!is_stale(0) && !is_stale(1))
#else
#define is_new(e) (session[0] < (e) && session[1] < (e) && session[2] < (e))
#define nobody_is_stale (!is_stale(0) && !is_stale(1) && !is_stale(2))
#endif
#ifdef MUTANT_NO_EPOCH_CHECK
#define is_refused(e) false
#else
#define is_refused(e) ((e) != epoch || holder == 0)
#endif

/* Stated apart from the check that keeps it. */
#define assert_current(e) assert((e) == epoch && holder != 0 && single_writer)

#define holds(first, end) (good[KEY(first, end)] > 0 || has_bad[KEY(first, end)])
#define has_object(first, end) (holds(first, end) || is_foreign[KEY(first, end)])

/* No event in two objects of ours, one object for one range, and only what was planned. */
inline assert_single(first, end)
{
    assert(!has_bad[KEY(first, end)] && as_planned);
#if !defined(HEAD_FIRST) || defined(ONE_VERSION)
    /* what a store without conditional writes cannot exclude: the same content twice */
    assert(good[KEY(first, end)] == 1 && no_duplicate);
#endif
    if
    :: end == first + 1 ->
        assert((first + 1 >= EVENTS || !holds(first, first + 2)) && no_duplicate);
        assert((first == 0 || !holds(first - 1, first + 1)) && no_duplicate)
    :: else ->
        assert(!holds(first, first + 1) && !holds(first + 1, first + 2) && no_duplicate);
        assert((first == 0 || !holds(first - 1, first + 1)) && no_duplicate);
        assert((first + 2 >= EVENTS || !holds(first + 1, first + 3)) && no_duplicate)
    fi;
#ifndef MUTANT_NO_PLAN
    assert(plan_end[first] == end && as_planned)
#endif
}

/* The object and its lock, in one request. */
inline write(first, end, is_other)
{
    if
    :: is_other -> has_bad[KEY(first, end)] = true
    :: else -> good[KEY(first, end)] = good[KEY(first, end)] + 1
    fi;
#ifdef MUTANT_NO_LOCK
    is_unlocked[KEY(first, end)] = true;
#endif
    assert_single(first, end)
}

/* From where the last one ended, and never past what is stored and locked. */
inline move_pointer(first, end, by)
{
    assert_current(by);
    assert(first == pointer && no_gap);
    assert(good[KEY(first, end)] > 0 && !is_unlocked[KEY(first, end)] && archived_first);
    pointer = end
}

/* commit_segment() refuses what is not the plan that follows the pointer. */
#ifdef MUTANT_NO_PLAN
#define is_planned(first, end) true
#else
#define is_planned(first, end) (plan_end[first] == (end))
#endif

/* A flight: LEFT by an earlier process, or SEALED here, then PLANNED, LOOKED (HEAD said: absent),
 * PUT; LOST: nothing is done for it any more. */
mtype = {FREE, LEFT, SEALED, PLANNED, LOOKED, PUT, LOST};
mtype = {WELL, OUTSIDE, CONFLICT, FENCED};

inline pop()
{
    state[0] = state[1]; first[0] = first[1]; end[0] = end[1]; is_other[0] = is_other[1];
    state[1] = FREE; first[1] = 0; end[1] = 0; is_other[1] = false
}

/* Nothing more is done for a flight of this session. */
inline drop(i)
{
    state[i] = LOST; first[i] = 0; end[i] = 0; is_other[i] = false
}

/* The session is over; what it was doing is forgotten, not undone. */
inline forget()
{
    pop(); pop();
    seen_pointer = 0; next = 0; error = WELL; is_closing = false; is_commit_over = false;
#ifdef SEALS
    is_next_day = false;
#endif
    session[me] = 0
}

#ifdef MUTANT_PUT_UNCOMPARED
#define may_write(i) true
#else
#define may_write(i) (!is_other[i])
#endif

inline leave_late_put(i)
{
    if
    :: late == NOTHING && may_write(i) ->
        late = LATE_PUT; late_first = first[i]; late_end = end[i]; late_is_other = is_other[i]
    :: true
    fi
}

inline fail(why)
{
    if
    :: error == WELL -> error = why
    :: else
    fi
}

/* ak_export_put() when the key is taken: all of the object is read and compared. */
inline adopt(i)
{
    if
#ifdef MUTANT_ADOPT_ANY
    :: true -> state[i] = PUT
#else
    :: good[KEY(first[i], end[i])] > 0 && !is_unlocked[KEY(first[i], end[i])] ->
        is_other[i] = false; /* the object counts, not what was built again */
        state[i] = PUT
    :: else -> drop(i); fail(CONFLICT)
#endif
    fi
}

#ifdef MUTANT_OVERWRITE
#define is_taken(i) false
#else
#define is_taken(i) has_object(first[i], end[i])
#endif

inline put(i)
{
    if
    :: state[i] == PLANNED && (is_taken(i) || !may_write(i)) -> adopt(i)
    :: state[i] == PLANNED && !is_taken(i) && may_write(i) ->
#ifdef HEAD_FIRST
        state[i] = LOOKED
    :: state[i] == LOOKED ->
#endif
        write(first[i], end[i], is_other[i]);
        if
        :: true -> /* answered */
#ifdef HEAD_FIRST
            /* require_alone(): not alone means that it is looked at once more */
            adopt(i)
#else
            state[i] = PUT
#endif
        :: may_fault -> fault(); state[i] = PLANNED /* answer lost; the driver tries again */
        :: may_fault -> fault(); drop(i); fail(OUTSIDE) /* and gives up */
        fi
    :: may_fault -> /* not stored, or not yet */
        fault(); leave_late_put(i); drop(i); fail(OUTSIDE)
    fi
}

#ifdef MUTANT_SKIP_RECOVER
#define has_left false
#else
#define has_left (state[0] == LEFT || state[1] == LEFT)
#endif
#define is_running(i) (state[i] == PLANNED || state[i] == LOOKED)

#ifdef MUTANT_COMMIT_BEFORE_PUT
#define is_ready(i) (state[i] == PUT || state[i] == PLANNED)
#else
#define is_ready(i) (state[i] == PUT)
#endif

#ifdef MUTANT_COMMIT_FOREVER
#define may_commit (error != FENCED)
#else
#define may_commit (!is_commit_over && error != FENCED)
#endif

#ifdef MUTANT_OUT_OF_ORDER
#define choose_commit() if :: is_ready(0) -> at = 0 :: is_ready(1) -> at = 1 fi
#define can_commit (may_commit && (is_ready(0) || is_ready(1)))
#else
#define choose_commit() at = 0
#define can_commit (may_commit && is_ready(0))
#endif

/*
 * ak_session_catch_up(): what a database that was lost does not know. An object that starts where the
 * chain goes on is taken over as it is; before one that starts behind, a segment ends.
 */
#if defined(FAILOVER) && !defined(MUTANT_HOLES_IGNORED)
#define may_take_one(n) (!((n) + 1 < EVENTS && holds((n), (n) + 2)))
#define may_take_two(n) (!holds((n), (n) + 1) && !starts((n) + 1))
#define starts(n) (holds((n), (n) + 1) || ((n) + 1 < EVENTS && holds((n), (n) + 2)))
#else
#define may_take_one(n) true
#define may_take_two(n) true
#endif

#ifdef SEALS
/* The seal says how far the day goes; the store has one of it. */
inline write_seal(says)
{
    assert((seal_there == 0 || seal_there == (says) + 1) && no_duplicate);
    assert(day_is != OPEN && seal_end == (says) && as_planned);
    seal_there = (says) + 1
}

inline leave_late_seal()
{
    if
    :: late == NOTHING -> late = LATE_SEAL; late_end = seal_end
    :: true
    fi
}
#endif

/* ak_walk_next(): by links, never past what is not there yet. */
#ifdef MUTANT_WALK_BY_TIME
#define may_read (is_there[next] || (next + 1 < EVENTS && is_there[next + 1]))
#else
#define may_read is_there[next]
#endif

/* Who comes back under the name that holds the lease takes it at once. */
#ifdef MUTANT_LEASE_FOREVER
#define has_name(p) false
#else
#define has_name(p) (holder == (p) + 1)
#endif

proctype exporter(byte me)
{
    mtype state[2] = FREE;
    byte first[2], end[2]; /* of the segments on their way, in chain order */
    bool is_other[2];      /* what was built is not what was planned */
    byte seen_pointer, next, at;
    mtype error = WELL;
    bool is_closing;     /* nothing more is read: a gap that lasted, or SIGTERM */
    bool is_commit_over; /* a commit failed: no other follows */
#ifdef SEALS
    bool is_next_day; /* what this session reads is filed under the second day */
#endif

#ifdef FAILOVER
    {
    skip; /* a label cannot be the first */
#endif
idle:
    /* A standby; BUSY is tried again until the lease is free. */
    atomic {
        holder == 0 || is_expired || has_name(me);
#ifndef MUTANT_EPOCH_STANDS
        epoch = epoch + 1;
#else
        epoch = (epoch == 0 -> 1 : epoch);
#endif
#ifdef MUTANT_RETAKE_AS_BEFORE
        epoch = (holder == me + 1 && epoch > 1 -> epoch - 1 : epoch);
#endif
        assert(is_new(epoch) && single_writer);
        holder = me + 1;
        is_expired = false;
        if
        :: session[me] = epoch
        :: may_fault -> fault(); goto idle /* the answer is lost: nobody knows that we hold it */
        fi
    }
    /* load_position(): two statements, and a pause may fall between them */
    atomic {
        if
        :: seen_pointer = pointer
        :: may_fault -> fault(); forget(); goto idle
        fi
    }
    atomic {
        if
        :: pointer != seen_pointer ->
#ifdef MUTANT_ALARM_UNASKED
            assert(false && no_false_alarm); /* about an archive that is well */
#endif
            assert(is_stale(me) && single_writer); /* renewing says FENCED */
            forget();
            goto idle
        :: else
        fi;
        seen_pointer = 0;
        next = pointer;
#if defined(SEALS) && !defined(MUTANT_SEAL_FORGOTTEN)
        is_next_day = (day_is != OPEN);
#endif
#ifndef MUTANT_SKIP_RECOVER
        at = 0;
        do
        :: next < EVENTS && plan_end[next] != 0 ->
            assert(at < 2 && as_planned); /* no more plans than segments on their way */
            state[at] = LEFT; first[at] = next; end[at] = plan_end[next];
            next = end[at];
            at = at + 1
        :: else -> break
        od;
        at = 0
#endif
    }

    do
    /* a crash; a request that is under way may still arrive */
    :: atomic {
        may_fault -> fault();
        if
        :: state[0] == PLANNED || state[0] == LOOKED -> leave_late_put(0)
        :: state[1] == PLANNED || state[1] == LOOKED -> leave_late_put(1)
        :: true
        fi;
        forget();
        goto idle
    }

    /* recover_plan(): the rows as one batch, built again, the lease renewed */
    :: atomic {
        error == WELL && state[0] == LEFT ->
        if
        :: is_refused(session[me]) -> error = FENCED
        :: else ->
            assert_current(session[me]);
            is_expired = false;
            state[0] = PLANNED;
            if
            :: true
            :: may_fault -> fault(); is_other[0] = true /* rows or registry have changed since */
            fi
        fi
    }

    /* JOB_READ, JOB_BUILD, seal: a segment ends where limits or the flush interval say */
    :: atomic {
        error == WELL && !has_left && !is_closing && next < EVENTS && state[1] == FREE &&
        may_read ->
#ifdef MUTANT_WALK_BY_TIME
        if
        :: is_there[next]
        :: next + 1 < EVENTS && !is_there[next] && is_there[next + 1] -> next = next + 1
        fi;
#endif
        at = (state[0] == FREE -> 0 : 1);
        state[at] = SEALED;
        first[at] = next;
        if
        :: may_take_one(next) -> next = next + 1
        :: next + 1 < EVENTS && is_there[next + 1] && may_take_two(next) -> next = next + 2
        fi;
        end[at] = next;
        at = 0
    }

    /* a gap outlives its grace time, or SIGTERM */
    :: atomic {
        may_fault && error == WELL && !has_left && !is_closing -> fault(); is_closing = true
    }

    /* JOB_PLAN: the first segment that is sealed */
    :: atomic {
        error == WELL && (state[0] == SEALED || (state[0] != LEFT && state[1] == SEALED)) ->
        at = (state[0] == SEALED -> 0 : 1);
#ifdef MUTANT_NO_PLAN
        state[at] = PLANNED;
#else
        if
        :: may_fault -> fault(); drop(at); error = OUTSIDE /* it never arrived */
        :: true ->
            if
            :: is_refused(session[me]) -> error = FENCED
            :: else ->
                assert_current(session[me]);
                /* who holds the lease is never told that its plan does not follow */
#ifndef MUTANT_WALK_BY_TIME
                assert((first[at] == plan_next || plan_end[first[at]] == end[at]) && never_refused);
#endif
#ifdef SEALS
                /* who holds the lease is never told that the day is sealed */
                if
                :: !is_next_day && plan_end[first[at]] == 0 ->
                    assert(day_is == OPEN && day_closed);
                    filed = end[at]
                :: else
                fi;
#endif
                plan_end[first[at]] = end[at];
                plan_next = end[at];
                if
                :: state[at] = PLANNED
                :: may_fault -> fault(); drop(at); error = OUTSIDE /* answer lost */
                fi
            fi
        fi;
#endif
        at = 0
    }

    /* JOB_PUT: both may run at the same time, and go on after a failure elsewhere */
    :: atomic { is_running(0) -> put(0) }
    :: atomic { is_running(1) -> put(1) }

    /* JOB_COMMIT: the oldest one; also after a failure elsewhere */
    :: atomic {
        can_commit ->
        choose_commit();
        if
        :: may_fault -> /* it never arrived, or arrives later */
            fault();
            if
            :: late == NOTHING ->
                late = LATE_COMMIT; late_first = first[at]; late_end = end[at];
                late_epoch = session[me]
            :: true
            fi;
            fail(OUTSIDE);
            is_commit_over = true
        :: true ->
            if
            :: is_refused(session[me]) -> fail(FENCED); is_commit_over = true
            :: !is_refused(session[me]) && pointer >= end[at] && is_planned(first[at], end[at]) ->
                pop() /* the same again is success */
            :: !is_refused(session[me]) && pointer < end[at] ->
                /* who holds the lease is never told that it cannot move the pointer */
                assert(is_planned(first[at], end[at]) && !is_other[at] && never_refused);
                move_pointer(first[at], end[at], session[me]);
                if
                :: pop()
                :: may_fault -> fault(); fail(OUTSIDE); is_commit_over = true /* answer lost */
                fi
            fi
        fi;
        at = 0
    }

#ifdef SEALS
    /* JOB_UPKEEP: nothing is on its way, and the day is over; or its plan was found */
    :: atomic {
        is_midnight && error == WELL && day_is == OPEN && plan_next > 0 &&
#ifdef MUTANT_SEAL_IN_FLIGHT
        state[0] != LEFT ->
#else
        state[0] == FREE && state[1] == FREE ->
#endif
        if
        :: may_fault -> fault(); error = OUTSIDE
        :: true ->
            if
            :: is_refused(session[me]) -> error = FENCED
            :: else ->
                assert_current(session[me]);
                /* who holds the lease is never told that something of the day is not archived */
                assert(pointer >= filed && never_refused);
#ifndef MUTANT_SEAL_UNPLANNED
                day_is = SEAL_PLANNED;
#endif
                seal_end = filed;
                if
                :: is_next_day = true
                :: may_fault -> fault(); error = OUTSIDE /* answer lost */
                fi
            fi
        fi
    }
    :: atomic {
#ifdef MUTANT_SEAL_UNPLANNED
        is_midnight && pointer > 0 && pointer == plan_next &&
#endif
        error == WELL && !has_left && day_is != DAY_SEALED && seal_there == 0 &&
#ifndef MUTANT_SEAL_UNPLANNED
        day_is == SEAL_PLANNED &&
#endif
        state[0] == FREE && state[1] == FREE ->
        if
        :: write_seal(seal_end)
        :: may_fault -> fault(); leave_late_seal(); error = OUTSIDE
        :: may_fault -> fault(); write_seal(seal_end); error = OUTSIDE /* answer lost */
        fi
    }
    :: atomic {
        error == WELL && !has_left && day_is == SEAL_PLANNED && state[0] == FREE &&
        state[1] == FREE &&
#ifdef MUTANT_SEAL_BEFORE_PUT
        true ->
#else
        seal_there != 0 ->
#endif
        if
        :: may_fault -> fault(); error = OUTSIDE
        :: true ->
            if
            :: is_refused(session[me]) -> error = FENCED
            :: else ->
                assert_current(session[me]);
                assert(seal_there == seal_end + 1 && archived_first);
                assert(seal_end == filed && day_closed);
                day_is = DAY_SEALED;
                if
                :: true
                :: may_fault -> fault(); error = OUTSIDE /* answer lost */
                fi
            fi
        fi
    }
#endif

    /* JOB_RENEW, where it changes anything */
    :: atomic {
        error == WELL && !has_left && (is_stale(me) || (is_alive(me) && is_expired)) ->
        if
        :: is_refused(session[me]) -> error = FENCED
        :: else -> assert_current(session[me]); is_expired = false
        fi
    }

    /* nothing runs and nothing may start: ak_session_close() */
    :: atomic {
        (error != WELL || (is_closing && state[0] == FREE)) && !is_running(0) && !is_running(1) &&
        !can_commit ->
        if
        :: is_refused(session[me])
        :: !is_refused(session[me]) ->
            if
            :: assert_current(session[me]); holder = 0; is_expired = false
            :: may_fault -> fault() /* the lease has to run out */
            fi
        fi;
#ifdef FOREIGN
        if
        :: error == CONFLICT -> forget(); break /* a person has to look */
        :: else
        fi;
#endif
        forget();
        goto idle
    }
    od
#ifdef FAILOVER
    } unless { atomic { is_cut[me] -> is_cut[me] = false; forget(); goto idle } }
#endif
}

/*
 * Everything else. Others append; their transactions become visible in any order. A holder that is
 * alive loses its lease only when it is paused or cut off, which is a fault; one that is dead loses
 * it in time. A late request arrives, or never does.
 */
#ifdef MUTANT_LEASE_FOREVER
#define may_expire (is_alive(holder - 1) && may_fault)
#else
#define may_expire (!is_alive(holder - 1) || may_fault)
#endif

#ifdef FAILOVER
inline copy_to_replica()
{
    has_replica = true;
    was_epoch = epoch; was_holder = holder; was_plan_next = plan_next; was_pointer = pointer;
    was_plan_end[0] = plan_end[0]; was_plan_end[1] = plan_end[1];
#if EVENTS == 3
    was_plan_end[2] = plan_end[2];
#endif
}

#ifdef LATE_AFTER_FAILOVER
#define may_lose true
#else
#define may_lose (late != LATE_PUT)
#endif

/* Sessions end with their connections; commits that are under way are gone. */
inline fail_over()
{
    has_failed = true;
    epoch = was_epoch; holder = was_holder; plan_next = was_plan_next; pointer = was_pointer;
    plan_end[0] = was_plan_end[0]; plan_end[1] = was_plan_end[1];
    is_cut[0] = (session[0] != 0); is_cut[1] = (session[1] != 0);
    session[0] = 0; session[1] = 0;
    was_epoch = 0; was_holder = 0; was_plan_next = 0; was_pointer = 0;
    was_plan_end[0] = 0; was_plan_end[1] = 0;
#if EVENTS == 3
    plan_end[2] = was_plan_end[2]; was_plan_end[2] = 0;
#endif
    is_expired = false;
    if
    :: late == LATE_COMMIT ->
        late = NOTHING; late_first = 0; late_end = 0; late_epoch = 0
    :: else
    fi
}
#endif

proctype world()
{
#ifdef FOREIGN
    byte i;

#endif
    do
    :: atomic { !is_there[0] -> is_there[0] = true }
    :: atomic { !is_there[1] -> is_there[1] = true }
#if EVENTS == 3
    :: atomic { !is_there[2] -> is_there[2] = true }
#endif
    :: atomic {
        holder != 0 && !is_expired && may_expire ->
        if
        :: is_alive(holder - 1) -> fault()
        :: else
        fi;
        is_expired = true
    }
    :: atomic {
        late == LATE_PUT ->
        if
#if !defined(HEAD_FIRST) && !defined(MUTANT_OVERWRITE)
        :: has_object(late_first, late_end)
        :: !has_object(late_first, late_end) -> write(late_first, late_end, late_is_other)
#else
        :: write(late_first, late_end, late_is_other)
#endif
        :: true /* lost for good */
        fi;
        late = NOTHING; late_first = 0; late_end = 0; late_is_other = false
    }
    :: atomic {
        late == LATE_COMMIT ->
        if
        :: !is_refused(late_epoch) && is_planned(late_first, late_end) && late_first == pointer ->
            move_pointer(late_first, late_end, late_epoch)
        :: true
        fi;
        late = NOTHING; late_first = 0; late_end = 0; late_epoch = 0
    }
#ifdef SEALS
    :: atomic { !is_midnight -> is_midnight = true }
    :: atomic {
        late == LATE_SEAL ->
        if
        :: seal_there == 0 -> write_seal(late_end)
        :: true /* taken, or lost for good */
        fi;
        late = NOTHING; late_end = 0
    }
#endif
#ifdef FAILOVER
    :: atomic { !has_replica -> copy_to_replica() }
    :: atomic {
        has_replica && !has_failed && may_fault && may_lose -> fault();
        fail_over()
    }
#endif
#ifdef FOREIGN
    :: atomic {
        may_fault -> fault();
        do
        :: i + 1 < KEYS -> i = i + 1
        :: break
        od;
        is_foreign[i] = true;
        i = 0
    }
#endif
    od
}

init
{
    atomic {
        run exporter(0);
        run exporter(1);
#if PROCESSES == 3
        run exporter(2);
#endif
        run world()
    }
}

/* When faults stop (there are FAULTS of them) the pointer stands at the head, and nobody who has
 * lost the lease goes on trying. */
#ifdef PROGRESS
ltl progress { <>[] (pointer == EVENTS && nobody_is_stale) }
#endif
