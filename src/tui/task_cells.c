/* SPDX-License-Identifier: MIT */
/* What stands in the columns of the queue. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tui/field.h"
#include "tui/view.h"

enum {
    C_GLYPH,
    C_ID,
    C_POOL,
    C_PRIORITY,
    C_STATE,
    C_AGE,
    C_TRY,
    C_WORKER,
    C_DEADLINE,
    C_ETA,
    C_SIZE,
    C_BY,
    C_SUBJECT,
    C_ERROR
};

const struct column view_task_columns[VIEW_TASK_COLUMNS] = {
    [C_GLYPH] = {"S", "state", 1, 0, 0, false, false},
    [C_ID] = {"ID", "id", 7, 0, 0, false, false},
    [C_POOL] = {"POOL", "pool", 8, 0, 0, false, false},
    [C_PRIORITY] = {"PRI", "priority", 3, 0, 2, true, false},
    [C_STATE] = {"STATE", "state", 8, 0, 0, false, false},
    [C_AGE] = {"AGE", "age", 6, 0, 1, true, false},
    [C_TRY] = {"TRY", "attempts", 3, 0, 3, true, false},
    [C_WORKER] = {"WORKER", "worker", 6, 0, 4, true, false},
    [C_DEADLINE] = {"DEADLINE", "deadline", 8, 0, 5, true, false},
    [C_ETA] = {"ETA", NULL, 6, 0, 6, true, false},
    [C_SIZE] = {"SIZE", "size", 6, 0, 7, true, false},
    [C_BY] = {"ENQUEUED BY", NULL, 11, 0, 8, false, false},
    [C_SUBJECT] = {"SUBJECT", NULL, 19, 32, 0, false, false},
    [C_ERROR] = {"PROGRESS OR LAST ERROR", NULL, 40, 1000, 9, false, false},
};

const struct widen view_task_widen = {C_POOL, C_SUBJECT, 12};

const struct look *view_task_look(const json_t *row)
{
    const char *state = field_text(row, "state");

    if (strcmp(state, "held") == 0)
        return theme_look("paused");
    /* A failed one is over; a buried one waits for somebody who digs it out. */
    if (strcmp(state, "failed") == 0)
        return theme_look("ended");
    return theme_look(strcmp(state, "running") == 0 && field_bool(row, "in_hand") ? "ready"
                                                                                  : state);
}

/* The screen's words for a person; filters and JSON use the states' own names. */
void view_task_state(const json_t *row, char *out, size_t size)
{
    const char *state = field_text(row, "state");
    double progress = field_number(row, "progress");
    char in[16];

    if (strcmp(state, "ready") == 0)
        snprintf(out, size, "waiting");
    else if (strcmp(state, "retry") == 0 && !isnan(field_number(row, "retry_in"))) {
        field_format_age(in, field_number(row, "retry_in"));
        snprintf(out, size, "retry %s", in);
    } else if (strcmp(state, "running") == 0 && !isnan(progress))
        snprintf(out, size, "run %.0f%%", progress);
    else if (strcmp(state, "running") == 0 && field_bool(row, "in_hand"))
        snprintf(out, size, "in hand");
    else
        snprintf(out, size, "%.60s", state);
}

static void fill_error(const json_t *row, struct table_cell *cell)
{
    cell->bytes = field_bytes(row, "error", &cell->len);
    if (strcmp(field_text(row, "state"), "running") == 0) {
        view_format_progress(cell->text, sizeof(cell->text), row);
        if (*cell->text)
            cell->bytes = NULL;
    }
    if (cell->bytes && !cell->len)
        cell->bytes = "-", cell->len = 1;
}

static void fill_tail(const json_t *row, size_t column, struct table_cell *cell)
{
    switch (column) {
    case C_DEADLINE:
        field_format_clock(cell->text, field_number(row, "deadline"), false);
        break;
    case C_ETA:
        field_format_age(cell->text, field_number(row, "eta"));
        break;
    case C_SIZE:
        field_format_size(cell->text, field_number(row, "size"));
        break;
    case C_BY:
        cell->bytes = field_bytes(row, "by", &cell->len);
        break;
    case C_SUBJECT:
        cell->bytes = field_bytes(row, "task", &cell->len);
        break;
    default:
        fill_error(row, cell);
        break;
    }
}

/* Who runs it, else, dim, who had it last. */
static void fill_worker(struct tui *tui, const json_t *row, struct table_cell *cell)
{
    long long worker = (long long)field_int(row, "worker", 0);

    if (worker <= 0) {
        worker = (long long)field_int(row, "last_worker", 0);
        cell->style = view_style(tui, ROLE_DIM);
    }
    snprintf(cell->text, sizeof(cell->text), worker > 0 ? "%lld" : "-", worker);
}

void view_task_fill(struct tui *tui, const json_t *row, size_t column, int width,
                    struct table_cell *cell)
{
    int64_t most = field_int(row, "max_attempts", 0);

    (void)width;
    switch (column) {
    case C_GLYPH:
        snprintf(cell->text, sizeof(cell->text), "%s", view_task_look(row)->glyph);
        cell->style = view_style(tui, view_task_look(row)->role);
        break;
    case C_ID:
        cell->bytes = field_bytes(row, "id", &cell->len);
        break;
    case C_POOL:
        cell->bytes = field_bytes(row, "pool", &cell->len);
        break;
    case C_PRIORITY:
        snprintf(cell->text, sizeof(cell->text), "%lld", (long long)field_int(row, "priority", 0));
        break;
    case C_STATE:
        view_task_state(row, cell->text, sizeof(cell->text));
        cell->style = view_style(tui, view_task_look(row)->role);
        break;
    case C_AGE:
        field_format_age(cell->text, field_number(row, "age"));
        break;
    case C_TRY:
        snprintf(cell->text, sizeof(cell->text), most > 0 ? "%lld/%lld" : "%lld",
                 (long long)field_int(row, "attempts", 0), (long long)most);
        break;
    case C_WORKER:
        fill_worker(tui, row, cell);
        break;
    default:
        fill_tail(row, column, cell);
        break;
    }
}
