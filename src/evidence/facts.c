/* SPDX-License-Identifier: MIT */
/*
 * Gathering: one walk over /proc finds the tree (the worker's session and everybody's children),
 * then each of its threads is looked at twice.
 */
#include "evidence/facts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "sys/procfs.h"

static void sample_before(struct thread *thread)
{
    thread->ticks_before = thread->seen.user_ticks + thread->seen.sys_ticks;
    thread->sys_before = thread->seen.sys_ticks;
    thread->wanted_before = thread->seen.wanted_ns;
}

static void process_read_fds(struct process *process)
{
    int *numbers = mem_new_array(FACTS_FDS, sizeof(int));
    int count = procfs_list_fds(process->look, numbers, FACTS_FDS);

    process->fd_count = count < 0 ? -1 : 0;
    if (count > 0)
        process->fds = mem_new_array((size_t)count, sizeof(*process->fds));
    for (int i = 0; i < count; i++)
        if (procfs_read_fd(process->look, numbers[i], &process->fds[process->fd_count]) == 0)
            process->fd_count++;
    free(numbers);
}

static void process_read_threads(struct process *process)
{
    pid_t tids[FACTS_THREADS];
    int count = procfs_list_threads(process->pid, tids, FACTS_THREADS);

    if (count <= 0)
        return;
    process->threads = mem_new_array((size_t)count, sizeof(*process->threads));
    for (int i = 0; i < count; i++) {
        struct thread *thread = &process->threads[process->thread_count];

        if (procfs_read_thread(process->pid, tids[i], &thread->seen) < 0)
            continue;
        thread->user_share = -1;
        sample_before(thread);
        process->thread_count++;
    }
}

static int process_read(struct process *process, pid_t pid)
{
    struct procfs_stat stat;
    int rc = procfs_read_stat(pid, 0, &stat);

    if (rc < 0)
        return rc;
    *process = (struct process){.pid = pid,
                                .look = pid,
                                .ppid = stat.ppid,
                                .start = stat.start,
                                .state = stat.state,
                                .fd_count = -1};
    memcpy(process->comm, stat.comm, sizeof(process->comm));
    process_read_threads(process);
    for (size_t i = 0; i < process->thread_count && process->state == 'Z'; i++)
        if (process->threads[i].seen.state != 'Z')
            process->look = process->threads[i].seen.tid;
    return 0;
}

static void process_fini(struct process *process)
{
    free(process->threads);
    free(process->fds);
}

/* The second sample: what it does now, and what it used since the first. */
static void thread_read_again(const struct process *process, struct thread *thread, double window)
{
    double wanted, ticks, sys;

    if (procfs_read_thread(process->pid, thread->seen.tid, &thread->seen) < 0)
        return;
    thread->call_error = procfs_read_call(process->pid, thread->seen.tid, &thread->call);
    ticks = (double)(thread->seen.user_ticks + thread->seen.sys_ticks - thread->ticks_before);
    sys = (double)(thread->seen.sys_ticks - thread->sys_before);
    if (thread->seen.wanted_ns >= 0 && thread->wanted_before >= 0)
        wanted = (double)(thread->seen.wanted_ns - thread->wanted_before) / 1e9;
    else
        wanted = ticks / (double)procfs_ticks();
    thread->share = window > 0 ? wanted / window : 0;
    if (thread->share > 1)
        thread->share = 1;
    /* On a crowded machine it hardly ran in between: then its whole life tells. */
    if (ticks < 3) {
        ticks = (double)(thread->seen.user_ticks + thread->seen.sys_ticks);
        sys = (double)thread->seen.sys_ticks;
    }
    if (ticks >= 3)
        thread->user_share = 1 - sys / ticks;
}

static void facts_read_again(struct process *process, double window)
{
    struct procfs_stat stat;

    for (size_t i = 0; i < process->thread_count; i++)
        thread_read_again(process, &process->threads[i], window);
    process_read_fds(process);
    if (procfs_read_stat(process->pid, process->start, &stat) == 0)
        process->state = stat.state;
}

static bool facts_has(const struct facts *facts, pid_t pid)
{
    for (size_t i = 0; i < facts->count; i++)
        if (facts->processes[i].pid == pid)
            return true;
    return false;
}

static struct process *facts_add(struct facts *facts, pid_t pid)
{
    struct process *process = &facts->processes[facts->count];

    if (facts->count == FACTS_PROCESSES || process_read(process, pid) < 0)
        return NULL;
    facts->count++;
    return process;
}

/* The worker's session, and whoever has a parent in the tree, until nobody is new. */
static void facts_add_tree(struct facts *facts)
{
    struct procfs_kin *all = NULL;
    size_t count = procfs_list_kin(&all), before;
    pid_t leader = facts->processes[0].pid;

    do {
        before = facts->count;
        for (size_t i = 0; i < count; i++) {
            struct process *process = NULL;

            if (facts_has(facts, all[i].pid))
                continue;
            if (all[i].session == leader || facts_has(facts, all[i].ppid))
                process = facts_add(facts, all[i].pid);
            if (process)
                process->in_tree = true;
        }
    } while (facts->count > before && facts->count < FACTS_PROCESSES);
    free(all);
}

static void sleep_ms(int ms)
{
    struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};

    while (nanosleep(&time, &time) < 0 && errno == EINTR)
        ;
}

int facts_gather(struct facts *facts, pid_t pid, uint64_t start, int window_ms)
{
    int64_t began = clock_now();
    struct process *leader;

    *facts = (struct facts){0};
    facts->processes = mem_new_array(FACTS_PROCESSES, sizeof(*facts->processes));
    leader = facts_add(facts, pid);
    if (!leader || (start && leader->start != start)) {
        facts_fini(facts);
        return -ESRCH;
    }
    leader->in_tree = true;
    facts_add_tree(facts);
    sleep_ms(window_ms);
    facts->window = (double)(clock_now() - began) / 1e9;
    for (size_t i = 0; i < facts->count; i++)
        facts_read_again(&facts->processes[i], facts->window);
    return 0;
}

void facts_fini(struct facts *facts)
{
    for (size_t i = 0; facts->processes && i < facts->count; i++)
        process_fini(&facts->processes[i]);
    free(facts->processes);
    procfs_sockets_free(&facts->sockets);
    *facts = (struct facts){0};
}

struct process *facts_process(struct facts *facts, pid_t pid)
{
    struct process *process;

    for (size_t i = 0; i < facts->count; i++)
        if (facts->processes[i].pid == pid)
            return &facts->processes[i];
    process = pid > 0 ? facts_add(facts, pid) : NULL;
    if (process)
        facts_read_again(process, 0);
    return process;
}

const char *facts_socket(struct facts *facts, uint64_t inode)
{
    if (!facts->sockets_read)
        procfs_sockets_read(facts->processes[0].look, &facts->sockets);
    facts->sockets_read = true;
    return procfs_sockets_find(&facts->sockets, inode);
}

bool process_is_dead(const struct process *process)
{
    return process->state == 'Z' && process->look == process->pid;
}

const struct thread *process_thread(const struct process *process, pid_t tid)
{
    for (size_t i = 0; i < process->thread_count; i++)
        if (process->threads[i].seen.tid == tid)
            return &process->threads[i];
    return NULL;
}

const struct procfs_fd *process_fd(const struct process *process, int fd)
{
    for (int i = 0; i < process->fd_count; i++)
        if (process->fds[i].fd == fd)
            return &process->fds[i];
    return NULL;
}
