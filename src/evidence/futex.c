/* SPDX-License-Identifier: MIT */
/*
 * glibc's pthread_mutex_t (bits/struct_mutex.h): lock word, recursion count, owner, users, kind.
 * The futex is the lock word, so the owner stands eight bytes behind it. Whether what stands there
 * is a mutex at all is a guess that must fit in every field; else it is a condition, a semaphore,
 * or another program's own lock.
 */
#include "evidence/futex.h"

#include <errno.h>
#include <linux/futex.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sys/procfs.h"

struct mutex_image {
    int32_t lock;
    uint32_t count;
    int32_t owner;
    uint32_t users;
    int32_t kind;
};

enum { KIND_BITS = 0x1ff, USERS_MOST = 1 << 16 };

static bool looks_like_mutex(const struct mutex_image *image)
{
    pid_t in_word = (pid_t)((uint32_t)image->lock & FUTEX_TID_MASK);

    if (image->owner <= 0 || image->kind & ~KIND_BITS || image->users > USERS_MOST)
        return false;
    /* 1 = locked, 2 = with waiters; robust and priority ones have the owner in the word. */
    return image->lock == 1 || image->lock == 2 || in_word == image->owner;
}

/* Numbers of another PID namespace mean nothing here. */
static bool is_foreign(const struct process *process)
{
    char path[48], theirs[64] = "", ours[64] = "";

    snprintf(path, sizeof(path), "/proc/%d/ns/pid", (int)process->look);
    return readlink(path, theirs, sizeof(theirs) - 1) > 0 &&
           readlink("/proc/self/ns/pid", ours, sizeof(ours) - 1) > 0 && strcmp(theirs, ours) != 0;
}

/* The process of a thread id: of this one or, of a lock that processes share, of any other. 0 = it
 * is gone; -1 = not known: what looks like an owner need not be one. */
static pid_t owner_process(struct facts *facts, const struct process *process, pid_t tid,
                           bool private)
{
    char text[4096];
    int64_t group;

    if (process_thread(process, tid))
        return process->pid;
    if (private || is_foreign(process) || facts->count == FACTS_PROCESSES)
        return -1;
    for (size_t i = 0; i < facts->count; i++)
        if (process_thread(&facts->processes[i], tid))
            return facts->processes[i].pid;
    /* /proc answers for threads too. */
    if (procfs_read_file(tid, "status", text, sizeof(text)) <= 0)
        return 0;
    group = procfs_find_number(text, "Tgid:");
    return group > 0 && facts_process(facts, (pid_t)group) ? (pid_t)group : -1;
}

static void describe_mutex(struct facts *facts, const struct process *process,
                           const struct thread *thread, pid_t owner, struct wait *wait)
{
    bool private = thread->call.args[1] & FUTEX_PRIVATE_FLAG;
    pid_t holder = owner_process(facts, process, owner, private);
    unsigned long long address = thread->call.args[0];
    const struct process *other = holder > 0 ? facts_process(facts, holder) : NULL;
    char who[80];

    wait->kind = holder < 0 ? WAIT_CONDITION : WAIT_LOCK;
    if (holder < 0) {
        snprintf(wait->what, sizeof(wait->what),
                 "waits for a lock (futex at 0x%llx) whose holder is not known", address);
        return;
    }
    if (!holder || (other && (other->state == 'Z' || other->state == 'X'))) {
        wait->holder_gone = true;
        snprintf(wait->what, sizeof(wait->what),
                 "waits for a lock (mutex at 0x%llx) whose holder, thread %d, is gone: nobody will "
                 "release it",
                 address, (int)owner);
        return;
    }
    wait->on_pid = holder;
    wait->on_tid = owner;
    wait_name(facts, holder, owner, who, sizeof(who));
    snprintf(wait->what, sizeof(wait->what), "waits for a lock (mutex at 0x%llx) held by %s%s",
             address, who, owner == thread->seen.tid ? ", itself" : "");
}

void futex_find(struct facts *facts, const struct process *process, const struct thread *thread,
                struct wait *wait)
{
    const uint64_t *args = thread->call.args;
    unsigned long long address = args[0];
    struct mutex_image image;
    char most[48] = "";

    if (wait->limit >= 0)
        snprintf(most, sizeof(most), ", with a time limit");
    /* pthread_join waits for the thread's id to be cleared. */
    if ((pid_t)args[2] > 0 && (pid_t)args[2] != thread->seen.tid &&
        process_thread(process, (pid_t)args[2])) {
        wait->kind = WAIT_JOIN;
        wait->on_pid = process->pid;
        wait->on_tid = (pid_t)args[2];
        snprintf(wait->what, sizeof(wait->what), "waits for thread %d to end", (int)args[2]);
        return;
    }
    if (procfs_peek(process->pid, args[0], &image, sizeof(image)) == 0 &&
        looks_like_mutex(&image)) {
        describe_mutex(facts, process, thread, image.owner, wait);
        return;
    }
    wait->kind = WAIT_CONDITION;
    snprintf(wait->what, sizeof(wait->what),
             "waits for a condition, semaphore or lock (futex at 0x%llx%s)", address, most);
}
