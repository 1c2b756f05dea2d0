/* SPDX-License-Identifier: MIT */
/* Key events to what they do: dialog, prompt, mouse, view, everything else, in this order. */
#ifndef LIFEGUARD_TUI_DISPATCH_H
#define LIFEGUARD_TUI_DISPATCH_H

#include "tui/keys.h"

struct key_event;
struct tui;

void dispatch_event(struct tui *tui, const struct key_event *event);
void dispatch_action(struct tui *tui, enum action action);
/* menu.c: the sort and the setup menu, sorting by a click on a header. */
void menu_sort(struct tui *tui);
void menu_sort_step(struct tui *tui, int step);
void menu_sort_invert(struct tui *tui);
void menu_sort_column(struct tui *tui, int column);
void menu_setup(struct tui *tui);
/* search.c: find, filter and the prompts that are about text. */
void search_prompt(struct tui *tui, enum action action);
/* The prompt's text changed. */
/* The filter of the present view; "" ends it. */
void search_filter(struct tui *tui, const char *text);
void search_changed(struct tui *tui);
void search_done(struct tui *tui);
void search_cancel(struct tui *tui);
void search_tab(struct tui *tui);
void search_next(struct tui *tui, int step);
/* Ends the view's filter, search or tags; false when there was none. */
bool search_clear(struct tui *tui);

#endif
