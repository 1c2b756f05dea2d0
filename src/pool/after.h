/* SPDX-License-Identifier: MIT */
/*
 * Conditions that one pool has to meet before another starts. They are looked at once, when the
 * other is to start: what becomes of the first one later does not stop it.
 */
#ifndef LIFEGUARD_POOL_AFTER_H
#define LIFEGUARD_POOL_AFTER_H

#include <stdbool.h>

#include "pool/spec.h"

struct pool;

/* "started", "ready", "done", "healthy" */
const char *after_condition_name(enum after_condition condition);
/* Whether the pool meets it now. Ready and healthy are pools all of whose wanted workers are, at
 * least one; a pool that is done has been everything. */
bool after_holds(const struct pool *pool, enum after_condition condition);

#endif
