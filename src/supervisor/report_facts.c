/* SPDX-License-Identifier: MIT */
/*
 * What the supervisor knows of a worker, in lines: signs of life, work in hand, locks, last words.
 * Also the two findings that only it can make: a circle of locks between workers, and heartbeats
 * without progress.
 */
#include "supervisor/report_facts.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"
#include "base/utf8.h"
#include "logs/capture.h"
#include "pool/hang.h"
#include "pool/shared.h"
#include "supervisor/life.h"
#include "supervisor/supervisor.h"

enum { LAST_LINES = 50, TEXT_LINES = 2000, CHAIN_MOST = 8 };
static const double BEATS_GO_ON = 3.0;

/* Reports are text: what is no UTF-8 is replaced. */
static json_t *text_json(const char *bytes, size_t len)
{
    struct buf out = {0};
    json_t *text;

    utf8_append_clean(&out, bytes, len);
    text = json_stringn(buf_len(&out) ? buf_data(&out) : "", buf_len(&out));
    buf_fini(&out);
    return text;
}

/* The section's lines, lent. */
static json_t *add_section(json_t *report, const char *title)
{
    json_t *section = json_object(), *lines = json_array();

    json_object_set_new(section, "title", text_json(title, strlen(title)));
    json_object_set_new(section, "lines", lines);
    json_array_append_new(json_object_get(report, "sections"), section);
    return lines;
}

static void add_line(json_t *lines, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add_line(json_t *lines, const char *format, ...)
{
    char line[1000];
    va_list args;

    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    json_array_append_new(lines, text_json(line, strlen(line)));
}

void report_add_finding(json_t *report, const char *kind, const char *text)
{
    json_t *finding = json_object();

    json_object_set_new(finding, "kind", json_string(kind));
    json_object_set_new(finding, "text", text_json(text, strlen(text)));
    json_array_append_new(json_object_get(report, "findings"), finding);
}

void report_add_text(json_t *report, const char *title, const char *text, size_t len)
{
    json_t *lines = add_section(report, title);
    size_t count = 0;

    for (size_t at = 0; at < len && count < TEXT_LINES; count++) {
        const char *stop = memchr(text + at, '\n', len - at);
        size_t line = stop ? (size_t)(stop - text) - at : len - at;

        json_array_append_new(lines, text_json(text + at, line < 4000 ? line : 4000));
        at += line + 1;
    }
}

bool report_add_collected(json_t *report, const char *text, size_t len)
{
    bool good = false;

    for (size_t at = 0; at < len;) {
        const char *stop = memchr(text + at, '\n', len - at);
        json_t *found = stop ? json_loadb(text + at, (size_t)(stop - text) - at, 0, NULL) : NULL;

        if (!found)
            break; /* it was ended in the middle of a line */
        good |= json_is_object(found);
        json_array_extend(json_object_get(report, "findings"), json_object_get(found, "findings"));
        json_array_extend(json_object_get(report, "sections"), json_object_get(found, "sections"));
        json_decref(found);
        at = (size_t)(stop - text) + 1;
    }
    return good;
}

static void ago(const struct supervisor *sup, int64_t then, char out[16])
{
    str_format_duration(out, then ? (double)(sup->now - then) / 1e9 : 0);
}

static void add_signs(json_t *lines, const struct life *life)
{
    const struct supervisor *sup = life->sup;
    const struct worker *worker = life->worker;
    const struct hang_spec *hang = &worker->pool->spec->hang;
    char age[16], since[16], limit[16];
    const char *what;
    int64_t length, began;

    ago(sup, worker->started_at, age);
    ago(sup, worker->since, since);
    ago(sup, worker->hung_at, limit);
    add_line(lines, "started %s ago; %s for %s%s%s%s", age, worker_state_name(worker->state), since,
             worker->hung ? ", hung for " : "", worker->hung ? limit : "",
             worker->stopped ? ", stopped by a signal" : "");
    ago(sup, worker->last_output, age);
    ago(sup, worker->last_cpu, since);
    add_line(lines, "last output, answer or progress %s ago; last use of the CPU seen %s ago", age,
             since);
    if (hang->heartbeat) {
        ago(sup, worker->last_beat, age);
        str_format_duration(limit, (double)hang->heartbeat / 1e9);
        add_line(lines, "last heartbeat %s ago (limit %s)", age, limit);
    }
    if (worker->extended_until > sup->now) {
        str_format_duration(age, (double)(worker->extended_until - sup->now) / 1e9);
        add_line(lines, "an operator gave it more time: no limit ends for %s", age);
    } else if (hang_nearest(worker, &what, &length, &began)) {
        ago(sup, began, age);
        str_format_duration(limit, (double)length / 1e9);
        add_line(lines, "nearest limit: %s, for %s of %s", what, age, limit);
    }
    add_line(lines, "CPU %.2fs user, %.2fs system; %.2fs since the last output or progress",
             life->user_seconds, life->sys_seconds,
             life->user_seconds + life->sys_seconds - life->cpu_at_sign);
}

static void add_work(json_t *lines, const struct life *life)
{
    const struct worker *worker = life->worker;
    const struct task *task = worker->task;
    struct buf names = {0};
    char id[16], age[16];

    if (task) {
        str_format_id(id, task->id);
        ago(life->sup, task->started_at, age);
        add_line(lines, "task %s, attempt %d, for %s: %.*s", id, task->attempts, age,
                 (int)(task->len < 400 ? task->len : 400), task->input);
        if (worker->in_flight > 1)
            add_line(lines, "%d more tasks in hand", worker->in_flight - 1);
    }
    if (task && task->progress)
        add_line(lines, "progress %lld of %lld %s", (long long)task->progress->done,
                 (long long)task->progress->total, task->progress->text);
    if (*life->status_text)
        add_line(lines, "its own word: %s", life->status_text);
    shared_print_held(life->sup->shared, life, &names);
    if (buf_len(&names))
        add_line(lines, "holds %s", buf_string(&names));
    buf_reset(&names);
    shared_print_awaits(life->sup->shared, life, &names);
    if (buf_len(&names))
        add_line(lines, "waits for %s", buf_string(&names));
    buf_fini(&names);
    add_line(lines, "restarts of this slot: %llu; last end: %s",
             (unsigned long long)worker->restarts, *worker->why ? worker->why : "none yet");
}

static void life_label(const struct life *life, char *out, size_t size)
{
    snprintf(out, size, "%s[%d] pid %d%s", life->box->spec->name, life->worker->slot,
             life->proc.pid,
             life->worker->stopped ? ", which is stopped"
             : life->worker->hung  ? ", which hangs"
                                   : "");
}

/* "waits for lock gpu held by x[2] pid 47001, which waits for ...: a deadlock". */
static void find_locks(json_t *report, const struct life *life)
{
    const struct shared *shared = life->sup->shared;
    const void *seen[CHAIN_MOST];
    const struct life *at = life;
    char text[600] = "", name[80], who[160];
    size_t used = 0;

    for (int links = 0; at && links < CHAIN_MOST; links++) {
        const struct life *holder = shared_awaited(shared, at, name, sizeof(name));
        bool circle = holder == life;

        seen[links] = at;
        if (!holder)
            break;
        for (int i = 0; i <= links; i++)
            circle |= seen[i] == holder;
        life_label(holder, who, sizeof(who));
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%swaits for %s held by %s",
                                 links ? ", which " : "", name, who);
        if (used >= sizeof(text))
            break;
        if (circle) {
            snprintf(text + used, sizeof(text) - used, ": a deadlock, each waits for the other");
            break;
        }
        at = holder;
    }
    if (*text)
        report_add_finding(report, strstr(text, "deadlock") ? "deadlock" : "lock", text);
}

/* Heartbeats come, and nothing else does. */
static void find_livelock(json_t *report, const struct life *life)
{
    const struct worker *worker = life->worker;
    double quiet = (double)(life->sup->now - worker->last_output) / 1e9;
    double beat = (double)(life->sup->now - worker->last_beat) / 1e9;
    char text[200], age[16];

    if (worker->last_beat <= worker->ready_at || quiet < BEATS_GO_ON * beat || quiet < 1 ||
        (!worker->task && worker->pool->spec->mode != POOL_SERVICE))
        return;
    str_format_duration(age, quiet);
    snprintf(text, sizeof(text),
             "its heartbeats go on, but there was no output, answer or progress for %s: a livelock",
             age);
    report_add_finding(report, "livelock", text);
}

static void tail_line(void *ctx, const struct log_line *line)
{
    json_array_append_new(ctx, text_json(line->bytes, line->len < 2000 ? line->len : 2000));
}

json_t *report_new(struct life *life, const char *cause)
{
    const struct worker *worker = life->worker;
    json_t *report = json_pack(
        "{s:s, s:i, s:i, s:i, s:f, s:s, s:[], s:[]}", "pool", life->box->spec->name, "slot",
        worker->slot, "pid", life->proc.pid, "generation", (int)worker->generation, "at",
        (double)life->sup->wall / 1e9, "cause", cause, "findings", "sections");
    json_t *lines = add_section(report, "Known to lifeguard");

    if (worker->hung && worker->stopped)
        report_add_finding(report, "stopped",
                           "it is stopped by a signal (state T); SIGCONT continues it");
    find_locks(report, life);
    if (worker->hung || worker->suspect || worker->late_id)
        find_livelock(report, life);
    add_signs(lines, life);
    add_work(lines, life);
    lines = add_section(report, "Last lines");
    capture_tail(life->capture, LAST_LINES, tail_line, lines);
    return report;
}
