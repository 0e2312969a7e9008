#ifndef AK_SIM_FIBER_H
#define AK_SIM_FIBER_H

#include <glib.h>

/*
 * Coroutines on one thread under a virtual clock: the one that wakes up first runs until it sleeps
 * again. Stacks are kept from schedule to schedule.
 */
typedef struct SimFibers SimFibers;
typedef struct SimFiber SimFiber;

typedef void (*SimFiberFunc)(gpointer data);

enum { SIM_MAX_FIBERS = 96 };

SimFibers *sim_fibers_new(void);
void sim_fibers_free(SimFibers *fibers);

/*
 * @held_until: none of its owner's fibers wakes up before that time; NULL: nobody owns it.
 * NULL when all stacks are taken.
 */
SimFiber *sim_fiber_start(SimFibers *fibers, SimFiberFunc func, gpointer data,
                          const gint64 *held_until, gint64 wake_usec);

/* Stacks that are not taken. */
guint sim_fibers_left(const SimFibers *fibers);

/* The fiber that runs; it sleeps until then, or until somebody wakes it earlier. */
SimFiber *sim_fiber_current(const SimFibers *fibers);
void sim_fiber_sleep(SimFibers *fibers, gint64 until_usec);

/* Has @fiber wake up at @usec at the latest. */
void sim_fiber_wake(SimFiber *fiber, gint64 usec);
void sim_fibers_wake_owned(SimFibers *fibers, const gint64 *held_until, gint64 usec);

/* Moves the clock to the next fiber's time and runs it. FALSE when there is none. */
gboolean sim_fibers_step(SimFibers *fibers, gint64 *now_usec);

#endif
