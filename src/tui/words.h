/* SPDX-License-Identifier: MIT */
/*
 * Words of the command line, and the request that they make by the command table.
 */
#ifndef LIFEGUARD_TUI_WORDS_H
#define LIFEGUARD_TUI_WORDS_H

#include <jansson.h>

struct command;
struct err;

enum { WORDS_MAX = 64 };

struct words {
    char *word[WORDS_MAX];
    int count;
};

/* Splits at blanks; "..." and '...' keep them. */
void words_split(const char *line, struct words *words);
void words_free(struct words *words);
/* Puts what follows the verb into the request. 0 or -EINVAL with what is wrong. */
int words_request(const struct command *command, const struct words *words, json_t *request,
                  struct err *err);

#endif
