/* SPDX-License-Identifier: MIT */
/*
 * Extended regular expressions at a bounded price, for patterns that run on a loop. regcomp makes a
 * copy of what is repeated for each repetition, nested ones multiply (a{255}{255}{255} never ends),
 * and back references take exponential time: both are refused before regcomp sees them.
 */
#ifndef LIFEGUARD_BASE_PATTERN_H
#define LIFEGUARD_BASE_PATTERN_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

struct err;

/* Zeroed memory is one that is not set. */
struct pattern {
    regex_t regex;
    bool set;
};

/* -EINVAL with the reason ("`a{`: ...") when it is no pattern or would cost too much. */
int pattern_init(struct pattern *pattern, const char *text, bool ignore_case, struct err *err);
void pattern_fini(struct pattern *pattern);
/* True when it is set and matches somewhere; NUL bytes are allowed. */
bool pattern_matches(const struct pattern *pattern, const char *bytes, size_t len);

#endif
