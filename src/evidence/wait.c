/* SPDX-License-Identifier: MIT */
/*
 * One thread's wait, from its state, system call and arguments. Where the call leaves it open the
 * kernel's wait channel decides.
 */
#include "evidence/wait.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include "evidence/calls.h"
#include "evidence/futex.h"
#include "evidence/pipe_end.h"

struct place {
    struct facts *facts;
    const struct process *process;
    const struct thread *thread;
    const struct call_class *class;
    const char *call; /* its name */
};

void wait_name(const struct facts *facts, pid_t pid, pid_t tid, char *out, size_t size)
{
    for (size_t i = 0; i < facts->count; i++) {
        const struct process *process = &facts->processes[i];
        const struct thread *thread = tid && tid != pid ? process_thread(process, tid) : NULL;

        if (process->pid != pid)
            continue;
        if (thread)
            snprintf(out, size, "thread %d (%s)", (int)tid, thread->seen.comm);
        else
            snprintf(out, size, "%s %d (%s)", process->thread_count > 1 && tid ? "thread" : "pid",
                     (int)pid, process->comm);
        return;
    }
    snprintf(out, size, "pid %d", (int)pid);
}

/* How long it waits at most, read from where its argument points to. */
static double call_limit(const struct place *place)
{
    const struct procfs_call *call = &place->thread->call;
    uint64_t value = call->args[place->class->limit_at];
    int64_t pair[2];

    switch (place->class->limit) {
    case LIMIT_NONE:
        break;
    case LIMIT_MS:
        return (int)value < 0 ? -1 : (double)(int)value / 1e3;
    case LIMIT_TIMESPEC:
    case LIMIT_TIMEVAL:
        if (!value || procfs_peek(place->process->pid, value, pair, sizeof(pair)) < 0)
            break;
        return (double)pair[0] +
               (double)pair[1] / (place->class->limit == LIMIT_TIMEVAL ? 1e6 : 1e9);
    }
    return -1;
}

static void say_span(double seconds, char out[24])
{
    if (seconds < 0)
        snprintf(out, 24, "%s", "");
    else if (seconds < 1)
        snprintf(out, 24, "%.0fms", seconds * 1e3);
    else
        snprintf(out, 24, seconds < 100 ? "%.1fs" : "%.0fs", seconds);
}

/* What a descriptor is: "fd 3, /var/lib/x", "fd 4, tcp 127.0.0.1:80 -> ... established". */
static void say_fd(const struct place *place, int number, char out[200])
{
    const struct procfs_fd *fd = process_fd(place->process, number);
    char name[160] = "";

    if (fd && strncmp(fd->target, "socket:", 7) == 0)
        snprintf(name, sizeof(name), "%s", facts_socket(place->facts, fd->inode));
    if (fd && !*name)
        snprintf(name, sizeof(name), "%.150s", fd->target);
    snprintf(out, 200, "fd %d%s%.160s", number, *name ? ", " : "", name);
}

static void wait_on_pipe(const struct place *place, const struct procfs_fd *fd, bool output,
                         struct wait *wait)
{
    pid_t peer = pipe_other_end(place->facts, place->process, fd, output);
    char who[80] = "nobody";

    wait->on_pid = peer;
    wait->full_pipe = output;
    if (peer > 0 && peer == place->facts->supervisor)
        snprintf(who, sizeof(who), "lifeguard");
    else if (peer > 0)
        wait_name(place->facts, peer, 0, who, sizeof(who));
    else if (peer < 0)
        snprintf(who, sizeof(who), "somebody whose descriptors can't be read");
    if (output)
        snprintf(wait->what, sizeof(wait->what),
                 "waits to write into a full pipe (fd %d), which %s should read", fd->fd, who);
    else
        snprintf(wait->what, sizeof(wait->what),
                 "waits to read from an empty pipe (fd %d), which %s should write into", fd->fd,
                 who);
    if (peer < 0)
        wait->on_pid = 0;
}

static void wait_on_fd(const struct place *place, bool output, struct wait *wait)
{
    int number = (int)place->thread->call.args[place->class->fd];
    const struct procfs_fd *fd = process_fd(place->process, number);
    char name[200];

    wait->kind = output ? WAIT_OUTPUT : WAIT_INPUT;
    if (fd && strncmp(fd->target, "pipe:", 5) == 0) {
        wait_on_pipe(place, fd, output, wait);
        return;
    }
    say_fd(place, number, name);
    snprintf(wait->what, sizeof(wait->what), "waits to %s %.200s",
             output ? "write to" : "read from", name);
}

/* The child that wait4 or waitid waits for: the one asked for, else the first that lives. */
static pid_t awaited_child(const struct place *place, int *zombies)
{
    const struct procfs_call *call = &place->thread->call;
    pid_t asked = 0, found = 0;

    if (strcmp(place->call, "wait4") == 0)
        asked = (pid_t)call->args[0];
    else if (strcmp(place->call, "waitid") == 0 && call->args[0] == 1)
        asked = (pid_t)call->args[1];
    *zombies = 0;
    for (size_t i = 0; i < place->facts->count; i++) {
        const struct process *child = &place->facts->processes[i];

        if (child->ppid != place->process->pid)
            continue;
        *zombies += child->state == 'Z';
        if (child->pid == asked || (!found && child->state != 'Z'))
            found = child->pid;
        if (child->pid == asked)
            break;
    }
    return found;
}

static void wait_on_child(const struct place *place, struct wait *wait)
{
    int zombies;
    pid_t child = awaited_child(place, &zombies);
    char who[80] = "that is not there";

    wait->kind = WAIT_CHILD;
    wait->on_pid = child;
    if (child)
        wait_name(place->facts, child, 0, who, sizeof(who));
    snprintf(wait->what, sizeof(wait->what), "waits for its child %s to %s (%s)", who,
             strstr(place->call, "wait") ? "end" : "start a program or end", place->call);
}

/* A shell's `wait` waits for the signal that a child has ended. */
static void wait_on_signal(const struct place *place, struct wait *wait)
{
    int zombies;
    pid_t child = strcmp(place->call, "rt_sigsuspend") == 0 ? awaited_child(place, &zombies) : 0;
    char who[80];

    wait->kind = child ? WAIT_CHILD : WAIT_SIGNAL;
    wait->on_pid = child;
    if (child)
        wait_name(place->facts, child, 0, who, sizeof(who));
    snprintf(wait->what, sizeof(wait->what), "waits for a signal (%s)%s%s", place->call,
             child ? ", as a shell does for its child " : "", child ? who : "");
}

static void wait_on_events(const struct place *place, struct wait *wait)
{
    const struct procfs_fd *fd =
        place->class->fd < 0
            ? NULL
            : process_fd(place->process, (int)place->thread->call.args[place->class->fd]);
    char span[24], most[48] = "";

    wait->kind = WAIT_EVENTS;
    wait->limit = call_limit(place);
    say_span(wait->limit, span);
    if (*span)
        snprintf(most, sizeof(most), ", for at most %s", span);
    if (fd && *fd->polled)
        snprintf(wait->what, sizeof(wait->what), "waits for events on fds %.120s (%s%s)",
                 fd->polled, place->call, most);
    else
        snprintf(wait->what, sizeof(wait->what), "waits for events (%s%s)", place->call, most);
}

static void wait_on_time(const struct place *place, struct wait *wait)
{
    const struct procfs_call *call = &place->thread->call;
    char span[24];

    wait->kind = WAIT_SLEEP;
    wait->limit = call_limit(place);
    /* A point in time instead of a span: what is left of it. */
    if (strcmp(place->call, "clock_nanosleep") == 0 && (call->args[1] & TIMER_ABSTIME)) {
        struct timespec now;

        if (clock_gettime((clockid_t)call->args[0], &now) == 0 && wait->limit >= 0)
            wait->limit -= (double)now.tv_sec + (double)now.tv_nsec / 1e9;
        wait->limit = wait->limit < 0 ? 0 : wait->limit;
    }
    say_span(wait->limit, span);
    snprintf(wait->what, sizeof(wait->what), "sleeps%s%s (%s)", *span ? " for " : "", span,
             place->call);
}

static void wait_on_file_lock(const struct place *place, struct wait *wait)
{
    int number = (int)place->thread->call.args[0];
    pid_t holder = procfs_lock_holder(place->process->pid);
    char who[80] = "another process", name[200];

    wait->kind = WAIT_FILE_LOCK;
    wait->on_pid = holder;
    if (holder && facts_process(place->facts, holder))
        wait_name(place->facts, holder, 0, who, sizeof(who));
    say_fd(place, number, name);
    snprintf(wait->what, sizeof(wait->what), "waits for a file lock (%.120s) held by %s", name,
             who);
}

static void wait_on_disk(const struct place *place, struct wait *wait)
{
    const char *wchan = *place->thread->seen.wchan ? place->thread->seen.wchan : "the kernel";
    char name[200] = "";

    wait->kind = WAIT_DISK;
    if (place->class && place->class->kind == CALL_CHILD) {
        wait_on_child(place, wait);
        return;
    }
    if (place->class && place->class->fd >= 0)
        say_fd(place, (int)place->thread->call.args[place->class->fd], name);
    snprintf(wait->what, sizeof(wait->what), "is in disk wait (D) in %s%s%.120s", wchan,
             *name ? ", " : "", name);
}

/* Continued after a stop it is in restart_syscall, which says nothing: the wait channel does. */
static void wait_by_channel(const struct place *place, struct wait *wait)
{
    static const struct {
        const char *part;
        enum wait_kind kind;
        const char *words;
    } channels[] = {{"nanosleep", WAIT_SLEEP, "sleeps"},
                    {"futex", WAIT_CONDITION, "waits for a lock or condition"},
                    {"poll", WAIT_EVENTS, "waits for events"},
                    {"select", WAIT_EVENTS, "waits for events"},
                    {"pipe_write", WAIT_OUTPUT, "waits to write into a pipe"},
                    {"pipe_read", WAIT_INPUT, "waits to read from a pipe"},
                    {"do_wait", WAIT_CHILD, "waits for a child"},
                    {"sigsuspend", WAIT_SIGNAL, "waits for a signal"}};
    const char *wchan = place->thread->seen.wchan;

    wait->kind = WAIT_OTHER;
    for (size_t i = 0; i < sizeof(channels) / sizeof(channels[0]); i++) {
        if (!strstr(wchan, channels[i].part))
            continue;
        wait->kind = channels[i].kind;
        snprintf(wait->what, sizeof(wait->what), "%s (%s)", channels[i].words, wchan);
        return;
    }
    if (*place->call)
        snprintf(wait->what, sizeof(wait->what), "is in the system call %s%s%s", place->call,
                 *wchan ? ", in " : "", wchan);
    else
        snprintf(wait->what, sizeof(wait->what), "waits in %s", *wchan ? wchan : "the kernel");
}

static void wait_by_call(const struct place *place, struct wait *wait)
{
    switch (place->class ? place->class->kind : CALL_OTHER) {
    case CALL_INPUT:
        wait_on_fd(place, false, wait);
        break;
    case CALL_OUTPUT:
        wait_on_fd(place, true, wait);
        break;
    case CALL_ACCEPT:
        wait->kind = WAIT_EVENTS;
        snprintf(wait->what, sizeof(wait->what), "waits for connections (%s)", place->call);
        break;
    case CALL_CONNECT:
        wait->kind = WAIT_OTHER;
        snprintf(wait->what, sizeof(wait->what), "waits for a connection to be made (connect)");
        break;
    case CALL_CHILD:
        wait_on_child(place, wait);
        break;
    case CALL_FUTEX:
        wait->limit = call_limit(place);
        futex_find(place->facts, place->process, place->thread, wait);
        break;
    case CALL_EVENTS:
        wait_on_events(place, wait);
        break;
    case CALL_SLEEP:
        wait_on_time(place, wait);
        break;
    case CALL_SIGNAL:
        wait_on_signal(place, wait);
        break;
    case CALL_FILE_LOCK:
        wait_on_file_lock(place, wait);
        break;
    case CALL_IPC:
        wait->kind = WAIT_CONDITION;
        snprintf(wait->what, sizeof(wait->what), "waits for System V IPC (%s)", place->call);
        break;
    case CALL_RESUMED:
    case CALL_OTHER:
        wait_by_channel(place, wait);
        break;
    }
}

void wait_find(struct facts *facts, const struct process *process, const struct thread *thread,
               struct wait *wait)
{
    char unknown[24];
    bool known = !thread->call_error && !thread->call.running && thread->call.number >= 0;
    struct place place = {.facts = facts, .process = process, .thread = thread, .call = ""};

    *wait = (struct wait){.kind = WAIT_OTHER, .limit = -1};
    if (known) {
        place.class = call_class_find(thread->call.number);
        place.call = call_name(thread->call.number, unknown, sizeof(unknown));
    }
    switch (thread->seen.state) {
    case 'T':
        wait->kind = WAIT_STOPPED;
        snprintf(wait->what, sizeof(wait->what), "is stopped by a signal");
        break;
    case 't':
        wait->kind = WAIT_STOPPED;
        snprintf(wait->what, sizeof(wait->what), "is stopped by a debugger");
        break;
    case 'Z':
    case 'X':
        wait->kind = WAIT_ENDED;
        snprintf(wait->what, sizeof(wait->what), "has ended");
        break;
    case 'D':
        wait_on_disk(&place, wait);
        break;
    case 'R':
        wait->kind = WAIT_NOT;
        snprintf(wait->what, sizeof(wait->what), "runs");
        break;
    default:
        wait_by_call(&place, wait);
        break;
    }
}
