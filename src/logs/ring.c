/* SPDX-License-Identifier: MIT */
/*
 * The circle of bytes and the circle of runs. Offsets count from the ring's birth and never wrap;
 * offset modulo capacity is the place. Invariants: head is the start of a line, the first run ends
 * behind head, the last one ends at tail.
 */
#include "logs/ring.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "logs/lines.h"

enum { RING_FIRST = 1024, RING_SMALL = 4096, RUNS_FIRST = 8, RUN_SHARE = 128 };

/* Runs of one stream that are as near in time as this become one. */
static const int64_t run_join = 1000000;

void ring_init(struct ring *ring, struct ring_budget *budget, size_t max)
{
    *ring = (struct ring){.budget = budget, .max = max};
}

void ring_fini(struct ring *ring)
{
    if (ring->budget)
        ring->budget->used -= ring->cap + ring->run_cap * sizeof(*ring->runs);
    free(ring->bytes);
    free(ring->runs);
    *ring = (struct ring){0};
}

/* The last quarter of the budget is kept for small rings, so that late comers get one too. */
static bool budget_take(struct ring_budget *budget, size_t more, size_t becomes)
{
    size_t limit = becomes <= RING_SMALL ? budget->total : budget->total / 4 * 3;

    if (budget->used + more > limit)
        return false;
    budget->used += more;
    return true;
}

static size_t place(const struct ring *ring, uint64_t offset)
{
    assert(ring->cap > 0);
    return (size_t)(offset % ring->cap);
}

/* Copies out of the circle. */
static void copy_out(const struct ring *ring, uint64_t offset, char *to, size_t len)
{
    size_t at = place(ring, offset);
    size_t first = len < ring->cap - at ? len : ring->cap - at;

    memcpy(to, ring->bytes + at, first);
    memcpy(to + first, ring->bytes, len - first);
}

static void copy_in(struct ring *ring, const char *from, size_t len)
{
    size_t at = place(ring, ring->tail);
    size_t first = len < ring->cap - at ? len : ring->cap - at;

    memcpy(ring->bytes + at, from, first);
    memcpy(ring->bytes, from + first, len - first);
    ring->tail += len;
}

static void grow_bytes(struct ring *ring, size_t want)
{
    size_t cap = ring->cap ? ring->cap : RING_FIRST;
    size_t len = (size_t)(ring->tail - ring->head);
    char *bytes;

    while (cap < want && cap < ring->max)
        cap *= 2;
    if (cap > ring->max)
        cap = ring->max;
    if (cap <= ring->cap || !budget_take(ring->budget, cap - ring->cap, cap))
        return;
    bytes = malloc(cap);
    if (!bytes) {
        ring->budget->used -= cap - ring->cap;
        return;
    }
    /* The offsets stay; each byte goes to the place that its offset has in the larger circle. */
    if (len > 0) {
        size_t at = (size_t)(ring->head % cap);
        size_t first = len < cap - at ? len : cap - at;

        copy_out(ring, ring->head, bytes + at, first);
        copy_out(ring, ring->head + first, bytes, len - first);
    }
    free(ring->bytes);
    ring->bytes = bytes;
    ring->cap = cap;
}

static struct ring_run *run_at(const struct ring *ring, size_t index)
{
    return &ring->runs[(ring->run_first + index) % ring->run_cap];
}

static void grow_runs(struct ring *ring)
{
    size_t cap = ring->run_cap ? ring->run_cap * 2 : RUNS_FIRST;
    struct ring_run *runs;

    /* Runs may cost no more than a fraction of the bytes, or tiny lines would defeat the limit. */
    if (ring->run_cap && cap > RUNS_FIRST + ring->max / RUN_SHARE)
        return;
    if (!budget_take(ring->budget, (cap - ring->run_cap) * sizeof(*runs), cap * sizeof(*runs)))
        return;
    runs = malloc(cap * sizeof(*runs));
    if (!runs) {
        ring->budget->used -= (cap - ring->run_cap) * sizeof(*runs);
        return;
    }
    for (size_t i = 0; i < ring->run_count; i++)
        runs[i] = *run_at(ring, i);
    free(ring->runs);
    ring->runs = runs;
    ring->run_cap = cap;
    ring->run_first = 0;
}

static void drop_first_run(struct ring *ring)
{
    ring->head = run_at(ring, 0)->end;
    ring->run_first = (ring->run_first + 1) % ring->run_cap;
    ring->run_count--;
}

/* Offset behind the first newline at or after `from`; there is one before `end`. */
static uint64_t next_line(const struct ring *ring, uint64_t from, uint64_t end)
{
    while (from < end) {
        size_t at = place(ring, from);
        size_t len = ring->cap - at < end - from ? ring->cap - at : (size_t)(end - from);
        const char *newline = memchr(ring->bytes + at, '\n', len);

        if (newline)
            return from + (uint64_t)(newline - (ring->bytes + at)) + 1;
        from += len;
    }
    return end;
}

/* Lets the oldest lines go until `need` more bytes fit. */
static void make_room(struct ring *ring, size_t need)
{
    uint64_t keep_from = ring->tail + need > ring->cap ? ring->tail + need - ring->cap : 0;

    while (ring->run_count > 0 && ring->head < keep_from) {
        const struct ring_run *run = run_at(ring, 0);

        if (run->end <= keep_from || run->partial) {
            drop_first_run(ring);
            continue;
        }
        /* The byte before may be the newline that makes keep_from a line's start. */
        ring->head = next_line(ring, keep_from - 1, run->end);
        if (ring->head == run->end)
            drop_first_run(ring);
        return;
    }
}

static void add_run(struct ring *ring, const struct ring_run *run)
{
    struct ring_run *last = ring->run_count ? run_at(ring, ring->run_count - 1) : NULL;

    if (last && !last->partial && !run->partial && last->stream == run->stream &&
        run->wall - last->wall >= 0 && run->wall - last->wall < run_join) {
        last->last_seq = run->last_seq;
        last->end = ring->tail;
        return;
    }
    ring->run_count++;
    last = run_at(ring, ring->run_count - 1);
    *last = *run;
    last->end = ring->tail;
}

/* Cuts what is longer than the ring to its last whole lines, or to the start of its last line. */
static const char *cut_to_fit(const struct ring *ring, const char *bytes, size_t *len,
                              struct ring_run *run)
{
    const char *end = bytes + *len;
    const char *from, *line;

    if (*len <= ring->cap)
        return bytes;
    if (!run->partial) {
        from = end - ring->cap;
        line = memchr(from - 1, '\n', (size_t)(end - from));
        if (line && line + 1 < end) {
            *len = (size_t)(end - line - 1);
            return line + 1;
        }
        line = memrchr(bytes, '\n', (size_t)(end - 1 - bytes));
        bytes = line ? line + 1 : bytes;
        run->partial = true;
    }
    *len = ring->cap;
    return bytes;
}

void ring_push(struct ring *ring, const char *bytes, size_t len, const struct ring_run *run)
{
    struct ring_run own = *run;
    size_t live = (size_t)(ring->tail - ring->head);

    if (ring->max == 0 || len == 0)
        return;
    if (live + len > ring->cap && ring->cap < ring->max)
        grow_bytes(ring, live + len);
    if (ring->run_count == ring->run_cap)
        grow_runs(ring);
    if (ring->cap == 0 || ring->run_cap == 0)
        return;
    bytes = cut_to_fit(ring, bytes, &len, &own);
    make_room(ring, len);
    if (ring->run_count == ring->run_cap)
        drop_first_run(ring);
    if (ring->run_count == 0)
        ring->head = ring->tail;
    copy_in(ring, bytes, len);
    add_run(ring, &own);
}

static uint64_t run_start(const struct ring *ring, size_t index)
{
    return index == 0 ? ring->head : run_at(ring, index - 1)->end;
}

static size_t run_lines(const struct ring *ring, size_t index)
{
    const struct ring_run *run = run_at(ring, index);
    uint64_t from = run_start(ring, index);
    size_t at = place(ring, from), len = (size_t)(run->end - from);
    size_t first = len < ring->cap - at ? len : ring->cap - at;

    if (run->partial)
        return 1;
    return lines_count(ring->bytes + at, first) + lines_count(ring->bytes, len - first);
}

/* Gives one line, which may go around the end of the circle, to the sink. */
static void give_line(const struct ring *ring, uint64_t from, struct log_line *line,
                      capture_sink *sink, void *ctx)
{
    size_t at = place(ring, from);
    char *copy = NULL;

    line->bytes = ring->bytes + at;
    if (line->len > ring->cap - at) {
        copy = malloc(line->len);
        if (copy)
            copy_out(ring, from, copy, line->len);
        else
            line->len = ring->cap - at;
        if (copy)
            line->bytes = copy;
    }
    sink(ctx, line);
    free(copy);
}

static void give_run(const struct ring *ring, size_t index, size_t skip, capture_sink *sink,
                     void *ctx)
{
    const struct ring_run *run = run_at(ring, index);
    uint64_t from = run_start(ring, index);
    size_t count = run_lines(ring, index);

    for (size_t i = 0; i < count; i++) {
        uint64_t next = run->partial ? run->end : next_line(ring, from, run->end);
        struct log_line line = {.seq = run->last_seq - (count - 1 - i),
                                .wall = run->wall,
                                .stream = run->stream,
                                .partial = run->partial,
                                .len = (size_t)(next - from) - !run->partial};

        if (i >= skip)
            give_line(ring, from, &line, sink, ctx);
        from = next;
    }
}

size_t ring_tail(const struct ring *ring, size_t count, capture_sink *sink, void *ctx)
{
    size_t index = ring->run_count, found = 0;

    while (index > 0 && found < count)
        found += run_lines(ring, --index);
    for (size_t skip = found > count ? found - count : 0; index < ring->run_count; index++) {
        give_run(ring, index, skip, sink, ctx);
        skip = 0;
    }
    return found < count ? found : count;
}
