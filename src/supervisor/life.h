/* SPDX-License-Identifier: MIT */
/*
 * One life of a worker: its process, pipes, log and cgroup, from spawn until nothing of it is
 * left. The process's exit and the end of its output may come in either order; the pool hears
 * EXIT at once and ENDED when both came and the tree is gone.
 */
#ifndef LIFEGUARD_SUPERVISOR_LIFE_H
#define LIFEGUARD_SUPERVISOR_LIFE_H

#include <jansson.h>

#include "base/buf.h"
#include "pool/worker.h"
#include "supervisor/health.h"
#include "supervisor/speak.h"
#include "supervisor/supervisor.h"
#include "sys/proc.h"

struct task_output;

struct life {
    struct list link;        /* in sup->lives */
    struct list linger_link; /* in sup->lingering */
    struct supervisor *sup;
    struct pool_box *box;
    struct worker *worker;
    struct proc proc;
    int pgid;
    struct loop_watch exit_watch, out_watch, err_watch, in_watch;
    int out_fd, err_fd, in_fd;
    struct buf input;        /* what is still to be written to its standard input */
    struct speech speech;    /* worker mode */
    struct capture *capture; /* own, or the slot's or pool's */
    bool owns_capture;
    struct cgroup group;        /* own (service, worker) */
    struct task_output *output; /* command mode: what the task printed */
    struct worker_end end;
    bool exited, ended;
    bool log_blocked; /* log.when_full = "block": its pipes are not read for now */
    int64_t exited_at;
    int64_t alone_at; /* the turn in which a signal found no process outside its process group */
    /* Samples. */
    double cpu_seconds, cpu_percent, user_seconds, sys_seconds;
    int64_t sampled_at, rss;
    int64_t rss_before, rss_before_at; /* some minutes ago, for the change */
    int threads, fds;                  /* fds -1 = not looked at */
    int64_t shown_at;                  /* last time that it was a row of some client's window */
    int still;                         /* samples in a row without any CPU used */
    uint8_t cpu_history[60];           /* percent, one a second while somebody looks */
    size_t cpu_next, cpu_count;
    struct life_check check;
    char status_text[80];    /* STATUS= of sd_notify */
    int64_t sign_seen;       /* the last output or progress that a sample knows of, */
    double cpu_at_sign;      /* and the CPU seconds used by then */
    struct inquiry *inquiry; /* evidence is being taken; NULL = none is */
    json_t *findings;        /* of the newest report, owned; NULL = none */
    int64_t findings_at;
};

/* Starts the worker's process. 0 and worker->life set, or -errno with the reason. */
int life_start(struct pool_box *box, struct worker *worker, struct task *task, int *pid,
               struct err *err);
/* Signals the tree: the cgroup's members or the process group (stop.group), else the leader. */
void life_signal(struct life *life, int signal);
/* Frees without ceremony (supervisor_free). */
void life_free(struct life *life);
/* The cgroup that its processes are in, its own or its slot's; NULL = none. */
struct cgroup *life_cgroup(struct life *life);
struct life *life_of(const struct worker *worker);

#endif
