/* SPDX-License-Identifier: MIT */
/*
 * Values that limit a worker, from text. Nothing is guessed: what is not wholly of the form is
 * refused, and the refusal shows the form.
 */
#include "pool/limits.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"

/* As the kernel counts them (linux/ioprio.h): the class in the bits above the level. */
enum { IO_CLASS_SHIFT = 13, IO_LEVEL_DEFAULT = 4 };

struct io_class {
    const char *name;
    int number;
    bool levels;
};

static const struct io_class io_classes[] = {
    {"none", 0, false}, {"realtime", 1, true}, {"best-effort", 2, true}, {"idle", 3, false}};

static int refuse_ionice(struct err *err)
{
    return err_set(err, EINVAL,
                   "must be \"idle\", \"best-effort:0\" to \"best-effort:7\", \"realtime:0\" to "
                   "\"realtime:7\" or \"none\"");
}

int limits_parse_ionice(const char *text, int *value, struct err *err)
{
    size_t len = strcspn(text, ":");
    int level = IO_LEVEL_DEFAULT;

    if (text[len]) {
        const char *digit = text + len + 1;

        if (digit[0] < '0' || digit[0] > '7' || digit[1])
            return refuse_ionice(err);
        level = digit[0] - '0';
    }
    for (size_t i = 0; i < ARRAY_LEN(io_classes); i++) {
        const struct io_class *class = &io_classes[i];

        if (strlen(class->name) != len || strncmp(class->name, text, len) != 0)
            continue;
        if (text[len] && !class->levels)
            return refuse_ionice(err);
        *value = class->number << IO_CLASS_SHIFT | (class->levels ? level : 0);
        return 0;
    }
    return refuse_ionice(err);
}

/* A CPU's number at *at, which moves behind it; -1 when there is none. */
static int read_cpu(const char **at)
{
    const char *from = *at;
    int number = 0;

    while (**at >= '0' && **at <= '9' && number < CPU_SETSIZE) {
        number = number * 10 + (**at - '0');
        ++*at;
    }
    return *at == from || number >= CPU_SETSIZE ? -1 : number;
}

int limits_parse_affinity(const char *text, cpu_set_t *set, struct err *err)
{
    const char *at = text;

    CPU_ZERO(set);
    for (;;) {
        int first = read_cpu(&at), last = first;

        if (*at == '-') {
            at++;
            last = read_cpu(&at);
        }
        if (first < 0 || last < first || (*at && *at != ','))
            return err_set(err, EINVAL,
                           "must be CPUs and ranges of them, 0 to %d, with commas: \"0-3,8\"",
                           CPU_SETSIZE - 1);
        for (int cpu = first; cpu <= last; cpu++)
            CPU_SET(cpu, set);
        if (!*at)
            return 0;
        at++;
    }
}

int limits_parse_cpu_max(const char *text, int64_t *quota, struct err *err)
{
    size_t digits = strspn(text, "0123456789.");
    char *end = NULL;
    double percent = digits ? strtod(text, &end) : 0;

    *quota = 0;
    if (strcmp(text, "max") == 0)
        return 0;
    /* Less than a hundredth of a CPU is more than the kernel can count. */
    if (percent < 1 || percent > 1e6 || end != text + digits || strcmp(end, "%") != 0)
        return err_set(err, EINVAL,
                       "must be a percentage of one CPU, at least 1%%, or \"max\": \"150%%\"");
    *quota = (int64_t)(percent * LIMITS_CPU_PERIOD / 100);
    return 0;
}

int limits_check_ionice(const char *text, struct err *err)
{
    int value;

    return limits_parse_ionice(text, &value, err);
}

int limits_check_affinity(const char *text, struct err *err)
{
    cpu_set_t set;

    return limits_parse_affinity(text, &set, err);
}

int limits_check_cpu_max(const char *text, struct err *err)
{
    int64_t quota;

    return limits_parse_cpu_max(text, &quota, err);
}
