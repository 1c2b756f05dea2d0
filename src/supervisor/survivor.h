/* SPDX-License-Identifier: MIT */
/*
 * Who of a life's tree is still there after KILL, and what the kernel holds it in.
 */
#ifndef LIFEGUARD_SUPERVISOR_SURVIVOR_H
#define LIFEGUARD_SUPERVISOR_SURVIVOR_H

#include <stddef.h>

struct life;

/* "; pid 4711, state D in nfs_wait_bit_killable", or "" when nobody is found. */
void survivor_describe(const struct life *life, char *out, size_t size);

#endif
