/* SPDX-License-Identifier: MIT */
/*
 * What the supervisor says: tasks are put aside, CANCEL, QUIET and STOP are noted, PING is
 * answered, answers are given to whoever waits. Verbs that are not known are ignored.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/state.h"

struct lg_box *lg_boxes_pop(struct lg_boxes *list)
{
    struct lg_box *box = list->first;

    if (box)
        lg_boxes_remove(list, box);
    return box;
}

void lg_boxes_push(struct lg_boxes *list, struct lg_box *box)
{
    box->next = NULL;
    box->before = list->last;
    if (list->last)
        list->last->next = box;
    else
        list->first = box;
    list->last = box;
}

void lg_boxes_remove(struct lg_boxes *list, struct lg_box *box)
{
    if (box->before)
        box->before->next = box->next;
    else
        list->first = box->next;
    if (box->next)
        box->next->before = box->before;
    else
        list->last = box->before;
}

/* Cuts the next field off the line; the last one wanted runs to its end. NULL: there is none. */
static char *field_next(char **rest, bool last)
{
    char *field = *rest, *tab = field && !last ? strchr(field, '\t') : NULL;

    if (tab)
        *tab = '\0';
    *rest = tab ? tab + 1 : NULL;
    return field;
}

static int64_t field_number(const char *field)
{
    char *end;
    long long number = strtoll(field, &end, 10);

    return *end || end == field ? -1 : number;
}

static struct lg_box *box_new(struct lg_worker *worker, size_t len)
{
    struct lg_box *box;
    char *payload;

    pthread_mutex_lock(&worker->lock);
    box = lg_boxes_pop(&worker->spare);
    pthread_mutex_unlock(&worker->lock);
    if (!box)
        box = calloc(1, sizeof(*box));
    if (!box)
        return NULL;
    if (!box->payload || box->cap < len + 1) {
        payload = realloc(box->payload, len + 64);
        if (!payload) {
            free(box->payload);
            free(box);
            return NULL;
        }
        box->payload = payload;
        box->cap = len + 64;
    }
    return box;
}

static int take_task(struct lg_worker *worker, char *rest, const char *end)
{
    const char *id = field_next(&rest, false), *attempt = field_next(&rest, false);
    const char *ms = field_next(&rest, false);
    char *payload = field_next(&rest, true);
    size_t len = payload ? (size_t)(end - payload) : 0;
    struct lg_box *box;

    if (!payload || !id || !attempt || !ms || strlen(id) >= sizeof(box->id) ||
        lg_unescape(payload, &len) < 0)
        return -EPROTO;
    box = box_new(worker, len);
    if (!box)
        return -ENOMEM;
    memcpy(box->payload, payload, len);
    box->payload[len] = '\0';
    snprintf(box->id, sizeof(box->id), "%s", id);
    box->cancelled = box->in_hand = false;
    box->task = (struct lg_task){box->id, box->payload, len, (int)field_number(attempt),
                                 strcmp(ms, "-") == 0 ? -1 : field_number(ms)};
    lg_boxes_push(&worker->pending, box);
    return box->task.attempt < 1 ? -EPROTO : 0;
}

static struct lg_box *boxes_find(const struct lg_boxes *list, const char *id)
{
    struct lg_box *box = list->first;

    while (box && strcmp(box->id, id) != 0)
        box = box->next;
    return box;
}

/* One that nobody has seen yet goes straight back. */
static int take_cancel(struct lg_worker *worker, char *rest)
{
    const char *id = field_next(&rest, true);
    struct lg_box *box = id ? boxes_find(&worker->pending, id) : NULL;
    struct lg_field fields[] = {lg_word("RELEASE"), lg_word(id ? id : "")};

    if (!id)
        return -EPROTO;
    pthread_mutex_lock(&worker->lock);
    if (box) {
        lg_boxes_remove(&worker->pending, box);
        lg_boxes_push(&worker->spare, box);
    } else {
        struct lg_box *held = boxes_find(&worker->in_hand, id);

        if (held)
            held->cancelled = true;
    }
    pthread_mutex_unlock(&worker->lock);
    return box ? lg_worker_send(worker, fields, 2) : 0;
}

static int take_init(struct lg_worker *worker, char *rest, const char *end)
{
    size_t len = rest ? (size_t)(end - rest) : 0;

    if (!rest || lg_unescape(rest, &len) < 0)
        return -EPROTO;
    free(worker->init);
    worker->init = malloc(len + 1);
    if (!worker->init)
        return -ENOMEM;
    memcpy(worker->init, rest, len);
    worker->init[len] = '\0';
    worker->init_len = len;
    return 0;
}

static int take_answer(char *rest, char *end, struct lg_answer *answer)
{
    answer->name = field_next(&rest, false);
    answer->text = field_next(&rest, true);
    answer->text_len = answer->text ? (size_t)(end - answer->text) : 0;
    if (!answer->name || (answer->text && lg_unescape(answer->text, &answer->text_len) < 0))
        return -EPROTO;
    return 0;
}

static int take_verb(struct lg_worker *worker, const char *verb, char *rest, char *end,
                     struct lg_answer *answer, bool *answered)
{
    static const char *const answers[] = {
        [LG_ANSWER_GRANTED] = "GRANTED",
        [LG_ANSWER_DENIED] = "DENIED",
        [LG_ANSWER_VALUE] = "VALUE",
    };

    if (strcmp(verb, "TASK") == 0)
        return take_task(worker, rest, end);
    if (strcmp(verb, "CANCEL") == 0)
        return take_cancel(worker, rest);
    if (strcmp(verb, "INIT") == 0)
        return take_init(worker, rest, end);
    if (strcmp(verb, "PING") == 0)
        return lg_worker_beat(worker);
    if (strcmp(verb, "QUIET") == 0)
        worker->quiet = true;
    if (strcmp(verb, "STOP") == 0)
        worker->stop = true;
    for (int kind = 0; kind < 3; kind++) {
        if (strcmp(verb, answers[kind]) != 0)
            continue;
        answer->kind = kind;
        *answered = true;
        return take_answer(rest, end, answer);
    }
    return 0;
}

int lg_worker_take_line(struct lg_worker *worker, bool wait, struct lg_answer *answer,
                        bool *answered)
{
    char *line, *rest;
    size_t len;
    int rc;

    *answered = false;
    rc = lg_stream_read(&worker->stream, wait, &line, &len);
    if (rc == 0)
        worker->stop = true;
    if (rc <= 0)
        return rc;
    line[len] = '\0'; /* where the newline stood */
    rest = line;
    line = field_next(&rest, false);
    rc = take_verb(worker, line, rest, line + len, answer, answered);
    return rc < 0 ? rc : 1;
}
