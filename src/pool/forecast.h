/* SPDX-License-Identifier: MIT */
/*
 * When the queue will be empty, at this size and at others. Work is conserved: n workers finish n/S
 * tasks a second, S being what one task takes a worker, until the CPUs are full, and then no more
 * (the asymptotic bounds of operational analysis: Denning and Buzen 1978; Lazowska and others,
 * Quantitative System Performance, 1984, chapter 5): X(n) = X(now) * min(n, full) / now with
 * full = CPUs / (CPUs used a worker), and eta(n) = left / (X(n) - arrivals).
 */
#ifndef LIFEGUARD_POOL_FORECAST_H
#define LIFEGUARD_POOL_FORECAST_H

#include <stdbool.h>

struct forecast {
    double left;     /* tasks to be done, those in hand included */
    double rate;     /* done a second now, */
    double arrivals; /* and new ones meanwhile */
    int workers;     /* that do it now */
    double cpu;      /* CPUs that they use together */
    int cpus;        /* that there are */
};

/* Seconds until all is done by `workers`; -1 when it is not known or never. */
double forecast_eta(const struct forecast *now, int workers);
/* The most of `workers` that would be of use: beyond them the CPUs are full. */
int forecast_useful(const struct forecast *now, int workers);

#endif
