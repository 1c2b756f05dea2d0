/* SPDX-License-Identifier: MIT */
/*
 * Which deed follows which evidence. One inquiry at a time a worker: what comes meanwhile and is
 * more urgent takes its place, and the same evidence serves it.
 */
#include "pool/gather.h"

#include <signal.h>

#include "pool/assign.h"
#include "pool/feed.h"
#include "pool/hang.h"
#include "pool/pool.h"

bool gather_first(struct worker *worker, enum gather_kind kind, int64_t now)
{
    struct pool *pool = worker->pool;

    (void)now;
    if (worker->gathered || !pool->effects->gather || !worker->has_process || worker->exited)
        return false;
    /* An operator's KILL waits for nobody else's evidence. */
    if (worker->gathering && kind == GATHER_SIGNAL)
        return false;
    if (worker->gathering) {
        worker->gathering = kind > worker->gathering ? kind : worker->gathering;
        return true;
    }
    if (!pool->effects->gather(pool->ctx, worker, kind))
        return false;
    worker->gathering = kind;
    return true;
}

static void gather_do(struct worker *worker, enum gather_kind kind, int64_t now)
{
    switch (kind) {
    case GATHER_HANG:
        hang_act(worker, now);
        break;
    case GATHER_TIMEOUT:
        if (worker->task && worker->task->id == worker->late_id)
            worker_stop(worker, STOP_TIMEOUT, "", now);
        break;
    case GATHER_START_TIMEOUT:
        if (worker->state == WORKER_STARTING)
            worker_stop(worker, STOP_START_TIMEOUT, "", now);
        break;
    case GATHER_HEALTH:
        health_act(worker, now);
        break;
    case GATHER_KILL:
        if (worker->state == WORKER_STOPPING)
            worker_handle(worker, EVENT_TIMEOUT, now);
        break;
    case GATHER_SIGNAL:
        worker->pool->effects->signal(worker->pool->ctx, worker, SIGKILL);
        break;
    case GATHER_NONE:
    case GATHER_KINDS:
        break;
    }
}

void worker_on_gathered(struct worker *worker, int64_t now)
{
    enum gather_kind kind = worker->gathering;

    worker->gathering = GATHER_NONE;
    if (kind == GATHER_NONE || !worker->has_process || worker->exited)
        return;
    worker->gathered = true;
    gather_do(worker, kind, now);
    /* It was left alone: the next time is another story. */
    if (worker->state != WORKER_STOPPING && !worker->hung && kind != GATHER_SIGNAL)
        worker->gathered = false;
    worker->pool->dirty = true;
}

const char *gather_kind_name(enum gather_kind kind)
{
    static const char *const names[GATHER_KINDS] = {
        [GATHER_NONE] = "asked",          [GATHER_HANG] = "hang",     [GATHER_TIMEOUT] = "time-out",
        [GATHER_START_TIMEOUT] = "start", [GATHER_HEALTH] = "health", [GATHER_KILL] = "kill",
        [GATHER_SIGNAL] = "signal"};

    return names[kind];
}
