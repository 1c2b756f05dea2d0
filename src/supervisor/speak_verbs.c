/* SPDX-License-Identifier: MIT */
/*
 * The verbs of the worker protocol, one function a family: the life cycle, answers about tasks,
 * new tasks for a pool, shared objects. Each returns false with the reason for a breach.
 */
#include "supervisor/speak_verbs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"
#include "pool/shared.h"
#include "supervisor/life.h"
#include "supervisor/speak.h"
#include "wire/worker.h"

typedef bool verb_function(struct life *life, const struct worker_line *line, struct err *err);

/* It answered about a task that it does not hold: never did, or answered twice. */
static bool unknown_task(const struct worker_line *line, struct err *err)
{
    char id[16];

    str_format_id(id, line->id);
    err_set(err, EPROTO, "%s for task %s, which it does not hold", worker_verb_name(line->verb),
            id);
    return false;
}

static bool verb_ready(struct life *life, const struct worker_line *line, struct err *err)
{
    (void)line;
    (void)err;
    worker_on_ready(life->worker, life->sup->now);
    return true;
}

static bool verb_answer(struct life *life, const struct worker_line *line, struct err *err)
{
    struct answer answer = {.text = line->text, .len = line->text_len};

    if (line->verb == WORKER_FAIL)
        answer.kind = ANSWER_FAIL;
    else if (line->verb == WORKER_BURY)
        answer.kind = ANSWER_BURY;
    else if (line->verb == WORKER_RELEASE)
        answer.kind = ANSWER_RELEASE;
    if (line->number > 0)
        answer.delay = line->number * CLOCK_MS;
    return worker_on_answer(life->worker, line->id, &answer, life->sup->now) == 0 ||
           unknown_task(line, err);
}

static bool verb_touch(struct life *life, const struct worker_line *line, struct err *err)
{
    int64_t extra = line->number > 0 ? line->number * CLOCK_MS : 0;

    return worker_on_touch(life->worker, line->id, extra, life->sup->now) == 0 ||
           unknown_task(line, err);
}

static bool verb_progress(struct life *life, const struct worker_line *line, struct err *err)
{
    struct task_progress progress = {.done = line->number,
                                     .total = line->total > 0 ? line->total : 0};

    snprintf(progress.text, sizeof(progress.text), "%.*s", (int)line->text_len,
             line->text ? line->text : "");
    return worker_on_progress(life->worker, line->id, &progress, life->sup->now) == 0 ||
           unknown_task(line, err);
}

static bool verb_beat(struct life *life, const struct worker_line *line, struct err *err)
{
    (void)line;
    (void)err;
    worker_on_beat(life->worker, life->sup->now);
    return true;
}

static bool verb_status(struct life *life, const struct worker_line *line, struct err *err)
{
    (void)err;
    snprintf(life->status_text, sizeof(life->status_text), "%.*s", (int)line->text_len,
             line->text ? line->text : "");
    return true;
}

bool speak_put_again(struct life *life)
{
    struct speech *speech = &life->speech;
    struct pool *target = speech->put_into->pool;

    /* A worker that feeds its own pool would wait for itself, one that was told to finish what it
     * holds might wait for ever. */
    if (pool_room(target) <= 0 && target != life->worker->pool &&
        life->worker->state != WORKER_DRAINING)
        return true;
    pool_accept(target, speech->put, 0, life->sup->now);
    speech->put = NULL;
    return false;
}

static bool verb_put(struct life *life, const struct worker_line *line, struct err *err)
{
    struct supervisor *sup = life->sup;
    struct speech *speech = &life->speech;
    char name[WORKER_NAME_MAX + 1], by[96];

    snprintf(name, sizeof(name), "%.*s", (int)line->name_len, line->name);
    speech->put_into = supervisor_find_pool(sup, name);
    if (!speech->put_into || speech->put_into->spec->mode == POOL_SERVICE) {
        err_set(err, EPROTO, "PUT into %.40s, which is no pool that takes tasks", name);
        return false;
    }
    speech->put = task_new(line->text ? line->text : "", line->text_len, 1);
    if (!speech->put) {
        err_set(err, ENOMEM, "PUT into %.40s: no memory for the task", name);
        return false;
    }
    snprintf(by, sizeof(by), "%s[%d]", life->box->spec->name, life->worker->slot);
    speech->put->by = mem_copy_string(by);
    speech->put->id = sup->next_task_id++;
    speak_put_again(life);
    return true;
}

/* Requests of the holder `life` on the supervisor's shared objects; answers come by
 * speak_shared_answer, some of them much later and to others. */
static bool verb_shared(struct life *life, const struct worker_line *line, struct err *err)
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
        .holder = life,
        .name = line->name,
        .name_len = line->name_len,
        .key = line->key,
        .key_len = line->key_len,
        .value = line->text ? line->text : "",
        .value_len = line->text_len,
        .number = line->number,
    };

    worker_on_output(life->worker, life->sup->now);
    return shared_do(life->sup->shared, &call, err) == 0;
}

void speak_shared_answer(void *ctx, void *holder, enum shared_answer answer, const char *name,
                         size_t name_len, const char *text, size_t len)
{
    static const enum worker_verb verbs[] = {[SHARED_GRANTED] = WORKER_GRANTED,
                                             [SHARED_DENIED] = WORKER_DENIED,
                                             [SHARED_VALUE] = WORKER_VALUE};

    (void)ctx;
    speak_answer(holder, (int)verbs[answer], name, name_len, text, len);
}

static verb_function *const functions[WORKER_VERBS] = {
    [WORKER_READY] = verb_ready,       [WORKER_OK] = verb_answer,
    [WORKER_FAIL] = verb_answer,       [WORKER_BURY] = verb_answer,
    [WORKER_RELEASE] = verb_answer,    [WORKER_TOUCH] = verb_touch,
    [WORKER_PROGRESS] = verb_progress, [WORKER_BEAT] = verb_beat,
    [WORKER_STATUS] = verb_status,     [WORKER_PUT] = verb_put,
    [WORKER_LOCK] = verb_shared,       [WORKER_UNLOCK] = verb_shared,
    [WORKER_ACQUIRE] = verb_shared,    [WORKER_RELEASE_PERMIT] = verb_shared,
    [WORKER_GET] = verb_shared,        [WORKER_SET] = verb_shared,
    [WORKER_INCR] = verb_shared,       [WORKER_HGET] = verb_shared,
    [WORKER_HSET] = verb_shared,       [WORKER_HDEL] = verb_shared,
    [WORKER_HLEN] = verb_shared,       [WORKER_LPUSH] = verb_shared,
    [WORKER_LPOP] = verb_shared,       [WORKER_LLEN] = verb_shared,
    [WORKER_LINDEX] = verb_shared,
};

bool speak_verb(struct life *life, struct worker_line *line, struct err *err)
{
    if (!functions[line->verb]) {
        err_set(err, EPROTO, "%s, which only lifeguard says", worker_verb_name(line->verb));
        return false;
    }
    return functions[line->verb](life, line, err);
}
