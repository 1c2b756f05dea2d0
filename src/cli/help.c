/* SPDX-License-Identifier: MIT */
/*
 * Help, all of it from the command table.
 */
#include "cli/help.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cli/args.h"
#include "cli/cli.h"
#include "cli/print.h"
#include "wire/commands.h"

enum { HELP_WIDTH = 79, HELP_COLUMN = 24 };

/* "  LABEL      text", the text wrapped in its own column. */
static void help_item(struct buf *out, const char *label, const char *text)
{
    size_t width = HELP_WIDTH - HELP_COLUMN;

    buf_printf(out, "  %-*s", HELP_COLUMN - 3, label);
    if (strlen(label) > HELP_COLUMN - 3)
        buf_printf(out, "\n%*s", HELP_COLUMN - 1, "");
    buf_append_char(out, ' ');
    while (strlen(text) > width) {
        size_t len = width;

        while (len && text[len] != ' ')
            len--;
        if (!len)
            len = strcspn(text, " ");
        buf_printf(out, "%.*s\n%*s", (int)len, text, HELP_COLUMN, "");
        text += len + strspn(text + len, " ");
    }
    buf_printf(out, "%s\n", text);
}

static void help_paragraph(struct buf *out, const char *text)
{
    while (strlen(text) > HELP_WIDTH) {
        size_t len = HELP_WIDTH;

        while (len && text[len] != ' ')
            len--;
        buf_printf(out, "%.*s\n", (int)len, text);
        text += len + strspn(text + len, " ");
    }
    buf_printf(out, "%s\n", text);
}

static void help_option(struct buf *out, const struct command_arg *arg)
{
    char label[80], text[256];

    snprintf(label, sizeof(label), "%c%c%s--%s%s%s", arg->letter ? '-' : ' ',
             arg->letter ? arg->letter : ' ', arg->letter ? ", " : "  ", arg->name,
             arg->meta ? " " : "", arg->meta ? arg->meta : "");
    snprintf(text, sizeof(text), "%s%s", arg->help, arg->later ? " (not built yet)" : "");
    help_item(out, label, text);
}

void help_write_synopsis(const struct command *command, struct buf *out)
{
    bool options = false;

    buf_printf(out, "lifeguard %s", command->name);
    for (size_t i = 0; i < command->arg_count; i++)
        options |= !command->args[i].positional && !command->args[i].required;
    if (options)
        buf_append_string(out, " [OPTION]...");
    if (command->named)
        buf_append_string(out, " [NAME]");
    for (size_t i = 0; i < command->arg_count; i++) {
        const struct command_arg *arg = &command->args[i];
        const char *dots = arg->kind == ARG_REST ? "..." : "";

        if (!arg->positional && arg->required)
            buf_printf(out, " --%s %s", arg->name, arg->meta);
        else if (arg->positional)
            buf_printf(out, arg->required ? " %s%s" : " [%s%s]", arg->meta, dots);
    }
}

static void help_words(const struct command *command, struct buf *out)
{
    if (command->named)
        help_item(out, "NAME", "the supervisor's name, as with -S");
    for (size_t i = 0; i < command->arg_count; i++) {
        if (command->args[i].positional)
            help_item(out, command->args[i].meta, command->args[i].help);
    }
}

void help_write_verb(const struct command *command, struct buf *out)
{
    buf_append_string(out, "Usage: ");
    help_write_synopsis(command, out);
    buf_printf(out, "\n%c%s.\n", command->summary[0] - 'a' + 'A', command->summary + 1);
    if (command->later)
        buf_printf(out, "Not built yet: %s.\n", command->later);
    if (command->detail) {
        buf_append_char(out, '\n');
        help_paragraph(out, command->detail);
    }
    buf_append_char(out, '\n');
    help_words(command, out);
    for (size_t i = 0; i < command->arg_count; i++) {
        if (!command->args[i].positional)
            help_option(out, &command->args[i]);
    }
    for (size_t i = 0; i < command_global_count; i++)
        help_option(out, &command_globals[i]);
}

static void help_section(struct buf *out, const char *title, const char *first, const char *last)
{
    bool inside = false;

    buf_printf(out, "\n%s\n", title);
    for (size_t i = 0; i < command_count; i++) {
        const struct command *command = &command_table[i];

        inside |= strcmp(command->name, first) == 0;
        if (inside && !command->later)
            help_item(out, command->name, command->summary);
        if (strcmp(command->name, last) == 0)
            break;
    }
}

static void help_later(struct buf *out)
{
    struct buf names = {0};

    for (size_t i = 0; i < command_count; i++) {
        if (command_table[i].later)
            buf_printf(&names, "%s%s", buf_len(&names) ? ", " : "", command_table[i].name);
    }
    buf_append_string(out, "\nNot built yet:\n");
    if (buf_string(&names))
        help_item(out, "", buf_string(&names));
    buf_fini(&names);
}

void help_write_all(struct buf *out)
{
    buf_append_string(out, "lifeguard launches and watches pools of worker processes.\n\n"
                           "Usage: lifeguard [-S NAME] [--json] VERB [ARGUMENT]...\n");
    help_section(out, "Run:", "run", "check");
    help_section(out, "Look:", "status", "events");
    help_section(out, "Act:", "scale", "undo");
    help_section(out, "Tasks:", "submit", "prioritise");
    help_section(out, "Rest:", "shutdown", "completions");
    help_later(out);
    buf_append_string(out, "\nOptions of every verb:\n");
    for (size_t i = 0; i < command_global_count; i++)
        help_option(out, &command_globals[i]);
    buf_append_string(out, "\n`lifeguard help VERB` explains a verb.\n");
}

int help_run(const struct args *args)
{
    const char *verb = args->help ? args->command->name : args_text(args, "verb");
    const struct command *command = verb ? command_find(verb) : NULL;
    const char *near = verb && !command ? command_nearest(verb) : NULL;
    struct buf out = {0};
    bool written;

    if (verb && !command)
        return cli_fail(CLI_USAGE,
                        near ? "unknown verb \"%s\"; did you mean %s?" : "unknown verb \"%s\"%s",
                        verb, near ? near : "");
    if (command)
        help_write_verb(command, &out);
    else
        help_write_all(&out);
    written = print_flush(&out);
    buf_fini(&out);
    return written ? CLI_OK : CLI_FAILED;
}
