/* SPDX-License-Identifier: MIT */
/*
 * The domain's wishes carried out. Each function does one thing to the world and returns; none
 * calls back into the pool.
 */
#include "supervisor/effects.h"

#include "base/err.h"
#include "base/str.h"
#include "supervisor/events.h"
#include "supervisor/inquiry.h"
#include "supervisor/life.h"
#include "supervisor/output.h"
#include "supervisor/sink.h"
#include "supervisor/source.h"
#include "supervisor/supervisor.h"
#include "supervisor/survivor.h"

static int effect_spawn(void *ctx, struct worker *worker, struct task *task, int *pid,
                        struct err *err)
{
    (void)ctx;
    return life_start(worker->pool->owner, worker, task, pid, err);
}

static void effect_signal(void *ctx, struct worker *worker, int signal)
{
    (void)ctx;
    if (worker->life)
        life_signal(worker->life, signal);
}

static bool effect_gather(void *ctx, struct worker *worker, enum gather_kind kind)
{
    (void)ctx;
    return worker->life && inquiry_begin(worker->life, kind);
}

static void effect_task_final(void *ctx, struct pool *pool, struct task *task,
                              struct worker *worker)
{
    struct pool_box *box = pool->owner;
    struct life *life = worker ? worker->life : NULL;
    struct task_output *output = NULL;

    (void)ctx;
    if (life) {
        output = life->output;
        life->output = NULL;
    }
    sink_take(box->sink, task, output, worker);
}

static void effect_task_again(void *ctx, struct pool *pool, struct task *task,
                              struct worker *worker)
{
    struct life *life = worker ? worker->life : NULL;

    (void)ctx;
    (void)pool;
    (void)task;
    if (life && life->output)
        task_output_reset(life->output);
}

static const struct {
    const char *kind;
    enum event_level level;
    bool alert;
} event_kinds[POOL_EVENT_KINDS] = {
    [POOL_EVENT_STARTED] = {"started", LEVEL_GOOD, false},
    [POOL_EVENT_READY] = {"ready", LEVEL_GOOD, false},
    [POOL_EVENT_EXITED] = {"exited", LEVEL_NOTE, false},
    [POOL_EVENT_BACKOFF] = {"backoff", LEVEL_BAD, false},
    [POOL_EVENT_HELD] = {"held", LEVEL_GAVE_UP, true},
    [POOL_EVENT_FAILED] = {"failed", LEVEL_GAVE_UP, true},
    [POOL_EVENT_STILL_HELD] = {"held", LEVEL_GAVE_UP, false},
    [POOL_EVENT_STILL_FAILED] = {"failed", LEVEL_GAVE_UP, false},
    [POOL_EVENT_CAPPED] = {"capped", LEVEL_BAD, true},
    [POOL_EVENT_BREAKER] = {"breaker", LEVEL_GAVE_UP, true},
    [POOL_EVENT_ALIKE] = {"alike", LEVEL_BAD, false},
    [POOL_EVENT_SUSPECT] = {"suspect", LEVEL_NOTE, false},
    [POOL_EVENT_HUNG] = {"hung", LEVEL_HUNG, true},
    [POOL_EVENT_RECOVERED] = {"recovered", LEVEL_GOOD, false},
    [POOL_EVENT_STOPPING] = {"stopping", LEVEL_NOTE, false},
    [POOL_EVENT_KILL] = {"kill", LEVEL_BAD, false},
    [POOL_EVENT_UNKILLABLE] = {"unkillable", LEVEL_GAVE_UP, true},
    [POOL_EVENT_TASK_FAILED] = {"task-failed", LEVEL_BAD, false},
    [POOL_EVENT_TASK_RETRY] = {"task-retry", LEVEL_NOTE, false},
    [POOL_EVENT_TIMEOUT] = {"timeout", LEVEL_BAD, false},
    [POOL_EVENT_HALT] = {"halt", LEVEL_BAD, true},
    [POOL_EVENT_BREACH] = {"breach", LEVEL_BAD, true},
    [POOL_EVENT_CHECK] = {"check", LEVEL_NOTE, false},
    [POOL_EVENT_UNHEALTHY] = {"unhealthy", LEVEL_BAD, true},
    [POOL_EVENT_ROLL] = {"roll", LEVEL_BAD, true},
    [POOL_EVENT_RECYCLE] = {"recycle", LEVEL_NOTE, false},
    [POOL_EVENT_SCALED] = {"scaled", LEVEL_NOTE, false},
    [POOL_EVENT_DONE] = {"done", LEVEL_GOOD, false},
};

static void effect_event(void *ctx, struct pool *pool, struct worker *worker,
                         enum pool_event_kind kind, const char *text)
{
    struct supervisor *sup = ctx;
    enum event_level level = event_kinds[kind].level;
    const char *who = "";
    char holder[120];

    if (kind == POOL_EVENT_READY && worker && worker->life)
        health_on_ready(worker->life);
    if (kind == POOL_EVENT_UNKILLABLE && worker && worker->life) {
        survivor_describe(worker->life, holder, sizeof(holder));
        event_add(sup, event_kinds[kind].kind, level, event_kinds[kind].alert, who, pool, worker,
                  "%s%s", text, holder);
        return;
    }
    /* A death that nobody asked for looks different from one that was ordered. */
    if (kind == POOL_EVENT_EXITED && worker && worker_end_is_failure(worker))
        level = LEVEL_BAD;
    if ((kind == POOL_EVENT_EXITED || kind == POOL_EVENT_STOPPING) && worker)
        who = worker->who;
    if (kind == POOL_EVENT_EXITED && worker && worker->end.last_words[0] && level == LEVEL_BAD)
        event_add(sup, event_kinds[kind].kind, level, event_kinds[kind].alert, who, pool, worker,
                  "%s; last words: %s", text, worker->end.last_words);
    else
        event_add(sup, event_kinds[kind].kind, level, event_kinds[kind].alert, who, pool, worker,
                  "%s", text);
}

static int effect_feed(void *ctx, struct worker *worker, struct task *task, int64_t limit)
{
    (void)ctx;
    return speak_task(worker->life, task, limit);
}

static void effect_tell(void *ctx, struct worker *worker, enum pool_word word,
                        const struct task *task)
{
    (void)ctx;
    if (worker->life)
        speak_word(worker->life, word, task);
}

static void effect_room(void *ctx, struct pool *pool)
{
    struct pool_box *box = pool->owner;
    struct supervisor *sup = ctx;

    sup->changed = true;
    if (box->source)
        source_wake(box->source);
}

void effects_init(struct supervisor *sup)
{
    sup->effects = (struct pool_effects){
        .spawn = effect_spawn,
        .signal = effect_signal,
        .task_final = effect_task_final,
        .task_again = effect_task_again,
        .event = effect_event,
        .feed = effect_feed,
        .tell = effect_tell,
        .room = effect_room,
        .gather = effect_gather,
    };
}
