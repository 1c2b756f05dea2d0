/* SPDX-License-Identifier: MIT */
/*
 * What map says: a task's output with its tag, the progress bar, the closing summary.
 */
#ifndef LIFEGUARD_CLI_MAP_TEXT_H
#define LIFEGUARD_CLI_MAP_TEXT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct args;
struct map_options;

/* "lifeguard map -j 4 COMMAND", NULL-terminated, to be freed by mem_free_strings. */
char **map_rerun_words(const struct args *args, char *const *command);

/* Writes one stream of tasks' outputs, whole task after whole task. */
struct map_writer {
    int fd;
    bool sanitise;      /* a terminal, and no --raw */
    bool at_line_start; /* of a line of the task */
    bool terminal;
    bool open_line;  /* the last byte written was no newline */
    struct buf line; /* sanitising: what is no whole line yet */
    struct buf out;
};

void map_writer_init(struct map_writer *writer, int fd, bool raw);
void map_writer_fini(struct map_writer *writer);
/* Adds bytes of a task's output; `tag` (may be NULL) goes before each line. */
void map_writer_add(struct map_writer *writer, const char *tag, const char *bytes, size_t len);
/* The task's output is complete. */
void map_writer_end(struct map_writer *writer);
/* Writes what waits; blocking. 0 or -errno (-EPIPE: nobody reads any more). */
int map_writer_flush(struct map_writer *writer);
/* The exit status of a run that can't write to standard output; says why, but for -EPIPE. */
int map_writer_fail(int rc);

/* What failed, to be told at the end. */
struct map_summary {
    json_t *failed; /* array of result messages, the first of them */
    uint64_t failures, done, skipped, cancelled;
    char *inputs_path; /* more failures than a line can name: their inputs are in this file */
    int inputs_fd;
    json_t *held;   /* the result with the fewest inputs so far: the last in that file */
    unsigned items; /* most inputs of one failed task */
};

void map_summary_add(struct map_summary *summary, json_t *result,
                     const struct map_options *options);
/* On stderr; says nothing when nothing failed and nothing was cut short. */
void map_summary_print(struct map_summary *summary, const struct map_options *options,
                       bool interrupted);
void map_summary_fini(struct map_summary *summary);

/* Keeps a failed task's inputs for the line that runs the failures again, and prints that line. It
 * can be copied whatever the inputs are: in bash where they hold control bytes. */
void map_rerun_add(struct map_summary *summary, json_t *result, const struct map_options *options);
void map_rerun_print(struct map_summary *summary, const struct map_options *options);

/* "[|||||     ] 45% 450/1000 62.4/s ETA 3m12s 2 failed" over the line before, as wide as the
 * terminal allows, if stderr is one; else a line. */
void map_progress_print(const json_t *summary, bool terminal);
void map_progress_clear(bool terminal);
/* A member's bytes, base64 or not, into `out`. */
void map_json_bytes(const json_t *object, const char *key, struct buf *out);

#endif
