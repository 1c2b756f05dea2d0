/* SPDX-License-Identifier: MIT */
/*
 * A capture with its pipe and file for the tests. Included by tests only.
 */
#ifndef LIFEGUARD_TESTS_CAPTURE_FIXTURE_H
#define LIFEGUARD_TESTS_CAPTURE_FIXTURE_H

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "logs/capture.h"
#include "sys/file.h"

static const int64_t start = INT64_C(1795230001123456789); /* 2026-11-21T03:00:01.123Z */

static char base[64];

struct fixture {
    struct logs *logs;
    struct capture *capture;
    struct capture_options options;
    char path[PATH_MAX];
    int out[2];
    int64_t wall;
};

static inline void fixture_init(struct fixture *f, const char *name)
{
    const struct logs_options options = {.ring_total = 1 << 20};

    *f = (struct fixture){.logs = logs_new(&options), .wall = start};
    snprintf(f->path, sizeof(f->path), "%s/%s/log", base, name);
    f->options =
        (struct capture_options){.path = f->path, .append = true, .keep = 5, .ring = 65536};
    assert_int_equal(file_pipe(f->out, true, false), 0);
}

static inline void fixture_start(struct fixture *f)
{
    struct err err = {0};

    f->capture = capture_new(f->logs, &f->options, &err);
    if (!f->capture)
        fail_msg("%s", err.text);
}

static inline void fixture_fini(struct fixture *f)
{
    capture_free(f->capture);
    logs_free(f->logs);
    close(f->out[0]);
    if (f->out[1] >= 0)
        close(f->out[1]);
}

/* Writes into the pipe as a worker would and lets the capture read it all. */
static inline void print(struct fixture *f, const char *bytes, size_t len)
{
    while (len > 0) {
        size_t part = len < 60000 ? len : 60000;

        assert_int_equal(file_write_all(f->out[1], bytes, part), 0);
        assert_int_equal(capture_read(f->capture, f->out[0], 'o', f->wall), CAPTURE_MORE);
        bytes += part;
        len -= part;
    }
}

static inline void print_text(struct fixture *f, const char *text)
{
    print(f, text, strlen(text));
}

static inline void append_file(struct buf *all, const char *path)
{
    size_t len;
    char *bytes = file_read_all(path, 1 << 30, &len, NULL);

    if (!bytes)
        return;
    assert_int_equal(buf_append(all, bytes, len), 0);
    free(bytes);
}

/* All parts of the log, oldest first. */
static inline void read_parts(const struct fixture *f, int parts, struct buf *all)
{
    char part[PATH_MAX + 16];

    buf_init(all, 0);
    for (int i = parts; i > 0; i--) {
        snprintf(part, sizeof(part), "%s.%d", f->path, i);
        append_file(all, part);
    }
    append_file(all, f->path);
}

static inline void expect_file(const struct fixture *f, const char *expected)
{
    struct buf all;

    read_parts(f, 0, &all);
    assert_string_equal(buf_string(&all), expected);
    buf_fini(&all);
}

static inline int make_base(void **state)
{
    (void)state;
    snprintf(base, sizeof(base), "/tmp/lifeguard-test-XXXXXX");
    return mkdtemp(base) ? 0 : -1;
}

static inline int remove_base(void **state)
{
    char command[128];

    (void)state;
    snprintf(command, sizeof(command), "rm -rf '%s'", base);
    return system(command);
}

#endif
