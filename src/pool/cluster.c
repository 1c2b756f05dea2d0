/* SPDX-License-Identifier: MIT */
/*
 * A ring of the last deaths as numbers, and the texts of the last few kinds. A kind whose text made
 * room for others is counted no more as one, only as a death.
 */
#include "pool/cluster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"

static const int64_t WINDOW = (int64_t)CLUSTER_MINUTES * 60 * CLOCK_S;

struct cluster_kind {
    uint64_t key; /* 0 = unused */
    int64_t newest_at;
    char cause[CLUSTER_TEXT], line[CLUSTER_TEXT];
};

struct cluster_table {
    struct {
        int64_t at;
        uint64_t key;
    } deaths[CLUSTER_DEATHS]; /* ring, newest at next - 1 */
    size_t next, count;
    struct cluster_kind kinds[CLUSTER_KINDS];
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* The length of a number at `text`, 0 = none: 0x..., or hex digits of which one is a digit. */
static size_t number_length(const char *text)
{
    size_t len = 0;
    bool digit = false;

    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X') && is_hex(text[2])) {
        for (len = 2; is_hex(text[len]);)
            len++;
        return len;
    }
    for (; is_hex(text[len]); len++)
        digit |= is_digit(text[len]);
    return digit ? len : 0;
}

void cluster_normalise(const char *line, char *out, size_t size)
{
    size_t used = 0;

    while (*line && used + 1 < size) {
        size_t number = number_length(line);

        if (number) {
            out[used++] = '#';
            line += number;
            continue;
        }
        /* A word of hex letters is a word. */
        do
            out[used++] = *line++;
        while (is_hex(line[-1]) && is_hex(*line) && used + 1 < size);
    }
    out[used] = '\0';
}

static uint64_t key_of(uint64_t code, const char *line)
{
    char plain[CLUSTER_TEXT];
    uint64_t key;

    cluster_normalise(line, plain, sizeof(plain));
    key = map_hash_bytes(plain, strlen(plain)) ^ (code + 1) * UINT64_C(0x9E3779B97F4A7C15);
    return key ? key : 1;
}

/* The kind's place: its own, a free one, or that of the kind which nobody died of for longest. */
static struct cluster_kind *kind_place(struct cluster_table *table, uint64_t key)
{
    struct cluster_kind *oldest = &table->kinds[0];

    for (int i = 0; i < CLUSTER_KINDS; i++) {
        struct cluster_kind *kind = &table->kinds[i];

        if (kind->key == key)
            return kind;
        if (kind->newest_at < oldest->newest_at)
            oldest = kind;
    }
    return oldest;
}

/* Deaths in the window: of the kind, or (key 0) all. */
static int count_deaths(const struct cluster_table *table, int64_t now, uint64_t key)
{
    int found = 0;

    for (size_t i = 1; i <= table->count; i++) {
        size_t place = (table->next + CLUSTER_DEATHS - i) % CLUSTER_DEATHS;

        if (now - table->deaths[place].at > WINDOW)
            break;
        found += !key || table->deaths[place].key == key;
    }
    return found;
}

int cluster_add(struct cluster_table **table, int64_t now, uint64_t code, const char *cause,
                const char *line)
{
    struct cluster_kind *kind;
    uint64_t key = key_of(code, line);

    if (!*table)
        *table = mem_new(sizeof(**table));
    kind = kind_place(*table, key);
    kind->key = key;
    kind->newest_at = now;
    snprintf(kind->cause, sizeof(kind->cause), "%s", cause);
    snprintf(kind->line, sizeof(kind->line), "%s", line);
    (*table)->deaths[(*table)->next].at = now;
    (*table)->deaths[(*table)->next].key = key;
    (*table)->next = ((*table)->next + 1) % CLUSTER_DEATHS;
    if ((*table)->count < CLUSTER_DEATHS)
        (*table)->count++;
    return count_deaths(*table, now, key);
}

bool cluster_look(const struct cluster_table *table, int64_t now, struct cluster_view *view)
{
    *view = (struct cluster_view){.cause = "", .line = ""};
    for (int i = 0; table && i < CLUSTER_KINDS; i++) {
        const struct cluster_kind *kind = &table->kinds[i];
        int alike = kind->key ? count_deaths(table, now, kind->key) : 0;

        if (alike > view->alike)
            *view = (struct cluster_view){0, alike, kind->newest_at, kind->cause, kind->line};
    }
    if (view->alike < 2)
        return false;
    view->deaths = count_deaths(table, now, 0);
    return true;
}

void cluster_say(const struct cluster_table *table, int64_t now, char *out, size_t size)
{
    struct cluster_view view;

    *out = '\0';
    if (!cluster_look(table, now, &view))
        return;
    snprintf(out, size, "%d of %d deaths in %dm: %.80s, %s%s", view.alike, view.deaths,
             CLUSTER_MINUTES, view.cause, *view.line ? "same last line: " : "no last line",
             view.line);
}

void cluster_free(struct cluster_table *table)
{
    free(table);
}
