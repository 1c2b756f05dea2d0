/* SPDX-License-Identifier: MIT */
/*
 * The parts of the manual pages that repeat a table are made of it: verbs of the command table,
 * keys of the schema. LIFEGUARD_UPDATE=1 in the environment writes them anew.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cli/help.h"
#include "conf/schema.h"
#include "wire/commands.h"

enum { FILE_MAX = 1 << 20 };

/* scdoc's own characters lose their meaning. */
static void escape(struct buf *out, const char *text)
{
    for (; *text; text++) {
        if (strchr("\\*_`#~", *text))
            buf_append_char(out, '\\');
        buf_append_char(out, *text);
    }
}

static void escaped_line(struct buf *out, const char *indent, const char *text, const char *end)
{
    buf_append_string(out, indent);
    escape(out, text);
    buf_append_string(out, end);
}

static void write_option(const struct command_arg *arg, struct buf *out)
{
    buf_append_string(out, "\t*");
    if (arg->letter)
        buf_printf(out, "-%c*, *", arg->letter);
    buf_printf(out, "--%s*", arg->name);
    if (arg->meta)
        buf_printf(out, " _%s_", arg->meta);
    buf_append_char(out, '\n');
    escaped_line(out, "\t\t", arg->help, arg->later ? " (not built yet)\n\n" : "\n\n");
}

static void write_verb(const struct command *command, struct buf *out)
{
    struct buf synopsis = {0};

    help_write_synopsis(command, &synopsis);
    escaped_line(out, "*", command->name, "*");
    escape(out, buf_string(&synopsis) + strlen("lifeguard ") + strlen(command->name));
    buf_fini(&synopsis);
    buf_printf(out, "\n\t%c", command->summary[0] - 'a' + 'A');
    escaped_line(out, "", command->summary + 1, ".");
    if (command->detail)
        escaped_line(out, " ", command->detail, "");
    if (command->later)
        buf_printf(out, " Not built yet (%s).", command->later);
    buf_append_string(out, "\n\n");
    for (size_t i = 0; i < command->arg_count; i++) {
        if (!command->args[i].positional)
            write_option(&command->args[i], out);
    }
}

static void write_verbs(struct buf *out)
{
    for (size_t i = 0; i < command_count; i++)
        write_verb(&command_table[i], out);
    buf_append_string(out, "*Options of every verb*\n\n");
    for (size_t i = 0; i < command_global_count; i++)
        write_option(&command_globals[i], out);
}

static void write_key(const struct conf_key *key, struct buf *out)
{
    char modes[64];

    escaped_line(out, "*", key->path, "*");
    if (key->fallback)
        escaped_line(out, " = ", key->fallback, "");
    escaped_line(out, "\n\t", key->help, "");
    conf_mode_names(key->modes, modes, sizeof(modes));
    if (key->modes && key->modes != CONF_ALL_MODES)
        buf_printf(out, " (mode %s)", modes);
    if (key->command_fallback)
        escaped_line(out, " In command mode the default is ", key->command_fallback, ".");
    buf_append_string(out, key->later ? " Not built yet.\n\n" : "\n\n");
}

static void write_keys(enum conf_section section, struct buf *out)
{
    struct conf_keys all = conf_schema(section);

    for (size_t i = 0; i < all.count; i++)
        write_key(&all.keys[i], out);
}

static void write_supervisor_keys(struct buf *out)
{
    write_keys(CONF_SUPERVISOR, out);
}

static void write_pool_keys(struct buf *out)
{
    write_keys(CONF_POOL, out);
}

static char *read_page(const char *path)
{
    FILE *file = fopen(path, "r");
    char *text = mem_new(FILE_MAX);

    assert_non_null(file);
    assert_true(fread(text, 1, FILE_MAX - 1, file) > 0);
    fclose(file);
    return text;
}

/* What stands between "; PART begin" and "; PART end" is what `write` makes. */
static void check_part(const char *page, const char *part, void (*write)(struct buf *out))
{
    char *path = mem_printf(LIFEGUARD_SOURCE_DIR "/src/man/%s.scd", page);
    char *begin = mem_printf("; %s begin\n", part), *end = mem_printf("; %s end\n", part);
    char *text = read_page(path);
    char *from = strstr(text, begin), *to = strstr(text, end);
    struct buf made = {0};

    assert_true(from && to && from < to);
    from += strlen(begin);
    write(&made);
    if (getenv("LIFEGUARD_UPDATE")) {
        FILE *file = fopen(path, "w");

        fprintf(file, "%.*s%s%s", (int)(from - text), text, buf_string(&made), to);
        fclose(file);
    } else {
        *to = 0;
        assert_string_equal(from, buf_string(&made));
    }
    buf_fini(&made);
    free(text);
    free(path);
    free(begin);
    free(end);
}

static void verbs_are_documented(void **state)
{
    (void)state;
    check_part("lifeguard.1", "verbs", write_verbs);
}

static void keys_are_documented(void **state)
{
    (void)state;
    check_part("lifeguard.cfg.5", "supervisor keys", write_supervisor_keys);
    check_part("lifeguard.cfg.5", "pool keys", write_pool_keys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verbs_are_documented),
        cmocka_unit_test(keys_are_documented),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
