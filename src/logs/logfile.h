/* SPDX-License-Identifier: MIT */
/*
 * One log file: appends, rotates at a newline, follows when somebody else moves or removes it, and
 * on a full disk drops by the line, counts, and says so in the file when there is room again (or
 * holds what could not be written, if asked to). Never blocks but for the disk itself. The file
 * ends in a whole line after every call, but for a partial line's own end. Private to logs/.
 */
#ifndef LIFEGUARD_LOGS_LOGFILE_H
#define LIFEGUARD_LOGS_LOGFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"

struct err;

struct logfile_options {
    const char *path;
    bool append;      /* else what is there already is rotated away first */
    int64_t max_size; /* 0 = never rotate */
    int keep;
    bool timestamps;
    bool hold; /* full disk: hold instead of dropping */
};

struct logfile {
    int fd; /* -1 = not open (its directory is gone, say): lines are dropped and counted */
    char *path;
    int64_t size;
    int64_t max_size;
    int keep;
    bool timestamps;
    bool hold;
    char open_stream;  /* whose unterminated line is the file's end; 0 = none */
    int64_t rotate_at; /* size for the next rotation; beyond max_size after a failed one */
    dev_t device;
    ino_t inode;
    int64_t checked;  /* wall time of the last look for changes from outside */
    int64_t failed;   /* wall time of the last failure to write, 0 = none since */
    int error;        /* its errno */
    uint64_t dropped; /* lines, in all */
    uint64_t unsaid;  /* of them, not yet told in the file */
    struct buf held;
    char held_stream; /* whose unterminated line is the end of what is held; 0 = none */
};

/* 0 or -errno with the reason. */
int logfile_open(struct logfile *file, const struct logfile_options *options, struct err *err);
void logfile_close(struct logfile *file);
/* Whole lines, or one partial line. 0, or -EAGAIN: some is held, write no more until logfile_retry
 * answers 0. */
int logfile_write(struct logfile *file, const char *bytes, size_t len, bool partial, char stream,
                  int64_t wall);
/* Writes what is held and the count of what was dropped. `now` = even if the last failure was just
 * now. 0 when nothing waits any more, else -EAGAIN. */
int logfile_retry(struct logfile *file, int64_t wall, bool now);

/* Bytes that precede every line with timestamps: "2026-11-21T03:00:01.123+0000 o " where a '+' in
 * the last place says that the line is partial. */
enum { LOGFILE_PREFIX = 31 };
void logfile_prefix(char out[LOGFILE_PREFIX + 1], int64_t wall, char stream, bool partial);

#endif
