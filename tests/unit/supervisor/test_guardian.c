/* SPDX-License-Identifier: MIT */
/*
 * The guardian with real processes: a supervisor of 64 workers, daemons among them, is killed in
 * every way, with cgroups and without, and nobody may be left.
 *
 * Every worker and all that it forks hold the writing end of one pipe: its end of file means that
 * all are gone.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/err.h"
#include "supervisor/guardian.h"
#include "sys/cgroup.h"
#include "sys/file.h"
#include "sys/loop.h"
#include "sys/proc.h"
#include "sys/procfs.h"
#include "sys/signals.h"
#include "sys/sock.h"

enum { WORKERS = 64, SURVIVAL_MS = 3000 };

static char base[64];

struct scene {
    bool cgroups;
    int exit_status; /* -1 = runs until it is killed */
    int life[2];     /* held by all workers */
    int report[2];   /* struct word from the supervisor */
    int errors[2];   /* standard error of guardian and supervisor */
    int relayed;     /* signal that the supervisor got */
    pid_t guardian;
    pid_t supervisor;
    char text[1024];
};

struct word {
    char what; /* 'r' ready, 'g' new guardian, 's' signal, '0' no cgroups here */
    int value;
    char path[512];
};

struct stage {
    struct scene *scene;
    struct loop *loop;
    struct guardian_watch watch;
    struct cgroup_root root;
    struct cgroup groups[WORKERS];
    struct proc procs[WORKERS];
    struct sock_listener listener;
    struct loop_watch signal_watch;
    int signals;
};

static void tell(const struct scene *scene, char what, int value, const char *path)
{
    struct word word = {.what = what, .value = value};

    snprintf(word.path, sizeof(word.path), "%s", path);
    (void)!write(scene->report[1], &word, sizeof(word));
}

static void on_change(void *ctx)
{
    const struct stage *stage = ctx;

    tell(stage->scene, 'g', (int)stage->watch.own, "");
}

static void on_signal(void *owner, uint32_t events)
{
    const struct stage *stage = owner;
    int signal;

    (void)events;
    while ((signal = signals_next(stage->signals, NULL)) > 0)
        tell(stage->scene, 's', signal, "");
}

/* Plain, with children, in a session of its own, daemons by double fork. */
static const char *const scripts[] = {
    "exec sleep 1000",
    "sleep 1000 & sleep 1000 & wait",
    "trap '' TERM HUP INT; setsid sleep 1000 & wait",
    "(setsid sh -c 'sleep 1000 & sleep 1000 & exit 0' &); exec sleep 1000",
};

static bool spawn_worker(struct stage *stage, int index, const char *run_tag)
{
    char tag[128], name[32];
    char *argv[] = {strdup("sh"), strdup("-c"), strdup(scripts[index % 4]), NULL};
    char *envp[] = {tag, strdup("PATH=/bin:/usr/bin"), NULL};
    struct proc_plan plan;
    int result;

    snprintf(tag, sizeof(tag), "LIFEGUARD_WORKER=%s:web:%d", run_tag, index);
    snprintf(name, sizeof(name), "web.%d", index);
    if (cgroup_open(&stage->root, &stage->groups[index], name, NULL) < 0)
        return false;
    proc_plan_init(&plan);
    plan.path = "/bin/sh";
    plan.argv = argv;
    plan.envp = envp;
    plan.fd_count = 4;
    plan.fds[3] = stage->scene->life[1];
    plan.cgroup_dir = stage->groups[index].dir;
    plan.new_session = true;
    plan.death_signal = true;
    result = proc_spawn(&plan, &stage->procs[index], NULL);
    for (int i = 0; i < 3; i++)
        free(argv[i]);
    free(envp[1]);
    return result == 0;
}

/* True once the daemons have left their parents, so that the test meets them as such. */
static bool daemons_are_out(const struct stage *stage)
{
    for (int i = 0; i < WORKERS; i++) {
        struct procfs_stat stat;

        if (procfs_read_stat(stage->procs[i].pid, 0, &stat) < 0)
            return false;
        if (i % 4 == 3 && strcmp(stat.comm, "sleep") != 0)
            return false;
    }
    return true;
}

static int stop_orderly(struct stage *stage)
{
    guardian_watch_stop(&stage->watch);
    for (int i = 0; i < WORKERS; i++)
        proc_signal(&stage->procs[i], SIGKILL);
    proc_sweep_children(clock_now() + 10 * CLOCK_S);
    cgroup_root_close(&stage->root, clock_now() + 10 * CLOCK_S);
    sock_unlisten(&stage->listener);
    return stage->scene->exit_status;
}

static int supervise(void *ctx, struct guardian_share *share)
{
    const int wanted[] = {SIGTERM, SIGHUP, SIGINT, 0};
    struct guardian_estate estate = {0};
    struct stage stage = {.scene = ctx};
    char tag[64];

    /* cmocka catches it, to go on with the next test. */
    signal(SIGSEGV, SIG_DFL);
    if (dup2(stage.scene->errors[1], STDERR_FILENO) < 0)
        return 90;
    snprintf(tag, sizeof(tag), "guardtest-%d-%lld", (int)getpid(), (long long)clock_now());
    if (stage.scene->cgroups && cgroup_root_open(&stage.root, "guardtest", NULL) < 0) {
        tell(stage.scene, '0', 0, "");
        return 91;
    }
    if (sock_listen(&stage.listener, base, "guard", 0600, NULL, NULL) < 0)
        return 92;
    estate.tag = tag;
    estate.cgroup = stage.root.path;
    estate.socket_path = stage.listener.path;
    guardian_protect(share, &estate);
    stage.loop = loop_new(NULL);
    stage.signals = signals_open(wanted, NULL);
    loop_add(stage.loop, &stage.signal_watch, stage.signals, EPOLLIN, on_signal, &stage);
    if (guardian_watch_start(&stage.watch, stage.loop, share, on_change, &stage) < 0)
        return 93;
    for (int i = 0; i < WORKERS; i++)
        if (!spawn_worker(&stage, i, tag))
            return 94;
    while (!daemons_are_out(&stage))
        loop_turn(stage.loop, clock_now() + CLOCK_MS);
    tell(stage.scene, 'r', (int)getpid(), stage.root.path);
    if (stage.scene->exit_status >= 0)
        return stop_orderly(&stage);
    for (;;)
        loop_turn(stage.loop, CLOCK_NEVER);
}

static struct word listen_for(struct scene *scene)
{
    struct pollfd source = {.fd = scene->report[0], .events = POLLIN};
    struct word word = {0};

    if (poll(&source, 1, 20000) != 1 || read(scene->report[0], &word, sizeof(word)) != sizeof(word))
        fail_msg("nothing heard from the supervisor");
    return word;
}

static void guard_scene(struct scene *scene)
{
    const struct guardian_options options = {.run = supervise, .ctx = scene};

    dup2(scene->errors[1], STDERR_FILENO);
    _exit(guardian_run(&options));
}

static struct word scene_start(struct scene *scene, bool cgroups, int exit_status)
{
    struct word word;

    *scene = (struct scene){.cgroups = cgroups, .exit_status = exit_status};
    assert_int_equal(file_pipe(scene->life, false, false), 0);
    assert_int_equal(file_pipe(scene->report, false, false), 0);
    assert_int_equal(file_pipe(scene->errors, false, false), 0);
    scene->guardian = fork();
    if (scene->guardian == 0)
        guard_scene(scene);
    close(scene->life[1]);
    close(scene->report[1]);
    close(scene->errors[1]);
    word = listen_for(scene);
    scene->supervisor = word.value;
    return word;
}

/* Waits until nobody holds the pipe any more. */
static void expect_nobody_left(const struct scene *scene)
{
    int64_t before = clock_now();
    struct pollfd end = {.fd = scene->life[0]};
    int result = poll(&end, 1, SURVIVAL_MS);

    if (result != 1)
        fail_msg("workers survive after %d ms", (int)((clock_now() - before) / CLOCK_MS));
}

/* Until the end of file: supervisor and all guardians, a replaced one too, have it. */
static void read_errors(struct scene *scene)
{
    size_t len = 0;
    ssize_t got;

    while ((got = read(scene->errors[0], scene->text + len, sizeof(scene->text) - 1 - len)) > 0)
        len += (size_t)got;
    assert_int_equal(got, 0);
}

static int scene_end(struct scene *scene)
{
    int status;

    assert_int_equal(waitpid(scene->guardian, &status, 0), scene->guardian);
    read_errors(scene);
    close(scene->life[0]);
    close(scene->report[0]);
    close(scene->errors[0]);
    return status;
}

static void expect_gone(const char *path)
{
    assert_int_equal(access(path, F_OK), -1);
}

static void expect_socket(bool there)
{
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/guard.sock", base);
    if (there)
        assert_int_equal(access(path, F_OK), 0);
    else
        expect_gone(path);
}

static bool no_cgroups(struct scene *scene, const struct word *word)
{
    if (word->what != '0')
        return false;
    scene_end(scene);
    return true;
}

static void kill_supervisor(bool cgroups, int signal)
{
    char expected[128];
    struct scene scene;
    struct word word = scene_start(&scene, cgroups, -1);
    int status, ended = -1;

    if (no_cgroups(&scene, &word))
        skip();
    expect_socket(true);
    kill(scene.supervisor, signal);
    expect_nobody_left(&scene);
    status = scene_end(&scene);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 128 + signal);
    expect_socket(false);
    if (cgroups)
        expect_gone(word.path);
    snprintf(expected, sizeof(expected), "lifeguard: the supervisor (pid %d) was killed by SIG%s",
             (int)scene.supervisor, signal == SIGKILL ? "KILL; ended " : "SEGV");
    assert_memory_equal(scene.text, expected, strlen(expected));
    assert_non_null(strstr(scene.text, "; ended "));
    assert_int_equal(sscanf(strstr(scene.text, "; ended "), "; ended %d processes", &ended), 1);
    assert_in_range(ended, WORKERS, 10 * WORKERS);
}

static void killed_supervisor_leaves_nobody_by_cgroup(void **state)
{
    (void)state;
    kill_supervisor(true, SIGKILL);
}

static void killed_supervisor_leaves_nobody_by_sweep(void **state)
{
    (void)state;
    kill_supervisor(false, SIGKILL);
}

static void crashed_supervisor_leaves_nobody(void **state)
{
    (void)state;
    kill_supervisor(false, SIGSEGV);
}

/* The guardian first; the workers must not notice. Then the supervisor. */
static void kill_guardian_then_supervisor(bool cgroups)
{
    struct scene scene;
    struct word word = scene_start(&scene, cgroups, -1), change;
    struct pollfd life;
    int status;

    if (no_cgroups(&scene, &word))
        skip();
    kill(scene.guardian, SIGKILL);
    change = listen_for(&scene);
    assert_int_equal(change.what, 'g');
    assert_true(change.value > 0);
    /* The replacement dies too and is replaced. */
    kill(change.value, SIGKILL);
    change = listen_for(&scene);
    assert_int_equal(change.what, 'g');
    assert_true(change.value > 0);
    life = (struct pollfd){.fd = scene.life[0]};
    assert_int_equal(poll(&life, 1, 0), 0);
    expect_socket(true);
    kill(scene.supervisor, SIGKILL);
    expect_nobody_left(&scene);
    status = scene_end(&scene);
    assert_true(WIFSIGNALED(status));
    expect_socket(false);
    if (cgroups)
        expect_gone(word.path);
}

static void killed_guardian_is_replaced_by_cgroup(void **state)
{
    (void)state;
    kill_guardian_then_supervisor(true);
}

static void killed_guardian_is_replaced_by_tag(void **state)
{
    (void)state;
    kill_guardian_then_supervisor(false);
}

static void signals_are_relayed_once(void **state)
{
    struct scene scene;
    struct word word;

    (void)state;
    scene_start(&scene, false, -1);
    /* Before the supervisor reads, two of the same are one; so wait for each. */
    for (int i = 0; i < 3; i++) {
        const int sent[] = {SIGTERM, SIGHUP, SIGINT};

        kill(scene.guardian, sent[i]);
        word = listen_for(&scene);
        assert_int_equal(word.what, 's');
        assert_int_equal(word.value, sent[i]);
    }
    /* A key of the terminal goes to the group of the foreground, where the supervisor is not. */
    assert_int_not_equal(getpgid(scene.supervisor), getpgid(scene.guardian));
    kill(scene.supervisor, SIGKILL);
    expect_nobody_left(&scene);
    scene_end(&scene);
}

static void orderly_end_is_quiet(void **state)
{
    struct scene scene;
    int status;

    (void)state;
    scene_start(&scene, true, 42);
    status = scene_end(&scene);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 91)
        skip();
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 42);
    assert_string_equal(scene.text, "");
    expect_socket(false);
}

/* A new supervisor of the same name that came first keeps its socket. */
static void other_supervisors_socket_is_left_alone(void **state)
{
    struct sock_listener other;
    char path[PATH_MAX];
    int lock;

    (void)state;
    assert_int_equal(sock_listen(&other, base, "other", 0600, NULL, NULL), 0);
    snprintf(path, sizeof(path), "%s/other.sock", base);
    assert_int_equal(sock_seize(path), -EBUSY);
    assert_int_equal(access(path, F_OK), 0);
    close(other.lock_fd);
    other.lock_fd = -1;
    lock = sock_seize(path);
    assert_true(lock >= 0);
    assert_int_equal(access(path, F_OK), -1);
    close(lock);
    sock_unlisten(&other);
    assert_int_equal(sock_seize("nonsense"), -EINVAL);
}

static void no_guardian_is_accepted(void **state)
{
    const struct guardian_estate estate = {.tag = "x"};
    struct guardian_watch watch;

    (void)state;
    guardian_protect(NULL, &estate);
    assert_int_equal(guardian_watch_start(&watch, NULL, NULL, NULL, NULL), 0);
    guardian_watch_tick(&watch);
    guardian_watch_stop(&watch);
    watch = (struct guardian_watch){0};
    guardian_watch_stop(&watch);
}

static int make_base(void **state)
{
    (void)state;
    /* What nobody inherits comes to us, so that no zombie is left to whoever started the test. */
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    snprintf(base, sizeof(base), "/tmp/lifeguard-test-XXXXXX");
    return mkdtemp(base) ? 0 : -1;
}

static int remove_base(void **state)
{
    char command[128];

    (void)state;
    proc_sweep_children(clock_now() + 10 * CLOCK_S);
    snprintf(command, sizeof(command), "rm -rf '%s'", base);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(killed_supervisor_leaves_nobody_by_cgroup),
        cmocka_unit_test(killed_supervisor_leaves_nobody_by_sweep),
        cmocka_unit_test(crashed_supervisor_leaves_nobody),
        cmocka_unit_test(killed_guardian_is_replaced_by_cgroup),
        cmocka_unit_test(killed_guardian_is_replaced_by_tag),
        cmocka_unit_test(signals_are_relayed_once),
        cmocka_unit_test(orderly_end_is_quiet),
        cmocka_unit_test(other_supervisors_socket_is_left_alone),
        cmocka_unit_test(no_guardian_is_accepted),
    };

    return cmocka_run_group_tests(tests, make_base, remove_base);
}
