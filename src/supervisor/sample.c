/* SPDX-License-Identifier: MIT */
/*
 * Sampling. One stat file a process (2 µs); details (descriptors) only for the worker that a
 * client has in its Detail view.
 */
#include "supervisor/sample.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "logs/capture.h"
#include "pool/hang.h"
#include "supervisor/client.h"
#include "supervisor/life.h"
#include "supervisor/publish_window.h"
#include "supervisor/supervisor.h"
#include "supervisor/tree_cpu.h"
#include "sys/procfs.h"

static const int64_t LOOK_PERIOD = CLOCK_S;
static const int64_t REST_PERIOD = 30 * CLOCK_S;
static const int64_t LOAD_PERIOD = 15 * CLOCK_S;
static const int64_t PRUNE_PERIOD = 5 * CLOCK_S;
static const int64_t RSS_SPAN = 300 * CLOCK_S;
static const int64_t SHOWN_LATELY = 3 * CLOCK_S;
enum { STILL_SAMPLES = 3, STILL_ROUNDS = 4 };

static void life_note_cpu(struct life *life, double seconds, int64_t now)
{
    double span = (double)(now - life->sampled_at) / 1e9;
    double percent;

    if (life->sampled_at && span > 0.05) {
        percent = (seconds - life->cpu_seconds) / span * 100;
        life->cpu_percent = percent > 0 ? percent : 0;
        if (span > 0.8) {
            life->cpu_history[life->cpu_next] =
                (uint8_t)(life->cpu_percent > 100 ? 100 : life->cpu_percent);
            life->cpu_next = (life->cpu_next + 1) % ARRAY_LEN(life->cpu_history);
            if (life->cpu_count < ARRAY_LEN(life->cpu_history))
                life->cpu_count++;
        }
    }
    if (!life->sampled_at || span > 0.05) {
        life->cpu_seconds = seconds;
        life->sampled_at = now;
    }
}

/* Where a hang limit asks for it the whole tree counts, not its first process alone. */
static void sample_signs(struct life *life, bool stopped)
{
    struct tree_cpu cpu = {.used = life->user_seconds + life->sys_seconds};

    if (hang_counts_cpu(life->box->pool)) {
        cpu = tree_cpu_of(life, cpu.used);
        worker_on_demand(life->worker, cpu.wanted, life->sup->now);
    }
    worker_on_sample(life->worker, cpu.used, stopped, life->sup->now);
}

static void sample_life(struct life *life)
{
    struct supervisor *sup = life->sup;
    struct procfs_stat stat;
    double ticks = (double)procfs_ticks();

    if (life->exited || procfs_read_stat(life->proc.pid, life->proc.start, &stat) < 0)
        return;
    life->user_seconds = (double)stat.user_ticks / ticks;
    life->sys_seconds = (double)stat.sys_ticks / ticks;
    life->rss = stat.rss;
    life->threads = stat.threads;
    if (!life->rss_before_at || sup->now - life->rss_before_at > RSS_SPAN) {
        life->rss_before = stat.rss;
        life->rss_before_at = sup->now;
    }
    if (life->worker->last_output > life->sign_seen) {
        life->sign_seen = life->worker->last_output;
        life->cpu_at_sign = life->user_seconds + life->sys_seconds;
    }
    life->still = life->user_seconds + life->sys_seconds > life->cpu_seconds ? 0 : life->still + 1;
    life_note_cpu(life, life->user_seconds + life->sys_seconds, sup->now);
    sample_signs(life, stat.state == 'T' || stat.state == 't');
    worker_on_memory(life->worker, stat.rss, sup->now);
}

static bool somebody_looks(const struct supervisor *sup)
{
    return sup->client_count > 0;
}

static int64_t box_period(const struct pool_box *box)
{
    int64_t period = hang_sample_period(box->pool);
    int64_t look = somebody_looks(box->sup) ? LOOK_PERIOD : REST_PERIOD;

    return period && period < look ? period : look;
}

/* A worker that rests where nobody sees it is looked at now and then; a hang limit needs all. */
static bool life_may_wait(const struct life *life)
{
    const struct pool_box *box = life->box;

    return life->still >= STILL_SAMPLES && !hang_sample_period(box->pool) &&
           life->sup->now - life->shown_at > SHOWN_LATELY &&
           ((unsigned)life->worker->slot + box->sample_round) % STILL_ROUNDS != 0;
}

static void sample_box(struct pool_box *box)
{
    struct pool *pool = box->pool;
    double used = box->cpu_ended;

    box->rss = 0;
    box->sample_round++;
    for (size_t s = 0; s < pool->slots; s++) {
        struct life *life = pool->workers[s] ? pool->workers[s]->life : NULL;

        if (!life)
            continue;
        if (!life_may_wait(life))
            sample_life(life);
        used += life->cpu_seconds;
        box->rss += life->rss;
    }
    /* Tasks may be far shorter than a sample: what ended since the last one counts too. */
    if (box->cpu_at && box->sup->now > box->cpu_at && used >= box->cpu_before)
        box->cpu = (used - box->cpu_before) / ((double)(box->sup->now - box->cpu_at) / 1e9) * 100;
    box->cpu_before = used;
    box->cpu_at = box->sup->now;
}

static void sample_load(struct pool_box *box)
{
    const struct pool *pool = box->pool;
    int64_t slots = pool->want > 0 ? pool->want : 1;
    int64_t percent = pool->spec->mode == POOL_SERVICE ? (int64_t)(box->cpu / (double)slots)
                                                       : (int64_t)pool_busy(pool) * 100 / slots;

    stats_add_load(&box->pool->stats, (int)(percent > 100 ? 100 : percent));
}

/* What the Detail view shows of its one worker. */
static void sample_details(struct supervisor *sup)
{
    LIST_EACH(node, &sup->clients)
    {
        const struct client *client = LIST_ENTRY(node, struct client, link);
        const struct subscription *sub = &client->subs[VIEW_DETAIL];
        const struct worker *worker = sub->active ? window_find_worker(sup, sub->target) : NULL;
        struct life *life = worker ? worker->life : NULL;

        if (!life || life->exited)
            continue;
        life->fds = procfs_count_fds(life->proc.pid);
    }
}

/* Once a second while somebody looks or tasks move: the queue's history. */
static void sample_second(struct supervisor *sup)
{
    uint64_t waiting = 0;

    for (size_t i = 0; i < sup->box_count; i++)
        waiting += queue_waiting(&sup->boxes[i].pool->queue);
    sup->queue_history[sup->history_next] = (uint32_t)waiting;
    sup->history_next = (sup->history_next + 1) % HISTORY_LEN;
    if (sup->history_count < HISTORY_LEN)
        sup->history_count++;
    if (somebody_looks(sup)) {
        sample_details(sup);
        sup->changed = true;
    }
}

static bool pid_is_live(void *ctx, int pid)
{
    const struct supervisor *sup = ctx;

    return map_find(&sup->by_pid, (uint64_t)pid) != NULL;
}

/* The logs of old lives beyond keep_lives and max_total go. */
static void prune_logs(struct pool_box *box)
{
    struct supervisor *sup = box->sup;
    const struct log_spec *log = &box->spec->log;

    box->prune_due = false;
    box->prune_at = sup->now + PRUNE_PERIOD;
    if (*sup->spec.supervisor.log_dir)
        logs_prune(sup->spec.supervisor.log_dir, box->spec->name, log->keep_lives, log->max_total,
                   pid_is_live, sup);
}

static bool tasks_move(const struct supervisor *sup)
{
    for (size_t i = 0; i < sup->box_count; i++)
        if (sup->boxes[i].pool->queue.counts[TASK_RUNNING])
            return true;
    return false;
}

void sample_run(struct supervisor *sup)
{
    for (size_t i = 0; i < sup->box_count; i++) {
        struct pool_box *box = &sup->boxes[i];

        /* A client that just came does not wait for the slow period to end. */
        if (box->next_sample > sup->now + box_period(box))
            box->next_sample = sup->now;
        if (sup->now >= box->next_sample) {
            sample_box(box);
            box->next_sample = sup->now + box_period(box);
        }
        if (box->prune_due && sup->now >= box->prune_at)
            prune_logs(box);
        if (sup->now >= box->next_load) {
            sample_load(box);
            box->next_load = sup->now + LOAD_PERIOD;
        }
    }
    if (sup->next_second > sup->now + CLOCK_S && (somebody_looks(sup) || tasks_move(sup)))
        sup->next_second = sup->now;
    if (sup->now >= sup->next_second) {
        sample_second(sup);
        sup->next_second =
            sup->now + (somebody_looks(sup) || tasks_move(sup) ? CLOCK_S : REST_PERIOD);
    }
}

int64_t sample_next_deadline(const struct supervisor *sup)
{
    int64_t next = sup->next_second;

    for (size_t i = 0; i < sup->box_count; i++) {
        const struct pool_box *box = &sup->boxes[i];

        if (box->next_sample < next)
            next = box->next_sample;
        if (box->next_load < next)
            next = box->next_load;
        if (box->prune_due && box->prune_at < next)
            next = box->prune_at;
    }
    return next;
}
