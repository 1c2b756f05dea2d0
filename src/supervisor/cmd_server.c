/* SPDX-License-Identifier: MIT */
/*
 * Commands on the supervisor as a whole: what it shows in one answer, alerts, and its end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "logs/capture.h"
#include "supervisor/client.h"
#include "supervisor/command.h"
#include "supervisor/events.h"
#include "supervisor/life.h"
#include "supervisor/publish.h"
#include "supervisor/supervisor.h"

enum { EVENTS_DEFAULT = 50 };

void cmd_status(struct request *request)
{
    struct client *client = request->client;
    struct json_out out = client_begin_reply(client, request->id);

    publish_status(client->sup, &out);
    client_end_reply(client, &out);
}

/* A list that may be longer than a client's buffer is answered in pages: "next" is the offset to
 * ask for, as long as there is more. */
struct page {
    size_t offset, place;
    bool full;
};

static bool page_takes(struct page *page, const struct supervisor *sup)
{
    if (page->full)
        return false;
    if (page->place >= page->offset && buf_len(&sup->scratch) > CLIENT_OUT_MAX / 2) {
        page->full = true;
        return false;
    }
    return page->place++ >= page->offset;
}

static void page_end(const struct page *page, struct json_out *out)
{
    if (page->full)
        json_put_int(out, "next", (int64_t)page->place);
}

void cmd_ps(struct request *request)
{
    struct client *client = request->client;
    struct supervisor *sup = client->sup;
    struct pool_box *only = NULL;
    struct page page = {.offset = request_count(request, "offset", 0)};
    struct json_out out;

    if (request_string(request, "pool") && !(only = request_pool(request, "pool")))
        return;
    out = client_begin_reply(client, request->id);
    json_open_array(&out, "workers");
    for (size_t i = 0; i < sup->box_count; i++) {
        struct pool *pool = sup->boxes[i].pool;

        for (size_t s = 0; (!only || only == &sup->boxes[i]) && s < pool->slots; s++) {
            if (!pool->workers[s] || !page_takes(&page, sup))
                continue;
            publish_worker(sup, &out, NULL, pool->workers[s]);
        }
    }
    json_close_array(&out);
    page_end(&page, &out);
    client_end_reply(client, &out);
}

void cmd_events(struct request *request)
{
    struct client *client = request->client;
    struct event_log *log = client->sup->events;
    int64_t wanted = request_int(request, "lines", EVENTS_DEFAULT);
    uint64_t first = event_first_kept(log);
    uint64_t after = request_count(request, "after", 0);
    struct page page = {.offset = request_count(request, "offset", 0)};
    struct json_out out = client_begin_reply(client, request->id);

    if (wanted >= 0 && log->next - first > (uint64_t)wanted)
        first = log->next - (uint64_t)wanted;
    if (after >= first)
        first = after + 1;
    json_open_array(&out, "events");
    for (uint64_t s = first; s < log->next; s++)
        if (page_takes(&page, client->sup))
            publish_event(&out, NULL, event_find(log, s));
    json_close_array(&out);
    page_end(&page, &out);
    client_end_reply(client, &out);
}

static void lives_json(struct json_out *out, const struct supervisor *sup,
                       const struct worker *worker)
{
    const struct pool_box *box = worker->pool->owner;
    uint32_t kept = worker->lives_count < WORKER_LIVES_MAX ? worker->lives_count : WORKER_LIVES_MAX;

    json_open_array(out, "lives");
    for (uint32_t i = 1; i <= kept; i++)
        publish_life(sup, out, box, worker,
                     &worker->lives[(worker->lives_count - i) % WORKER_LIVES_MAX]);
    json_close_array(out);
}

static void log_target_json(struct json_out *out, const struct supervisor *sup,
                            const struct worker *worker)
{
    const struct pool_box *box = worker->pool->owner;
    char path[600];

    json_open_object(out, NULL);
    json_put_string(out, "pool", box->spec->name);
    json_put_int(out, "slot", worker->slot);
    if (worker->pid)
        json_put_int(out, "pid", worker->pid);
    else
        json_put_null(out, "pid");
    publish_log_path(box, worker->slot, worker->pid, path, sizeof(path));
    json_put_string(out, "path", path);
    json_put_bool(out, "timestamps", box->spec->log.timestamps);
    lives_json(out, sup, worker);
    json_close_object(out);
}

void cmd_logs(struct request *request)
{
    struct client *client = request->client;
    struct supervisor *sup = client->sup;
    const char *text = request_string(request, "target");
    struct target target = {0};
    struct page page = {.offset = request_count(request, "offset", 0)};
    struct json_out out;

    if ((!text || strcmp(text, "*") != 0) && !request_target(request, &target))
        return;
    out = client_begin_reply(client, request->id);
    json_open_array(&out, "targets");
    for (size_t i = 0; i < sup->box_count; i++) {
        struct pool *pool = sup->boxes[i].pool;

        for (size_t s = 0; (!target.box || target.box == &sup->boxes[i]) && s < pool->slots; s++)
            if (pool->workers[s] && (!target.worker || target.worker == pool->workers[s]) &&
                page_takes(&page, sup))
                log_target_json(&out, sup, pool->workers[s]);
    }
    json_close_array(&out);
    page_end(&page, &out);
    client_end_reply(client, &out);
}

void cmd_ack(struct request *request)
{
    struct client *client = request->client;
    int64_t seq = request_int(request, "event", 0);
    struct json_out out;
    int count;

    if (seq && !event_find(client->sup->events, (uint64_t)seq)) {
        client_refuse(client, request->id, "unknown", "no event %lld", (long long)seq);
        return;
    }
    count = event_acknowledge(client->sup->events, (uint64_t)seq);
    out = client_begin_reply(client, request->id);
    json_put_int(&out, "count", count);
    client_end_reply(client, &out);
}

void cmd_shutdown(struct request *request)
{
    struct client *client = request->client;

    event_add(client->sup, "shutdown", LEVEL_NOTE, false, client->who, NULL, NULL,
              request_flag(request, "now") ? "shutdown, now" : "shutdown");
    /* map's own client: an interrupted run lets what runs finish. */
    if (client->map && !request_flag(request, "now"))
        supervisor_finish_tasks(client->sup);
    else
        supervisor_shutdown(client->sup, client->by, request_flag(request, "now"));
    request_ok(request);
}
