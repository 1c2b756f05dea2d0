/* SPDX-License-Identifier: MIT */
/*
 * A task and a worker meet and part: handing out, time limits, the verdict, retries, halt rules.
 * Called by the worker's cells and the tick.
 */
#ifndef LIFEGUARD_POOL_ASSIGN_H
#define LIFEGUARD_POOL_ASSIGN_H

#include <stdint.h>

struct pool;
struct task;
struct worker;

/* Takes the head of the queue and starts it on this idle worker. */
void assign_begin(struct worker *worker, int64_t now);
/* The worker's process is gone: decides what becomes of its task. */
void assign_conclude(struct worker *worker, int64_t now);
/* An attempt failed: retried by the pool's policy, buried by bury_on, or failed. */
void assign_fail(struct pool *pool, struct worker *worker, struct task *task, const char *why,
                 int64_t now);
/* The worker's task timer fired. */
void assign_on_timeout(struct worker *worker, int64_t now);
/* What runs may finish, what waits is skipped, no more tasks come. */
void assign_halt(struct pool *pool);
/* Puts the task into a final state, tells the world, applies the halt rule. */
void assign_finish(struct pool *pool, struct task *task, int state, struct worker *worker,
                   int64_t now);

#endif
