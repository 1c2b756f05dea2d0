/* SPDX-License-Identifier: MIT */
/*
 * The filter of a view. regcomp makes a copy of what is repeated for each repetition, nested ones
 * multiply (a{255}{255}{255} never ends), and back references take exponential time: both are
 * refused before regcomp sees them.
 */
#include "supervisor/view_filter.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"

enum { PATTERN_MOST = 256, COST_MOST = 20000, TEXT_MOST = 256 };
static const int64_t TIME_MOST = 50 * CLOCK_MS;

/* The larger number of "m,n}". */
static long bounds_most(const char *at)
{
    long most = 1;

    while (isdigit((unsigned char)*at) || *at == ',') {
        char *end;
        long number = strtol(at, &end, 10);

        most = number > most ? number : most;
        at = end + (*end == ',');
    }
    return most;
}

static bool is_costly(const char *pattern)
{
    long cost = (long)strlen(pattern);

    if (cost > PATTERN_MOST)
        return true;
    for (const char *at = pattern; *at && cost <= COST_MOST; at++) {
        if (*at == '{')
            cost *= bounds_most(at + 1) <= COST_MOST ? bounds_most(at + 1) : COST_MOST;
        else if (*at == '\\' && at[1] >= '1' && at[1] <= '9')
            return true;
        else if (*at == '\\' && at[1])
            at++;
    }
    return cost > COST_MOST;
}

int view_filter_init(struct view_filter *filter, const char *text, struct err *err)
{
    char why[160];
    int rc;

    *filter = (struct view_filter){0};
    if (!*text)
        return 0;
    filter->invert = *text == '!';
    if (is_costly(text + filter->invert))
        return err_set(err, EINVAL, "filter `%.60s`: too long, or repeats too much", text);
    rc = regcomp(&filter->regex, text + filter->invert, REG_EXTENDED | REG_NOSUB | REG_ICASE);
    filter->set = rc == 0;
    if (rc == 0)
        return 0;
    regerror(rc, &filter->regex, why, sizeof(why));
    return err_set(err, EINVAL, "filter `%.60s`: %s", text, why);
}

void view_filter_fini(struct view_filter *filter)
{
    if (filter->set)
        regfree(&filter->regex);
    *filter = (struct view_filter){0};
}

void view_filter_reset(struct view_filter *filter)
{
    filter->spent = 0;
}

static bool is_hit(const struct view_filter *filter, const char *text)
{
    regmatch_t part = {.rm_so = 0};

    if (!text)
        return false;
    part.rm_eo = (regoff_t)strnlen(text, TEXT_MOST);
    return regexec(&filter->regex, text, 1, &part, REG_STARTEND) == 0;
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
