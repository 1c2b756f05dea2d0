/* SPDX-License-Identifier: MIT */
/*
 * Two witnesses of an out-of-memory death. The cgroup's counter speaks of the whole tree; the
 * kernel log names the process and knows how large it was. Only a KILL can be one, and only one
 * that lifeguard did not send.
 */
#include "supervisor/oom.h"

#include <signal.h>

#include "supervisor/life.h"
#include "supervisor/life_start.h"

/* The group's count never falls: a slot's group is not used again after this. */
static bool group_tells(struct life *life, const struct cgroup *group)
{
    if (!group || !life->sup->cgroups.memory ||
        cgroup_event(group, "memory.events", "oom_kill") <= 0)
        return false;
    if (life->box->spec->mode == POOL_COMMAND)
        life_slot(life->box, life->worker->slot)->group_used_up = true;
    return true;
}

static bool kernel_log_tells(struct life *life)
{
    const struct worker *worker = life->worker;
    struct kmsg_death death;

    if (worker->stop_step >= 2 || worker->sent_signal == SIGKILL || life->sup->killing)
        return false;
    if (!kmsg_take_death(&life->sup->kmsg, life->proc.pid, worker->started_at, &death))
        return false;
    life->end.oom_vm = death.total_vm;
    life->end.oom_rss = death.anon_rss;
    return true;
}

void oom_examine(struct life *life, const struct cgroup *group)
{
    bool counted, logged;

    if (life->end.status != SIGKILL)
        return;
    counted = group_tells(life, group);
    logged = kernel_log_tells(life);
    life->end.oom = counted || logged;
    life->sup->oom_kills += life->end.oom;
}
