/* SPDX-License-Identifier: MIT */
/*
 * `why`: of a worker that lives, evidence taken now; of one that is gone, how it ended and the
 * report that was kept.
 */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "supervisor/client.h"
#include "supervisor/command.h"
#include "supervisor/inquiry.h"
#include "supervisor/life.h"
#include "supervisor/publish.h"
#include "supervisor/supervisor.h"

/* The newest past life of this PID. */
static const struct worker_life *worker_past(const struct worker *worker, int64_t pid)
{
    uint32_t kept = worker->lives_count < WORKER_LIVES_MAX ? worker->lives_count : WORKER_LIVES_MAX;

    for (uint32_t i = 1; i <= kept; i++) {
        const struct worker_life *life =
            &worker->lives[(worker->lives_count - i) % WORKER_LIVES_MAX];

        if (life->pid == pid)
            return life;
    }
    return NULL;
}

static void reply_past(struct request *request, const struct worker *worker,
                       const struct worker_life *life)
{
    const struct supervisor *sup = request->client->sup;
    struct json_out out = client_begin_reply(request->client, request->id);

    json_put_string(&out, "pool", worker->pool->spec->name);
    json_put_int(&out, "slot", worker->slot);
    json_open_array(&out, "lives");
    publish_life(sup, &out, worker->pool->owner, worker, life);
    json_close_array(&out);
    publish_report_path(sup, &out, life->report);
    client_end_reply(request->client, &out);
}

/* A PID that no worker has now: one of a past life? */
static bool why_past(struct request *request, const char *text)
{
    struct supervisor *sup = request->client->sup;
    int64_t pid;

    if (!text || str_parse_int(text, &pid) != 0 || map_find(&sup->by_pid, (uint64_t)pid))
        return false;
    for (size_t i = 0; i < sup->box_count; i++) {
        const struct pool *pool = sup->boxes[i].pool;

        for (size_t s = 0; s < pool->slots; s++) {
            const struct worker *worker = pool->workers[s];
            const struct worker_life *life = worker ? worker_past(worker, pid) : NULL;

            if (!life)
                continue;
            reply_past(request, worker, life);
            return true;
        }
    }
    return false;
}

void cmd_why(struct request *request)
{
    struct client *client = request->client;
    struct target target;

    if (why_past(request, request_string(request, "target")) || !request_target(request, &target))
        return;
    if (!target.worker) {
        client_refuse(client, request->id, "usage", "why takes one worker: a PID or %s[SLOT]",
                      target.box->spec->name);
        return;
    }
    if (target.worker->life && !life_of(target.worker)->exited) {
        inquiry_ask(target.worker->life, request);
        return;
    }
    if (target.worker->lives_count)
        reply_past(request, target.worker,
                   &target.worker->lives[(target.worker->lives_count - 1) % WORKER_LIVES_MAX]);
    else
        client_refuse(client, request->id, "gone", "%s[%d] never had a process%s%s",
                      target.box->spec->name, target.worker->slot, *target.worker->why ? ": " : "",
                      target.worker->why);
}
