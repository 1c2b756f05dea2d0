/* SPDX-License-Identifier: MIT */
/*
 * Set-up in order: limits, loop, directories and own log, socket (which is also the lock against a
 * second supervisor of the name), cgroups, pools, signals. A failure undoes what was done and
 * names what stood in the way.
 */
#include "supervisor/setup.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "logs/capture.h"
#include "pool/template.h"
#include "supervisor/client.h"
#include "supervisor/effects.h"
#include "supervisor/environ.h"
#include "supervisor/errand.h"
#include "supervisor/events.h"
#include "supervisor/guardian.h"
#include "supervisor/inquiry.h"
#include "supervisor/life.h"
#include "supervisor/life_start.h"
#include "supervisor/limits.h"
#include "supervisor/notify_socket.h"
#include "supervisor/order.h"
#include "supervisor/pool_socket.h"
#include "supervisor/sink.h"
#include "supervisor/source.h"
#include "supervisor/strays.h"
#include "supervisor/speak_verbs.h"
#include "supervisor/source_fd.h"
#include "supervisor/supervisor.h"
#include "supervisor/tree_cpu.h"
#include "sys/file.h"
#include "sys/proc.h"
#include "sys/procfs.h"
#include "sys/signals.h"

enum { RING_TOTAL = 64 << 20 };

bool supervisor_peer_allowed(const struct supervisor *sup, const struct sock_peer *peer)
{
    /* With a control group the directory (0710) and the socket (0660) let only its members in. */
    return peer->uid == geteuid() || peer->uid == 0 || *sup->spec.supervisor.control_group;
}

static char *default_state_dir(const char *name)
{
    const char *xdg = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

    if (xdg && *xdg == '/')
        return mem_printf("%s/lifeguard/%s", xdg, name);
    if (geteuid() == 0)
        return mem_printf("/var/lib/lifeguard/%s", name);
    return mem_printf("%s/.local/state/lifeguard/%s", home && *home == '/' ? home : "/tmp", name);
}

static int setup_directories(struct supervisor *sup, const struct supervisor_options *options,
                             struct err *err)
{
    struct supervisor_spec *spec = &sup->spec.supervisor;
    char *path;
    int rc;

    if (options->client_fd >= 0)
        return 0; /* map keeps no files */
    if (!*spec->state_dir) {
        free(spec->state_dir);
        spec->state_dir = default_state_dir(spec->name);
    }
    if (!*spec->log_dir) {
        free(spec->log_dir);
        spec->log_dir = mem_printf("%s/logs", spec->state_dir);
    }
    rc = file_make_dirs(spec->state_dir, 0750, err);
    if (rc == 0)
        rc = file_make_dirs(spec->log_dir, 0750, err);
    if (rc < 0) {
        err_prefix(err, "supervisor.state_dir");
        return rc;
    }
    path = mem_printf("%s/lifeguard.log", spec->state_dir);
    sup->diag.fd = file_open_append(AT_FDCWD, path, err);
    free(path);
    return sup->diag.fd < 0 ? sup->diag.fd : 0;
}

static int setup_socket(struct supervisor *sup, const struct supervisor_options *options,
                        struct err *err)
{
    const struct supervisor_spec *spec = &sup->spec.supervisor;
    char dir[90];
    int rc = sock_directory(dir, sizeof(dir), err);

    if (rc < 0)
        return options->no_socket ? 0 : rc;
    if (!options->no_socket) {
        rc = sock_listen(&sup->listener, dir, spec->name, spec->control_mode, spec->control_group,
                         err);
        if (rc < 0)
            return rc;
        snprintf(sup->socket_path, sizeof(sup->socket_path), "%s", sup->listener.path);
        rc = loop_add(sup->loop, &sup->listen_watch, sup->listener.fd, EPOLLIN, client_accept, sup);
        client_keep_spares(sup);
    }
    if (rc == 0 && !options->no_socket)
        rc = notify_socket_open(sup, dir, err);
    return rc;
}

static void setup_cgroups(struct supervisor *sup)
{
    struct err err = {0};
    int left;

    sup->cgroups.dir = -1;
    if (!sup->spec.supervisor.cgroups) {
        snprintf(sup->tier_note, sizeof(sup->tier_note), "cgroups = \"off\" in the config");
        return;
    }
    /* The socket's lock is ours: whoever else had this name is dead, and its guardian too. */
    left = cgroup_sweep_stale(sup->spec.supervisor.name);
    if (left)
        event_add(sup, "sweep", LEVEL_BAD, true, "", NULL, NULL,
                  "ended %d processes that a dead supervisor of this name left behind", left);
    if (cgroup_root_open(&sup->cgroups, sup->spec.supervisor.name, &err) < 0) {
        snprintf(sup->tier_note, sizeof(sup->tier_note), "%.390s", err.text);
        event_add(sup, "tier", LEVEL_NOTE, false, "", NULL, NULL,
                  "no cgroups, so process trees are ended by process group and environment tag: "
                  "%.110s",
                  err.text);
    }
}

/* Semaphores need their permits before anybody asks for one; numbers may have a first value. */
static int setup_shared(struct supervisor *sup, const struct pool_spec *spec, struct err *err)
{
    for (size_t i = 0; i < spec->shared_count; i++) {
        const struct shared_spec *item = &spec->shared[i];
        int rc = 0;

        if (item->type == SHARED_SEMAPHORE)
            rc = shared_add_semaphore(sup->shared, item->name, item->value);
        else if (item->type != SHARED_LOCK)
            rc = shared_add_number(sup->shared, item->name, item->value);
        if (rc < 0)
            return err_set(err, EEXIST, "shared: %s is declared differently elsewhere", item->name);
    }
    return 0;
}

static int setup_pool(struct supervisor *sup, struct pool_box *box, const struct pool_spec *spec,
                      struct err *err)
{
    struct err identity = {0};

    box->sup = sup;
    box->spec = spec;
    box->socket.fd = -1;
    if (environ_prepare(box, &identity) < 0 || limits_prepare(box, &identity) < 0)
        snprintf(box->identity_error, sizeof(box->identity_error), "%.230s", identity.text);
    box->pool =
        pool_new(spec, size_spec_resolve(&spec->size, sup->cpus), &sup->effects, sup, &sup->budget,
                 (uint64_t)clock_wall() ^ map_hash_bytes(spec->name, strlen(spec->name)));
    box->pool->owner = box;
    box->slow_path = (*spec->cwd && file_may_hang(spec->cwd)) ||
                     (spec->command && file_may_hang(spec->command[0]));
    limits_announce(box);
    if (pool_socket_open(box, err) < 0)
        return -err->code;
    if (spec->mode == POOL_COMMAND)
        box->command = template_new(spec->command, spec->shell, spec->append_input);
    if (*spec->ready.log && pattern_init(&box->ready_log, spec->ready.log, false, err) < 0)
        return -EINVAL;
    if (setup_shared(sup, spec, err) < 0)
        return -EEXIST;
    box->sink = sink_new(box, err);
    if (!box->sink)
        return -EIO;
    box->source = source_new(box, err);
    return err && err->code ? -err->code : 0;
}

static int setup_pools(struct supervisor *sup, struct err *err)
{
    sup->boxes = mem_new_array(sup->spec.pool_count + 1, sizeof(*sup->boxes));
    for (; sup->box_count < sup->spec.pool_count; sup->box_count++) {
        struct pool_box *box = &sup->boxes[sup->box_count];
        int rc = setup_pool(sup, box, &sup->spec.pools[sup->box_count], err);

        if (rc < 0) {
            sup->box_count++; /* to be released with the others */
            err_prefix(err, "pool %s", box->spec->name);
            return rc;
        }
    }
    order_setup(sup);
    return 0;
}

static int setup_signals(struct supervisor *sup, struct err *err)
{
    static const int signals[] = {SIGTERM, SIGINT,  SIGQUIT, SIGHUP,  SIGUSR1,
                                  SIGUSR2, SIGTTIN, SIGTTOU, SIGCHLD, 0};

    sup->signal_fd = signals_open(signals, err);
    if (sup->signal_fd < 0)
        return sup->signal_fd;
    sup->default_signals = proc_default_signals();
    return loop_add(sup->loop, &sup->signal_watch, sup->signal_fd, EPOLLIN, supervisor_on_signal,
                    sup);
}

/* The map client is connected from birth: no result can be final before somebody takes it. */
static int setup_client(struct supervisor *sup, const struct supervisor_options *options)
{
    struct sock_peer peer = {.pid = getppid(), .uid = geteuid(), .gid = getegid()};
    struct client *client;

    if (options->client_fd < 0)
        return 0;
    client = client_new(sup, options->client_fd, &peer);
    if (!client || !sup->box_count)
        return -EIO;
    client->map = true;
    client->results = &sup->boxes[0];
    sink_set_client(client->results->sink, client);
    return 0;
}

static void setup_facts(struct supervisor *sup)
{
    struct procfs_machine machine;

    sup->pid = getpid();
    sup->cpus = proc_cpu_count();
    sup->now = sup->started_at = clock_now();
    sup->wall = sup->started_wall = clock_wall();
    if (procfs_read_machine(&machine) == 0)
        sup->mem_total = machine.mem_total;
    sup->nofile = proc_raise_nofile_from(&sup->nofile_before);
    sup->reserved_fds = proc_reserve_fds();
    if (sup->reserved_fds < 0)
        sup->reserved_fds = 0;
    kmsg_open(&sup->kmsg);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    snprintf(sup->run_tag, sizeof(sup->run_tag), "%.30s-%d-%llx", sup->spec.supervisor.name,
             sup->pid, (unsigned long long)sup->wall & 0xffffffff);
    sup->budget.per_pool = sup->spec.supervisor.restart_limit;
    sup->budget.rate = sup->spec.supervisor.start_rate;
    sup->budget.tokens = sup->budget.rate;
    sup->budget.filled_at = sup->budget.window_at = sup->now;
}

static struct supervisor *setup_empty(struct spec *spec)
{
    struct supervisor *sup = mem_new(sizeof(*sup));

    sup->spec = *spec;
    *spec = (struct spec){0};
    sup->diag = (struct diag){.fd = -1, .level = DIAG_INFO};
    sup->notify_fd = sup->signal_fd = -1;
    sup->listener.fd = sup->listener.lock_fd = sup->listener.dir_fd = -1;
    sup->cgroups.dir = -1;
    sup->next_task_id = 1;
    list_init(&sup->lives);
    list_init(&sup->ended);
    list_init(&sup->lingering);
    list_init(&sup->inquiries);
    list_init(&sup->to_send);
    list_init(&sup->late_speech);
    list_init(&sup->put_waiting);
    sup->shared = shared_new(speak_shared_answer, sup);
    list_init(&sup->clients);
    list_init(&sup->errands);
    sup->events = event_log_new();
    effects_init(sup);
    return sup;
}

static void on_guardian_change(void *ctx)
{
    struct supervisor *sup = ctx;

    event_add(sup, "guardian", LEVEL_BAD, true, "", NULL, NULL,
              "the guardian died and was replaced: guardian degraded");
}

static void setup_guardian(struct supervisor *sup, struct guardian_share *share)
{
    struct guardian_estate estate = {.tag = sup->run_tag,
                                     .cgroup =
                                         cgroup_root_ok(&sup->cgroups) ? sup->cgroups.path : NULL,
                                     .socket_path = sup->socket_path,
                                     .paths = {sup->notify_path, NULL}};

    guardian_protect(share, &estate);
    if (share &&
        guardian_watch_start(&sup->guardian, sup->loop, share, on_guardian_change, sup) < 0)
        diag_write(&sup->diag, DIAG_WARN, "the guardian can't be watched");
}

struct supervisor *supervisor_new(struct spec *spec, const struct supervisor_options *options,
                                  struct err *err)
{
    struct supervisor *sup = setup_empty(spec);
    struct logs_options logs = {.ring_total = RING_TOTAL};
    int rc = 0;

    sup->exit_when_done = options->exit_when_done;
    sup->gives_up = options->exit_when_done && options->client_fd >= 0;
    sup->progress = options->progress;
    setup_facts(sup);
    sup->loop = loop_new(err);
    sup->logs = logs_new(&logs);
    if (!sup->loop || !sup->logs)
        rc = -ENOMEM;
    if (rc == 0)
        rc = setup_directories(sup, options, err);
    if (rc == 0)
        rc = setup_socket(sup, options, err);
    if (rc == 0)
        rc = setup_signals(sup, err);
    if (rc == 0) {
        setup_cgroups(sup);
        rc = setup_pools(sup, err);
    }
    if (rc == 0) {
        limits_protect(sup);
        rc = setup_client(sup, options);
    }
    if (rc < 0) {
        err_set_errno(err, -rc, "supervisor");
        supervisor_free(sup);
        return NULL;
    }
    setup_guardian(sup, options->share);
    diag_write(&sup->diag, DIAG_INFO, "lifeguard %s: supervisor %s started, pid %d",
               LIFEGUARD_VERSION, sup->spec.supervisor.name, sup->pid);
    return sup;
}

static void box_release(struct pool_box *box)
{
    source_free(box->source);
    sink_free(box->sink);
    pool_free(box->pool);
    for (int i = 0; i < CHECK_KINDS; i++)
        heap_fini(&box->checks[i].due);
    order_free(box);
    pattern_fini(&box->ready_log);
    for (size_t i = 0; i < box->slot_count; i++) {
        capture_free(box->slots[i].capture);
        if (box->slots[i].group.dir >= 0)
            cgroup_close(&box->sup->cgroups, &box->slots[i].group);
    }
    free(box->slots);
    capture_free(box->pool_log);
    template_free(box->command);
    pool_socket_close(box);
    limits_release(box);
    environ_release(box);
}

void supervisor_free(struct supervisor *sup)
{
    if (!sup)
        return;
    inquiry_free_all(sup);
    tree_cpu_forget(sup);
    LIST_EACH(node, &sup->lives)
    life_free(LIST_ENTRY(node, struct life, link));
    life_bury(sup);
    errand_free_all(sup);
    guardian_watch_stop(&sup->guardian);
    strays_close(sup);
    /* Whatever daemonised itself out of its worker's tree ends with us. */
    proc_sweep_children(clock_now() + CLOCK_S);
    /* The name is free before the clients see the end: who waited for it finds nobody there. */
    loop_delete(sup->loop, &sup->listen_watch);
    if (sup->listener.fd >= 0)
        sock_unlisten(&sup->listener);
    LIST_EACH(node, &sup->clients)
    client_free(LIST_ENTRY(node, struct client, link));
    client_drop_spares(sup);
    for (size_t i = 0; i < sup->box_count; i++)
        box_release(&sup->boxes[i]);
    free(sup->boxes);
    if (cgroup_root_ok(&sup->cgroups))
        cgroup_root_close(&sup->cgroups, clock_now() + CLOCK_S);
    notify_socket_close(sup);
    loop_delete(sup->loop, &sup->signal_watch);
    if (sup->signal_fd >= 0)
        close(sup->signal_fd);
    loop_free(sup->loop);
    kmsg_close(&sup->kmsg);
    shared_free(sup->shared);
    logs_free(sup->logs);
    event_log_free(sup->events);
    map_fini(&sup->by_pid);
    buf_fini(&sup->scratch);
    spec_fini(&sup->spec);
    if (sup->diag.fd >= 0)
        close(sup->diag.fd);
    free(sup);
}

bool setup_pid_is_own(const struct supervisor *sup, pid_t pid)
{
    for (size_t i = 0; i < sup->box_count; i++)
        if (sup->boxes[i].source && sup->boxes[i].source->child.pid == pid)
            return true;
    return sup->guardian.own == pid;
}

void setup_write_table(struct supervisor *sup)
{
    for (size_t i = 0; i < sup->box_count; i++) {
        const struct pool *pool = sup->boxes[i].pool;

        for (size_t s = 0; s < pool->slots; s++)
            if (pool->workers[s])
                diag_write(&sup->diag, DIAG_INFO, "table: %s[%d] pid %d %s, task %.100s",
                           pool->spec->name, pool->workers[s]->slot, pool->workers[s]->pid,
                           worker_state_name(pool->workers[s]->state),
                           pool->workers[s]->task ? pool->workers[s]->task->input : "-");
    }
}

static void goodbye_to(struct supervisor *sup, struct client *client, int status)
{
    struct json_out out;

    buf_reset(&sup->scratch);
    json_out_init(&out, &sup->scratch);
    json_open_object(&out, NULL);
    json_put_string(&out, "view", "end");
    json_put_int(&out, "status", status);
    json_close_object(&out);
    json_end_line(&out);
    client_send(client);
    client_flush(client);
    /* Who takes results gets them all, however long that takes: the workers are gone. */
    while (client->map && !client->dead && buf_len(&client->out))
        loop_turn(sup->loop, CLOCK_NEVER);
}

void setup_say_goodbye(struct supervisor *sup, int status)
{
    diag_write(&sup->diag, DIAG_INFO, "stopped; exit status %d", status);
    LIST_EACH(node, &sup->clients)
    {
        struct client *client = LIST_ENTRY(node, struct client, link);

        /* A run without any input may be over before its own client has spoken. */
        while (client->map && !client->greeted && !client->dead)
            loop_turn(sup->loop, CLOCK_NEVER);
        if (client->greeted && !client->dead)
            goodbye_to(sup, client, status);
    }
}
