/* SPDX-License-Identifier: MIT */
/*
 * Starting processes and learning how they ended. Identity is a pidfd (struct proc), never a bare
 * PID. Spawn only from the loop's thread: PDEATHSIG follows the thread that called clone.
 *
 * Spawning is prepared apart (struct proc_plan, everything a child needs, nothing allocated
 * after), then run; exec failures come back with the stage that failed and its errno.
 */
#ifndef LIFEGUARD_SYS_PROC_H
#define LIFEGUARD_SYS_PROC_H

#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

struct err;

enum { PROC_MAX_FDS = 16, PROC_MAX_LIMITS = 8, PROC_PID_TEXT = 12 };

struct proc_plan {
    const char *path;   /* absolute, or a name to be looked up in `search` */
    const char *search; /* the child's PATH; NULL = path must contain a slash */
    char *const *argv;
    char *const *envp;
    const char *cwd;       /* NULL = stay */
    int fds[PROC_MAX_FDS]; /* fds[i] becomes descriptor i of the child; -1 = closed (0..2:
                              /dev/null) */
    size_t fd_count;       /* 3 .. PROC_MAX_FDS */
    int cgroup_dir;        /* fd of the cgroup to be born in, or to join, -1 = none */
    bool new_session;      /* setsid: own session and process group */
    bool death_signal;     /* PDEATHSIG = KILL */
    unsigned umask;
    bool set_user;
    uid_t uid;
    gid_t gid;
    const gid_t *groups;
    size_t group_count;
    int nice;             /* absolute; INT_MIN = leave alone */
    int ionice;           /* ioprio value, -1 = leave alone */
    const void *affinity; /* cpu_set_t, NULL = leave alone */
    int oom_score_adj;    /* INT_MIN = leave alone */
    struct {
        int resource;
        struct rlimit value;
    } limits[PROC_MAX_LIMITS];
    size_t limit_count;
    bool slow_path; /* program or directory not on a local file system: plain fork with an
                       error pipe, because a vfork child stuck there would block the loop */
    int reserved;   /* what proc_reserve_fds answered, 0 = none: keeps spawning cheap when
                       this process has more than a thousand descriptors */
    /* What proc_default_signals answered: these need no reset in the child; 0 = reset all. */
    uint64_t default_signals;
    /* Where the child writes its own PID in digits, into one of the strings of envp (LISTEN_PID);
     * PROC_PID_TEXT bytes of room. NULL = nowhere. */
    char *pid_text;
};

/* Which of its values a failed PROC_STAGE_PRIORITY was about. */
enum proc_priority { PROC_NICE, PROC_IONICE, PROC_AFFINITY, PROC_OOM };

enum proc_stage {
    PROC_STAGE_NONE,
    PROC_STAGE_CLONE,
    PROC_STAGE_CGROUP,
    PROC_STAGE_SESSION,
    PROC_STAGE_FDS,
    PROC_STAGE_LIMITS,
    PROC_STAGE_PRIORITY,
    PROC_STAGE_USER,
    PROC_STAGE_CWD,
    PROC_STAGE_EXEC
};

struct proc {
    pid_t pid;      /* 0 = none */
    int pidfd;      /* owned, CLOEXEC; -1 = none */
    uint64_t start; /* start time in clock ticks since boot (field 22 of stat) */
    /* Which failed, when proc_spawn or proc_spawn_result answered an error. */
    enum proc_stage stage;
    int detail;   /* of the stage: index in plan.limits, or enum proc_priority */
    int error;    /* slow path: positive errno of that stage, once known */
    int error_fd; /* slow path: the error pipe, owned; 0 = none */
};

struct proc_end {
    int status; /* as waitpid gives it */
    struct rusage usage;
};

void proc_plan_init(struct proc_plan *plan);
/* 0, or -errno with *err naming stage, path and cause in words ("exec /x/y: No such file or
 * directory", "cwd /gone: ...", "exec /x: its interpreter /bin/nope does not exist"). Never
 * blocks on the child but for vfork's moment. No fd of the plan is closed. */
int proc_spawn(const struct proc_plan *plan, struct proc *proc, struct err *err);
/* What became of a slow_path spawn, which answers 0 before the program is found: 1 = it runs, 0 =
 * not known yet, -errno = it never started, with stage and *err as proc_spawn gives them. Ask when
 * the process ended with status 127, before or after proc_reap. 1 for other spawns. */
int proc_spawn_result(const struct proc_plan *plan, struct proc *proc, struct err *err);
/* Signals (bit n-1 is signal n) that this process leaves at their default, for the plans of a
 * process that changes no signal's action later. */
uint64_t proc_default_signals(void);
/* Takes PROC_MAX_FDS low descriptor numbers (open on /dev/null, CLOEXEC) for plan.reserved. Call at
 * start, while low numbers are free. The first one, or -errno. */
int proc_reserve_fds(void);
/* Collects an ended process: 1 with *end filled (pidfd is closed; pid, start and the result of a
 * slow path stay), 0 when it still runs, -errno. */
int proc_reap(struct proc *proc, struct proc_end *end);
/* Signals the process through its pidfd. -ESRCH when it is gone. */
int proc_signal(const struct proc *proc, int signal);
/* Signals the process group led by this process; the caller knows that it still exists (leader
 * not reaped, or proc_group_alive). */
int proc_signal_group(pid_t pgid, int signal);
/* Finds plan.path as execvp would, by plan.search: 0 or a positive errno. Uses neither heap nor
 * stdio. */
int proc_find_program(const struct proc_plan *plan, char path[PATH_MAX]);
/* True while any process of the group lives (zombies not counted). Reads /proc when needed. */
bool proc_group_alive(pid_t pgid);
void proc_close(struct proc *proc);
const char *proc_stage_name(enum proc_stage stage);

/* Reaps orphans that this process inherited as subreaper (every child that `is_ours` does not
 * claim). Returns how many. Bounded: at most 64 a call. A claimed child that has ended may stand
 * before the orphans; *in_the_way (false at first) keeps that until the next call. Mostly it has
 * been reaped by then; where one stands there again, all of /proc is read (milliseconds where there
 * are thousands of processes), so call this some times a second at most. */
int proc_reap_orphans(bool (*is_ours)(void *ctx, pid_t pid), void *ctx, bool *in_the_way);
/* Kills every process in /proc whose environment has LIFEGUARD_WORKER=`tag` (prefix match when
 * `tag` ends in '*'), this process excepted. Returns how many were signalled. */
int proc_sweep_tag(const char *tag, int signal);
/* The list of the calling thread's children, to be kept open and read again and again (2 us, where
 * a look through /proc costs that for each process there is); -errno where the kernel has none. */
int proc_open_children(void);
/* True when a living child that `is_ours` does not claim carries the tag: a descendant that lost
 * its parents, and came to us as their subreaper. */
bool proc_has_tagged_child(int children, const char *tag, bool (*is_ours)(void *ctx, pid_t pid),
                           void *ctx);
/* Kills (KILL) all descendants of this process, again and again until none is left or `deadline`
 * (monotonic), and reaps them: struct procs of theirs are void after. Needs
 * PR_SET_CHILD_SUBREAPER. Allocates nothing. Returns how many are left. */
int proc_sweep_children(int64_t deadline);
/* The same; *ended gets how many were reaped. */
int proc_sweep_children_counted(int64_t deadline, int *ended);

/* Which CPUs of the set a child could not run on, as the kernel has it: they are not there, or not
 * ours (cpuset). 0 = none, else how many, in *missing. For a moment it moves the calling thread. */
int proc_missing_cpus(const cpu_set_t *set, cpu_set_t *missing);
/* CPUs that this process may use: affinity and cgroup quota, at least 1. */
int proc_cpu_count(void);
/* oom_score_adj of this process, and whether the kernel would let it become `value`: tried, then
 * put back. 0 or -errno. */
int proc_oom_score(void);
int proc_try_oom_score(int value);
/* Raises RLIMIT_NOFILE to its hard limit; returns the limit now. */
int64_t proc_raise_nofile(void);
/* The same; *before gets the limit as it was, which belongs into the plan of every worker: programs
 * that use select() or close all descriptors one by one suffer from a high one. */
int64_t proc_raise_nofile_from(struct rlimit *before);

#endif
