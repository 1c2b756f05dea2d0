/* SPDX-License-Identifier: MIT */
/*
 * The formula of the header. Nothing is foretold from nothing: a rate and a worker must be there.
 */
#include "pool/forecast.h"

#include <math.h>

/* A worker that uses less of a CPU than this waits for other things, of which nothing is known. */
static const double CPU_BOUND = 0.05;

/* How many workers fill the CPUs; infinite where CPU is not what they need. At least those that
 * work now, whose rate is known. */
static double full_at(const struct forecast *now)
{
    double each = now->workers > 0 ? now->cpu / now->workers : 0;

    if (each < CPU_BOUND || now->cpus <= 0)
        return INFINITY;
    return fmax(now->workers, now->cpus / fmin(each, now->cpus));
}

double forecast_eta(const struct forecast *now, int workers)
{
    double rate;

    if (now->left <= 0 || now->rate <= 0 || now->workers <= 0 || workers <= 0)
        return -1;
    rate = now->rate * fmin(workers, full_at(now)) / now->workers - now->arrivals;
    return rate > now->rate * 1e-6 ? now->left / rate : -1;
}

int forecast_useful(const struct forecast *now, int workers)
{
    return (int)fmin(workers, ceil(full_at(now)));
}
