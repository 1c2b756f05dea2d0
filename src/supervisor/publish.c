/* SPDX-License-Identifier: MIT */
/*
 * Subscriptions: a client pays for what is on its screen. Of each row in its window the hash of
 * what was sent is kept (8 bytes a row); a row goes out again when its text changed. A client whose
 * last message has not left yet is skipped: it gets the newest state later, never a backlog.
 */
#include "supervisor/publish.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "supervisor/command.h"
#include "supervisor/events.h"
#include "supervisor/logview.h"
#include "supervisor/publish_window.h"
#include "supervisor/supervisor.h"

static const int64_t PUBLISH_PERIOD = 100 * CLOCK_MS;
enum { WINDOW_MOST = 500 };

static const char *const view_names[VIEW_COUNT] = {
    [VIEW_SUMMARY] = "summary", [VIEW_POOLS] = "pools", [VIEW_WORKERS] = "workers",
    [VIEW_DETAIL] = "detail",   [VIEW_TASKS] = "tasks", [VIEW_EVENTS] = "events",
    [VIEW_LOG] = "log",
};

static enum view view_parse(const char *name)
{
    for (int v = 0; name && v < VIEW_COUNT; v++)
        if (strcmp(name, view_names[v]) == 0)
            return (enum view)v;
    return VIEW_COUNT;
}

void subscription_end(struct subscription *sub)
{
    view_filter_fini(&sub->filter);
    free(sub->sent);
    buf_fini(&sub->lines);
    *sub = (struct subscription){0};
}

static void copy_argument(const struct request *request, const char *key, char *out, size_t size)
{
    const char *text = request_string(request, key);

    snprintf(out, size, "%s", text ? text : "");
}

/* False after answering. */
static bool subscribe_filter(struct request *request, struct subscription *sub)
{
    const char *text = request_string(request, "filter");
    struct err err = {0};

    if (!text || view_filter_init(&sub->filter, text, &err) == 0)
        return true;
    client_refuse(request->client, request->id, "usage", "%s", err.text);
    return false;
}

void cmd_subscribe(struct request *request)
{
    struct client *client = request->client;
    enum view view = view_parse(request_string(request, "view"));
    struct subscription *sub;
    size_t count = request_count(request, "count", 50);

    if (view == VIEW_COUNT) {
        client_refuse(client, request->id, "usage", "no view `%.20s`",
                      request_string(request, "view") ? request_string(request, "view") : "");
        return;
    }
    sub = &client->subs[view];
    subscription_end(sub);
    copy_argument(request, "pool", sub->pool, sizeof(sub->pool));
    copy_argument(request, "target", sub->target, sizeof(sub->target));
    copy_argument(request, "sort", sub->sort, sizeof(sub->sort));
    copy_argument(request, "state", sub->state, sizeof(sub->state));
    sub->desc = request_flag(request, "desc");
    sub->offset = request_count(request, "offset", 0);
    sub->count = count > WINDOW_MOST ? WINDOW_MOST : count;
    sub->tail = request_count(request, "tail", 200);
    if (!subscribe_filter(request, sub))
        return;
    if (view == VIEW_LOG && !logview_subscribe(request, sub))
        return;
    sub->sent = mem_new_array(sub->count + 1, sizeof(*sub->sent));
    sub->full = sub->active = true;
    request_ok(request);
    client->sup->publish_at = 0;
}

void cmd_unsubscribe(struct request *request)
{
    enum view view = view_parse(request_string(request, "view"));

    if (view != VIEW_COUNT)
        subscription_end(&request->client->subs[view]);
    logview_refresh(request->client->sup);
    request_ok(request);
}

/* One object that goes out whole when it changed. */
static void publish_whole(struct client *client, struct subscription *sub, enum view view)
{
    struct supervisor *sup = client->sup;
    struct window window;
    uint64_t hash;

    window_begin(&window, sup, view_names[view], sub);
    if (view == VIEW_SUMMARY) {
        json_open_object(&window.out, "summary");
        publish_summary(sup, &window.out);
        json_close_object(&window.out);
    } else {
        struct worker *worker = window_find_worker(sup, sub->target);

        if (worker)
            publish_detail(sup, &window.out, worker);
        else
            json_put_null(&window.out, "worker");
    }
    json_close_object(&window.out);
    json_end_line(&window.out);
    hash = map_hash_bytes(buf_data(&sup->scratch), buf_len(&sup->scratch));
    if (hash == sub->sent_rest && !sub->full) {
        buf_reset(&sup->scratch);
        return;
    }
    sub->sent_rest = hash;
    sub->full = false;
    client_send(client);
}

static void publish_pools_view(struct client *client, struct subscription *sub)
{
    struct supervisor *sup = client->sup;
    struct window window;

    window_begin(&window, sup, "pools", sub);
    window_rows(&window, sup->box_count, sup->box_count);
    for (size_t i = sub->offset; i < sup->box_count && window_wants(&window); i++) {
        struct json_out *out = window_row(&window);

        publish_pool(sup, out, NULL, &sup->boxes[i]);
        window_row_end(&window);
    }
    window_end(&window, client);
}

static void publish_events_view(struct client *client, struct subscription *sub)
{
    struct supervisor *sup = client->sup;
    struct event_log *log = sup->events;
    size_t kept = (size_t)(log->next - event_first_kept(log));
    size_t matched = 0;
    struct window window;

    window_begin(&window, sup, "events", sub);
    for (uint64_t s = log->next; s-- > event_first_kept(log);) {
        const struct event *event = event_find(log, s);

        if (!view_filter_passes(&sub->filter, event->text, event->pool))
            continue;
        if (matched++ < sub->offset || !window_wants(&window))
            continue;
        publish_event(window_row(&window), NULL, event);
        window_row_end(&window);
    }
    window_rows(&window, matched, kept);
    window_end(&window, client);
}

static void publish_view(struct client *client, enum view view)
{
    struct subscription *sub = &client->subs[view];

    switch (view) {
    case VIEW_SUMMARY:
    case VIEW_DETAIL:
        publish_whole(client, sub, view);
        break;
    case VIEW_POOLS:
        publish_pools_view(client, sub);
        break;
    case VIEW_WORKERS:
        publish_workers_view(client, sub);
        break;
    case VIEW_TASKS:
        publish_tasks_view(client, sub);
        break;
    case VIEW_EVENTS:
        publish_events_view(client, sub);
        break;
    case VIEW_LOG:
        logview_publish(client, sub);
        break;
    case VIEW_COUNT:
        break;
    }
}

void publish_views(struct supervisor *sup)
{
    bool due = sup->now >= sup->publish_at;

    if (!sup->changed || !due)
        return;
    sup->changed = false;
    sup->publish_at = sup->now + PUBLISH_PERIOD;
    LIST_EACH(node, &sup->clients)
    {
        struct client *client = LIST_ENTRY(node, struct client, link);

        for (int v = 0; v < VIEW_COUNT; v++) {
            struct subscription *sub = &client->subs[v];

            if (!sub->active || !client_has_room(client))
                continue;
            if (sub->next_at > sup->now && !sub->full) {
                sup->changed = true;
                continue;
            }
            publish_view(client, (enum view)v);
        }
        client_flush(client);
    }
}

int64_t publish_next_deadline(const struct supervisor *sup)
{
    return sup->changed && !list_empty(&sup->clients) ? sup->publish_at : CLOCK_NEVER;
}
