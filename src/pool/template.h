/* SPDX-License-Identifier: MIT */
/*
 * Commands with GNU parallel's replacement strings, compiled once, expanded a task at a time into
 * an argv without a shell:
 *   {} the input   {.} without its extension   {/} its last path component   {//} its directory
 *   {/.} last component without extension   {#} sequence number   {%} slot
 *   {1} {2.} {3/} ... the Nth item of the task, counted from 1, from the end when negative
 * Several items in one {}: a word that is just {} becomes several words; inside a longer word they
 * are joined by spaces (where the shell is used: each quoted on its own).
 */
#ifndef LIFEGUARD_POOL_TEMPLATE_H
#define LIFEGUARD_POOL_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct task;
struct template;

/* `append`: a command without any replacement string gets {} as its last word. `shell`: the words
 * are one script, values enter it quoted. */
struct template *template_new(char *const *command, bool shell, bool append);
void template_free(struct template *template);
/* True when the command has a replacement string of its own. */
bool template_has_fields(const struct template *template);

/* An expanded command; reused from task to task. Zeroed memory is valid. */
struct expansion {
    char **argv; /* NULL-terminated; points into the storage */
    size_t argc;
    char *bytes;
    size_t bytes_cap, argv_cap;
};

/* 0, -ENOMEM, or -EINVAL where the input has a NUL byte. With shell the argv is /bin/sh -c
 * SCRIPT. */
int template_expand(const struct template *template, const struct task *task, int slot,
                    struct expansion *expansion);
/* The same as one printable line (for --dry-run, the job log and the screen): words with anything
 * unusual are quoted for the shell. */
int template_print(const struct template *template, const struct task *task, int slot,
                   struct buf *out);
void expansion_fini(struct expansion *expansion);
/* Appends `text` so that a shell reads it back as one word. */
int template_quote(struct buf *out, const char *text, size_t len);

#endif
