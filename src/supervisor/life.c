/* SPDX-License-Identifier: MIT */
/*
 * Lives: the process of a worker with all that belongs to it. life_start prepares, spawns and
 * adopts; the loop's callbacks feed the capture and note the exit; life_try_end tells the pool
 * when nothing is left.
 */
#include "supervisor/life.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "logs/capture.h"
#include "supervisor/events.h"
#include "supervisor/inquiry.h"
#include "supervisor/life_start.h"
#include "supervisor/oom.h"
#include "supervisor/output.h"
#include "supervisor/strays.h"

/* Output may come this long after the exit before descendants that hold the pipe are ended. */
static const int64_t EOF_GRACE = 2 * CLOCK_S;
static const int64_t LINGER_CHECK = 20 * CLOCK_MS;
static const int64_t UNKILLABLE_CHECK = CLOCK_S;
/* Half of a pipe. */
enum { SHORT_READ = 32768 };
static const int64_t LOGS_CHECK = CLOCK_S / 2;

static void life_on_stdout(void *owner, uint32_t events);
static void life_on_stderr(void *owner, uint32_t events);

struct life *life_of(const struct worker *worker)
{
    return worker->life;
}

static void life_close_watch(struct life *life, struct loop_watch *watch, int *fd)
{
    loop_delete(life->sup->loop, watch);
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* The lines of this life stay at hand until the next one ends; those of the life before go. */
static void life_keep_last_words(struct life *life)
{
    struct slot_box *slot = life->worker ? life_slot(life->box, life->worker->slot) : NULL;
    struct capture *before;

    if (!slot)
        return;
    before = slot->capture;
    life->box->prune_due = life->box->spec->log.per == LOG_PER_PROCESS;
    slot->capture = life->capture;
    slot->previous_pid = life->proc.pid;
    life->capture = before;
}

/* Nobody finds or wakes it any more; what it kept is still there. */
static void life_detach(struct life *life)
{
    inquiry_forget_life(life);
    life_close_watch(life, &life->out_watch, &life->out_fd);
    life_close_watch(life, &life->err_watch, &life->err_fd);
    life_close_watch(life, &life->in_watch, &life->in_fd);
    loop_delete(life->sup->loop, &life->exit_watch);
    if (life->proc.pid && map_find(&life->sup->by_pid, (uint64_t)life->proc.pid) == life)
        map_take(&life->sup->by_pid, (uint64_t)life->proc.pid);
    if (life->capture) {
        capture_set_watch(life->capture, NULL, NULL);
        capture_finish(life->capture, life->sup->wall);
        capture_set_raw(life->capture, NULL, NULL);
        capture_set_sink(life->capture, NULL, NULL);
    }
    if (life->owns_capture)
        life_keep_last_words(life);
    else
        life->capture = NULL;
    proc_close(&life->proc);
    speech_fini(life);
    list_remove(&life->link);
    list_remove(&life->linger_link);
    health_end(life);
}

static void life_release(struct life *life)
{
    capture_free(life->capture);
    if (life->group.dir >= 0)
        cgroup_close(&life->sup->cgroups, &life->group);
    task_output_free(life->output);
    buf_fini(&life->input);
    list_remove(&life->link);
    free(life);
}

void life_free(struct life *life)
{
    if (!life)
        return;
    life_detach(life);
    life_release(life);
}

void life_bury(struct supervisor *sup)
{
    LIST_EACH(node, &sup->ended)
    life_release(LIST_ENTRY(node, struct life, link));
}

struct cgroup *life_cgroup(struct life *life)
{
    struct slot_box *slot = life_slot(life->box, life->worker->slot);

    if (life->box->spec->mode == POOL_COMMAND)
        return slot && slot->group.dir >= 0 ? &slot->group : NULL;
    return life->group.dir >= 0 ? &life->group : NULL;
}

/* Any process of the tree left? Zombies do not count. */
static bool life_tree_alive(struct life *life)
{
    struct cgroup *group = life_cgroup(life);

    if (proc_group_alive(life->pgid))
        return true;
    if (!cgroup_root_ok(&life->sup->cgroups))
        return strays_alive(life);
    if (!group)
        return false;
    /* Where nothing waits to be started, removing it is the question as well. */
    if (group == &life->group && life->box->pool->goal != GOAL_RUN &&
        cgroup_remove(&life->sup->cgroups, group) == 0)
        return false;
    return cgroup_populated(group);
}

/* Those that made a session of their own. The CONT that follows a stop at once finds nobody where
 * the stop found nobody: the group is read once for both. */
static void life_signal_others(struct life *life, const struct cgroup *group, int signal)
{
    if (!group || (signal == SIGCONT && life->alone_at == life->sup->now))
        return;
    if (cgroup_signal_others(group, life->pgid, signal) == 0)
        life->alone_at = life->sup->now;
}

void life_signal(struct life *life, int signal)
{
    struct cgroup *group = life_cgroup(life);
    bool tree = life->box->spec->stop.group || life->exited || signal == SIGKILL;

    if (!tree) {
        proc_signal(&life->proc, signal);
        return;
    }
    if (!life->exited || proc_group_alive(life->pgid))
        proc_signal_group(life->pgid, signal);
    if (life->exited && !cgroup_root_ok(&life->sup->cgroups))
        strays_signal(life, signal);
    if (signal != SIGKILL) {
        life_signal_others(life, group, signal);
        return;
    }
    if (!group)
        return;
    cgroup_kill(group);
    if (life->box->spec->mode == POOL_COMMAND)
        life_slot(life->box, life->worker->slot)->group_used_up = true;
}

static void life_finish(struct life *life)
{
    struct supervisor *sup = life->sup;
    struct worker *worker = life->worker;

    life->ended = true;
    capture_finish(life->capture, sup->wall);
    if (worker->pool->spec->mode != POOL_COMMAND) {
        worker_describe_end(worker, worker->why, sizeof(worker->why));
        life_note(life, "ended");
    }
    worker_on_ended(worker, sup->now);
    life_detach(life);
    sup->changed = true;
    /* The next process of the slot shall not wait while a cgroup is removed. */
    if (worker->pool->spec->mode == POOL_COMMAND)
        life_release(life);
    else
        list_push_back(&sup->ended, &life->link);
}

/* Ends the life when exit and end of output both came and the tree is gone. */
static void life_try_end(struct life *life)
{
    struct supervisor *sup = life->sup;
    const struct worker *worker = life->worker;
    bool eof = life->out_fd < 0 && life->err_fd < 0;
    bool waited = sup->now - life->exited_at >= EOF_GRACE;

    /* What was said is still in the pipe; only the end of everything gives it up. */
    if (life->log_blocked && !sup->stopping)
        waited = false;
    if (!life->exited)
        return;
    if ((eof || waited) && !life_tree_alive(life)) {
        life_finish(life);
        return;
    }
    /* Descendants that left the group but hold the pipe, or that outlived the KILL of it. */
    if (!cgroup_root_ok(&sup->cgroups) && !worker->unkillable &&
        ((waited && !eof) || (worker->stop_step >= 2 && strays_alive(life))))
        strays_signal(life, SIGKILL);
    if (!list_linked(&life->linger_link))
        list_push_back(&sup->lingering, &life->linger_link);
}

/* The disk is full: with when_full = "block" the pipes rest until there is room. */
static void life_block(struct life *life)
{
    life->log_blocked = true;
    loop_delete(life->sup->loop, &life->out_watch);
    loop_delete(life->sup->loop, &life->err_watch);
}

static void life_unblock(struct life *life)
{
    life->log_blocked = false;
    if (life->out_fd >= 0)
        loop_add(life->sup->loop, &life->out_watch, life->out_fd, EPOLLIN, life_on_stdout, life);
    if (life->err_fd >= 0)
        loop_add(life->sup->loop, &life->err_watch, life->err_fd, EPOLLIN, life_on_stderr, life);
}

/* Told once, until every log is written again. */
static void life_log_waits(struct life *life)
{
    struct supervisor *sup = life->sup;

    if (sup->logs_wait_until)
        return;
    sup->logs_wait_until = sup->now + LOGS_CHECK;
    event_add(sup, "log", LEVEL_BAD, true, "", life->box->pool, life->worker,
              "no room for its log: %s",
              life->box->spec->log.block_when_full ? "its output waits" : "lines are dropped");
}

static void life_check_logs(struct supervisor *sup)
{
    bool waiting = false;

    if (!sup->logs_wait_until || sup->now < sup->logs_wait_until)
        return;
    LIST_EACH(node, &sup->lives)
    {
        struct life *life = LIST_ENTRY(node, struct life, link);

        if (!life->log_blocked && !capture_waiting(life->capture))
            continue;
        capture_flush(life->capture, sup->wall);
        if (capture_waiting(life->capture))
            waiting = true;
        else if (life->log_blocked)
            life_unblock(life);
    }
    sup->logs_wait_until = waiting ? sup->now + LOGS_CHECK : 0;
    if (!waiting)
        event_add(sup, "log", LEVEL_GOOD, false, "", NULL, NULL, "logs are written again");
}

void life_check(struct supervisor *sup)
{
    LIST_EACH(node, &sup->lingering)
    life_try_end(LIST_ENTRY(node, struct life, linger_link));
    life_check_logs(sup);
}

int64_t life_next_check(const struct supervisor *sup)
{
    int64_t next = sup->logs_wait_until ? sup->logs_wait_until : CLOCK_NEVER;

    for (const struct list *node = sup->lingering.next; node != &sup->lingering;
         node = node->next) {
        const struct life *life =
            (const struct life *)(const void *)((const char *)node -
                                                offsetof(struct life, linger_link));
        int64_t check = life->worker->unkillable ? UNKILLABLE_CHECK : LINGER_CHECK;

        if (sup->now + check < next)
            next = sup->now + check;
        if (check == LINGER_CHECK)
            break;
    }
    return next;
}

/* Reads one stream as far as the turn's share goes. True while the descriptor stays open. */
static bool life_read_stream(struct life *life, struct loop_watch *watch, int *fd, char stream)
{
    uint64_t before = capture_bytes(life->capture);
    int rc = capture_read(life->capture, *fd, stream, life->sup->wall);
    uint64_t got = capture_bytes(life->capture) - before;

    life->sup->short_reads += got > 0 && got < SHORT_READ;
    if (got > 0)
        worker_on_output(life->worker, life->sup->now);
    if (capture_waiting(life->capture))
        life_log_waits(life);
    if (rc == -EAGAIN)
        life_block(life);
    if (rc == CAPTURE_MORE || rc == -EAGAIN || rc == -EINTR)
        return true;
    life_close_watch(life, watch, fd);
    return false;
}

static void life_on_stdout(void *owner, uint32_t events)
{
    struct life *life = owner;

    (void)events;
    if (!life_read_stream(life, &life->out_watch, &life->out_fd, 'o'))
        life_try_end(life);
}

static void life_on_stderr(void *owner, uint32_t events)
{
    struct life *life = owner;

    (void)events;
    if (!life_read_stream(life, &life->err_watch, &life->err_fd, 'e'))
        life_try_end(life);
}

static void life_on_stdin(void *owner, uint32_t events)
{
    struct life *life = owner;
    ssize_t sent = -1;

    if (!(events & EPOLLERR))
        sent = write(life->in_fd, buf_data(&life->input), buf_len(&life->input));
    if (sent < 0 && (errno == EAGAIN || errno == EINTR) && !(events & EPOLLERR))
        return;
    if (sent > 0)
        buf_consume(&life->input, (size_t)sent);
    /* Written whole, or the task does not read its input: either way it has all it gets. */
    if (sent <= 0 || !buf_len(&life->input))
        life_close_watch(life, &life->in_watch, &life->in_fd);
}

/* What is in the pipes when the process is gone. A second look finds the end of the output, which
 * would else cost another turn. */
static void life_read_rest(struct life *life)
{
    int short_reads = life->sup->short_reads;

    for (int look = 0; look < 2; look++) {
        if (life->out_fd >= 0)
            life_read_stream(life, &life->out_watch, &life->out_fd, 'o');
        if (life->err_fd >= 0)
            life_read_stream(life, &life->err_watch, &life->err_fd, 'e');
    }
    life->sup->short_reads = short_reads;
}

static void life_fill_end(struct life *life, const struct proc_end *end)
{
    life->end = (struct worker_end){
        .status = end->status,
        .user = (double)end->usage.ru_utime.tv_sec + (double)end->usage.ru_utime.tv_usec / 1e6,
        .sys = (double)end->usage.ru_stime.tv_sec + (double)end->usage.ru_stime.tv_usec / 1e6,
        .maxrss = (int64_t)end->usage.ru_maxrss * 1024,
    };
    oom_examine(life, life_cgroup(life));
}

static void life_on_exit(void *owner, uint32_t events)
{
    struct life *life = owner;
    struct supervisor *sup = life->sup;
    struct proc_end end;
    int rc;

    (void)events;
    loop_delete(sup->loop, &life->exit_watch);
    rc = proc_reap(&life->proc, &end);
    if (rc == 0) {
        loop_add(sup->loop, &life->exit_watch, life->proc.pidfd, EPOLLIN, life_on_exit, life);
        return;
    }
    if (rc < 0)
        end = (struct proc_end){.status = 0xff00};
    map_take(&sup->by_pid, (uint64_t)life->proc.pid);
    life->exited = true;
    life->exited_at = sup->now;
    health_end(life);
    life_close_watch(life, &life->in_watch, &life->in_fd);
    life_read_rest(life);
    if (life->worker->pool->spec->mode == POOL_WORKER)
        speak_end(life);
    life_fill_end(life, &end);
    life->box->cpu_ended += life->end.user + life->end.sys;
    life->cpu_seconds = 0; /* counted there now */
    capture_last_line(life->capture, life->end.last_words, sizeof(life->end.last_words));
    worker_on_exit(life->worker, &life->end, sup->now);
    life_try_end(life);
}

void life_watch(struct life *life)
{
    struct loop *loop = life->sup->loop;

    life->exit_watch.early = true;
    loop_add(loop, &life->exit_watch, life->proc.pidfd, EPOLLIN, life_on_exit, life);
    loop_add(loop, &life->out_watch, life->out_fd, EPOLLIN, life_on_stdout, life);
    if (life->err_fd >= 0)
        loop_add(loop, &life->err_watch, life->err_fd, EPOLLIN, life_on_stderr, life);
    if (life->box->spec->mode == POOL_WORKER)
        speak_begin(life);
    else if (life->in_fd >= 0)
        loop_add(loop, &life->in_watch, life->in_fd, EPOLLOUT, life_on_stdin, life);
}

void life_note(struct life *life, const char *what)
{
    char text[256], why[WORKER_WHY_MAX] = "";

    if (life->exited)
        worker_describe_end(life->worker, why, sizeof(why));
    snprintf(text, sizeof(text), "── %s[%d] pid %d generation %u %s%s%s ──", life->box->spec->name,
             life->worker->slot, life->proc.pid, life->worker->generation, what, *why ? ": " : "",
             why);
    capture_note(life->capture, life->sup->wall, text);
}
