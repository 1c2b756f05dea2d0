/* SPDX-License-Identifier: MIT */
/*
 * With a cgroup the kernel keeps the sums (cpu.stat, cpu.pressure). Without one all processes of
 * the worker's session are added up; one walk over /proc serves all workers for a while.
 */
#include "supervisor/tree_cpu.h"

#include <stdlib.h>

#include "base/clock.h"
#include "supervisor/life.h"
#include "sys/cgroup.h"
#include "sys/procfs.h"
#include "sys/procfs_task.h"

/* How long a walk over /proc is good for. */
static const int64_t WALK_LASTS = 400 * CLOCK_MS;

/* The CPU seconds of the session but for its leader's. */
static double others_of_session(struct supervisor *sup, int leader)
{
    double sum = 0;

    if (sup->kin_at == 0 || sup->now - sup->kin_at > WALK_LASTS) {
        tree_cpu_forget(sup);
        sup->kin_count = procfs_list_kin(&sup->kin);
        sup->kin_at = sup->now;
    }
    for (size_t i = 0; i < sup->kin_count; i++)
        if (sup->kin[i].session == leader && sup->kin[i].pid != leader)
            sum += (double)sup->kin[i].ticks;
    return sum / (double)procfs_ticks();
}

struct tree_cpu tree_cpu_of(struct life *life, double leader)
{
    const struct cgroup *group = life_cgroup(life);
    int64_t used = group ? cgroup_event(group, "cpu.stat", "usage_usec") : -1;
    struct tree_cpu cpu = {.used = leader};

    if (used >= 0) {
        cpu.used = (double)used / 1e6;
        cpu.wanted = cpu.used + (double)cgroup_waited(group) / 1e6;
        return cpu;
    }
    cpu.used += others_of_session(life->sup, life->proc.pid);
    cpu.wanted = cpu.used + procfs_read_waited(life->proc.pid);
    return cpu;
}

void tree_cpu_forget(struct supervisor *sup)
{
    free(sup->kin);
    sup->kin = NULL;
    sup->kin_count = 0;
}
