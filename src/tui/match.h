/* SPDX-License-Identifier: MIT */
/*
 * Patterns that the operator types: a regular expression, case counts only when it has a capital,
 * a leading "!" inverts (where allowed). PCRE2 with a match limit, or POSIX where it is not built
 * in. A pattern that costs too much on a line counts as no match.
 */
#ifndef LIFEGUARD_TUI_MATCH_H
#define LIFEGUARD_TUI_MATCH_H

#include <stdbool.h>
#include <stddef.h>

struct err;
struct match;
struct cells_span;

/* 0 or -EINVAL with the compiler's words. `invert`: a leading "!" inverts. */
int match_new(struct match **out, const char *pattern, bool invert, struct err *err);
void match_free(struct match *match);
/* True where the text is wanted. */
bool match_test(const struct match *match, const char *bytes, size_t len);
/* Where it matches, at most `max` ranges; none for an inverted pattern. */
size_t match_spans(const struct match *match, const char *bytes, size_t len,
                   struct cells_span *spans, size_t max);
const char *match_pattern(const struct match *match);

#endif
