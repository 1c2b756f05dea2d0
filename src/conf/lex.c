/* SPDX-License-Identifier: MIT */
/*
 * The tokenizer for checks that libconfig does not make.
 */
#include "conf/lex.h"

#include <ctype.h>
#include <string.h>

void conf_lexer_init(struct conf_lexer *lexer, const char *text)
{
    *lexer = (struct conf_lexer){.at = text, .line_start = text, .line = 1};
}

/* One character further, counting lines. */
static void lexer_step(struct conf_lexer *lexer)
{
    if (*lexer->at++ == '\n') {
        lexer->line++;
        lexer->line_start = lexer->at;
    }
}

static void lexer_skip_line(struct conf_lexer *lexer)
{
    while (*lexer->at && *lexer->at != '\n')
        lexer->at++;
}

static void lexer_skip_block(struct conf_lexer *lexer)
{
    lexer->at += 2;
    while (*lexer->at && strncmp(lexer->at, "*/", 2) != 0)
        lexer_step(lexer);
    if (*lexer->at)
        lexer->at += 2;
}

static void lexer_skip_blank(struct conf_lexer *lexer)
{
    for (;;) {
        if (*lexer->at == '#' || strncmp(lexer->at, "//", 2) == 0)
            lexer_skip_line(lexer);
        else if (strncmp(lexer->at, "/*", 2) == 0)
            lexer_skip_block(lexer);
        else if (*lexer->at && isspace((unsigned char)*lexer->at))
            lexer_step(lexer);
        else
            return;
    }
}

static void lexer_take_string(struct conf_lexer *lexer)
{
    lexer->at++;
    while (*lexer->at && *lexer->at != '"') {
        if (*lexer->at == '\\' && lexer->at[1])
            lexer->at++;
        lexer_step(lexer);
    }
    if (*lexer->at)
        lexer->at++;
}

static bool lexer_is_word(char c)
{
    return isalnum((unsigned char)c) || (c && strchr("_-+.*@", c));
}

static bool lexer_only_blank(const char *from, const char *to)
{
    while (from < to && (*from == ' ' || *from == '\t'))
        from++;
    return from == to;
}

void conf_lexer_next(struct conf_lexer *lexer, struct conf_token *token)
{
    lexer_skip_blank(lexer);
    *token = (struct conf_token){.bytes = lexer->at, .line = lexer->line};
    token->first = lexer_only_blank(lexer->line_start, lexer->at);
    if (!*lexer->at)
        return;
    if (*lexer->at == '"') {
        token->kind = CONF_TOKEN_STRING;
        lexer_take_string(lexer);
    } else if (lexer_is_word(*lexer->at)) {
        token->kind = CONF_TOKEN_WORD;
        while (lexer_is_word(*lexer->at))
            lexer->at++;
    } else {
        token->kind = CONF_TOKEN_MARK;
        lexer->at++;
    }
    token->len = (size_t)(lexer->at - token->bytes);
}

bool conf_token_is(const struct conf_token *token, const char *text)
{
    return token->len == strlen(text) && memcmp(token->bytes, text, token->len) == 0;
}
