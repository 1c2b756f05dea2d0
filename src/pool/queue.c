/* SPDX-License-Identifier: MIT */
/*
 * The queue's moves. Every function takes a task from one place and puts it into one other, and
 * keeps counts[] in step; nothing else may change task->state.
 */
#include "pool/queue.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/err.h"

void queue_init(struct queue *queue)
{
    *queue = (struct queue){0};
    for (size_t p = 0; p < ARRAY_LEN(queue->ready); p++)
        list_init(&queue->ready[p]);
    list_init(&queue->held);
    list_init(&queue->running);
    list_init(&queue->history);
}

static void queue_free_list(struct list *head)
{
    LIST_EACH(node, head)
    task_free(LIST_ENTRY(node, struct task, link));
    list_init(head);
}

void queue_fini(struct queue *queue)
{
    for (size_t p = 0; p < ARRAY_LEN(queue->ready); p++)
        queue_free_list(&queue->ready[p]);
    queue_free_list(&queue->held);
    queue_free_list(&queue->running);
    queue_free_list(&queue->history);
    while (queue->due.count) {
        struct heap_node *node = heap_take_until(&queue->due, INT64_MAX);

        task_free(CONTAINER_OF(node, struct task, due));
    }
    heap_fini(&queue->due);
    idmap_fini(&queue->by_id);
}

/* Takes the task out of wherever it waits. */
static void queue_unlink(struct queue *queue, struct task *task)
{
    list_remove(&task->link);
    heap_remove(&queue->due, &task->due);
    if (list_empty(&queue->ready[task->priority]))
        queue->ready_mask &= ~(1u << task->priority);
}

static void queue_set_state(struct queue *queue, struct task *task, enum task_state state)
{
    queue->counts[task->state]--;
    queue->counts[state]++;
    task->state = state;
}

static void queue_put(struct queue *queue, struct task *task, int64_t due, bool front)
{
    switch (task->state) {
    case TASK_READY:
        queue->ready_mask |= 1u << task->priority;
        if (front)
            list_push_front(&queue->ready[task->priority], &task->link);
        else
            list_push_back(&queue->ready[task->priority], &task->link);
        break;
    case TASK_HELD:
        list_push_back(&queue->held, &task->link);
        break;
    case TASK_DELAYED:
    case TASK_RETRY:
        heap_set(&queue->due, &task->due, due);
        break;
    case TASK_RUNNING:
    case TASK_DONE:
    case TASK_FAILED:
    case TASK_BURIED:
    case TASK_CANCELLED:
    case TASK_SKIPPED:
    case TASK_STATES:
        abort();
    }
}

void queue_accept(struct queue *queue, struct task *task, int64_t due)
{
    task->seq = ++queue->accepted;
    queue->counts[task->state]++;
    idmap_set(&queue->by_id, task->id, task);
    queue_put(queue, task, due, false);
}

struct task *queue_take(struct queue *queue)
{
    int priority;
    struct task *task;

    if (!queue->ready_mask)
        return NULL;
    priority = 31 - __builtin_clz(queue->ready_mask);
    task = LIST_ENTRY(list_first(&queue->ready[priority]), struct task, link);
    queue_unlink(queue, task);
    queue_set_state(queue, task, TASK_RUNNING);
    list_push_back(&queue->running, &task->link);
    if (task->attempts++)
        queue->retries++;
    return task;
}

void queue_uncount(struct queue *queue, struct task *task)
{
    if (--task->attempts)
        queue->retries--;
}

void queue_untake(struct queue *queue, struct task *task)
{
    queue_uncount(queue, task);
    queue_return(queue, task);
}

void queue_return(struct queue *queue, struct task *task)
{
    queue_unlink(queue, task);
    task->worker = NULL;
    queue_set_state(queue, task, TASK_READY);
    queue_put(queue, task, 0, true);
}

void queue_release(struct queue *queue, struct task *task, int64_t due)
{
    queue_unlink(queue, task);
    task->worker = NULL;
    queue_uncount(queue, task);
    queue_set_state(queue, task, due ? TASK_DELAYED : TASK_READY);
    queue_put(queue, task, due, false);
}

void queue_retry(struct queue *queue, struct task *task, int64_t due)
{
    queue_unlink(queue, task);
    task->worker = NULL;
    queue_set_state(queue, task, TASK_RETRY);
    queue_put(queue, task, due, false);
}

static void queue_forget(struct queue *queue, struct task *task)
{
    if (task->state == TASK_DONE)
        queue->done_kept--;
    queue->history_count--;
    list_remove(&task->link);
    idmap_take(&queue->by_id, task->id);
    task_free(task);
}

/* Old successes go first: failures are what an operator comes back for. */
static void queue_trim_history(struct queue *queue)
{
    if (queue->done_kept <= QUEUE_DONE_MAX && queue->history_count <= QUEUE_HISTORY_MAX)
        return;
    LIST_EACH(node, &queue->history)
    {
        struct task *task = LIST_ENTRY(node, struct task, link);

        if (queue->done_kept > QUEUE_DONE_MAX && task->state != TASK_DONE)
            continue;
        queue_forget(queue, task);
        return;
    }
}

void queue_finish(struct queue *queue, struct task *task, enum task_state state)
{
    queue_unlink(queue, task);
    task->worker = NULL;
    queue_set_state(queue, task, state);
    list_push_back(&queue->history, &task->link);
    queue->history_count++;
    if (state == TASK_DONE)
        queue->done_kept++;
    queue_trim_history(queue);
}

void queue_revive(struct queue *queue, struct task *task)
{
    if (task->state == TASK_DONE)
        queue->done_kept--;
    queue->history_count--;
    queue_unlink(queue, task);
    task->failures = task->deaths = 0;
    task->cancel = task->overdue = task->alone = false;
    queue_set_state(queue, task, TASK_READY);
    queue_put(queue, task, 0, false);
}

size_t queue_promote(struct queue *queue, int64_t now, bool retries_first)
{
    struct heap_node *node;
    size_t count = 0;

    while ((node = heap_take_until(&queue->due, now)) != NULL) {
        struct task *task = CONTAINER_OF(node, struct task, due);

        bool first = retries_first && task->state == TASK_RETRY;

        queue_set_state(queue, task, TASK_READY);
        queue_put(queue, task, 0, first);
        count++;
    }
    return count;
}

void queue_set_priority(struct queue *queue, struct task *task, int priority)
{
    if (task->state != TASK_READY) {
        task->priority = priority;
        return;
    }
    queue_unlink(queue, task);
    task->priority = priority;
    queue_put(queue, task, 0, false);
}

void queue_hold(struct queue *queue, struct task *task, bool hold)
{
    if (hold ? task->state != TASK_READY && !heap_has(&task->due) : task->state != TASK_HELD)
        return;
    queue_unlink(queue, task);
    queue_set_state(queue, task, hold ? TASK_HELD : TASK_READY);
    queue_put(queue, task, 0, false);
}

struct task *queue_find(const struct queue *queue, uint64_t id)
{
    return idmap_find(&queue->by_id, id);
}

int64_t queue_next_due(const struct queue *queue)
{
    const struct heap_node *node = heap_first(&queue->due);

    return node ? node->key : CLOCK_NEVER;
}

const struct task *queue_oldest(const struct queue *queue)
{
    const struct task *oldest = NULL;

    for (size_t p = 0; p < ARRAY_LEN(queue->ready); p++) {
        const struct list *first = list_first(&queue->ready[p]);
        const struct task *task;

        if (!first)
            continue;
        task =
            (const struct task *)(const void *)((const char *)first - offsetof(struct task, link));
        if (!oldest || task->accepted_at < oldest->accepted_at)
            oldest = task;
    }
    return oldest;
}

static uint64_t queue_count_list(const struct list *head)
{
    uint64_t count = 0;

    for (const struct list *node = head->next; node != head; node = node->next)
        count++;
    return count;
}

int queue_audit(const struct queue *queue, struct err *err)
{
    uint64_t ready = 0, sum = 0;

    for (size_t p = 0; p < ARRAY_LEN(queue->ready); p++)
        ready += queue_count_list(&queue->ready[p]);
    for (int s = 0; s < TASK_STATES; s++)
        sum += queue->counts[s];
    if (sum != queue->accepted)
        return err_set(err, EUCLEAN, "the states add up to %llu, accepted were %llu",
                       (unsigned long long)sum, (unsigned long long)queue->accepted);
    if (ready != queue->counts[TASK_READY] ||
        queue->due.count != queue->counts[TASK_DELAYED] + queue->counts[TASK_RETRY] ||
        queue_count_list(&queue->held) != queue->counts[TASK_HELD] ||
        queue_count_list(&queue->running) != queue->counts[TASK_RUNNING])
        return err_set(err, EUCLEAN, "a list differs from the ledger: ready %llu of %llu",
                       (unsigned long long)ready, (unsigned long long)queue->counts[TASK_READY]);
    return 0;
}
