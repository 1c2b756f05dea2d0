/* SPDX-License-Identifier: MIT */
/*
 * Whether a worker is fit for work, as checks from outside see it. Before it is ready they are
 * asked until one succeeds; after that health.failures of them in a row, without a success between,
 * make it unhealthy, and it is restarted. Counts and decisions alone: who runs the checks, and how,
 * is the supervisor's business.
 */
#ifndef LIFEGUARD_POOL_HEALTH_H
#define LIFEGUARD_POOL_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

struct pool;
struct pool_spec;
struct worker;

enum { HEALTH_WHY_MAX = 96 };

/* Of one life. */
struct worker_health {
    uint64_t checks;          /* that were counted, since it was ready */
    int failures;             /* in a row */
    bool proven;              /* a check succeeded */
    bool unhealthy;           /* failed too often; shown instead of the state */
    char why[HEALTH_WHY_MAX]; /* what the last failed check found, also before it was ready */
};

/* Its readiness is found out from outside: by ready.command, ready.tcp or ready.log. */
bool health_proves_ready(const struct pool_spec *spec);
bool health_is_checked(const struct pool_spec *spec);
/* True while checks count: it is ready and not on its way out. */
bool health_is_watched(const struct worker *worker);
/* Ready, and where there are checks one has succeeded and it is not unhealthy. */
bool health_is_good(const struct worker *worker);
/* Wait from now until the next check. The first comes within a second, that `healthy` is soon
 * known; the second at the slot's own place in the interval, so that many do not come at once. */
int64_t health_delay(const struct worker *worker);
/* The same before it is ready: grows from 50 ms, given the one before (0 = none), to 1 s. */
int64_t health_ready_delay(int64_t before);
void health_begin_life(struct worker *worker);
void health_end_life(struct worker *worker);
/* Restarts it if it is unhealthy and no hold is on the pool. */
void health_act(struct worker *worker, int64_t now);
/* `text` with {pid}, {slot} and {pool} replaced; malloc'ed. */
char *health_expand(const char *text, const char *pool, int slot, int pid);

/* Inbound: its readiness could not be asked for `wait`, which is not its fault: ready.timeout ends
 * that much later. */
void worker_on_check_wait(struct worker *worker, int64_t wait);
/* Inbound: what a check found. */
void worker_on_check(struct worker *worker, bool ok, const char *why, int64_t now);

#endif
