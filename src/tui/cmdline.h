/* SPDX-License-Identifier: MIT */
/* The `:` command line: the supervisor's verbs from the command table, and a few of the screen's.
 */
#ifndef LIFEGUARD_TUI_CMDLINE_H
#define LIFEGUARD_TUI_CMDLINE_H

struct tui;

void cmdline_run(struct tui *tui, const char *line);
/* Completes the prompt's text: as far as it is sure; what is open is shown. */
void cmdline_complete(struct tui *tui);

#endif
