/* SPDX-License-Identifier: MIT */
/*
 * Lines in and out of two pipes. Descriptors may block or not: where one does not, poll waits.
 */
#include "lib/stream.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/lifeguard/worker.h"

enum { CHUNK = 65536 };

void lg_stream_init(struct lg_stream *stream, int in, int out)
{
    *stream = (struct lg_stream){.in = in, .out = out};
}

void lg_stream_fini(struct lg_stream *stream)
{
    close(stream->in);
    close(stream->out);
    free(stream->in_bytes.bytes);
    free(stream->out_bytes.bytes);
}

/* Room for `want` bytes behind the data, which moves to the front first. */
static int bytes_reserve(struct lg_bytes *data, size_t want)
{
    size_t len = data->tail - data->head, cap = data->cap ? data->cap : CHUNK;
    char *grown;

    if (data->tail + want <= data->cap)
        return 0;
    if (data->head && len)
        memmove(data->bytes, data->bytes + data->head, len);
    data->head = 0;
    data->tail = len;
    if (len + want <= data->cap)
        return 0;
    while (cap < len + want)
        cap *= 2;
    grown = realloc(data->bytes, cap);
    if (!grown)
        return -ENOMEM;
    data->bytes = grown;
    data->cap = cap;
    return 0;
}

/* One large payload must not cost its memory for ever. */
static void bytes_reset(struct lg_bytes *data)
{
    data->head = data->tail = 0;
    if (data->cap > (size_t)4 * CHUNK) {
        free(data->bytes);
        *data = (struct lg_bytes){0};
    }
}

static char *stream_find_newline(struct lg_stream *stream)
{
    struct lg_bytes *data = &stream->in_bytes;
    size_t len = data->tail - data->head;
    char *found = NULL;

    if (stream->looked < len)
        found = memchr(data->bytes + data->head + stream->looked, '\n', len - stream->looked);
    stream->looked = found ? (size_t)(found - data->bytes) - data->head : len;
    return found;
}

bool lg_stream_has_line(struct lg_stream *stream)
{
    return stream_find_newline(stream) != NULL;
}

/* 1: there are more bytes; 0: the end; or an error. */
static int stream_fill(struct lg_stream *stream, bool wait)
{
    struct pollfd ready = {.fd = stream->in, .events = POLLIN};
    struct lg_bytes *data = &stream->in_bytes;
    ssize_t got;
    int rc;

    if (data->head == data->tail)
        bytes_reset(data);
    rc = bytes_reserve(data, CHUNK);
    if (rc < 0)
        return rc;
    for (;;) {
        rc = wait ? 1 : poll(&ready, 1, 0);
        if (rc <= 0)
            return rc < 0 ? -errno : -EAGAIN;
        got = read(stream->in, data->bytes + data->tail, CHUNK);
        if (got >= 0)
            break;
        if (errno != EAGAIN || !wait)
            return -errno;
        if (poll(&ready, 1, -1) < 0)
            return -errno;
    }
    data->tail += (size_t)got;
    stream->ended = got == 0;
    return got > 0;
}

int lg_stream_read(struct lg_stream *stream, bool wait, char **line, size_t *len)
{
    struct lg_bytes *data = &stream->in_bytes;
    char *newline;

    while (!(newline = stream_find_newline(stream))) {
        int rc = data->tail - data->head > LG_LINE_MAX ? -EPROTO
                 : stream->ended                       ? 0
                                                       : stream_fill(stream, wait);

        if (rc <= 0)
            return rc;
    }
    *line = data->bytes + data->head;
    *len = (size_t)(newline - *line);
    data->head += *len + 1;
    stream->looked = 0;
    return *len > LG_LINE_MAX ? -EPROTO : 1;
}

static char code_of(char c)
{
    return c == '\t' ? 't' : c == '\n' ? 'n' : c == '\\' ? '\\' : c == '\0' ? '0' : 0;
}

static bool needs_escapes(const char *bytes, size_t len)
{
    return memchr(bytes, '\\', len) || memchr(bytes, '\n', len) || memchr(bytes, '\t', len) ||
           memchr(bytes, '\0', len);
}

static size_t field_size(const struct lg_field *field)
{
    size_t size = field->len;

    if (!field->text)
        return size;
    if (size <= 1)
        return 2;
    if (needs_escapes(field->bytes, field->len))
        for (size_t i = 0; i < field->len; i++)
            size += code_of(field->bytes[i]) != 0;
    return size;
}

/* `size` is what field_size said, so equal to the length when nothing is to be escaped. */
static char *field_write(char *to, const struct lg_field *field, size_t size)
{
    if (field->text && field->len == 0) {
        *to = '-';
        return to + 1;
    }
    if (field->text && field->len == 1 && field->bytes[0] == '-') {
        to[0] = '\\';
        to[1] = '-';
        return to + 2;
    }
    if (size == field->len) {
        memcpy(to, field->bytes, field->len);
        return to + size;
    }
    for (size_t i = 0; i < field->len; i++) {
        char code = code_of(field->bytes[i]);

        if (code)
            *to++ = '\\';
        *to++ = code ? code : field->bytes[i];
    }
    return to;
}

int lg_stream_put(struct lg_stream *stream, const struct lg_field *fields, size_t count)
{
    size_t need = 0;
    char *to;
    int rc;

    if (stream->broken)
        return stream->broken;
    for (size_t i = 0; i < count; i++) {
        if (fields[i].len > LG_PAYLOAD_MAX)
            return -EMSGSIZE;
        need += field_size(&fields[i]) + 1;
    }
    rc = bytes_reserve(&stream->out_bytes, need);
    if (rc < 0)
        return rc;
    to = stream->out_bytes.bytes + stream->out_bytes.tail;
    for (size_t i = 0; i < count; i++) {
        to = field_write(to, &fields[i], field_size(&fields[i]));
        *to++ = i + 1 < count ? '\t' : '\n';
    }
    stream->out_bytes.tail = (size_t)(to - stream->out_bytes.bytes);
    return 0;
}

int lg_stream_flush(struct lg_stream *stream)
{
    struct lg_bytes *data = &stream->out_bytes;

    while (!stream->broken && data->head < data->tail) {
        struct pollfd room = {.fd = stream->out, .events = POLLOUT};
        ssize_t put = write(stream->out, data->bytes + data->head, data->tail - data->head);

        if (put >= 0)
            data->head += (size_t)put;
        else if (errno == EAGAIN)
            poll(&room, 1, -1);
        else if (errno != EINTR)
            stream->broken = -errno;
    }
    bytes_reset(data);
    return stream->broken;
}

int lg_unescape(char *bytes, size_t *len)
{
    static const char codes[] = "tn\\0", plain[] = "\t\n\\";
    char *from = memchr(bytes, '\\', *len), *to = from, *end = bytes + *len;

    if (*len == 1 && bytes[0] == '-')
        *len = 0;
    if (*len == 2 && memcmp(bytes, "\\-", 2) == 0) {
        bytes[0] = '-';
        *len = 1;
        return 0;
    }
    if (!from)
        return 0;
    while (from < end) {
        const char *code;

        if (*from != '\\') {
            *to++ = *from++;
            continue;
        }
        code = from + 1 < end && from[1] ? strchr(codes, from[1]) : NULL;
        if (!code)
            return -EPROTO;
        *to++ = plain[code - codes];
        from += 2;
    }
    *len = (size_t)(to - bytes);
    return 0;
}
