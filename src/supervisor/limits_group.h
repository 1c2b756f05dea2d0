/* SPDX-License-Identifier: MIT */
/*
 * Private to limits.c and limits_group.c: the limits of a pool as worked out, and the part of them
 * that its cgroups enforce.
 */
#ifndef LIFEGUARD_SUPERVISOR_LIMITS_GROUP_H
#define LIFEGUARD_SUPERVISOR_LIMITS_GROUP_H

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

struct err;
struct pool_box;

struct pool_limits {
    int nice;   /* absolute, INT_MIN = leave alone */
    int ionice; /* -1 = leave alone */
    bool pinned;
    cpu_set_t cpus;
    bool memory, cpu, pids; /* to be written into each cgroup */
    int64_t cpu_quota;      /* microseconds a period; 0 = no limit */
    char note[320];         /* why something of it is not enforced, "" = all is */
};

/* Which controllers are wanted and which are there. 0, or -EINVAL for a value of no such form. */
int limits_group_prepare(struct pool_box *box, struct err *err);

#endif
