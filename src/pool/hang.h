/* SPDX-License-Identifier: MIT */
/*
 * Hangs: a worker that gives no sign of life for as long as its pool's limits say. SUSPECT at half
 * of a limit, HUNG at the whole; reported or restarted as hang.action says. The heartbeat clock
 * starts when the worker is ready: a slow start has a clock of its own.
 */
#ifndef LIFEGUARD_POOL_HANG_H
#define LIFEGUARD_POOL_HANG_H

#include <stdbool.h>
#include <stdint.h>

struct pool;
struct worker;

/* Starts or renews the watch over a worker. */
void hang_arm(struct worker *worker, int64_t now);
void hang_disarm(struct worker *worker);
/* The worker's hang timer fired. */
void hang_check(struct worker *worker, int64_t now);
/* Restarts the worker if it hangs, its pool says so, and no hold is on the pool. */
void hang_act(struct worker *worker, int64_t now);
/* A sign of life: clears suspect and hung. */
void hang_clear(struct worker *worker, int64_t now);
/* An operator says that it does not hang: no sign of life, and none is told. */
void hang_forgive(struct worker *worker);
/* True when a limit asks what the workers use of the CPU. */
bool hang_counts_cpu(const struct pool *pool);
/* How often /proc must be sampled for this pool's limits; 0 = not at all. */
int64_t hang_sample_period(const struct pool *pool);
/* The limit nearest to be missed: "no heartbeat", "silence"; its length and since when it runs.
 * False where no limit applies now. */
bool hang_nearest(const struct worker *worker, const char **what, int64_t *limit, int64_t *since);

#endif
