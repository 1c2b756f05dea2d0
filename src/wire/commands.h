/* SPDX-License-Identifier: MIT */
/*
 * The command table as data: the only source of the CLI's verbs and options, the control
 * protocol's requests, the help texts, the completions and the man page.
 *
 * A verb that the supervisor serves becomes a request {"cmd":name, ARG:value...}; its handler is
 * found by name in supervisor/command.c. A verb with `local` set is the CLI's own (run, map,
 * check).
 */
#ifndef LIFEGUARD_WIRE_COMMANDS_H
#define LIFEGUARD_WIRE_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>

enum arg_kind {
    ARG_FLAG,    /* --name: true */
    ARG_STRING,  /* --name VALUE */
    ARG_INT,     /* --name N */
    ARG_SECONDS, /* --name DURATION, sent as seconds */
    ARG_STRINGS, /* --name VALUE, may be repeated, sent as an array of strings */
    ARG_REST     /* the remaining words, sent as an array of strings */
};

/* How much harm a command can do; the TUI asks accordingly (tui.md, safety tiers). */
enum danger { DANGER_NONE, DANGER_UNDO, DANGER_ASK, DANGER_TYPE };

struct command_arg {
    const char *name; /* option's long name and the JSON key ('-' becomes '_') */
    const char *meta; /* "POOL", "N"; NULL for flags */
    const char *help;
    enum arg_kind kind;
    char letter;     /* short option, 0 = none */
    bool positional; /* taken from the words, in this order */
    bool required;
    bool later; /* known, but its feature is not built yet: given, it is refused */
};

struct command {
    const char *name;
    const char *summary; /* one line, imperative */
    const char *detail;  /* a paragraph for the man page; NULL = none */
    const struct command_arg *args;
    size_t arg_count;
    enum danger danger;
    bool local;        /* runs without a supervisor */
    bool named;        /* the first word may be the supervisor's name (status, attach, ...) */
    bool greedy;       /* options end at the first word: what follows is somebody's command line */
    const char *later; /* a verb whose feature is not built yet: what it is part of; else NULL */
};

extern const struct command command_table[];
extern const size_t command_count;
/* Options that stand before the verb or among the options of any verb. */
extern const struct command_arg command_globals[];
extern const size_t command_global_count;

/* NULL when there is no such verb. */
const struct command *command_find(const char *name);
/* The nearest verb's name for "did you mean", or NULL. */
const char *command_nearest(const char *word);

#endif
