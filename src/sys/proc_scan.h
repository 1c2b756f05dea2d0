/* SPDX-License-Identifier: MIT */
/*
 * Private to sys/: walking the numbers in /proc without allocating, so that the guardian, which
 * must work when memory is out, can use it too. Also the one parser of /proc/PID/stat.
 */
#ifndef LIFEGUARD_SYS_PROC_SCAN_H
#define LIFEGUARD_SYS_PROC_SCAN_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { PROC_SCAN_BYTES = 8192 };

struct proc_scan {
    int fd;
    size_t next, end; /* unread part of bytes */
    char bytes[PROC_SCAN_BYTES] __attribute__((aligned(8)));
};

/* 0 or -errno. Close always. */
int proc_scan_open(struct proc_scan *scan, const char *path);
/* The next entry's name but "." and "..", NULL at the end; valid until the next call. */
const char *proc_scan_next_name(struct proc_scan *scan);
/* The next entry that is a number above 0, 0 at the end. */
pid_t proc_scan_next(struct proc_scan *scan);
void proc_scan_close(struct proc_scan *scan);

/* Reads at most size-1 bytes of /proc/PID/NAME, NUL-terminated. Length or -errno. */
ssize_t proc_scan_read(pid_t pid, const char *name, char *out, size_t size);

struct proc_scan_stat {
    char state;
    pid_t ppid, pgid, session;
    uint64_t user_ticks, sys_ticks;
    int nice, threads;
    uint64_t start;
    int64_t rss_pages;
    const char *comm; /* in the text given, comm_len bytes */
    size_t comm_len;
};

/* Parses the text of a stat file: 0 or -EBADMSG. */
int proc_scan_parse(const char *text, struct proc_scan_stat *stat);
/* Reads and parses; `comm` is not kept. -ESRCH when the process is gone. */
int proc_scan_stat(pid_t pid, struct proc_scan_stat *stat);

#endif
