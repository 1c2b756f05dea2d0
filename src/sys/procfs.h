/* SPDX-License-Identifier: MIT */
/*
 * Reading /proc, always reopened, never cached, bounded buffers. Every reader answers -ESRCH when
 * the process is gone or its start time is not `start` any more (0 = do not check).
 */
#ifndef LIFEGUARD_SYS_PROCFS_H
#define LIFEGUARD_SYS_PROCFS_H

#include <stdint.h>
#include <stddef.h>
#include <sys/types.h>

struct procfs_stat {
    char comm[32];
    char state; /* R S D T t Z X I */
    pid_t ppid, pgid, session;
    uint64_t user_ticks, sys_ticks;
    int threads;
    uint64_t start; /* clock ticks since boot */
    int64_t rss;    /* bytes */
    int nice;
};

struct procfs_machine {
    double cpu_busy_ticks, cpu_total_ticks; /* all CPUs together, since boot */
    int64_t mem_total, mem_available;
};

int procfs_read_stat(pid_t pid, uint64_t start, struct procfs_stat *stat);
int procfs_read_machine(struct procfs_machine *machine);
/* Function that it sleeps in ("0" when running), or "" where not permitted. */
int procfs_read_wchan(pid_t pid, char *out, size_t size);
int procfs_count_fds(pid_t pid);
/* Seconds that its first thread waited while others had the CPU; 0 where that is not counted. */
double procfs_read_waited(pid_t pid);
/* read+write characters of /proc/PID/io, or -errno. */
int64_t procfs_read_io(pid_t pid);
/* Clock ticks a second. */
long procfs_ticks(void);

#endif
