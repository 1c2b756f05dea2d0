/* SPDX-License-Identifier: MIT */
/*
 * Limits of a whole process tree, which only its cgroup can enforce. Where the controller is not to
 * be had the reason is put into words once, and the pool runs without: limits.h says why.
 */
#include "supervisor/limits_group.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "pool/limits.h"
#include "supervisor/events.h"
#include "supervisor/limits.h"
#include "supervisor/supervisor.h"
#include "sys/cgroup.h"

static void name_missing(char *list, size_t size, const char *key, bool wanted, bool there)
{
    size_t len = strlen(list);

    if (wanted && !there)
        snprintf(list + len, size - len, "%scgroup.%s", len ? ", " : "", key);
}

/* "cgroup.memory_max is not enforced: no memory controller here (...)". */
static void note_missing(struct pool_box *box, const char *keys)
{
    const struct supervisor *sup = box->sup;
    const char *several = strchr(keys, ',') ? "are" : "is";
    const char *instead = strstr(keys, "memory") ? "; limits.as bounds each process" : "";
    struct pool_limits *limits = box->limits;

    if (!cgroup_root_ok(&sup->cgroups))
        snprintf(limits->note, sizeof(limits->note), "%s %s not enforced: %.150s%s", keys, several,
                 *sup->tier_note ? sup->tier_note : "no cgroups", instead);
    else
        snprintf(limits->note, sizeof(limits->note),
                 "%s %s not enforced: no such controller in %.100s (delegate it: systemd "
                 "Delegate=yes)%s",
                 keys, several, sup->cgroups.path, instead);
}

int limits_group_prepare(struct pool_box *box, struct err *err)
{
    const struct cgroup_spec *spec = &box->spec->cgroup;
    const struct cgroup_root *root = &box->sup->cgroups;
    struct pool_limits *limits = box->limits;
    bool memory = spec->memory_max > 0, cpu = *spec->cpu_max, pids = spec->pids_max > 0;
    char keys[80] = "";

    if (cpu && limits_parse_cpu_max(spec->cpu_max, &limits->cpu_quota, err) < 0)
        return -EINVAL;
    cpu = limits->cpu_quota > 0;
    limits->memory = memory && root->memory;
    limits->cpu = cpu && root->cpu;
    limits->pids = pids && root->pids;
    name_missing(keys, sizeof(keys), "memory_max", memory, limits->memory);
    name_missing(keys, sizeof(keys), "cpu_max", cpu, limits->cpu);
    name_missing(keys, sizeof(keys), "pids_max", pids, limits->pids);
    if (*keys)
        note_missing(box, keys);
    return 0;
}

/* Told at the first failure; the note stays, so that later ones change nothing. */
static void set_value(struct pool_box *box, const struct cgroup *group, const char *key,
                      const char *file, const char *value)
{
    struct pool_limits *limits = box->limits;
    int rc = cgroup_set(group, file, value);

    if (rc == 0 || *limits->note)
        return;
    snprintf(limits->note, sizeof(limits->note), "cgroup.%s is not enforced: %s = %s: %s", key,
             file, value, strerror(-rc));
    event_add(box->sup, "limits", LEVEL_BAD, true, "", box->pool, NULL, "%s", limits->note);
}

void limits_fill_group(struct pool_box *box, const struct cgroup *group)
{
    const struct pool_limits *limits = box->limits;
    char value[48];

    if (limits->memory) {
        snprintf(value, sizeof(value), "%lld", (long long)box->spec->cgroup.memory_max);
        set_value(box, group, "memory_max", "memory.max", value);
    }
    if (limits->cpu) {
        snprintf(value, sizeof(value), "%lld %d", (long long)limits->cpu_quota, LIMITS_CPU_PERIOD);
        set_value(box, group, "cpu_max", "cpu.max", value);
    }
    if (limits->pids) {
        snprintf(value, sizeof(value), "%lld", (long long)box->spec->cgroup.pids_max);
        set_value(box, group, "pids_max", "pids.max", value);
    }
}
