/* SPDX-License-Identifier: MIT */
/*
 * The command line: parses it, runs the verbs that are clients or checks, and gives the others
 * (run, map, attach) to main.c, which alone sees every room.
 */
#ifndef LIFEGUARD_CLI_CLI_H
#define LIFEGUARD_CLI_CLI_H

#include <stddef.h>

struct args;

/* Exit statuses of all verbs; map and finite runs have GNU parallel's, and CLI_UNABLE. */
enum cli_status {
    CLI_OK = 0,
    CLI_FAILED = 1,   /* refused, or failed */
    CLI_USAGE = 2,    /* also: several supervisors run and none was named */
    CLI_DEGRADED = 3, /* status */
    CLI_NO_SUPERVISOR = 4,
    CLI_FULL = 75,   /* submit: the queue is full */
    CLI_UNABLE = 255 /* map and finite runs: lifeguard itself could not run */
};

struct cli_verb {
    const char *name;
    int (*run)(const struct args *args); /* the exit status */
};

/* The whole program but for `verbs`. Returns the exit status. */
int cli_main(int argc, char **argv, const struct cli_verb *verbs, size_t count);
/* "lifeguard: TEXT" on stderr, sanitised for a terminal; returns `status`. */
int cli_fail(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Verbs, each in its own file. */
int check_run(const struct args *args);
int completions_run(const struct args *args);
int help_run(const struct args *args);
int list_run(const struct args *args);
int client_run(const struct args *args); /* every verb that is one request and one answer */
int events_run(const struct args *args);
int logs_run(const struct args *args);
int shutdown_run(const struct args *args);
int status_run(const struct args *args);
int replay_run(const struct args *args);
int submit_run(const struct args *args);
int wait_run(const struct args *args);
int evidence_run(const struct args *args); /* stack, files, env */
int worker_check_run(const struct args *args);

#endif
