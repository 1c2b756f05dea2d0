/* SPDX-License-Identifier: MIT */
/*
 * Each rule looks at the whole tree and says at most a few things. The order of the rules is the
 * order of the findings: causes before what they cause.
 */
#include "evidence/findings.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "evidence/wait.h"

/* A thread that wants the CPU this much of the time does nothing else. */
static const double SPIN_SHARE = 0.9;
static const double USER_MOST = 0.8, SYSTEM_MOST = 0.2;
enum { SAID_MOST = 3 };

static const struct thread *main_thread(const struct process *process)
{
    return process_thread(process, process->pid);
}

static void say_quiet(double quiet, char out[40])
{
    char span[16];

    out[0] = '\0';
    if (quiet <= 0)
        return;
    str_format_duration(span, quiet);
    snprintf(out, 40, " for %s", span);
}

static void name_of(const struct facts *facts, const struct process *process,
                    const struct thread *thread, char *out, size_t size)
{
    wait_name(facts, process->pid, thread->seen.tid, out, size);
}

static void find_stopped(struct facts *facts, double quiet, struct report *report)
{
    for (size_t i = 0; i < facts->count; i++) {
        const struct process *process = &facts->processes[i];
        char text[4096], who[80], since[40];
        int64_t tracer = 0;

        if (!process->in_tree || (process->state != 'T' && process->state != 't'))
            continue;
        if (procfs_read_file(process->pid, "status", text, sizeof(text)) > 0)
            tracer = procfs_find_number(text, "TracerPid:");
        wait_name(facts, process->pid, 0, who, sizeof(who));
        say_quiet(i == 0 ? quiet : 0, since);
        if (process->state == 't' || tracer > 0)
            report_find(report, "stopped", process->pid, 0,
                        "%s is stopped by a debugger, pid %lld%s", who, (long long)tracer, since);
        else
            report_find(report, "stopped", process->pid, 0,
                        "%s is stopped by a signal (state T)%s; SIGCONT continues it", who, since);
    }
}

static void find_disk(struct facts *facts, double quiet, struct report *report)
{
    for (size_t i = 0; i < facts->count; i++) {
        const struct process *process = &facts->processes[i];

        for (size_t t = 0; process->in_tree && t < process->thread_count; t++) {
            const struct thread *thread = &process->threads[t];
            char who[80], since[40];
            struct wait wait;

            if (thread->seen.state != 'D')
                continue;
            wait_find(facts, process, thread, &wait);
            if (wait.kind != WAIT_DISK)
                continue;
            name_of(facts, process, thread, who, sizeof(who));
            say_quiet(quiet, since);
            report_find(report, "disk", process->pid, thread->seen.tid,
                        "%s %s%s; no signal ends it, not even KILL, until the kernel answers", who,
                        wait.what, since);
            break;
        }
    }
}

/* Deadlocks and dead holders: every waiting thread is followed; a circle is told once. */
static bool chain_is_told(const struct report *report, const struct chain *chain)
{
    for (size_t i = 0; i < report->finding_count; i++) {
        const struct finding *finding = &report->findings[i];

        if (strcmp(finding->kind, "deadlock") != 0 && strcmp(finding->kind, "dead-holder") != 0)
            continue;
        for (int k = 0; k < chain->count; k++)
            if (finding->pid == chain->links[k].pid && finding->tid == chain->links[k].tid)
                return true;
    }
    return false;
}

/* Only waits without a time limit can last for ever. */
static bool chain_is_bound(const struct chain *chain, int from)
{
    for (int i = from; i < chain->count; i++)
        if (chain->links[i].wait.limit >= 0)
            return true;
    return false;
}

static void find_chain(struct facts *facts, const struct process *process,
                       const struct thread *thread, struct report *report)
{
    struct chain chain;
    char text[560];
    const struct wait *last;

    chain_follow(facts, process, thread, &chain);
    if (!chain.count)
        return;
    last = &chain.links[chain.count - 1].wait;
    if (chain.cycle_at < 0 && !last->holder_gone)
        return;
    if (chain_is_told(report, &chain) ||
        chain_is_bound(&chain, chain.cycle_at < 0 ? 0 : chain.cycle_at))
        return;
    chain_describe(facts, &chain, text, sizeof(text));
    report_find(report, chain.cycle_at >= 0 ? "deadlock" : "dead-holder", process->pid,
                thread->seen.tid, "%s", text);
}

static void find_chains(struct facts *facts, struct report *report)
{
    /* Following a chain may bring in strangers: they are no part of the worker. */
    size_t count = facts->count;

    for (size_t i = 0; i < count; i++) {
        const struct process *process = &facts->processes[i];

        for (size_t t = 0; process->in_tree && t < process->thread_count; t++)
            if (process->threads[t].seen.state == 'S')
                find_chain(facts, process, &process->threads[t], report);
    }
}

/* Nobody in the tree can go on by itself: all wait for each other, in ways that leave no owner. */
static void find_standstill(struct facts *facts, struct report *report)
{
    size_t count = facts->count, waiting = 0;
    struct wait wait;

    for (size_t i = 0; i < count; i++) {
        const struct process *process = &facts->processes[i];

        for (size_t t = 0; process->in_tree && t < process->thread_count; t++) {
            if (process->threads[t].seen.state == 'Z')
                continue;
            wait_find(facts, process, &process->threads[t], &wait);
            if ((wait.kind != WAIT_CONDITION && wait.kind != WAIT_LOCK && wait.kind != WAIT_JOIN) ||
                wait.limit >= 0)
                return;
            waiting++;
        }
    }
    if (waiting)
        report_find(report, "deadlock", facts->processes[0].pid, 0,
                    waiting == 1 ? "its only thread waits for a lock or condition: nothing in it "
                                   "is left that could end that"
                                 : "all of its %zu threads wait for locks or conditions: nothing "
                                   "in it is left that could end that",
                    waiting);
}

static void find_spin(const struct facts *facts, struct report *report)
{
    int said = 0;

    for (size_t i = 0; i < facts->count; i++) {
        const struct process *process = &facts->processes[i];

        for (size_t t = 0; process->in_tree && t < process->thread_count; t++) {
            const struct thread *thread = &process->threads[t];
            const char *where = "";
            char who[80];

            if (thread->share < SPIN_SHARE || said++ >= SAID_MOST)
                continue;
            if (thread->user_share >= USER_MOST)
                where = " in user code";
            else if (thread->user_share >= 0 && thread->user_share < SYSTEM_MOST)
                where = " in system calls";
            name_of(facts, process, thread, who, sizeof(who));
            report_find(report, "spin", process->pid, thread->seen.tid,
                        "%s spins%s: %.0f%% of a CPU", who, where, thread->share * 100);
        }
    }
}

static void find_zombies(const struct facts *facts, struct report *report)
{
    const struct process *leader = &facts->processes[0];

    for (size_t i = 0; i < facts->count; i++) {
        const struct process *process = &facts->processes[i];
        int dead = 0;
        char who[80];
        const struct process *first = NULL;

        if (!process->in_tree)
            continue;
        for (size_t k = 0; k < facts->count; k++) {
            if (facts->processes[k].ppid != process->pid || facts->processes[k].state != 'Z')
                continue;
            first = first ? first : &facts->processes[k];
            dead++;
        }
        if (!dead)
            continue;
        wait_name(facts, process->pid, 0, who, sizeof(who));
        report_find(report, "zombies", process->pid, 0,
                    "%s does not collect its children: %d ended and are zombies, the first is pid "
                    "%d (%s)",
                    who, dead, (int)first->pid, first->comm);
    }
    if (leader->state == 'Z' && leader->thread_count > 1)
        report_find(report, "zombie-leader", leader->pid, 0,
                    "its main thread has ended; %zu other threads go on", leader->thread_count - 1);
}

static const char *wait_finding(const struct wait *wait)
{
    switch (wait->kind) {
    case WAIT_LOCK:
    case WAIT_CONDITION:
    case WAIT_FILE_LOCK:
        return "lock";
    case WAIT_OUTPUT:
        return wait->full_pipe ? "full-pipe" : "output";
    case WAIT_INPUT:
        return "input";
    case WAIT_CHILD:
        return "child";
    case WAIT_SLEEP:
        return "sleep";
    case WAIT_NOT:
    case WAIT_STOPPED:
    case WAIT_DISK:
    case WAIT_JOIN:
    case WAIT_EVENTS:
    case WAIT_SIGNAL:
    case WAIT_ENDED:
    case WAIT_OTHER:
        break;
    }
    return "wait";
}

/* What its main thread waits for, and whom that one waits for. */
static void find_main_wait(struct facts *facts, struct report *report)
{
    const struct process *leader = &facts->processes[0];
    const struct thread *thread = main_thread(leader);
    struct chain chain;
    char text[560];

    /* In state D it may wait for a child that it shares its memory with. */
    if (!thread || (thread->seen.state != 'S' && thread->seen.state != 'D'))
        return;
    chain_follow(facts, leader, thread, &chain);
    if (!chain.count || chain_is_told(report, &chain) || chain.links[0].wait.kind == WAIT_DISK)
        return;
    chain_describe(facts, &chain, text, sizeof(text));
    report_find(report, wait_finding(&chain.links[0].wait), leader->pid, thread->seen.tid, "%s",
                text);
}

void findings_make(struct facts *facts, double quiet, struct report *report)
{
    find_stopped(facts, quiet, report);
    find_disk(facts, quiet, report);
    find_chains(facts, report);
    if (!report->finding_count)
        find_standstill(facts, report);
    find_spin(facts, report);
    find_main_wait(facts, report);
    find_zombies(facts, report);
}
