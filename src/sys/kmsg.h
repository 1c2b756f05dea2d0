/* SPDX-License-Identifier: MIT */
/*
 * The kernel log as a witness of out-of-memory deaths, where it may be read. Nothing is read until
 * somebody asks about a death; then what was written since the last time, bounded.
 */
#ifndef LIFEGUARD_SYS_KMSG_H
#define LIFEGUARD_SYS_KMSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { KMSG_DEATHS = 32 };

/* A process that the kernel ended because memory was out. */
struct kmsg_death {
    int pid;
    int64_t at;                 /* the log's time of it, ns; near to the monotonic clock */
    int64_t total_vm, anon_rss; /* bytes, -1 = not told */
};

struct kmsg {
    int fd; /* -1 = may not be read, or tells PIDs of another namespace */
    struct kmsg_death deaths[KMSG_DEATHS]; /* ring of those read; pid 0 = none */
    size_t next;
};

/* From here on. Always leaves a valid struct. */
void kmsg_open(struct kmsg *log);
void kmsg_close(struct kmsg *log);
/* True, and the death taken out, when the log tells of one of this PID that is not older than
 * `since` (monotonic). Never blocks. */
bool kmsg_take_death(struct kmsg *log, int pid, int64_t since, struct kmsg_death *death);
/* One record of /dev/kmsg, NUL-terminated. Only what the kernel itself wrote counts: others may
 * write there too. */
bool kmsg_parse(const char *record, struct kmsg_death *death);

#endif
