/* SPDX-License-Identifier: MIT */
/*
 * The supervisor: one struct from which everything hangs, one thread, one loop. Each file of this
 * room owns one part of the struct and is named after it; none keeps state of its own.
 */
#ifndef LIFEGUARD_SUPERVISOR_SUPERVISOR_H
#define LIFEGUARD_SUPERVISOR_SUPERVISOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

#include "base/buf.h"
#include "base/diag.h"
#include "base/heap.h"
#include "base/list.h"
#include "base/map.h"
#include "base/pattern.h"
#include "pool/pool.h"
#include "pool/spec.h"
#include "supervisor/guardian.h"
#include "supervisor/health.h"
#include "supervisor/starved.h"
#include "sys/cgroup.h"
#include "sys/kmsg.h"
#include "sys/listen.h"
#include "sys/loop.h"
#include "sys/sock.h"

struct capture;
struct err;
struct event_log;
struct guardian_share;
struct life;
struct procfs_kin;
struct logs;
struct pool_limits;
struct result_sink;
struct shared;
struct source;
struct template;

enum { HISTORY_LEN = 120 };

/* What a pool needs beyond the domain: identity, environment, files. `pool->owner` points here. */
struct pool_box {
    struct supervisor *sup;
    struct pool *pool;
    const struct pool_spec *spec;
    struct template *command;
    struct source *source; /* NULL = tasks come from submit only */
    struct result_sink *sink;
    char **env;       /* of every worker, without the per-life variables */
    const char *path; /* PATH within env */
    bool set_user;
    unsigned uid, gid;
    unsigned *groups;
    size_t group_count;
    bool slow_path;           /* program or directory may hang (network file system) */
    char identity_error[240]; /* no such user, no right to a limit: nothing starts */
    struct pool_limits *limits;
    struct listen_socket socket; /* pool_socket.h */
    struct slot_box *slots;      /* what outlives a life in its slot: log, cgroup */
    size_t slot_count;
    int groups_ahead;         /* how many slots of a service or worker pool have one */
    struct capture *pool_log; /* log.per = "pool": whose file all lives write into */
    bool prune_due;           /* a life ended: there may be too many logs now */
    int64_t prune_at;         /* not looked after before then */
    int64_t next_sample, next_load;
    double cpu_ended;      /* seconds of CPU that ended lives used */
    double cpu_before;     /* all that was used at the last sample */
    unsigned sample_round; /* counts samples: workers at rest are looked at in turns */
    int64_t cpu_at;        /* when that was */
    double cpu;            /* percent of one CPU, all workers, at the last sample */
    int64_t rss;
    uint64_t last_event; /* seq of this pool's newest event */
    /* Checks from outside (health.c). */
    struct check_queue checks[CHECK_KINDS];
    struct pattern ready_log; /* ready.log */
    /* Order (order.c). */
    struct pool_box **after; /* those of spec->after */
    bool needed;             /* while all stop: somebody who comes after it is still up */
    bool stop_asked;
};

struct slot_box {
    struct capture *capture; /* command: the slot's own; else the last words of the life before */
    int previous_pid;        /* whose */
    struct cgroup group;     /* command pools: the slot's; else one made ahead for the next life */
    bool group_used_up;      /* killed once: must be made anew */
};

struct supervisor {
    struct spec spec;
    struct loop *loop;
    int short_reads; /* of this turn: reads of output that brought little */
    int short_turns; /* in a row that came at once and had nothing but those */
    struct diag diag;
    struct logs *logs;
    struct pool_box *boxes;
    size_t box_count;
    struct restart_budget budget;
    struct procfs_kin *kin; /* tree_cpu.c: all processes, as they were at kin_at */
    size_t kin_count;
    int64_t kin_at;
    struct pool_effects effects;
    struct cgroup_root cgroups;
    char tier_note[400]; /* why the strong tier is not to be had, "" = it is */
    char run_tag[64];    /* LIFEGUARD_WORKER=run_tag:pool:slot */
    char socket_path[108];
    char notify_path[108];
    struct sock_listener listener;
    struct loop_watch listen_watch, notify_watch, signal_watch;
    int notify_fd, signal_fd;
    uint64_t default_signals;    /* proc_default_signals */
    int reserved_fds;            /* first of the low descriptors kept for children */
    struct rlimit nofile_before; /* what workers get unless limits.nofile is set */
    struct guardian_watch guardian;
    struct list lives;     /* struct life: every process in hand */
    struct list ended;     /* those that ended in this turn */
    int children_fd;       /* see strays.c; 0 = not opened yet */
    struct list lingering; /* lives whose leader exited but whose tree or output lasts */
    struct list inquiries; /* evidence that is being taken */
    uint64_t reports_written;
    uint64_t evidence_missed; /* deeds that went without */
    int64_t evidence_told_at; /* the next word about that not before */
    struct shared *shared;    /* locks and values of the worker protocol */
    struct list to_send;      /* speech: lines wait for the end of the turn */
    struct list late_speech;  /* half a line, or a closed end */
    struct list put_waiting;  /* a PUT found no room */
    struct map by_pid;        /* PID -> struct life */
    struct list errands;      /* short programs on the side */
    uint64_t errand_number;
    struct list clients;
    size_t client_count;
    int64_t nofile; /* how many descriptors there may be */
    int spares[8];  /* CLIENT_SPARES */
    int spare_count;
    int64_t accept_paused_until;
    struct event_log *events;
    struct buf scratch; /* one message at a time */
    uint64_t next_task_id;
    int pid; /* own */
    int64_t started_at, started_wall;
    int64_t now, wall;      /* of this turn */
    int64_t asked_deadline; /* of its wait */
    struct starved starved;
    int64_t next_second; /* histories, samples */
    int cpus;
    bool all_done; /* every job pool is done */
    uint32_t queue_history[HISTORY_LEN];
    size_t history_next, history_count;
    double machine_busy, machine_total;
    int64_t mem_total;
    struct kmsg kmsg;
    int64_t oom_kills;       /* known where cgroups.memory is true or kmsg can be read */
    int64_t reap_at;         /* orphans: look again then */
    bool reap_in_the_way;    /* see proc_reap_orphans */
    int64_t logs_wait_until; /* logs wait for room on the disk: look again then; 0 = none do */
    bool changed;            /* something that views show moved */
    int64_t publish_at;
    /* Ending. */
    bool exit_when_done; /* finite runs */
    bool gives_up;       /* map: a pool whose workers all failed ends, nobody is there to mend it */
    bool progress;       /* a line on stderr now and then */
    int64_t progress_at;
    bool stopping, killing;
    int interrupted; /* the signal that ended a finite run, 0 = none */
    char stop_who[WORKER_WHO_MAX];
    int stop_requests; /* signals received: the second one kills */
    int64_t stopping_since, stop_deadline;
    int64_t stop_shifted; /* see pool_shift_stop */
    int exit_status;
    bool finished;
};

struct supervisor_options {
    const char *name;
    bool exit_when_done;
    bool no_socket; /* map: only the connected client below */
    bool progress;  /* finite runs: a line of progress on stderr now and then */
    int client_fd;  /* an already connected client, -1 = none */
    struct guardian_share *share;
    int log_fd; /* own messages until the log file is open; -1 = stderr */
};

/* Builds everything up to the first spawn. Takes the spec. NULL with the reason in *err. */
struct supervisor *supervisor_new(struct spec *spec, const struct supervisor_options *options,
                                  struct err *err);
/* Runs until all is stopped. Returns the exit status of the run. */
int supervisor_run(struct supervisor *sup);
void supervisor_free(struct supervisor *sup);

/* For the files of this room. */
struct pool_box *supervisor_find_pool(struct supervisor *sup, const char *name);
struct sock_peer;
/* Own uid, root, or in the control group. */
bool supervisor_peer_allowed(const struct supervisor *sup, const struct sock_peer *peer);
/* A child that somebody here waits for; `ctx` is the supervisor. */
bool supervisor_owns_pid(void *ctx, int pid);
/* Stops every pool; again: kills. `who` = "" for a signal. */
void supervisor_shutdown(struct supervisor *sup, const char *who, bool now);
/* What runs may finish, what waits is skipped; a finite run then ends by itself. */
void supervisor_finish_tasks(struct supervisor *sup);
/* Wall time of a monotonic one. */
static inline int64_t supervisor_wall_of(const struct supervisor *sup, int64_t mono)
{
    return sup->wall - (sup->now - mono);
}

#endif
