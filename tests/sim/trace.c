#include "sim/world.h"

void sim_trace(const SimWorld *world, const char *format, ...)
{
    va_list args;
    g_autofree char *text = NULL;
    gint64 usec = world->now_usec % (100 * G_GINT64_CONSTANT(1000000));

    if (!world->lab->is_tracing)
        return;
    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    g_print("%10.6f %s\n", (double)usec / 1e6, text);
}

void sim_violate(SimWorld *world, const char *format, ...)
{
    va_list args;
    g_autofree char *text = NULL;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    sim_trace(world, "VIOLATION: %s", text);
    if (world->violation == NULL)
        world->violation = g_steal_pointer(&text);
}

void sim_sleep(SimWorld *world, gint64 usec)
{
    sim_fiber_sleep(world->lab->fibers, world->now_usec + usec);
}
