/* SPDX-License-Identifier: MIT */
/*
 * Deaths that are alike: the same cause and the same last line, whatever numbers and addresses are
 * in it. One a pool, of fixed size, made when its first worker dies.
 */
#ifndef LIFEGUARD_POOL_CLUSTER_H
#define LIFEGUARD_POOL_CLUSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CLUSTER_DEATHS = 256, CLUSTER_KINDS = 8, CLUSTER_TEXT = 160, CLUSTER_MINUTES = 10 };

struct cluster_table;

/* The largest kind of the last ten minutes. Texts are lent. */
struct cluster_view {
    int deaths, alike;
    int64_t newest_at; /* of that kind */
    const char *cause; /* "signal 11 (SEGV)" */
    const char *line;  /* "" = nothing was said */
};

/* Notes a death of this kind: `code` stands for its cause. *table is made when it is NULL. How many
 * were alike with it in the window, itself included. */
int cluster_add(struct cluster_table **table, int64_t now, uint64_t code, const char *cause,
                const char *line);
/* False when nobody died in the window, or no two alike. */
bool cluster_look(const struct cluster_table *table, int64_t now, struct cluster_view *view);
/* "15 of 17 deaths in 10m: signal 11 (SEGV), same last line: can't connect"; "" where cluster_look
 * says no. */
void cluster_say(const struct cluster_table *table, int64_t now, char *out, size_t size);
void cluster_free(struct cluster_table *table);
/* Runs of digits and of hex digits with a digit in them become '#'. */
void cluster_normalise(const char *line, char *out, size_t size);

#endif
