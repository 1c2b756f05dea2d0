/* SPDX-License-Identifier: MIT */
/*
 * Reading /proc. Every file is opened, read once into a bounded buffer and closed: keeping them
 * open saves a microsecond each and costs a descriptor a worker.
 */
#include "sys/procfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/proc_scan.h"
#include "sys/procfs_task.h"

static void fill(struct procfs_stat *stat, const struct proc_scan_stat *raw)
{
    size_t len = raw->comm_len < sizeof(stat->comm) - 1 ? raw->comm_len : sizeof(stat->comm) - 1;

    memcpy(stat->comm, raw->comm, len);
    stat->comm[len] = '\0';
    stat->state = raw->state;
    stat->ppid = raw->ppid;
    stat->pgid = raw->pgid;
    stat->session = raw->session;
    stat->user_ticks = raw->user_ticks;
    stat->sys_ticks = raw->sys_ticks;
    stat->threads = raw->threads;
    stat->start = raw->start;
    stat->rss = raw->rss_pages * sysconf(_SC_PAGESIZE);
    stat->nice = raw->nice;
}

int procfs_read_stat(pid_t pid, uint64_t start, struct procfs_stat *stat)
{
    struct proc_scan_stat raw;
    char text[1024];
    ssize_t got = proc_scan_read(pid, "stat", text, sizeof(text));
    int result;

    if (got < 0)
        return (int)got;
    if (got == 0)
        return -ESRCH;
    result = proc_scan_parse(text, &raw);
    if (result < 0)
        return result;
    if (start != 0 && raw.start != start)
        return -ESRCH;
    fill(stat, &raw);
    return 0;
}

/* Reads at most size-1 bytes of a file, NUL-terminated. */
static int read_text(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got;

    if (fd < 0)
        return -errno;
    got = read(fd, text, size - 1);
    close(fd);
    if (got < 0)
        return -EIO;
    text[got] = '\0';
    return 0;
}

static int read_cpu(struct procfs_machine *machine)
{
    /* user nice system idle iowait irq softirq steal; guest time is part of user already. */
    double ticks[8] = {0}, total = 0;
    char text[1024];
    int result = read_text("/proc/stat", text, sizeof(text));

    if (result < 0)
        return result;
    if (sscanf(text, "cpu %lf %lf %lf %lf %lf %lf %lf %lf", &ticks[0], &ticks[1], &ticks[2],
               &ticks[3], &ticks[4], &ticks[5], &ticks[6], &ticks[7]) < 4)
        return -EBADMSG;
    for (int i = 0; i < 8; i++)
        total += ticks[i];
    machine->cpu_total_ticks = total;
    machine->cpu_busy_ticks = total - ticks[3] - ticks[4];
    return 0;
}

int procfs_read_machine(struct procfs_machine *machine)
{
    char text[4096];
    int64_t total, available;
    int result = read_cpu(machine);

    if (result == 0)
        result = read_text("/proc/meminfo", text, sizeof(text));
    if (result < 0)
        return result;
    total = procfs_find_number(text, "MemTotal:");
    available = procfs_find_number(text, "MemAvailable:");
    if (total < 0 || available < 0)
        return -EBADMSG;
    machine->mem_total = total * 1024;
    machine->mem_available = available * 1024;
    return 0;
}

int procfs_read_wchan(pid_t pid, char *out, size_t size)
{
    ssize_t got = proc_scan_read(pid, "wchan", out, size);

    if (got >= 0)
        return 0;
    out[0] = '\0';
    return got == -EACCES || got == -EPERM ? 0 : (int)got;
}

int procfs_count_fds(pid_t pid)
{
    struct proc_scan scan;
    struct stat status;
    char path[40];
    int count = 0, result;

    snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
    /* Kernels from 6.2 on tell the number as the directory's size. */
    if (stat(path, &status) == 0 && status.st_size > 0)
        return (int)status.st_size;
    result = proc_scan_open(&scan, path);
    if (result < 0)
        return result == -ENOENT ? -ESRCH : result;
    while (proc_scan_next_name(&scan))
        count++;
    proc_scan_close(&scan);
    return count;
}

double procfs_read_waited(pid_t pid)
{
    char text[96], *at;

    /* CPU time, time spent waiting for a CPU, timeslices: nanoseconds. */
    if (proc_scan_read(pid, "schedstat", text, sizeof(text)) <= 0)
        return 0;
    (void)strtoll(text, &at, 10);
    return (double)strtoll(at, NULL, 10) / 1e9;
}

int64_t procfs_read_io(pid_t pid)
{
    char text[512];
    ssize_t got = proc_scan_read(pid, "io", text, sizeof(text));
    int64_t in, out;

    if (got < 0)
        return got;
    in = procfs_find_number(text, "rchar:");
    out = procfs_find_number(text, "wchar:");
    return in < 0 || out < 0 ? -EBADMSG : in + out;
}

long procfs_ticks(void)
{
    long ticks = sysconf(_SC_CLK_TCK);

    return ticks > 0 ? ticks : 100;
}
