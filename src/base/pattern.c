/* SPDX-License-Identifier: MIT */
/*
 * The price of a pattern is its length times all numbers of its repetitions.
 */
#include "base/pattern.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

enum { PATTERN_MOST = 256, COST_MOST = 20000 };

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

static bool is_costly(const char *text)
{
    long cost = (long)strlen(text);

    if (cost > PATTERN_MOST)
        return true;
    for (const char *at = text; *at && cost <= COST_MOST; at++) {
        if (*at == '{')
            cost *= bounds_most(at + 1) <= COST_MOST ? bounds_most(at + 1) : COST_MOST;
        else if (*at == '\\' && at[1] >= '1' && at[1] <= '9')
            return true;
        else if (*at == '\\' && at[1])
            at++;
    }
    return cost > COST_MOST;
}

int pattern_init(struct pattern *pattern, const char *text, bool ignore_case, struct err *err)
{
    char why[160];
    int rc;

    *pattern = (struct pattern){0};
    if (is_costly(text))
        return err_set(err, EINVAL, "`%.60s`: too long, or repeats too much", text);
    rc = regcomp(&pattern->regex, text, REG_EXTENDED | REG_NOSUB | (ignore_case ? REG_ICASE : 0));
    pattern->set = rc == 0;
    if (rc == 0)
        return 0;
    regerror(rc, &pattern->regex, why, sizeof(why));
    return err_set(err, EINVAL, "`%.60s`: %s", text, why);
}

void pattern_fini(struct pattern *pattern)
{
    if (pattern->set)
        regfree(&pattern->regex);
    *pattern = (struct pattern){0};
}

bool pattern_matches(const struct pattern *pattern, const char *bytes, size_t len)
{
    regmatch_t part = {.rm_so = 0, .rm_eo = (regoff_t)len};

    return pattern->set && regexec(&pattern->regex, bytes, 1, &part, REG_STARTEND) == 0;
}
