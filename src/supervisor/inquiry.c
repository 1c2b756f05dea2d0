/* SPDX-License-Identifier: MIT */
/*
 * One inquiry, step by step: what is known at once, the collector's errand, the evidence program's
 * errand, the file, the answers. Each step begins where the one before ended; a step that can't be
 * taken is said in the report and skipped.
 */
#include "supervisor/inquiry.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/list.h"
#include "base/str.h"
#include "evidence/collect.h"
#include "pool/health.h"
#include "supervisor/client.h"
#include "supervisor/command.h"
#include "supervisor/errand.h"
#include "supervisor/events.h"
#include "supervisor/life.h"
#include "supervisor/report_facts.h"
#include "supervisor/supervisor.h"

/* Reading /proc takes a tenth of a second; a process that holds its memory map may block it. */
static const int64_t COLLECT_LIMIT = 2 * CLOCK_S;
static const int64_t COLLECT_LIMIT_KILL = CLOCK_S / 2;
/* Deeds without evidence are told together. */
static const int64_t MISSED_PERIOD = 10 * CLOCK_S;
static const int64_t PROGRAM_LIMIT = 10 * CLOCK_S;
enum { INQUIRIES_MOST = 32, COLLECT_OUTPUT = 2 << 20, PROGRAM_OUTPUT = 256 << 10, ASKERS = 4 };
/* A reply has to fit a client's buffer; the rest is in the file. */
enum { REPLY_MOST = 180 << 10 };

struct asker {
    struct client *client; /* NULL = none */
    int64_t id;
};

struct inquiry {
    struct list link;
    struct supervisor *sup;
    struct life *life; /* NULL = it ended meanwhile */
    struct pool_box *box;
    enum gather_kind kind;
    int slot, pid;
    struct errand *errand;
    json_t *report;
    struct asker askers[ASKERS];
};

static int inquiry_count(const struct supervisor *sup)
{
    int count = 0;

    for (const struct list *node = sup->inquiries.next; node != &sup->inquiries; node = node->next)
        count++;
    return count;
}

static void inquiry_free(struct inquiry *inquiry)
{
    errand_cancel(inquiry->errand);
    if (inquiry->life)
        inquiry->life->inquiry = NULL;
    json_decref(inquiry->report);
    list_remove(&inquiry->link);
    free(inquiry);
}

static void answer(struct asker *asker, const json_t *report, const char *path)
{
    struct json_out out = client_begin_reply(asker->client, asker->id);
    char *text = json_dumps(report, JSON_COMPACT);

    if (text && strlen(text) < REPLY_MOST) {
        json_put_json(&out, "report", text);
    } else {
        free(text);
        text = json_dumps(json_object_get(report, "findings"), JSON_COMPACT);
        json_open_object(&out, "report");
        if (text)
            json_put_json(&out, "findings", text);
        json_close_object(&out);
    }
    free(text);
    json_put_bytes(&out, "path", path, strlen(path));
    client_end_reply(asker->client, &out);
}

/* What the event says of it: the most telling finding. */
static const char *first_finding(const json_t *report)
{
    const json_t *first = json_array_get(json_object_get(report, "findings"), 0);
    const char *text = json_string_value(json_object_get(first, "text"));

    return text ? text : "nothing conspicuous";
}

static void inquiry_tell(struct inquiry *inquiry, const char *name)
{
    struct supervisor *sup = inquiry->sup;
    struct worker *worker = inquiry->life ? inquiry->life->worker : NULL;

    if (worker) {
        snprintf(worker->report, sizeof(worker->report), "%s", name);
        json_decref(inquiry->life->findings);
        inquiry->life->findings = json_incref(json_object_get(inquiry->report, "findings"));
        inquiry->life->findings_at = sup->now;
    }
    if (inquiry->kind != GATHER_NONE)
        event_add(sup, "evidence", LEVEL_NOTE, false, "", inquiry->box->pool, worker,
                  "%.240s (lifeguard why %d)", first_finding(inquiry->report), inquiry->pid);
}

static void inquiry_finish(struct inquiry *inquiry)
{
    struct supervisor *sup = inquiry->sup;
    struct worker *worker = inquiry->life ? inquiry->life->worker : NULL;
    char name[96] = "", path[600] = "";
    struct err err = {0};

    inquiry->errand = NULL;
    if (!*sup->spec.supervisor.state_dir)
        name[0] = '\0'; /* map keeps no files */
    else if (report_write(sup, inquiry->report, name, sizeof(name), &err) < 0)
        event_add(sup, "evidence", LEVEL_BAD, false, "", inquiry->box->pool, worker,
                  "the report can't be kept: %s", err.text);
    else
        snprintf(path, sizeof(path), "%s/reports/%s", sup->spec.supervisor.state_dir, name);
    inquiry_tell(inquiry, name);
    for (int i = 0; i < ASKERS; i++)
        if (inquiry->askers[i].client && !inquiry->askers[i].client->dead)
            answer(&inquiry->askers[i], inquiry->report, path);
    inquiry_free(inquiry);
    if (worker)
        worker_on_gathered(worker, sup->now);
    sup->changed = true;
}

static void on_program(void *ctx, const struct errand_result *result)
{
    struct inquiry *inquiry = ctx;
    char *const *argv = inquiry->box->spec->hang.evidence;
    char title[200];

    snprintf(title, sizeof(title), "Output of %.80s (%s)", argv[0],
             result->timed_out ? "ended after its time limit of 10s" : "evidence program");
    report_add_text(inquiry->report, title, result->output, result->len);
    inquiry_finish(inquiry);
}

static char **program_arguments(const struct inquiry *inquiry)
{
    const struct pool_spec *spec = inquiry->box->spec;
    size_t count = 0;
    char **argv;

    while (spec->hang.evidence[count])
        count++;
    argv = mem_new_array(count + 1, sizeof(char *));
    for (size_t i = 0; i < count; i++)
        argv[i] = health_expand(spec->hang.evidence[i], spec->name, inquiry->slot, inquiry->pid);
    return argv;
}

static bool inquiry_wants_program(const struct inquiry *inquiry)
{
    bool deed = inquiry->kind == GATHER_HANG || inquiry->kind == GATHER_TIMEOUT ||
                inquiry->kind == GATHER_START_TIMEOUT || inquiry->kind == GATHER_HEALTH ||
                inquiry->kind == GATHER_NONE;

    return deed && inquiry->life && !inquiry->life->exited && inquiry->box->spec->hang.evidence;
}

static void inquiry_run_program(struct inquiry *inquiry)
{
    struct errand_spec spec = {.limit = PROGRAM_LIMIT, .output_max = PROGRAM_OUTPUT};
    struct err err = {0};
    char **argv;

    if (!inquiry_wants_program(inquiry)) {
        inquiry_finish(inquiry);
        return;
    }
    argv = program_arguments(inquiry);
    spec.argv = argv;
    inquiry->errand = errand_start(inquiry->sup, &spec, on_program, inquiry, &err);
    mem_free_strings(argv);
    if (inquiry->errand)
        return;
    report_add_text(inquiry->report, "The evidence program can't be started", err.text,
                    strlen(err.text));
    inquiry_finish(inquiry);
}

static void on_collected(void *ctx, const struct errand_result *result)
{
    struct inquiry *inquiry = ctx;

    bool some = report_add_collected(inquiry->report, result->output, result->len);

    inquiry->errand = NULL;
    if (result->timed_out)
        report_add_finding(inquiry->report, "unfinished",
                           some ? "the look at its processes was not finished in time"
                                : "the look at its processes was not finished in time: /proc is "
                                  "slow, or the kernel holds the memory map");
    else if (WIFEXITED(result->status) && WEXITSTATUS(result->status) == COLLECT_GONE)
        report_add_finding(inquiry->report, "gone",
                           "the process ended before it could be looked at");
    else if (result->status != 0 || !some)
        report_add_finding(inquiry->report, "unfinished",
                           "the look at its processes failed or was ended");
    inquiry_run_program(inquiry);
}

static bool inquiry_collect(struct inquiry *inquiry, struct err *err)
{
    static char program[] = "/proc/self/exe", word[] = COLLECT_WORD;
    const struct worker *worker = inquiry->life->worker;
    int64_t sign = worker->last_output > worker->last_cpu ? worker->last_output : worker->last_cpu;
    char pid[16], start[24], quiet[24];
    char *argv[] = {program, word, pid, start, quiet, NULL};
    bool urgent = inquiry->kind == GATHER_KILL || inquiry->kind == GATHER_SIGNAL;
    struct errand_spec spec = {.argv = argv,
                               .limit = urgent ? COLLECT_LIMIT_KILL : COLLECT_LIMIT,
                               .output_max = COLLECT_OUTPUT};

    snprintf(pid, sizeof(pid), "%d", inquiry->pid);
    snprintf(start, sizeof(start), "%llu", (unsigned long long)inquiry->life->proc.start);
    snprintf(quiet, sizeof(quiet), "%.0f", (double)(inquiry->sup->now - sign) / 1e9);
    inquiry->errand = errand_start(inquiry->sup, &spec, on_collected, inquiry, err);
    return inquiry->errand != NULL;
}

static struct inquiry *inquiry_new(struct life *life, enum gather_kind kind, struct err *err)
{
    struct inquiry *inquiry;

    if (inquiry_count(life->sup) >= INQUIRIES_MOST) {
        err_set(err, EAGAIN, "evidence is being taken of %d workers already; try again",
                INQUIRIES_MOST);
        return NULL;
    }
    inquiry = mem_new(sizeof(*inquiry));
    inquiry->sup = life->sup;
    inquiry->life = life;
    inquiry->box = life->box;
    inquiry->kind = kind;
    inquiry->slot = life->worker->slot;
    inquiry->pid = life->proc.pid;
    inquiry->report = report_new(life, gather_kind_name(kind));
    list_push_back(&life->sup->inquiries, &inquiry->link);
    if (!inquiry_collect(inquiry, err)) {
        inquiry_free(inquiry);
        return NULL;
    }
    life->inquiry = inquiry;
    return inquiry;
}

/* When very many hang at once, not all of them are looked at; that is said, not every time. */
static void inquiry_missed(struct life *life, const struct err *err)
{
    struct supervisor *sup = life->sup;

    sup->evidence_missed++;
    if (sup->now < sup->evidence_told_at)
        return;
    sup->evidence_told_at = sup->now + MISSED_PERIOD;
    event_add(sup, "evidence", LEVEL_NOTE, false, "", life->box->pool, life->worker,
              "no evidence of this one%s (%llu so far): %s",
              sup->evidence_missed > 1 ? " and others" : "",
              (unsigned long long)sup->evidence_missed, err->text);
}

bool inquiry_begin(struct life *life, enum gather_kind kind)
{
    struct err err = {0};

    if (!*life->sup->spec.supervisor.state_dir || life->sup->killing)
        return false; /* map keeps no files; who is in a hurry waits for nothing */
    if (life->inquiry && kind == GATHER_SIGNAL)
        return false; /* nor for what somebody else asked */
    if (life->inquiry) {
        life->inquiry->kind = kind;
        return true;
    }
    if (inquiry_new(life, kind, &err))
        return true;
    inquiry_missed(life, &err);
    return false;
}

void inquiry_ask(struct life *life, struct request *request)
{
    struct err err = {0};
    struct inquiry *inquiry = life->inquiry ? life->inquiry : inquiry_new(life, GATHER_NONE, &err);

    if (!inquiry) {
        client_refuse(request->client, request->id, "failed", "%s", err.text);
        return;
    }
    for (int i = 0; i < ASKERS; i++) {
        if (inquiry->askers[i].client)
            continue;
        inquiry->askers[i] = (struct asker){request->client, request->id};
        return;
    }
    client_refuse(request->client, request->id, "failed", "%d others ask about it; try again",
                  ASKERS);
}

void inquiry_forget_life(struct life *life)
{
    if (life->inquiry)
        life->inquiry->life = NULL;
    life->inquiry = NULL;
    json_decref(life->findings);
    life->findings = NULL;
}

void inquiry_forget_client(struct client *client)
{
    LIST_EACH(node, &client->sup->inquiries)
    {
        struct inquiry *inquiry = LIST_ENTRY(node, struct inquiry, link);

        for (int i = 0; i < ASKERS; i++)
            if (inquiry->askers[i].client == client)
                inquiry->askers[i].client = NULL;
    }
}

void inquiry_free_all(struct supervisor *sup)
{
    LIST_EACH(node, &sup->inquiries)
    inquiry_free(LIST_ENTRY(node, struct inquiry, link));
}
