/* SPDX-License-Identifier: MIT */
/*
 * The forms of values that limit a worker: I/O class, CPUs, share of a CPU. `conf` checks a file
 * with them, the supervisor reads the values. Each answers 0, or -EINVAL with what the value must
 * be ("must be ...").
 */
#ifndef LIFEGUARD_POOL_LIMITS_H
#define LIFEGUARD_POOL_LIMITS_H

#include <sched.h>
#include <stdint.h>

struct err;

/* Of cgroup.cpu_max: microseconds in which the quota is counted. */
enum { LIMITS_CPU_PERIOD = 100000 };

/* "idle", "best-effort:0..7", "realtime:0..7", "none" to the value of ioprio_set(2); without a
 * level it is 4. */
int limits_parse_ionice(const char *text, int *value, struct err *err);
/* "0-3,8"; CPUs up to CPU_SETSIZE - 1. */
int limits_parse_affinity(const char *text, cpu_set_t *set, struct err *err);
/* "150%" of one CPU to the quota a period, at least 1000; "max" is 0. */
int limits_parse_cpu_max(const char *text, int64_t *quota, struct err *err);

/* The same for who wants to know the form alone. */
int limits_check_ionice(const char *text, struct err *err);
int limits_check_affinity(const char *text, struct err *err);
int limits_check_cpu_max(const char *text, struct err *err);

#endif
