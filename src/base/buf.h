/* SPDX-License-Identifier: MIT */
/*
 * A byte queue with a limit: append at the end, consume from the front. Zeroed memory is an empty
 * buffer without a limit. Data is contiguous; a pointer into it is valid until the next append.
 */
#ifndef LIFEGUARD_BASE_BUF_H
#define LIFEGUARD_BASE_BUF_H

#include <stdarg.h>
#include <stddef.h>

struct buf {
    char *bytes; /* storage; the data is bytes[head .. tail) */
    size_t head;
    size_t tail;
    size_t cap;
    size_t max; /* most bytes of data that it may hold; 0 = no limit */
};

void buf_init(struct buf *buf, size_t max);
void buf_fini(struct buf *buf);

static inline size_t buf_len(const struct buf *buf)
{
    return buf->tail - buf->head;
}
/* NULL when nothing was ever appended. */
static inline char *buf_data(struct buf *buf)
{
    return buf->bytes ? buf->bytes + buf->head : buf->bytes;
}

/* Room for `want` more bytes at the end; NULL on -ENOMEM or over the limit. Follow by
 * buf_commit. */
char *buf_reserve(struct buf *buf, size_t want);
void buf_commit(struct buf *buf, size_t len);
/* 0, -ENOMEM or -ENOBUFS (over max); on failure nothing is appended. */
int buf_append(struct buf *buf, const void *bytes, size_t len);
int buf_append_string(struct buf *buf, const char *text);
int buf_append_char(struct buf *buf, char c);
int buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
int buf_vprintf(struct buf *buf, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));
void buf_consume(struct buf *buf, size_t len);
/* Forgets the data, keeps the storage. */
void buf_reset(struct buf *buf);
/* Gives storage back when it is far larger than the data. */
void buf_trim(struct buf *buf);
/* NUL-terminated view of the data; NULL only when memory is out. */
const char *buf_string(struct buf *buf);

#endif
