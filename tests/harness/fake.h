/* SPDX-License-Identifier: MIT */
/*
 * A supervisor that plays a scenario: a JSON file with what each view shows and what requests
 * answer. It speaks the control protocol (wire/control.h) and keeps what it was asked for. Private
 * to fake_supervisor.
 *
 * Scenario: {"summary":{}, "pools":[row], "workers":[row], "details":{"ocr[2]":{}},
 * "tasks":{"rows":[row], ...}, "events":[row], "log":{"label","path","lines"},
 * "replies":{"kill":{"ok":false,...}}}; "generate":N makes N workers.
 */
#ifndef LIFEGUARD_TESTS_HARNESS_FAKE_H
#define LIFEGUARD_TESTS_HARNESS_FAKE_H

#include <jansson.h>
#include <stdbool.h>

#include "base/buf.h"

struct fake_client {
    int fd; /* -1 = free */
    struct buf in, out;
    json_t *subscriptions; /* view name -> arguments */
};

struct fake {
    json_t *scenario;
    json_t *requests; /* everything asked for, in order */
    struct fake_client clients[32];
    bool silent; /* nothing is answered */
};

/* The full message of a view for these arguments; a new reference. */
json_t *fake_view(const struct fake *fake, const char *view, const json_t *arguments);
/* Adds N workers w[1] .. w[N] to the scenario. */
void fake_generate(struct fake *fake, int count);
/* One second passes for the generated workers. */
void fake_animate(struct fake *fake, int turn);

#endif
