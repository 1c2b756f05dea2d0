/* SPDX-License-Identifier: MIT */
/*
 * The judge of worker-check: one line of a worker at a time, and for each thing that is wrong the
 * words that tell its author what to change.
 */
#include "cli/worker_heard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/worker_rig.h"
#include "pool/shared.h"

static const char TODO_FORM[] = "one message a line, fields separated by one TAB; write TAB, "
                                "newline, backslash and NUL in texts as \\t \\n \\\\ \\0";
static const char TODO_ONLY[] = "only messages of the protocol may go to descriptor 3: print logs "
                                "to stdout or stderr, and start programs without it (3>&-)";
static const char TODO_ID[] = "answer each task once, with the id that stood in its TASK line";

/* The first bytes of a line in quotes, for a report. */
static void line_quote(char out[64], const char *line, size_t len)
{
    snprintf(out, 64, "\"%.*s\"%s", (int)(len < 48 ? len : 48), line, len > 48 ? "..." : "");
}

static void heard_unknown(struct rig *rig, const char *line, size_t len)
{
    size_t word = 0;
    char quote[64];

    while (word < len && (line[word] == '_' || (line[word] >= 'A' && line[word] <= 'Z')))
        word++;
    line_quote(quote, line, len);
    for (enum worker_verb verb = 0; verb < WORKER_VERBS; verb++)
        if (word == strlen(worker_verb_name(verb)) &&
            memcmp(line, worker_verb_name(verb), word) == 0) {
            rig_breach(rig, TODO_FORM, "%s is no message: a TAB or the line's end must follow %s",
                       quote, worker_verb_name(verb));
            return;
        }
    rig_breach(rig, TODO_ONLY, "%s on descriptor 3 is no message of the protocol", quote);
}

static struct rig_task *heard_task(struct rig *rig, const struct worker_line *line)
{
    char id[16];

    str_format_id(id, line->id);
    for (size_t i = 0; i < rig->task_count; i++) {
        struct rig_task *task = &rig->tasks[i];

        if (task->id != line->id)
            continue;
        if (task->answers == 0)
            return task;
        rig_breach(rig, TODO_ID, "%s for task %s, which it answered already",
                   worker_verb_name(line->verb), id);
        return NULL;
    }
    rig_breach(rig, TODO_ID, "%s for task %s, which it does not hold", worker_verb_name(line->verb),
               id);
    return NULL;
}

static void heard_answer(struct rig *rig, const struct worker_line *line)
{
    struct rig_task *task = heard_task(rig, line);

    if (!task)
        return;
    task->answers++;
    task->verb = line->verb;
    task->text_len = line->text_len < sizeof(task->text) ? line->text_len : sizeof(task->text);
    if (task->text_len)
        memcpy(task->text, line->text, task->text_len);
}

static void heard_shared_answer(void *ctx, void *holder, enum shared_answer answer,
                                const char *name, size_t name_len, const char *text, size_t len)
{
    static const enum worker_verb verbs[] = {[SHARED_GRANTED] = WORKER_GRANTED,
                                             [SHARED_DENIED] = WORKER_DENIED,
                                             [SHARED_VALUE] = WORKER_VALUE};
    struct rig *rig = ctx;

    (void)holder;
    worker_put_answer(&rig->to_send, verbs[answer], name, name_len, text, len);
}

struct shared *heard_new_shared(struct rig *rig)
{
    return shared_new(heard_shared_answer, rig);
}

static void heard_request(struct rig *rig, const struct worker_line *line)
{
    static const enum shared_request requests[WORKER_VERBS] = {
        [WORKER_LOCK] = CALL_LOCK,       [WORKER_UNLOCK] = CALL_UNLOCK,
        [WORKER_ACQUIRE] = CALL_ACQUIRE, [WORKER_RELEASE_PERMIT] = CALL_RELEASE,
        [WORKER_GET] = CALL_GET,         [WORKER_SET] = CALL_SET,
        [WORKER_INCR] = CALL_INCR,       [WORKER_HGET] = CALL_HGET,
        [WORKER_HSET] = CALL_HSET,       [WORKER_HDEL] = CALL_HDEL,
        [WORKER_HLEN] = CALL_HLEN,       [WORKER_LPUSH] = CALL_LPUSH,
        [WORKER_LPOP] = CALL_LPOP,       [WORKER_LLEN] = CALL_LLEN,
        [WORKER_LINDEX] = CALL_LINDEX,
    };
    struct shared_call call = {
        .request = requests[line->verb],
        .holder = rig,
        .name = line->name,
        .name_len = line->name_len,
        .key = line->key,
        .key_len = line->key_len,
        .value = line->text ? line->text : "",
        .value_len = line->text_len,
        .number = line->number,
    };
    struct err err = {0};

    if (line->verb == WORKER_ACQUIRE) {
        char *name = mem_copy_bytes(line->name, line->name_len);

        shared_add_semaphore(rig->shared, name, 1); /* a config would have named it */
        free(name);
    }
    if (shared_do(rig->shared, &call, &err) < 0)
        rig_breach(rig, "give back what you hold, once", "%s", err.text);
}

static void heard_line(struct rig *rig, char *bytes, size_t len)
{
    struct worker_line line;
    struct err err = {0};
    char copy[64];
    size_t copied = len < sizeof(copy) ? len : sizeof(copy);

    memcpy(copy, bytes, copied);
    if (worker_line_read(bytes, len, &line, &err) < 0) {
        rig_breach(rig, TODO_FORM, "%s", err.text);
    } else if (line.verb == WORKER_VERBS) {
        heard_unknown(rig, copy, copied);
    } else if (line.verb >= WORKER_INIT) {
        rig_breach(rig, TODO_ONLY, "%s, which only lifeguard says", worker_verb_name(line.verb));
    } else if (line.verb >= WORKER_OK && line.verb <= WORKER_RELEASE) {
        heard_answer(rig, &line);
    } else if (line.verb == WORKER_TOUCH || line.verb == WORKER_PROGRESS) {
        heard_task(rig, &line);
    } else if (line.verb >= WORKER_LOCK) {
        heard_request(rig, &line);
    }
    rig->ready |= line.verb == WORKER_READY;
    rig->beats += line.verb == WORKER_BEAT;
}

void heard_answers(struct rig *rig)
{
    struct buf *bytes = &rig->heard[RIG_ANSWERS];
    char *newline;

    while (buf_len(bytes) && (newline = memchr(buf_data(bytes), '\n', buf_len(bytes)))) {
        size_t len = (size_t)(newline - buf_data(bytes));

        heard_line(rig, buf_data(bytes), len);
        buf_consume(bytes, len + 1);
    }
    if (buf_len(bytes) > WORKER_LINE_MAX)
        rig_breach(rig, TODO_FORM, "a line on descriptor 3 has more than %d bytes and no end",
                   WORKER_LINE_MAX);
}

/* A line that is a message beyond doubt: READY, or an answer with an id. */
static bool is_message(const char *line, size_t len)
{
    static const char *const starts[] = {"OK\t", "FAIL\t", "BURY\t", "RELEASE\t", "PROGRESS\t"};

    if ((len == 5 && memcmp(line, "READY", 5) == 0) || (len == 4 && memcmp(line, "BEAT", 4) == 0))
        return true;
    for (size_t i = 0; i < ARRAY_LEN(starts); i++)
        if (len > strlen(starts[i]) && memcmp(line, starts[i], strlen(starts[i])) == 0)
            return true;
    return false;
}

void heard_output(struct rig *rig, const char *bytes, size_t len)
{
    const char *end = bytes + len;

    while (bytes < end) {
        const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
        size_t line = (size_t)((newline ? newline : end) - bytes);
        char quote[64];

        if (!rig->in_line && is_message(bytes, line)) {
            line_quote(quote, bytes, line);
            rig_breach(rig, "write messages to descriptor 3; standard output is a log",
                       "%s on standard output", quote);
        }
        rig->in_line = !newline;
        bytes += line + 1;
    }
}
