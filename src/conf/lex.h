/* SPDX-License-Identifier: MIT */
/*
 * Tokens of libconfig's syntax, as far as its reader can't be trusted with them: includes and
 * numbers. Comments and white space are skipped; malformed text never stops it, libconfig reports
 * that.
 */
#ifndef LIFEGUARD_CONF_LEX_H
#define LIFEGUARD_CONF_LEX_H

#include <stdbool.h>
#include <stddef.h>

enum conf_token_kind {
    CONF_TOKEN_END,
    CONF_TOKEN_WORD,   /* names, numbers, booleans, @include */
    CONF_TOKEN_STRING, /* with its quotes */
    CONF_TOKEN_MARK    /* one character of punctuation */
};

struct conf_token {
    enum conf_token_kind kind;
    const char *bytes; /* in the text, not NUL-terminated */
    size_t len;
    int line;   /* where it begins, from 1 */
    bool first; /* nothing but white space before it on its line */
};

struct conf_lexer {
    const char *at;
    const char *line_start;
    int line;
};

/* `text` is NUL-terminated and stays the caller's. */
void conf_lexer_init(struct conf_lexer *lexer, const char *text);
void conf_lexer_next(struct conf_lexer *lexer, struct conf_token *token);
bool conf_token_is(const struct conf_token *token, const char *text);

#endif
