/* SPDX-License-Identifier: MIT */
/*
 * The views of a scenario: windows, filters and the order that the file has.
 */
#include "harness/fake.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

static bool is_wanted(const json_t *row, const json_t *arguments)
{
    const char *pool = json_string_value(json_object_get(arguments, "pool"));
    const char *of = json_string_value(json_object_get(row, "pool"));
    const char *filter = json_string_value(json_object_get(arguments, "filter"));
    bool invert = filter && *filter == '!', found;
    regex_t regex;
    char *text;

    if (pool && of && strcmp(pool, of) != 0)
        return false;
    if (!filter || regcomp(&regex, filter + invert, REG_EXTENDED | REG_NOSUB | REG_ICASE) != 0)
        return true;
    text = json_dumps(row, JSON_COMPACT);
    found = regexec(&regex, text, 0, NULL, 0) == 0;
    regfree(&regex);
    free(text);
    return found != invert;
}

static json_t *window(const json_t *rows, const char *view, const json_t *arguments)
{
    json_int_t offset = json_integer_value(json_object_get(arguments, "offset")), total = 0;
    json_int_t count = json_integer_value(json_object_get(arguments, "count"));
    json_t *shown = json_array(), *row;
    size_t index;

    json_array_foreach((json_t *)(size_t)rows, index, row)
    {
        if (!is_wanted(row, arguments))
            continue;
        if (total >= offset && total < offset + (count ? count : 1000))
            json_array_append_new(shown, json_pack("[I,O]", total - offset, row));
        total++;
    }
    return json_pack("{s:s,s:b,s:I,s:I,s:I,s:i,s:o}", "view", view, "full", 1, "total", total,
                     "all", (json_int_t)json_array_size(rows), "offset", offset, "count",
                     (int)json_array_size(shown), "rows", shown);
}

static json_t *detail(const json_t *scenario, const json_t *arguments)
{
    const char *target = json_string_value(json_object_get(arguments, "target"));
    const json_t *worker = json_object_get(json_object_get(scenario, "details"), target);
    const json_t *row;
    size_t index;

    json_array_foreach(json_object_get(scenario, "workers"), index, row)
    {
        char name[128];
        snprintf(name, sizeof(name), "%s[%lld]", json_string_value(json_object_get(row, "pool")),
                 (long long)json_integer_value(json_object_get(row, "slot")));
        if (target && strcmp(name, target) == 0) {
            json_t *whole = json_copy((json_t *)(size_t)row);
            if (worker)
                json_object_update(whole, (json_t *)(size_t)worker);
            return json_pack("{s:s,s:o}", "view", "detail", "worker", whole);
        }
    }
    return json_pack("{s:s,s:n}", "view", "detail", "worker");
}

/* "total" and "all" of a list may stand for more than its file holds. */
static json_t *with_totals(json_t *message, const json_t *scenario, const char *view)
{
    const json_t *totals = json_object_get(json_object_get(scenario, "totals"), view);

    if (totals)
        json_object_update(message, (json_t *)(size_t)totals);
    return message;
}

json_t *fake_view(const struct fake *fake, const char *view, const json_t *arguments)
{
    json_t *part = json_object_get(fake->scenario, view), *message;

    if (strcmp(view, "summary") == 0)
        return json_pack("{s:s,s:O}", "view", view, "summary", part);
    if (strcmp(view, "detail") == 0)
        return detail(fake->scenario, arguments);
    if (strcmp(view, "log") == 0) {
        message = json_pack("{s:s,s:b}", "view", view, "full", 1);
        json_object_update_missing(message, part);
        return message;
    }
    if (strcmp(view, "tasks") != 0)
        return with_totals(window(part, view, arguments), fake->scenario, view);
    message = window(json_object_get(part, "rows"), view, arguments);
    json_object_update_missing(message, part);
    return message;
}

void fake_generate(struct fake *fake, int count)
{
    json_t *workers = json_object_get(fake->scenario, "workers");

    for (int i = 1; i <= count; i++)
        json_array_append_new(
            workers,
            json_pack("{s:s,s:i,s:i,s:i,s:i,s:s,s:i,s:f,s:i,s:i,s:i,s:s,s:[i,i,i],s:i}", "pool",
                      "many", "slot", i, "pid", 20000 + i, "start", i, "generation", 1, "state",
                      "busy", "since", 0, "cpu", 0.0, "rss", 40000000 + i * 1000, "heartbeat", 0,
                      "done", i, "last_line", "line", "cpu_history", 10, 20, 30, "fds", 12));
}

void fake_animate(struct fake *fake, int turn)
{
    json_t *summary = json_object_get(fake->scenario, "summary"), *row;
    size_t index;

    json_object_set_new(summary, "now",
                        json_real(json_number_value(json_object_get(summary, "now")) + 1));
    json_object_set_new(summary, "uptime",
                        json_real(json_number_value(json_object_get(summary, "uptime")) + 1));
    json_array_foreach(json_object_get(fake->scenario, "workers"), index, row)
    {
        if ((index + (size_t)turn) % 3 == 0)
            json_object_set_new(row, "cpu", json_real((double)((index * 7 + (size_t)turn) % 100)));
        json_object_set_new(row, "since", json_integer(turn));
    }
}
