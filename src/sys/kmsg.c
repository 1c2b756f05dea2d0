/* SPDX-License-Identifier: MIT */
/*
 * Reading /dev/kmsg: one record a read, "priority,sequence,microseconds,flags;text". The program's
 * name stands in the text as it is, so the figures are looked for from the end.
 */
#include "sys/kmsg.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

/* More than the kernel keeps by default. */
enum { RECORDS_MOST = 4096, RECORD_BYTES = 1024, SEVERITY_BITS = 3 };

/* Its clock and the monotonic one drift apart: by less than this share of the time since boot. */
enum { DRIFT_SHARE = 1000 };

/* The namespace in which the log tells PIDs; a constant of the kernel. */
#define FIRST_PID_NAMESPACE "pid:[4026531836]"

static bool pids_are_ours(void)
{
    char name[64];
    ssize_t len = readlink("/proc/self/ns/pid", name, sizeof(name) - 1);

    name[len > 0 ? len : 0] = '\0';
    return strcmp(name, FIRST_PID_NAMESPACE) == 0;
}

void kmsg_open(struct kmsg *log)
{
    *log = (struct kmsg){.fd = -1};
    if (!pids_are_ours())
        return;
    log->fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (log->fd >= 0 && lseek(log->fd, 0, SEEK_END) < 0)
        kmsg_close(log);
}

void kmsg_close(struct kmsg *log)
{
    if (log->fd >= 0)
        close(log->fd);
    log->fd = -1;
}

/* The last "KEY<number>kB" of the text in bytes, -1 when there is none. */
static int64_t figure(const char *text, const char *key)
{
    const char *last = NULL;

    for (const char *at = strstr(text, key); at; at = strstr(at + 1, key))
        last = at;
    return last ? strtoll(last + strlen(key), NULL, 10) * 1024 : -1;
}

bool kmsg_parse(const char *record, struct kmsg_death *death)
{
    static const char before_pid[] = "Killed process ";
    const char *text = strchr(record, ';'), *time = strchr(record, ',');
    const char *at;

    /* The facility of the kernel is 0; whoever else writes here gets another. */
    if (!text || !time || strtol(record, NULL, 10) >> SEVERITY_BITS != 0)
        return false;
    time = strchr(time + 1, ',');
    at = strstr(text, before_pid);
    if (!time || time > text || !at || !strstr(text, "emory"))
        return false;
    *death = (struct kmsg_death){
        .pid = (int)strtol(at + strlen(before_pid), NULL, 10),
        .at = strtoll(time + 1, NULL, 10) * CLOCK_US,
        .total_vm = figure(text, "total-vm:"),
        .anon_rss = figure(text, "anon-rss:"),
    };
    return death->pid > 0;
}

static void read_deaths(struct kmsg *log)
{
    char record[RECORD_BYTES];

    for (int i = 0; i < RECORDS_MOST; i++) {
        struct kmsg_death death;
        ssize_t len = read(log->fd, record, sizeof(record) - 1);

        /* EPIPE: records were overwritten before they were read; EINVAL: one that is too long. */
        if (len < 0 && (errno == EPIPE || errno == EINVAL || errno == EINTR))
            continue;
        if (len <= 0)
            return;
        record[len] = '\0';
        if (!kmsg_parse(record, &death))
            continue;
        log->deaths[log->next] = death;
        log->next = (log->next + 1) % KMSG_DEATHS;
    }
}

bool kmsg_take_death(struct kmsg *log, int pid, int64_t since, struct kmsg_death *death)
{
    int64_t slack = clock_now() / DRIFT_SHARE + CLOCK_S;

    if (log->fd < 0)
        return false;
    read_deaths(log);
    for (size_t i = 0; i < ARRAY_LEN(log->deaths); i++) {
        struct kmsg_death *each = &log->deaths[i];

        if (each->pid != pid || each->at < since - slack)
            continue;
        *death = *each;
        each->pid = 0;
        return true;
    }
    return false;
}
