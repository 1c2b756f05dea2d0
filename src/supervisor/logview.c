/* SPDX-License-Identifier: MIT */
/*
 * The log view. A line that a capture splits is copied once for each client that looks at that
 * worker, into the client's own bounded buffer; over the bound the older lines give way to the
 * newer ones and are counted. Only what is sent is formatted: a flood stays cheap to look at.
 */
#include "supervisor/logview.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "logs/capture.h"
#include "supervisor/client.h"
#include "supervisor/command.h"
#include "supervisor/life.h"
#include "supervisor/life_start.h"
#include "supervisor/publish.h"
#include "supervisor/publish_window.h"
#include "supervisor/supervisor.h"

/* Two halves and one line more, each byte escaped as \u0001, are less than CLIENT_OUT_MAX. */
enum { LINES_A_HALF = 250, BYTES_A_HALF = 16 << 10, TAIL_MOST = 2000, LINE_MOST = 8192 };
enum { TAIL_BYTES = CLIENT_OUT_MAX * 3 / 8 };

/* A line that waits; its bytes follow. */
struct waiting {
    int64_t wall;
    const struct pool_box *box;
    int pid, slot;
    uint32_t len;
    char stream;
};

static bool logview_wants(const struct subscription *sub, const struct pool_box *box, int slot)
{
    if (!sub->active)
        return false;
    if (sub->log_all)
        return true;
    return strcmp(sub->pool, box->spec->name) == 0 && (!sub->log_slot || sub->log_slot == slot);
}

/* [seq,at,pid,slot,pool,stream,text] */
static void line_json(struct json_out *out, uint64_t seq, const struct waiting *head,
                      const char *bytes)
{
    char stream[2] = {head->stream, '\0'};

    json_open_array(out, NULL);
    json_put_int(out, NULL, (int64_t)seq);
    json_put_number(out, NULL, (double)head->wall / 1e9, 3);
    json_put_int(out, NULL, head->pid);
    json_put_int(out, NULL, head->slot);
    json_put_string(out, NULL, head->box->spec->name);
    json_put_string(out, NULL, stream);
    json_put_bytes(out, NULL, bytes, head->len);
    json_close_array(out);
}

static void sub_keep(struct subscription *sub, const struct waiting *head, const char *bytes)
{
    size_t size = sizeof(*head) + head->len;
    char *at = buf_reserve(&sub->lines, size);

    if (!at) {
        sub->skipped++;
        return;
    }
    memcpy(at, head, sizeof(*head));
    memcpy(at + sizeof(*head), bytes, head->len);
    buf_commit(&sub->lines, size);
    sub->line_count++;
}

/* The newer half is full: it becomes the older one, which gives way. */
static void sub_drop_old(struct subscription *sub)
{
    sub->skipped += sub->old_count;
    sub->line_seq += sub->old_count;
    sub->line_count -= sub->old_count;
    buf_consume(&sub->lines, sub->old_bytes);
    sub->old_count = sub->line_count;
    sub->old_bytes = buf_len(&sub->lines);
}

static void sub_add_line(struct subscription *sub, const struct pool_box *box, int pid, int slot,
                         const struct log_line *line)
{
    const struct waiting head = {
        .wall = line->wall,
        .box = box,
        .pid = pid,
        .slot = slot,
        .len = (uint32_t)(line->len < LINE_MOST ? line->len : LINE_MOST),
        .stream = line->stream,
    };

    if (sub->line_count - sub->old_count >= LINES_A_HALF ||
        buf_len(&sub->lines) - sub->old_bytes > BYTES_A_HALF)
        sub_drop_old(sub);
    sub_keep(sub, &head, line->bytes);
}

static void logview_on_line(void *ctx, const struct log_line *line)
{
    struct life *life = ctx;
    struct supervisor *sup = life->sup;

    LIST_EACH(node, &sup->clients)
    {
        struct client *client = LIST_ENTRY(node, struct client, link);

        if (logview_wants(&client->subs[VIEW_LOG], life->box, life->worker->slot))
            sub_add_line(&client->subs[VIEW_LOG], life->box, life->proc.pid, life->worker->slot,
                         line);
    }
    sup->changed = true;
}

static bool logview_wanted(const struct life *life)
{
    for (const struct list *node = life->sup->clients.next; node != &life->sup->clients;
         node = node->next) {
        const struct client *client =
            (const struct client *)(const void *)((const char *)node -
                                                  offsetof(struct client, link));

        if (logview_wants(&client->subs[VIEW_LOG], life->box, life->worker->slot))
            return true;
    }
    return false;
}

void logview_attach(struct life *life)
{
    capture_set_sink(life->capture, logview_wanted(life) ? logview_on_line : NULL, life);
}

void logview_refresh(struct supervisor *sup)
{
    LIST_EACH(node, &sup->lives)
    logview_attach(LIST_ENTRY(node, struct life, link));
}

struct capture *logview_capture(const struct worker *worker)
{
    struct pool_box *box = worker->pool->owner;
    const struct life *life = worker->life;
    const struct slot_box *slot = life_slot(box, worker->slot);

    if (life)
        return life->capture;
    return slot ? slot->capture : NULL;
}

/* Lines of several captures, to be put in order of time. */
struct tail_line {
    struct waiting head;
    uint64_t order;
    char *bytes;
};

struct tail {
    struct tail_line *lines;
    size_t count, cap;
    const struct pool_box *box;
    int pid, slot;
};

static void tail_collect(void *ctx, const struct log_line *line)
{
    struct tail *tail = ctx;
    struct tail_line *t;

    if (tail->count == tail->cap) {
        tail->cap = tail->cap ? tail->cap * 2 : 256;
        if (mem_try_resize((void **)&tail->lines, tail->cap, sizeof(*tail->lines)) < 0)
            abort();
    }
    t = &tail->lines[tail->count];
    t->head = (struct waiting){
        .wall = line->wall,
        .box = tail->box,
        .pid = tail->pid,
        .slot = tail->slot,
        .len = (uint32_t)(line->len < LINE_MOST ? line->len : LINE_MOST),
        .stream = line->stream,
    };
    t->order = tail->count++;
    t->bytes = mem_copy_bytes(line->bytes, t->head.len);
}

static int tail_compare(const void *a, const void *b)
{
    const struct tail_line *la = a, *lb = b;

    if (la->head.wall != lb->head.wall)
        return la->head.wall < lb->head.wall ? -1 : 1;
    return la->order < lb->order ? -1 : la->order > lb->order;
}

static void tail_box(struct tail *tail, struct pool_box *box, const struct subscription *sub)
{
    tail->box = box;
    for (size_t s = 0; s < box->pool->slots; s++) {
        const struct worker *worker = box->pool->workers[s];
        const struct slot_box *slot = worker ? life_slot(box, worker->slot) : NULL;

        if (!worker || !logview_wants(sub, box, worker->slot))
            continue;
        tail->slot = worker->slot;
        tail->pid = worker->pid;
        if (slot && slot->capture) {
            /* What several processes wrote one after another has nobody's PID. */
            tail->pid = box->spec->log.per == LOG_PER_SLOT ? 0 : slot->previous_pid;
            capture_tail(slot->capture, sub->tail, tail_collect, tail);
            tail->pid = worker->pid;
        }
        if (worker->life && life_of(worker)->owns_capture)
            capture_tail(life_of(worker)->capture, sub->tail, tail_collect, tail);
    }
}

/* The newest lines that are wanted and that one message holds: where they begin. */
static size_t tail_from(const struct subscription *sub, const struct tail *tail)
{
    size_t from = tail->count, bytes = 0;
    struct buf text = {0};
    struct json_out out;

    while (from > 0 && tail->count - from < sub->tail && bytes < TAIL_BYTES) {
        from--;
        buf_reset(&text);
        json_out_init(&out, &text);
        line_json(&out, tail->count, &tail->lines[from].head, tail->lines[from].bytes);
        bytes += buf_len(&text);
    }
    buf_fini(&text);
    return from;
}

static void logview_fill_tail(struct supervisor *sup, struct subscription *sub)
{
    struct tail tail = {0};
    size_t from;

    for (size_t i = 0; i < sup->box_count; i++)
        if (sub->log_all || strcmp(sub->pool, sup->boxes[i].spec->name) == 0)
            tail_box(&tail, &sup->boxes[i], sub);
    if (tail.count)
        qsort(tail.lines, tail.count, sizeof(*tail.lines), tail_compare);
    from = tail_from(sub, &tail);
    for (size_t i = 0; i < tail.count; i++) {
        if (i >= from)
            sub_keep(sub, &tail.lines[i].head, tail.lines[i].bytes);
        free(tail.lines[i].bytes);
    }
    sub->old_count = sub->line_count;
    sub->old_bytes = buf_len(&sub->lines);
    free(tail.lines);
}

bool logview_subscribe(struct request *request, struct subscription *sub)
{
    struct client *client = request->client;
    struct target target = {0};

    if (!*sub->target && *sub->pool)
        snprintf(sub->target, sizeof(sub->target), "%s", sub->pool);
    sub->log_all = !*sub->target || strcmp(sub->target, "*") == 0;
    if (!sub->log_all) {
        struct worker *worker = window_find_worker(client->sup, sub->target);

        target.box = worker ? worker->pool->owner : supervisor_find_pool(client->sup, sub->target);
        target.worker = worker;
        if (!target.box) {
            client_refuse(client, request->id, "gone", "nothing here is called %s", sub->target);
            return false;
        }
        snprintf(sub->pool, sizeof(sub->pool), "%s", target.box->spec->name);
        sub->log_slot = target.worker ? target.worker->slot : 0;
    }
    if (sub->tail > TAIL_MOST)
        sub->tail = TAIL_MOST;
    buf_init(&sub->lines, 0);
    sub->active = true;
    logview_fill_tail(client->sup, sub);
    logview_refresh(client->sup);
    return true;
}

static void logview_label(struct supervisor *sup, const struct subscription *sub,
                          struct json_out *out)
{
    struct worker *worker = sub->log_slot ? window_find_worker(sup, sub->target) : NULL;
    char text[160], path[600];

    if (sub->log_all)
        snprintf(text, sizeof(text), "all pools");
    else if (!sub->log_slot)
        snprintf(text, sizeof(text), "pool %s", sub->pool);
    else
        snprintf(text, sizeof(text), "%s[%d]", sub->pool, sub->log_slot);
    json_put_string(out, "label", text);
    if (!worker)
        return;
    publish_log_path(worker->pool->owner, worker->slot, worker->pid, path, sizeof(path));
    json_put_string(out, "path", *path ? path : NULL);
}

static void lines_json(struct subscription *sub, struct json_out *out)
{
    const char *at = buf_data(&sub->lines);
    struct waiting head;

    for (size_t i = 0; i < sub->line_count; i++) {
        memcpy(&head, at, sizeof(head));
        line_json(out, ++sub->line_seq, &head, at + sizeof(head));
        at += sizeof(head) + head.len;
    }
    buf_reset(&sub->lines);
    sub->line_count = sub->old_count = sub->old_bytes = 0;
}

void logview_publish(struct client *client, struct subscription *sub)
{
    struct supervisor *sup = client->sup;
    struct json_out out;

    if (!sub->full && !sub->line_count && !sub->skipped)
        return;
    buf_reset(&sup->scratch);
    json_out_init(&out, &sup->scratch);
    json_open_object(&out, NULL);
    json_put_string(&out, "view", "log");
    if (sub->full)
        json_put_bool(&out, "full", true);
    logview_label(sup, sub, &out);
    json_put_int(&out, "skipped", (int64_t)sub->skipped);
    json_open_array(&out, "lines");
    lines_json(sub, &out);
    json_close_array(&out);
    json_close_object(&out);
    json_end_line(&out);
    sub->skipped = 0;
    sub->full = false;
    client_send(client);
}
