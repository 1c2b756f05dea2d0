/* SPDX-License-Identifier: MIT */
/*
 * The Detail view: one worker, why it is as it is, and its past lives. It is subscribed by slot,
 * so that it goes on with the next life; actions are pinned to the process that is shown.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "tui/dispatch.h"
#include "tui/field.h"
#include "tui/view.h"

enum { BAR = 30, OVER_AT = 100, TAIL_ROWS = 24, SPARK_X = 14 };

static void want(struct tui *tui)
{
    char target[128];

    if (!tui->detail.pool[0])
        return;
    snprintf(target, sizeof(target), "%s[%lld]", tui->detail.pool, (long long)tui->detail.slot);
    model_want(&tui->model, WINDOW_DETAIL, json_pack("{s:s}", "target", target));
}

static const json_t *shown_worker(const struct tui *tui)
{
    const json_t *worker = model_worker(&tui->model);

    if (!worker || strcmp(field_text(worker, "pool"), tui->detail.pool) != 0 ||
        field_int(worker, "slot", 0) != tui->detail.slot)
        return NULL;
    return worker;
}

static int draw_title(struct tui *tui, const json_t *worker, int y)
{
    const char *state = view_worker_state(worker);
    double started = field_number(worker, "started");
    long long pid = (long long)field_int(worker, "pid", 0);
    char clock[16], age[16];
    int x = view_put(tui, y, 0, theme_look(state)->role, "%s %s", theme_look(state)->glyph,
                     strcmp(state, "hung") == 0 ? "HUNG" : state);

    x = view_put(tui, y, x, ROLE_TITLE, "  %s[%lld]", field_text(worker, "pool"),
                 (long long)field_int(worker, "slot", 0));
    if (pid > 0)
        x = view_put(tui, y, x, ROLE_NORMAL, "  pid %lld  pgid %lld", pid,
                     (long long)field_int(worker, "pgid", pid));
    x = view_put(tui, y, x, ROLE_NORMAL, "  generation %lld",
                 (long long)field_int(worker, "generation", 0));
    if (!isnan(started)) {
        field_format_clock(clock, started, false);
        field_format_age(age, fmax(0, field_number(model_summary(&tui->model), "now") - started));
        x = view_put(tui, y, x, ROLE_NORMAL, "  started %s", clock);
        if (pid > 0)
            view_put(tui, y, x, ROLE_NORMAL, " (%s)", age);
    }
    return y + 1;
}

static int draw_command(struct tui *tui, const json_t *worker, int y)
{
    const json_t *command = json_object_get(worker, "command"), *word;
    int x = 2;
    size_t i;

    json_array_foreach(command, i, word)
    {
        if (x >= tui->frame.cols)
            break;
        x += cells_put_bytes(&tui->cells, y, x, tui->frame.cols - x, view_style(tui, ROLE_NORMAL),
                             json_string_value(word), json_string_length(word)) +
             1;
    }
    return y + 1;
}

/* The clock that is nearest to its end, in a word. */
static const char *clock_label(const json_t *worker)
{
    const char *what = field_text(worker, "hang_what");

    return strncmp(what, "spin", 4) == 0    ? "Spins for"
           : strncmp(what, "stall", 5) == 0 ? "Stalled for"
                                            : "Silent for";
}

static int draw_heartbeat(struct tui *tui, const json_t *worker, int y)
{
    double heartbeat = field_number(worker, "heartbeat");
    double limit = field_number(worker, "heartbeat_limit"), over;
    bool beats = limit > 0 || heartbeat > 0;
    char age[16], text[96], bar[64], late[16];
    int edge = tui->frame.cols < OVER_AT ? tui->frame.cols : OVER_AT;

    if (!(limit > 0))
        limit = field_number(worker, "hang_limit");
    if (!beats) /* nobody expects heartbeats: another clock is nearest to its end */
        heartbeat = field_number(worker, "hang_since");
    if (!(limit > 0) && !beats)
        return y;
    field_format_age(age, heartbeat);
    field_format_age(late, limit);
    if (limit > 0)
        snprintf(text, sizeof(text), "%s%s (limit %s)", age, beats ? " ago" : "", late);
    else
        snprintf(text, sizeof(text), "%s ago", age);
    view_put(tui, y, 2, ROLE_NORMAL, "%-11s %s", beats ? "Heartbeat" : clock_label(worker), text);
    if (!(limit > 0))
        return y + 1;
    over = heartbeat - limit;
    view_bar(bar, sizeof(bar), heartbeat / limit, BAR);
    if (!tui->options->plain)
        view_put(tui, y, 36, over > 0 ? ROLE_HUNG : ROLE_METER, "%s", bar);
    if (over > 0) {
        field_format_age(age, over);
        snprintf(text, sizeof(text), "OVER by %s", age);
        cells_put_right(&tui->cells, y, edge - 20, 20, view_style(tui, ROLE_HUNG), text);
    }
    return y + 1;
}

static int draw_task(struct tui *tui, const json_t *worker, int y)
{
    const json_t *task = json_object_get(worker, "task");
    int64_t more = field_int(worker, "in_flight", 0) - 1;
    char clock[16];
    int x;

    if (strcmp(field_text(worker, "mode"), "service") == 0) /* it has no tasks */
        return y;
    if (!json_is_object(task)) {
        view_put(tui, y, 2, ROLE_NORMAL, "%-11s -", "Task");
        return y + 1;
    }
    field_format_clock(
        clock, field_number(model_summary(&tui->model), "now") - field_number(task, "since"),
        false);
    x = view_put(tui, y, 2, ROLE_NORMAL, "%-11s %s %s", "Task", field_text(task, "id"),
                 field_text(task, "text"));
    if (more > 0)
        x = view_put(tui, y, x, ROLE_NORMAL, "  +%lld in hand", (long long)more);
    x = view_put(tui, y, x, ROLE_NORMAL, "  started %s", clock);
    if (field_int(worker, "max_attempts", 0) > 0)
        view_put(tui, y, x, ROLE_NORMAL, "  attempt %lld/%lld",
                 (long long)field_int(task, "attempt", field_int(worker, "attempts", 1)),
                 (long long)field_int(worker, "max_attempts", 0));
    return view_draw_progress(tui, worker, y + 1);
}

/* What a persistent worker has done since it was started. */
static int draw_done(struct tui *tui, const json_t *worker, int y)
{
    double life = field_number(worker, "life_done"), slot = field_number(worker, "done");
    char done[32], all[32];
    int x;

    if (isnan(life))
        return y;
    field_format_count(done, life);
    field_format_count(all, slot);
    x = view_put(tui, y, 2, ROLE_NORMAL, "%-11s %s tasks in this life", "Done", done);
    if (slot > life)
        x = view_put(tui, y, x, ROLE_NORMAL, ", %s in this slot", all);
    if (field_bool(worker, "recycle"))
        view_put(tui, y, x, ROLE_DRAINING, "   recycled when its replacement is up");
    return y + 1;
}

static int draw_usage(struct tui *tui, const json_t *worker, int y)
{
    double cpu = field_number(worker, "cpu"), change = field_number(worker, "rss_change");
    char rss[16], by[16], span[16], spark[800];
    int x = 2;

    if (isnan(cpu) && isnan(field_number(worker, "rss")))
        return y;
    field_format_size(rss, field_number(worker, "rss"));
    if (!isnan(cpu))
        x = view_put(tui, y, x, ROLE_NORMAL, "CPU %.1f%%  ", cpu);
    if (!isnan(field_number(worker, "user")))
        x = view_put(tui, y, x, ROLE_NORMAL, "user %.1f sys %.1f  ", field_number(worker, "user"),
                     field_number(worker, "sys"));
    x = view_put(tui, y, x, ROLE_NORMAL, " RSS %s", rss);
    if (!isnan(change) && fabs(change) >= 1024 * 1024) {
        field_format_size(by, fabs(change));
        field_format_age(span, field_number(worker, "rss_span"));
        x = view_put(tui, y, x, ROLE_NORMAL, " (%c%s in %s)", change < 0 ? '-' : '+', by, span);
    }
    if (field_int(worker, "threads", 0) > 0)
        x = view_put(tui, y, x, ROLE_NORMAL, "   thr %lld",
                     (long long)field_int(worker, "threads", 0));
    if (field_int(worker, "fds", -1) >= 0)
        view_put(tui, y, x, ROLE_NORMAL, "  fds %lld", (long long)field_int(worker, "fds", 0));
    if (tui->options->plain)
        return y + 1;
    view_put(tui, ++y, 2, ROLE_NORMAL, "CPU 60s");
    field_sparkline(spark, sizeof(spark), json_object_get(worker, "cpu_long"), tui->frame.cols / 2,
                    100);
    view_put(tui, y, SPARK_X, ROLE_METER, "%s", spark);
    return y + 1;
}

/* Which key shows more of it. */
static void draw_where(struct tui *tui, int y, int x, const char *text)
{
    if (y >= tui->frame.bottom || x + 14 > tui->frame.cols)
        return;
    if (strstr(text, "thread"))
        view_put(tui, y, x + 7, ROLE_KEY, "b stack");
    else if (strstr(text, "log line"))
        view_put(tui, y, x + 7, ROLE_KEY, "l logs");
}

static int draw_findings(struct tui *tui, const json_t *worker, int y, int bottom)
{
    const json_t *findings = json_object_get(worker, "findings"), *finding;
    size_t count = json_array_size(findings), i;
    char age[16];
    int x;

    if (!count || y + 1 >= bottom)
        return y;
    field_format_age(age, field_number(worker, "findings_age"));
    x = view_put(tui, ++y, 2, ROLE_TITLE, "Diagnosis (%zu finding%s)", count,
                 count == 1 ? "" : "s");
    if (field_number(worker, "findings_age") >= 1)
        x = view_put(tui, y, x, ROLE_DIM, "  %s ago", age);
    view_put(tui, y, x + 2, ROLE_KEY, "d look now");
    json_array_foreach(findings, i, finding)
    {
        const char *text = field_text(finding, "text");
        int lines = 0;

        /* Two lines each: the whole is on the page behind `d`. */
        for (; *text && lines < 2 && ++y < bottom; lines++) {
            size_t cut = field_wrap(text, (size_t)tui->frame.cols - 6);

            if (!lines)
                view_put(tui, y, 2, ROLE_NORMAL, "%zu", i + 1);
            x = view_put(tui, y, 4, ROLE_NORMAL, "%.*s", (int)cut, text);
            text += cut + strspn(text + cut, " ");
        }
        draw_where(tui, y, x, field_text(finding, "text"));
    }
    return y + 1;
}

static void draw_life(struct tui *tui, const json_t *life, int y, bool chosen)
{
    long long signal = (long long)field_int(life, "signal", 0);
    char ended[16], lasted[16], end[32], who[64];

    field_format_clock(ended, field_number(life, "ended"), false);
    field_format_age(lasted, field_number(life, "lasted"));
    if (signal > 0)
        snprintf(end, sizeof(end), "SIG%s", str_signal_name((int)signal));
    else
        snprintf(end, sizeof(end), "exit %lld", (long long)field_int(life, "exit", 0));
    snprintf(who, sizeof(who), "gen %lld pid %lld", (long long)field_int(life, "generation", 0),
             (long long)field_int(life, "pid", 0));
    cells_put(&tui->cells, y, 2, 15, TEXT_PLAIN, who);
    view_put(tui, y, 18, ROLE_NORMAL, "%-8s  %-7s %-8s", ended, lasted, end);
    cells_put(&tui->cells, y, 45, tui->frame.cols - 45, TEXT_PLAIN, field_text(life, "why"));
    if (!chosen)
        return;
    cells_put(&tui->cells, y, 0, 1, TEXT_PLAIN, "▸");
    cells_select(&tui->cells, y, 0, tui->frame.cols);
    tui->cells.cursor_y = y;
    tui->cells.cursor_x = 0;
}

static int draw_lives(struct tui *tui, const json_t *worker, int y, int bottom)
{
    const json_t *lives = json_object_get(worker, "lives"), *life;
    struct list *list = view_list(tui);
    size_t i;

    list->total = (int)json_array_size(lives);
    list->page = bottom - y - 2;
    if (!list->total || y + 2 >= bottom)
        return y;
    /* The first move of the cursor chooses a life; until then none is marked. */
    if (list->moved)
        list_clamp(list);
    view_put(tui, ++y, 2, ROLE_HEADER, "%-15s %-9s %-7s %s", "Past lives", "ENDED", "LASTED",
             "WHY");
    json_array_foreach(lives, i, life)
    {
        if ((int)i < list->top)
            continue;
        if (++y >= bottom)
            break;
        draw_life(tui, life, y, list->moved && (int)i == list->cursor);
    }
    return y + 1;
}

static void draw_tail(struct tui *tui, const json_t *worker, int y)
{
    const json_t *tail = json_object_get(worker, "tail"), *line;
    int bottom = tui->frame.bottom;
    int count = (int)json_array_size(tail);
    size_t i;

    if (!count || y + 3 >= bottom || tui->frame.rows < TAIL_ROWS)
        return;
    view_rule(tui, ++y, "log tail");
    json_array_foreach(tail, i, line)
    {
        const struct cells_text text = {.bytes = json_string_value(line),
                                        .len = json_string_length(line),
                                        .flags = SANITISE_LOG};
        if (count - (int)i > bottom - y - 1 || !text.bytes)
            continue;
        cells_put_text(&tui->cells, ++y, 2, tui->frame.cols - 2, TEXT_PLAIN, &text);
    }
}

static void draw(struct tui *tui)
{
    const json_t *worker = shown_worker(tui);
    double restart_in = field_number(worker, "restart_in");
    int y = tui->frame.top + (tui->frame.rows >= 20), bottom = tui->frame.bottom;
    long long pid = (long long)field_int(worker, "pid", 0);

    if (pid > 0)
        view_status(tui, "Pools › %s › pid %lld", tui->detail.pool, pid);
    else
        view_status(tui, "Pools › %s › %lld", tui->detail.pool, (long long)tui->detail.slot);
    if (!worker) {
        if (tui->model.windows[WINDOW_DETAIL].loaded)
            view_put(tui, y, 0, ROLE_NORMAL, "This worker is gone.");
        return;
    }
    tui->cells.cursor_y = y;
    y = draw_title(tui, worker, y);
    y = draw_command(tui, worker, y);
    if (*field_text(worker, "hung_why"))
        view_put(tui, y++, 2, ROLE_HUNG, "%s", field_text(worker, "hung_why"));
    y = draw_heartbeat(tui, worker, y);
    y = draw_task(tui, worker, y);
    y = view_draw_shares(tui, worker, y);
    y = draw_done(tui, worker, y);
    y = draw_usage(tui, worker, y);
    y = draw_findings(tui, worker, y, bottom);
    y = draw_lives(tui, worker, y, bottom);
    draw_tail(tui, worker, y);
    if (field_number(worker, "extended") > 0) {
        char left[16];

        field_format_age(left, field_number(worker, "extended"));
        view_hint(tui, "an operator gave it more time: no limit ends for %s", left);
    } else if (field_bool(worker, "hang_held"))
        view_hint(tui, "held by an operator: a hang does not restart it.  H lets go");
    else if (!isnan(restart_in))
        view_hint(tui, "Auto-restart in %.0fs.  H hold  r restart now", restart_in);
    else if (*field_text(worker, "cgroup"))
        view_hint(tui, "cgroup %s", field_text(worker, "cgroup"));
}

static bool act(struct tui *tui, enum action action)
{
    const json_t *worker = shown_worker(tui);

    if (action != ACTION_OPEN)
        return false;
    if (worker && view_list(tui)->moved) /* a past life is chosen */
        dispatch_action(tui, ACTION_PREVIOUS_LOG);
    return true;
}

const struct view view_detail = {"Detail", IN_DETAIL, want, draw, act, NULL, -1, NULL, 0};
