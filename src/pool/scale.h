/* SPDX-License-Identifier: MIT */
/*
 * Converging on the size that is wanted: which workers go when a pool shrinks (idle first, then
 * the youngest; survivors keep slot and PID), and which slots come when it grows.
 */
#ifndef LIFEGUARD_POOL_SCALE_H
#define LIFEGUARD_POOL_SCALE_H

#include <stdbool.h>
#include <stdint.h>

#include "pool/worker.h"

struct pool;

/* Creates, keeps or retires slots until as many as wanted are left. */
void scale_converge(struct pool *pool, int64_t now);
/* This worker goes: at once, or when what it holds is done. */
void scale_let_go(struct worker *worker, enum stop_reason reason, int64_t now);
/* Its tasks end first; a worker of the worker protocol is told so even when it has none. */
bool scale_can_drain(const struct worker *worker);

#endif
