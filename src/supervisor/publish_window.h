/* SPDX-License-Identifier: MIT */
/*
 * Writing one view message row by row: rows whose text is what the client has are taken back out
 * of the message.
 */
#ifndef LIFEGUARD_SUPERVISOR_PUBLISH_WINDOW_H
#define LIFEGUARD_SUPERVISOR_PUBLISH_WINDOW_H

#include <stdbool.h>
#include <stddef.h>

#include "supervisor/client.h"
#include "wire/json_out.h"

struct supervisor;
struct worker;

struct window {
    struct supervisor *sup;
    struct subscription *sub;
    struct json_out out;
    size_t place;     /* rows so far */
    size_t changed;   /* of them sent */
    size_t row_start; /* where the row begins in the buffer, */
    size_t row_body;  /* its object behind the place, */
    bool row_comma;   /* and the emitter's state before it */
    bool in_rows;
    size_t total, all;
};

void window_begin(struct window *window, struct supervisor *sup, const char *view,
                  struct subscription *sub);
/* How many rows the list has after and before the filter. */
void window_rows(struct window *window, size_t total, size_t all);
bool window_wants(const struct window *window);
struct json_out *window_row(struct window *window);
void window_row_end(struct window *window);
/* Sends the message when anything changed. */
void window_end(struct window *window, struct client *client);
/* The worker of a PID or POOL[SLOT]; NULL when there is none. */
struct worker *window_find_worker(struct supervisor *sup, const char *target);

#endif
