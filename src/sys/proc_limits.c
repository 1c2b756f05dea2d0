/* SPDX-License-Identifier: MIT */
/*
 * What this process may use: CPUs (affinity and the CPU quota of its cgroups) and descriptors.
 */
#include "sys/proc.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/cgroup.h"

static int count_affinity(void)
{
    cpu_set_t set;
    long online;

    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof(set), &set) == 0)
        return CPU_COUNT(&set);
    /* More CPUs than the set has bits for. */
    online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (int)online : 1;
}

int proc_cpu_count(void)
{
    double quota = cgroup_cpu_quota();
    int count = count_affinity();

    /* Rounded up: a quota of 1.5 CPUs keeps two workers busy. */
    if (quota > 0 && quota < count) {
        count = (int)quota;
        if (quota > count)
            count++;
    }
    return count > 0 ? count : 1;
}

int64_t proc_raise_nofile_from(struct rlimit *before)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return -errno;
    *before = limit;
    if (limit.rlim_cur != limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
            return (int64_t)before->rlim_cur;
    }
    return (int64_t)limit.rlim_cur;
}

int64_t proc_raise_nofile(void)
{
    struct rlimit before;

    return proc_raise_nofile_from(&before);
}
