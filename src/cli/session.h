/* SPDX-License-Identifier: MIT */
/*
 * What every client verb does before and after its own work: connect, complain with the right exit
 * status, print as JSON or for people.
 */
#ifndef LIFEGUARD_CLI_SESSION_H
#define LIFEGUARD_CLI_SESSION_H

#include <jansson.h>

#include "base/err.h"
#include "cli/render.h"
#include "cli/remote.h"

struct args;

struct session {
    const struct args *args;
    struct remote remote;
    struct render_style style;
    struct buf out;
    struct err err;
};

/* 0, or the exit status with the reason printed. Close it only after 0. */
int session_open(struct session *session, const struct args *args);
void session_close(struct session *session);
/* Asks the verb as it stands on the command line; NULL with *status set and the reason printed. The
 * caller owns the answer, which is "ok". */
json_t *session_ask(struct session *session, int *status);
/* The same for any request line. */
json_t *session_ask_line(struct session *session, struct buf *line, int *status);
/* Exit status of an answer; prints why when it is not "ok". */
int session_status(const json_t *reply);
/* Prints the broken connection's reason; the exit status. */
int session_broken(struct session *session);
/* Appends a value as one line of JSON; of answers without the protocol's own "id" and "ok". */
void session_json(struct session *session, const json_t *reply);

#endif
