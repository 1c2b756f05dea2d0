/* SPDX-License-Identifier: MIT */
/*
 * One function an answer. Words and colours of states are the same as on the screen.
 */
#include "cli/render.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/print.h"

static enum print_color render_state_color(const char *state)
{
    static const struct {
        const char *word;
        enum print_color color;
    } words[] = {{"ok", PRINT_GOOD},       {"up", PRINT_GOOD},       {"busy", PRINT_GOOD},
                 {"done", PRINT_GOOD},     {"hung", PRINT_BAD},      {"failed", PRINT_BAD},
                 {"buried", PRINT_BAD},    {"held", PRINT_BAD},      {"unkillable", PRINT_BAD},
                 {"stopped", PRINT_NOTE},  {"suspect", PRINT_NOTE},  {"backoff", PRINT_NOTE},
                 {"retry", PRINT_NOTE},    {"draining", PRINT_NOTE}, {"paused", PRINT_NOTE},
                 {"starting", PRINT_NOTE}, {"idle", PRINT_DIM},      {"down", PRINT_DIM},
                 {"cancelled", PRINT_DIM}, {"skipped", PRINT_DIM},   {"unhealthy", PRINT_BAD},
                 {"waiting", PRINT_NOTE}};

    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (strcmp(words[i].word, state) == 0)
            return words[i].color;
    }
    return PRINT_PLAIN;
}

static void render_state(struct print_table *table, const char *state)
{
    print_table_bytes(table, render_state_color(state), state, strlen(state));
}

static void render_duration(struct print_table *table, const json_t *row, const char *key)
{
    char text[16];

    str_format_duration(text, print_number(row, key, -1));
    print_table_cell(table, PRINT_PLAIN, "%s", text);
}

static void render_size(struct print_table *table, const json_t *row, const char *key)
{
    double bytes = print_number(row, key, -1);
    char text[16] = "-";

    if (bytes >= 0)
        str_format_size(text, bytes);
    print_table_cell(table, PRINT_PLAIN, "%s", text);
}

static void render_count(struct print_table *table, const json_t *row, const char *key)
{
    double count = print_number(row, key, -1);
    char text[32] = "-";

    if (count >= 0)
        str_format_count(text, (int64_t)count);
    print_table_cell(table, PRINT_PLAIN, "%s", text);
}

static void render_rate(struct print_table *table, const json_t *row, const char *key)
{
    double rate = print_number(row, key, 0);

    if (rate > 0)
        print_table_cell(table, PRINT_PLAIN, "%.1f", rate);
    else
        print_table_cell(table, PRINT_PLAIN, "-");
}

/* Text of workers and users. */
static void render_text(struct print_table *table, const json_t *row, const char *key)
{
    struct buf text = {0};

    if (!print_field(row, key, &text) || !buf_len(&text))
        buf_append_char(&text, '-');
    print_table_bytes(table, PRINT_PLAIN, buf_data(&text), buf_len(&text));
    buf_fini(&text);
}

static void render_number(struct print_table *table, const json_t *row, const char *key)
{
    double number = print_number(row, key, -1);

    if (number >= 0)
        print_table_cell(table, PRINT_PLAIN, "%.0f", number);
    else
        print_table_cell(table, PRINT_PLAIN, "-");
}

static void render_pool(struct print_table *table, const json_t *pool)
{
    double hung = print_number(pool, "hung", 0);
    const char *state = print_word(pool, "state");
    const char *why = print_word(pool, "eta_why");

    render_text(table, pool, "name");
    render_text(table, pool, "mode");
    if (hung > 0)
        print_table_cell(table, PRINT_BAD, "hung %.0f", hung);
    else
        render_state(table, state);
    print_table_cell(table, PRINT_PLAIN, "%.0f/%.0f", print_number(pool, "live", 0),
                     print_number(pool, "want", 0));
    render_count(table, pool, "busy");
    render_count(table, pool, "queue");
    if (strcmp(why, "grows") == 0)
        print_table_cell(table, PRINT_NOTE, "grows");
    else
        render_duration(table, pool, "eta");
    render_rate(table, pool, "rate");
    render_count(table, pool, "done");
    render_count(table, pool, "failed");
    render_count(table, pool, "restarts");
}

static void render_status_line(const json_t *reply, const struct render_style *style,
                               struct buf *out)
{
    bool healthy = json_is_true(json_object_get(reply, "healthy"));
    enum print_color color = healthy ? PRINT_GOOD : PRINT_BAD;
    char uptime[16];
    struct buf name = {0};

    str_format_duration(uptime, print_number(reply, "uptime", -1));
    print_field(reply, "name", &name);
    print_begin(out, PRINT_BOLD, style->color);
    print_clean(out, buf_data(&name), buf_len(&name));
    print_end(out, PRINT_BOLD, style->color);
    buf_printf(out, "  pid %.0f  up %s  ", print_number(reply, "pid", 0), uptime);
    print_begin(out, color, style->color);
    if (strcmp(print_word(reply, "state"), "stopping") == 0)
        buf_append_string(out, "stopping");
    else
        buf_append_string(out, healthy ? "healthy" : "degraded");
    print_end(out, color, style->color);
    if (strcmp(print_word(reply, "guardian"), "degraded") == 0)
        buf_append_string(out, "  guardian: degraded");
    if (strcmp(print_word(reply, "tier"), "sweep") == 0)
        buf_append_string(out, "  trees: by process group");
    buf_append_string(out, "\n");
    buf_fini(&name);
}

/* Why a pool does not run as configured. */
static void render_note(const json_t *pool, const struct render_style *style, struct buf *out)
{
    struct buf note = {0};

    if (print_field(pool, "note", &note)) {
        print_begin(out, PRINT_NOTE, style->color);
        buf_printf(out, "pool %s: ", print_word(pool, "name"));
        print_clean(out, buf_data(&note), buf_len(&note));
        print_end(out, PRINT_NOTE, style->color);
        buf_append_string(out, "\n");
    }
    buf_fini(&note);
}

void render_status(const json_t *reply, const struct render_style *style, struct buf *out)
{
    static const struct print_column columns[] = {
        {"POOL", false}, {"MODE", false},  {"STATE", false},  {"LIVE/WANT", true},
        {"BUSY", true},  {"QUEUE", true},  {"ETA", true},     {"RATE/s", true},
        {"DONE", true},  {"FAILED", true}, {"RESTARTS", true}};
    const json_t *pools = json_object_get(reply, "pools");
    struct print_table table;

    render_status_line(reply, style, out);
    if (!json_array_size(pools)) {
        buf_append_string(out, "no pools\n");
        return;
    }
    print_table_init(&table, columns, ARRAY_LEN(columns));
    for (size_t i = 0; i < json_array_size(pools); i++)
        render_pool(&table, json_array_get(pools, i));
    print_table_write(&table, style->color, style->width, out);
    print_table_fini(&table);
    for (size_t i = 0; i < json_array_size(pools); i++)
        render_note(json_array_get(pools, i), style, out);
}

static void render_worker(struct print_table *table, const json_t *worker)
{
    const json_t *task = json_object_get(worker, "task");
    const char *flag = print_word(worker, "flag");
    struct buf text = {0};

    render_text(table, worker, "pool");
    render_number(table, worker, "slot");
    render_number(table, worker, "pid");
    render_state(table, *flag ? flag : print_word(worker, "state"));
    render_duration(table, worker, "since");
    render_number(table, worker, "cpu");
    render_size(table, worker, "rss");
    render_count(table, worker, "done");
    render_count(table, worker, "restarts");
    if (json_is_object(task)) {
        buf_printf(&text, "%s ", print_word(task, "id"));
        print_field(task, "text", &text);
    } else if (!json_is_integer(json_object_get(worker, "pid"))) {
        print_field(worker, "why", &text);
    } else {
        print_field(worker, "last_line", &text);
    }
    print_table_log(table, buf_data(&text), buf_len(&text));
    buf_fini(&text);
}

void render_workers(const json_t *reply, const struct render_style *style, struct buf *out)
{
    static const struct print_column columns[] = {{"POOL", false},    {"#", true},
                                                  {"PID", true},      {"STATE", false},
                                                  {"FOR", true},      {"CPU%", true},
                                                  {"RSS", true},      {"DONE", true},
                                                  {"RESTARTS", true}, {"TASK OR LAST LINE", false}};
    const json_t *workers = json_object_get(reply, "workers");
    struct print_table table;

    print_table_init(&table, columns, ARRAY_LEN(columns));
    for (size_t i = 0; i < json_array_size(workers); i++)
        render_worker(&table, json_array_get(workers, i));
    print_table_write(&table, style->color, style->width, out);
    print_table_fini(&table);
}

static void render_task(struct print_table *table, const json_t *task)
{
    const char *error = print_word(task, "error");

    render_text(table, task, "id");
    render_text(table, task, "pool");
    render_state(table, print_word(task, "state"));
    print_table_cell(table, PRINT_PLAIN, "%.0f/%.0f", print_number(task, "attempts", 0),
                     print_number(task, "max_attempts", 1));
    render_duration(table, task, "age");
    render_number(table, task, "worker");
    render_text(table, task, "task");
    print_table_bytes(table, PRINT_BAD, error, strlen(error));
}

static void render_counts(const json_t *counts, struct buf *out)
{
    const char *key;
    json_t *value;
    bool first = true;

    json_object_foreach((json_t *)(uintptr_t)counts, key, value)
    {
        if (json_integer_value(value) == 0 && strcmp(key, "accepted") != 0)
            continue;
        buf_printf(out, "%s%s %" JSON_INTEGER_FORMAT, first ? "" : "  ", key,
                   json_integer_value(value));
        first = false;
    }
    buf_append_string(out, "\n");
}

void render_tasks(const json_t *reply, const struct render_style *style, struct buf *out)
{
    static const struct print_column columns[] = {
        {"ID", false}, {"POOL", false},  {"STATE", false}, {"TRY", true},
        {"AGE", true}, {"WORKER", true}, {"TASK", false},  {"ERROR", false}};
    const json_t *tasks = json_object_get(reply, "tasks");
    const char *audit = print_word(reply, "audit");
    struct print_table table;

    if (json_array_size(tasks)) {
        print_table_init(&table, columns, ARRAY_LEN(columns));
        for (size_t i = 0; i < json_array_size(tasks); i++)
            render_task(&table, json_array_get(tasks, i));
        print_table_write(&table, style->color, style->width, out);
        print_table_fini(&table);
    }
    render_counts(json_object_get(reply, "counts"), out);
    if (*audit) {
        buf_append_string(out, "audit: ");
        print_clean(out, audit, strlen(audit));
        buf_append_string(out, "\n");
    }
}

static enum print_color render_level_color(const char *level)
{
    if (strcmp(level, "bad") == 0 || strcmp(level, "hung") == 0 || strcmp(level, "gave-up") == 0)
        return PRINT_BAD;
    if (strcmp(level, "good") == 0)
        return PRINT_GOOD;
    return strcmp(level, "note") == 0 ? PRINT_NOTE : PRINT_PLAIN;
}

/* "12:41:07 #17 kind pool[2] pid 4711 (ana): text" */
void render_event(const json_t *event, const struct render_style *style, struct buf *out)
{
    enum print_color color = render_level_color(print_word(event, "level"));
    double slot = print_number(event, "slot", 0), pid = print_number(event, "pid", 0);
    struct buf text = {0};
    char time[40];

    clock_format_stamp(time, (int64_t)(print_number(event, "at", 0) * 1e9));
    buf_printf(out, "%.19s  #%.0f  ", time, print_number(event, "seq", 0));
    print_begin(out, color, style->color);
    buf_printf(&text, "%s", print_word(event, "kind"));
    if (*print_word(event, "pool"))
        buf_printf(&text, " %s", print_word(event, "pool"));
    if (slot > 0)
        buf_printf(&text, "[%.0f]", slot);
    if (pid > 0)
        buf_printf(&text, " pid %.0f", pid);
    if (*print_word(event, "who"))
        buf_printf(&text, " (%s)", print_word(event, "who"));
    buf_append_string(&text, ": ");
    print_field(event, "text", &text);
    print_clean(out, buf_data(&text), buf_len(&text));
    print_end(out, color, style->color);
    buf_append_string(out, "\n");
    buf_fini(&text);
}

void render_events(const json_t *reply, const struct render_style *style, struct buf *out)
{
    const json_t *events = json_object_get(reply, "events");

    for (size_t i = 0; i < json_array_size(events); i++)
        render_event(json_array_get(events, i), style, out);
}

void render_done(const json_t *reply, const struct render_style *style, struct buf *out)
{
    const json_t *count = json_object_get(reply, "count");
    const json_t *size = json_object_get(reply, "size");

    (void)style;
    if (json_is_integer(size))
        buf_printf(out, "size %" JSON_INTEGER_FORMAT "\n", json_integer_value(size));
    if (json_is_integer(count))
        buf_printf(out, "%" JSON_INTEGER_FORMAT "\n", json_integer_value(count));
    if (json_is_integer(json_object_get(reply, "undo")))
        buf_printf(out, "`lifeguard undo` takes it back for %.0f s\n",
                   print_number(reply, "undo_for", 0));
}
