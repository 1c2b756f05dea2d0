/* SPDX-License-Identifier: MIT */
/*
 * Windows and their subscriptions. A delta for an older window (its offset differs) is dropped: the
 * full message of the new one is on its way.
 */
#include "tui/model.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tui/field.h"
#include "tui/net.h"

enum { ROWS_MAX = 10000 };

static const char *const view_names[WINDOW_COUNT] = {"summary", "pools",  "workers", "detail",
                                                     "tasks",   "events", "log"};

static void resize_rows(struct window *window, int count)
{
    void *rows = window->rows;

    count = count < 0 ? 0 : count > ROWS_MAX ? ROWS_MAX : count;
    for (int i = count; i < window->count; i++)
        json_decref(window->rows[i]);
    if (count && mem_try_resize(&rows, (size_t)count, sizeof(json_t *)) < 0)
        return;
    if (!count) {
        free(window->rows);
        rows = NULL;
    }
    window->rows = rows;
    for (int i = window->count; window->rows && i < count; i++)
        window->rows[i] = NULL;
    window->count = count;
}

static void forget_window(struct window *window)
{
    free(window->sent);
    window->sent = NULL;
    window->loaded = false;
}

void model_fini(struct model *model)
{
    for (int id = 0; id < WINDOW_COUNT; id++) {
        struct window *window = &model->windows[id];
        resize_rows(window, 0);
        json_decref(window->message);
        free(window->want);
        free(window->sent);
        *window = (struct window){0};
    }
}

int model_find(const json_t *message)
{
    const char *view = field_text(message, "view");

    for (int id = 0; id < WINDOW_COUNT; id++)
        if (strcmp(view_names[id], view) == 0)
            return id;
    return -1;
}

static void take_rows(struct window *window, const json_t *message, bool full)
{
    json_t *rows = json_object_get(message, "rows"), *item;
    size_t index;

    if (full)
        resize_rows(window, 0);
    resize_rows(window, (int)field_int(message, "count", window->count));
    window->total = (int)field_int(message, "total", window->total);
    window->all = (int)field_int(message, "all", window->total);
    json_array_foreach(rows, index, item)
    {
        int place = (int)json_integer_value(json_array_get(item, 0));
        json_t *row = json_array_get(item, 1);
        if (place < 0 || place >= window->count || !json_is_object(row))
            continue;
        json_decref(window->rows[place]);
        window->rows[place] = json_incref(row);
    }
}

bool model_is_current(const struct window *window)
{
    return window->sent && !window->awaited;
}

void model_apply(struct window *window, json_t *message)
{
    bool full = field_bool(message, "full");
    int offset = (int)field_int(message, "offset", window->offset);

    if (!model_is_current(window))
        return;
    if (json_object_get(message, "rows") || json_object_get(message, "count")) {
        if (!full && (!window->loaded || offset != window->offset))
            return;
        window->offset = offset;
        take_rows(window, message, full);
    }
    window->loaded = true;
    json_decref(window->message);
    window->message = json_incref(message);
}

void model_want(struct model *model, enum window_id id, json_t *arguments)
{
    struct window *window = &model->windows[id];

    free(window->want);
    window->want = arguments ? json_dumps(arguments, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    json_decref(arguments);
}

static void unsubscribe(struct window *window, struct net *net, const char *view)
{
    net_request(net, json_pack("{s:s,s:s}", "cmd", "unsubscribe", "view", view), NULL, NULL);
    forget_window(window);
}

struct asked {
    struct model *model;
    struct window *window;
};

static void answered(void *owner, const json_t *reply, void *context)
{
    const struct asked *asked = context;

    asked->window->awaited--;
    if (reply && !field_bool(reply, "ok"))
        asked->model->on_refused(owner, field_text(reply, "error"));
}

static void subscribe(struct model *model, struct window *window, struct net *net, const char *view)
{
    json_t *request = json_loads(window->want, JSON_ALLOW_NUL, NULL);
    struct asked *asked = mem_new(sizeof(*asked));

    json_object_set_new(request, "cmd", json_string("subscribe"));
    json_object_set_new(request, "view", json_string(view));
    forget_window(window);
    window->sent = mem_copy_string(window->want);
    window->awaited++;
    *asked = (struct asked){model, window};
    net_request(net, request, answered, asked);
}

void model_sync(struct model *model, struct net *net)
{
    if (!net->greeted)
        return;
    for (int id = 0; id < WINDOW_COUNT; id++) {
        struct window *window = &model->windows[id];
        if (window->sent && !window->want)
            unsubscribe(window, net, view_names[id]);
        else if (window->want && (!window->sent || strcmp(window->want, window->sent) != 0))
            subscribe(model, window, net, view_names[id]);
    }
}

void model_forget(struct model *model)
{
    for (int id = 0; id < WINDOW_COUNT; id++)
        forget_window(&model->windows[id]);
}

const json_t *model_row(const struct window *window, int index)
{
    int place = index - window->offset;

    return place >= 0 && place < window->count ? window->rows[place] : NULL;
}

const json_t *model_summary(const struct model *model)
{
    return json_object_get(model->windows[WINDOW_SUMMARY].message, "summary");
}

const json_t *model_worker(const struct model *model)
{
    return json_object_get(model->windows[WINDOW_DETAIL].message, "worker");
}
