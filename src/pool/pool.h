/* SPDX-License-Identifier: MIT */
/*
 * A pool: its workers, its queue, what is wanted of it, and the tick that converges on that.
 *
 * Requests (pool_start, pool_resize, ...) only set the desired state; inbound events
 * (worker_on_...) go through the worker's table; pool_tick does the rest. The domain does no I/O
 * and reads no clock: it speaks outward through struct pool_effects. Single thread.
 */
#ifndef LIFEGUARD_POOL_POOL_H
#define LIFEGUARD_POOL_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/heap.h"
#include "base/list.h"
#include "pool/autoscale.h"
#include "pool/budget.h"
#include "pool/queue.h"
#include "pool/restart.h"
#include "pool/spec.h"
#include "pool/stats.h"
#include "pool/worker.h"

struct cluster_table;
struct err;

enum pool_goal {
    GOAL_RUN,
    GOAL_DRAIN, /* no new tasks; workers end when idle */
    GOAL_STOP
};

enum pool_event_kind {
    POOL_EVENT_STARTED,
    POOL_EVENT_READY,
    POOL_EVENT_EXITED, /* a service or worker process ended */
    POOL_EVENT_BACKOFF,
    POOL_EVENT_HELD,
    POOL_EVENT_FAILED,     /* can't be executed */
    POOL_EVENT_STILL_HELD, /* another slot of such a pool, or the same again */
    POOL_EVENT_STILL_FAILED,
    POOL_EVENT_CAPPED, /* a cap on restarts is used up */
    POOL_EVENT_BREAKER,
    POOL_EVENT_ALIKE, /* several workers died of the same */
    POOL_EVENT_SUSPECT,
    POOL_EVENT_HUNG,
    POOL_EVENT_RECOVERED, /* gave a sign of life after it was marked hung */
    POOL_EVENT_STOPPING,
    POOL_EVENT_KILL, /* the grace time is over */
    POOL_EVENT_UNKILLABLE,
    POOL_EVENT_TASK_FAILED,
    POOL_EVENT_TASK_RETRY,
    POOL_EVENT_TIMEOUT,
    POOL_EVENT_HALT,
    POOL_EVENT_BREACH, /* a worker broke the protocol */
    POOL_EVENT_CHECK,  /* a health check failed, the first in a row */
    POOL_EVENT_UNHEALTHY,
    POOL_EVENT_ROLL,    /* a rolling restart ended early */
    POOL_EVENT_RECYCLE, /* max_tasks, max_age or max_memory: a replacement starts */
    POOL_EVENT_SCALED,  /* the size was changed by policy */
    POOL_EVENT_DONE,    /* the source is exhausted and every task is final */
    POOL_EVENT_KINDS
};

/* What a worker is told besides its tasks. */
enum pool_word { WORD_CANCEL, WORD_PING, WORD_QUIET, WORD_STOP };

/* What a worker may answer about a task. */
enum answer_kind { ANSWER_OK, ANSWER_FAIL, ANSWER_BURY, ANSWER_RELEASE };

struct answer {
    enum answer_kind kind;
    const char *text; /* result or reason; NULL = none */
    size_t len;
    int64_t delay; /* ANSWER_RELEASE: nanoseconds, 0 = none */
};

/* What the domain asks the world to do. `ctx` is the supervisor (or a test's fake). */
struct pool_effects {
    /* Starts the worker's process, with the task in command mode. 0 and *pid set, or -errno and the
     * reason in *err. -EAGAIN, -ENOMEM, -EMFILE, -ENFILE: short of something, tried again later;
     * any other: it can't be executed. */
    int (*spawn)(void *ctx, struct worker *worker, struct task *task, int *pid, struct err *err);
    /* Signals the worker's whole tree (or the leader alone where stop.group is off). */
    void (*signal)(void *ctx, struct worker *worker, int signal);
    /* The task is final; its worker (NULL when it had none) still has its output at hand. The
     * queue frees the task some time later. */
    void (*task_final)(void *ctx, struct pool *pool, struct task *task, struct worker *worker);
    /* An attempt ended and the task will be tried again: drop the attempt's output. */
    void (*task_again)(void *ctx, struct pool *pool, struct task *task, struct worker *worker);
    void (*event)(void *ctx, struct pool *pool, struct worker *worker, enum pool_event_kind kind,
                  const char *text);
    /* Worker mode: sends the task, with the time it may take from when it is the oldest (0 = no
     * limit). 0, or -ENOMEM: nothing was sent. */
    int (*feed)(void *ctx, struct worker *worker, struct task *task, int64_t limit);
    /* Worker mode: sends CANCEL (with the task), PING, QUIET or STOP. */
    void (*tell)(void *ctx, struct worker *worker, enum pool_word word, const struct task *task);
    /* The queue has room again, or the pool's tasks moved: the source may go on. */
    void (*room)(void *ctx, struct pool *pool);
    /* Takes evidence of what the worker's processes do, and answers with worker_on_gathered, in a
     * later turn. False: none can be had now. NULL = never any. */
    bool (*gather)(void *ctx, struct worker *worker, enum gather_kind kind);
};

struct pool {
    const struct pool_spec *spec;
    const struct pool_effects *effects;
    void *ctx;
    struct restart_budget *budget;
    struct cluster_table *deaths; /* NULL = none yet */
    void *owner;                  /* the supervisor's own data of this pool */
    struct worker **workers;      /* slot n at [n-1]; NULL = no such slot now */
    size_t slots;                 /* length of that array */
    struct list by_state[WORKER_STATES];
    size_t count[WORKER_STATES];
    size_t retiring;    /* workers with retire set */
    struct list hungry; /* busy workers that take more tasks (batch) */
    size_t recycling;   /* workers with recycle set */
    size_t hung, unkillable, unhealthy;
    struct heap state_timers, hang_timers, task_timers; /* of workers */
    struct queue queue;
    struct stats stats;
    enum pool_goal goal;
    int want; /* size as operators or policies set it */
    int configured;
    bool paused;      /* no new tasks */
    bool stalled;     /* results have nowhere to go: no new tasks for a while */
    bool held;        /* no automatic restarts */
    bool started;     /* first start happened */
    bool awaiting;    /* GOAL_STOP until other pools are ready, or an operator starts it */
    bool source_done; /* no more tasks will come by themselves */
    bool done;
    bool halting; /* a halt rule fired or the run was interrupted: no new tasks */
    bool halted_by_rule;
    int halt_exit;   /* exit status of the task that fired it */
    bool breaker;    /* half the pool fails: one canary only */
    int64_t wake_at; /* a start was refused: the tick asks again then */
    int64_t most_running;
    int64_t feed_at;      /* no memory to hand out a task: not before then */
    int64_t window_at;    /* restart_limit: start of the current minute, */
    int window_used;      /* restarts in it */
    int64_t capped_until; /* a cap on restarts is used up until then, 0 = never was */
    int probe_slot;       /* the canary of the held and failed slots, 0 = none yet, */
    int64_t probe_at;     /* and when there may be another */
    struct list waiting;  /* in budget->waiting */
    size_t rolling;       /* workers that still wait for their rolling restart */
    struct worker *rolling_now;
    uint32_t rolling_generation; /* the life of rolling_now that had to go */
    struct autoscale autoscale;
    char size_by[WORKER_WHO_MAX];
    int64_t size_at;
    uint64_t restarts, rng;
    uint64_t failed_tasks; /* final states failed and buried */
    bool dirty;            /* the tick has something to converge */
};

struct pool *pool_new(const struct pool_spec *spec, int size, const struct pool_effects *effects,
                      void *ctx, struct restart_budget *budget, uint64_t seed);
void pool_free(struct pool *pool);
/* When pool_tick must be called next, if nothing else happens. */
int64_t pool_next_deadline(const struct pool *pool);
void pool_tick(struct pool *pool, int64_t now);
/* The machine or the supervisor stood still for `gap`, which is over now: every clock that runs
 * against a worker moves by it. */
void pool_shift(struct pool *pool, int64_t gap, int64_t now);
/* The same for the end of a stop, which nobody shall delay for ever by stopping and continuing us:
 * standstills shorter than `most` give back no more than that in all, and of longer ones (a machine
 * that was suspended), which leave all that was left, each costs an eighth of it. *given counts.
 * Returns the new end. */
int64_t pool_shift_stop(int64_t end, int64_t gap, int64_t most, int64_t *given, int64_t now);
/* The machine starves: only the signs of life move, so that grace and deadlines stay bounded. */
void pool_shift_signs(struct pool *pool, int64_t gap, int64_t now);
/* True while some clock runs against a worker. */
bool pool_counts_time(const struct pool *pool);
bool pool_has_suspect(const struct pool *pool);

/* Desired state. */
void pool_start(struct pool *pool, int64_t now);
void pool_stop(struct pool *pool, enum stop_reason reason, const char *who, int64_t now);
void pool_drain(struct pool *pool, int64_t now);
void pool_pause(struct pool *pool, bool pause);
/* At most so many tasks run at once: what they end with must find room. Cheap when unchanged. */
void pool_limit_running(struct pool *pool, int64_t most);
/* Sets or clears `stalled`; cheap when nothing changes. */
void pool_stall(struct pool *pool, bool stalled);
void pool_hold(struct pool *pool, bool hold, int64_t now);
/* 0, or -ERANGE (below min, above max) with the reason. */
int pool_resize(struct pool *pool, int size, const char *who, int64_t now, struct err *err);
/* Restarts the workers one at a time, each waits for the one before to be ready. */
void pool_restart(struct pool *pool, int64_t now);
/* Every process gets KILL at once. */
void pool_kill_all(struct pool *pool, int64_t now);

/* Tasks. */
/* How many tasks it accepts now. */
int64_t pool_room(const struct pool *pool);
/* Takes ownership on 0. -ENOBUFS: the queue is full; -ESHUTDOWN: it stops or is done. */
int pool_submit(struct pool *pool, struct task *task, int64_t delay, int64_t now);
/* Takes a task whatever the room: the result of another pool has nowhere else to go. */
void pool_accept(struct pool *pool, struct task *task, int64_t delay, int64_t now);
void pool_source_ended(struct pool *pool);
/* True when no worker lives and none will without an operator: all failed or held. */
bool pool_is_hopeless(const struct pool *pool);
/* Nothing will work on what waits: all of it fails, with the last worker's end as the reason. */
void pool_give_up(struct pool *pool, int64_t now);
/* 0; -EALREADY when it is final, as `retry` on one that is not. */
int pool_cancel_task(struct pool *pool, struct task *task, const char *who, int64_t now);
/* A task that waits becomes poison: buried until somebody kicks it. */
void pool_bury_task(struct pool *pool, struct task *task, int64_t now);
int pool_retry_task(struct pool *pool, struct task *task, int64_t now);

/* Inbound events of a worker's process. */
void worker_on_exit(struct worker *worker, const struct worker_end *end, int64_t now);
void worker_on_ended(struct worker *worker, int64_t now);
void worker_on_ready(struct worker *worker, int64_t now);
void worker_on_beat(struct worker *worker, int64_t now);
void worker_on_output(struct worker *worker, int64_t now);
/* CPU seconds that its processes used or waited for while others had the CPU: for hang.spin. */
void worker_on_demand(struct worker *worker, double wanted, int64_t now);
/* CPU seconds used so far by the process, and whether it is stopped (state T). */
void worker_on_sample(struct worker *worker, double cpu, bool stopped, int64_t now);
/* The service asked for more time (EXTEND_TIMEOUT_USEC); not heard while it stops. */
void worker_on_extend(struct worker *worker, int64_t extra, int64_t now);
/* WATCHDOG_USEC: the service wants another heartbeat limit, 100 ms at least; where one is
 * configured. */
void worker_on_watchdog(struct worker *worker, int64_t limit, int64_t now);
/* WATCHDOG=trigger: hung by its own word; again within 5 s it is only counted. */
void worker_on_trigger(struct worker *worker, int64_t now);
/* Worker mode: an answer about a task. -ENOENT: it does not hold this task, a breach. */
int worker_on_answer(struct worker *worker, uint64_t id, const struct answer *answer, int64_t now);
/* Its time begins anew, with `extra` nanoseconds or (0) its whole limit. -ENOENT as above. */
int worker_on_touch(struct worker *worker, uint64_t id, int64_t extra, int64_t now);
int worker_on_progress(struct worker *worker, uint64_t id, const struct task_progress *progress,
                       int64_t now);
/* It broke the protocol: it is replaced. */
void worker_on_breach(struct worker *worker, const char *why, int64_t now);
void worker_on_memory(struct worker *worker, int64_t rss, int64_t now);
/* An operator's requests on one worker. */
void worker_request_stop(struct worker *worker, const char *who, int64_t now);
void worker_request_start(struct worker *worker, int64_t now);
void worker_request_restart(struct worker *worker, const char *who, int64_t now);
void worker_request_drain(struct worker *worker, const char *who, int64_t now);
/* Grants it more time: none of its limits ends within `span`. */
void worker_request_extend(struct worker *worker, int64_t span, int64_t now);
/* A hang does not restart this worker, until it is let go. */
void worker_request_hold(struct worker *worker, bool hold, int64_t now);
/* An operator's kill: any signal; the death that follows is told to be theirs. */
void worker_request_signal(struct worker *worker, int signal, const char *who, int64_t now);

/* Derived facts for the screen. */
size_t pool_live(const struct pool *pool);
size_t pool_busy(const struct pool *pool);
bool pool_degraded(const struct pool *pool);
/* No process left, or only unkillable ones. */
bool pool_is_down(const struct pool *pool);
const char *pool_state_name(const struct pool *pool);
struct worker *pool_worker(const struct pool *pool, int slot);

/* False while no task may be handed out, whoever is free. */
bool pool_may_assign(const struct pool *pool, int64_t now);

/* For the rooms' own files (worker.c, hang.c, scale.c, assign.c). */
void pool_say(struct pool *pool, struct worker *worker, enum pool_event_kind kind,
              const char *format, ...) __attribute__((format(printf, 4, 5)));
void pool_remove_worker(struct worker *worker);
double pool_random(struct pool *pool);

#endif
