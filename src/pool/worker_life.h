/* SPDX-License-Identifier: MIT */
/*
 * The two ends of a worker's life: what begins anew with a process, and what is kept of it and
 * where its slot goes next. For worker.c, whose cells call these.
 */
#ifndef LIFEGUARD_POOL_WORKER_LIFE_H
#define LIFEGUARD_POOL_WORKER_LIFE_H

#include <stdbool.h>
#include <stdint.h>

struct worker;

/* Persistent: takes task after task over the worker protocol. */
bool worker_is_fed(const struct worker *worker);
/* Puts the life that ended into the slot's history. */
void worker_record_life(struct worker *worker, int64_t now);
/* The process is gone: down, idle (command mode), or what the restart policy says. */
void worker_settle(struct worker *worker, int64_t now);

#endif
