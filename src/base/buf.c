/* SPDX-License-Identifier: MIT */
/*
 * The byte queue. Storage doubles; when the front half is spent, data moves down instead of
 * growing, so a queue in steady state does not allocate.
 */
#include "base/buf.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUF_FIRST = 256, BUF_TRIM_OVER = 65536 };

void buf_init(struct buf *buf, size_t max)
{
    *buf = (struct buf){.max = max};
}

void buf_fini(struct buf *buf)
{
    if (!buf)
        return;
    free(buf->bytes);
    *buf = (struct buf){0};
}

static int buf_grow(struct buf *buf, size_t want)
{
    size_t len = buf_len(buf);
    size_t cap = buf->cap ? buf->cap : BUF_FIRST;
    char *grown;

    if (len + want < len)
        return -ENOMEM;
    if (buf->bytes && buf->head && len + want <= buf->cap && buf->head >= buf->cap / 2) {
        memmove(buf->bytes, buf->bytes + buf->head, len);
        buf->head = 0;
        buf->tail = len;
        return 0;
    }
    while (cap < len + want)
        cap = cap > ((size_t)-1) / 2 ? len + want : cap * 2;
    grown = malloc(cap);
    if (!grown)
        return -ENOMEM;
    if (len && buf->bytes)
        memcpy(grown, buf->bytes + buf->head, len);
    free(buf->bytes);
    buf->bytes = grown;
    buf->head = 0;
    buf->tail = len;
    buf->cap = cap;
    return 0;
}

static int buf_make_room(struct buf *buf, size_t want)
{
    if (buf->max && buf_len(buf) + want > buf->max)
        return -ENOBUFS;
    if (buf->cap - buf->tail >= want && buf->bytes)
        return 0;
    return buf_grow(buf, want);
}

char *buf_reserve(struct buf *buf, size_t want)
{
    return buf_make_room(buf, want) < 0 ? NULL : buf->bytes + buf->tail;
}

void buf_commit(struct buf *buf, size_t len)
{
    assert(buf->cap - buf->tail >= len);
    buf->tail += len;
}

int buf_append(struct buf *buf, const void *bytes, size_t len)
{
    int rc;

    if (!len)
        return 0;
    rc = buf_make_room(buf, len);
    if (rc < 0)
        return rc;
    memcpy(buf->bytes + buf->tail, bytes, len);
    buf->tail += len;
    return 0;
}

int buf_append_string(struct buf *buf, const char *text)
{
    return buf_append(buf, text, strlen(text));
}

int buf_append_char(struct buf *buf, char c)
{
    return buf_append(buf, &c, 1);
}

int buf_vprintf(struct buf *buf, const char *format, va_list args)
{
    va_list again;
    int len;
    int rc;

    va_copy(again, args);
    len = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (len < 0)
        return -EINVAL;
    rc = buf_make_room(buf, (size_t)len + 1);
    if (rc < 0)
        return rc;
    vsnprintf(buf->bytes + buf->tail, (size_t)len + 1, format, args);
    buf->tail += (size_t)len;
    return 0;
}

int buf_printf(struct buf *buf, const char *format, ...)
{
    va_list args;
    int rc;

    va_start(args, format);
    rc = buf_vprintf(buf, format, args);
    va_end(args);
    return rc;
}

void buf_consume(struct buf *buf, size_t len)
{
    assert(len <= buf_len(buf));
    buf->head += len;
    if (buf->head == buf->tail)
        buf->head = buf->tail = 0;
}

void buf_reset(struct buf *buf)
{
    buf->head = buf->tail = 0;
}

void buf_trim(struct buf *buf)
{
    size_t len = buf_len(buf);
    char *smaller;

    if (buf->cap <= BUF_TRIM_OVER || len * 4 > buf->cap)
        return;
    if (!len) {
        free(buf->bytes);
        *buf = (struct buf){.max = buf->max};
        return;
    }
    smaller = malloc(len);
    if (!smaller)
        return;
    memcpy(smaller, buf->bytes + buf->head, len);
    free(buf->bytes);
    buf->bytes = smaller;
    buf->head = 0;
    buf->tail = buf->cap = len;
}

const char *buf_string(struct buf *buf)
{
    char *end;
    size_t max = buf->max;

    buf->max = 0;
    end = buf_reserve(buf, 1);
    buf->max = max;
    if (!end)
        return NULL;
    *end = '\0';
    return buf_data(buf);
}
