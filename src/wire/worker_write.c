/* SPDX-License-Identifier: MIT */
/*
 * The writer of the worker protocol. The head of a line (verb, id, numbers, name) is put together
 * on the stack; then head, text and newline enter the buffer in one step, so that a full buffer
 * never holds half a line. A text without anything to escape is one memcpy.
 */
#include "wire/worker.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"

/* A verb, three numbers and a name fit, with their TABs. */
struct head {
    char bytes[WORKER_NAME_MAX + 128];
    size_t len;
};

static void head_bytes(struct head *head, const char *bytes, size_t len)
{
    memcpy(head->bytes + head->len, bytes, len);
    head->len += len;
}

static void head_start(struct head *head, enum worker_verb verb)
{
    const char *name = worker_verb_name(verb);

    head->len = 0;
    head_bytes(head, name, strlen(name));
}

/* A TAB and the number; digits as ids have them are of base 36. */
static void head_number(struct head *head, uint64_t value, unsigned base)
{
    char digits[24];
    size_t at = sizeof(digits);

    do {
        digits[--at] = "0123456789abcdefghijklmnopqrstuvwxyz"[value % base];
        value /= base;
    } while (value);
    digits[--at] = '\t';
    head_bytes(head, digits + at, sizeof(digits) - at);
}

static char escape_code(char c)
{
    switch (c) {
    case '\t':
        return 't';
    case '\n':
        return 'n';
    case '\\':
        return '\\';
    case '\0':
        return '0';
    default:
        return 0;
    }
}

static size_t escapes_count(const char *text, size_t len)
{
    size_t count = 0;

    /* Four passes of memchr are far cheaper than one by bytes, and most texts need no escapes. */
    if (!memchr(text, '\\', len) && !memchr(text, '\n', len) && !memchr(text, '\t', len) &&
        !memchr(text, '\0', len))
        return 0;
    for (size_t i = 0; i < len; i++)
        count += escape_code(text[i]) != 0;
    return count;
}

static char *escape(char *to, const char *text, size_t len, size_t escapes)
{
    if (escapes == 0) {
        memcpy(to, text, len);
        return to + len;
    }
    for (size_t i = 0; i < len; i++) {
        char code = escape_code(text[i]);

        if (code)
            *to++ = '\\';
        *to++ = code ? code : text[i];
    }
    return to;
}

/* The head, then a TAB and the text unless that is NULL, then the newline. */
static int put_line(struct buf *out, const struct head *head, const char *text, size_t len)
{
    bool dash = text && len == 1 && text[0] == '-';
    size_t escapes = text && !dash ? escapes_count(text, len) : dash;
    size_t need = head->len + (text ? 1 + len + escapes : 0) + 1;
    char *to = buf_reserve(out, need);

    if (!to)
        return out->max && buf_len(out) + need > out->max ? -ENOBUFS : -ENOMEM;
    memcpy(to, head->bytes, head->len);
    to += head->len;
    if (text)
        *to++ = '\t';
    if (dash)
        *to++ = '\\';
    if (text)
        to = escape(to, text, len, dash ? 0 : escapes);
    *to = '\n';
    buf_commit(out, need);
    return 0;
}

/* The same with a text that must stand, if only as "-". */
static int put_text(struct buf *out, struct head *head, const char *text, size_t len)
{
    if (len > WORKER_PAYLOAD_MAX)
        return -EMSGSIZE;
    if (text && len)
        return put_line(out, head, text, len);
    head_bytes(head, "\t-", 2);
    return put_line(out, head, NULL, 0);
}

int worker_put_task(struct buf *out, uint64_t id, int attempt, int64_t ms, const char *payload,
                    size_t len)
{
    struct head head;

    head_start(&head, WORKER_TASK);
    head_number(&head, id, 36);
    head_number(&head, (uint64_t)attempt, 10);
    if (ms < 0)
        head_bytes(&head, "\t-", 2);
    else
        head_number(&head, (uint64_t)ms, 10);
    return put_text(out, &head, payload, len);
}

int worker_put_verb(struct buf *out, enum worker_verb verb)
{
    struct head head;

    head_start(&head, verb);
    return put_line(out, &head, NULL, 0);
}

int worker_put_text(struct buf *out, enum worker_verb verb, const char *text, size_t len)
{
    struct head head;

    head_start(&head, verb);
    return put_text(out, &head, text, len);
}

int worker_put_cancel(struct buf *out, uint64_t id)
{
    struct head head;

    head_start(&head, WORKER_CANCEL);
    head_number(&head, id, 36);
    return put_line(out, &head, NULL, 0);
}

int worker_put_answer(struct buf *out, enum worker_verb verb, const char *name, size_t name_len,
                      const char *text, size_t len)
{
    struct head head;

    if (!worker_is_name(name, name_len))
        return -EINVAL;
    head_start(&head, verb);
    head_bytes(&head, "\t", 1);
    head_bytes(&head, name, name_len);
    if (verb == WORKER_GRANTED && !text)
        return put_line(out, &head, NULL, 0);
    return put_text(out, &head, text, len);
}
