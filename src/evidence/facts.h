/* SPDX-License-Identifier: MIT */
/*
 * What /proc tells of a worker's processes at one moment: the tree, each thread with what it used
 * of the CPU between two samples, its system call, and descriptors. Gathered in a process of its
 * own (collect.c), because reading some of it may block. Plain data; facts_fini frees it.
 */
#ifndef LIFEGUARD_EVIDENCE_FACTS_H
#define LIFEGUARD_EVIDENCE_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "sys/procfs_task.h"

enum { FACTS_PROCESSES = 64, FACTS_THREADS = 256, FACTS_FDS = 512 };

struct thread {
    struct procfs_thread seen; /* at the second sample */
    struct procfs_call call;
    int call_error;    /* 0, or why its system call can't be read (-EPERM) */
    double share;      /* of the window that it ran or wanted to run, 0..1 */
    double user_share; /* of the CPU time used, that in user code; -1 = too little to tell */
    uint64_t ticks_before, sys_before;
    int64_t wanted_before;
};

struct process {
    pid_t pid, ppid;
    pid_t look; /* whose files in /proc tell of it: of a dead leader those of a living thread */
    uint64_t start;
    char state;
    char comm[32];
    bool in_tree; /* of the worker; else it is only somebody's counterpart */
    struct thread *threads;
    size_t thread_count;
    struct procfs_fd *fds;
    int fd_count; /* -1 = could not be listed */
};

struct facts {
    struct process *processes; /* [0] is the worker's leader */
    size_t count;
    struct procfs_sockets sockets; /* of the leader's network, once asked for */
    bool sockets_read;
    pid_t supervisor; /* who reads what workers print; 0 = not known */
    double window;    /* seconds between the samples */
};

/* Two samples, `window_ms` apart, of the process and all that it started. 0, or -ESRCH when it is
 * not the process that was started at `start` (clock ticks since boot; 0 = do not check). */
int facts_gather(struct facts *facts, pid_t pid, uint64_t start, int window_ms);
void facts_fini(struct facts *facts);
/* Finds a process, and looks at one that is not part of the tree now. NULL when it is gone or there
 * are too many. */
struct process *facts_process(struct facts *facts, pid_t pid);
/* A socket in words, "" where it is not known. */
const char *facts_socket(struct facts *facts, uint64_t inode);
/* A zombie with all of its threads. */
bool process_is_dead(const struct process *process);
const struct thread *process_thread(const struct process *process, pid_t tid);
const struct procfs_fd *process_fd(const struct process *process, int fd);

#endif
