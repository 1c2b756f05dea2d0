/* SPDX-License-Identifier: MIT */
/*
 * What is around every view: header, tabs, message line, key bar; what is dropped on short
 * terminals; and the drawing of lists.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "tui/dialog.h"
#include "tui/field.h"
#include "tui/view.h"

enum { MINI_COLS = 60, MINI_ROWS = 12, TABS_FROM = 16, KEYBAR_FROM = 13, METERS_FROM = 20 };

void view_layout(struct tui *tui)
{
    struct frame *frame = &tui->frame;

    *frame = (struct frame){
        .rows = tui->cells.rows, .cols = tui->cells.cols, .tabs = -1, .keybar = -1, .top = 1};
    frame->mini = frame->cols < MINI_COLS || frame->rows < MINI_ROWS;
    frame->bottom = frame->rows;
    if (frame->rows >= KEYBAR_FROM)
        frame->keybar = --frame->bottom;
    frame->message = --frame->bottom;
    if (frame->rows >= TABS_FROM || tui->view == VIEW_HELP)
        frame->tabs = frame->top++;
    frame->meters = frame->rows >= METERS_FROM && !tui->no_meters;
}

static int text_width(const char *text)
{
    return (int)utf8_text_width(text, strlen(text));
}

int view_put(struct tui *tui, int y, int x, enum role role, const char *format, ...)
{
    char text[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return x + cells_put(&tui->cells, y, x, tui->frame.cols - x, view_style(tui, role), text);
}

void view_status(struct tui *tui, const char *format, ...)
{
    char text[512];
    va_list args;

    if (tui->frame.tabs < 0)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    cells_put_right(&tui->cells, tui->frame.tabs, 51, tui->frame.cols - 51,
                    view_style(tui, ROLE_NORMAL), text);
}

static void __attribute__((format(printf, 3, 0)))
put_hint(struct tui *tui, enum role role, const char *format, va_list args)
{
    char text[512];

    if (tui->prompting || tui->notice.until)
        return;
    vsnprintf(text, sizeof(text), format, args);
    cells_put(&tui->cells, tui->frame.message, 0, tui->frame.cols, view_style(tui, role), text);
}

void view_hint(struct tui *tui, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    put_hint(tui, ROLE_DIM, format, args);
    va_end(args);
}

void view_hint_as(struct tui *tui, enum role role, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    put_hint(tui, role, format, args);
    va_end(args);
}

void view_rule(struct tui *tui, int y, const char *title)
{
    struct text_style style = view_style(tui, ROLE_DIM);
    int x;

    if (tui->options->plain) {
        cells_put(&tui->cells, y, 0, tui->frame.cols, view_style(tui, ROLE_TITLE), title);
        return;
    }
    cells_fill(&tui->cells, y, 0, tui->frame.cols, 0x2500, style);
    x = 3 + cells_put(&tui->cells, y, 3, tui->frame.cols - 4, view_style(tui, ROLE_TITLE), title);
    cells_put(&tui->cells, y, 2, 1, style, " ");
    cells_put(&tui->cells, y, x, 1, style, " ");
}

void view_bar(char *out, size_t size, double part, int width)
{
    int inner = width - 2, full;

    part = part > 0 ? part : 0;
    part = part < 1 ? part : 1;
    full = (int)(part * inner + 0.5);
    full = part > 0 && !full ? 1 : full;
    if (inner < 1 || (size_t)width >= size) {
        *out = '\0';
        return;
    }
    memset(out + 1, ' ', (size_t)inner);
    memset(out + 1, '|', (size_t)full);
    out[0] = '[';
    out[width - 1] = ']';
    out[width] = '\0';
}

struct piece {
    enum role role;
    char text[64];
};

/* "● 36 up  ! 1 hung  ⊘ 1 pool failed  12:41:07", from the right. */
static int draw_health(struct tui *tui, const json_t *summary, int y)
{
    int64_t live = field_int(summary, "live", 0), hung = field_int(summary, "hung", 0);
    int64_t failed = field_int(summary, "failed_pools", 0);
    struct piece pieces[4] = {
        {ROLE_GOOD, ""}, {ROLE_HUNG, ""}, {ROLE_GAVE_UP, ""}, {ROLE_NORMAL, ""}};
    char now[16];
    int width = 0, x;

    snprintf(pieces[0].text, sizeof(pieces[0].text), "● %lld up  ", (long long)(live - hung));
    if (hung > 0)
        snprintf(pieces[1].text, sizeof(pieces[1].text), "! %lld hung  ", (long long)hung);
    if (failed > 0)
        snprintf(pieces[2].text, sizeof(pieces[2].text), "⊘ %lld pool%s failed  ",
                 (long long)failed, failed == 1 ? "" : "s");
    field_format_clock(now, field_number(summary, "now"), false);
    snprintf(pieces[3].text, sizeof(pieces[3].text), "%s", tui->frozen ? "FROZEN" : now);
    for (size_t i = 0; i < ARRAY_LEN(pieces); i++)
        width += text_width(pieces[i].text);
    x = tui->frame.cols - width;
    for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
        size_t len = strlen(pieces[i].text);
        /* The two blanks behind a piece keep their own style. */
        size_t words = len > 2 && pieces[i].text[len - 1] == ' ' ? len - 2 : len;
        if (x >= 0 && words)
            cells_put_bytes(&tui->cells, y, x, tui->frame.cols - x, view_style(tui, pieces[i].role),
                            pieces[i].text, words);
        x += text_width(pieces[i].text);
    }
    return tui->frame.cols - width;
}

/* Which supervisor, and how it is, in the cells before `end`. */
static int draw_name(struct tui *tui, const json_t *summary, const char *name, int end)
{
    const char *state = field_text(summary, "state");
    char up[16], text[256];
    int x;

    snprintf(text, sizeof(text), "lifeguard %s", name);
    x = cells_put(&tui->cells, 0, 0, end, view_style(tui, ROLE_TITLE), text);
    if (*state && strcmp(state, "running") != 0 && x + text_width(state) + 3 < end)
        x = view_put(tui, 0, x + 1, ROLE_BANNER, " %s ", state);
    field_format_age(up, field_number(summary, "uptime"));
    if (x + text_width(up) + 4 <= end)
        x = view_put(tui, 0, x, ROLE_NORMAL, " up %s", up);
    if (strcmp(field_text(summary, "guardian"), "degraded") == 0 && x + 22 < end)
        x = view_put(tui, 0, x, ROLE_BAD, "  guardian: degraded");
    return x;
}

static void draw_header(struct tui *tui)
{
    const json_t *summary = model_summary(&tui->model);
    const char *name =
        *field_text(summary, "name") ? field_text(summary, "name") : tui->options->name;
    char revision[32] = "";
    int x, end;

    if (!summary) {
        x = view_put(tui, 0, 0, ROLE_TITLE, "lifeguard %s", name ? name : "");
        view_put(tui, 0, x, ROLE_DIM,
                 tui->net.fd >= 0 ? "  waiting for the supervisor" : "  not connected");
        return;
    }
    end = draw_health(tui, summary, 0);
    x = draw_name(tui, summary, name ? name : "", end - 1);
    if (field_int(summary, "revision", 0) > 0)
        snprintf(revision, sizeof(revision), " r%lld",
                 (long long)field_int(summary, "revision", 0));
    if (tui->frame.cols >= 100 && *field_text(summary, "config"))
        cells_printf(&tui->cells, 0, x, end - x - 1, view_style(tui, ROLE_DIM), "  config %s%s",
                     field_text(summary, "config"), revision);
}

/* The tab that a view belongs to. */
static enum view_id tab_of(const struct tui *tui)
{
    if (tui->view <= VIEW_EVENTS)
        return tui->view;
    if (tui->view == VIEW_HELP && tui->depth)
        return tui->back[tui->depth - 1] <= VIEW_EVENTS ? tui->back[tui->depth - 1] : VIEW_WORKERS;
    return VIEW_WORKERS;
}

static void draw_tabs(struct tui *tui)
{
    int x = 0;

    for (enum view_id id = VIEW_POOLS; id <= VIEW_EVENTS; id++) {
        bool active = id == tab_of(tui);
        x = view_put(tui, tui->frame.tabs, x, active ? ROLE_TAB : ROLE_NORMAL,
                     active ? "[%d %s]" : " %d %s ", (int)id + 1, view_of(id)->title);
        x++;
    }
}

static void draw_keybar(struct tui *tui)
{
    size_t count;
    const struct key_item *items = keys_bar(view_now(tui)->context, &count);
    int x = 0, y = tui->frame.keybar;

    for (size_t i = 0; i < count; i++) {
        int need = text_width(items[i].key) + 1 + text_width(items[i].label);
        if (!keys_is_available(items[i].action) || x + need > tui->frame.cols)
            continue;
        x = view_put(tui, y, x, ROLE_KEY, "%s", items[i].key);
        x = view_put(tui, y, x + 1, ROLE_LABEL, "%s", items[i].label);
        x++;
    }
}

static void draw_prompt(struct tui *tui)
{
    static const char *const labels[PROMPT_KINDS] = {
        [PROMPT_NONE] = "",         [PROMPT_FIND] = "/",    [PROMPT_FILTER] = "filter: ",
        [PROMPT_COMMAND] = ":",     [PROMPT_TAG] = "tag: ", [PROMPT_TIME] = "go to time: ",
        [PROMPT_SAVE] = "save to: "};
    static const char *const helps[PROMPT_KINDS] = {
        [PROMPT_NONE] = "",
        [PROMPT_FIND] = "Tab: keep only matches   n/N next/prev   Esc cancel",
        [PROMPT_FILTER] = "regex, ! inverts   Enter keep   empty: all   Esc cancel",
        [PROMPT_COMMAND] = "Tab completes   Enter run   Esc cancel",
        [PROMPT_TAG] = "regex   Enter tag   Esc cancel",
        [PROMPT_TIME] = "12:40, -5m, 2026-01-31 10:00   Esc cancel",
        [PROMPT_SAVE] = "Enter write   Esc cancel"};
    int cols = tui->frame.cols, y = tui->frame.message;
    int x = prompt_draw(&tui->prompt, &tui->cells, y, 0, cols, labels[tui->prompting],
                        view_style(tui, ROLE_KEY));

    if (x + 3 < cols - 10)
        view_put(tui, y, x + 3, ROLE_DIM, "%s", helps[tui->prompting]);
}

static void draw_message(struct tui *tui)
{
    if (tui->prompting)
        draw_prompt(tui);
    else if (tui->notice.until)
        cells_put(&tui->cells, tui->frame.message, 0, tui->frame.cols,
                  view_style(tui, tui->notice.role), tui->notice.text);
}

static void draw_stale(struct tui *tui)
{
    const struct net *net = &tui->net;
    double stale = net_stale(net, tui->now);
    char text[512], retry[32] = "";
    int64_t left = (net->next_try - tui->now + CLOCK_S - 1) / CLOCK_S;

    if (net->fatal) {
        snprintf(text, sizeof(text), " %s ", net->fatal);
    } else if (net->fd >= 0 && stale <= 0) {
        return;
    } else {
        if (net->fd < 0 && net->path)
            snprintf(retry, sizeof(retry), ", retry in %llds", (long long)(left > 0 ? left : 0));
        snprintf(text, sizeof(text), " STALE %.0fs: %s on %s%s ", floor(stale),
                 net->fd < 0 && net->why ? net->why : "supervisor not answering",
                 net->path ? net->path : "its socket", retry);
    }
    cells_dim(&tui->cells, 0, tui->frame.message < 0 ? tui->frame.rows : tui->frame.message);
    cells_fill(&tui->cells, tui->frame.mini ? 0 : 1, 0, tui->frame.cols, ' ',
               view_style(tui, ROLE_BANNER));
    cells_put(&tui->cells, tui->frame.mini ? 0 : 1, 0, tui->frame.cols,
              view_style(tui, ROLE_BANNER), text);
}

void view_draw(struct tui *tui)
{
    cells_clear(&tui->cells);
    view_layout(tui);
    tui->table.count = 0;
    if (tui->frame.mini) {
        view_draw_mini(tui);
    } else {
        if (tui->view != VIEW_HELP) {
            draw_header(tui);
            if (tui->frame.tabs >= 0)
                draw_tabs(tui);
        }
        tui->cells.cursor_y = tui->frame.top;
        tui->cells.cursor_x = 0;
        view_now(tui)->draw(tui);
        draw_message(tui);
        if (tui->frame.keybar >= 0)
            draw_keybar(tui);
    }
    draw_stale(tui);
    if (tui->dialog)
        dialog_draw(tui->dialog, &tui->cells, &tui->theme);
}
