/* SPDX-License-Identifier: MIT */
/*
 * `list`: the supervisors that answer.
 */
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/args.h"
#include "cli/cli.h"
#include "cli/print.h"
#include "cli/remote.h"
#include "sys/sock.h"
#include "wire/json_out.h"

static json_t *list_ask(const char *directory, const char *name)
{
    char path[256];
    struct remote remote;
    struct buf line = {0};
    json_t *reply;

    snprintf(path, sizeof(path), "%s/%s.sock", directory, name);
    if (remote_connect(&remote, path, NULL) < 0)
        return NULL;
    buf_printf(&line, "{\"id\":%lld,\"cmd\":\"status\"}\n", (long long)remote_next_id(&remote));
    reply = remote_call_line(&remote, &line, NULL);
    buf_fini(&line);
    remote_close(&remote);
    return reply;
}

static void list_show(struct print_table *table, const char *name, const json_t *reply)
{
    const json_t *pools = json_object_get(reply, "pools");
    bool healthy = json_is_true(json_object_get(reply, "healthy"));
    double live = 0;
    char uptime[16];

    for (size_t i = 0; i < json_array_size(pools); i++)
        live += print_number(json_array_get(pools, i), "live", 0);
    str_format_duration(uptime, print_number(reply, "uptime", -1));
    print_table_bytes(table, PRINT_BOLD, name, strlen(name));
    print_table_cell(table, PRINT_PLAIN, "%.0f", print_number(reply, "pid", 0));
    print_table_cell(table, PRINT_PLAIN, "%s", reply ? uptime : "-");
    print_table_cell(table, PRINT_PLAIN, "%zu", json_array_size(pools));
    print_table_cell(table, PRINT_PLAIN, "%.0f", live);
    print_table_cell(table, healthy ? PRINT_GOOD : PRINT_BAD, "%s",
                     !reply    ? "does not answer"
                     : healthy ? "healthy"
                               : "degraded");
}

static void list_show_json(struct json_out *out, const char *name, const json_t *reply)
{
    json_open_object(out, NULL);
    json_put_string(out, "name", name);
    json_put_int(out, "pid", (int64_t)print_number(reply, "pid", 0));
    json_put_string(out, "version", reply ? print_word(reply, "version") : NULL);
    json_put_number(out, "uptime", print_number(reply, "uptime", 0), 1);
    json_put_bool(out, "healthy", json_is_true(json_object_get(reply, "healthy")));
    json_close_object(out);
}

static int list_print(const struct args *args, const char *directory, char *const *names)
{
    static const struct print_column columns[] = {{"NAME", false}, {"PID", true},
                                                  {"UP", true},    {"POOLS", true},
                                                  {"LIVE", true},  {"STATE", false}};
    struct print_table table;
    struct buf text = {0};
    struct json_out out;
    bool written;

    print_table_init(&table, columns, ARRAY_LEN(columns));
    json_out_init(&out, &text);
    if (args->json) {
        json_open_object(&out, NULL);
        json_open_array(&out, "supervisors");
    }
    for (; *names; names++) {
        json_t *reply = list_ask(directory, *names);

        if (args->json)
            list_show_json(&out, *names, reply);
        else
            list_show(&table, *names, reply);
        json_decref(reply);
    }
    if (args->json) {
        json_close_array(&out);
        json_close_object(&out);
        json_end_line(&out);
    } else if (table.count) {
        print_table_write(&table, print_wants_color(STDOUT_FILENO), print_width(STDOUT_FILENO),
                          &text);
    } else {
        buf_append_string(&text, "no supervisor is running\n");
    }
    written = print_flush(&text);
    print_table_fini(&table);
    buf_fini(&text);
    return written ? CLI_OK : CLI_FAILED;
}

int list_run(const struct args *args)
{
    char directory[108];
    struct err err = {0};
    char **names;
    int status;

    if (sock_directory(directory, sizeof(directory), &err) < 0)
        return cli_fail(CLI_FAILED, "%s", err.text);
    names = sock_list(directory, &err);
    if (!names)
        return cli_fail(CLI_FAILED, "%s", err.text);
    status = list_print(args, directory, names);
    mem_free_strings(names);
    return status;
}
