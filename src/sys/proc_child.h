/* SPDX-License-Identifier: MIT */
/*
 * Private to sys/: what the parent and the child of a spawn share. On the fast path the child runs
 * in the parent's memory while the parent waits, so what it writes here the parent reads when clone
 * returns. On the slow path the child has a copy and reports through error_fd.
 */
#ifndef LIFEGUARD_SYS_PROC_CHILD_H
#define LIFEGUARD_SYS_PROC_CHILD_H

#include <limits.h>
#include <stdint.h>

#include "sys/proc.h"

struct proc_failure {
    int stage;  /* enum proc_stage, 0 = none */
    int error;  /* positive errno */
    int detail; /* see struct proc */
};

struct proc_child {
    const struct proc_plan *plan;
    struct proc_failure failure;
    pid_t parent;
    uint64_t cloned;       /* boot time before clone, in ticks of /proc/PID/stat */
    bool in_group;         /* born in its cgroup, need not join */
    int fds[PROC_MAX_FDS]; /* sources of the child's descriptors, -1 = none */
    int unshare_from; /* the table is shared with the parent: unshare it from here; 0 = it isn't */
    int error_fd;     /* slow path: the writing end, -1 = none */
    char oom[16];     /* text for oom_score_adj, "" = leave alone */
    char path[PATH_MAX]; /* of the program, looked up */
};

/* Clones a child that runs proc_child_main: its PID and *pidfd, or -errno. `flags` are CLONE_VM and
 * the like. */
pid_t proc_clone(struct proc_child *child, int flags, int *pidfd);
/* Entry of the child for clone(2); `arg` is the struct proc_child. Never returns. */
int proc_child_main(void *arg);

/* Puts the failure in words into *err; returns -errno. */
int proc_explain(const struct proc_plan *plan, const struct proc_failure *failure, const char *path,
                 struct err *err);

#endif
