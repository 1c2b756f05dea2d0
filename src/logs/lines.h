/* SPDX-License-Identifier: MIT */
/*
 * Bytes to lines, one splitter a stream. What comes out is pieces: either whole lines, as many as
 * there are, each with its newline, or one partial line without (longer than LINES_MAX, or ended by
 * lines_finish). Bytes come out exactly as they went in, NULs included; only the unfinished end of
 * a read is copied. Private to logs/.
 */
#ifndef LIFEGUARD_LOGS_LINES_H
#define LIFEGUARD_LOGS_LINES_H

#include <stdbool.h>
#include <stddef.h>

enum { LINES_MAX = 65536 };

/* Zeroed memory is an empty splitter. */
struct lines {
    char *carry; /* the unfinished line, less than LINES_MAX bytes */
    size_t len;
    size_t cap;
};

/* `bytes` belong to the splitter's caller and are valid during the call only. */
typedef void lines_emit(void *ctx, const char *bytes, size_t len, bool partial);

/* There must be LINES_MAX writable bytes before `bytes`: the carry is put there. */
void lines_feed(struct lines *lines, char *bytes, size_t len, lines_emit *emit, void *ctx);
/* Gives out the unfinished line, if any. */
void lines_finish(struct lines *lines, lines_emit *emit, void *ctx);
void lines_fini(struct lines *lines);

/* Newlines among the bytes. */
size_t lines_count(const char *bytes, size_t len);

#endif
