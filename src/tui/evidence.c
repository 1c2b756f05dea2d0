/* SPDX-License-Identifier: MIT */
/*
 * What /proc tells of a worker, read by the client itself (it runs on the supervisor's machine, as
 * the operator): threads with what they wait for and kernel stacks, open files, environment. The
 * process is checked by its start time before and after, so that a page never shows a stranger.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/secret.h"
#include "sys/procfs.h"
#include "tui/page.h"
#include "tui/view.h"

enum { FILE_BYTES = 65536, THREADS_MAX = 200 };

/* At most FILE_BYTES of /proc/PID/name; NULL when it can't be read. */
static char *read_proc(int64_t pid, const char *name, size_t *len)
{
    char path[128], *bytes;
    ssize_t n;
    int fd;

    snprintf(path, sizeof(path), "/proc/%lld/%s", (long long)pid, name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    bytes = mem_new(FILE_BYTES + 1);
    *len = 0;
    while (*len < FILE_BYTES && (n = read(fd, bytes + *len, FILE_BYTES - *len)) > 0)
        *len += (size_t)n;
    close(fd);
    return bytes;
}

static void add_lines(struct tui *tui, const char *indent, char *bytes, size_t len, char end)
{
    for (size_t at = 0; at < len;) {
        const char *stop = memchr(bytes + at, end, len - at);
        size_t line = stop ? (size_t)(stop - bytes) - at : len - at;
        if (line)
            page_printf(tui, "%s%.*s", indent, (int)line, bytes + at);
        at += line + 1;
    }
}

static void add_thread_file(struct tui *tui, int64_t pid, const char *tid, const char *file,
                            const char *label)
{
    char name[64];
    size_t len = 0;
    char *bytes;

    snprintf(name, sizeof(name), "task/%.16s/%s", tid, file);
    bytes = read_proc(pid, name, &len);
    if (bytes && len) {
        if (*label)
            page_printf(tui, "  %s", label);
        add_lines(tui, *label ? "    " : "  ", bytes, len, '\n');
    } else if (*label) {
        page_printf(tui, "  %s: not permitted", label);
    }
    free(bytes);
}

static void add_thread(struct tui *tui, int64_t pid, const char *tid)
{
    char name[64], *comm, *wchan;
    size_t len = 0, wait = 0;

    snprintf(name, sizeof(name), "task/%.16s/comm", tid);
    comm = read_proc(pid, name, &len);
    snprintf(name, sizeof(name), "task/%.16s/wchan", tid);
    wchan = read_proc(pid, name, &wait);
    if (comm && len)
        comm[len - 1] = '\0';
    page_printf(tui, "thread %s \"%s\"  waits in %s", tid, comm ? comm : "",
                wchan && wait && strcmp(wchan, "0") != 0 ? wchan : "nothing (runs)");
    free(comm);
    free(wchan);
    add_thread_file(tui, pid, tid, "syscall", "system call and its arguments");
    add_thread_file(tui, pid, tid, "stack", "kernel stack");
}

static void add_stack(struct tui *tui, int64_t pid)
{
    char path[64];
    struct dirent *entry;
    int count = 0;
    DIR *dir;

    snprintf(path, sizeof(path), "/proc/%lld/task", (long long)pid);
    dir = opendir(path);
    while (dir && count < THREADS_MAX && (entry = readdir(dir))) {
        if (entry->d_name[0] == '.')
            continue;
        add_thread(tui, pid, entry->d_name);
        count++;
    }
    if (dir)
        closedir(dir);
}

static void add_files(struct tui *tui, int64_t pid)
{
    char path[64], target[1024];
    struct dirent *entry;
    DIR *dir;

    snprintf(path, sizeof(path), "/proc/%lld/fd", (long long)pid);
    dir = opendir(path);
    if (!dir)
        page_printf(tui, "%s: %s", path, strerror(errno));
    while (dir && (entry = readdir(dir))) {
        ssize_t n = entry->d_name[0] == '.'
                        ? -1
                        : readlinkat(dirfd(dir), entry->d_name, target, sizeof(target));
        if (n >= 0)
            page_printf(tui, "%4s  %.*s", entry->d_name, (int)n, target);
    }
    if (dir)
        closedir(dir);
}

/* One variable a line. True when a secret was hidden. */
static bool add_variables(struct tui *tui, const char *bytes, size_t len, bool reveal)
{
    bool hidden = false;
    struct buf line = {0};

    for (size_t at = 0; at < len;) {
        const char *stop = memchr(bytes + at, '\0', len - at);
        size_t size = stop ? (size_t)(stop - bytes) - at : len - at;

        buf_reset(&line);
        if (reveal)
            buf_append(&line, bytes + at, size);
        else
            hidden |= secret_add_variable(&line, bytes + at, size);
        if (size)
            page_add(tui, buf_data(&line), buf_len(&line));
        at += size + 1;
    }
    buf_fini(&line);
    return hidden;
}

static void add_environment(struct tui *tui, const struct pin *pin, bool reveal)
{
    size_t len = 0;
    char *bytes = read_proc(pin->pid, "environ", &len);

    if (!bytes)
        page_printf(tui, "/proc/%lld/environ: %s", (long long)pin->pid, strerror(errno));
    else if (add_variables(tui, bytes, len, reveal))
        tui->page.hidden_of = *pin;
    if (tui->page.hidden_of.pid)
        page_title(tui, "%s[%lld] pid %lld: environment (e shows hidden values)", pin->pool,
                   (long long)pin->slot, (long long)pin->pid);
    free(bytes);
}

static bool is_same(const struct pin *pin)
{
    struct procfs_stat stat;
    return procfs_read_stat((pid_t)pin->pid, (uint64_t)pin->start, &stat) == 0;
}

static void add_evidence(struct tui *tui, enum action action, const struct pin *pin)
{
    if (action == ACTION_STACK)
        add_stack(tui, pin->pid);
    else if (action == ACTION_FILES)
        add_files(tui, pin->pid);
    else
        add_environment(tui, pin, action == ACTION_REVEAL);
}

void page_evidence(struct tui *tui, enum action action)
{
    static const char *const titles[] = {"threads", "open files", "environment"};
    const char *title = titles[action == ACTION_STACK ? 0 : action == ACTION_FILES ? 1 : 2];
    struct pin pin = tui->page.hidden_of;

    if (action != ACTION_REVEAL)
        view_subject(tui, &pin);
    if (pin.pid <= 0) {
        notice_say(tui, ROLE_NORMAL,
                   action == ACTION_REVEAL ? "Nothing is hidden here" : "No process here");
        return;
    }
    page_clear(tui);
    page_title(tui, "%s[%lld] pid %lld: %s", pin.pool, (long long)pin.slot, (long long)pin.pid,
               title);
    if (is_same(&pin))
        add_evidence(tui, action, &pin);
    if (!is_same(&pin)) {
        page_clear(tui);
        notice_say(tui, ROLE_NORMAL, "pid %lld is gone", (long long)pin.pid);
        return;
    }
    if (action != ACTION_REVEAL)
        view_enter(tui, VIEW_PAGE);
}
