/* SPDX-License-Identifier: MIT */
/*
 * Where results go: a JSON-lines file or standard output, a directory with stdout and stderr a
 * task, the next pool's queue, the client of `map`; in completion or in input order. What is held
 * back for order is bounded; at the bound the pool gets no new tasks until the oldest is done.
 */
#ifndef LIFEGUARD_SUPERVISOR_SINK_H
#define LIFEGUARD_SUPERVISOR_SINK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "pool/task.h"

struct client;
struct err;
struct pool_box;
struct result_sink;
struct task_output;
struct worker;

/* A finished task, detached from the queue. What passes straight through borrows its texts from the
 * task and its worker; what is kept has copies in `bytes`. */
struct result {
    struct list link;
    uint64_t seq, id;
    enum task_state state;
    int exit, signal, attempts, pid, slot;
    double started, seconds; /* epoch; length of the last attempt */
    const char *error;       /* in words; NULL for done */
    char *unsaved;           /* why its files could not be written, else NULL */
    char *last_words;        /* the last line it printed, of those that failed; else NULL */
    char *command;           /* as a printable line (map and results that name it) */
    const char *input;
    size_t input_len;
    const char *answer; /* what OK carried; NULL = nothing, or `output` holds it */
    size_t answer_len;
    unsigned items;
    bool waited;                /* `submit --wait` waits for it */
    struct task_output *output; /* NULL = it never ran, or its output is in the spill file */
    int64_t spill_at;           /* offset in the spill file, -1 = not there */
    uint64_t spill_out, spill_err;
    char bytes[];
};

struct result_sink *sink_new(struct pool_box *box, struct err *err);
void sink_free(struct result_sink *sink);
/* A task became final, in the hand of `worker` (NULL: of none). Takes `output` (may be NULL). */
void sink_take(struct result_sink *sink, const struct task *task, struct task_output *output,
               const struct worker *worker);
/* Once a turn: writes what waits. */
void sink_flush(struct result_sink *sink);
/* True while results can't be passed on fast enough: the pool must not begin tasks. */
bool sink_is_full(const struct result_sink *sink);
/* True when nothing waits to be written. */
bool sink_is_empty(const struct result_sink *sink);
/* Results that are finished before their turn (order = "input"). */
bool sink_held_is_full(const struct result_sink *sink);
size_t sink_held(const struct result_sink *sink);
/* All results to this client (map); NULL when it is gone. */
void sink_set_client(struct result_sink *sink, struct client *client);
/* Results that wait for the client, oldest first; the client takes them as it can send. */
struct result *sink_next_for_client(struct result_sink *sink);
/* When lines for a file must be written; CLOCK_NEVER when none wait. */
int64_t sink_next_deadline(const struct result_sink *sink);
/* How many wait for the client, and when they must be sent at the latest; CLOCK_NEVER when none. */
size_t sink_client_waiting(const struct result_sink *sink);
int64_t sink_client_deadline(const struct result_sink *sink);
void sink_client_took(struct result_sink *sink, struct result *result);
void result_free(struct result *result);
/* What OK carried, or what it printed without its last newline. Never NULL. */
const char *result_text(const struct result *result, size_t *len);

#endif
