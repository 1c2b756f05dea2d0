/* SPDX-License-Identifier: MIT */
/*
 * Lives of a slot: their beginning, their record, and what follows on their end.
 */
#include "pool/worker_life.h"

#include <stdio.h>

#include "pool/feed.h"
#include "pool/pool.h"
#include "pool/restart.h"

bool worker_is_fed(const struct worker *worker)
{
    return worker->pool->spec->mode == POOL_WORKER;
}

/* Common to every start of a process: counters, flags and signs of life begin anew. */
void worker_begin_life(struct worker *worker, int64_t now)
{
    worker->generation++;
    worker->started_at = worker->last_output = worker->last_cpu = worker->last_beat = now;
    worker->ready_at = worker->exited_at = worker->hung_at = 0;
    worker->ended = worker->ended_well = false;
    health_begin_life(worker);
    worker->last_easy = now;
    worker->cpu_seen = worker->cpu_sampled = 0;
    worker->sampled_at = worker->beat_limit = worker->extended_until = 0;
    worker->hang_held = worker->gathered = worker->kill_waits = false;
    worker->gathering = GATHER_NONE;
    worker->late_id = 0;
    worker->report[0] = '\0';
    worker->done_fraction = -1;
    worker->exited = worker->suspect = worker->stopped = worker->unkillable = false;
    worker->stop_reason = STOP_NONE;
    worker->stop_step = worker->sent_signal = 0;
    worker->stop_shifted = worker->triggered_at = 0;
    worker->triggers_ignored = 0;
    worker->who[0] = '\0';
    worker->end = (struct worker_end){0};
    if (worker_is_fed(worker))
        feed_begin_life(worker, now);
}

/* Few slots see many lives: the ring doubles until it has its full size, 1, 2, 4 .. 50. */
static bool lives_make_room(struct worker *worker)
{
    uint32_t count = worker->lives_count, room = count ? 2 * count : 1;

    if (count >= WORKER_LIVES_MAX || (count & (count - 1)))
        return true;
    if (room > WORKER_LIVES_MAX)
        room = WORKER_LIVES_MAX;
    return mem_try_resize((void **)&worker->lives, room, sizeof(*worker->lives)) == 0;
}

void worker_record_life(struct worker *worker, int64_t now)
{
    struct worker_life *life;

    if (!lives_make_room(worker))
        return;
    life = &worker->lives[worker->lives_count++ % WORKER_LIVES_MAX];
    *life = (struct worker_life){
        .generation = worker->generation,
        .pid = worker->pid,
        .started_at = worker->started_at,
        .ended_at = now,
        .status = worker->end.status,
        .user = worker->end.user,
        .sys = worker->end.sys,
        .maxrss = worker->end.maxrss,
        .tasks = worker_is_fed(worker) ? worker->life_done : worker->done,
    };
    snprintf(life->report, sizeof(life->report), "%s", worker->report);
    snprintf(life->why, sizeof(life->why), "%s", worker->why);
}

void worker_settle(struct worker *worker, int64_t now)
{
    struct pool *pool = worker->pool;
    enum stop_reason reason = worker->stop_reason;

    if (pool->spec->mode == POOL_COMMAND) {
        bool keep = pool->goal == GOAL_RUN && !worker->retire && !worker->stay_down;

        worker_set_state(worker, keep ? WORKER_IDLE : WORKER_DOWN, now);
    } else if (worker->retire || worker->stay_down || pool->goal != GOAL_RUN) {
        worker_set_state(worker, WORKER_DOWN, now);
    } else if (reason == STOP_RESTART || (worker_is_fed(worker) && reason == STOP_DRAIN)) {
        worker->asked = true;
        worker_set_state(worker, WORKER_DOWN, now);
    } else {
        restart_decide(worker, now);
    }
}
