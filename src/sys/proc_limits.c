/* SPDX-License-Identifier: MIT */
/*
 * What this process may use: CPUs (affinity and the CPU quota of its cgroups) and descriptors.
 */
#include "sys/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/cgroup.h"

#define OOM_SCORE "/proc/self/oom_score_adj"

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

int proc_missing_cpus(const cpu_set_t *set, cpu_set_t *missing)
{
    cpu_set_t before, got;

    *missing = *set;
    if (sched_getaffinity(0, sizeof(before), &before) < 0)
        return CPU_COUNT(missing);
    CPU_ZERO(&got);
    /* The kernel takes a set of which one CPU is there, and leaves out the others silently. */
    if (sched_setaffinity(0, sizeof(*set), set) == 0) {
        sched_getaffinity(0, sizeof(got), &got);
        sched_setaffinity(0, sizeof(before), &before);
    }
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &got))
            CPU_CLR(cpu, missing);
    return CPU_COUNT(missing);
}

static int oom_score_write(int value)
{
    int fd = open(OOM_SCORE, O_WRONLY | O_CLOEXEC), rc = 0;
    char text[16];
    int len = snprintf(text, sizeof(text), "%d", value);

    if (fd < 0)
        return -errno;
    if (write(fd, text, (size_t)len) < 0)
        rc = -errno;
    close(fd);
    return rc;
}

int proc_oom_score(void)
{
    int fd = open(OOM_SCORE, O_RDONLY | O_CLOEXEC);
    char text[16] = "";

    if (fd < 0)
        return 0;
    (void)!read(fd, text, sizeof(text) - 1);
    close(fd);
    return (int)strtol(text, NULL, 10);
}

int proc_try_oom_score(int value)
{
    int before = proc_oom_score();
    int rc = oom_score_write(value);

    if (rc == 0)
        oom_score_write(before);
    return rc;
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
