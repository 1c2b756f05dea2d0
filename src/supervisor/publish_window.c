/* SPDX-License-Identifier: MIT */
/*
 * Windows: the message is written into sup->scratch; an unchanged row is cut off again, so nothing
 * is formatted twice and nothing is kept but a hash a row.
 */
#include "supervisor/publish_window.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "supervisor/life.h"
#include "supervisor/publish.h"
#include "supervisor/supervisor.h"

void window_begin(struct window *window, struct supervisor *sup, const char *view,
                  struct subscription *sub)
{
    *window = (struct window){.sup = sup, .sub = sub};
    view_filter_reset(&sub->filter);
    buf_reset(&sup->scratch);
    json_out_init(&window->out, &sup->scratch);
    json_open_object(&window->out, NULL);
    json_put_string(&window->out, "view", view);
    if (sub->full)
        json_put_bool(&window->out, "full", true);
}

void window_rows(struct window *window, size_t total, size_t all)
{
    window->total = total;
    window->all = all;
}

bool window_wants(const struct window *window)
{
    return window->place < window->sub->count;
}

struct json_out *window_row(struct window *window)
{
    if (!window->in_rows) {
        json_open_array(&window->out, "rows");
        window->in_rows = true;
    }
    window->row_start = buf_len(&window->sup->scratch);
    window->row_comma = window->out.comma;
    json_open_array(&window->out, NULL);
    json_put_int(&window->out, NULL, (int64_t)window->place);
    window->row_body = buf_len(&window->sup->scratch);
    return &window->out;
}

void window_row_end(struct window *window)
{
    struct buf *buf = &window->sup->scratch;
    uint64_t *sent = &window->sub->sent[window->place++];
    uint64_t hash =
        map_hash_bytes(buf_data(buf) + window->row_body, buf_len(buf) - window->row_body);

    if (hash == *sent && !window->sub->full) {
        buf->tail = buf->head + window->row_start;
        window->out.comma = window->row_comma;
        return;
    }
    *sent = hash;
    window->changed++;
    json_close_array(&window->out);
}

void window_end(struct window *window, struct client *client)
{
    struct subscription *sub = window->sub;
    uint64_t rest = (uint64_t)window->total * 1000003 + window->all * 31 + window->place;

    if (!window->changed && rest == sub->sent_rest && !sub->full) {
        buf_reset(&window->sup->scratch);
        return;
    }
    sub->sent_rest = rest;
    if (!window->in_rows)
        json_open_array(&window->out, "rows");
    json_close_array(&window->out);
    json_put_int(&window->out, "total", (int64_t)window->total);
    json_put_int(&window->out, "all", (int64_t)window->all);
    json_put_int(&window->out, "offset", (int64_t)sub->offset);
    json_put_int(&window->out, "count", (int64_t)window->place);
    json_close_object(&window->out);
    json_end_line(&window->out);
    for (size_t i = window->place; i < sub->count; i++)
        sub->sent[i] = 0;
    sub->full = false;
    client_send(client);
}

struct worker *window_find_worker(struct supervisor *sup, const char *target)
{
    const char *bracket = strchr(target, '[');
    struct pool_box *box;
    const struct life *life;
    char name[65];
    int64_t pid;

    if (!bracket) {
        life = str_parse_int(target, &pid) == 0 ? map_find(&sup->by_pid, (uint64_t)pid) : NULL;
        return life ? life->worker : NULL;
    }
    snprintf(name, sizeof(name), "%.*s", (int)(bracket - target < 64 ? bracket - target : 64),
             target);
    box = supervisor_find_pool(sup, name);
    return box ? pool_worker(box->pool, atoi(bracket + 1)) : NULL;
}

/* The workers view: collected, filtered, sorted, then the window of it. */
struct worker_sort {
    char key[16];
    bool desc;
};

/* Trouble first: hung and unhealthy, failed, held, backoff, then what moves, then busy and idle. */
static int worker_rank(const struct worker *worker)
{
    static const int ranks[WORKER_STATES] = {
        [WORKER_FAILED] = 1,   [WORKER_HELD] = 2,     [WORKER_BACKOFF] = 3,
        [WORKER_STOPPING] = 4, [WORKER_DRAINING] = 5, [WORKER_BUSY] = 6,
        [WORKER_IDLE] = 7,     [WORKER_STARTING] = 8, [WORKER_DOWN] = 9};

    return worker->hung || worker->unkillable || worker->health.unhealthy ? 0
                                                                          : ranks[worker->state];
}

static double worker_sort_value(const struct worker *worker, const char *key)
{
    const struct life *life = worker->life;

    if (strcmp(key, "pid") == 0)
        return worker->pid ? worker->pid : 1e12;
    if (strcmp(key, "slot") == 0)
        return worker->slot;
    if (strcmp(key, "for") == 0) /* the screen shows the age of the task where there is one */
        return (double)(worker->task ? worker->task->started_at : worker->since);
    if (strcmp(key, "cpu") == 0)
        return life ? -life->cpu_percent : 1;
    if (strcmp(key, "rss") == 0)
        return life ? -(double)life->rss : 1;
    if (strcmp(key, "done") == 0)
        return -(double)(worker->pool->spec->mode == POOL_WORKER ? worker->life_done
                                                                 : worker->done);
    if (strcmp(key, "task") == 0)
        return worker->task ? (double)worker->task->id : 1e15;
    if (strcmp(key, "state") == 0)
        return worker_rank(worker);
    return 0;
}

static int worker_compare(const void *a, const void *b, void *ctx)
{
    const struct worker *wa = *(const struct worker *const *)a;
    const struct worker *wb = *(const struct worker *const *)b;
    const struct worker_sort *sort = ctx;
    double va = worker_sort_value(wa, sort->key), vb = worker_sort_value(wb, sort->key);
    int order = (va > vb) - (va < vb);

    if (!order)
        order = strcmp(wa->pool->spec->name, wb->pool->spec->name);
    if (!order)
        order = (wa->slot > wb->slot) - (wa->slot < wb->slot);
    return sort->desc ? -order : order;
}

static bool worker_passes(struct subscription *sub, const struct worker *worker)
{
    char text[400];

    if (*sub->pool && strcmp(sub->pool, worker->pool->spec->name) != 0)
        return false;
    if (!sub->filter.set)
        return true;
    snprintf(text, sizeof(text), "%s[%d] %d %s%s%s %.200s", worker->pool->spec->name, worker->slot,
             worker->pid, worker_state_name(worker->state), worker->hung ? " HUNG" : "",
             worker->recycle ? " recycle" : "", worker->task ? worker->task->input : "");
    return view_filter_passes(&sub->filter, text, NULL);
}

static size_t workers_collect(struct supervisor *sup, struct subscription *sub,
                              struct worker **list, size_t *all)
{
    size_t count = 0;

    *all = 0;
    for (size_t i = 0; i < sup->box_count; i++) {
        struct pool *pool = sup->boxes[i].pool;

        for (size_t s = 0; s < pool->slots; s++) {
            if (!pool->workers[s])
                continue;
            ++*all;
            if (worker_passes(sub, pool->workers[s]))
                list[count++] = pool->workers[s];
        }
    }
    return count;
}

void publish_workers_view(struct client *client, struct subscription *sub)
{
    struct supervisor *sup = client->sup;
    struct worker_sort sort = {.desc = sub->desc};
    struct worker **list;
    struct window window;
    size_t slots = 0, count, all;

    for (size_t i = 0; i < sup->box_count; i++)
        slots += sup->boxes[i].pool->slots;
    list = mem_new_array(slots, sizeof(struct worker *));
    count = workers_collect(sup, sub, list, &all);
    snprintf(sort.key, sizeof(sort.key), "%s", *sub->sort ? sub->sort : "pool");
    qsort_r(list, count, sizeof(struct worker *), worker_compare, &sort);
    window_begin(&window, sup, "workers", sub);
    window_rows(&window, count, all);
    for (size_t i = sub->offset; i < count && window_wants(&window); i++) {
        publish_worker(sup, window_row(&window), NULL, list[i]);
        window_row_end(&window);
    }
    window_end(&window, client);
    free(list);
    /* Sorting thousands ten times a second would cost more than it shows. */
    sub->next_at = sup->now + (all > 5000 ? CLOCK_S : all > 500 ? CLOCK_S / 2 : 0);
}
