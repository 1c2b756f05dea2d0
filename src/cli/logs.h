/* SPDX-License-Identifier: MIT */
/*
 * Log lines for the `logs` verb: which ones are wanted, and how one is printed. Lines come from
 * files (logs_file.c) or live from the supervisor (logs.c).
 */
#ifndef LIFEGUARD_CLI_LOGS_H
#define LIFEGUARD_CLI_LOGS_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct err;

struct logs_filter {
    double since; /* epoch seconds, 0 = all */
    bool grep;
    regex_t regex; /* when `grep` */
    int64_t lines; /* the last so many */
};

struct logs_line {
    double at; /* epoch seconds, 0 = not known */
    const char *pool;
    int slot, pid;
    char stream;      /* o e s, ' ' when not known */
    const char *text; /* without stamp and newline, not NUL-terminated */
    size_t len;
};

/* A line read from a file, kept. */
struct logs_kept {
    struct logs_line line;
    char *bytes; /* owns line.text */
};

/* Lines of several files, oldest first within a file. Zeroed memory is empty. */
struct logs_list {
    struct logs_kept *lines;
    size_t count, cap;
};

/* "10m" (ago), "14:02", "14:02:05" (today), "2026-01-31T14:02:00". 0 or -EINVAL. */
int logs_parse_since(const char *text, double now, double *since);
bool logs_wanted(const struct logs_filter *filter, const struct logs_line *line);
/* Takes stamp and stream off a line of a log file. False when it has none; then text is all of it.
 */
bool logs_split(const char *bytes, size_t len, struct logs_line *line);

/* Adds the wanted lines of a log file and, while there are not enough, of those that it was rotated
 * to. `from` gives pool, slot and PID. A missing file adds nothing. 0 or -errno. */
int logs_list_read(struct logs_list *list, const char *path, bool stamped,
                   const struct logs_filter *filter, const struct logs_line *from, struct err *err);
/* By time, and then keeps the last `lines`. */
void logs_list_merge(struct logs_list *list, int64_t lines);
void logs_list_fini(struct logs_list *list);

#endif
