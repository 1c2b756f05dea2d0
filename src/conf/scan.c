/* SPDX-License-Identifier: MIT */
/*
 * Checks of the text itself. libconfig 1.5 reads 3000000000 as a negative number, twenty digits as
 * -1 and 0777 as seven hundred and seventy-seven, and says nothing.
 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "conf/lex.h"
#include "conf/result.h"
#include "conf/text.h"

static bool scan_is_integer(const char *word)
{
    if (*word == '-' || *word == '+')
        word++;
    if (word[0] == '0' && (word[1] == 'x' || word[1] == 'X'))
        return true;
    return isdigit((unsigned char)*word) && !strpbrk(word, ".eE");
}

static void scan_integer(const char *word, const char *where, struct conf_result *result)
{
    const char *digits = word + (*word == '-' || *word == '+');
    int base = digits[0] == '0' && (digits[1] | 0x20) == 'x' ? 16 : 10;
    long long value;
    char *end;

    if (base == 10 && digits[0] == '0' && isdigit((unsigned char)digits[1])) {
        conf_result_error(result, where, "%s would be read as decimal; write a string: \"%s\"",
                          word, word);
        return;
    }
    errno = 0;
    value = strtoll(word, &end, base);
    if (errno == ERANGE)
        conf_result_error(result, where, "%s is out of range", word);
    else if (!*end && (value > INT_MAX || value < INT_MIN))
        conf_result_error(result, where, "%s is out of range for a plain number; write %sL", word,
                          word);
}

static void scan_word(const struct conf_token *token, const char *where, struct conf_result *result)
{
    char word[64];

    if (token->len >= sizeof(word)) {
        if (isdigit((unsigned char)token->bytes[0]))
            conf_result_error(result, where, "%.20s... is out of range", token->bytes);
        return;
    }
    memcpy(word, token->bytes, token->len);
    word[token->len] = 0;
    if (scan_is_integer(word))
        scan_integer(word, where, result);
}

bool conf_text_scan(const struct conf_text *text, struct conf_result *result)
{
    struct conf_lexer lexer;
    struct conf_token token;
    bool comma = false, refused = false;
    char where[512];

    conf_lexer_init(&lexer, text->string);
    for (conf_lexer_next(&lexer, &token); token.kind != CONF_TOKEN_END;
         conf_lexer_next(&lexer, &token)) {
        conf_text_where(text, token.line, where, sizeof(where));
        if (token.kind == CONF_TOKEN_WORD)
            scan_word(&token, where, result);
        if (comma && (conf_token_is(&token, "]") || conf_token_is(&token, ")"))) {
            conf_result_error(result, where, "a comma must not stand before %.1s", token.bytes);
            refused = true;
        }
        comma = conf_token_is(&token, ",");
    }
    return refused;
}
