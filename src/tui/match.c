/* SPDX-License-Identifier: MIT */
/*
 * Patterns over PCRE2 or POSIX. Bytes, not characters: log lines need not be UTF-8.
 */
#include "tui/match.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef LIFEGUARD_PCRE2
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#else
#include <regex.h>
#endif

#include "base/err.h"
#include "base/mem.h"
#include "tui/cells.h"

struct match {
    char *pattern;
    bool inverted;
#ifdef LIFEGUARD_PCRE2
    pcre2_code *code;
    pcre2_match_data *data;
    pcre2_match_context *context;
#else
    regex_t regex;
#endif
};

static bool has_capital(const char *text)
{
    for (; *text; text++)
        if (isupper((unsigned char)*text))
            return true;
    return false;
}

#ifdef LIFEGUARD_PCRE2

static int compile(struct match *match, const char *pattern, struct err *err)
{
    enum { STEPS = 100000 };
    uint32_t flags = has_capital(pattern) ? 0 : PCRE2_CASELESS;
    unsigned char text[128];
    PCRE2_SIZE where;
    int code;

    match->code =
        pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, flags, &code, &where, NULL);
    if (!match->code) {
        pcre2_get_error_message(code, text, sizeof(text));
        return err_set(err, EINVAL, "%s at %zu", (const char *)text, (size_t)where);
    }
    pcre2_jit_compile(match->code, PCRE2_JIT_COMPLETE);
    match->data = pcre2_match_data_create(1, NULL);
    match->context = pcre2_match_context_create(NULL);
    if (!match->data || !match->context)
        return err_set(err, ENOMEM, "no memory for the pattern");
    pcre2_set_match_limit(match->context, STEPS);
    return 0;
}

static void release(struct match *match)
{
    pcre2_match_context_free(match->context);
    pcre2_match_data_free(match->data);
    pcre2_code_free(match->code);
}

static bool find(const struct match *match, const char *bytes, size_t len, size_t from,
                 struct cells_span *span)
{
    const PCRE2_SIZE *place;

    if (pcre2_match(match->code, (PCRE2_SPTR)bytes, len, from, 0, match->data, match->context) < 0)
        return false;
    place = pcre2_get_ovector_pointer(match->data);
    *span = (struct cells_span){place[0], place[1]};
    return true;
}

#else

static int compile(struct match *match, const char *pattern, struct err *err)
{
    char text[128];
    int code =
        regcomp(&match->regex, pattern, REG_EXTENDED | (has_capital(pattern) ? 0 : REG_ICASE));

    if (!code)
        return 0;
    regerror(code, &match->regex, text, sizeof(text));
    return err_set(err, EINVAL, "%s", text);
}

static void release(struct match *match)
{
    regfree(&match->regex);
}

static bool find(const struct match *match, const char *bytes, size_t len, size_t from,
                 struct cells_span *span)
{
    regmatch_t place = {.rm_so = (regoff_t)from, .rm_eo = (regoff_t)len};

    if (regexec(&match->regex, bytes, 1, &place, REG_STARTEND | (from ? REG_NOTBOL : 0)))
        return false;
    *span = (struct cells_span){(size_t)place.rm_so, (size_t)place.rm_eo};
    return true;
}

#endif

int match_new(struct match **out, const char *pattern, bool invert, struct err *err)
{
    struct match *match = mem_new(sizeof(*match));
    int status;

    match->inverted = invert && pattern[0] == '!';
    status = compile(match, pattern + match->inverted, err);
    if (status < 0) {
#ifdef LIFEGUARD_PCRE2
        release(match);
#endif
        free(match);
        return status;
    }
    match->pattern = mem_copy_string(pattern);
    *out = match;
    return 0;
}

void match_free(struct match *match)
{
    if (!match)
        return;
    release(match);
    free(match->pattern);
    free(match);
}

bool match_test(const struct match *match, const char *bytes, size_t len)
{
    struct cells_span span;
    return find(match, bytes, len, 0, &span) != match->inverted;
}

size_t match_spans(const struct match *match, const char *bytes, size_t len,
                   struct cells_span *spans, size_t max)
{
    size_t count = 0, from = 0;

    while (!match->inverted && count < max && from <= len &&
           find(match, bytes, len, from, &spans[count])) {
        from = spans[count].to > spans[count].from ? spans[count].to : spans[count].to + 1;
        count += spans[count].to > spans[count].from;
    }
    return count;
}

const char *match_pattern(const struct match *match)
{
    return match->pattern;
}
