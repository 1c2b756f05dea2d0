/* SPDX-License-Identifier: MIT */
/*
 * `completions bash`: a script made of the command table. Names of pools and supervisors are asked
 * of the program itself when they are needed.
 */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "cli/args.h"
#include "cli/cli.h"
#include "cli/print.h"
#include "wire/commands.h"

static void completions_option(const struct command_arg *arg, struct buf *out)
{
    if (arg->later)
        return;
    buf_printf(out, " --%s", arg->name);
    if (arg->letter)
        buf_printf(out, " -%c", arg->letter);
}

/* What stands in for the verb's words: pools, supervisors, verbs, files or nothing. */
static const char *completions_words(const struct command *command)
{
    if (command->named)
        return "supervisors";
    for (size_t i = 0; i < command->arg_count; i++) {
        const char *name = command->args[i].name;

        if (!command->args[i].positional)
            continue;
        if (strcmp(name, "pool") == 0 || strcmp(name, "target") == 0)
            return "pools";
        if (strcmp(name, "verb") == 0)
            return "verbs";
        if (strcmp(name, "shell") == 0)
            return "shells";
        return strcmp(name, "config") == 0 || strcmp(name, "command") == 0 ? "files" : "none";
    }
    return "none";
}

static void completions_verb(const struct command *command, struct buf *out)
{
    buf_printf(out, "    %s) words=%s options=\"", command->name, completions_words(command));
    for (size_t i = 0; i < command->arg_count; i++) {
        if (!command->args[i].positional)
            completions_option(&command->args[i], out);
    }
    buf_append_string(out, "\" ;;\n");
}

static void completions_bash(struct buf *out)
{
    buf_append_string(out, "# bash completion for lifeguard; made by `lifeguard completions bash`\n"
                           "_lifeguard() {\n"
                           "  local cur=${COMP_WORDS[COMP_CWORD]} verb= words= options= i\n"
                           "  local globals=\"");
    for (size_t i = 0; i < command_global_count; i++)
        completions_option(&command_globals[i], out);
    buf_append_string(out, "\"\n  local verbs=\"");
    for (size_t i = 0; i < command_count; i++) {
        if (!command_table[i].later)
            buf_printf(out, " %s", command_table[i].name);
    }
    buf_append_string(out, "\"\n"
                           "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
                           "    case ${COMP_WORDS[i]} in\n"
                           "      -S|--supervisor) i=$((i + 1)) ;;\n"
                           "      -*) ;;\n"
                           "      *) verb=${COMP_WORDS[i]}; break ;;\n"
                           "    esac\n"
                           "  done\n"
                           "  case $verb in\n"
                           "    '') words=verbs ;;\n");
    for (size_t i = 0; i < command_count; i++) {
        if (!command_table[i].later)
            completions_verb(&command_table[i], out);
    }
    buf_append_string(out,
                      "  esac\n"
                      "  case ${COMP_WORDS[COMP_CWORD-1]} in\n"
                      "    -S|--supervisor) words=supervisors cur=${cur#-} ;;\n"
                      "  esac\n"
                      "  if [[ $cur == -* ]]; then\n"
                      "    COMPREPLY=($(compgen -W \"$options $globals\" -- \"$cur\")); return\n"
                      "  fi\n"
                      "  case $words in\n"
                      "    verbs) COMPREPLY=($(compgen -W \"$verbs\" -- \"$cur\")) ;;\n"
                      "    shells) COMPREPLY=($(compgen -W bash -- \"$cur\")) ;;\n"
                      "    supervisors) COMPREPLY=($(compgen -W \"$(lifeguard list 2>/dev/null |\n"
                      "      awk 'NR > 1 { print $1 }')\" -- \"$cur\")) ;;\n"
                      "    pools) COMPREPLY=($(compgen -W \"$(lifeguard status 2>/dev/null |\n"
                      "      awk 'NR > 2 { print $1 }')\" -- \"$cur\")) ;;\n"
                      "    files) COMPREPLY=($(compgen -f -- \"$cur\")) ;;\n"
                      "  esac\n"
                      "}\n"
                      "complete -o filenames -F _lifeguard lifeguard\n");
}

int completions_run(const struct args *args)
{
    const char *shell = args_text(args, "shell");
    struct buf out = {0};
    bool written;

    if (shell && strcmp(shell, "bash") != 0)
        return cli_fail(CLI_USAGE, "completions for \"%s\" are not made; there are those for bash",
                        shell);
    completions_bash(&out);
    written = print_flush(&out);
    buf_fini(&out);
    return written ? CLI_OK : CLI_FAILED;
}
