/* SPDX-License-Identifier: MIT */
/*
 * What a client filters a view by: an extended regular expression that ignores case, "!" before it
 * inverts. Patterns come from outside and run on the supervisor's loop, so that their size, the
 * bytes of each text and the time of each message are bounded.
 */
#ifndef LIFEGUARD_SUPERVISOR_VIEW_FILTER_H
#define LIFEGUARD_SUPERVISOR_VIEW_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/pattern.h"

struct err;

struct view_filter {
    struct pattern pattern;
    bool set, invert;
    int64_t spent; /* ns on this message */
};

/* -EINVAL with the reason when it is no pattern or would cost too much. "" passes everything. */
int view_filter_init(struct view_filter *filter, const char *text, struct err *err);
void view_filter_fini(struct view_filter *filter);
/* A message begins. */
void view_filter_reset(struct view_filter *filter);
/* True when it lets a row with these texts through (NULL allowed). Once the time of a message is
 * used up nothing passes. */
bool view_filter_passes(struct view_filter *filter, const char *a, const char *b);

#endif
