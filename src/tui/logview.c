/* SPDX-License-Identifier: MIT */
/*
 * The ring of log lines. Counts of shown lines and hits are kept line by line as they come and go;
 * only a new pattern walks the ring.
 */
#include "tui/logview.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tui/field.h"
#include "tui/match.h"

enum { LINE_MAX_BYTES = 65536 };

static struct log_line *slot_of(const struct logview *view, int64_t number)
{
    return &view->ring[number % LOGVIEW_LINES];
}

const struct log_line *logview_line(const struct logview *view, int64_t number)
{
    return number >= view->first && number < view->next ? slot_of(view, number) : NULL;
}

static void drop_oldest(struct logview *view)
{
    struct log_line *line = slot_of(view, view->first);

    view->bytes -= line->len;
    view->shown -= line->shown;
    view->hits -= line->shown && line->hit;
    free(line->text);
    line->text = NULL;
    view->first++;
}

void logview_clear(struct logview *view)
{
    while (view->first < view->next)
        drop_oldest(view);
    view->found = -1;
    view->arrived = view->missed = 0;
    view->top = view->next;
}

void logview_fini(struct logview *view)
{
    logview_clear(view);
    free(view->ring);
    match_free(view->filter);
    match_free(view->search);
    *view = (struct logview){0};
}

void logview_open(struct logview *view, const char *target, const char *label)
{
    if (strcmp(view->target, target) == 0 && !view->past[0])
        return;
    logview_clear(view);
    view->paused = false;
    view->past[0] = view->path[0] = '\0';
    view->life = 0;
    snprintf(view->target, sizeof(view->target), "%s", target);
    snprintf(view->label, sizeof(view->label), "%s", label);
}

/* A whole word of any case at the begin of the text. */
static bool has_word(const char *text, size_t len, const char *word)
{
    enum { LOOK = 80 };
    size_t width = strlen(word);

    len = len < LOOK ? len : LOOK;
    for (size_t i = 0; i + width <= len; i++)
        if (strncasecmp(text + i, word, width) == 0 &&
            (i == 0 || !isalpha((unsigned char)text[i - 1])))
            return true;
    return false;
}

bool logview_is_rule(const struct log_line *line)
{
    static const char rule[] = "── ";

    return line->stream == 's' && line->len >= strlen(rule) &&
           memcmp(line->text, rule, strlen(rule)) == 0;
}

static bool has_text(const struct log_line *line, const char *text)
{
    return memmem(line->text, line->len, text, strlen(text)) != NULL;
}

static char mark_of(const struct log_line *line)
{
    static const char *const bad[] = {"error", "fatal", "panic", "exception", "traceback", "crit"};

    if (logview_is_rule(line))
        return has_text(line, " ended: ") && !has_text(line, " ended: exit 0") ? '!' : ' ';
    if (line->stream == 's')
        return '!';
    if (line->stream == 'n')
        return ' ';
    if (has_word(line->text, line->len, "warn"))
        return 'W';
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (has_word(line->text, line->len, bad[i]))
            return 'E';
    return line->stream == 'e' ? 'E' : 'I';
}

static void judge(const struct logview *view, struct log_line *line)
{
    line->shown =
        !view->filter || line->stream == 'n' || match_test(view->filter, line->text, line->len);
    line->hit = view->search && match_test(view->search, line->text, line->len);
}

/* False when the line can't be kept without moving what the operator is reading. */
static bool make_room(struct logview *view, size_t len)
{
    while (view->first < view->next &&
           (view->next - view->first == LOGVIEW_LINES || view->bytes + len > LOGVIEW_BYTES)) {
        if (view->paused && view->first >= view->top) {
            view->arrived++;
            view->missed++;
            return false;
        }
        drop_oldest(view);
    }
    return true;
}

void logview_add(struct logview *view, const struct log_line *head, const char *text, size_t len)
{
    struct log_line *line;

    len = len > LINE_MAX_BYTES ? LINE_MAX_BYTES : len;
    if (!view->ring)
        view->ring = mem_new_array(LOGVIEW_LINES, sizeof(*view->ring));
    if (!make_room(view, len))
        return;
    line = slot_of(view, view->next++);
    *line = *head;
    line->text = mem_copy_bytes(text, len);
    line->len = (uint32_t)len;
    line->mark = mark_of(line);
    judge(view, line);
    view->bytes += len;
    view->shown += line->shown;
    view->hits += line->shown && line->hit;
    view->arrived += view->paused && line->shown;
}

void logview_note(struct logview *view, const char *format, ...)
{
    struct log_line note = {.stream = 'n', .at = (double)NAN};
    char text[512];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    logview_add(view, &note, text, strlen(text));
}

void logview_pause(struct logview *view, int64_t top)
{
    if (!view->paused)
        view->arrived = view->missed = 0;
    view->paused = true;
    view->top = top;
}

void logview_resume(struct logview *view)
{
    int64_t missed = view->missed;
    char count[32];

    view->paused = false;
    view->arrived = view->missed = 0;
    if (!missed)
        return;
    field_format_count(count, (double)missed);
    logview_note(view, "── %s lines skipped here, full text on disk ──", count);
}

static void take_line(struct logview *view, const json_t *item)
{
    const char *pool = json_string_value(json_array_get(item, 4));
    const char *stream = json_string_value(json_array_get(item, 5));
    const json_t *text = json_array_get(item, 6);
    struct log_line line = {
        .at = json_number_value(json_array_get(item, 1)),
        .pid = json_integer_value(json_array_get(item, 2)),
        .slot = (int32_t)json_integer_value(json_array_get(item, 3)),
        .stream = stream && *stream ? *stream : 'o',
    };

    if (!json_is_string(text))
        return;
    snprintf(line.pool, sizeof(line.pool), "%s", pool ? pool : "");
    if (line.pid > view->max_pid)
        view->max_pid = line.pid;
    logview_add(view, &line, json_string_value(text), json_string_length(text));
}

void logview_take(struct logview *view, const json_t *message)
{
    int64_t skipped = field_int(message, "skipped", 0);
    char count[32];
    json_t *item;
    size_t index;

    if (view->past[0])
        return;
    if (field_bool(message, "full"))
        logview_clear(view);
    if (*field_text(message, "label"))
        snprintf(view->label, sizeof(view->label), "%s", field_text(message, "label"));
    if (*field_text(message, "path"))
        snprintf(view->path, sizeof(view->path), "%s", field_text(message, "path"));
    if (skipped > 0) {
        field_format_count(count, (double)skipped);
        logview_note(view, "── %s lines skipped here, full text on disk ──", count);
    }
    json_array_foreach(json_object_get(message, "lines"), index, item) take_line(view, item);
}

static void judge_all(struct logview *view)
{
    view->shown = view->hits = 0;
    for (int64_t number = view->first; number < view->next; number++) {
        struct log_line *line = slot_of(view, number);
        judge(view, line);
        view->shown += line->shown;
        view->hits += line->shown && line->hit;
    }
}

void logview_filter(struct logview *view, struct match *match)
{
    match_free(view->filter);
    view->filter = match;
    judge_all(view);
}

void logview_search(struct logview *view, struct match *match)
{
    match_free(view->search);
    view->search = match;
    view->found = -1;
    judge_all(view);
}

int64_t logview_step(const struct logview *view, int64_t number, int step)
{
    if (number < view->first && step > 0)
        number = view->first - 1;
    for (number += step; number >= view->first && number < view->next; number += step)
        if (slot_of(view, number)->shown)
            return number;
    return -1;
}

int64_t logview_find(const struct logview *view, int64_t from, int step, bool errors)
{
    int64_t count = view->next - view->first;

    for (int64_t i = 0, number = from; i < count; i++) {
        const struct log_line *line;
        number += step;
        if (number >= view->next)
            number = view->first;
        else if (number < view->first)
            number = view->next - 1;
        line = slot_of(view, number);
        if (line->shown && (errors ? line->mark == 'E' || line->mark == '!' : line->hit))
            return number;
    }
    return -1;
}

int64_t logview_rank(const struct logview *view, int64_t number)
{
    int64_t rank = 0;

    for (int64_t at = view->first; at <= number && at < view->next; at++)
        rank += slot_of(view, at)->shown && slot_of(view, at)->hit;
    return rank;
}

int64_t logview_at_time(const struct logview *view, double at)
{
    for (int64_t number = view->first; number < view->next; number++)
        if (slot_of(view, number)->shown && slot_of(view, number)->at >= at)
            return number;
    return -1;
}
