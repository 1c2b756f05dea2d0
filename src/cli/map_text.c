/* SPDX-License-Identifier: MIT */
/*
 * map's words. Output goes to files and pipes byte for byte; on a terminal it is sanitised line by
 * line with its colours kept.
 */
#include "cli/map_text.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/sanitise.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/map.h"
#include "sys/file.h"

enum { LISTED_MOST = 10, FLUSH_OVER = 65536, LINE_MOST = 65536 };

void map_writer_init(struct map_writer *writer, int fd, bool raw)
{
    *writer = (struct map_writer){.fd = fd, .at_line_start = true};
    writer->terminal = isatty(fd) == 1;
    writer->sanitise = !raw && writer->terminal;
}

void map_writer_fini(struct map_writer *writer)
{
    buf_fini(&writer->line);
    buf_fini(&writer->out);
}

static void writer_put(struct map_writer *writer, const char *bytes, size_t len)
{
    if (!writer->sanitise) {
        buf_append(&writer->out, bytes, len);
        return;
    }
    buf_append(&writer->line, bytes, len);
    /* A line is sanitised whole, so that no sequence is cut in two. */
    if ((len && bytes[len - 1] == '\n') || buf_len(&writer->line) > LINE_MOST) {
        sanitise_to_terminal(&writer->out, buf_data(&writer->line), buf_len(&writer->line), true);
        buf_reset(&writer->line);
    }
}

void map_writer_add(struct map_writer *writer, const char *tag, const char *bytes, size_t len)
{
    const char *end = bytes + len;

    while (bytes < end) {
        const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
        size_t line = newline ? (size_t)(newline - bytes) + 1 : (size_t)(end - bytes);

        if (tag && writer->at_line_start) {
            writer_put(writer, tag, strlen(tag));
            writer_put(writer, "\t", 1);
        }
        writer_put(writer, bytes, line);
        writer->at_line_start = newline != NULL;
        bytes += line;
    }
}

void map_writer_end(struct map_writer *writer)
{
    if (buf_len(&writer->line)) {
        sanitise_to_terminal(&writer->out, buf_data(&writer->line), buf_len(&writer->line), true);
        buf_reset(&writer->line);
    }
    writer->at_line_start = true;
}

int map_writer_flush(struct map_writer *writer)
{
    int rc = 0;

    size_t len = buf_len(&writer->out);

    if (len) {
        writer->open_line = buf_data(&writer->out)[len - 1] != '\n';
        rc = file_write_all(writer->fd, buf_data(&writer->out), len);
    }
    buf_reset(&writer->out);
    return rc;
}

int map_writer_fail(int rc)
{
    if (rc == -EPIPE)
        return 128 + SIGPIPE;
    return cli_fail(CLI_UNABLE, "standard output: %s; the run was ended", strerror(-rc));
}

void map_json_bytes(const json_t *object, const char *key, struct buf *out)
{
    const json_t *plain = json_object_get(object, key);
    char name[64];

    buf_reset(out);
    if (json_is_string(plain)) {
        buf_append(out, json_string_value(plain), json_string_length(plain));
        return;
    }
    snprintf(name, sizeof(name), "%s_base64", key);
    plain = json_object_get(object, name);
    if (json_is_string(plain))
        base64_decode(out, json_string_value(plain), json_string_length(plain));
}

void map_summary_add(struct map_summary *summary, json_t *result, const struct map_options *options)
{
    const char *state = json_string_value(json_object_get(result, "state"));

    if (!state || strcmp(state, "done") == 0)
        summary->done++;
    else if (strcmp(state, "skipped") == 0)
        summary->skipped++;
    else if (strcmp(state, "cancelled") == 0)
        summary->cancelled++;
    else {
        summary->failures++;
        map_rerun_add(summary, result, options);
    }
}

static void summary_print_one(const json_t *result)
{
    struct buf text = {0}, shown = {0}, line = {0};

    map_json_bytes(result, "command", &text);
    buf_append(&line, "  ", 2);
    buf_append(&line, buf_data(&text), buf_len(&text));
    map_json_bytes(result, "error", &text);
    buf_append(&line, ": ", 2);
    buf_append(&line, buf_data(&text), buf_len(&text));
    map_json_bytes(result, "last_words", &text);
    if (buf_len(&text)) {
        buf_append(&line, "; last words: ", 14);
        buf_append(&line, buf_data(&text), buf_len(&text));
    }
    sanitise_to_terminal(&shown, buf_data(&line), buf_len(&line), false);
    buf_append_char(&shown, '\n');
    file_write_all(STDERR_FILENO, buf_data(&shown), buf_len(&shown));
    buf_fini(&text);
    buf_fini(&line);
    buf_fini(&shown);
}

void map_summary_print(struct map_summary *summary, const struct map_options *options,
                       bool interrupted)
{
    size_t listed = json_array_size(summary->failed);
    uint64_t cut = summary->skipped + summary->cancelled;
    uint64_t all = summary->failures + summary->done + cut;

    if (interrupted && !summary->failures)
        fprintf(stderr, "lifeguard: interrupted: %llu done\n", (unsigned long long)summary->done);
    if (!summary->failures)
        return;
    fprintf(stderr, "lifeguard: %s%llu of %llu tasks failed", interrupted ? "interrupted: " : "",
            (unsigned long long)summary->failures, (unsigned long long)all);
    if (cut)
        fprintf(stderr, ", %llu were not finished", (unsigned long long)cut);
    fprintf(stderr, ":\n");
    for (size_t i = 0; i < listed && i < LISTED_MOST; i++)
        summary_print_one(json_array_get(summary->failed, i));
    if (summary->failures > LISTED_MOST)
        fprintf(stderr, "  … and %llu more\n",
                (unsigned long long)(summary->failures - LISTED_MOST));
    map_rerun_print(summary, options);
}

void map_summary_fini(struct map_summary *summary)
{
    json_decref(summary->failed);
    json_decref(summary->held);
    if (summary->inputs_path && summary->inputs_fd >= 0)
        close(summary->inputs_fd);
    free(summary->inputs_path);
}
