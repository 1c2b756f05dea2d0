/* SPDX-License-Identifier: MIT */
/*
 * Text to numbers and back. No state, no allocation.
 */
#include "base/str.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

static bool str_is_decimal_start(const char *text)
{
    return isdigit((unsigned char)text[0]) || (text[0] == '.' && isdigit((unsigned char)text[1]));
}

/* Digits with at most one point; no sign, hex, inf, exponent or locale. */
static int str_parse_decimal(const char *text, double *value, const char **rest)
{
    double place = 1;

    if (!str_is_decimal_start(text))
        return text[0] == '-' ? -ERANGE : -EINVAL;
    for (*value = 0; isdigit((unsigned char)*text); text++)
        *value = *value * 10 + (*text - '0');
    if (*text == '.') {
        if (!isdigit((unsigned char)*++text))
            return -EINVAL;
        for (; isdigit((unsigned char)*text); text++)
            *value += (*text - '0') * (place /= 10);
    }
    *rest = text;
    return 0;
}

int str_parse_duration(const char *text, int64_t *ns)
{
    static const double LONGEST_NS = 100.0 * 366 * 86400e9;
    static const struct {
        const char *unit;
        double scale;
    } units[] = {{"", 1e9},   {"s", 1e9},    {"ms", 1e6},   {"us", 1e3},
                 {"m", 60e9}, {"h", 3600e9}, {"d", 86400e9}};
    const char *rest;
    double value;
    int rc = str_parse_decimal(text, &value, &rest);

    if (rc < 0)
        return rc;
    for (size_t i = 0; i < ARRAY_LEN(units); i++) {
        if (strcmp(rest, units[i].unit) != 0)
            continue;
        if (value * units[i].scale > LONGEST_NS)
            return -ERANGE;
        *ns = (int64_t)(value * units[i].scale + 0.5);
        return 0;
    }
    return -EINVAL;
}

int str_parse_size(const char *text, int64_t *bytes)
{
    static const char units[] = "KMGT";
    const char *rest, *unit;
    double value, scale = 1;
    int rc = str_parse_decimal(text, &value, &rest);

    if (rc < 0)
        return rc;
    if (*rest) {
        unit = strchr(units, toupper((unsigned char)*rest));
        if (!unit || rest[1])
            return -EINVAL;
        scale = (double)(INT64_C(1) << (10 * (unit - units + 1)));
    }
    if (value * scale > 9e15)
        return -ERANGE;
    *bytes = (int64_t)(value * scale);
    return 0;
}

int str_parse_mask(const char *text, unsigned *mask)
{
    unsigned value = 0;

    if (!*text)
        return -EINVAL;
    for (; *text; text++) {
        if (*text < '0' || *text > '7')
            return -EINVAL;
        value = value * 8 + (unsigned)(*text - '0');
        if (value > 0777)
            return -ERANGE;
    }
    *mask = value;
    return 0;
}

int str_parse_int(const char *text, int64_t *value)
{
    char *end;

    if (!isdigit((unsigned char)text[0]) && !(text[0] == '-' && isdigit((unsigned char)text[1])))
        return -EINVAL;
    errno = 0;
    *value = strtoll(text, &end, 10);
    if (*end)
        return -EINVAL;
    return errno ? -ERANGE : 0;
}

int str_parse_id(const char *text, uint64_t *id)
{
    uint64_t value = 0;

    if (!*text)
        return -EINVAL;
    for (; *text; text++) {
        uint64_t digit;

        if (isdigit((unsigned char)*text))
            digit = (uint64_t)(*text - '0');
        else if (*text >= 'a' && *text <= 'z')
            digit = (uint64_t)(*text - 'a' + 10);
        else
            return -EINVAL;
        if (value > (UINT64_MAX - digit) / 36)
            return -ERANGE;
        value = value * 36 + digit;
    }
    *id = value;
    return 0;
}

void str_format_id(char out[16], uint64_t id)
{
    char reversed[16];
    size_t len = 0;

    do {
        reversed[len++] = "0123456789abcdefghijklmnopqrstuvwxyz"[id % 36];
        id /= 36;
    } while (id && len < 15);
    for (size_t i = 0; i < len; i++)
        out[i] = reversed[len - 1 - i];
    out[len] = '\0';
}

void str_format_duration(char out[16], double s)
{
    if (!(s >= 0) || s > 9999 * 86400.0)
        snprintf(out, 16, "-");
    else if (s < 0.0005)
        snprintf(out, 16, "0s");
    else if (s < 0.9995)
        snprintf(out, 16, "%dms", (int)(s * 1000 + 0.5));
    else if (s < 9.95)
        snprintf(out, 16, "%.1fs", s);
    else if (s < 60)
        snprintf(out, 16, "%ds", (int)s);
    else if (s < 3600)
        snprintf(out, 16, "%dm%02ds", (int)s / 60, (int)s % 60);
    else if (s < 86400)
        snprintf(out, 16, "%dh%02dm", (int)s / 3600, (int)s / 60 % 60);
    else
        snprintf(out, 16, "%dd%02dh", (int)(s / 86400), (int)(s / 3600) % 24);
}

void str_format_size(char out[16], double bytes)
{
    static const char units[] = "\0KMGTP";
    size_t unit = 0;

    while (bytes >= 999.5 && unit < 5) {
        bytes /= 1024;
        unit++;
    }
    if (unit > 0 && bytes < 9.95)
        snprintf(out, 16, "%.1f%c", bytes, units[unit]);
    else if (unit > 0)
        snprintf(out, 16, "%d%c", (int)(bytes + 0.5), units[unit]);
    else
        snprintf(out, 16, "%d", (int)bytes);
}

void str_format_count(char out[32], int64_t value)
{
    char digits[24];
    size_t len, used = 0;

    snprintf(digits, sizeof(digits), "%lld", (long long)value);
    len = strlen(digits);
    for (size_t i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0 && digits[i - 1] != '-')
            out[used++] = ',';
        out[used++] = digits[i];
    }
    out[used] = '\0';
}

bool str_is_name(const char *text)
{
    size_t len = strlen(text);

    if (len < 1 || len > 64 || !isalpha((unsigned char)text[0]) || (unsigned char)text[0] > 127)
        return false;
    return strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") == len;
}

/* Levenshtein distance with a swap of neighbours as one step (optimal string alignment). */
static size_t str_distance(const char *a, const char *b)
{
    enum { LONGEST = 40 };
    size_t rows[3][LONGEST + 1] = {{0}};
    size_t la = strlen(a), lb = strlen(b);

    if (la > LONGEST || lb > LONGEST)
        return LONGEST;
    for (size_t j = 0; j <= lb; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= la; i++) {
        size_t *now = rows[i % 3], *before = rows[(i + 2) % 3], *older = rows[(i + 1) % 3];

        now[0] = i;
        for (size_t j = 1; j <= lb; j++) {
            size_t best = before[j - 1] + (a[i - 1] != b[j - 1]);

            if (before[j] + 1 < best)
                best = before[j] + 1;
            if (now[j - 1] + 1 < best)
                best = now[j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                older[j - 2] + 1 < best)
                best = older[j - 2] + 1;
            now[j] = best;
        }
    }
    return rows[la % 3][lb];
}

const char *str_nearest(const char *word, const char *const *candidates)
{
    const char *best = NULL;
    size_t best_distance = strlen(word) / 3 + 1;

    for (; *candidates; candidates++) {
        size_t distance = str_distance(word, *candidates);

        if (distance <= best_distance && (!best || distance < best_distance)) {
            best = *candidates;
            best_distance = distance;
        }
    }
    return best;
}

bool str_starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

const char *str_trim(const char *text, size_t *len)
{
    static const char white[] = " \t\n\v\f\r";

    while (*len && memchr(white, *text, sizeof(white) - 1)) {
        text++;
        --*len;
    }
    while (*len && memchr(white, text[*len - 1], sizeof(white) - 1))
        --*len;
    return text;
}

int str_parse_signal(const char *text)
{
    int64_t number;

    if (str_parse_int(text, &number) == 0)
        return number > 0 && number < NSIG ? (int)number : 0;
    if (strncasecmp(text, "SIG", 3) == 0)
        text += 3;
    for (int i = 1; i < NSIG; i++) {
        const char *name = sigabbrev_np(i);

        if (name && strcasecmp(name, text) == 0)
            return i;
    }
    return 0;
}

const char *str_signal_name(int signal)
{
    const char *name = signal > 0 && signal < NSIG ? sigabbrev_np(signal) : NULL;

    return name ? name : "?";
}
