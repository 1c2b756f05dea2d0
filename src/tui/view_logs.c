/* SPDX-License-Identifier: MIT */
/*
 * The Logs view: drawing. While it follows, the last line is at the bottom; while it is paused, the
 * top line stays where it is.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "tui/field.h"
#include "tui/logact.h"
#include "tui/match.h"
#include "tui/view.h"

enum { MILLIS_COLS = 110, SPANS = 64 };

static void want(struct tui *tui)
{
    const struct logview *logs = &tui->logs;

    if (logs->target[0] && !logs->past[0])
        model_want(&tui->model, WINDOW_LOG,
                   json_pack("{s:s,s:i}", "target", logs->target, "tail", LOGVIEW_TAIL));
    /* A slot has past lives, whose logs p and [ open. */
    if (strchr(logs->target, '['))
        model_want(&tui->model, WINDOW_DETAIL, json_pack("{s:s}", "target", logs->target));
}

static bool count_cells(void *owner, const struct glyph *glyph)
{
    *(int *)owner += glyph->width;
    return true;
}

static int pid_width(const struct tui *tui)
{
    return tui->logs.max_pid > 99999 ? 7 : 5;
}

static int prefix_width(const struct tui *tui)
{
    int time = tui->logs.time == LOG_TIME_OFF                                       ? 0
               : tui->logs.time == LOG_TIME_CLOCK && tui->frame.cols >= MILLIS_COLS ? 13
                                                                                    : 9;
    return time + pid_width(tui) + 3;
}

static int text_width(const struct tui *tui)
{
    int width = tui->frame.cols - prefix_width(tui);
    return width > 1 ? width : 1;
}

/* Rows that a line takes. */
static int line_height(const struct tui *tui, const struct log_line *line)
{
    int cells = 0, width = text_width(tui);

    if (!tui->logs.wrap || line->stream == 's' || line->stream == 'n')
        return 1;
    sanitise_each(line->text, line->len, SANITISE_LOG, count_cells, &cells);
    return cells > width ? (cells + width - 1) / width : 1;
}

/* The first line of the screen so that the last shown line ends at the bottom; *skip: its rows that
 * are above. */
static int64_t follow_top(const struct tui *tui, int rows, int *skip)
{
    const struct logview *logs = &tui->logs;
    int64_t at = logview_step(logs, logs->next, -1), top = at;
    int used = 0;

    *skip = 0;
    while (at >= 0 && used < rows) {
        used += line_height(tui, logview_line(logs, at));
        top = at;
        at = logview_step(logs, at, -1);
    }
    *skip = used > rows ? used - rows : 0;
    return top;
}

static int draw_time(struct tui *tui, int y, const struct log_line *line)
{
    bool millis = tui->frame.cols >= MILLIS_COLS;
    double now = field_number(model_summary(&tui->model), "now");
    char text[16] = "", age[16];

    if (tui->logs.time == LOG_TIME_OFF)
        return 0;
    if (tui->logs.time == LOG_TIME_CLOCK) {
        if (!isnan(line->at))
            field_format_clock(text, line->at, millis);
        view_put(tui, y, 0, ROLE_DIM, "%s", text);
        return millis ? 13 : 9;
    }
    field_format_age(age, isnan(line->at) ? (double)NAN : now - line->at);
    snprintf(text, sizeof(text), "-%.7s", age);
    cells_put_right(&tui->cells, y, 0, 8, view_style(tui, ROLE_DIM), strcmp(age, "-") ? text : "");
    return 9;
}

static int draw_prefix(struct tui *tui, int y, const struct log_line *line)
{
    int x = draw_time(tui, y, line), width = pid_width(tui);
    struct text_style tint = TEXT_PLAIN;
    char pid[24] = "", mark[2] = {line->mark, '\0'};
    enum role role = line->mark == 'E'   ? ROLE_BAD
                     : line->mark == 'W' ? ROLE_BACKOFF
                     : line->mark == '!' ? ROLE_HUNG
                                         : ROLE_DIM;

    if (line->stream == 's')
        snprintf(pid, sizeof(pid), "sup");
    else if (line->stream != 'n' && line->pid > 0)
        snprintf(pid, sizeof(pid), "%lld", (long long)line->pid);
    else if (line->stream != 'n')
        snprintf(pid, sizeof(pid), "[%d]", line->slot);
    if (line->stream != 's' && !tui->logs.no_color)
        tint = theme_tint(&tui->theme, (unsigned)line->slot);
    cells_put_right(&tui->cells, y, x, width, tint, pid);
    cells_put(&tui->cells, y, x + width + 1, 1, view_style(tui, role), mark);
    return x + width + 3;
}

static void draw_line(struct tui *tui, int y, const struct log_line *line, int chunk, bool current)
{
    const struct logview *logs = &tui->logs;
    struct cells_span spans[SPANS];
    struct cells_text text = {.bytes = line->text,
                              .len = line->len,
                              .spans = spans,
                              .span_style = view_style(tui, ROLE_MATCH),
                              .cut = logs->wrap,
                              .flags = logs->no_color ? 0 : SANITISE_LOG};
    int x = chunk ? prefix_width(tui) : draw_prefix(tui, y, line);
    int width = text_width(tui);
    bool rule = logview_is_rule(line);

    if (line->stream == 's' && !rule) {
        x = view_put(tui, y, x, ROLE_HUNG, "%s[%d] ", line->pool, line->slot);
        if (line->pid > 0)
            x = view_put(tui, y, x, ROLE_HUNG, "pid %lld ", (long long)line->pid);
    } else if (line->stream == 'o' || line->stream == 'e') {
        text.skip = logs->wrap ? chunk * width : logs->left;
        if (!chunk && strcmp(logs->target, "*") == 0)
            x = view_put(tui, y, x, ROLE_DIM, "%s[%d] ", line->pool, line->slot);
    }
    if (logs->search)
        text.span_count = match_spans(logs->search, line->text, line->len, spans, SPANS);
    cells_put_text(&tui->cells, y, x, tui->frame.cols - x,
                   view_style(tui, rule || line->stream == 'n' ? ROLE_DIM : ROLE_NORMAL), &text);
    if (current) {
        cells_add_attrs(&tui->cells, y, 0, prefix_width(tui) - 1, TEXT_REVERSE);
        tui->cells.cursor_y = y;
        tui->cells.cursor_x = 0;
    }
}

static void draw_lines(struct tui *tui, int y, int bottom)
{
    struct logview *logs = &tui->logs;
    int skip = 0;
    int64_t number = logs->paused ? logs->top : follow_top(tui, bottom - y, &skip);

    if (logs->paused && !logview_line(logs, number))
        number = logview_step(logs, logs->first - 1, 1);
    else if (logs->paused && !logview_line(logs, number)->shown)
        number = logview_step(logs, number, 1);
    logs->drawn_top = number;
    logs->drawn_last = -1;
    while (number >= 0 && y < bottom) {
        const struct log_line *line = logview_line(logs, number);
        int height = line_height(tui, line);
        for (int chunk = skip; chunk < height && y < bottom; chunk++)
            draw_line(tui, y++, line, chunk, number == logs->found);
        if (!logs->paused)
            tui->cells.cursor_y = y - 1;
        skip = 0;
        logs->drawn_last = number;
        number = logview_step(logs, number, 1);
    }
}

static void draw_state(struct tui *tui, int y)
{
    static const char *const times[] = {"on", "relative", "off"};
    const struct logview *logs = &tui->logs;
    char state[64] = "FOLLOW", filter[160] = "none", count[32], all[32], right[200] = "";
    int64_t total = logs->next - logs->first;
    int x;

    if (logs->past[0])
        snprintf(state, sizeof(state), "PAST RUN");
    else if (logs->paused) {
        field_format_count(count, (double)logs->arrived);
        snprintf(state, sizeof(state), logs->arrived ? "PAUSED +%s new" : "PAUSED", count);
    }
    if (logs->filter) {
        field_format_count(count, (double)logs->shown);
        field_format_count(all, (double)total);
        snprintf(filter, sizeof(filter), "/%.60s/ %s of %s", match_pattern(logs->filter), count,
                 all);
    }
    x = view_put(tui, y, 0, logs->paused && !logs->past[0] ? ROLE_BANNER : ROLE_TITLE, "%s", state);
    view_put(tui, y, x, ROLE_NORMAL, "  wrap %s  time %s  filter %s", logs->wrap ? "on" : "off",
             times[logs->time], filter);
    if (logs->search) {
        field_format_count(count, (double)logs->hits);
        snprintf(right, sizeof(right), "/%.40s  %lld of %s hits", match_pattern(logs->search),
                 logs->found >= 0 ? (long long)logview_rank(logs, logs->found) : 0LL, count);
    }
    if (total > 0 && logs->drawn_last >= 0)
        snprintf(right + strlen(right), sizeof(right) - strlen(right), "  %lld%%",
                 (long long)((logs->drawn_last - logs->first + 1) * 100 / total));
    cells_put_right(&tui->cells, y, x, tui->frame.cols - x, TEXT_PLAIN, right);
}

static void draw(struct tui *tui)
{
    struct logview *logs = &tui->logs;
    int y = tui->frame.top;

    view_status(tui, "%s", logs->past[0] ? logs->past : logs->label);
    tui->cells.cursor_y = logs->paused ? y + 1 : tui->frame.bottom - 1;
    draw_lines(tui, y + 1, tui->frame.bottom);
    draw_state(tui, y);
    if (logs->next == logs->first)
        view_put(tui, y + 1, 0, ROLE_DIM, logs->target[0] ? "No lines yet." : "No log chosen.");
    else if (!logs->shown)
        view_put(tui, y + 1, 0, ROLE_NORMAL, "No line matches. Esc clears the filter");
    if (logs->past[0])
        view_hint(tui, "An earlier run, read from its file.  [ older  ] newer  F back to live");
    else if (logs->path[0])
        view_hint(tui, "%s", logs->path);
}

const struct view view_logs = {"Logs", IN_LOGS, want, draw, logact_do, NULL, -1, NULL, 0};
