/* SPDX-License-Identifier: MIT */
/*
 * From one who waits to the next. A thread that runs, sleeps or waits for the outside ends the
 * chain; coming back to one that is in it already is a deadlock.
 */
#include <stdio.h>
#include <string.h>

#include "evidence/wait.h"

static int chain_place(const struct chain *chain, pid_t pid, pid_t tid)
{
    for (int i = 0; i < chain->count; i++)
        if (chain->links[i].pid == pid && chain->links[i].tid == tid)
            return i;
    return -1;
}

/* Somebody who is waited for and has one thread, or of several the main one. */
static const struct thread *chain_next(struct facts *facts, const struct wait *wait,
                                       const struct process **process)
{
    *process = wait->on_pid > 0 ? facts_process(facts, wait->on_pid) : NULL;
    if (!*process || (*process)->pid == facts->supervisor)
        return NULL;
    return process_thread(*process, wait->on_tid ? wait->on_tid : wait->on_pid);
}

void chain_follow(struct facts *facts, const struct process *process, const struct thread *thread,
                  struct chain *chain)
{
    *chain = (struct chain){.cycle_at = -1};
    while (thread && chain->count < CHAIN_MOST) {
        int before = chain_place(chain, process->pid, thread->seen.tid);

        if (before >= 0) {
            chain->cycle_at = before;
            return;
        }
        chain->links[chain->count].pid = process->pid;
        chain->links[chain->count].tid = thread->seen.tid;
        wait_find(facts, process, thread, &chain->links[chain->count].wait);
        thread = chain_next(facts, &chain->links[chain->count++].wait, &process);
    }
}

void chain_describe(const struct facts *facts, const struct chain *chain, char *out, size_t size)
{
    size_t used;

    if (!chain->count) {
        snprintf(out, size, "nothing is known of it");
        return;
    }
    wait_name(facts, chain->links[0].pid, chain->links[0].tid, out, size);
    used = strlen(out);
    for (int i = 0; i < chain->count && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s %s", i ? ", which" : "",
                                 chain->links[i].wait.what);
    if (chain->cycle_at >= 0 && used < size)
        snprintf(out + used, size - used, "%s",
                 chain->count - chain->cycle_at > 1 ? ": a deadlock, each waits for the other"
                                                    : ": a deadlock with itself");
}
