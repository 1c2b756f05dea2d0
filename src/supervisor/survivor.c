/* SPDX-License-Identifier: MIT */
/*
 * The leader, while it lives; else the first of its process group that a look through /proc finds.
 */
#include "supervisor/survivor.h"

#include <stdio.h>
#include <string.h>

#include "supervisor/life.h"
#include "sys/proc_scan.h"
#include "sys/procfs.h"

static pid_t find_in_group(pid_t pgid)
{
    struct proc_scan scan;
    struct proc_scan_stat stat;
    pid_t pid, found = 0;

    if (proc_scan_open(&scan, "/proc") < 0)
        return 0;
    while (!found && (pid = proc_scan_next(&scan)) > 0)
        if (proc_scan_stat(pid, &stat) == 0 && stat.pgid == pgid && stat.state != 'Z' &&
            stat.state != 'X')
            found = pid;
    proc_scan_close(&scan);
    return found;
}

void survivor_describe(const struct life *life, char *out, size_t size)
{
    pid_t pid = life->exited ? find_in_group(life->pgid) : life->proc.pid;
    struct proc_scan_stat stat;
    char wchan[64] = "";

    *out = '\0';
    if (!pid || proc_scan_stat(pid, &stat) < 0)
        return;
    procfs_read_wchan(pid, wchan, sizeof(wchan));
    if (!*wchan || strcmp(wchan, "0") == 0)
        snprintf(out, size, "; pid %d, state %c, wait channel not known", (int)pid, stat.state);
    else
        snprintf(out, size, "; pid %d, state %c in %s", (int)pid, stat.state, wchan);
}
