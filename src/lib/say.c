/* SPDX-License-Identifier: MIT */
/*
 * What a worker says without being asked: progress, heartbeats, status, tasks for other pools; and
 * the fields that its lines are made of. Callable from every thread.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/state.h"

enum { NAME_LONGEST = 255 };

struct lg_field lg_word(const char *word)
{
    return (struct lg_field){word, strlen(word), false};
}

struct lg_field lg_text(const void *text, size_t len)
{
    return (struct lg_field){text, text ? len : 0, true};
}

struct lg_field lg_string(const char *text)
{
    return lg_text(text, text ? strlen(text) : 0);
}

bool lg_is_name(const char *name)
{
    size_t len = name ? strlen(name) : 0;

    if (len == 0 || len > NAME_LONGEST || strcmp(name, "-") == 0)
        return false;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)name[i] < ' ' || name[i] == 0x7f)
            return false;
    return true;
}

/* One line at once, from whichever thread. */
static int worker_say(struct lg_worker *worker, const struct lg_field *fields, size_t count)
{
    int rc = lg_worker_check(worker);

    return rc < 0 ? rc : lg_worker_send(worker, fields, count);
}

int lg_worker_touch(struct lg_worker *worker, const struct lg_task *task, int64_t ms)
{
    char text[24];
    struct lg_field fields[] = {lg_word("TOUCH"), lg_word(task->id), {0}};

    snprintf(text, sizeof(text), "%lld", (long long)ms);
    fields[2] = lg_word(text);
    return worker_say(worker, fields, ms < 0 ? 2 : 3);
}

int lg_worker_progress(struct lg_worker *worker, const struct lg_task *task, int64_t done,
                       int64_t total, const char *text)
{
    char done_text[24], total_text[24] = "-";
    struct lg_field fields[] = {lg_word("PROGRESS"), lg_word(task->id), {0}, {0}, lg_string(text)};

    if (done < 0)
        return -EINVAL;
    snprintf(done_text, sizeof(done_text), "%lld", (long long)done);
    if (total >= 0)
        snprintf(total_text, sizeof(total_text), "%lld", (long long)total);
    fields[2] = lg_word(done_text);
    fields[3] = lg_word(total_text);
    return worker_say(worker, fields, text ? 5 : 4);
}

int lg_worker_beat(struct lg_worker *worker)
{
    struct lg_field beat = lg_word("BEAT");

    return worker_say(worker, &beat, 1);
}

int lg_worker_status(struct lg_worker *worker, const char *text)
{
    struct lg_field fields[] = {lg_word("STATUS"), lg_string(text)};

    return worker_say(worker, fields, 2);
}

int lg_worker_put(struct lg_worker *worker, const char *pool, const void *payload, size_t len)
{
    struct lg_field fields[] = {lg_word("PUT"), lg_word(pool), lg_text(payload, len)};

    if (!lg_is_name(pool))
        return -EINVAL;
    return worker_say(worker, fields, 3);
}
