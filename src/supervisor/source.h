/* SPDX-License-Identifier: MIT */
/*
 * Where a pool's tasks come from. A source delivers while the queue has room and rests when it has
 * none: that is the back-pressure. It reads without blocking and ends once.
 */
#ifndef LIFEGUARD_SUPERVISOR_SOURCE_H
#define LIFEGUARD_SUPERVISOR_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct pool_box;
struct source;

/* NULL when the pool's tasks come from submit only, or with *err set. Starts nothing yet. */
struct source *source_new(struct pool_box *box, struct err *err);
void source_free(struct source *source);
/* There is room again: deliver in this turn. Cheap; may be called a task. */
void source_wake(struct source *source);
/* Delivers what it can. Called once a turn for sources that were woken. */
void source_run(struct source *source);
/* When source_run must be called next (rate limits); CLOCK_NEVER when it waits for an event. */
int64_t source_next_deadline(const struct source *source);
/* Tasks that it will still deliver, -1 = unknown. */
int64_t source_remaining(const struct source *source);
/* A pool's result becomes a task of every pool that takes from it. */
void source_offer(struct pool_box *from, const char *bytes, size_t len);
/* How many results the pools that take from this one have room for; INT64_MAX when none does. */
int64_t source_room_downstream(struct pool_box *from);
/* The pool is done: those that take from it get no more. */
void source_end_downstream(struct pool_box *from);

#endif
