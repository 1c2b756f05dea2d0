/* SPDX-License-Identifier: MIT */
/*
 * Starting a fake supervisor from a test, and telling it what to do. The program's path is given
 * by the build (FAKE_SUPERVISOR).
 */
#ifndef LIFEGUARD_TESTS_HARNESS_FAKE_CLIENT_H
#define LIFEGUARD_TESTS_HARNESS_FAKE_CLIENT_H

#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>

struct fake_handle {
    pid_t pid;
    int stdin_fd; /* closing it ends the program */
    char dir[64];
    char socket[128];
};

/* Starts it in a directory of its own and returns when the socket answers. */
void fake_start(struct fake_handle *handle, const char *program, const char *scenario,
                bool animate);
/* Ends it at once (as a crash would) or in order; the directory goes with fake_clean. */
void fake_kill(struct fake_handle *handle);
void fake_stop(struct fake_handle *handle);
void fake_clean(struct fake_handle *handle);
/* Starts it again on the same socket. */
void fake_restart(struct fake_handle *handle, const char *program, const char *scenario);
/* Sends a request (taken over) and returns its reply. */
json_t *fake_request(const struct fake_handle *handle, json_t *request);
/* Waits until a request of this verb has come and returns the last of it; NULL after 10 s. */
json_t *fake_wait_request(const struct fake_handle *handle, const char *cmd);
int fake_count_requests(const struct fake_handle *handle, const char *cmd);

#endif
