/* SPDX-License-Identifier: MIT */
/*
 * Shared state: requests, and the wait for their answers. Tasks and words that come in between are
 * put aside by the reader; answers to another name were asked for by nobody and are skipped.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/state.h"

/* VERB name [more]... */
static int request_send(struct lg_worker *worker, const char *verb, const char *name,
                        const struct lg_field *more, size_t count)
{
    struct lg_field fields[4] = {lg_word(verb), {0}, {0}, {0}};
    int rc = lg_worker_check(worker);

    if (rc < 0)
        return rc;
    if (!lg_is_name(name))
        return -EINVAL;
    worker->reason[0] = '\0';
    fields[1] = lg_word(name);
    for (size_t i = 0; i < count; i++)
        fields[2 + i] = more[i];
    return lg_worker_send(worker, fields, 2 + count);
}

/* 0 with the answer, -EACCES, -ECANCELED or what reading gave. */
static int request_wait(struct lg_worker *worker, const char *name, struct lg_answer *answer)
{
    bool answered = false;
    int rc = 0;

    while (!answered || strcmp(answer->name, name) != 0) {
        rc = worker->stop ? 0 : lg_worker_take_line(worker, true, answer, &answered);
        if (rc == 0)
            return -ECANCELED;
        if (rc < 0 && rc != -EINTR)
            return rc;
    }
    if (answer->kind != LG_ANSWER_DENIED)
        return 0;
    snprintf(worker->reason, sizeof(worker->reason), "%.*s", (int)answer->text_len,
             answer->text ? answer->text : "");
    return -EACCES;
}

static int request_grant(struct lg_worker *worker, const char *verb, const char *name)
{
    struct lg_answer answer = {0};
    int rc = request_send(worker, verb, name, NULL, 0);

    if (rc == 0)
        rc = request_wait(worker, name, &answer);
    if (rc < 0)
        return rc;
    return answer.kind == LG_ANSWER_GRANTED ? answer.text != NULL : -EPROTO;
}

/* 1 with the value, which the worker keeps; 0: there is none. */
static int request_value(struct lg_worker *worker, const char *verb, const char *name,
                         const struct lg_field *more, size_t count, const char **value, size_t *len)
{
    struct lg_answer answer = {0};
    int rc = request_send(worker, verb, name, more, count);

    *value = NULL;
    *len = 0;
    if (rc == 0)
        rc = request_wait(worker, name, &answer);
    if (rc < 0)
        return rc;
    if (answer.kind != LG_ANSWER_VALUE || !answer.text)
        return -EPROTO;
    if (answer.text_len == 0)
        return 0;
    free(worker->answer);
    worker->answer = malloc(answer.text_len + 1);
    if (!worker->answer)
        return -ENOMEM;
    memcpy(worker->answer, answer.text, answer.text_len);
    worker->answer[answer.text_len] = '\0';
    *value = worker->answer;
    *len = answer.text_len;
    return 1;
}

static int request_number(struct lg_worker *worker, const char *verb, const char *name,
                          const struct lg_field *more, size_t count, int64_t *number)
{
    const char *value;
    char *end;
    size_t len;
    int rc = request_value(worker, verb, name, more, count, &value, &len);

    if (rc < 0)
        return rc;
    if (rc == 0)
        return -EPROTO;
    errno = 0;
    *number = strtoll(value, &end, 10);
    return errno || end != value + len ? -EPROTO : 0;
}

const char *lg_worker_reason(struct lg_worker *worker)
{
    return worker->reason;
}

int lg_worker_lock(struct lg_worker *worker, const char *name)
{
    return request_grant(worker, "LOCK", name);
}

int lg_worker_unlock(struct lg_worker *worker, const char *name)
{
    return request_send(worker, "UNLOCK", name, NULL, 0);
}

int lg_worker_acquire(struct lg_worker *worker, const char *name)
{
    return request_grant(worker, "ACQUIRE", name);
}

int lg_worker_release_permit(struct lg_worker *worker, const char *name)
{
    return request_send(worker, "RELEASE_PERMIT", name, NULL, 0);
}

int lg_worker_get(struct lg_worker *worker, const char *name, const char **value, size_t *len)
{
    return request_value(worker, "GET", name, NULL, 0, value, len);
}

int lg_worker_set(struct lg_worker *worker, const char *name, const void *value, size_t len)
{
    struct lg_field more = lg_text(value, len);

    return request_send(worker, "SET", name, &more, 1);
}

int lg_worker_incr(struct lg_worker *worker, const char *name, int64_t n, int64_t *sum)
{
    char text[24];
    struct lg_field more;
    int64_t number = 0;
    int rc;

    snprintf(text, sizeof(text), "%lld", (long long)n);
    more = lg_word(text);
    rc = request_number(worker, "INCR", name, &more, 1, &number);
    if (rc == 0 && sum)
        *sum = number;
    return rc;
}

int lg_worker_hget(struct lg_worker *worker, const char *name, const char *key, const char **value,
                   size_t *len)
{
    struct lg_field more = lg_string(key);

    return request_value(worker, "HGET", name, &more, 1, value, len);
}

int lg_worker_hset(struct lg_worker *worker, const char *name, const char *key, const void *value,
                   size_t len)
{
    struct lg_field more[] = {lg_string(key), lg_text(value, len)};

    return request_send(worker, "HSET", name, more, 2);
}

int lg_worker_hdel(struct lg_worker *worker, const char *name, const char *key)
{
    struct lg_field more = lg_string(key);

    return request_send(worker, "HDEL", name, &more, 1);
}

int64_t lg_worker_hlen(struct lg_worker *worker, const char *name)
{
    int64_t number = 0;
    int rc = request_number(worker, "HLEN", name, NULL, 0, &number);

    return rc < 0 ? rc : number;
}

int lg_worker_lpush(struct lg_worker *worker, const char *name, const void *value, size_t len)
{
    struct lg_field more = lg_text(value, len);

    return request_send(worker, "LPUSH", name, &more, 1);
}

int lg_worker_lpop(struct lg_worker *worker, const char *name, const char **value, size_t *len)
{
    return request_value(worker, "LPOP", name, NULL, 0, value, len);
}

int64_t lg_worker_llen(struct lg_worker *worker, const char *name)
{
    int64_t number = 0;
    int rc = request_number(worker, "LLEN", name, NULL, 0, &number);

    return rc < 0 ? rc : number;
}

int lg_worker_lindex(struct lg_worker *worker, const char *name, int64_t index, const char **value,
                     size_t *len)
{
    char text[24];
    struct lg_field more;

    snprintf(text, sizeof(text), "%lld", (long long)index);
    more = lg_word(text);
    return request_value(worker, "LINDEX", name, &more, 1, value, len);
}
