/* SPDX-License-Identifier: MIT */
/*
 * Keeping the log directory within bounds. A life is all files "POOL.SLOT.PID.log" and
 * "POOL.SLOT.PID.log.N" of one process; lives go as a whole, oldest first, living ones never.
 */
#include "logs/capture.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/map.h"
#include "base/mem.h"

struct life {
    long slot;
    int pid;
    int64_t size;
    struct timespec newest;
    bool stays, doomed;
};

struct life_list {
    struct life *lives;
    size_t count, cap;
    struct map index; /* key -> place + 1 while collecting, later key -> doomed life */
};

static uint64_t life_key(long slot, int pid)
{
    return (uint64_t)slot << 32 | (uint32_t)pid;
}

/* A whole number from 1 up; *text moves behind it. */
static bool take_number(const char **text, long *number)
{
    char *end;

    if (**text < '1' || **text > '9')
        return false;
    *number = strtol(*text, &end, 10);
    *text = end;
    return *number > 0 && *number < INT32_MAX;
}

static bool take_text(const char **text, const char *expected)
{
    size_t len = strlen(expected);

    if (strncmp(*text, expected, len) != 0)
        return false;
    *text += len;
    return true;
}

/* Slot and PID of a file name of this pool. */
static bool parse_name(const char *name, const char *pool, long *slot, int *pid)
{
    long number, part;

    if (!take_text(&name, pool) || !take_text(&name, ".") || !take_number(&name, slot) ||
        !take_text(&name, ".") || !take_number(&name, &number) || !take_text(&name, ".log"))
        return false;
    *pid = (int)number;
    return *name == '\0' || (take_text(&name, ".") && take_number(&name, &part) && !*name);
}

/* Found or added; NULL when memory is out. */
static struct life *find_life(struct life_list *list, long slot, int pid)
{
    uint64_t key = life_key(slot, pid);
    uintptr_t place = (uintptr_t)map_find(&list->index, key);
    void *lives = list->lives;

    if (place)
        return &list->lives[place - 1];
    if (list->count == list->cap) {
        size_t cap = list->cap ? list->cap * 2 : 64;

        if (mem_try_resize(&lives, cap, sizeof(*list->lives)) < 0)
            return NULL;
        list->lives = lives;
        list->cap = cap;
    }
    list->lives[list->count] = (struct life){.slot = slot, .pid = pid};
    map_set(&list->index, key, (void *)(uintptr_t)++list->count);
    return &list->lives[list->count - 1];
}

static bool is_newer(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec : a->tv_nsec > b->tv_nsec;
}

static void collect(struct life_list *list, DIR *stream, const char *pool)
{
    const struct dirent *entry;

    while ((entry = readdir(stream))) {
        struct stat status;
        struct life *life;
        long slot;
        int pid;

        if (!parse_name(entry->d_name, pool, &slot, &pid) ||
            fstatat(dirfd(stream), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0 ||
            !S_ISREG(status.st_mode))
            continue;
        life = find_life(list, slot, pid);
        if (!life)
            return;
        life->size += status.st_size;
        if (is_newer(&status.st_mtim, &life->newest))
            life->newest = status.st_mtim;
    }
}

static int compare_age(const struct life *one, const struct life *two)
{
    if (is_newer(&one->newest, &two->newest))
        return 1;
    return is_newer(&two->newest, &one->newest) ? -1 : one->pid - two->pid;
}

static int oldest_first(const void *a, const void *b)
{
    return compare_age(a, b);
}

static int newest_first_by_slot(const void *a, const void *b)
{
    const struct life *one = a, *two = b;

    if (one->slot != two->slot)
        return one->slot < two->slot ? -1 : 1;
    return compare_age(two, one);
}

/* Dooms ended lives of a slot beyond the newest `keep`. */
static void doom_many(struct life_list *list, int keep)
{
    int ended = 0;

    qsort(list->lives, list->count, sizeof(*list->lives), newest_first_by_slot);
    for (size_t i = 0; i < list->count; i++) {
        struct life *life = &list->lives[i];

        if (i > 0 && life->slot != life[-1].slot)
            ended = 0;
        if (!life->stays && ended++ >= keep)
            life->doomed = true;
    }
}

static void doom_oldest(struct life_list *list, int64_t max_total)
{
    int64_t total = 0;

    qsort(list->lives, list->count, sizeof(*list->lives), oldest_first);
    for (size_t i = 0; i < list->count; i++)
        total += list->lives[i].doomed ? 0 : list->lives[i].size;
    for (size_t i = 0; i < list->count && total > max_total; i++)
        if (!list->lives[i].stays && !list->lives[i].doomed) {
            list->lives[i].doomed = true;
            total -= list->lives[i].size;
        }
}

static void delete_doomed(struct life_list *list, DIR *stream, const char *pool)
{
    const struct dirent *entry;

    map_fini(&list->index);
    list->index = (struct map){0};
    for (size_t i = 0; i < list->count; i++)
        if (list->lives[i].doomed)
            map_set(&list->index, life_key(list->lives[i].slot, list->lives[i].pid),
                    &list->lives[i]);
    if (list->index.count == 0)
        return;
    rewinddir(stream);
    while ((entry = readdir(stream))) {
        long slot;
        int pid;

        if (parse_name(entry->d_name, pool, &slot, &pid) &&
            map_find(&list->index, life_key(slot, pid)))
            unlinkat(dirfd(stream), entry->d_name, 0);
    }
}

void logs_prune(const char *dir, const char *pool, int keep_lives, int64_t max_total,
                bool (*live)(void *ctx, int pid), void *ctx)
{
    struct life_list list = {0};
    DIR *stream = opendir(dir);

    if (!stream)
        return;
    collect(&list, stream, pool);
    for (size_t i = 0; i < list.count; i++)
        list.lives[i].stays = live && live(ctx, list.lives[i].pid);
    if (list.count > 0 && keep_lives >= 0)
        doom_many(&list, keep_lives);
    if (list.count > 0 && max_total > 0)
        doom_oldest(&list, max_total);
    delete_doomed(&list, stream, pool);
    closedir(stream);
    map_fini(&list.index);
    free(list.lives);
}
