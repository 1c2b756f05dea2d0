/* SPDX-License-Identifier: MIT */
/*
 * Converging on the size that is wanted: which workers go when a pool shrinks (idle first, then
 * the youngest; survivors keep slot and PID), which slots come when it grows, and rolling restarts.
 */
#ifndef LIFEGUARD_POOL_SCALE_H
#define LIFEGUARD_POOL_SCALE_H

#include <stdint.h>

#include "pool/worker.h"

struct pool;

/* Creates, keeps or retires slots until as many as wanted are left. */
void scale_converge(struct pool *pool, int64_t now);
/* This worker goes: at once, or when what it holds is done. */
void scale_let_go(struct worker *worker, enum stop_reason reason, int64_t now);
/* Goes on with a rolling restart: one worker at a time, the next when this one is ready. */
void scale_roll(struct pool *pool, int64_t now);

#endif
