/* SPDX-License-Identifier: MIT */
/*
 * Task sources. All of them end in source_deliver: one item (a line, a list entry, a path) joins
 * the task that is being put together, and every max_args items make a task. Files, pipes and
 * commands are read by source_fd.c; lists and globs are walked here.
 */
#include "supervisor/source.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"
#include "supervisor/events.h"
#include "supervisor/source_fd.h"
#include "supervisor/supervisor.h"

static bool source_is_product(const struct source *source)
{
    return source->box->spec->tasks.group_count > 1;
}

struct source *source_new(struct pool_box *box, struct err *err)
{
    const struct tasks_spec *tasks = &box->spec->tasks;
    struct source *source;

    if (tasks->source == SOURCE_NONE || box->spec->mode == POOL_SERVICE)
        return NULL;
    source = mem_new(sizeof(*source));
    source->box = box;
    source->fd = -1;
    source->child.pidfd = -1;
    source->wake_at = CLOCK_NEVER;
    source->awake = true;
    source->list = tasks->list;
    buf_init(&source->pending, 0);
    buf_init(&source->items, SOURCE_ITEM_MAX + 1);
    /* What a pool reads that waits for others is their work perhaps: it is opened at the start. */
    source->late = tasks->source == SOURCE_FILE && box->spec->after_count;
    if ((tasks->source == SOURCE_FILE && !source->late) || tasks->source == SOURCE_STDIN) {
        if (source_fd_open(source, err) < 0) {
            source_free(source);
            return NULL;
        }
    }
    return source;
}

void source_free(struct source *source)
{
    if (!source)
        return;
    source_fd_close(source);
    if (source->globbed)
        globfree(&source->paths);
    buf_fini(&source->pending);
    buf_fini(&source->items);
    free(source);
}

void source_wake(struct source *source)
{
    source->awake = true;
}

int64_t source_next_deadline(const struct source *source)
{
    if (source->ended || source->box->pool->goal != GOAL_RUN)
        return CLOCK_NEVER;
    return source->awake ? 0 : source->wake_at;
}

static void source_end(struct source *source)
{
    if (source->item_count)
        source_submit(source);
    source->ended = true;
    source_fd_close(source);
    pool_source_ended(source->box->pool);
}

int source_submit(struct source *source)
{
    struct supervisor *sup = source->box->sup;
    size_t len = buf_len(&source->items);
    struct task *task = task_new(buf_data(&source->items), len ? len - 1 : 0, source->item_count);
    int rc = task ? 0 : -ENOMEM;

    if (task) {
        task->id = sup->next_task_id++;
        if (source->box->spec->tasks.source == SOURCE_POOL)
            pool_accept(source->box->pool, task, 0, sup->now);
        else
            rc = pool_submit(source->box->pool, task, 0, sup->now);
        if (rc < 0)
            task_free(task);
    }
    buf_reset(&source->items);
    source->item_count = 0;
    source->tokens -= 1;
    return rc;
}

static int source_add_item(struct source *source, const char *item, size_t len)
{
    int rc;

    if (source->box->spec->tasks.trim)
        item = str_trim(item, &len);
    rc = buf_append(&source->items, item, len);
    rc |= buf_append_char(&source->items, '\0');
    source->item_count++;
    return rc;
}

int source_deliver(struct source *source, const char *item, size_t len)
{
    const struct tasks_spec *tasks = &source->box->spec->tasks;
    size_t width = strlen(tasks->columns);
    const char *end = item + len, *cut;
    int rc = 0;

    while (width && (cut = memmem(item, (size_t)(end - item), tasks->columns, width)) != NULL) {
        rc |= source_add_item(source, item, (size_t)(cut - item));
        item = cut + width;
    }
    rc |= source_add_item(source, item, (size_t)(end - item));
    source->lines++;
    if (rc < 0) {
        buf_reset(&source->items);
        source->item_count = 0;
        event_add(source->box->sup, "source", LEVEL_BAD, true, "", source->box->pool, NULL,
                  "item %llu is longer than %d bytes: left out", (unsigned long long)source->lines,
                  SOURCE_ITEM_MAX);
        return 0;
    }
    if (++source->inputs < (unsigned)tasks->max_args)
        return 0;
    source->inputs = 0;
    return source_submit(source);
}

/* Room in the queue and, with a rate limit, a token. */
bool source_may_deliver(struct source *source)
{
    const struct tasks_spec *tasks = &source->box->spec->tasks;
    struct supervisor *sup = source->box->sup;
    double most = tasks->rate < 1 ? 1 : tasks->rate;

    if (pool_room(source->box->pool) <= 0 || source->box->pool->halting)
        return false;
    if (tasks->rate <= 0)
        return true;
    if (!source->filled_at)
        source->filled_at = sup->now;
    source->tokens += (double)(sup->now - source->filled_at) / 1e9 * tasks->rate;
    source->filled_at = sup->now;
    if (source->tokens > most)
        source->tokens = most;
    if (source->tokens >= 1)
        return true;
    source->wake_at = sup->now + (int64_t)((1 - source->tokens) / tasks->rate * 1e9) + CLOCK_MS;
    return false;
}

static void source_walk(struct source *source, char *const *list, size_t count)
{
    while (source->next < count && source_may_deliver(source)) {
        source_deliver(source, list[source->next], strlen(list[source->next]));
        source->next++;
    }
    if (source->next >= count)
        source_end(source);
}

static size_t list_count(char *const *list)
{
    size_t count = 0;

    while (list && list[count])
        count++;
    return count;
}

/* Every combination of one entry from each group, the last group turning fastest. */
static void source_walk_product(struct source *source)
{
    const struct tasks_spec *tasks = &source->box->spec->tasks;
    size_t total = 1;

    for (size_t g = 0; g < tasks->group_count; g++)
        total *= tasks->group_sizes[g];
    for (; source->next < total && source_may_deliver(source); source->next++) {
        size_t rest = source->next, base = 0, span = total;

        for (size_t g = 0; g < tasks->group_count; g++) {
            const char *item;

            span /= tasks->group_sizes[g];
            item = tasks->list[base + rest / span];
            rest %= span;
            base += tasks->group_sizes[g];
            buf_append(&source->items, item, strlen(item) + 1);
            source->item_count++;
        }
        source_submit(source);
    }
    if (source->next >= total)
        source_end(source);
}

static void source_walk_glob(struct source *source)
{
    if (!source->globbed) {
        source->globbed = true;
        if (glob(source->box->spec->tasks.path, 0, NULL, &source->paths) != 0) {
            source->paths.gl_pathc = 0;
            event_add(source->box->sup, "source", LEVEL_BAD, true, "", source->box->pool, NULL,
                      "no file matches %s", source->box->spec->tasks.path);
        }
    }
    source_walk(source, source->paths.gl_pathv, source->paths.gl_pathc);
}

void source_run(struct source *source)
{
    enum task_source kind = source->box->spec->tasks.source;

    source->awake = false;
    source->wake_at = CLOCK_NEVER;
    if (source->ended || source->box->pool->goal != GOAL_RUN)
        return;
    if (source->box->pool->halting) {
        source_end(source);
        return;
    }
    switch (kind) {
    case SOURCE_LIST:
        if (source_is_product(source))
            source_walk_product(source);
        else
            source_walk(source, source->list, list_count(source->list));
        break;
    case SOURCE_GLOB:
        source_walk_glob(source);
        break;
    case SOURCE_FILE:
    case SOURCE_STDIN:
    case SOURCE_COMMAND:
        if (source_fd_run(source))
            source_end(source);
        break;
    case SOURCE_NONE:
    case SOURCE_POOL:
        break;
    }
}

int64_t source_remaining(const struct source *source)
{
    const struct tasks_spec *tasks = &source->box->spec->tasks;
    size_t total = 1;

    if (source->ended)
        return 0;
    if (tasks->source == SOURCE_LIST && source_is_product(source))
        for (size_t g = 0; g < tasks->group_count; g++)
            total *= tasks->group_sizes[g];
    else if (tasks->source == SOURCE_LIST)
        total = list_count(source->list);
    else if (tasks->source == SOURCE_GLOB && source->globbed)
        total = source->paths.gl_pathc;
    else
        return -1;
    return (int64_t)((total - source->next + (size_t)tasks->max_args - 1) /
                     (size_t)tasks->max_args);
}

/* Calls `visit` for each pool that takes its tasks from this one. */
static bool source_each_downstream(const struct pool_box *from,
                                   bool (*visit)(struct pool_box *box, void *ctx), void *ctx)
{
    struct supervisor *sup = from->sup;

    for (size_t i = 0; i < sup->box_count; i++) {
        struct pool_box *box = &sup->boxes[i];

        if (box->spec->tasks.source == SOURCE_POOL &&
            strcmp(box->spec->tasks.from, from->spec->name) == 0 && visit(box, ctx))
            return true;
    }
    return false;
}

struct offer {
    const char *bytes;
    size_t len;
};

static bool offer_visit(struct pool_box *box, void *ctx)
{
    const struct offer *offer = ctx;

    if (box->source && !box->source->ended)
        source_deliver(box->source, offer->bytes, offer->len);
    return false;
}

void source_offer(struct pool_box *from, const char *bytes, size_t len)
{
    struct offer offer = {bytes, len};

    source_each_downstream(from, offer_visit, &offer);
}

static bool room_visit(struct pool_box *box, void *ctx)
{
    int64_t *least = ctx, room = pool_room(box->pool);

    if (room < *least)
        *least = room;
    return false;
}

int64_t source_room_downstream(struct pool_box *from)
{
    int64_t room = INT64_MAX;

    source_each_downstream(from, room_visit, &room);
    return room;
}

static bool end_visit(struct pool_box *box, void *ctx)
{
    (void)ctx;
    if (box->source && !box->source->ended)
        source_end(box->source);
    return false;
}

void source_end_downstream(struct pool_box *from)
{
    source_each_downstream(from, end_visit, NULL);
}
