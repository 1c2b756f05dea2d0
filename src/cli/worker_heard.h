/* SPDX-License-Identifier: MIT */
/*
 * What a worker under test said: lines of descriptor 3 judged as the supervisor would, and what it
 * printed looked through for lines that belong there. Called by worker_rig.c alone.
 */
#ifndef LIFEGUARD_CLI_WORKER_HEARD_H
#define LIFEGUARD_CLI_WORKER_HEARD_H

#include <stddef.h>

struct rig;
struct shared;

/* Takes all whole lines out of rig->heard[RIG_ANSWERS]. */
void heard_answers(struct rig *rig);
/* Bytes that came on standard output. */
void heard_output(struct rig *rig, const char *bytes, size_t len);
/* Shared objects that answer into rig->to_send. */
struct shared *heard_new_shared(struct rig *rig);

#endif
