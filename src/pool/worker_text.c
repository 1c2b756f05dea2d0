/* SPDX-License-Identifier: MIT */
/*
 * Workers in words: how a life ended and whose doing it was, and the names of states and events.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include "base/str.h"
#include "pool/worker.h"

bool worker_end_is_failure(const struct worker *worker)
{
    switch (worker->stop_reason) {
    case STOP_HANG:
    case STOP_START_TIMEOUT:
    case STOP_TIMEOUT:
    case STOP_BREACH:
    case STOP_UNHEALTHY:
        return true;
    case STOP_OPERATOR:
    case STOP_RESIZE:
    case STOP_RESTART:
    case STOP_SHUTDOWN:
    case STOP_DRAIN:
    case STOP_CANCEL:
    case STOP_HALT:
    case STOP_RECYCLE:
        return false;
    case STOP_NONE:
    case STOP_REASONS:
        break;
    }
    return worker->end.status != 0;
}

/* ", total-vm 812M, anon-rss 790M", where the kernel said so. */
static void describe_memory(const struct worker_end *end, char *out, size_t size)
{
    char vm[16], rss[16];

    out[0] = '\0';
    if (!end->oom || end->oom_vm <= 0)
        return;
    str_format_size(vm, (double)end->oom_vm);
    str_format_size(rss, (double)(end->oom_rss > 0 ? end->oom_rss : 0));
    snprintf(out, size, ", total-vm %s, anon-rss %s", vm, rss);
}

/* "exit 3", "signal 11 (SEGV), core dumped". */
static void describe_status(const struct worker *worker, bool tell_oom, char *out, size_t size)
{
    int status = worker->end.status;
    char memory[56];

    describe_memory(&worker->end, memory, sizeof(memory));
    if (WIFSIGNALED(status))
        snprintf(out, size, "signal %d (%s)%s%s%s", WTERMSIG(status),
                 str_signal_name(WTERMSIG(status)), WCOREDUMP(status) ? ", core dumped" : "",
                 tell_oom && worker->end.oom ? ", out of memory" : "", memory);
    else
        snprintf(out, size, "exit %d", WEXITSTATUS(status));
}

void worker_describe_end(const struct worker *worker, char *out, size_t size)
{
    static const char *const reasons[STOP_REASONS] = {[STOP_OPERATOR] = "stopped",
                                                      [STOP_RESIZE] = "shrink",
                                                      [STOP_RESTART] = "restart",
                                                      [STOP_SHUTDOWN] = "shutdown",
                                                      [STOP_DRAIN] = "drained",
                                                      [STOP_TIMEOUT] = "time-out",
                                                      [STOP_HANG] = "hang",
                                                      [STOP_START_TIMEOUT] = "not ready in time",
                                                      [STOP_CANCEL] = "cancelled",
                                                      [STOP_HALT] = "halt rule",
                                                      [STOP_BREACH] = "protocol breach",
                                                      [STOP_RECYCLE] = "recycled",
                                                      [STOP_UNHEALTHY] = "unhealthy"};
    bool ours = worker->stop_reason != STOP_NONE ||
                (worker->sent_signal && WIFSIGNALED(worker->end.status) &&
                 WTERMSIG(worker->end.status) == worker->sent_signal);
    char status[128];
    const char *by = worker->who[0] ? worker->who : "lifeguard";

    describe_status(worker, ours, status, sizeof(status));
    if (worker->stop_reason == STOP_UNHEALTHY)
        snprintf(out, size, "unhealthy: %d health checks failed: %s; %s", worker->health.failures,
                 worker->health.why, status);
    else if (worker->stop_reason == STOP_START_TIMEOUT && *worker->health.why)
        snprintf(out, size, "not ready in time: %s; %s", worker->health.why, status);
    else if (worker->stop_reason != STOP_NONE)
        snprintf(out, size, "%s by %s: %s", reasons[worker->stop_reason], by, status);
    else if (ours)
        snprintf(out, size, "killed by %s: %s", by, status);
    else if (worker->end.oom)
        snprintf(out, size, "out of memory: %s", status);
    else if (WIFSIGNALED(worker->end.status) && WTERMSIG(worker->end.status) == SIGKILL)
        snprintf(out, size, "%s, not sent by lifeguard", status);
    else
        snprintf(out, size, "%s", status);
}

const char *worker_state_name(enum worker_state state)
{
    static const char *const names[WORKER_STATES] = {
        [WORKER_DOWN] = "down",         [WORKER_STARTING] = "starting",
        [WORKER_IDLE] = "idle",         [WORKER_BUSY] = "busy",
        [WORKER_DRAINING] = "draining", [WORKER_STOPPING] = "stopping",
        [WORKER_BACKOFF] = "backoff",   [WORKER_HELD] = "held",
        [WORKER_FAILED] = "failed"};

    return names[state];
}

const char *worker_event_name(enum worker_event event)
{
    static const char *const names[WORKER_EVENTS] = {
        [EVENT_START] = "start",   [EVENT_READY] = "ready", [EVENT_ASSIGN] = "assign",
        [EVENT_RESULT] = "result", [EVENT_DRAIN] = "drain", [EVENT_STOP] = "stop",
        [EVENT_EXIT] = "exit",     [EVENT_ENDED] = "ended", [EVENT_TIMEOUT] = "timeout",
        [EVENT_HANG] = "hang"};

    return names[event];
}
