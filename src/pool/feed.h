/* SPDX-License-Identifier: MIT */
/*
 * Worker mode: persistent processes that take task after task. Hands out batches, takes answers,
 * keeps the clocks of the oldest task, and decides what a death does to the tasks in hand: those
 * go back uncharged, and only a task that was alone with its worker may be poison.
 */
#ifndef LIFEGUARD_POOL_FEED_H
#define LIFEGUARD_POOL_FEED_H

#include <stdbool.h>
#include <stdint.h>

struct pool;
struct task;
struct worker;

/* Hands the worker tasks up to its batch; it is IDLE, or BUSY and hungry. */
void feed_begin(struct worker *worker, int64_t now);
/* The clock of its oldest task ran out. */
void feed_on_timeout(struct worker *worker, int64_t now);
/* Its worker is told; if it is the oldest task, the worker has the grace time. */
void feed_cancel(struct worker *worker, struct task *task, const char *who, int64_t now);
/* The worker's process is gone: each task in hand goes where it belongs. */
void feed_conclude(struct worker *worker, int64_t now);
/* A new process: nothing in flight, nothing measured. */
void feed_begin_life(struct worker *worker, int64_t now);
/* True when it takes a task now. */
bool feed_wants(const struct worker *worker);
/* Nanoseconds that a task may take; 0 = no limit. */
int64_t feed_limit(const struct pool *pool);

#endif
