/* SPDX-License-Identifier: MIT */
/*
 * Errands from their spawn to their verdict. One lasts until its process was reaped, which may be
 * long after its verdict: cancelled and given-up ones stay in the list, silent, so that nobody else
 * takes their exit for an orphan's. A verdict removes nothing but its own errand, and whoever hears
 * it may start and cancel others.
 */
#include "supervisor/errand.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/list.h"
#include "base/str.h"
#include "supervisor/supervisor.h"
#include "sys/file.h"
#include "sys/proc.h"

/* Of each class so many that somebody waits for, and as many that only have to be reaped. */
static const int ROOM[ERRAND_CLASSES] = {
    [ERRAND_EVIDENCE] = 40, [ERRAND_READY] = 32, [ERRAND_HEALTH] = 32};
enum { READ_BLOCK = 16384, TAG_MAX = 160, INPUT_MAX = 65536 };
/* How long after the exit its output may be held open by what left its process group. */
static const int64_t OUTPUT_GRACE = CLOCK_S / 5;
/* How long KILL may take before the errand is given up. */
static const int64_t KILL_GRACE = CLOCK_S;

struct errand {
    struct supervisor *sup;
    enum errand_class class;
    struct proc proc;
    char *program;
    struct loop_watch exit_watch, out_watch, in_watch;
    int out_fd, in_fd;
    struct buf input, output;
    size_t output_max;
    int64_t started_at;
    int64_t due; /* when errand_check has to do with it; CLOCK_NEVER = it waits for its exit */
    bool timed_out, exited;
    int status;
    errand_done_function *done; /* NULL = nobody waits for it any more */
    void *ctx;
    char tag[TAG_MAX];
    struct list link;
};

static void errand_close_watch(struct errand *errand, struct loop_watch *watch, int *fd)
{
    loop_delete(errand->sup->loop, watch);
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void errand_close_pipes(struct errand *errand)
{
    errand_close_watch(errand, &errand->out_watch, &errand->out_fd);
    errand_close_watch(errand, &errand->in_watch, &errand->in_fd);
}

/* Only before it is reaped: until then nobody else can have its PID as a process group. */
static void errand_kill(const struct errand *errand)
{
    if (errand->exited || errand->proc.pidfd < 0)
        return;
    proc_signal_group(errand->proc.pid, SIGKILL);
    proc_signal(&errand->proc, SIGKILL);
}

static void errand_free(struct errand *errand)
{
    if (!errand)
        return;
    errand_close_pipes(errand);
    loop_delete(errand->sup->loop, &errand->exit_watch);
    proc_close(&errand->proc);
    list_remove(&errand->link);
    buf_fini(&errand->input);
    buf_fini(&errand->output);
    free(errand->program);
    free(errand);
}

/* Tells the verdict. What was not reaped yet stays. */
static void errand_conclude(struct errand *errand)
{
    errand_done_function *done = errand->done;
    void *ctx = errand->ctx;
    const char *output = buf_string(&errand->output);
    struct errand_result result = {
        .status = errand->exited ? errand->status : -1,
        .timed_out = errand->timed_out,
        .output = output ? output : "",
        .len = output ? buf_len(&errand->output) : 0,
        .seconds = (double)(errand->sup->now - errand->started_at) / 1e9,
    };

    errand_close_pipes(errand);
    errand->done = NULL;
    errand->due = CLOCK_NEVER;
    if (errand->exited)
        list_remove(&errand->link);
    if (done)
        done(ctx, &result);
    if (errand->exited)
        errand_free(errand);
}

/* One block: 1 = got some, 0 = nothing now, -1 = end. */
static int errand_read(struct errand *errand)
{
    char block[READ_BLOCK];
    ssize_t got = read(errand->out_fd, block, sizeof(block));
    size_t room = errand->output_max - buf_len(&errand->output);

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (got <= 0) {
        errand_close_watch(errand, &errand->out_watch, &errand->out_fd);
        return -1;
    }
    /* Without memory its words are lost, not its verdict. */
    buf_append(&errand->output, block, (size_t)got < room ? (size_t)got : room);
    return 1;
}

static void errand_on_output(void *owner, uint32_t events)
{
    struct errand *errand = owner;

    (void)events;
    if (errand_read(errand) < 0 && errand->exited)
        errand_conclude(errand);
}

static void errand_on_input(void *owner, uint32_t events)
{
    struct errand *errand = owner;
    ssize_t sent = -1;

    if (!(events & EPOLLERR))
        sent = write(errand->in_fd, buf_data(&errand->input), buf_len(&errand->input));
    if (sent < 0 && (errno == EAGAIN || errno == EINTR) && !(events & EPOLLERR))
        return;
    if (sent > 0)
        buf_consume(&errand->input, (size_t)sent);
    if (sent <= 0 || !buf_len(&errand->input))
        errand_close_watch(errand, &errand->in_watch, &errand->in_fd);
}

/* A program that may lie on a file system that hangs is looked for by the child itself. */
static void errand_explain_start(struct errand *errand)
{
    struct proc_plan plan;
    struct err err = {0};

    if (errand->status != 127 << 8)
        return;
    proc_plan_init(&plan);
    plan.path = errand->program;
    plan.slow_path = true;
    if (proc_spawn_result(&plan, &errand->proc, &err) < 0 && strlen(err.text) <= errand->output_max)
        buf_append_string(&errand->output, err.text);
}

static void errand_on_exit(void *owner, uint32_t events)
{
    struct errand *errand = owner;
    struct supervisor *sup = errand->sup;
    struct proc_end end = {.status = 0xff00};
    int rc;

    (void)events;
    loop_delete(sup->loop, &errand->exit_watch);
    errand_kill(errand); /* what it started in its group */
    rc = proc_reap(&errand->proc, &end);
    if (rc == 0) {
        loop_add(sup->loop, &errand->exit_watch, errand->proc.pidfd, EPOLLIN, errand_on_exit,
                 errand);
        return;
    }
    errand->exited = true;
    errand->status = end.status;
    errand_explain_start(errand);
    /* All that a full pipe holds, and its end; more comes only from somebody who left the group. */
    for (int blocks = 0; blocks < 65536 / READ_BLOCK + 1; blocks++)
        if (errand->out_fd < 0 || errand_read(errand) <= 0)
            break;
    if (errand->out_fd < 0)
        errand_conclude(errand);
    else
        errand->due = clock_add(sup->now, OUTPUT_GRACE);
}

/* Own variables take the place of the pool's of the same name. */
static bool env_is_replaced(const char *var, char *const *extra)
{
    size_t len = strcspn(var, "=") + 1;

    if (str_starts(var, "LIFEGUARD_WORKER="))
        return true;
    for (; extra && *extra; extra++)
        if (strncmp(*extra, var, len) == 0)
            return true;
    return false;
}

static char **errand_environ(struct errand *errand, const struct errand_spec *spec)
{
    char **base = spec->box ? spec->box->env : environ;
    size_t most = 2, count = 0;
    char **envp = NULL;

    for (char *const *var = base; *var; var++)
        most++;
    for (char *const *var = spec->extra_env; var && *var; var++)
        most++;
    if (mem_try_resize((void **)&envp, most, sizeof(char *)) < 0)
        return NULL;
    for (char **var = base; *var; var++)
        if (!env_is_replaced(*var, spec->extra_env))
            envp[count++] = *var;
    for (char *const *var = spec->extra_env; var && *var; var++)
        envp[count++] = *var;
    envp[count++] = errand->tag;
    envp[count] = NULL;
    return envp;
}

static void errand_plan(const struct errand *errand, const struct errand_spec *spec,
                        struct proc_plan *plan)
{
    const struct supervisor *sup = errand->sup;
    const struct pool_box *box = spec->box;
    const char *path = getenv("PATH");

    proc_plan_init(plan);
    plan->path = spec->argv[0];
    plan->search = box ? box->path : path ? path : "/usr/local/bin:/usr/bin:/bin";
    plan->argv = spec->argv;
    plan->new_session = plan->death_signal = true;
    plan->reserved = sup->reserved_fds;
    plan->default_signals = sup->default_signals;
    if (sup->nofile_before.rlim_max) {
        plan->limits[0].resource = RLIMIT_NOFILE;
        plan->limits[0].value = sup->nofile_before;
        plan->limit_count = 1;
    }
    if (!box)
        return;
    plan->cwd = *box->spec->cwd ? box->spec->cwd : NULL;
    plan->umask = box->spec->umask;
    plan->set_user = box->set_user;
    plan->uid = box->uid;
    plan->gid = box->gid;
    plan->groups = box->groups;
    plan->group_count = box->group_count;
    plan->slow_path = box->slow_path;
}

static int errand_spawn(struct errand *errand, const struct errand_spec *spec, struct err *err)
{
    int output[2] = {-1, -1}, input[2] = {-1, -1};
    struct proc_plan plan;
    char **envp = errand_environ(errand, spec);
    int rc = envp ? file_pipe(output, true, false) : -ENOMEM;

    if (rc == 0 && spec->input)
        rc = file_pipe(input, false, true);
    if (rc < 0) {
        err_set_errno(err, -rc, "pipes of %s", spec->argv[0]);
        goto out;
    }
    errand_plan(errand, spec, &plan);
    plan.envp = envp;
    plan.fds[0] = input[0];
    plan.fds[1] = plan.fds[2] = output[1];
    rc = proc_spawn(&plan, &errand->proc, err);
out:
    free(envp);
    errand->out_fd = output[0];
    errand->in_fd = input[1];
    if (output[1] >= 0)
        close(output[1]);
    if (input[0] >= 0)
        close(input[0]);
    return rc;
}

static int errand_watch(struct errand *errand, struct err *err)
{
    struct loop *loop = errand->sup->loop;
    int rc =
        loop_add(loop, &errand->exit_watch, errand->proc.pidfd, EPOLLIN, errand_on_exit, errand);

    if (rc == 0)
        rc = loop_add(loop, &errand->out_watch, errand->out_fd, EPOLLIN, errand_on_output, errand);
    if (rc == 0 && errand->in_fd >= 0)
        rc = loop_add(loop, &errand->in_watch, errand->in_fd, EPOLLOUT, errand_on_input, errand);
    return rc < 0 ? err_set_errno(err, -rc, "watching %s", errand->program) : 0;
}

/* Of one class: those that somebody waits for, and those that only have to be reaped. */
static void errands_count(const struct supervisor *sup, enum errand_class class, int *busy,
                          int *silent)
{
    *busy = *silent = 0;
    LIST_EACH(node, &sup->errands)
    {
        const struct errand *errand = LIST_ENTRY(node, struct errand, link);

        if (errand->class == class && errand->done)
            ++*busy;
        else if (errand->class == class)
            ++*silent;
    }
}

int errand_room(const struct supervisor *sup, enum errand_class class)
{
    int busy, silent;

    errands_count(sup, class, &busy, &silent);
    return busy < ROOM[class] && silent < ROOM[class] ? ROOM[class] - busy : 0;
}

static int errands_check_room(const struct supervisor *sup, const struct errand_spec *spec,
                              struct err *err)
{
    int busy, silent;

    errands_count(sup, spec->class, &busy, &silent);
    if (busy >= ROOM[spec->class])
        return err_set(err, EAGAIN, "%d short programs run already", busy);
    if (silent >= ROOM[spec->class])
        return err_set(err, EAGAIN, "%d short programs were killed and do not end", silent);
    if (spec->input_len > INPUT_MAX)
        return err_set(err, E2BIG, "more than %d bytes of input", INPUT_MAX);
    if (spec->box && *spec->box->identity_error)
        return err_set(err, EPERM, "%s", spec->box->identity_error);
    return 0;
}

struct errand *errand_start(struct supervisor *sup, const struct errand_spec *spec,
                            errand_done_function *done, void *ctx, struct err *err)
{
    struct errand *errand;
    int rc;

    if (errands_check_room(sup, spec, err) < 0)
        return NULL;
    errand = mem_new(sizeof(*errand));
    errand->sup = sup;
    errand->class = spec->class;
    errand->proc.pidfd = errand->out_fd = errand->in_fd = -1;
    errand->program = mem_copy_string(spec->argv[0]);
    errand->output_max = spec->output_max;
    errand->started_at = sup->now;
    errand->due = clock_add(sup->now, spec->limit);
    errand->done = done;
    errand->ctx = ctx;
    snprintf(errand->tag, sizeof(errand->tag), "LIFEGUARD_WORKER=%s:%.60s:errand-%llu",
             sup->run_tag, spec->box ? spec->box->spec->name : "-",
             (unsigned long long)++sup->errand_number);
    rc = errand_spawn(errand, spec, err);
    if (rc == 0 && spec->input)
        rc = buf_append(&errand->input, spec->input, spec->input_len);
    if (rc == 0)
        rc = errand_watch(errand, err);
    if (rc < 0) {
        err_set_errno(err, -rc, "%s", spec->argv[0]);
        errand_kill(errand);
        errand_free(errand);
        return NULL;
    }
    list_push_back(&sup->errands, &errand->link);
    return errand;
}

void errand_cancel(struct errand *errand)
{
    if (!errand)
        return;
    errand_kill(errand);
    errand_close_pipes(errand);
    errand->done = NULL;
    errand->due = CLOCK_NEVER;
    if (errand->exited)
        errand_free(errand);
}

static struct errand *errand_first_due(const struct supervisor *sup)
{
    struct errand *first = NULL;

    LIST_EACH(node, &sup->errands)
    {
        struct errand *errand = LIST_ENTRY(node, struct errand, link);

        if (!first || errand->due < first->due)
            first = errand;
    }
    return first;
}

/* Each step moves `due` on or ends the errand. */
static void errand_on_due(struct errand *errand)
{
    struct supervisor *sup = errand->sup;

    if (errand->exited) {
        /* Somebody left its group and holds its output. */
        proc_sweep_tag(errand->tag + strlen("LIFEGUARD_WORKER="), SIGKILL);
        errand_conclude(errand);
        return;
    }
    if (errand->timed_out) {
        errand_conclude(errand);
        return;
    }
    errand->timed_out = true;
    errand_kill(errand);
    errand->due = clock_add(sup->now, KILL_GRACE);
}

void errand_check(struct supervisor *sup)
{
    struct errand *errand;

    while ((errand = errand_first_due(sup)) && errand->due <= sup->now)
        errand_on_due(errand);
}

int64_t errand_next_check(const struct supervisor *sup)
{
    const struct errand *errand = errand_first_due(sup);

    return errand ? errand->due : CLOCK_NEVER;
}

void errand_shift(struct supervisor *sup, int64_t gap)
{
    LIST_EACH(node, &sup->errands)
    {
        struct errand *errand = LIST_ENTRY(node, struct errand, link);

        errand->due = clock_add(errand->due, gap);
    }
}

bool errand_owns_pid(const struct supervisor *sup, int pid)
{
    LIST_EACH(node, &sup->errands)
    {
        const struct errand *errand = LIST_ENTRY(node, struct errand, link);

        if (errand->proc.pid == pid && !errand->exited)
            return true;
    }
    return false;
}

void errand_free_all(struct supervisor *sup)
{
    LIST_EACH(node, &sup->errands)
    {
        struct errand *errand = LIST_ENTRY(node, struct errand, link);

        errand_kill(errand);
        errand_free(errand);
    }
}
