/* SPDX-License-Identifier: MIT */
/*
 * What one task printed, kept apart by stream until its result is delivered: the first MiB in
 * memory, the rest in an unlinked file. A disk without room loses the rest and says so.
 */
#ifndef LIFEGUARD_SUPERVISOR_OUTPUT_H
#define LIFEGUARD_SUPERVISOR_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum { OUTPUT_RESULT = 1 << 20, OUTPUT_MEMORY = OUTPUT_RESULT + 1 }; /* and its last newline */

struct output_stream {
    struct buf memory;
    int file;       /* what did not fit, -1 = none */
    uint64_t total; /* bytes seen */
    uint64_t lost;  /* bytes that could not be kept */
};

struct task_output {
    struct output_stream out, err;
};

struct task_output *task_output_new(void);
void task_output_free(struct task_output *output);
/* The same object for the next attempt or task. */
void task_output_reset(struct task_output *output);
void task_output_add(struct task_output *output, char stream, const char *bytes, size_t len);
/* Writes the whole stream to a blocking descriptor. 0 or -errno. */
int output_stream_copy(struct output_stream *stream, int fd);
/* Reads at most `size` bytes from `offset` of the stream. Bytes read, 0 at its end, -errno. */
int64_t output_stream_read(struct output_stream *stream, uint64_t offset, char *out, size_t size);

#endif
