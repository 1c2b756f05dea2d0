/* SPDX-License-Identifier: MIT */
/* What the keys of the log viewer do. */
#ifndef LIFEGUARD_TUI_LOGACT_H
#define LIFEGUARD_TUI_LOGACT_H

#include <stdbool.h>

#include "tui/keys.h"

struct tui;

bool logact_do(struct tui *tui, enum action action);
/* Incremental search; an empty text ends it. */
void logact_search(struct tui *tui, const char *text);
/* Goes to what the search has found so far. */
void logact_show_found(struct tui *tui);
void logact_filter(struct tui *tui, const char *text);
void logact_go_to_time(struct tui *tui, const char *text);
void logact_save(struct tui *tui, const char *path);
/* Shows the log of the run `back` lives before the present one (1 = the last). */
void logact_past(struct tui *tui, int back);
void logact_scroll(struct tui *tui, int rows);

#endif
