/* SPDX-License-Identifier: MIT */
/*
 * Acting on pools, workers and tasks, by the danger of it: at once, at once with undo, after a
 * question whose default is No, or after typing a name. What is acted on is pinned when the key is
 * pressed (pool, slot, PID and start time); the supervisor refuses where it has changed.
 */
#ifndef LIFEGUARD_TUI_ACT_H
#define LIFEGUARD_TUI_ACT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tui/keys.h"

struct dialog;
struct pin;
struct tui;

/* True when the action was one of these. */
bool act_do(struct tui *tui, enum action action);
/* Sends a request (taken over) and shows the answer; `what` is said when it worked. False (and
 * said) when there is no supervisor to send it to. */
bool act_send(struct tui *tui, json_t *request, const char *what);
/* "ocr[2]", or the PID with its start time, into the request. */
void act_target(json_t *request, const struct pin *pin);
void act_scale(struct tui *tui, const char *pool, int64_t size, int64_t expect);
/* act_change.c: restart or stop what is chosen; `Verb` begins a sentence. */
void act_change(struct tui *tui, const char *verb, const char *Verb);
void act_quit(struct tui *tui);
/* act_signal.c */
void act_signal_menu(struct tui *tui);
void act_signal(struct tui *tui, const char *signal);
/* Tagged workers, else the one under the cursor; free() the array. */
size_t act_collect(struct tui *tui, struct pin **pins);
void act_open_dialog(struct tui *tui, struct dialog *dialog);
/* A question (tier 2) or a name to be typed (tier 3, where `expected` is set) before these
 * requests (taken over, freed when refused) are sent. */
struct dialog *act_ask(struct tui *tui, const char *title, const char *verb, const char *expected,
                       json_t *requests, const char *what);

#endif
