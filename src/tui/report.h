/* SPDX-License-Identifier: MIT */
/*
 * The pages behind a worker's Detail: diagnosis, threads, files, environment. `]` goes to the next,
 * `[` to the one before, Esc back. The diagnosis is the supervisor's report; the others are read
 * from /proc by this client, which runs on the same machine.
 */
#ifndef LIFEGUARD_TUI_REPORT_H
#define LIFEGUARD_TUI_REPORT_H

#include <jansson.h>
#include <stdbool.h>

#include "tui/keys.h"

struct tui;

/* What the worker under the cursor does and waits for, or died of: asks the supervisor. In Detail
 * with a past life chosen that life. */
void report_diagnose(struct tui *tui);
/* The page of an answer to `why` that was typed; false when it is no such answer. */
bool report_show(struct tui *tui, const json_t *reply, const char *title);
/* ACTION_NEXT_TAB or ACTION_PREVIOUS_TAB, from Detail or one of its pages. */
void report_turn(struct tui *tui, enum action action);

#endif
