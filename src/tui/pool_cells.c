/* SPDX-License-Identifier: MIT */
/* What stands in the columns of the pools. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tui/field.h"
#include "tui/view.h"

enum {
    C_GLYPH,
    C_POOL,
    C_STATE,
    C_LIVE,
    C_BUSY,
    C_QUEUE,
    C_ETA,
    C_RATE,
    C_P95,
    C_OLDEST,
    C_RESTARTS,
    C_FAIL,
    C_CPU,
    C_RSS,
    C_LOAD,
    C_CONF,
    C_EVENT
};

const struct column view_pool_columns[VIEW_POOL_COLUMNS] = {
    [C_GLYPH] = {"S", "state", 1, 0, 0, false, false},
    [C_POOL] = {"POOL", "name", 11, 24, 0, false, false},
    [C_STATE] = {"STATE", "state", 8, 0, 0, false, false},
    [C_LIVE] = {"LIVE/WANT", "live", 9, 0, 0, true, false},
    [C_BUSY] = {"BUSY", "busy", 4, 0, 2, true, false},
    [C_QUEUE] = {"QUEUE", "queue", 6, 0, 0, true, false},
    [C_ETA] = {"ETA", "eta", 6, 0, 3, true, false},
    [C_RATE] = {"RATE/s", "rate", 6, 0, 1, true, false},
    [C_P95] = {"P95", "p95", 6, 0, 4, true, false},
    [C_OLDEST] = {"OLDEST", "oldest", 6, 0, 5, true, false},
    [C_RESTARTS] = {"RST/h", "restarts", 5, 0, 6, true, false},
    [C_FAIL] = {"FAIL%", "fail_percent", 5, 0, 7, true, false},
    [C_CPU] = {"CPU%", "cpu", 5, 0, 8, true, false},
    [C_RSS] = {"RSS", "rss", 6, 0, 9, true, false},
    [C_LOAD] = {"LOAD 5m", NULL, 20, 0, 10, false, false},
    [C_CONF] = {"CONF", NULL, 7, 0, 11, false, false},
    [C_EVENT] = {"LAST EVENT", NULL, 20, 1000, 12, false, false},
};

/* One more than wanted is up, on purpose: a replacement starts before its predecessor goes. */
static bool is_recycling(const json_t *row)
{
    const char *state = field_text(row, "state");

    return field_int(row, "recycling", 0) > 0 &&
           (strcmp(state, "starting") == 0 || strcmp(state, "draining") == 0);
}

static const char *shown_state(const json_t *row)
{
    return is_recycling(row) ? "recycle" : field_text(row, "state");
}

static void fill_state(struct tui *tui, const json_t *row, struct table_cell *cell)
{
    const char *state = shown_state(row);
    int64_t hung = field_int(row, "hung", 0);
    double total = field_number(row, "total");
    double done = field_number(row, "done") + field_number(row, "failed") +
                  field_number(row, "buried") + field_number(row, "cancelled") +
                  field_number(row, "skipped");

    double bad = field_number(row, "failed") + field_number(row, "buried");

    cell->style = view_style(tui, theme_look(state)->role);
    if (strcmp(state, "done") == 0 && bad > 0) {
        snprintf(cell->text, sizeof(cell->text), "done ✗%.0f", bad);
        cell->style = view_style(tui, ROLE_BAD);
    } else if (strcmp(state, "hung") == 0 && hung > 0)
        snprintf(cell->text, sizeof(cell->text), "hung %lld", (long long)hung);
    else if (strcmp(state, "unhealthy") == 0) /* the column has eight cells */
        snprintf(cell->text, sizeof(cell->text), "unwell");
    else if (strcmp(state, "ok") == 0 && field_bool(row, "held"))
        snprintf(cell->text, sizeof(cell->text), "ok, hold");
    else if (strcmp(state, "ok") == 0 && total > 0 && done >= 0)
        snprintf(cell->text, sizeof(cell->text), "ok %d%%", (int)(done * 100 / total));
    else
        snprintf(cell->text, sizeof(cell->text), "%.60s", state);
}

static void fill_live(const json_t *row, struct table_cell *cell)
{
    long long live = (long long)field_int(row, "live", 0);
    long long want = (long long)field_int(row, "want", 0);

    snprintf(cell->text, sizeof(cell->text),
             live > want && !is_recycling(row) ? "%lld→%lld" : "%lld/%lld", live, want);
}

static void fill_conf(struct tui *tui, const json_t *row, struct table_cell *cell)
{
    long long configured = (long long)field_int(row, "configured", -1);

    if (configured >= 0 && configured != field_int(row, "want", 0)) {
        snprintf(cell->text, sizeof(cell->text), "cfg %lld", configured);
        cell->style = view_style(tui, ROLE_BACKOFF);
    } else if (field_int(row, "revision", 0) > 0) {
        snprintf(cell->text, sizeof(cell->text), "r%lld", (long long)field_int(row, "revision", 0));
    }
}

void view_pool_event(const json_t *row, struct table_cell *cell)
{
    const json_t *event = json_object_get(row, "last_event");
    char at[16];

    if (!event || !(field_number(event, "at") > 0)) {
        snprintf(cell->text, sizeof(cell->text), "-");
        return;
    }
    field_format_clock(at, field_number(event, "at"), false);
    snprintf(cell->text, sizeof(cell->text), "%s %.400s", at, field_text(event, "text"));
}

static void fill_tail(struct tui *tui, const json_t *row, size_t column, struct table_cell *cell)
{
    double number;

    switch (column) {
    case C_FAIL:
        number = field_number(row, "fail_percent");
        snprintf(cell->text, sizeof(cell->text), isnan(number) ? "-" : "%.1f", number);
        break;
    case C_CPU:
        number = field_number(row, "cpu");
        snprintf(cell->text, sizeof(cell->text), isnan(number) ? "-" : "%.0f", number);
        break;
    case C_RSS:
        field_format_size(cell->text, field_number(row, "rss"));
        break;
    case C_LOAD:
        if (!tui->options->plain)
            field_sparkline(cell->text, sizeof(cell->text), json_object_get(row, "load"), 20, 100);
        cell->style = view_style(tui, ROLE_METER);
        break;
    case C_CONF:
        fill_conf(tui, row, cell);
        break;
    default:
        view_pool_event(row, cell);
        break;
    }
}

void view_pool_fill(struct tui *tui, const json_t *row, size_t column, int width,
                    struct table_cell *cell)
{
    (void)width;
    switch (column) {
    case C_GLYPH:
        snprintf(cell->text, sizeof(cell->text), "%s", theme_look(shown_state(row))->glyph);
        cell->style = view_style(tui, theme_look(shown_state(row))->role);
        break;
    case C_POOL:
        cell->bytes = field_bytes(row, "name", &cell->len);
        break;
    case C_STATE:
        fill_state(tui, row, cell);
        break;
    case C_LIVE:
        fill_live(row, cell);
        break;
    case C_BUSY:
        field_format_count(cell->text, field_number(row, "busy"));
        break;
    case C_QUEUE:
        field_format_count(cell->text, field_number(row, "queue"));
        break;
    case C_ETA:
        field_format_eta(cell->text, row);
        break;
    case C_RATE:
        field_format_rate(cell->text, field_number(row, "rate"));
        if (strcmp(cell->text, "0") == 0)
            snprintf(cell->text, sizeof(cell->text), "-");
        break;
    case C_P95:
        field_format_duration(cell->text, field_number(row, "p95"));
        break;
    case C_OLDEST:
        field_format_age(cell->text, field_number(row, "oldest"));
        break;
    case C_RESTARTS:
        field_format_count(cell->text, field_number(row, "restarts_hour"));
        break;
    default:
        fill_tail(tui, row, column, cell);
        break;
    }
}
