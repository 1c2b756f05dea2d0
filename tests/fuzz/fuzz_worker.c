/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a line of the worker protocol: what is read points into the line and is written
 * again as a line that reads the same. The same bytes as a payload: they come back.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "wire/worker.h"

static void check(bool truth)
{
    if (!truth)
        abort();
}

static void check_inside(const char *text, size_t text_len, const char *bytes, size_t len)
{
    check(text ? text >= bytes && text + text_len <= bytes + len : text_len == 0);
}

static bool is_same(const char *a, size_t a_len, const char *b, size_t b_len)
{
    return a_len == b_len && (a_len == 0 || memcmp(a, b, a_len) == 0);
}

static void check_payload(const char *bytes, size_t len)
{
    struct worker_line line;
    struct buf out = {0};

    check(worker_put_task(&out, len, 1, -1, bytes, len) == 0);
    check(memchr(buf_data(&out), '\n', buf_len(&out)) == buf_data(&out) + buf_len(&out) - 1);
    check(worker_line_read(buf_data(&out), buf_len(&out) - 1, &line, NULL) == 0);
    check(line.verb == WORKER_TASK && line.id == len && line.total == 1 && line.number == -1);
    check(is_same(line.text, line.text_len, bytes, len));
    buf_fini(&out);
}

static void check_again(const struct worker_line *line)
{
    struct worker_line again;
    struct buf out = {0};

    if (line->verb == WORKER_TASK)
        check(worker_put_task(&out, line->id, (int)line->total, line->number, line->text,
                              line->text_len) == 0);
    else if (line->verb == WORKER_VALUE || line->verb == WORKER_DENIED)
        check(worker_put_answer(&out, line->verb, line->name, line->name_len, line->text,
                                line->text_len) == 0);
    else
        return;
    check(worker_line_read(buf_data(&out), buf_len(&out) - 1, &again, NULL) == 0);
    check(again.verb == line->verb && again.id == line->id && again.number == line->number);
    check(again.total == line->total);
    check(is_same(again.name, again.name_len, line->name, line->name_len));
    check(is_same(again.text, again.text_len, line->text, line->text_len));
    buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *bytes = malloc(size ? size : 1);
    struct worker_line line;
    struct err err = {0};
    int rc;

    check(bytes != NULL);
    if (size)
        memcpy(bytes, data, size);
    check_payload(bytes, size);
    rc = worker_line_read(bytes, size, &line, &err);
    check((rc < 0) == (err.code != 0));
    for (const char *c = err.text; *c; c++)
        check(*c >= ' ' && *c <= '~');
    check_inside(line.name, line.name_len, bytes, size);
    check_inside(line.key, line.key_len, bytes, size);
    check_inside(line.text, line.text_len, bytes, size);
    if (rc == 0)
        check_again(&line);
    free(bytes);
    return 0;
}
