/* SPDX-License-Identifier: MIT */
/* Pages of text: a verb's answer, a worker's stack, files and environment from /proc. */
#ifndef LIFEGUARD_TUI_PAGE_H
#define LIFEGUARD_TUI_PAGE_H

#include <jansson.h>
#include <stdbool.h>

#include "tui/keys.h"

struct pin;
struct tui;

void page_clear(struct tui *tui);
void page_title(struct tui *tui, const char *format, ...) __attribute__((format(printf, 2, 3)));
void page_add(struct tui *tui, const char *bytes, size_t len);
/* It takes no more lines. */
bool page_is_full(const struct tui *tui);
void page_printf(struct tui *tui, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Sends the request (taken over); an answer with more than "ok" becomes a page, else `what` is
 * said. */
void page_request(struct tui *tui, json_t *request, const char *what);
/* ACTION_STACK, ACTION_FILES or ACTION_ENVIRONMENT of the worker under the cursor; ACTION_REVEAL:
 * the environment on the page once more, with what was hidden. */
void page_evidence(struct tui *tui, enum action action);
/* The selected row, or the visible log lines, to the clipboard and to a file. */
void page_copy(struct tui *tui);

#endif
