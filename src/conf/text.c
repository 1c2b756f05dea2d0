/* SPDX-License-Identifier: MIT */
/*
 * Include expansion with a line map. Invariant: when a file's text is appended, the whole text is
 * at the start of a line.
 */
#include "conf/text.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "conf/file.h"
#include "conf/lex.h"
#include "conf/result.h"

/* The files being included right now, innermost first: for cycles and depth. */
struct text_frame {
    const struct text_frame *outer;
    const char *path;
    const struct conf_file *file;
    int index;
    int depth;
};

static int text_expand(struct conf_text *text, const struct text_frame *frame,
                       struct conf_result *result);

static int text_add_line(struct conf_text *text, int file, int line)
{
    if (text->line_count == text->line_cap) {
        size_t cap = text->line_cap ? text->line_cap * 2 : 256;
        void *lines = text->lines;
        int rc = mem_try_resize(&lines, cap, sizeof(text->lines[0]));

        if (rc < 0)
            return rc;
        text->lines = lines;
        text->line_cap = cap;
    }
    text->lines[text->line_count++] = (struct conf_line){file, line};
    return 0;
}

/* Appends bytes that begin at `line` of a file, ends them with a newline, and maps their lines. */
static int text_append(struct conf_text *text, const char *bytes, size_t len, int file, int line)
{
    const char *end = bytes + len;

    while (bytes < end) {
        const char *stop = memchr(bytes, '\n', (size_t)(end - bytes));
        size_t size = (size_t)((stop ? stop : end) - bytes);
        int rc = text_add_line(text, file, line++);

        if (rc == 0)
            rc = buf_append(&text->bytes, bytes, size);
        if (rc == 0)
            rc = buf_append_char(&text->bytes, '\n');
        if (rc < 0)
            return rc;
        bytes += size + 1;
    }
    return 0;
}

static int text_add_file(struct conf_text *text, const char *path)
{
    void *files = text->files;

    if (mem_try_resize(&files, text->file_count + 1, sizeof(char *)) < 0)
        return -ENOMEM;
    text->files = files;
    text->files[text->file_count] = mem_copy_string(path);
    return (int)text->file_count++;
}

static bool text_is_open(const struct text_frame *frame, const struct conf_file *file)
{
    for (; frame; frame = frame->outer) {
        if (frame->file->device == file->device && frame->file->inode == file->inode)
            return true;
    }
    return false;
}

/* Relative paths are relative to the including file. */
static char *text_include_path(const char *including, const struct conf_token *name)
{
    char *copy = mem_copy_string(including);
    const char *dir = dirname(copy);
    int len = name->len >= 2 ? (int)name->len - 2 : 0;
    char *path;

    if (name->bytes[1] == '/' || strcmp(dir, ".") == 0)
        path = mem_printf("%.*s", len, name->bytes + 1);
    else
        path = mem_printf("%s/%.*s", dir, len, name->bytes + 1);
    free(copy);
    return path;
}

static int text_include_file(struct conf_text *text, const struct text_frame *outer,
                             const char *path, const char *where, struct conf_result *result)
{
    struct text_frame frame = {.outer = outer, .path = path, .depth = outer->depth + 1};
    struct conf_file file;
    struct err err = {0};
    int rc = conf_file_read(&file, path, CONF_MAX_FILE, &err);

    if (rc < 0) {
        conf_result_error(result, where, "@include \"%s\": %s", path, err.text);
        return 0;
    }
    frame.file = &file;
    if (text_is_open(outer, &file)) {
        conf_result_error(result, where, "@include \"%s\": the file includes itself", path);
    } else if (frame.depth > CONF_MAX_DEPTH) {
        conf_result_error(result, where, "@include \"%s\": includes nest deeper than %d files",
                          path, CONF_MAX_DEPTH);
    } else if (text->file_count >= CONF_MAX_FILES) {
        conf_result_error(result, where, "@include \"%s\": more than %d files", path,
                          CONF_MAX_FILES);
    } else {
        rc = frame.index = text_add_file(text, path);
        if (rc >= 0)
            rc = text_expand(text, &frame, result);
    }
    free(file.bytes);
    return rc;
}

/* `lexer` stands behind "@include"; the file's name follows on the same line. */
static int text_include(struct conf_text *text, const struct text_frame *frame,
                        struct conf_lexer *lexer, int line, struct conf_result *result)
{
    struct conf_token name;
    char where[512];
    char *path;
    int rc;

    snprintf(where, sizeof(where), "%s:%d", frame->path, line);
    conf_lexer_next(lexer, &name);
    if (name.kind != CONF_TOKEN_STRING || name.line != line) {
        conf_result_error(result, where, "@include needs a file name in quotes");
        return 0;
    }
    path = text_include_path(frame->path, &name);
    rc = text_include_file(text, frame, path, where, result);
    free(path);
    return rc;
}

static int text_expand(struct conf_text *text, const struct text_frame *frame,
                       struct conf_result *result)
{
    const char *copied = frame->file->bytes;
    struct conf_lexer lexer;
    struct conf_token token;
    int copied_line = 1;
    int rc = 0;

    conf_lexer_init(&lexer, frame->file->bytes);
    do {
        conf_lexer_next(&lexer, &token);
        if (token.kind != CONF_TOKEN_END && !(token.first && conf_token_is(&token, "@include")))
            continue;
        rc = text_append(text, copied, (size_t)(token.bytes - copied), frame->index, copied_line);
        if (rc < 0 || token.kind == CONF_TOKEN_END)
            break;
        rc = text_include(text, frame, &lexer, token.line, result);
        copied = lexer.at;
        copied_line = lexer.line;
    } while (rc >= 0);
    return rc < 0 ? rc : 0;
}

int conf_text_read(struct conf_text *text, const char *path, struct conf_result *result)
{
    size_t errors = result->error_count;
    struct conf_file file;
    struct text_frame frame = {.path = path, .file = &file};
    struct err err = {0};
    int rc = conf_file_read(&file, path, CONF_MAX_FILE, &err);

    *text = (struct conf_text){0};
    if (rc < 0) {
        conf_result_error(result, path, "%s", err.text);
        return -EINVAL;
    }
    buf_init(&text->bytes, CONF_MAX_TEXT);
    rc = text_add_file(text, path);
    if (rc >= 0)
        rc = text_expand(text, &frame, result);
    free(file.bytes);
    text->string = buf_string(&text->bytes);
    if (rc < 0 || !text->string)
        conf_result_error(result, path, "larger than %d bytes with its includes", CONF_MAX_TEXT);
    return result->error_count > errors ? -EINVAL : 0;
}

void conf_text_fini(struct conf_text *text)
{
    buf_fini(&text->bytes);
    free(text->lines);
    for (size_t i = 0; i < text->file_count; i++)
        free(text->files[i]);
    free(text->files);
    *text = (struct conf_text){0};
}

void conf_text_where(const struct conf_text *text, int line, char *out, size_t size)
{
    const struct conf_line *at;

    if (text->line_count == 0) {
        snprintf(out, size, "%s", text->file_count ? text->files[0] : "?");
        return;
    }
    if (line < 1)
        line = 1;
    at = &text->lines[(size_t)line > text->line_count ? text->line_count - 1 : (size_t)line - 1];
    snprintf(out, size, "%s:%d", text->files[at->file], at->line);
}
