/* SPDX-License-Identifier: MIT */
/*
 * The tasks that wait: a FIFO a priority, a heap for those that wait for a time, a list for those
 * held, and the ledger: how many tasks are in each state. The ledger always adds up to what was
 * accepted; queue_audit proves it. Called by pool.c only.
 */
#ifndef LIFEGUARD_POOL_QUEUE_H
#define LIFEGUARD_POOL_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/heap.h"
#include "base/idmap.h"
#include "base/list.h"
#include "pool/task.h"

struct err;

struct queue {
    struct list ready[TASK_PRIORITY_MAX + 1];
    uint32_t ready_mask; /* bit p: ready[p] is not empty */
    struct list held;
    struct list running;
    struct heap due;
    struct list history; /* final tasks that are still kept, oldest first */
    struct idmap by_id;  /* every task in memory */
    uint64_t counts[TASK_STATES];
    uint64_t accepted;
    uint64_t retries; /* attempts after the first */
    size_t history_count;
    size_t done_kept;
};

enum { QUEUE_HISTORY_MAX = 10000, QUEUE_DONE_MAX = 1000 };

void queue_init(struct queue *queue);
/* Frees every task. */
void queue_fini(struct queue *queue);
/* Accepts a new task (state ready, delayed or held; `due` for delayed). Takes ownership. */
void queue_accept(struct queue *queue, struct task *task, int64_t due);
/* The head of the queue, now running and owned by the caller; NULL when none is ready. */
struct task *queue_take(struct queue *queue);
/* The attempt that queue_take counted did not happen. */
void queue_uncount(struct queue *queue, struct task *task);
/* What queue_take gave was not begun after all: to the head again, the attempt not counted. */
void queue_untake(struct queue *queue, struct task *task);
/* Back to the head of its priority, without a charge (its worker died, or could not be started). */
void queue_return(struct queue *queue, struct task *task);
/* Given back by its worker, the attempt not counted: to the end of its priority, or (`due` other
 * than 0) delayed until then. */
void queue_release(struct queue *queue, struct task *task, int64_t due);
/* Back to wait until `due` for one more attempt. */
void queue_retry(struct queue *queue, struct task *task, int64_t due);
/* Into a final state; the queue keeps it for a while, then frees it. */
void queue_finish(struct queue *queue, struct task *task, enum task_state state);
/* Final (failed, buried, cancelled, skipped) back to ready with attempts counted from 0. */
void queue_revive(struct queue *queue, struct task *task);
/* Moves ready tasks whose time came into the FIFO; those that are tried again to its head where
 * others wait for their turn behind them. Returns how many. */
size_t queue_promote(struct queue *queue, int64_t now, bool retries_first);
/* Changes the priority of a task that is not final. */
void queue_set_priority(struct queue *queue, struct task *task, int priority);
void queue_hold(struct queue *queue, struct task *task, bool hold);
struct task *queue_find(const struct queue *queue, uint64_t id);

static inline uint64_t queue_waiting(const struct queue *queue)
{
    return queue->counts[TASK_READY] + queue->counts[TASK_DELAYED] + queue->counts[TASK_RETRY] +
           queue->counts[TASK_HELD];
}
static inline uint64_t queue_ended(const struct queue *queue)
{
    return queue->counts[TASK_DONE] + queue->counts[TASK_FAILED] + queue->counts[TASK_BURIED] +
           queue->counts[TASK_CANCELLED] + queue->counts[TASK_SKIPPED];
}
/* When the next delayed or retried task is due; CLOCK_NEVER when none. */
int64_t queue_next_due(const struct queue *queue);
/* The oldest task that waits, or NULL (looks at list heads only). */
const struct task *queue_oldest(const struct queue *queue);
/* Counts every list anew and compares with the ledger. 0, or -EUCLEAN with the difference. */
int queue_audit(const struct queue *queue, struct err *err);

#endif
