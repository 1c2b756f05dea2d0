/* SPDX-License-Identifier: MIT */
/*
 * Sections about processes, threads and descriptors; those about memory and limits are in
 * sections_memory.c.
 */
#include "evidence/sections.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/secret.h"
#include "evidence/calls.h"
#include "evidence/wait.h"

enum { STACK_BYTES = 8192, ENVIRON_BYTES = 256 << 10, THREADS_SAID = 100, COMMAND_BYTES = 4096 };

/* The command line with spaces between its words, without what looks secret. */
static void read_command(pid_t pid, struct buf *out)
{
    char text[COMMAND_BYTES];
    const char *previous = NULL;
    ssize_t len = procfs_read_file(pid, "cmdline", text, sizeof(text));

    for (const char *at = text; len > 0 && at < text + len; at += strlen(at) + 1) {
        if (previous)
            buf_append_char(out, ' ');
        secret_add_argument(out, previous, at, strlen(at));
        previous = at;
    }
}

void section_processes(const struct facts *facts, struct report *report)
{
    report_section(report, "Processes");
    for (size_t i = 0; i < facts->count; i++) {
        const struct process *process = &facts->processes[i];
        struct buf command = {0};

        read_command(process->pid, &command);
        report_line(report, "%s%d  parent %d  state %c  %zu thread%s  %s",
                    process->in_tree ? "" : "(not its own) ", (int)process->pid, (int)process->ppid,
                    process->state, process->thread_count, process->thread_count == 1 ? "" : "s",
                    buf_len(&command) ? buf_string(&command) : process->comm);
        buf_fini(&command);
    }
}

static bool is_meant(size_t place, enum section_of whose)
{
    return whose == SECTION_ALL || (whose == SECTION_LEADER) == (place == 0);
}

static void thread_call(const struct thread *thread, char *out, size_t size)
{
    char unknown[24];
    size_t used;

    if (thread->call_error == -ESRCH)
        snprintf(out, size, "gone");
    else if (thread->call_error)
        snprintf(out, size, "system call: %s", strerror(-thread->call_error));
    else if (thread->call.running)
        snprintf(out, size, "in no system call");
    else if (thread->call.number < 0)
        snprintf(out, size, "in the kernel, in no system call");
    else {
        used = (size_t)snprintf(out, size, "%s(",
                                call_name(thread->call.number, unknown, sizeof(unknown)));
        for (int i = 0; i < 6 && used < size; i++)
            used += (size_t)snprintf(out + used, size - used, "%s0x%" PRIx64, i ? ", " : "",
                                     thread->call.args[i]);
        if (used < size)
            snprintf(out + used, size - used, ")");
    }
}

static void one_thread(const struct process *process, const struct thread *thread,
                       struct report *report)
{
    char call[240], name[48], stack[STACK_BYTES];
    ssize_t len;

    thread_call(thread, call, sizeof(call));
    report_line(report, "%d \"%s\"  state %c  CPU %.0f%%  %s%s", (int)thread->seen.tid,
                thread->seen.comm, thread->seen.state, thread->share * 100,
                *thread->seen.wchan ? "waits in " : "", thread->seen.wchan);
    report_line(report, "    %s", call);
    snprintf(name, sizeof(name), "task/%d/stack", (int)thread->seen.tid);
    len = procfs_read_file(process->pid, name, stack, sizeof(stack));
    if (len > 0)
        report_text(report, "    ", stack, (size_t)len);
    else if (len == -EACCES || len == -EPERM)
        report_line(report, "    kernel stack: not permitted (root may read it)");
}

void section_threads(const struct facts *facts, enum section_of whose, struct report *report)
{
    for (size_t i = 0; i < facts->count; i++) {
        const struct process *process = &facts->processes[i];

        if (!process->in_tree || process_is_dead(process) || !is_meant(i, whose))
            continue;
        report_section(report, "Threads of pid %d (%s)", (int)process->pid, process->comm);
        for (size_t t = 0; t < process->thread_count && t < THREADS_SAID; t++)
            one_thread(process, &process->threads[t], report);
        if (process->thread_count > THREADS_SAID)
            report_line(report, "(%zu threads more)", process->thread_count - THREADS_SAID);
    }
}

static const char *way_of(const struct procfs_fd *fd)
{
    if (fd->flags < 0)
        return "?";
    return (fd->flags & O_ACCMODE) == O_RDONLY   ? "r"
           : (fd->flags & O_ACCMODE) == O_WRONLY ? "w"
                                                 : "rw";
}

void section_files(struct facts *facts, enum section_of whose, struct report *report)
{
    for (size_t i = 0; i < facts->count; i++) {
        const struct process *process = &facts->processes[i];

        if (!process->in_tree || process_is_dead(process) || !is_meant(i, whose))
            continue;
        report_section(report, "Open files of pid %d (%s)", (int)process->pid, process->comm);
        if (process->fd_count < 0)
            report_line(report, "not permitted");
        for (int f = 0; f < process->fd_count; f++) {
            const struct procfs_fd *fd = &process->fds[f];
            const char *name =
                strncmp(fd->target, "socket:", 7) == 0 ? facts_socket(facts, fd->inode) : "";

            report_line(report, "%4d  %-2s  %s%s%s%s%s", fd->fd, way_of(fd), fd->target,
                        *name ? "  " : "", name, *fd->polled ? "  watches fds " : "", fd->polled);
        }
    }
}

/* One variable; true when its value was hidden. */
static bool add_variable(const char *text, enum environment_part part, struct report *report)
{
    struct buf line = {0};
    bool hidden = false;

    if (part == ENVIRONMENT_NAMES)
        buf_append(&line, text, strcspn(text, "="));
    else if (part == ENVIRONMENT_WHOLE)
        buf_append_string(&line, text);
    else
        hidden = secret_add_variable(&line, text, strlen(text));
    report_line(report, "%s", buf_string(&line));
    buf_fini(&line);
    return hidden;
}

bool section_environment(pid_t pid, enum environment_part part, struct report *report)
{
    char *text = mem_new(ENVIRON_BYTES);
    ssize_t len = procfs_read_file(pid, "environ", text, ENVIRON_BYTES);
    bool hidden = false;

    report_section(report, part == ENVIRONMENT_NAMES ? "Environment (names)" : "Environment");
    if (len < 0)
        report_line(report, "not permitted");
    for (const char *at = text; len > 0 && at < text + len; at += strlen(at) + 1)
        if (*at)
            hidden |= add_variable(at, part, report);
    free(text);
    return hidden;
}
