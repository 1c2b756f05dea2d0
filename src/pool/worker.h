/* SPDX-License-Identifier: MIT */
/*
 * A worker: one slot of a pool and the process that fills it now. Its state moves only through
 * worker_handle, a table of cells (state x event):
 *
 *            start              ready            assign
 *     DOWN ---------> STARTING --------> IDLE ----------> BUSY    (service: ready -> BUSY;
 *      ^  ^              |                 ^---------------'       command: start -> IDLE, the
 *      |  |              | exit, stop      result (the last)      process comes with the task)
 *      |  |              v
 *      |  '--------- STOPPING <--- exit or stop from IDLE, BUSY, DRAINING
 *      |   ended         | ended after a failure
 *      |                 v
 *      '---- BACKOFF / HELD / FAILED  (timeout or an operator's start leads back to DOWN)
 *
 * The process ends in two steps: EXIT (the leader is reaped) and ENDED (its output is read to the
 * end and nothing of its tree lives). Between them the worker is STOPPING.
 */
#ifndef LIFEGUARD_POOL_WORKER_H
#define LIFEGUARD_POOL_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/heap.h"
#include "base/list.h"
#include "pool/gather.h"
#include "pool/health.h"

struct pool;
struct task;

enum worker_state {
    WORKER_DOWN,
    WORKER_STARTING,
    WORKER_IDLE,
    WORKER_BUSY,
    WORKER_DRAINING,
    WORKER_STOPPING,
    WORKER_BACKOFF,
    WORKER_HELD,
    WORKER_FAILED,
    WORKER_STATES
};

enum worker_event {
    EVENT_START, /* the pool wants it up */
    EVENT_READY,
    EVENT_ASSIGN,
    EVENT_RESULT,
    EVENT_DRAIN, /* stop when the task in hand is done */
    EVENT_STOP,
    EVENT_EXIT,
    EVENT_ENDED,
    EVENT_TIMEOUT, /* the state's own timer */
    EVENT_HANG,
    WORKER_EVENTS
};

enum stop_reason {
    STOP_NONE,
    STOP_OPERATOR,
    STOP_RESIZE,
    STOP_RESTART,
    STOP_SHUTDOWN,
    STOP_DRAIN,
    STOP_TIMEOUT,
    STOP_HANG,
    STOP_START_TIMEOUT,
    STOP_CANCEL,
    STOP_HALT,
    STOP_BREACH,
    STOP_RECYCLE,
    STOP_UNHEALTHY,
    STOP_REASONS
};

/* How a process ended, as the supervisor saw it. Times in seconds, sizes in bytes. */
struct worker_end {
    int status; /* as waitpid gives it */
    double user, sys;
    int64_t maxrss;
    bool oom;                /* the kernel's out-of-memory killer took it */
    int64_t oom_vm, oom_rss; /* what the kernel log said of it; below 1 = nothing */
    char last_words[160];
};

/* A past life of the slot. */
struct worker_life {
    uint32_t generation;
    int pid;
    int64_t started_at, ended_at; /* monotonic */
    int status;
    double user, sys;
    int64_t maxrss;
    uint64_t tasks;
    char why[160];
    char report[96]; /* as worker.report */
};

/* Sizes of texts and rings. */
enum { WORKER_LIVES_MAX = 50, WORKER_WHO_MAX = 48, WORKER_WHY_MAX = 160, WORKER_FAILURES = 64 };

struct worker {
    struct list link; /* in pool->by_state[state] */
    struct pool *pool;
    void *life;          /* the supervisor's: the process in hand; NULL = none */
    struct task *task;   /* in hand; of several the oldest */
    int slot;            /* from 1 */
    uint32_t generation; /* counts starts */
    enum worker_state state;
    int64_t since;                /* of this state */
    struct heap_node state_timer; /* start, grace, backoff, probe */
    struct heap_node hang_timer;
    struct heap_node task_timer;

    int pid; /* for print only; 0 = no process */
    int64_t started_at, ready_at, exited_at;
    bool has_process; /* from spawn until ENDED */
    bool exited;
    bool retire;      /* surplus: removed when it is down */
    bool stay_down;   /* an operator stopped this slot */
    bool ended;       /* by itself, and the restart policy lets it be, */
    bool ended_well;  /* with success */
    bool asked;       /* an operator asked for this start: no cap applies */
    bool automatic;   /* this start is a restart that nobody asked for */
    bool was_healthy; /* its last life had lasted for reset_after */
    bool roll;        /* waits for its turn in a rolling restart */
    bool canary;      /* tries out whether a broken pool works again */
    bool suspect, hung, stopped, unkillable;
    enum stop_reason stop_reason;
    int stop_step; /* 0 none, 1 signal sent, 2 KILL sent, 3 unkillable */
    int stop_signal;
    int sent_signal;          /* last one that an operator sent by kill, 0 = none */
    char who[WORKER_WHO_MAX]; /* who asked for the stop; "" = lifeguard */

    /* Worker mode: the tasks in flight, oldest first. */
    struct list in_hand;
    int in_flight;
    size_t in_flight_bytes;
    struct list hungry_link; /* in pool->hungry: it takes more before it is done with these */
    bool pinged;             /* asked for a heartbeat since the last one */
    bool soft_sent;          /* CANCEL was sent for the oldest because of soft_timeout */
    bool recycle;            /* goes when its replacement is ready */
    int64_t recycle_at;      /* max_age with its jitter; CLOCK_NEVER */
    uint64_t recycle_tasks;  /* max_tasks with its jitter, 0 = never */
    uint64_t life_done;      /* answers in this life */
    int64_t fed_at;          /* last hand-out, and the answers since then */
    int answered;
    double service;     /* seconds a task, as measured; 0 = not yet */
    const char *answer; /* while effects->task_final runs: what OK carried */
    size_t answer_len;

    int64_t last_output, last_cpu, last_beat; /* signs of life */
    int64_t last_easy;          /* when a sample last found less than 90 % of a CPU used */
    double cpu_seen;            /* seconds of CPU at last_cpu */
    double cpu_sampled;         /* wanted at the last sample, */
    int64_t sampled_at;         /* which was then; 0 = none yet */
    int64_t beat_limit;         /* the service changed hang.heartbeat for itself; 0 = it did not */
    int64_t triggered_at;       /* when it last said itself that it hangs; 0 = it did not */
    uint64_t triggers_ignored;  /* since then, as they came too soon */
    int64_t extended_until;     /* an operator's grace: no limit ends before */
    int64_t stop_shifted;       /* see pool_shift_stop */
    bool hang_held;             /* an operator holds this worker: a hang does not restart it */
    enum gather_kind gathering; /* evidence is being taken; 0 = none is */
    bool gathered;              /* there is evidence of what goes on now */
    bool kill_waits;            /* the KILL after the grace waited for evidence once */
    uint64_t late_id;           /* the task whose time ran out and costs this life; 0 = none */
    char report[96];            /* file name of this life's newest report of evidence; "" = none */
    int64_t hung_at;
    struct worker_health health;
    double done_fraction; /* progress 0..1, -1 = unknown */

    uint32_t backoff_step;
    int64_t failures[WORKER_FAILURES]; /* ring of monotonic times, for the crash loop */
    uint32_t failure_count;
    uint64_t restarts, done;
    struct worker_end end;
    char why[WORKER_WHY_MAX];  /* how the last life ended, in words */
    struct worker_life *lives; /* ring of the last WORKER_LIVES_MAX */
    uint32_t lives_count;
};

struct worker *worker_new(struct pool *pool, int slot, int64_t now);
void worker_free(struct worker *worker);
/* Lets the table act on the event. False when the cell is empty: nothing happened, on purpose. */
bool worker_handle(struct worker *worker, enum worker_event event, int64_t now);
/* It says itself when it is ready (READY, or sd_notify where the config says so). */
bool worker_tells_ready(const struct worker *worker);
/* A process is about to be started: next generation, flags and signs of life begin anew. */
void worker_begin_life(struct worker *worker, int64_t now);
void worker_set_state(struct worker *worker, enum worker_state state, int64_t now);
/* Asks the process to end: signal and CONT now, KILL after the grace time, UNKILLABLE 5 s later.
 * A second call with signal KILL shortens it. */
void worker_stop(struct worker *worker, enum stop_reason reason, const char *who, int64_t now);
void worker_kill_now(struct worker *worker, int64_t now);
/* True while the worker counts as alive (a process that is not on its way out). */
bool worker_is_live(const struct worker *worker);
/* The end in words: "exit 1", "signal 11 (SEGV), core dumped", "killed by ana", "hang: ...". */
void worker_describe_end(const struct worker *worker, char *out, size_t size);
/* True when that end counts against the slot. */
bool worker_end_is_failure(const struct worker *worker);
const char *worker_state_name(enum worker_state state);
const char *worker_event_name(enum worker_event event);
/* For the test that names every cell. */
bool worker_cell_exists(enum worker_state state, enum worker_event event);

#endif
