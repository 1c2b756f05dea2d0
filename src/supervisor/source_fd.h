/* SPDX-License-Identifier: MIT */
/*
 * Sources that are read: a file, standard input, a command's output. The struct is shared between
 * source.c (what becomes of an item) and source_fd.c (where the bytes come from).
 */
#ifndef LIFEGUARD_SUPERVISOR_SOURCE_FD_H
#define LIFEGUARD_SUPERVISOR_SOURCE_FD_H

#include <glob.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "sys/loop.h"
#include "sys/proc.h"

enum { SOURCE_ITEM_MAX = 1 << 20 };

struct source {
    struct pool_box *box;
    bool awake, ended;
    int64_t wake_at;
    /* The task being put together. */
    struct buf items; /* each ended by NUL */
    unsigned item_count, inputs;
    uint64_t lines;
    double tokens; /* rate limit */
    int64_t filled_at;
    /* Lists and globs. */
    char *const *list;
    size_t next;
    glob_t paths;
    bool globbed;
    /* Files, pipes, commands. */
    int fd;
    bool watched, readable, at_end, regular;
    bool late; /* the file is not open yet */
    bool header_skipped;
    bool overlong;      /* the rest of a line that is left out still comes */
    struct buf pending; /* read, not yet split */
    struct loop_watch watch, exit_watch;
    struct proc child;
    bool child_started;
    int child_status; /* -1 = still runs */
};

/* Opens the file or adopts the descriptor. 0 or -errno with the reason. */
int source_fd_open(struct source *source, struct err *err);
void source_fd_close(struct source *source);
/* Reads and delivers while there is room. True when everything has been delivered. */
bool source_fd_run(struct source *source);

/* source.c: one more item; a task when it completes one. 0 or -errno. */
int source_deliver(struct source *source, const char *item, size_t len);
int source_submit(struct source *source);
bool source_may_deliver(struct source *source);

#endif
