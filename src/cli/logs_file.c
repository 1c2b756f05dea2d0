/* SPDX-License-Identifier: MIT */
/*
 * Log files: the newest is read first, and older ones only while lines are wanting.
 */
#include "cli/logs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

/* "2026-01-31T12:41:07.123+0100 o " as capture writes it: the sign in front of the text is blank,
 * or + where the line goes on. */
enum { STAMP_LEN = 28, PREFIX_LEN = 31, MOST_ROTATED = 100000 };

static int since_clock(const char *text, double now, double *since)
{
    time_t seconds = (time_t)now;
    struct tm when;
    const char *rest;

    localtime_r(&seconds, &when);
    when.tm_sec = 0;
    rest = strptime(text, strlen(text) > 5 ? "%H:%M:%S" : "%H:%M", &when);
    if (!rest || *rest)
        return -EINVAL;
    when.tm_isdst = -1;
    *since = (double)mktime(&when);
    /* 23:50 asked for at 00:10 was yesterday. */
    if (*since > now)
        *since -= 86400;
    return 0;
}

int logs_parse_since(const char *text, double now, double *since)
{
    struct tm when = {.tm_isdst = -1};
    const char *rest;
    int64_t ago;

    if (str_parse_duration(text, &ago) == 0) {
        *since = now - (double)ago / 1e9;
        return 0;
    }
    if (strchr(text, ':') && !strchr(text, '-'))
        return since_clock(text, now, since);
    rest = strptime(text, "%Y-%m-%d", &when);
    if (rest && (*rest == 'T' || *rest == ' '))
        rest = strptime(rest + 1, strlen(rest) > 6 ? "%H:%M:%S" : "%H:%M", &when);
    if (!rest || *rest)
        return -EINVAL;
    *since = (double)mktime(&when);
    return 0;
}

static bool stamp_parse(const char *bytes, double *at)
{
    char text[STAMP_LEN + 1];
    struct tm when = {0};
    int millis = 0, zone = 0, offset;
    const char *rest;

    memcpy(text, bytes, STAMP_LEN);
    text[STAMP_LEN] = 0;
    rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &when);
    if (!rest || sscanf(rest, ".%3d%5d", &millis, &zone) != 2)
        return false;
    offset = zone / 100 * 3600 + zone % 100 * 60;
    *at = (double)(timegm(&when) - offset) + millis / 1e3;
    return true;
}

bool logs_split(const char *bytes, size_t len, struct logs_line *line)
{
    line->text = bytes;
    line->len = len;
    line->stream = ' ';
    if (len < PREFIX_LEN || bytes[4] != '-' || bytes[STAMP_LEN] != ' ' ||
        !stamp_parse(bytes, &line->at))
        return false;
    line->stream = bytes[STAMP_LEN + 1];
    line->text += PREFIX_LEN;
    line->len -= PREFIX_LEN;
    return true;
}

bool logs_wanted(const struct logs_filter *filter, const struct logs_line *line)
{
    char *text;
    bool found;

    if (filter->since > 0 && line->at < filter->since)
        return false;
    if (!filter->grep)
        return true;
    text = mem_copy_bytes(line->text, line->len);
    found = regexec(&filter->regex, text, 0, NULL, 0) == 0;
    free(text);
    return found;
}

static int list_add(struct logs_list *list, const struct logs_line *line)
{
    struct logs_kept *kept;

    if (list->count == list->cap) {
        size_t cap = list->cap ? list->cap * 2 : 256;
        void *lines = list->lines;

        if (mem_try_resize(&lines, cap, sizeof(*list->lines)) < 0)
            return -ENOMEM;
        list->lines = lines;
        list->cap = cap;
    }
    kept = &list->lines[list->count++];
    *kept = (struct logs_kept){*line, mem_copy_bytes(line->text, line->len)};
    kept->line.text = kept->bytes;
    return 0;
}

static void list_drop(struct logs_list *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(list->lines[i].bytes);
    list->count -= count;
    memmove(list->lines, list->lines + count, list->count * sizeof(*list->lines));
}

/* All wanted lines of one file; never more than twice as many as are asked for are kept. */
static int list_read_file(struct logs_list *list, FILE *file, bool stamped,
                          const struct logs_filter *filter, const struct logs_line *from)
{
    struct logs_line line = *from;
    char *text = NULL;
    size_t cap = 0;
    ssize_t len;
    int rc = 0;

    while (rc == 0 && (len = getline(&text, &cap, file)) >= 0) {
        if (len && text[len - 1] == '\n')
            len--;
        line.text = text;
        line.len = (size_t)len;
        if (stamped)
            logs_split(text, (size_t)len, &line);
        if (!logs_wanted(filter, &line))
            continue;
        rc = list_add(list, &line);
        if ((int64_t)list->count >= filter->lines * 2 + 16)
            list_drop(list, list->count - (size_t)filter->lines);
    }
    free(text);
    return rc;
}

/* `older` goes before what `list` has. */
static int list_prepend(struct logs_list *list, struct logs_list *older)
{
    int rc = 0;

    for (size_t i = 0; i < list->count && rc == 0; i++)
        rc = list_add(older, &list->lines[i].line);
    logs_list_fini(list);
    *list = *older;
    return rc;
}

static FILE *list_open(const char *path, int rotation)
{
    char *name = rotation ? mem_printf("%s.%d", path, rotation) : mem_copy_string(path);
    int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    FILE *file = fd >= 0 ? fdopen(fd, "r") : NULL;

    free(name);
    return file;
}

int logs_list_read(struct logs_list *list, const char *path, bool stamped,
                   const struct logs_filter *filter, const struct logs_line *from, struct err *err)
{
    struct logs_list mine = {0};
    int rc = 0;

    for (int i = 0; i < MOST_ROTATED && (int64_t)mine.count < filter->lines && rc == 0; i++) {
        struct logs_list older = {0};
        FILE *file = list_open(path, i);

        if (!file && errno != ENOENT)
            rc = err_set_errno(err, errno, "%s", path);
        if (!file && i > 0)
            break;
        if (!file)
            continue; /* just rotated, or never written */
        rc = list_read_file(&older, file, stamped, filter, from);
        fclose(file);
        if (rc == 0)
            rc = list_prepend(&mine, &older);
    }
    if ((int64_t)mine.count > filter->lines)
        list_drop(&mine, mine.count - (size_t)filter->lines);
    for (size_t i = 0; i < mine.count && rc == 0; i++)
        rc = list_add(list, &mine.lines[i].line);
    logs_list_fini(&mine);
    return rc;
}

/* Without a stamp lines have the time of the one before; pointers keep the order within a file. */
static int kept_compare(const void *one, const void *other)
{
    const struct logs_kept *a = *(const struct logs_kept *const *)one;
    const struct logs_kept *b = *(const struct logs_kept *const *)other;

    if (a->line.at < b->line.at || a->line.at > b->line.at)
        return a->line.at < b->line.at ? -1 : 1;
    return a < b ? -1 : a > b;
}

void logs_list_merge(struct logs_list *list, int64_t lines)
{
    struct logs_kept **order = mem_new_array(list->count + 1, sizeof(*order));
    struct logs_kept *sorted = mem_new_array(list->count + 1, sizeof(*sorted));

    for (size_t i = 0; i < list->count; i++)
        order[i] = &list->lines[i];
    qsort(order, list->count, sizeof(*order), kept_compare);
    for (size_t i = 0; i < list->count; i++)
        sorted[i] = *order[i];
    free(order);
    free(list->lines);
    list->lines = sorted;
    list->cap = list->count + 1;
    if ((int64_t)list->count > lines)
        list_drop(list, list->count - (size_t)lines);
}

void logs_list_fini(struct logs_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->lines[i].bytes);
    free(list->lines);
    *list = (struct logs_list){0};
}
