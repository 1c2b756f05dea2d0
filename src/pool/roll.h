/* SPDX-License-Identifier: MIT */
/*
 * Rolling restarts: one worker at a time, the next when the one before is ready, and where there
 * are health checks has passed one. A replacement that does not get there ends the whole, so that
 * what can't start takes no more than one of those that run.
 */
#ifndef LIFEGUARD_POOL_ROLL_H
#define LIFEGUARD_POOL_ROLL_H

#include <stdint.h>

struct pool;

/* Goes on with a rolling restart as far as it can now. */
void roll_converge(struct pool *pool, int64_t now);
/* The workers whose turn has not come stay as they are. */
void roll_forget(struct pool *pool);

#endif
