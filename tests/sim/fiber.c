#include "sim/fiber.h"

#include <sys/mman.h>
#include <ucontext.h>

/* OpenSSL and printf need most of it; only what is touched is ever there. */
enum { STACK_BYTES = 256 * 1024, GUARD_BYTES = 4096 };

struct SimFiber {
    SimFibers *fibers;
    ucontext_t context;
    char *stack;
    SimFiberFunc func; /* NULL: free */
    gpointer data;
    const gint64 *held_until;
    gint64 wake_usec;
};

struct SimFibers {
    ucontext_t scheduler;
    SimFiber *current;
    guint count; /* stacks made so far; the ones in use are among them */
    guint used;
    SimFiber all[SIM_MAX_FIBERS];
};

SimFibers *sim_fibers_new(void)
{
    return g_new0(SimFibers, 1);
}

void sim_fibers_free(SimFibers *fibers)
{
    for (guint i = 0; i < fibers->count; i++)
        (void)munmap(fibers->all[i].stack, STACK_BYTES);
    g_free(fibers);
}

/* makecontext() passes integers only: the pointer comes in two halves. */
static void enter(guint high, guint low)
{
    SimFiber *fiber = GSIZE_TO_POINTER((gsize)high << 32 | low);
    SimFibers *fibers = fiber->fibers;

    for (;;) {
        fiber->func(fiber->data);
        fiber->func = NULL;
        fibers->used--;
        (void)swapcontext(&fiber->context, &fibers->scheduler);
    }
}

static void make_stack(SimFiber *fiber)
{
    gsize address = GPOINTER_TO_SIZE(fiber);

    fiber->stack =
        mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (fiber->stack == MAP_FAILED || mprotect(fiber->stack, GUARD_BYTES, PROT_NONE) != 0 ||
        getcontext(&fiber->context) != 0)
        g_error("no memory for a stack");
    fiber->context.uc_stack.ss_sp = fiber->stack;
    fiber->context.uc_stack.ss_size = STACK_BYTES;
    makecontext(&fiber->context, (void (*)(void))enter, 2, (guint)(address >> 32),
                (guint)(address & G_MAXUINT32));
}

SimFiber *sim_fiber_start(SimFibers *fibers, SimFiberFunc func, gpointer data,
                          const gint64 *held_until, gint64 wake_usec)
{
    SimFiber *fiber = NULL;

    for (guint i = 0; i < SIM_MAX_FIBERS && fiber == NULL; i++)
        if (fibers->all[i].func == NULL)
            fiber = &fibers->all[i];
    if (fiber == NULL)
        return NULL;
    if (fiber->stack == NULL) {
        fiber->fibers = fibers;
        make_stack(fiber);
        fibers->count++;
    }
    fiber->func = func;
    fiber->data = data;
    fiber->held_until = held_until;
    fiber->wake_usec = wake_usec;
    fibers->used++;
    return fiber;
}

guint sim_fibers_left(const SimFibers *fibers)
{
    return SIM_MAX_FIBERS - fibers->used;
}

SimFiber *sim_fiber_current(const SimFibers *fibers)
{
    return fibers->current;
}

void sim_fiber_sleep(SimFibers *fibers, gint64 until_usec)
{
    SimFiber *fiber = fibers->current;

    fiber->wake_usec = until_usec;
    (void)swapcontext(&fiber->context, &fibers->scheduler);
}

void sim_fiber_wake(SimFiber *fiber, gint64 usec)
{
    fiber->wake_usec = MIN(fiber->wake_usec, usec);
}

void sim_fibers_wake_owned(SimFibers *fibers, const gint64 *held_until, gint64 usec)
{
    for (guint i = 0; i < fibers->count; i++)
        if (fibers->all[i].func != NULL && fibers->all[i].held_until == held_until)
            sim_fiber_wake(&fibers->all[i], usec);
}

gboolean sim_fibers_step(SimFibers *fibers, gint64 *now_usec)
{
    SimFiber *next = NULL;
    gint64 next_usec = G_MAXINT64;

    for (guint i = 0; i < fibers->count; i++) {
        SimFiber *fiber = &fibers->all[i];
        gint64 usec = fiber->wake_usec;

        if (fiber->func == NULL)
            continue;
        if (fiber->held_until != NULL)
            usec = MAX(usec, *fiber->held_until);
        if (usec < next_usec) {
            next = fiber;
            next_usec = usec;
        }
    }
    if (next == NULL)
        return FALSE;
    *now_usec = MAX(*now_usec, next_usec);
    fibers->current = next;
    (void)swapcontext(&fibers->scheduler, &next->context);
    fibers->current = NULL;
    return TRUE;
}
