/* SPDX-License-Identifier: MIT */
/*
 * How many CPUs the quotas of this process's cgroups allow: the least of its own group and all
 * groups above it that can be seen.
 */
#include "sys/cgroup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sys/cgroup_locate.h"
#include "sys/file.h"

static char *read_in(const char *dir, const char *file)
{
    char path[1024];

    if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir, file) >= sizeof(path))
        return NULL;
    return file_read_kernel(path, 256);
}

/* Of one directory: 0 = none. "cpu.max" holds "QUOTA PERIOD" or "max PERIOD". */
static double quota_v2(const char *dir)
{
    char *text = read_in(dir, "cpu.max");
    double quota = 0, period = 0;

    if (!text || sscanf(text, "%lf %lf", &quota, &period) != 2 || period <= 0)
        quota = 0;
    free(text);
    return quota > 0 ? quota / period : 0;
}

static double quota_v1(const char *dir)
{
    char *quota = read_in(dir, "cpu.cfs_quota_us");
    char *period = read_in(dir, "cpu.cfs_period_us");
    double result = 0;

    if (quota && period && atof(quota) > 0 && atof(period) > 0)
        result = atof(quota) / atof(period);
    free(quota);
    free(period);
    return result;
}

static double least_upwards(char *dir, double (*read_quota)(const char *dir))
{
    double least = 0;

    /* Beyond the mount the files are missing, which reads as no quota. */
    while (dir[0] && strcmp(dir, "/") != 0) {
        double quota = read_quota(dir);
        char *slash = strrchr(dir, '/');

        if (quota > 0 && (least <= 0 || quota < least))
            least = quota;
        if (!slash)
            break;
        *slash = '\0';
    }
    return least;
}

double cgroup_cpu_quota(void)
{
    char dir[512];
    double least = 0;

    if (cgroup_locate(NULL, dir, sizeof(dir)) == 0)
        least = least_upwards(dir, quota_v2);
    if (least <= 0 && cgroup_locate("cpu", dir, sizeof(dir)) == 0)
        least = least_upwards(dir, quota_v1);
    return least;
}
