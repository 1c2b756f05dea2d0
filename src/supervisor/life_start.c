/* SPDX-License-Identifier: MIT */
/*
 * Starting a life: pipes, cgroup, environment and arguments are prepared, the process is spawned,
 * then adopted (log opened under its PID, descriptors watched). Every failure undoes what was done
 * and says which step it was.
 */
#include "supervisor/life_start.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "logs/capture.h"
#include "pool/template.h"
#include "supervisor/environ.h"
#include "supervisor/events.h"
#include "supervisor/life.h"
#include "supervisor/limits.h"
#include "supervisor/logview.h"
#include "supervisor/output.h"
#include "supervisor/pool_socket.h"
#include "sys/file.h"

/* What exists only while a process is being started. */
struct start {
    struct life_environ environ;
    struct expansion command;
    /* The child's ends of stdin, stdout, stderr and, of the worker protocol, descriptor 3;
     * -1 = /dev/null, or none. */
    int child[4];
};

struct slot_box *life_slot(struct pool_box *box, int slot)
{
    size_t count = (size_t)slot;

    if (slot < 1)
        return NULL;
    if (count > box->slot_count) {
        if (mem_try_resize((void **)&box->slots, count, sizeof(*box->slots)) < 0)
            return NULL;
        for (size_t i = box->slot_count; i < count; i++)
            box->slots[i] = (struct slot_box){.group = {.dir = -1}};
        box->slot_count = count;
    }
    return &box->slots[slot - 1];
}

/* Tasks come on the child's standard input, answers leave on its descriptor 3. */
static int start_speech(struct life *life, struct start *start)
{
    int ends[2];
    int rc = file_pipe(ends, false, true);

    if (rc < 0)
        return rc;
    start->child[0] = ends[0];
    life->in_fd = ends[1];
    rc = file_pipe(ends, true, false);
    if (rc < 0)
        return rc;
    life->speech.fd = ends[0];
    start->child[3] = ends[1];
    return 0;
}

static int start_pipes(struct life *life, struct start *start, const struct task *task)
{
    bool apart = life->box->spec->mode == POOL_COMMAND || life->box->spec->log.separate_stderr;
    int ends[2];
    int rc;

    if (life->box->spec->mode == POOL_WORKER) {
        rc = start_speech(life, start);
        if (rc < 0)
            return rc;
    }
    if (task && life->box->spec->input == INPUT_STDIN) {
        rc = file_pipe(ends, false, true);
        if (rc < 0)
            return rc;
        start->child[0] = ends[0];
        life->in_fd = ends[1];
        rc = buf_append(&life->input, task->input, task->len);
        if (rc == 0)
            rc = buf_append_char(&life->input, '\n');
        if (rc < 0)
            return rc;
    }
    rc = file_pipe(ends, true, false);
    if (rc < 0)
        return rc;
    life->out_fd = ends[0];
    start->child[1] = ends[1];
    if (!apart) {
        start->child[2] = ends[1];
        return 0;
    }
    rc = file_pipe(ends, true, false);
    if (rc < 0)
        return rc;
    life->err_fd = ends[0];
    start->child[2] = ends[1];
    return 0;
}

static void start_open_group(const struct life *life, unsigned generation, struct cgroup *group)
{
    char name[128];

    snprintf(name, sizeof(name), "%s.%d.%u", life->box->spec->name, life->worker->slot, generation);
    if (cgroup_open(&life->sup->cgroups, group, name, NULL) == 0)
        limits_fill_group(life->box, group);
}

/* A slot's group is reused until it was killed once. */
static void start_reuse_group(const struct life *life, struct slot_box *slot)
{
    if (slot->group_used_up)
        cgroup_close(&life->sup->cgroups, &slot->group);
    slot->group_used_up = false;
    if (slot->group.dir < 0)
        start_open_group(life, life->worker->generation, &slot->group);
}

/* The one that was made ahead, if it is of this generation: a slot that was given up and came back
 * counts anew, and no two generations may share a group. */
static void start_take_group(struct life *life, struct slot_box *slot)
{
    char end[16];
    size_t len;

    if (slot->group.dir < 0)
        return;
    life->box->groups_ahead--;
    snprintf(end, sizeof(end), ".%u", life->worker->generation);
    len = strlen(slot->group.name);
    if (len > strlen(end) && strcmp(slot->group.name + len - strlen(end), end) == 0) {
        life->group = slot->group;
        slot->group = (struct cgroup){.dir = -1};
    } else {
        cgroup_close(&life->sup->cgroups, &slot->group);
    }
}

/* The cgroup of the process, if it gets one. */
static void start_cgroup(struct life *life, struct proc_plan *plan)
{
    struct slot_box *slot = life_slot(life->box, life->worker->slot);

    if (!cgroup_root_ok(&life->sup->cgroups))
        return;
    if (slot && life->box->spec->mode == POOL_COMMAND) {
        start_reuse_group(life, slot);
        plan->cgroup_dir = slot->group.dir;
        return;
    }
    if (slot)
        start_take_group(life, slot);
    if (life->group.dir < 0)
        start_open_group(life, life->worker->generation, &life->group);
    plan->cgroup_dir = life->group.dir;
}

/* What was started again will be started again: the next generation finds its cgroup made. */
static void start_group_ahead(const struct life *life)
{
    enum { GROUPS_AHEAD = 4 };
    struct pool_box *box = life->box;
    struct slot_box *slot = life_slot(box, life->worker->slot);

    if (box->spec->mode == POOL_COMMAND || life->worker->generation < 2 || !slot ||
        slot->group.dir >= 0 || box->groups_ahead >= GROUPS_AHEAD ||
        !cgroup_root_ok(&life->sup->cgroups))
        return;
    start_open_group(life, life->worker->generation + 1, &slot->group);
    box->groups_ahead += slot->group.dir >= 0;
}

static void start_plan(const struct life *life, const struct start *start, struct proc_plan *plan)
{
    const struct pool_box *box = life->box;
    const struct pool_spec *spec = box->spec;

    proc_plan_init(plan);
    plan->path = start->command.argv[0];
    plan->search = box->path;
    plan->argv = start->command.argv;
    plan->envp = start->environ.envp;
    plan->cwd = *spec->cwd ? spec->cwd : NULL;
    plan->fd_count = start->child[3] >= 0 ? 4 : 3;
    for (size_t i = 0; i < plan->fd_count; i++)
        plan->fds[i] = start->child[i];
    plan->new_session = true;
    plan->death_signal = true;
    plan->umask = spec->umask;
    plan->set_user = box->set_user;
    plan->uid = box->uid;
    plan->gid = box->gid;
    plan->groups = box->groups;
    plan->group_count = box->group_count;
    plan->reserved = life->sup->reserved_fds;
    plan->default_signals = life->sup->default_signals;
    plan->slow_path = box->slow_path;
    limits_fill_plan(box, plan);
    pool_socket_fill_plan(box, start->environ.pid_text, plan);
}

static char *capture_file(const struct life *life)
{
    const struct pool_spec *spec = life->box->spec;
    const char *dir = life->sup->spec.supervisor.log_dir;

    if (!*dir)
        return NULL;
    switch (spec->log.per) {
    case LOG_PER_POOL:
        return mem_printf("%s/%s.log", dir, spec->name);
    case LOG_PER_SLOT:
        return mem_printf("%s/%s.%d.log", dir, spec->name, life->worker->slot);
    case LOG_PER_PROCESS:
        break;
    }
    return mem_printf("%s/%s.%d.%d.log", dir, spec->name, life->worker->slot, life->proc.pid);
}

static struct capture *capture_open(struct life *life, struct capture *beside)
{
    const struct log_spec *log = &life->box->spec->log;
    char *path = beside ? NULL : capture_file(life);
    struct err err = {0};
    struct capture_options options = {
        .path = path,
        .beside = beside,
        .append = log->per != LOG_PER_PROCESS,
        .max_size = log->max_size,
        .keep = log->keep,
        .timestamps = log->timestamps,
        .block_when_full = log->block_when_full,
        .ring = log->ring,
    };
    struct capture *capture = capture_new(life->sup->logs, &options, &err);

    if (!capture) {
        /* A log that can't be opened costs its file, never the worker. */
        event_add(life->sup, "log", LEVEL_BAD, true, "", life->box->pool, life->worker,
                  "no log: %s", err.text);
        options.path = NULL;
        capture = capture_new(life->sup->logs, &options, NULL);
    }
    free(path);
    return capture;
}

static int start_capture(struct life *life)
{
    struct pool_box *box = life->box;
    struct slot_box *slot = life_slot(box, life->worker->slot);

    if (box->spec->log.per == LOG_PER_SLOT && slot) {
        if (!slot->capture)
            slot->capture = capture_open(life, NULL);
        life->capture = slot->capture;
        return life->capture ? 0 : -ENOMEM;
    }
    /* Several at once write into a pool's file, but each has its own lines. */
    if (box->spec->log.per == LOG_PER_POOL && !box->pool_log)
        box->pool_log = capture_open(life, NULL);
    life->capture = capture_open(life, box->pool_log);
    life->owns_capture = true;
    return life->capture ? 0 : -ENOMEM;
}

static void life_on_raw(void *ctx, char stream, const char *bytes, size_t len)
{
    struct life *life = ctx;

    if (life->output)
        task_output_add(life->output, stream, bytes, len);
}

static void start_cleanup(struct start *start)
{
    environ_free_life(&start->environ);
    expansion_fini(&start->command);
    for (int i = 0; i < 4; i++)
        if (start->child[i] >= 0 && (i == 0 || start->child[i] != start->child[i - 1]))
            close(start->child[i]);
}

static struct life *life_new(struct pool_box *box, struct worker *worker)
{
    struct life *life = mem_new(sizeof(*life));

    life->sup = box->sup;
    life->box = box;
    life->worker = worker;
    life->out_fd = life->err_fd = life->in_fd = -1;
    life->group = (struct cgroup){.dir = -1};
    life->proc.pidfd = -1;
    speech_init(&life->speech);
    life->fds = -1;
    life->check.fd = -1;
    return life;
}

/* Services have no task: their words are taken as they are. */
static int start_plain_command(const struct pool_spec *spec, struct expansion *command)
{
    static char sh[] = "/bin/sh", c[] = "-c";
    size_t words = 0, at = 0;

    while (spec->command[words])
        words++;
    if (mem_try_resize((void **)&command->argv, words + 3, sizeof(char *)) < 0)
        return -ENOMEM;
    if (spec->shell) {
        command->argv[at++] = sh;
        command->argv[at++] = c;
    }
    for (size_t i = 0; i < words; i++)
        command->argv[at++] = spec->command[i];
    command->argv[at] = NULL;
    return 0;
}

int life_command(const struct pool_box *box, const struct task *task, int slot,
                 struct expansion *command)
{
    if (box->spec->mode != POOL_COMMAND)
        return start_plain_command(box->spec, command);
    return template_expand(box->command, task, slot, command);
}

static int life_spawn(struct life *life, struct start *start, struct task *task, struct err *err)
{
    struct proc_plan plan;
    int rc;

    if (*life->box->identity_error)
        return err_set(err, EPERM, "%s", life->box->identity_error);
    rc = life_command(life->box, task, life->worker->slot, &start->command);
    if (rc < 0)
        return err_set(err, -rc, "%s",
                       rc == -EINVAL ? "the input has a NUL byte, which no argument can carry"
                                     : "no memory for the command");
    rc = environ_for_life(life->box, life->worker, task, &start->environ);
    if (rc == 0)
        rc = start_pipes(life, start, task);
    if (rc < 0)
        return err_set_errno(err, -rc, "pipes of %s[%d]", life->box->spec->name,
                             life->worker->slot);
    start_plan(life, start, &plan);
    start_cgroup(life, &plan);
    rc = proc_spawn(&plan, &life->proc, err);
    if (rc < 0)
        limits_explain(life->box, &life->proc, err);
    return rc;
}

int life_start(struct pool_box *box, struct worker *worker, struct task *task, int *pid,
               struct err *err)
{
    struct supervisor *sup = box->sup;
    struct life *life = life_new(box, worker);
    struct start start = {.child = {-1, -1, -1, -1}};
    int rc = life_spawn(life, &start, task, err);

    if (rc == 0)
        rc = start_capture(life);
    start_cleanup(&start);
    if (rc < 0) {
        if (life->proc.pid)
            proc_signal(&life->proc, SIGKILL);
        life_free(life);
        return rc;
    }
    list_push_back(&sup->lives, &life->link);
    map_set(&sup->by_pid, (uint64_t)life->proc.pid, life);
    life->pgid = life->proc.pid;
    worker->life = life;
    *pid = worker->pid = life->proc.pid;
    if (task) {
        life->output = task_output_new();
        capture_set_raw(life->capture, life_on_raw, life);
    } else {
        life_note(life, "started");
    }
    logview_attach(life);
    life_watch(life);
    health_begin(life);
    start_group_ahead(life);
    sup->changed = true;
    return 0;
}
