/* SPDX-License-Identifier: MIT */
/*
 * The last lines of one capture, in memory: bytes in a circle, and beside them one small record for
 * every run of lines that came together (their stream, time and last number). Lines are looked for
 * only when somebody reads. Grows on demand up to its own limit, as far as the budget shared by all
 * rings allows; then the oldest lines make room. Private to logs/.
 */
#ifndef LIFEGUARD_LOGS_RING_H
#define LIFEGUARD_LOGS_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "logs/capture.h"

struct ring_budget {
    size_t used;
    size_t total;
};

struct ring_run {
    uint64_t end;      /* offset behind its last byte, counted from the ring's birth */
    uint64_t last_seq; /* number of its last line */
    int64_t wall;
    char stream;
    bool partial; /* one line without a newline */
};

struct ring {
    struct ring_budget *budget;
    size_t max;
    char *bytes;
    size_t cap;
    uint64_t head, tail; /* offsets of the data */
    struct ring_run *runs;
    size_t run_cap, run_first, run_count;
};

void ring_init(struct ring *ring, struct ring_budget *budget, size_t max);
void ring_fini(struct ring *ring);
/* Whole lines with their newlines, or one partial line without. `last_seq` is the number of the
 * last of them. What is longer than the ring is cut to its last lines. */
void ring_push(struct ring *ring, const char *bytes, size_t len, const struct ring_run *run);
/* The last `count` lines, oldest first. Returns how many. */
size_t ring_tail(const struct ring *ring, size_t count, capture_sink *sink, void *ctx);

#endif
