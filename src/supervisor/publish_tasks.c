/* SPDX-License-Identifier: MIT */
/*
 * Tasks for the Queue view and `lifeguard tasks`: running first, then those that wait for a retry,
 * the queue in its order, and the latest final ones. Walks list heads only as far as asked; a
 * sorted window looks at the first SCAN_MOST of that walk.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "supervisor/publish.h"
#include "supervisor/publish_window.h"
#include "supervisor/supervisor.h"

enum { LIST_MOST = 1000, SCAN_MOST = 20000, SORT_AT_ONCE = 2000 };

/* One walk over the tasks that a client wants to see. */
struct walk {
    struct subscription *sub;
    const char *state;
    bool (*visit)(struct walk *walk, const struct pool_box *box, const struct task *task);
    size_t seen; /* matching tasks so far */
    size_t scanned;
    struct window *window;
    struct json_out *out;
    struct sorted *list; /* collected here to be sorted */
};

/* A task with the place that the walk gave it, which decides between equals. */
struct sorted {
    const struct pool_box *box;
    const struct task *task;
    size_t place;
};

struct task_sort {
    const struct supervisor *sup;
    char key[16];
    bool desc;
};

/* Its words beside the input: state, pool and id can be filtered for, as a reason can. */
static bool task_passes(struct view_filter *filter, const struct pool_box *box,
                        const struct task *task)
{
    char words[TASK_ERROR_MAX + 128], id[16];

    if (!filter->set)
        return true;
    str_format_id(id, task->id);
    snprintf(words, sizeof(words), "%s %s %s %s", id, box->spec->name, task_state_name(task->state),
             task->error ? task->error : "");
    return view_filter_passes(filter, task->input, words);
}

/* False when the walk is over. */
static bool walk_task(struct walk *walk, const struct pool_box *box, const struct task *task)
{
    if (walk->scanned++ >= SCAN_MOST)
        return false;
    if (walk->state && *walk->state && strcmp(walk->state, task_state_name(task->state)) != 0)
        return true;
    if (walk->sub && !task_passes(&walk->sub->filter, box, task))
        return true;
    walk->seen++;
    return walk->visit(walk, box, task);
}

static bool walk_list(struct walk *walk, const struct pool_box *box, const struct list *head,
                      bool backwards)
{
    for (const struct list *node = backwards ? head->prev : head->next; node != head;
         node = backwards ? node->prev : node->next) {
        const struct task *task =
            (const struct task *)(const void *)((const char *)node - offsetof(struct task, link));

        if (!walk_task(walk, box, task))
            return false;
    }
    return true;
}

static bool walk_box(struct walk *walk, const struct pool_box *box)
{
    const struct queue *queue = &box->pool->queue;

    if (!walk_list(walk, box, &queue->running, false))
        return false;
    for (size_t i = 0; i < queue->due.count; i++)
        if (!walk_task(walk, box, CONTAINER_OF(queue->due.nodes[i], struct task, due)))
            return false;
    if (!walk_list(walk, box, &queue->held, false))
        return false;
    for (int p = TASK_PRIORITY_MAX; p >= 0; p--)
        if (!walk_list(walk, box, &queue->ready[p], false))
            return false;
    return true;
}

/* Failures before successes: that is what somebody looks for. */
static bool walk_history(struct walk *walk, const struct pool_box *box)
{
    return walk_list(walk, box, &box->pool->queue.history, true);
}

static void walk_all(struct walk *walk, const struct supervisor *sup, const struct pool_box *only)
{
    bool more = true;

    for (size_t i = 0; more && i < sup->box_count; i++)
        if (!only || only == &sup->boxes[i])
            more = walk_box(walk, &sup->boxes[i]);
    for (size_t i = 0; more && i < sup->box_count; i++)
        if (!only || only == &sup->boxes[i])
            more = walk_history(walk, &sup->boxes[i]);
}

void publish_counts(const struct supervisor *sup, struct json_out *out, const struct pool_box *only)
{
    uint64_t counts[TASK_STATES] = {0}, accepted = 0;

    for (size_t i = 0; i < sup->box_count; i++) {
        if (only && only != &sup->boxes[i])
            continue;
        accepted += sup->boxes[i].pool->queue.accepted;
        for (int s = 0; s < TASK_STATES; s++)
            counts[s] += sup->boxes[i].pool->queue.counts[s];
    }
    json_open_object(out, "counts");
    for (int s = 0; s < TASK_STATES; s++)
        json_put_int(out, task_state_name((enum task_state)s), (int64_t)counts[s]);
    json_put_int(out, "accepted", (int64_t)accepted);
    json_close_object(out);
}

static bool visit_list(struct walk *walk, const struct pool_box *box, const struct task *task)
{
    publish_task(box->sup, walk->out, NULL, box, task);
    return walk->seen < LIST_MOST && buf_len(&box->sup->scratch) < CLIENT_OUT_MAX / 2;
}

void publish_task_list(const struct supervisor *sup, struct json_out *out,
                       const struct pool_box *only, const char *state)
{
    struct walk walk = {.state = state, .visit = visit_list, .out = out};

    json_open_array(out, "tasks");
    walk_all(&walk, sup, only);
    json_close_array(out);
    publish_counts(sup, out, only);
}

static bool visit_window(struct walk *walk, const struct pool_box *box, const struct task *task)
{
    if (walk->seen > walk->sub->offset && window_wants(walk->window)) {
        publish_task(box->sup, window_row(walk->window), NULL, box, task);
        window_row_end(walk->window);
    }
    return window_wants(walk->window) || walk->sub->filter.set;
}

/* How many tasks the unfiltered list has. */
static size_t tasks_total(const struct supervisor *sup, const struct pool_box *only,
                          const char *state)
{
    enum task_state wanted = state && *state ? task_state_parse(state) : TASK_STATES;
    size_t total = 0;

    for (size_t i = 0; i < sup->box_count; i++) {
        const struct queue *queue = &sup->boxes[i].pool->queue;

        if (only && only != &sup->boxes[i])
            continue;
        if (wanted != TASK_STATES && !task_is_final(wanted))
            total += queue->counts[wanted];
        else if (wanted == TASK_STATES)
            total += queue_waiting(queue) + queue->counts[TASK_RUNNING] + queue->history_count;
        else
            total += wanted == TASK_DONE ? queue->done_kept : queue->counts[wanted];
    }
    return total;
}

static bool visit_collect(struct walk *walk, const struct pool_box *box, const struct task *task)
{
    walk->list[walk->seen - 1] = (struct sorted){box, task, walk->seen};
    return true;
}

/* Trouble first, then what moves, then what waits, then what is over. */
static int task_rank(const struct task *task)
{
    static const int ranks[TASK_STATES] = {
        [TASK_BURIED] = 0,  [TASK_FAILED] = 1, [TASK_RETRY] = 2,   [TASK_RUNNING] = 3,
        [TASK_READY] = 4,   [TASK_HELD] = 5,   [TASK_DELAYED] = 6, [TASK_CANCELLED] = 7,
        [TASK_SKIPPED] = 8, [TASK_DONE] = 9};

    return ranks[task->state];
}

/* Smaller comes first: for most columns the largest is what somebody looks for. */
static double task_sort_value(const struct supervisor *sup, const struct task *task,
                              const char *key)
{
    bool running = task->state == TASK_RUNNING;

    if (strcmp(key, "state") == 0)
        return task_rank(task);
    if (strcmp(key, "id") == 0)
        return (double)task->id;
    if (strcmp(key, "priority") == 0)
        return -task->priority;
    if (strcmp(key, "attempts") == 0)
        return -task->attempts;
    if (strcmp(key, "size") == 0)
        return -(double)task->len;
    if (strcmp(key, "age") == 0)
        return (double)((running ? task->started_at : task->accepted_at) - sup->started_at);
    if (strcmp(key, "worker") == 0)
        return task->last_pid ? task->last_pid : 1e12;
    if (strcmp(key, "deadline") == 0)
        return running ? (double)task->started_at : 1e18;
    return 0;
}

static int sorted_compare(const void *a, const void *b, void *ctx)
{
    const struct sorted *sa = a, *sb = b;
    const struct task_sort *sort = ctx;
    double va = task_sort_value(sort->sup, sa->task, sort->key);
    double vb = task_sort_value(sort->sup, sb->task, sort->key);
    int order = (va > vb) - (va < vb);

    if (strcmp(sort->key, "pool") == 0)
        order = strcmp(sa->box->spec->name, sb->box->spec->name);
    if (order)
        return sort->desc ? -order : order;
    return sa->place < sb->place ? -1 : 1;
}

static void walk_sorted(struct walk *walk, const struct supervisor *sup,
                        const struct pool_box *only)
{
    struct task_sort sort = {.sup = sup, .desc = walk->sub->desc};

    snprintf(sort.key, sizeof(sort.key), "%s", walk->sub->sort);
    walk->list = mem_new_array(SCAN_MOST, sizeof(*walk->list));
    walk->visit = visit_collect;
    walk_all(walk, sup, only);
    qsort_r(walk->list, walk->seen, sizeof(*walk->list), sorted_compare, &sort);
    for (size_t i = walk->sub->offset; i < walk->seen && window_wants(walk->window); i++) {
        publish_task(sup, window_row(walk->window), NULL, walk->list[i].box, walk->list[i].task);
        window_row_end(walk->window);
    }
    free(walk->list);
}

void publish_tasks_view(struct client *client, struct subscription *sub)
{
    struct supervisor *sup = client->sup;
    const struct pool_box *only = *sub->pool ? supervisor_find_pool(sup, sub->pool) : NULL;
    struct window window;
    struct walk walk = {.sub = sub, .state = sub->state, .visit = visit_window, .window = &window};
    size_t total = tasks_total(sup, only, sub->state);

    window_begin(&window, sup, "tasks", sub);
    publish_counts(sup, &window.out, only);
    publish_work(sup, &window.out);
    if (*sub->sort)
        walk_sorted(&walk, sup, only);
    else
        walk_all(&walk, sup, only);
    window_rows(&window, sub->filter.set || *sub->sort ? walk.seen : total, total);
    window_end(&window, client);
    sub->next_at = sup->now + (*sub->sort && walk.seen > SORT_AT_ONCE ? CLOCK_S : CLOCK_S / 4);
}
