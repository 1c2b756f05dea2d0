/* SPDX-License-Identifier: MIT */
/*
 * The two pipes of a worker: lines in, lines out, escapes both ways. It depends on the C library
 * alone, as all of liblifeguard does, and knows no verbs. Input belongs to one thread; output is
 * for the caller to lock. Once a line was sent in part the stream is broken and stays so.
 */
#ifndef LIFEGUARD_LIB_STREAM_H
#define LIFEGUARD_LIB_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lg_bytes {
    char *bytes;
    size_t head, tail, cap; /* the data is bytes[head .. tail) */
};

struct lg_stream {
    int in, out;
    int broken;    /* a negative errno that every send answers from now on */
    bool ended;    /* end of file on `in` */
    size_t looked; /* bytes behind in_bytes.head known to hold no newline */
    struct lg_bytes in_bytes, out_bytes;
};

/* A field of a line to be sent. */
struct lg_field {
    const char *bytes;
    size_t len;
    bool text; /* escaped, and "-" when there is none; else sent as it is */
};

enum { LG_LINE_MAX = (2 << 20) + 4096 };

void lg_stream_init(struct lg_stream *stream, int in, int out);
/* Closes both. */
void lg_stream_fini(struct lg_stream *stream);

/*
 * 1: *line (without its newline, *len bytes, yours to change) is good until the next call; 0: end
 * of the input; -EAGAIN: no whole line is here and `wait` was false; -EINTR, -EPROTO (a line over
 * LG_LINE_MAX), -ENOMEM or what read gave.
 */
int lg_stream_read(struct lg_stream *stream, bool wait, char **line, size_t *len);
/* Would lg_stream_read answer without a system call? */
bool lg_stream_has_line(struct lg_stream *stream);

/* Appends one line. 0, -ENOMEM, -EMSGSIZE (a text over 1 MiB) or what broke the stream. */
int lg_stream_put(struct lg_stream *stream, const struct lg_field *fields, size_t count);
/* Writes all that was put, waiting as long as it takes. */
int lg_stream_flush(struct lg_stream *stream);

/* Undoes the escapes of a field in place; "-" has length 0. 0 or -EPROTO. */
int lg_unescape(char *bytes, size_t *len);

#endif
