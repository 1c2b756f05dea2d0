/* SPDX-License-Identifier: MIT */
/*
 * `check`: reads config files as `run` does and starts nothing. Errors decide the exit status;
 * what may be different by the time of a run (programs, directories) is only warned about.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/args.h"
#include "cli/cli.h"
#include "cli/print.h"
#include "conf/conf.h"
#include "pool/spec.h"
#include "wire/json_out.h"

static bool check_is_program(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

/* The PATH that the pool's processes get. */
static const char *check_search_path(const struct pool_spec *pool)
{
    const char *path = getenv("PATH");

    for (char **each = pool->env; each && *each; each++) {
        if (str_starts(*each, "PATH="))
            path = *each + strlen("PATH=");
    }
    return path ? path : "/usr/bin:/bin";
}

static bool check_find(const struct pool_spec *pool, const char *program)
{
    const char *path = check_search_path(pool);

    while (*path) {
        size_t len = strcspn(path, ":");
        char *full = mem_printf("%.*s/%s", (int)len, path, program);
        bool found = check_is_program(full);

        free(full);
        if (found)
            return true;
        path += len + (path[len] == ':');
    }
    return false;
}

static bool check_program(const struct pool_spec *pool)
{
    const char *program = pool->command[0];
    char *full;
    bool found;

    if (pool->shell || strchr(program, '{'))
        return true;
    if (!strchr(program, '/'))
        return check_find(pool, program);
    full = program[0] == '/' ? mem_copy_string(program) : mem_printf("%s/%s", pool->cwd, program);
    found = check_is_program(full);
    free(full);
    return found;
}

/* "pool p: ..." lines, NULL-terminated. */
static char **check_warnings(const struct spec *spec)
{
    char **warnings = mem_new_array(spec->pool_count * 2 + 1, sizeof(char *));
    size_t count = 0;
    struct stat st;

    for (size_t i = 0; i < spec->pool_count; i++) {
        const struct pool_spec *pool = &spec->pools[i];

        if (!check_program(pool))
            warnings[count++] =
                mem_printf("pool %s: there is no program %s here", pool->name, pool->command[0]);
        if (stat(pool->cwd, &st) < 0 || !S_ISDIR(st.st_mode))
            warnings[count++] =
                mem_printf("pool %s: there is no directory %s here", pool->name, pool->cwd);
    }
    return warnings;
}

static void check_say(const char *kind, const char *text)
{
    struct buf line = {0};

    print_clean(&line, text, strlen(text));
    fprintf(stderr, "%s%s\n", kind, buf_string(&line));
    buf_fini(&line);
}

static void check_report_json(const struct spec *spec, const struct conf_result *result,
                              char *const *warnings, struct buf *text)
{
    struct json_out out;

    json_out_init(&out, text);
    json_open_object(&out, NULL);
    json_put_bool(&out, "ok", result->error_count == 0);
    json_put_int(&out, "pools", (int64_t)spec->pool_count);
    json_open_array(&out, "errors");
    for (size_t i = 0; i < result->error_count; i++)
        json_put_string(&out, NULL, result->errors[i]);
    json_close_array(&out);
    json_open_array(&out, "warnings");
    for (; warnings && *warnings; warnings++)
        json_put_string(&out, NULL, *warnings);
    json_close_array(&out);
    json_close_object(&out);
    json_end_line(&out);
}

static void check_report(const struct args *args, const struct spec *spec,
                         const struct conf_result *result, char *const *warnings, struct buf *text)
{
    for (size_t i = 0; i < result->error_count; i++)
        check_say("", result->errors[i]);
    for (; warnings && *warnings; warnings++)
        check_say("warning: ", *warnings);
    if (result->error_count)
        return;
    if (args_flag(args, "dump")) {
        conf_dump(spec, result, text);
        return;
    }
    print_clean(text, spec->source, strlen(spec->source));
    buf_printf(text, ": ok, %zu pool%s\n", spec->pool_count, spec->pool_count == 1 ? "" : "s");
}

int check_run(const struct args *args)
{
    const struct arg_value *paths = args_value(args, "config");
    struct conf_result result;
    struct spec spec;
    struct buf text = {0};
    char **warnings = NULL;
    int status;

    status = conf_load(&spec, paths->list, paths->count, &result) < 0 ? CLI_FAILED : CLI_OK;
    if (status == CLI_OK)
        warnings = check_warnings(&spec);
    if (args->json)
        check_report_json(&spec, &result, warnings, &text);
    else
        check_report(args, &spec, &result, warnings, &text);
    if (!print_flush(&text))
        status = CLI_FAILED;
    mem_free_strings(warnings);
    buf_fini(&text);
    conf_result_fini(&result);
    spec_fini(&spec);
    return status;
}
