/* SPDX-License-Identifier: MIT */
/*
 * A config file's text with its includes put in, and for each line the file and line that it came
 * from. lifeguard expands @include itself: libconfig's versions disagree on what a relative path
 * is relative to, open whatever they find (a FIFO blocks them) and run into cycles.
 */
#ifndef LIFEGUARD_CONF_TEXT_H
#define LIFEGUARD_CONF_TEXT_H

#include <stdbool.h>

#include "base/buf.h"

struct conf_result;

enum {
    CONF_MAX_FILE = 1 << 20,
    CONF_MAX_TEXT = 8 << 20,
    CONF_MAX_DEPTH = 16,
    CONF_MAX_FILES = 1000
};

struct conf_line {
    int file; /* index in `files` */
    int line;
};

/* Zeroed memory is empty. */
struct conf_text {
    struct buf bytes;
    const char *string; /* the bytes, NUL-terminated; NULL when nothing could be read */
    struct conf_line *lines;
    size_t line_count, line_cap;
    char **files; /* paths as the user and the includes wrote them, made relative to the user's */
    size_t file_count;
};

/* 0, or -EINVAL with errors added (what could be read is there all the same, unless it is the
 * first file). Release with conf_text_fini in any case. */
int conf_text_read(struct conf_text *text, const char *path, struct conf_result *result);
void conf_text_fini(struct conf_text *text);
/* "file:line" of a line (from 1) of the whole text. */
void conf_text_where(const struct conf_text *text, int line, char *out, size_t size);
/* Reports numbers that libconfig would read as something else, and commas that it refuses: it
 * would say only "syntax error" there. True when there was such a comma. */
bool conf_text_scan(const struct conf_text *text, struct conf_result *result);

#endif
