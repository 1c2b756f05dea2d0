/* SPDX-License-Identifier: MIT */
/*
 * What a worker prints, from its pipe to ring, file and subscribers, in that order, no way back.
 *
 * A capture belongs to one life of a worker (or to a slot or pool, as log.per says) and reads its
 * descriptors until end of file. It never blocks and never stops reading because a disk or a
 * client is slow; what can't be stored is counted and said in the file itself. Single thread.
 */
#ifndef LIFEGUARD_LOGS_CAPTURE_H
#define LIFEGUARD_LOGS_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct ring;

/* Shared by all captures of a supervisor: one read buffer, the budget of all rings, the count of
 * files. Created once. */
struct logs;

struct logs_options {
    int64_t ring_total; /* all rings together, default 64 MiB */
};

struct capture_options {
    const char *path;       /* the log file, absolute; NULL = no file */
    struct capture *beside; /* writes into that one's file, whole lines in turn, and has none of its
                             own; that one must live longer */
    bool append;            /* per slot or pool: earlier lives are in the same file */
    int64_t max_size;       /* rotate at; 0 = never */
    int keep;               /* rotated files kept, path.1 .. path.N */
    bool timestamps;      /* each line begins with "2026-11-21T03:00:01.123+0000 o ", a '+' instead
                             of the last blank marks a partial line */
    bool block_when_full; /* a full disk pauses reading instead of dropping */
    int64_t ring;         /* bytes of ring at most */
};

struct log_line {
    uint64_t seq;      /* counts from 1 within the capture */
    int64_t wall;      /* ns since the epoch */
    char stream;       /* 'o' stdout, 'e' stderr, 's' the supervisor's own word */
    bool partial;      /* ended by end of file or the length limit, not by a newline */
    const char *bytes; /* raw, not NUL-terminated, without the newline */
    size_t len;
};

typedef void capture_sink(void *ctx, const struct log_line *line);

struct logs *logs_new(const struct logs_options *options);
void logs_free(struct logs *logs);

struct capture *capture_new(struct logs *logs, const struct capture_options *options,
                            struct err *err);
/* Flushes and closes the file; the fds belong to the caller. */
void capture_free(struct capture *capture);

enum { CAPTURE_MORE = 1, CAPTURE_END = 0 };
/* Reads `fd` (stdout or merged: stream 'o'; stderr: 'e') until it would block or the turn's share
 * (256 KiB) is used: CAPTURE_MORE, CAPTURE_END at end of file, or -errno (-EAGAIN: paused because
 * the disk is full and block_when_full is set: stop watching the fd and call capture_flush every
 * now and then until capture_waiting is false). A short read ends the turn's reading too: when the
 * event says EPOLLHUP, call again until CAPTURE_END. The supervisor gives the turn's wall time. */
int capture_read(struct capture *capture, int fd, char stream, int64_t wall);
/* Puts the supervisor's own word into ring, file and sink. */
void capture_note(struct capture *capture, int64_t wall, const char *text);
/* Ends a partial line (end of file, grace over) and writes what waits. */
void capture_finish(struct capture *capture, int64_t wall);
/* Writes what waits for the file; called when the loop turns and bytes are waiting. */
void capture_flush(struct capture *capture, int64_t wall);
/* True while something waits for room on the disk: what is held, or the word about dropped lines.
 */
bool capture_waiting(const struct capture *capture);

/* At most one sink a capture (the supervisor fans out); NULL takes it away. Called for each whole
 * line as it is split. */
void capture_set_sink(struct capture *capture, capture_sink *sink, void *ctx);
/* A second one, for who waits for a line; it may take itself away while it is called. */
void capture_set_watch(struct capture *capture, capture_sink *sink, void *ctx);
/* At most one raw sink a capture: gets every block of bytes as it was read, before it is split
 * into lines; NULL takes it away. */
typedef void capture_raw(void *ctx, char stream, const char *bytes, size_t len);
void capture_set_raw(struct capture *capture, capture_raw *raw, void *ctx);
/* Also keep whatever comes on stream 'o', up to `max` bytes, for a task's result. Taking it (by
 * capture_take_output, caller frees) starts the next. *total counts all bytes, kept or not. */
void capture_keep_output(struct capture *capture, size_t max);
char *capture_take_output(struct capture *capture, size_t *len, uint64_t *total);

/* The last `count` lines in the ring, oldest first, to `sink`. Returns how many. */
size_t capture_tail(const struct capture *capture, size_t count, capture_sink *sink, void *ctx);
/* Text of the worker's own last line, one without its newline yet included, at most size-1 bytes,
 * raw; "" when none. */
void capture_last_line(const struct capture *capture, char *out, size_t size);
/* Monotonic count of bytes and lines read, for "no output since". */
uint64_t capture_bytes(const struct capture *capture);
uint64_t capture_lines(const struct capture *capture);
uint64_t capture_dropped(const struct capture *capture);
const char *capture_path(const struct capture *capture);

/* Keeps at most `keep` ended lives of a slot ("POOL.SLOT.PID.log" and its rotations in `dir`) and
 * `max_total` bytes for the pool, oldest deleted first. `live` says which PIDs must stay. A
 * negative `keep_lives` and a `max_total` of 0 mean no limit. */
void logs_prune(const char *dir, const char *pool, int keep_lives, int64_t max_total,
                bool (*live)(void *ctx, int pid), void *ctx);

#endif
