/* SPDX-License-Identifier: MIT */
/*
 * Limits of one process: worked out, checked against our rights, put into each plan. The checks
 * come before the first start, so that a pool fails once and with a reason instead of at each
 * attempt with an errno.
 */
#include "supervisor/limits.h"

#include <errno.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "pool/limits.h"
#include "supervisor/events.h"
#include "supervisor/limits_group.h"
#include "supervisor/supervisor.h"
#include "sys/caps.h"
#include "sys/proc.h"

enum { IO_CLASS_REALTIME = 1, IO_CLASS_SHIFT = 13, NICE_MOST = 19 };

struct rlimit_key {
    const char *name;
    int resource;
    size_t offset; /* in struct limits_spec */
};

static const struct rlimit_key rlimit_keys[] = {
    {"limits.nofile", RLIMIT_NOFILE, offsetof(struct limits_spec, nofile)},
    {"limits.core", RLIMIT_CORE, offsetof(struct limits_spec, core)},
    {"limits.as", RLIMIT_AS, offsetof(struct limits_spec, as)},
    {"limits.cpu", RLIMIT_CPU, offsetof(struct limits_spec, cpu)},
};

static int64_t rlimit_value(const struct pool_spec *spec, const struct rlimit_key *key)
{
    return *(const int64_t *)(const void *)((const char *)&spec->limits + key->offset);
}

/* "KEY = VALUE needs CAPABILITY", with the two ways to get it. */
static int refuse(struct err *err, const char *key, int64_t value, const char *capability)
{
    return err_set(err, EPERM, "%s = %lld needs %s (run as root; systemd: AmbientCapabilities=%s)",
                   key, (long long)value, capability, capability);
}

/* Who becomes another user must be able to shed all groups; who stays what it is has none to. And
 * whom we start we must be able to end. */
static int check_user(struct pool_box *box, uint64_t caps, struct err *err)
{
    bool able =
        caps_have(caps, CAP_SETUID) && caps_have(caps, CAP_SETGID) && caps_have(caps, CAP_KILL);

    if (!box->set_user || able)
        return 0;
    if (box->uid == getuid() && box->gid == getgid()) {
        box->set_user = false;
        return 0;
    }
    return err_set(err, EPERM,
                   "%s = \"%s\" needs CAP_SETUID, CAP_SETGID and CAP_KILL: only root "
                   "can start workers as another user",
                   *box->spec->user ? "user" : "group",
                   *box->spec->user ? box->spec->user : box->spec->group);
}

static int check_nice(struct pool_box *box, uint64_t caps, struct err *err)
{
    int own = getpriority(PRIO_PROCESS, 0), wanted = own + box->spec->nice;
    struct rlimit limit = {0, 0};

    if (!box->spec->nice)
        return 0;
    box->limits->nice = wanted > NICE_MOST ? NICE_MOST : wanted;
    getrlimit(RLIMIT_NICE, &limit);
    if (wanted >= own || caps_have(caps, CAP_SYS_NICE) || (rlim_t)(20 - wanted) <= limit.rlim_cur)
        return 0;
    return refuse(err, "nice", box->spec->nice, "CAP_SYS_NICE");
}

static int check_ionice(struct pool_box *box, uint64_t caps, struct err *err)
{
    int *value = &box->limits->ionice;

    if (!*box->spec->ionice)
        return 0;
    if (limits_parse_ionice(box->spec->ionice, value, err) < 0)
        return -EINVAL;
    if (*value >> IO_CLASS_SHIFT != IO_CLASS_REALTIME || caps_have(caps, CAP_SYS_NICE) ||
        caps_have(caps, CAP_SYS_ADMIN))
        return 0;
    return err_set(err, EPERM,
                   "ionice = \"%s\" needs CAP_SYS_NICE (run as root; systemd: "
                   "AmbientCapabilities=CAP_SYS_NICE)",
                   box->spec->ionice);
}

static int check_affinity(struct pool_box *box, struct err *err)
{
    cpu_set_t *set = &box->limits->cpus, missing;
    long online = sysconf(_SC_NPROCESSORS_CONF);
    int first = 0;

    if (!*box->spec->affinity)
        return 0;
    if (limits_parse_affinity(box->spec->affinity, set, err) < 0)
        return -EINVAL;
    box->limits->pinned = true;
    if (!proc_missing_cpus(set, &missing))
        return 0;
    while (!CPU_ISSET(first, &missing))
        first++;
    if (first >= online)
        return err_set(err, EINVAL,
                       "affinity = \"%s\": there is no CPU %d, this machine has 0 to %ld",
                       box->spec->affinity, first, online - 1);
    return err_set(err, EPERM,
                   "affinity = \"%s\": CPU %d is offline or outside of the CPUs that "
                   "lifeguard may use (cpuset)",
                   box->spec->affinity, first);
}

static int check_oom(struct pool_box *box, uint64_t caps, struct err *err)
{
    int value = box->spec->oom_score_adj;

    if (!value || caps_have(caps, CAP_SYS_RESOURCE) || value >= proc_oom_score() ||
        proc_try_oom_score(value) == 0)
        return 0;
    return refuse(err, "oom_score_adj", value, "CAP_SYS_RESOURCE");
}

static int check_rlimits(struct pool_box *box, uint64_t caps, struct err *err)
{
    for (size_t i = 0; i < ARRAY_LEN(rlimit_keys); i++) {
        const struct rlimit_key *key = &rlimit_keys[i];
        int64_t value = rlimit_value(box->spec, key);
        struct rlimit now;

        if (value < 0 || caps_have(caps, CAP_SYS_RESOURCE) ||
            getrlimit((__rlimit_resource_t)key->resource, &now) < 0 ||
            (rlim_t)value <= now.rlim_max)
            continue;
        return err_set(err, EPERM,
                       "%s = %lld is above the hard limit %lld: it needs "
                       "CAP_SYS_RESOURCE, or a higher limit for lifeguard itself (ulimit -H)",
                       key->name, (long long)value, (long long)now.rlim_max);
    }
    return 0;
}

int limits_prepare(struct pool_box *box, struct err *err)
{
    uint64_t caps = caps_effective();
    int rc;

    box->limits = mem_new(sizeof(*box->limits));
    box->limits->nice = INT_MIN;
    box->limits->ionice = -1;
    rc = check_user(box, caps, err);
    if (rc == 0)
        rc = check_nice(box, caps, err);
    if (rc == 0)
        rc = check_ionice(box, caps, err);
    if (rc == 0)
        rc = check_affinity(box, err);
    if (rc == 0)
        rc = check_oom(box, caps, err);
    if (rc == 0)
        rc = check_rlimits(box, caps, err);
    return rc == 0 ? limits_group_prepare(box, err) : rc;
}

void limits_release(struct pool_box *box)
{
    free(box->limits);
    box->limits = NULL;
}

/* A program that brings rights of its own: the kernel unties it from us when it starts. */
static void announce_program(struct pool_box *box)
{
    struct proc_plan plan;
    char path[PATH_MAX];
    const char *what;

    proc_plan_init(&plan);
    plan.path = box->spec->shell ? "/bin/sh" : box->spec->command[0];
    plan.search = box->path;
    plan.cwd = *box->spec->cwd ? box->spec->cwd : NULL;
    if (box->slow_path || proc_find_program(&plan, path) != 0 || path[0] != '/')
        return;
    what = caps_of_file(path);
    if (!what)
        return;
    event_add(box->sup, "privileged", LEVEL_NOTE, false, "", box->pool, NULL,
              "%.80s has %s: it does not die with lifeguard by itself (PDEATHSIG); %s", path, what,
              cgroup_root_ok(&box->sup->cgroups) ? "its cgroup contains it"
                                                 : "without cgroups, it can escape");
}

void limits_announce(struct pool_box *box)
{
    if (*box->identity_error) {
        event_add(box->sup, "refused", LEVEL_GAVE_UP, true, "", box->pool, NULL,
                  "nothing of it starts: %s", box->identity_error);
        return;
    }
    if (box->spec->command && box->spec->command[0])
        announce_program(box);
    if (*box->limits->note)
        event_add(box->sup, "limits", LEVEL_NOTE, true, "", box->pool, NULL, "%s",
                  box->limits->note);
}

void limits_protect(const struct supervisor *sup)
{
    for (size_t i = 0; i < sup->box_count; i++)
        if (sup->boxes[i].set_user && sup->boxes[i].uid != geteuid()) {
            prctl(PR_SET_DUMPABLE, 0);
            return;
        }
}

static void add_rlimit(struct proc_plan *plan, int resource, struct rlimit value)
{
    plan->limits[plan->limit_count].resource = resource;
    plan->limits[plan->limit_count].value = value;
    plan->limit_count++;
}

void limits_fill_plan(const struct pool_box *box, struct proc_plan *plan)
{
    const struct pool_limits *limits = box->limits;

    plan->nice = limits->nice;
    plan->ionice = limits->ionice;
    plan->affinity = limits->pinned ? &limits->cpus : NULL;
    plan->oom_score_adj = box->spec->oom_score_adj ? box->spec->oom_score_adj : INT_MIN;
    /* We raised our own; they get what we got. */
    if (box->spec->limits.nofile < 0)
        add_rlimit(plan, RLIMIT_NOFILE, box->sup->nofile_before);
    for (size_t i = 0; i < ARRAY_LEN(rlimit_keys); i++) {
        rlim_t value = (rlim_t)rlimit_value(box->spec, &rlimit_keys[i]);

        if (rlimit_value(box->spec, &rlimit_keys[i]) >= 0)
            add_rlimit(plan, rlimit_keys[i].resource, (struct rlimit){value, value});
    }
}

static void explain_priority(const struct pool_box *box, int which, struct err *err)
{
    const struct pool_spec *spec = box->spec;
    int code = err->code;

    err_clear(err);
    switch ((enum proc_priority)which) {
    case PROC_NICE:
        err_set_errno(err, code, "nice = %d (needs CAP_SYS_NICE)", spec->nice);
        break;
    case PROC_IONICE:
        err_set_errno(err, code, "ionice = \"%s\" (realtime needs CAP_SYS_NICE)", spec->ionice);
        break;
    case PROC_AFFINITY:
        err_set_errno(err, code, "affinity = \"%s\" (are the CPUs still online?)", spec->affinity);
        break;
    case PROC_OOM:
        err_set_errno(err, code, "oom_score_adj = %d (needs CAP_SYS_RESOURCE)",
                      spec->oom_score_adj);
        break;
    }
}

static void explain_rlimit(const struct pool_box *box, int index, struct err *err)
{
    struct proc_plan plan;
    int code = err->code;

    proc_plan_init(&plan);
    limits_fill_plan(box, &plan);
    for (size_t i = 0; i < ARRAY_LEN(rlimit_keys); i++) {
        if (index >= (int)plan.limit_count ||
            plan.limits[index].resource != rlimit_keys[i].resource)
            continue;
        err_clear(err);
        err_set_errno(err, code,
                      "%s = %lld (above the hard limit it needs "
                      "CAP_SYS_RESOURCE; open files end at fs.nr_open for everybody)",
                      rlimit_keys[i].name, (long long)plan.limits[index].value.rlim_cur);
        return;
    }
}

void limits_explain(const struct pool_box *box, const struct proc *proc, struct err *err)
{
    if (err && proc->stage == PROC_STAGE_PRIORITY)
        explain_priority(box, proc->detail, err);
    else if (err && proc->stage == PROC_STAGE_LIMITS)
        explain_rlimit(box, proc->detail, err);
}

const char *limits_note(const struct pool_box *box)
{
    return box->limits ? box->limits->note : "";
}
