/* SPDX-License-Identifier: MIT */
/*
 * Requests: one line of JSON to one handler. The table here has a handler for each verb of
 * wire/commands.c that a supervisor serves; a test compares the two.
 */
#ifndef LIFEGUARD_SUPERVISOR_COMMAND_H
#define LIFEGUARD_SUPERVISOR_COMMAND_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct client;
struct supervisor;
struct task;
struct pool_box;
struct worker;

/* One request. Strings in `json` were checked for type by the getters below. */
struct request {
    struct client *client;
    int64_t id;
    const json_t *json;
};

typedef void command_handler(struct request *request);

/* Serves one line of a client. */
void command_line(struct client *client, char *line, size_t len);
/* NULL when the supervisor serves no such verb. */
command_handler *command_handler_find(const char *name);

/* Arguments. NULL, false or `fallback` when missing or of another type. */
const char *request_string(const struct request *request, const char *key);
int64_t request_int(const struct request *request, const char *key, int64_t fallback);
/* The same where only numbers from 0 make sense: a negative one is 0. */
uint64_t request_count(const struct request *request, const char *key, uint64_t fallback);
/* 0 when missing. */
double request_number(const struct request *request, const char *key);
bool request_flag(const struct request *request, const char *key);
/* The pool named by `key`; answers the client and returns NULL when there is none. */
struct pool_box *request_pool(struct request *request, const char *key);
/* What "target" names: a pool (worker NULL) or a worker by PID or POOL[SLOT]. False after having
 * answered the client. */
struct target {
    struct pool_box *box;
    struct worker *worker;
};
bool request_target(struct request *request, struct target *target);
void request_ok(struct request *request);
/* Pool and task of an id as printed; NULL when no pool has it. */
struct task *request_find_task(struct supervisor *sup, const char *text, struct pool_box **box);

/* The handlers, by file. */
command_handler cmd_scale, cmd_start, cmd_stop, cmd_restart, cmd_pause, cmd_resume, cmd_drain,
    cmd_hold, cmd_kill; /* cmd_pool.c, cmd_worker.c */
command_handler cmd_submit, cmd_tasks, cmd_retry, cmd_cancel, cmd_bury, cmd_kick, cmd_prioritise,
    cmd_wait, cmd_replay; /* cmd_submit.c, cmd_task.c, cmd_replay.c */
command_handler cmd_why;  /* cmd_why.c */
command_handler cmd_status, cmd_ps, cmd_events, cmd_logs, cmd_ack, cmd_undo,
    cmd_shutdown;                               /* cmd_server.c */
command_handler cmd_subscribe, cmd_unsubscribe; /* publish.c */

#endif
