/* SPDX-License-Identifier: MIT */
/*
 * Each check sends its words, waits for what must come, and says in one sentence what did not. The
 * worker's own mistakes (worker_heard.c) come first: they are the nearer cause.
 */
#include "cli/worker_steps.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

static bool is_ready(const struct rig *rig)
{
    return rig->ready;
}

static bool is_answered(const struct rig *rig)
{
    for (size_t i = 0; i < rig->task_count; i++)
        if (rig->tasks[i].answers == 0)
            return false;
    return true;
}

static bool has_beaten(const struct rig *rig)
{
    return rig->beats > 0;
}

static bool is_gone(const struct rig *rig)
{
    return !rig->runs;
}

static bool is_never(const struct rig *rig)
{
    (void)rig;
    return false;
}

static void limit_text(char out[16], const struct bench *bench)
{
    str_format_duration(out, (double)bench->rig.patience / 1e9);
}

static const char task_step_name[] = "task";

/* What has a nearer cause than silence. */
static void explain_end(struct rig *rig, const char *missing)
{
    if (!rig->runs && WIFSIGNALED(rig->status))
        rig_breach(rig, "see its log; an error in a task should become FAIL, not the worker's end",
                   "%s: it was killed by signal %s", missing,
                   str_signal_name(WTERMSIG(rig->status)));
    else if (!rig->runs)
        rig_breach(rig, "see its log; an error in a task should become FAIL, not the worker's end",
                   "%s: it ended with status %d", missing, WEXITSTATUS(rig->status));
    else if (rig->streams[RIG_ANSWERS] < 0)
        rig_breach(rig, "keep descriptor 3 open as long as the worker lives",
                   "%s: it closed descriptor 3", missing);
    else if (buf_len(&rig->heard[RIG_ANSWERS]))
        rig_breach(rig, "end each message with a newline, and flush",
                   "%s: a line on descriptor 3 has no end", missing);
}

/* `missing` did not come: why, as far as it shows. Always false. */
static bool fail(struct bench *bench, const char *missing, const char *todo)
{
    char limit[16];

    explain_end(&bench->rig, missing);
    limit_text(limit, bench);
    rig_breach(&bench->rig, todo, "%s within %s", missing, limit);
    return false;
}

static bool wait_for(struct bench *bench, bool (*done)(const struct rig *rig), const char *missing,
                     const char *todo)
{
    return rig_wait(&bench->rig, done, bench->rig.patience) || fail(bench, missing, todo);
}

/* A PING behind everything: what else the worker had to say has been heard when BEAT comes. */
static bool settle(struct bench *bench)
{
    bench->rig.beats = 0;
    if (bench->beats && bench->rig.runs) {
        rig_send_verb(&bench->rig, WORKER_PING);
        rig_wait(&bench->rig, has_beaten, bench->rig.patience);
    }
    return !bench->rig.why[0];
}

static void tell_answer(struct bench *bench, const struct rig_task *task)
{
    buf_printf(&bench->detail, "%s", worker_verb_name(task->verb));
    if (task->text_len)
        buf_append_char(&bench->detail, ' ');
    buf_append(&bench->detail, task->text, task->text_len);
}

static bool wait_for_answers(struct bench *bench)
{
    struct rig *rig = &bench->rig;
    char missing[64], id[16] = "";

    if (!rig_wait(rig, is_answered, rig->patience)) {
        for (size_t i = rig->task_count; i-- > 0;)
            if (rig->tasks[i].answers == 0)
                str_format_id(id, rig->tasks[i].id);
        snprintf(missing, sizeof(missing), "no answer to task %s", id);
        return fail(bench, missing,
                    "answer each TASK with OK, FAIL, BURY or RELEASE and its id; programs that the "
                    "worker starts must not read its standard input (</dev/null)");
    }
    for (size_t i = 0; i < rig->task_count; i++)
        bench->done += rig->tasks[i].verb == WORKER_OK;
    return settle(bench);
}

static bool step_ready(struct bench *bench, const struct step *step)
{
    int64_t start = clock_now();
    char took[16];

    (void)step;
    if (!wait_for(bench, is_ready, "no READY",
                  "say READY, with a newline, on descriptor 3, and flush"))
        return false;
    str_format_duration(took, (double)(clock_now() - start) / 1e9);
    buf_printf(&bench->detail, "after %s", took);
    bench->is_ready = true;
    return true;
}

static bool step_ping(struct bench *bench, const struct step *step)
{
    (void)step;
    bench->rig.beats = 0;
    rig_send_verb(&bench->rig, WORKER_PING);
    bench->beats = wait_for(bench, has_beaten, "no BEAT", "answer PING with BEAT when idle");
    return bench->beats;
}

static bool step_task(struct bench *bench, const struct step *step)
{
    const char *payload = step->payload ? step->payload : bench->task;

    rig_send_task(&bench->rig, payload, step->payload ? step->len : strlen(payload));
    if (!wait_for_answers(bench))
        return false;
    tell_answer(bench, &bench->rig.tasks[0]);
    bench->does_tasks = true;
    return true;
}

static bool step_large(struct bench *bench, const struct step *step)
{
    char *payload = mem_new(WORKER_PAYLOAD_MAX);
    bool ok;

    for (size_t i = 0; i < WORKER_PAYLOAD_MAX; i++)
        payload[i] = step->payload[i % step->len];
    rig_send_task(&bench->rig, payload, WORKER_PAYLOAD_MAX);
    free(payload);
    ok = wait_for_answers(bench);
    if (ok)
        tell_answer(bench, &bench->rig.tasks[0]);
    return ok;
}

static bool step_several(struct bench *bench, const struct step *step)
{
    enum { SEVERAL = 8 };

    (void)step;
    for (int i = 0; i < SEVERAL; i++)
        rig_send_task(&bench->rig, bench->task, strlen(bench->task));
    if (!wait_for_answers(bench))
        return false;
    buf_printf(&bench->detail, "%d tasks in flight, %d answers", SEVERAL, SEVERAL);
    return true;
}

/* A pipe gives what it has, not whole lines. */
static bool step_pieces(struct bench *bench, const struct step *step)
{
    struct rig *rig = &bench->rig;
    struct buf line = {0};
    size_t half;

    (void)step;
    rig->tasks[rig->task_count++] = (struct rig_task){.id = rig->next_id};
    worker_put_task(&line, rig->next_id++, 1, -1, bench->task, strlen(bench->task));
    half = buf_len(&line) / 2;
    rig_send_bytes(rig, buf_data(&line), half);
    rig_wait(rig, is_never, 50 * CLOCK_MS);
    rig_send_bytes(rig, buf_data(&line) + half, buf_len(&line) - half);
    buf_fini(&line);
    return wait_for_answers(bench);
}

static bool step_unknown(struct bench *bench, const struct step *step)
{
    static const char unknown[] = "HELLO\tfrom a later version\nWHO\n";

    rig_send_bytes(&bench->rig, unknown, strlen(unknown));
    return step_task(bench, step);
}

/* Cancelled in time, or too late, or never heard of: one answer a task, and life goes on. */
static bool step_cancel(struct bench *bench, const struct step *step)
{
    struct rig *rig = &bench->rig;
    size_t task = rig_send_task(rig, bench->task, strlen(bench->task));

    (void)step;
    rig_send_cancel(rig, rig->tasks[task].id);
    if (!wait_for_answers(bench))
        return false;
    tell_answer(bench, &rig->tasks[task]);
    rig_send_cancel(rig, rig->tasks[task].id);
    rig_send_cancel(rig, rig->next_id + 1000);
    rig_send_task(rig, bench->task, strlen(bench->task));
    return wait_for_answers(bench);
}

/* A process that ended well, and left nobody behind who could still answer. */
static bool check_end(struct bench *bench, const char *missing, const char *todo)
{
    struct rig *rig = &bench->rig;

    if (!rig_wait(rig, is_gone, rig->patience) && rig->runs)
        return fail(bench, missing, todo);
    if (rig->why[0])
        return false;
    if (WIFSIGNALED(rig->status)) {
        rig_breach(rig, todo, "it was killed by signal %s", str_signal_name(WTERMSIG(rig->status)));
        return false;
    }
    if (!rig_wait_closed(rig, CLOCK_S))
        rig_breach(rig, "start programs without descriptor 3 (3>&-), or end them first",
                   "it is gone, but a process that it started still holds descriptor 3");
    else if (buf_len(&rig->heard[RIG_ANSWERS]))
        rig_breach(rig, "end each message with a newline, and flush",
                   "its last line on descriptor 3 has no end");
    return !rig->why[0];
}

static bool step_quiet(struct bench *bench, const struct step *step)
{
    static const char todo[] =
        "at QUIET answer the tasks that you hold, take no more, then exit with status 0";
    struct rig *rig = &bench->rig;

    (void)step;
    for (int i = 0; i < 3; i++)
        rig_send_task(rig, bench->task, strlen(bench->task));
    rig_send_verb(rig, WORKER_QUIET);
    if (!check_end(bench, "no exit after QUIET", todo))
        return false;
    for (size_t i = 0; i < rig->task_count; i++)
        if (rig->tasks[i].answers == 0)
            rig_breach(rig, todo, "it exited with a task that it had not answered");
    if (WEXITSTATUS(rig->status) != 0)
        rig_breach(rig, todo, "it exited with status %d", WEXITSTATUS(rig->status));
    buf_printf(&bench->detail, "3 answers, then exit");
    return !rig->why[0];
}

static bool step_stop(struct bench *bench, const struct step *step)
{
    (void)step;
    rig_send_verb(&bench->rig, WORKER_STOP);
    return check_end(bench, "no exit after STOP", "exit at STOP");
}

static bool step_end_of_file(struct bench *bench, const struct step *step)
{
    (void)step;
    rig_send_end(&bench->rig);
    return check_end(bench, "no exit after the end of its standard input",
                     "exit when standard input ends: the supervisor is gone");
}

#define BYTES(text) text, sizeof(text) - 1

const struct step worker_steps[] = {
    {.name = "ready", .run = step_ready, .fresh = true},
    {.name = "ping", .run = step_ping},
    {.name = task_step_name, .run = step_task},
    {.name = "several in flight", .run = step_several},
    {"TAB, newline, backslash", step_task, false, BYTES("a\tb\nc\\d\\te\n\n")},
    {"NUL", step_task, false,
     BYTES("a\0b\0"
           "12\0")},
    {"invalid UTF-8", step_task, false, BYTES("\xff\xfe caf\xe9 \xed\xa0\x80 \x85")},
    {"control bytes", step_task, false, BYTES(" \r\v\f\x1b[31m\x7f ")},
    {"an empty payload", step_task, false, BYTES("")},
    {"the payload \"-\"", step_task, false, BYTES("-")},
    {"the payload \"\\-\"", step_task, false, BYTES("\\-")},
    {"1 MiB of text", step_large, false, BYTES("some words and no end of them ")},
    {"1 MiB of newlines", step_large, false, BYTES("\n")},
    {.name = "a line in two pieces", .run = step_pieces},
    {.name = "unknown verbs", .run = step_unknown},
    {.name = "cancel", .run = step_cancel},
    {.name = "quiet", .run = step_quiet},
    {.name = "stop", .run = step_stop, .fresh = true},
    {.name = "end of file", .run = step_end_of_file, .fresh = true},
};
const size_t worker_step_count = ARRAY_LEN(worker_steps);

bool step_is_needless(const struct bench *bench, const struct step *step)
{
    if (step->run == step_ready)
        return false;
    if (step->run == step_ping || step->run == step_stop || step->run == step_end_of_file ||
        step->name == task_step_name)
        return !bench->is_ready;
    return !bench->does_tasks;
}

bool step_run(struct bench *bench, const struct step *step, int *broken)
{
    struct rig *rig = &bench->rig;
    struct err err = {0};

    *broken = 0;
    buf_reset(&bench->detail);
    rig_begin_check(rig);
    if (step->fresh || !rig->runs) {
        rig_end(rig);
        *broken = rig_start(rig, &err);
        if (*broken < 0) {
            rig_breach(rig, "give a command that can be executed", "%s", err.text);
            return false;
        }
        if (step->run != step_ready && !step_ready(bench, step))
            return false;
        buf_reset(&bench->detail);
    }
    return step->run(bench, step) && !rig->why[0];
}
