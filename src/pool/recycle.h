/* SPDX-License-Identifier: MIT */
/*
 * Recycling: a worker that has done max_tasks, lived for max_age or grown over max_memory goes, but
 * its replacement is started and ready first, so that the pool's capacity never dips. Until then it
 * works on. Limits are drawn from their last tenth, so that workers do not go all at once.
 */
#ifndef LIFEGUARD_POOL_RECYCLE_H
#define LIFEGUARD_POOL_RECYCLE_H

#include <stdint.h>

struct pool;
struct worker;

void recycle_begin_life(struct worker *worker, int64_t now);
/* After an answer, and when max_age is over. */
void recycle_check(struct worker *worker, int64_t now);
/* It goes by another way. */
void recycle_clear(struct worker *worker);
/* Workers over the pool's size that replacements may make for a while. */
int recycle_extra(const struct pool *pool);
/* Replacements are ready: as many of the old ones drain. */
void recycle_converge(struct pool *pool, int64_t now);

#endif
