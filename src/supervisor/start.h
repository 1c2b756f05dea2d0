/* SPDX-License-Identifier: MIT */
/*
 * From a spec to a running supervisor: the guardian is forked first, the supervisor below it, and
 * the caller learns whether it came up.
 */
#ifndef LIFEGUARD_SUPERVISOR_START_H
#define LIFEGUARD_SUPERVISOR_START_H

#include <stdbool.h>
#include <sys/types.h>

struct err;
struct spec;

struct start_options {
    bool exit_when_done;
    bool detach;    /* own session, standard descriptors on /dev/null, the caller lives on */
    bool connect;   /* map: the caller gets a connected client, whose end is the run's end */
    bool no_socket; /* map: nobody else can connect */
};

struct started {
    pid_t guardian;
    int pidfd;     /* of the guardian, owned by the caller */
    int client_fd; /* connect: a connected client, owned by the caller; else -1 */
    char socket_path[108];
    char but[300]; /* a pool that can't be started, and why; "" = none */
};

/* Forks guardian and supervisor and returns when the supervisor answers. Takes the spec. 0, or
 * -errno with the supervisor's own reason. */
int start_supervisor(struct spec *spec, const struct start_options *options,
                     struct started *started, struct err *err);
/* The same in the foreground: this process becomes the guardian. Never returns to the caller's
 * work: the result is the exit status. */
int start_foreground(struct spec *spec, const struct start_options *options);

/* Waits for the guardian's end: the run's exit status. */
int start_wait(struct started *started);

#endif
