#ifndef AK_SIM_RNG_H
#define AK_SIM_RNG_H

#include <glib.h>

/* Everything a schedule does is drawn from one of these: splitmix64. */
typedef struct {
    guint64 state;
} SimRng;

static inline guint64 sim_rng_next(SimRng *rng)
{
    guint64 z = rng->state += G_GUINT64_CONSTANT(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * G_GUINT64_CONSTANT(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * G_GUINT64_CONSTANT(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* 0 … n - 1; @n is small, so that the bias does not matter. */
static inline guint sim_rng_below(SimRng *rng, guint n)
{
    return (guint)((sim_rng_next(rng) >> 33) % n);
}

static inline guint sim_rng_between(SimRng *rng, guint least, guint most)
{
    return least + sim_rng_below(rng, most - least + 1);
}

/* TRUE in @per_10000 of 10000 cases. */
static inline gboolean sim_rng_chance(SimRng *rng, guint per_10000)
{
    return sim_rng_below(rng, 10000) < per_10000;
}

#endif
