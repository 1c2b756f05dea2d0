/* SPDX-License-Identifier: MIT */
/*
 * Results as JSON lines to a file or standard output, and as files in a directory. Regular files
 * are written once a turn; a pipe is written as it drains, so that a slow reader stops nothing.
 */
#ifndef LIFEGUARD_SUPERVISOR_SINK_WRITE_H
#define LIFEGUARD_SUPERVISOR_SINK_WRITE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "sys/loop.h"

struct err;
struct pool_box;
struct result;

/* The end of the last line, from "exit" on: answers that came together share it. */
struct sink_tail {
    int exit, signal, attempts, pid, slot;
    double started, seconds;
    size_t len; /* 0 = none yet */
    char text[224];
};

struct sink_writer {
    struct pool_box *box;
    int fd;    /* -1 = no results file */
    bool poll; /* a pipe or terminal: only when the loop says that it takes bytes */
    struct loop_watch watch;
    struct buf lines;
    struct sink_tail tail;
    bool failing; /* the last write failed; tried again every second */
    int64_t retry_at;
    int64_t flushed_at; /* regular files: written at most once a FLUSH_SPAN while lines pour in */
};

int sink_writer_open(struct sink_writer *writer, struct pool_box *box, struct err *err);
void sink_writer_close(struct sink_writer *writer);
/* A failure to write its files is noted in the result. */
void sink_writer_write(struct sink_writer *writer, struct result *result);
void sink_writer_flush(struct sink_writer *writer);
/* When lines that wait must be written; CLOCK_NEVER when none do. */
int64_t sink_writer_deadline(const struct sink_writer *writer);
bool sink_writer_is_full(const struct sink_writer *writer);
bool sink_writer_is_empty(const struct sink_writer *writer);

#endif
