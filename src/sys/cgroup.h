/* SPDX-License-Identifier: MIT */
/*
 * The cgroup v2 tier: one directory for the supervisor's run, one child directory a worker
 * generation (service, worker) or a slot (command). Optional: without a writable v2 tree every
 * call of a zeroed struct cgroup_root is a no-op and cgroup_root_ok is false.
 */
#ifndef LIFEGUARD_SYS_CGROUP_H
#define LIFEGUARD_SYS_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

struct cgroup_root {
    int dir; /* fd of the run's directory, -1 = no cgroups */
    char path[512];
    bool memory, cpu, pids; /* controllers that can be used below */
};

struct cgroup {
    int dir;    /* fd, -1 = none */
    int events; /* fd of cgroup.events since cgroup_populated was asked, 0 = none */
    char name[128];
};

/* Finds the v2 mount and creates "lifeguard-NAME-PID" below this process's own cgroup. An error is
 * no disaster: `err` says in words why the strong tier is not to be had and how to get it. */
int cgroup_root_open(struct cgroup_root *root, const char *name, struct err *err);
bool cgroup_root_ok(const struct cgroup_root *root);
/* Kills what is left in the run's directories of dead supervisors of the same name and removes
 * them. Returns how many processes were killed. */
int cgroup_sweep_stale(const char *name);
/* cgroup.kill on the whole run; async-signal-safe. */
int cgroup_root_kill(const struct cgroup_root *root);
/* Processes in the whole run. */
int cgroup_root_count(const struct cgroup_root *root);
/* Kills, waits (bounded by `deadline`, monotonic) until empty, removes. */
void cgroup_root_close(struct cgroup_root *root, int64_t deadline);

int cgroup_open(const struct cgroup_root *root, struct cgroup *group, const char *name,
                struct err *err);
/* Writes a limit file ("memory.max"); -ENOENT where the controller is missing. */
int cgroup_set(const struct cgroup *group, const char *file, const char *value);
int cgroup_kill(const struct cgroup *group);
/* Signals its members that are in other process groups than `pgid`, each through a pidfd that is
 * known to be of a member. Returns how many. */
int cgroup_signal_others(const struct cgroup *group, int pgid, int signal);
/* True while a process lives in it. */
bool cgroup_populated(struct cgroup *group);
/* Number in a flat keyed file (cgroup_event(g, "memory.events", "oom_kill")), or -1. */
int64_t cgroup_event(const struct cgroup *group, const char *file, const char *key);
/* Microseconds in which some process of it waited for a CPU (cpu.pressure), 0 where not counted. */
int64_t cgroup_waited(const struct cgroup *group);
/* PIDs in it, at most `max`; returns the count. */
int cgroup_pids(const struct cgroup *group, int *pids, int max);
/* CPUs that the CPU quotas of this process's own cgroups (v2, else v1) allow; 0 = no quota. */
double cgroup_cpu_quota(void);
/* Removes and closes it if no process and no group is in it; else -EBUSY, and it stays open. */
int cgroup_remove(const struct cgroup_root *root, struct cgroup *group);
/* Closes and removes the directory; 0, or -EBUSY while populated (fds are closed all the same). */
int cgroup_close(const struct cgroup_root *root, struct cgroup *group);

#endif
