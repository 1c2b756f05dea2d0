/* SPDX-License-Identifier: MIT */
/*
 * The filter of a view. What one message may spend on it is bounded besides the pattern's price.
 */
#include "supervisor/view_filter.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"

enum { TEXT_MOST = 256 };
static const int64_t TIME_MOST = 50 * CLOCK_MS;

int view_filter_init(struct view_filter *filter, const char *text, struct err *err)
{
    struct err why = {0};
    int rc;

    *filter = (struct view_filter){0};
    if (!*text)
        return 0;
    filter->invert = *text == '!';
    rc = pattern_init(&filter->pattern, text + filter->invert, true, &why);
    filter->set = rc == 0;
    return rc < 0 ? err_set(err, EINVAL, "filter %s", why.text) : 0;
}

void view_filter_fini(struct view_filter *filter)
{
    pattern_fini(&filter->pattern);
    *filter = (struct view_filter){0};
}

void view_filter_reset(struct view_filter *filter)
{
    filter->spent = 0;
}

static bool is_hit(const struct view_filter *filter, const char *text)
{
    return text && pattern_matches(&filter->pattern, text, strnlen(text, TEXT_MOST));
}

bool view_filter_passes(struct view_filter *filter, const char *a, const char *b)
{
    int64_t begin;
    bool hit;

    if (!filter->set)
        return true;
    if (filter->spent > TIME_MOST)
        return false;
    begin = clock_now();
    hit = is_hit(filter, a) || is_hit(filter, b);
    filter->spent += clock_now() - begin;
    return hit != filter->invert;
}
