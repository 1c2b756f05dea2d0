/* SPDX-License-Identifier: MIT */
/*
 * When a worker that ended may start again: backoff, crash loops, the pool's breaker, and the
 * caps on automatic restarts over all pools. Only automatic restarts count; first starts, resizes
 * and whatever an operator asked for never do.
 */
#ifndef LIFEGUARD_POOL_RESTART_H
#define LIFEGUARD_POOL_RESTART_H

#include <stdbool.h>
#include <stdint.h>

struct pool;
struct worker;
struct backoff_spec;

/* Decides what becomes of a worker whose process ended unasked: DOWN (start at once), BACKOFF,
 * HELD, or down for good. Sets state and timer and tells why. */
void restart_decide(struct worker *worker, int64_t now);
/* The process could not be started at all. `permanent`: it can't be executed. */
void restart_after_spawn_error(struct worker *worker, bool permanent, const char *why, int64_t now);
/* The time of a held or failed slot's probe has come: one of the pool's such slots at a time is
 * tried, and no sooner than crash_loop.probe after the one before failed. */
void restart_probe(struct worker *worker, int64_t now);
/* True when the pool may start this worker now; else when to ask again in *later. */
bool restart_permitted(struct pool *pool, struct worker *worker, int64_t now, int64_t *later);
/* Its process was started: an automatic restart is counted now, when it has happened. */
void restart_note_start(struct worker *worker, int64_t now);
/* The worker has been healthy long enough: forget its failures; a canary frees its siblings. */
void restart_on_healthy(struct worker *worker, int64_t now);
/* initial * factor^step, at most max, with the jitter asked for. */
int64_t restart_delay(const struct backoff_spec *backoff, uint32_t step, double random);

#endif
