/* SPDX-License-Identifier: MIT */
/* What stands in the columns of the workers. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "tui/field.h"
#include "tui/view.h"

enum { BAR = 14 };

enum {
    C_GLYPH,
    C_PID,
    C_POOL,
    C_SLOT,
    C_STATE,
    C_FOR,
    C_CPU,
    C_RSS,
    C_HEARTBEAT,
    C_DONE,
    C_GENERATION,
    C_AGE,
    C_TASK,
    C_PERCENT,
    C_PROGRESS,
    C_ETA,
    C_HISTORY,
    C_FDS,
    C_LINE
};

const struct column view_worker_columns[VIEW_WORKER_COLUMNS] = {
    [C_GLYPH] = {"S", "state", 1, 0, 0, false, false},
    [C_PID] = {"PID", "pid", 7, 0, 0, true, true},
    [C_POOL] = {"POOL", "pool", 8, 0, 0, false, false},
    [C_SLOT] = {"#", "slot", 4, 0, 0, true, true},
    [C_STATE] = {"STATE", "state", 8, 0, 0, false, false},
    [C_FOR] = {"FOR", "for", 6, 0, 1, true, false},
    [C_CPU] = {"CPU%", "cpu", 5, 0, 4, true, false},
    [C_RSS] = {"RSS", "rss", 5, 0, 5, true, false},
    [C_HEARTBEAT] = {"HB", NULL, 4, 0, 3, true, false},
    [C_DONE] = {"DONE", "done", 6, 0, 6, true, false},
    [C_GENERATION] = {"GEN", NULL, 3, 0, 7, true, false},
    [C_AGE] = {"AGE", NULL, 6, 0, 11, true, false},
    [C_TASK] = {"TASK", "task", 14, 28, 0, false, false},
    [C_PERCENT] = {"%", NULL, 3, 0, 2, true, false},
    [C_PROGRESS] = {"PROGRESS", NULL, BAR, 0, 8, false, false},
    [C_ETA] = {"ETA", NULL, 5, 0, 9, true, false},
    [C_HISTORY] = {"CPU 60s", NULL, 12, 0, 10, false, false},
    [C_FDS] = {"FDS", NULL, 3, 0, 12, true, false},
    [C_LINE] = {"STATUS OR LAST LOG LINE", NULL, 23, 1000, 13, false, false},
};

const struct widen view_worker_widen = {C_POOL, C_TASK, 10};

/* A flag (hung, stopped, unhealthy, suspect, unkillable) is shown instead of the state; so is that
 * it goes as soon as its replacement is up. */
const char *view_worker_state(const json_t *row)
{
    const char *flag = field_text(row, "flag"), *state = field_text(row, "state");

    if (*flag)
        return flag;
    if (field_bool(row, "recycle") && (strcmp(state, "busy") == 0 || strcmp(state, "idle") == 0))
        return "recycle";
    return state;
}

static bool is_hung(const json_t *row)
{
    return strcmp(field_text(row, "flag"), "hung") == 0;
}

static void fill_state(struct tui *tui, const json_t *row, int width, struct table_cell *cell)
{
    const char *state = view_worker_state(row);

    cell->style = view_style(tui, theme_look(state)->role);
    if (strcmp(state, "unkillable") == 0 && width < 10)
        state = "UNKILLED";
    else if (strcmp(state, "unhealthy") == 0 && width < 9)
        state = "unwell";
    snprintf(cell->text, sizeof(cell->text), "%.60s", is_hung(row) ? "HUNG" : state);
}

/* The oldest task, and how many more it has in hand: that number stays, however long the task. */
static void fill_task(const json_t *row, int width, struct table_cell *cell)
{
    const json_t *task = json_object_get(row, "task");
    int64_t more = field_int(row, "in_flight", 0) - 1;
    char text[480], behind[32] = "";
    size_t len;
    int room;

    if (json_is_object(task)) {
        snprintf(text, sizeof(text), "%.24s %.400s", field_text(task, "id"),
                 field_text(task, "text"));
        if (more > 0)
            snprintf(behind, sizeof(behind), " +%lld", (long long)more);
        room = width - (int)strlen(behind);
        utf8_truncate(cell->text, sizeof(cell->text) - sizeof(behind), text, strlen(text),
                      room > 0 ? (size_t)room : 0);
        len = strlen(cell->text);
        snprintf(cell->text + len, sizeof(cell->text) - len, "%s", behind);
    } else {
        cell->bytes = field_bytes(row, "status", &cell->len);
        if (!cell->len)
            cell->bytes = "-", cell->len = 1;
    }
}

static void fill_progress(struct tui *tui, const json_t *row, size_t column,
                          struct table_cell *cell)
{
    double progress = field_number(row, "progress");

    if (column == C_PERCENT)
        snprintf(cell->text, sizeof(cell->text), isnan(progress) ? "-" : "%.0f", progress);
    else if (column == C_PROGRESS && !isnan(progress) && !tui->options->plain)
        view_bar(cell->text, sizeof(cell->text), progress / 100, BAR);
    else if (column == C_PROGRESS)
        snprintf(cell->text, sizeof(cell->text), "-");
    else if (strcmp(field_text(row, "state"), "backoff") == 0)
        snprintf(cell->text, sizeof(cell->text), "retry");
    else if (is_hung(row))
        snprintf(cell->text, sizeof(cell->text), "?");
    else
        field_format_age(cell->text, field_number(row, "eta"));
}

/* What it waits for, else what it says of itself, else what it wrote last. */
static void fill_line(struct tui *tui, const json_t *row, struct table_cell *cell)
{
    const char *awaits = field_text(row, "awaits");

    if (*awaits) {
        snprintf(cell->text, sizeof(cell->text), "waits for %.80s", awaits);
        cell->style = view_style(tui, ROLE_BACKOFF);
        return;
    }
    cell->bytes = field_bytes(row, "status", &cell->len);
    if (cell->len && json_is_object(json_object_get(row, "task")))
        return;
    cell->bytes = field_bytes(row, "last_line", &cell->len);
    cell->flags = SANITISE_LOG;
}

/* In a service the process is busy as long as it is up: its state's time is what counts. */
static double busy_for(const json_t *row)
{
    const json_t *task = json_object_get(row, "task");

    if (json_is_object(task) && !*field_text(row, "flag") &&
        strcmp(field_text(row, "state"), "busy") == 0)
        return field_number(task, "since");
    return field_number(row, "since");
}

/* Persistent workers count what this process did, not its slot. */
static double tasks_done(const json_t *row)
{
    double life = field_number(row, "life_done");

    return isnan(life) ? field_number(row, "done") : life;
}

static void fill_tail(struct tui *tui, const json_t *row, size_t column, int width,
                      struct table_cell *cell)
{
    int64_t generation;

    switch (column) {
    case C_DONE:
        field_format_count(cell->text, tasks_done(row));
        break;
    case C_GENERATION:
        generation = field_int(row, "generation", 0);
        snprintf(cell->text, sizeof(cell->text), generation < 1000 ? "%lld" : "%lldk",
                 (long long)(generation < 1000 ? generation : generation / 1000));
        break;
    case C_AGE:
        field_format_age(cell->text, field_number(row, "age"));
        break;
    case C_TASK:
        fill_task(row, width, cell);
        break;
    case C_HISTORY:
        if (!tui->options->plain)
            field_sparkline(cell->text, sizeof(cell->text), json_object_get(row, "cpu_history"), 12,
                            100);
        cell->style = view_style(tui, ROLE_METER);
        break;
    case C_FDS:
        field_format_count(cell->text, field_number(row, "fds"));
        break;
    case C_LINE:
        fill_line(tui, row, cell);
        break;
    default:
        fill_progress(tui, row, column, cell);
        break;
    }
}

void view_worker_fill(struct tui *tui, const json_t *row, size_t column, int width,
                      struct table_cell *cell)
{
    double cpu = field_number(row, "cpu");
    int64_t pid = field_int(row, "pid", 0);

    switch (column) {
    case C_GLYPH:
        snprintf(cell->text, sizeof(cell->text), "%s", theme_look(view_worker_state(row))->glyph);
        cell->style = view_style(tui, theme_look(view_worker_state(row))->role);
        break;
    case C_PID:
        snprintf(cell->text, sizeof(cell->text), pid > 0 ? "%lld" : "-", (long long)pid);
        break;
    case C_POOL:
        cell->bytes = field_bytes(row, "pool", &cell->len);
        break;
    case C_SLOT:
        snprintf(cell->text, sizeof(cell->text), "%lld", (long long)field_int(row, "slot", 0));
        break;
    case C_STATE:
        fill_state(tui, row, width, cell);
        break;
    case C_FOR:
        field_format_age(cell->text, busy_for(row));
        break;
    case C_CPU:
        snprintf(cell->text, sizeof(cell->text), isnan(cpu) ? "-" : "%.1f", cpu);
        break;
    case C_RSS:
        field_format_size(cell->text, field_number(row, "rss"));
        break;
    case C_HEARTBEAT:
        field_format_age(cell->text, field_number(row, "heartbeat"));
        break;
    default:
        fill_tail(tui, row, column, width, cell);
        break;
    }
}
