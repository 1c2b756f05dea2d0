/* SPDX-License-Identifier: MIT */
/*
 * The screen by itself, for tests: tui_main SOCKET [--ascii] [--plain] [--no-mouse] [--light]
 * [--color=never|16|256] [--name N]. Exit status: 0 left, 3 stop all, 4 finished, 5 hung up, 6 no
 * screen, 1 refused or failed; the closing line goes to standard output.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "tui/tui.h"

static int status_of(enum tui_outcome outcome)
{
    static const int statuses[] = {[TUI_DETACHED] = 0, [TUI_STOP_ALL] = 3,  [TUI_FINISHED] = 4,
                                   [TUI_HUNG_UP] = 5,  [TUI_NO_SCREEN] = 6, [TUI_REFUSED] = 1};
    return statuses[outcome];
}

static void take_option(struct tui_options *options, const char *word)
{
    if (strcmp(word, "--ascii") == 0)
        options->ascii = true;
    else if (strcmp(word, "--plain") == 0)
        options->plain = true;
    else if (strcmp(word, "--no-mouse") == 0)
        options->no_mouse = true;
    else if (strcmp(word, "--light") == 0)
        options->light = true;
    else if (strcmp(word, "--color=never") == 0)
        options->color = TUI_COLOR_NEVER;
    else if (strcmp(word, "--color=16") == 0)
        options->color = TUI_COLOR_16;
    else if (strcmp(word, "--color=256") == 0)
        options->color = TUI_COLOR_256;
}

int main(int argc, char **argv)
{
    struct tui_options options = {.fd = -1, .tty_fd = 1, .name = "prod-7"};
    struct tui_result result;
    struct err err = {0};
    int status;

    if (argc < 2)
        return 2;
    options.socket_path = argv[1];
    for (int i = 2; i < argc; i++)
        take_option(&options, argv[i]);
    status = tui_run(&options, &result, &err);
    if (status < 0)
        fprintf(stderr, "tui_main: %s\n", err.text);
    else
        puts(result.line);
    return status_of(result.outcome);
}
