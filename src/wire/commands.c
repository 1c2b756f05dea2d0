/* SPDX-License-Identifier: MIT */
/*
 * The command table. Order is the order of the help text: the main job first, then looking, then
 * acting, then tasks, then the rest. Verbs with `later` are names that the product has promised;
 * they are kept here so that nothing else can take them and so that help can say so.
 */
#include "wire/commands.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define ARGS(list) .args = (list), .arg_count = ARRAY_LEN(list)

static const struct command_arg pool_arg[] = {
    {"pool", "POOL", "the pool's name", ARG_STRING, .positional = true},
};

static const struct command_arg target_arg[] = {
    {"target", "TARGET", "POOL, POOL[SLOT] or PID", ARG_STRING, .positional = true,
     .required = true},
};

static const struct command_arg worker_arg[] = {
    {"target", "PID", "a worker: its PID, or POOL[SLOT]", ARG_STRING, .positional = true,
     .required = true},
};

static const struct command_arg env_args[] = {
    {"target", "PID", "a worker: its PID, or POOL[SLOT]", ARG_STRING, .positional = true,
     .required = true},
    {"secrets", NULL, "the values of passwords, tokens and keys too", .kind = ARG_FLAG},
};

static const struct command_arg hold_args[] = {
    {"target", "TARGET", "POOL, POOL[SLOT] or PID", ARG_STRING, .positional = true,
     .required = true},
    {"for", "D", "one worker: none of its time limits ends before this long from now",
     .kind = ARG_SECONDS},
};

static const struct command_arg tasks_arg[] = {
    {"tasks", "TASK", "task ids as `lifeguard tasks` shows them", ARG_REST, .positional = true,
     .required = true},
};

static const struct command_arg run_args[] = {
    {"headless", NULL, "no screen; a line of progress now and then", .kind = ARG_FLAG},
    {"detach", NULL, "return once the supervisor answers, and leave it running", .kind = ARG_FLAG},
    {"pool", "NAME", "start only this pool (may be repeated)", .kind = ARG_STRINGS},
    {"exit-when-done", NULL, "end when every job pool is done", .kind = ARG_FLAG},
    {"workers", "N", "without a config: copies of COMMAND to keep running", ARG_INT, .letter = 'n'},
    {"ascii", NULL, "the screen in ASCII", .kind = ARG_FLAG},
    {"plain", NULL, "the screen without bars, boxes and sparklines", .kind = ARG_FLAG},
    {"color", "WHEN", "auto, never, 16 or 256", .kind = ARG_STRING},
    {"theme", "NAME", "dark or light", .kind = ARG_STRING},
    {"no-mouse", NULL, "leave the mouse to the terminal", .kind = ARG_FLAG},
    {"refresh", "D", "least time between two pictures", .kind = ARG_SECONDS},
    {"config", "CONFIG", "config files, or COMMAND [ARG]... behind --", ARG_REST,
     .positional = true},
};

static const struct command_arg attach_args[] = {
    {"ascii", NULL, "the screen in ASCII", .kind = ARG_FLAG},
    {"plain", NULL, "the screen without bars, boxes and sparklines", .kind = ARG_FLAG},
    {"color", "WHEN", "auto, never, 16 or 256", .kind = ARG_STRING},
    {"theme", "NAME", "dark or light", .kind = ARG_STRING},
    {"no-mouse", NULL, "leave the mouse to the terminal", .kind = ARG_FLAG},
    {"refresh", "D", "least time between two pictures", .kind = ARG_SECONDS},
};

static const struct command_arg map_args[] = {
    {"jobs", "N", "tasks at once: a number, +N or -N from the CPUs, or a share of them (50%)",
     ARG_STRING, .letter = 'j'},
    {"keep-order", NULL, "output in the order of the inputs", ARG_FLAG, .letter = 'k'},
    {"timeout", "D", "end a task after this long (30s, or 300% of the median)", .kind = ARG_STRING},
    {"retries", "N", "how often a task is tried at most (0: until it succeeds)", .kind = ARG_INT},
    {"halt", "RULE", "stop early: never, now,fail=1, soon,fail=10%, now,success=1 ...",
     .kind = ARG_STRING},
    {"joblog", "FILE", "a job log with GNU parallel's columns", ARG_STRING, .later = true},
    {"resume", NULL, "skip what the job log has as done", ARG_FLAG, .later = true},
    {"resume-failed", NULL, "as --resume, and run again what failed", ARG_FLAG, .later = true},
    {"retry-failed", NULL, "run again just what the job log has as failed", ARG_FLAG,
     .later = true},
    {"results", "DIR", "keep each task's stdout and stderr in files below DIR", .kind = ARG_STRING},
    {"tag", NULL, "put the input and a TAB before each line of output", .kind = ARG_FLAG},
    {"bar", NULL, "a progress bar", .kind = ARG_FLAG},
    {"eta", NULL, "show when it will be done", .kind = ARG_FLAG},
    {"dry-run", NULL, "print the command lines and run nothing", .kind = ARG_FLAG},
    {"arg-file", "FILE", "inputs are this file's lines (may be repeated)", ARG_STRINGS,
     .letter = 'a'},
    {"null", NULL, "inputs end in NUL instead of newline", ARG_FLAG, .letter = '0'},
    {"max-args", "MAX", "inputs a task; within a longer word {} joins them by spaces", ARG_INT,
     .letter = 'n'},
    {"colsep", "C", "split an input into columns {1} {2} at this text, and trim them",
     .kind = ARG_STRING},
    {"worker", NULL, "COMMAND is a worker that takes task after task (mode = \"worker\")",
     .kind = ARG_FLAG},
    {"compare", NULL, "run a sample with one slot, then with -j slots, and show what that gains",
     .kind = ARG_FLAG},
    {"inline", NULL, "a screen below the output, without taking the terminal", ARG_FLAG,
     .later = true},
    {"tui", NULL, "open the screen meanwhile", .kind = ARG_FLAG},
    {"shell", NULL, "run through /bin/sh -c, inputs as quoted words", .kind = ARG_FLAG},
    {"raw", NULL, "exact bytes even on a terminal", .kind = ARG_FLAG},
    {"command", "COMMAND", "command and arguments, then ::: INPUT... (or inputs from stdin)",
     ARG_REST, .positional = true, .required = true},
};

static const struct command_arg check_args[] = {
    {"dump", NULL, "print every key with its value and where it came from", .kind = ARG_FLAG},
    {"config", "CONFIG", "config files, read as `run` reads them", ARG_REST, .positional = true,
     .required = true},
};

static const struct command_arg status_args[] = {
    {"watch", NULL, "again and again, until interrupted", ARG_FLAG, .letter = 'w'},
};

static const struct command_arg logs_args[] = {
    {"target", "TARGET", "POOL, POOL[SLOT], PID, or * for all", ARG_STRING, .positional = true,
     .required = true},
    {"follow", NULL, "go on with new lines as they come", ARG_FLAG, .letter = 'f'},
    {"lines", "N", "the last N lines (default 50; 0 = none)", ARG_INT, .letter = 'n'},
    {"since", "T", "lines since then: 10m (ago), 14:02, or 2026-01-31T14:02:00",
     .kind = ARG_STRING},
    {"grep", "RE", "only lines that match this extended regular expression", .kind = ARG_STRING},
    {"previous", NULL, "the log of the life before this one", ARG_FLAG, .letter = 'p'},
};

static const struct command_arg events_args[] = {
    {"follow", NULL, "go on with new events as they come", ARG_FLAG, .letter = 'f'},
    {"lines", "N", "the last N events (default 50)", ARG_INT, .letter = 'n'},
};

static const struct command_arg scale_args[] = {
    {"pool", "POOL", "the pool's name", ARG_STRING, .positional = true, .required = true},
    {"size", "N|+N|-N", "the new size, or how much to add or take", ARG_STRING, .positional = true,
     .required = true},
    {"expect", "N", "only if the size is still N", .kind = ARG_INT},
};

static const struct command_arg kill_args[] = {
    {"target", "TARGET", "PID or POOL[SLOT]", ARG_STRING, .positional = true, .required = true},
    {"signal", "SIG", "name or number (default TERM)", ARG_STRING, .letter = 's'},
};

static const struct command_arg ack_args[] = {
    {"event", "EVENT", "the event's number", ARG_INT, .positional = true},
    {"all", NULL, "every alert", .kind = ARG_FLAG},
};

static const struct command_arg submit_args[] = {
    {"pool", "POOL", "the pool's name", ARG_STRING, .positional = true, .required = true},
    {"wait", NULL, "wait until they are done; 1 when one did not succeed", .kind = ARG_FLAG},
    {"priority", "P", "0 to 9, higher runs first (default 5)", .kind = ARG_INT},
    {"delay", "D", "not before this long from now", .kind = ARG_SECONDS},
    {"timeout", "D", "end them after this long, whatever the pool's limit", .kind = ARG_SECONDS},
    {"args", "ARG", "one task a word; - reads one task a line from stdin", ARG_REST,
     .positional = true, .required = true},
};

static const struct command_arg task_list_args[] = {
    {"pool", "POOL", "only this pool's", ARG_STRING, .positional = true},
    {"state", "STATE", "only tasks in this state", .kind = ARG_STRING},
    {"audit", NULL, "check that the counts add up to what was accepted", .kind = ARG_FLAG},
};

static const struct command_arg shutdown_args[] = {
    {"now", NULL, "KILL at once instead of each pool's own stop", .kind = ARG_FLAG},
};

static const struct command_arg help_args[] = {
    {"verb", "VERB", "the verb to explain", ARG_STRING, .positional = true},
};

static const struct command_arg completions_args[] = {
    {"shell", "SHELL", "bash", ARG_STRING, .positional = true},
};

static const struct command_arg wait_args[] = {
    {"any", NULL, "until the first is done", .kind = ARG_FLAG},
    {"all", NULL, "until all are done", .kind = ARG_FLAG},
    {"first-failure", NULL, "until one fails or all are done", .kind = ARG_FLAG},
    {"tasks", "TASK", "task ids", ARG_REST, .positional = true, .required = true},
};

static const struct command_arg prioritise_args[] = {
    {"priority", "P", "0 to 9, higher runs first", ARG_INT, .letter = 'p', .required = true},
    {"tasks", "TASK", "task ids", ARG_REST, .positional = true, .required = true},
};

static const struct command_arg replay_args[] = {
    {"strace", NULL, "under strace", .kind = ARG_FLAG},
    {"gdb", NULL, "under gdb", .kind = ARG_FLAG},
    {"task", "TASK", "the task's id", ARG_STRING, .positional = true, .required = true},
};

static const struct command_arg reload_args[] = {
    {"plan", NULL, "only show what would change", .kind = ARG_FLAG},
};

static const struct command_arg fleet_args[] = {
    {"queue", "QUEUE", "the queue's address", ARG_STRING, .positional = true, .required = true},
};

static const struct command_arg worker_check_args[] = {
    {"task", "TEXT", "an ordinary task for this worker (default: 1)", .kind = ARG_STRING},
    {"init", "TEXT", "sent as INIT when it starts, as a pool's init is", .kind = ARG_STRING},
    {"timeout", "D", "how long it may take for each answer (default: 10s)", .kind = ARG_SECONDS},
    {"command", "COMMAND", "the worker's command line", ARG_REST, .positional = true,
     .required = true},
};

static const struct command_arg import_args[] = {
    {"file", "FILE", "another tool's configuration", ARG_STRING, .positional = true,
     .required = true},
};

const struct command_arg command_globals[] = {
    {"supervisor", "NAME", "which supervisor (default: $LIFEGUARD_NAME, or the only one running)",
     ARG_STRING, .letter = 'S'},
    {"json", NULL, "the answer as JSON", .kind = ARG_FLAG},
    {"help", NULL, "explain the verb", ARG_FLAG, .letter = 'h'},
    {"version", NULL, "print the version", ARG_FLAG, .letter = 'V'},
};
const size_t command_global_count = ARRAY_LEN(command_globals);

const struct command command_table[] = {
    {"run", "start pools and open the screen",
     "Starts a supervisor with the pools of one or more config files, or with copies of one "
     "command, and opens the screen. Leaving the screen detaches; the pools go on. Without a "
     "terminal on standard output it runs as with --headless.",
     ARGS(run_args), .local = true},
    {"map", "run a command once for each input",
     "Runs COMMAND for each input, several at once, with GNU parallel's replacement strings. "
     "Inputs are the words behind :::, the lines of the files behind :::: or -a, else of standard "
     "input; of several sources all combinations are taken, and :::+ and ::::+ go item by item "
     "with the source before. Tasks have nothing on standard input. The exit status is the number "
     "of tasks that failed (101: more than "
     "100). Interrupted once it starts no more tasks and waits for those that run; twice, it ends "
     "them.",
     ARGS(map_args), .local = true, .greedy = true},
    {"attach", "open the screen of a running supervisor",
     "Opens the screen of a supervisor that is running already. Several may watch at once.",
     ARGS(attach_args), .named = true},
    {"list", "list the supervisors that are running", NULL, .local = true},
    {"check", "check config files and start nothing",
     "Reads config files as run would, reports every error with file and line, and exits with 0 "
     "or 1. With --dump it prints every key with its value and where that came from.",
     ARGS(check_args), .local = true},

    {"status", "show all pools",
     "One line a pool. The exit status is 3 when a pool is degraded: a worker is hung, in backoff, "
     "held or failed, or fewer live than wanted.",
     ARGS(status_args), .named = true},
    {"ps", "show workers with their PIDs", NULL, ARGS(pool_arg)},
    {"logs", "show what workers print",
     "Shows log lines of a worker, a slot, a pool or all pools, from their files and, with -f, "
     "live.",
     ARGS(logs_args)},
    {"why", "explain what a worker does, waits for, or died of",
     "Looks at a worker's processes and says in words what they wait for and who could end that: "
     "locks with their holders, pipes with their other ends, children, stopped and spinning "
     "threads; then the facts. Of a worker that is gone, the report that was taken before it was "
     "ended, and how it ended. Reports are kept in state_dir/reports.",
     ARGS(worker_arg)},
    {"stack", "show a worker's threads, system calls and kernel stacks", NULL, ARGS(worker_arg)},
    {"files", "show a worker's open files, pipes and sockets", NULL, ARGS(worker_arg)},
    {"env", "show a worker's environment",
     "Values of variables whose names speak of secrets are hidden, unless --secrets is given.",
     ARGS(env_args)},
    {"events", "show what happened: starts, ends, hangs, who did what", NULL, ARGS(events_args)},

    {"scale", "change a pool's number of workers",
     "Takes effect at once. Shrinking takes idle workers first and lets busy ones finish; it can "
     "be undone. The size lasts until the supervisor ends.",
     ARGS(scale_args), .danger = DANGER_UNDO},
    {"start", "start what is stopped, held or failed", NULL, ARGS(target_arg)},
    {"stop", "stop a pool or a worker and leave it down", NULL, ARGS(target_arg),
     .danger = DANGER_TYPE},
    {"restart", "stop and start again, one worker at a time", NULL, ARGS(target_arg),
     .danger = DANGER_ASK},
    {"pause", "hand out no more tasks; workers stay", NULL, ARGS(target_arg)},
    {"resume", "end a pause or a hold", NULL, ARGS(target_arg)},
    {"drain", "finish the tasks in hand, then stop", NULL, ARGS(target_arg), .danger = DANGER_ASK},
    {"hold", "no automatic restarts until resumed",
     "Of a pool: no restart by lifeguard until `resume`. Of one worker: a hang is shown but does "
     "not end it; with --for its time limits are extended instead.",
     ARGS(hold_args)},
    {"kill", "send a signal to one worker",
     "Sends a signal to exactly this worker: a PID that was given to another process meanwhile is "
     "never signalled.",
     ARGS(kill_args), .danger = DANGER_ASK},
    {"ack", "acknowledge alerts", NULL, ARGS(ack_args)},
    {"undo", "take back the last change that can be taken back", .danger = DANGER_NONE},

    {"submit", "add tasks to a pool's queue",
     "Prints the ids of the tasks. A full queue is exit status 75.", ARGS(submit_args)},
    {"wait", "wait for tasks",
     "Waits until all of the tasks (or with --any the first, or with --first-failure one that "
     "failed) are final, and prints the state and result of each as it comes. The exit status is "
     "1 when one did not succeed.",
     ARGS(wait_args)},
    {"replay", "run a task again by itself",
     "Runs a task's command here, in this terminal, with the same arguments, environment, "
     "directory "
     "and input, under strace or gdb if asked. A worker of a worker pool gets this task alone; "
     "what "
     "it answers on its descriptor 3 is printed. Nothing changes in the pool.",
     ARGS(replay_args)},
    {"tasks", "show tasks and their states", NULL, ARGS(task_list_args)},
    {"retry", "run failed or buried tasks again", NULL, ARGS(tasks_arg)},
    {"cancel", "cancel tasks; running ones are stopped", NULL, ARGS(tasks_arg),
     .danger = DANGER_UNDO},
    {"bury", "set waiting tasks aside", NULL, ARGS(tasks_arg)},
    {"kick", "put buried tasks back", NULL, ARGS(tasks_arg)},
    {"prioritise", "change which waiting tasks go first", NULL, ARGS(prioritise_args)},

    {"shutdown", "stop all pools and end the supervisor",
     "Stops every pool as its configuration says and waits until the supervisor is gone, naming "
     "whom it waits for.",
     ARGS(shutdown_args), .danger = DANGER_TYPE, .named = true},
    {"help", "explain a verb", NULL, ARGS(help_args), .local = true},
    {"worker-check", "test a worker under development",
     "Plays the supervisor against COMMAND, a worker for pools with mode = \"worker\": READY, "
     "tasks with all kinds of payloads, several in flight, PING, CANCEL, QUIET, STOP and the end "
     "of its input. Each check is reported as `ok`, or as BREACH with what was sent, what came "
     "and what to do. The exit status is 0 when there was no breach, else 1.",
     ARGS(worker_check_args), .local = true, .greedy = true},
    {"version", "print the version", NULL, .local = true},
    {"completions", "print completions for bash", NULL, ARGS(completions_args), .local = true},

    {"reload", "apply a changed config", NULL, ARGS(reload_args), .named = true,
     .later = "live reload"},
    {"save", "write live sizes to the config", NULL, .later = "live reload"},
    {"upgrade", "replace the running program, keep the workers", NULL, .later = "live reload"},
    {"metrics", "print metrics for Prometheus", NULL, .later = "metrics"},
    {"history", "show past runs", NULL, ARGS(pool_arg), .later = "metrics"},
    {"fleet", "show all machines on a shared queue", NULL, ARGS(fleet_args),
     .later = "shared queues"},
    {"init", "write a first config", NULL, .local = true, .later = "migration"},
    {"import", "convert another tool's config", NULL, ARGS(import_args), .local = true,
     .later = "migration"},
};
const size_t command_count = ARRAY_LEN(command_table);

const struct command *command_find(const char *name)
{
    for (size_t i = 0; i < command_count; i++) {
        if (strcmp(command_table[i].name, name) == 0)
            return &command_table[i];
    }
    return NULL;
}

const char *command_nearest(const char *word)
{
    const char *names[ARRAY_LEN(command_table) + 1];

    for (size_t i = 0; i < command_count; i++)
        names[i] = command_table[i].name;
    names[command_count] = NULL;
    return str_nearest(word, names);
}
