/* SPDX-License-Identifier: MIT */
/*
 * The splitter. It looks for the last newline of a read only; the lines before it need not be
 * looked at one by one, which is what makes capturing about as fast as copying.
 */
#include "logs/lines.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Carries above this are given back when empty: thousands of splitters are idle at a time. */
enum { CARRY_KEEP = 1024 };

static bool carry_append(struct lines *lines, const char *bytes, size_t len)
{
    size_t cap = lines->cap ? lines->cap : 128;
    void *carry = lines->carry;

    while (cap < lines->len + len)
        cap *= 2;
    if (cap != lines->cap && mem_try_resize(&carry, cap, 1) < 0)
        return false;
    lines->carry = carry;
    lines->cap = cap;
    memcpy(lines->carry + lines->len, bytes, len);
    lines->len += len;
    return true;
}

static void carry_clear(struct lines *lines)
{
    lines->len = 0;
    if (lines->cap <= CARRY_KEEP)
        return;
    free(lines->carry);
    lines->carry = NULL;
    lines->cap = 0;
}

/* Keeps the unfinished end of a read. Without memory it goes out as it is: split, but not lost. */
static void keep_rest(struct lines *lines, const char *bytes, size_t len, lines_emit *emit,
                      void *ctx)
{
    if (len > 0 && !carry_append(lines, bytes, len))
        emit(ctx, bytes, len, true);
}

/* Puts the carry before the bytes, so that both are one piece. */
static char *join_carry(struct lines *lines, char *bytes)
{
    if (lines->len == 0)
        return bytes;
    bytes -= lines->len;
    memcpy(bytes, lines->carry, lines->len);
    carry_clear(lines);
    return bytes;
}

void lines_feed(struct lines *lines, char *bytes, size_t len, lines_emit *emit, void *ctx)
{
    const char *newline = memchr(bytes, '\n', len);
    const char *end = bytes + len, *last;

    if (!newline && lines->len + len < LINES_MAX) {
        keep_rest(lines, bytes, len, emit, ctx);
        return;
    }
    bytes = join_carry(lines, bytes);
    /* Only a line that began before this read can be too long, or one without an end. */
    while ((size_t)((newline ? newline : end) - bytes) >= LINES_MAX) {
        emit(ctx, bytes, LINES_MAX, true);
        bytes += LINES_MAX;
    }
    last = memrchr(bytes, '\n', (size_t)(end - bytes));
    if (last) {
        emit(ctx, bytes, (size_t)(last + 1 - bytes), false);
        bytes += last + 1 - bytes;
    }
    keep_rest(lines, bytes, (size_t)(end - bytes), emit, ctx);
}

void lines_finish(struct lines *lines, lines_emit *emit, void *ctx)
{
    if (lines->len > 0)
        emit(ctx, lines->carry, lines->len, true);
    carry_clear(lines);
}

void lines_fini(struct lines *lines)
{
    free(lines->carry);
    *lines = (struct lines){0};
}

typedef unsigned char vector __attribute__((vector_size(16)));

/* At most 255 vectors, so that no lane overflows. */
static size_t count_vectors(const char *bytes, size_t vectors)
{
    vector newline = {0}, sums = {0};
    size_t count = 0;

    newline += '\n';
    for (size_t i = 0; i < vectors; i++) {
        vector part;

        memcpy(&part, bytes + i * sizeof(part), sizeof(part));
        /* A lane that is equal is all ones, which is minus one. */
        sums -= (vector)(part == newline);
    }
    for (size_t i = 0; i < sizeof(sums); i++)
        count += sums[i];
    return count;
}

size_t lines_count(const char *bytes, size_t len)
{
    size_t count = 0;

    while (len >= sizeof(vector)) {
        size_t vectors = len / sizeof(vector) < 255 ? len / sizeof(vector) : 255;

        count += count_vectors(bytes, vectors);
        bytes += vectors * sizeof(vector);
        len -= vectors * sizeof(vector);
    }
    for (size_t i = 0; i < len; i++)
        count += bytes[i] == '\n';
    return count;
}
