/* SPDX-License-Identifier: MIT */
/*
 * `replay`: becomes the process that the task had. Its input lies in an unlinked file, so that the
 * terminal stays free for a debugger; a worker finds its one task there, then the end of the file,
 * and its descriptor 3 is our standard output.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cli/args.h"
#include "cli/cli.h"
#include "cli/print.h"
#include "cli/session.h"
#include "sys/file.h"
#include "wire/worker.h"

/* Where a debugged program finds its input, because the debugger keeps the terminal. */
enum { INPUT_FD = 9 };

/* An array of byte strings as a NULL-terminated one, behind `room` empty places. */
static char **replay_words(const json_t *list, size_t room)
{
    size_t count = json_array_size(list);
    char **words = mem_new_array(room + count + 1, sizeof(char *));

    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(list, i);
        const char *text = json_string_value(item);
        struct buf bytes = {0};

        if (!text && print_field_base64(item, &bytes))
            words[room + i] = mem_copy_bytes(buf_data(&bytes), buf_len(&bytes));
        else
            words[room + i] = mem_copy_string(text ? text : "");
        buf_fini(&bytes);
    }
    return words;
}

static bool replay_is_worker(const json_t *plan)
{
    return strcmp(print_word(plan, "mode"), "worker") == 0;
}

/* INIT where configured, the task, and QUIET. */
static void replay_worker_input(const json_t *plan, const struct buf *task, struct buf *input)
{
    char **lines = replay_words(json_object_get(plan, "init"), 0);
    struct buf init = {0}, copy = *task;

    for (size_t i = 0; lines[i]; i++)
        buf_printf(&init, "%s%s", i ? "\n" : "", lines[i]);
    if (lines[0])
        worker_put_text(input, WORKER_INIT, buf_data(&init), buf_len(&init));
    worker_put_task(input, 1, 1, -1, buf_data(&copy), buf_len(&copy));
    worker_put_verb(input, WORKER_QUIET);
    mem_free_strings(lines);
    buf_fini(&init);
}

static void replay_input(const json_t *plan, struct buf *input)
{
    struct buf task = {0};

    print_field(plan, "task", &task);
    if (replay_is_worker(plan)) {
        replay_worker_input(plan, &task, input);
    } else {
        buf_append(input, buf_data(&task), buf_len(&task));
        buf_append_char(input, '\n');
    }
    buf_fini(&task);
}

/* A descriptor that reads the input; -1 with errno. */
static int replay_open_input(const json_t *plan)
{
    struct buf input = {0};
    FILE *file;
    int fd;

    if (!json_is_true(json_object_get(plan, "input")))
        return open("/dev/null", O_RDONLY | O_CLOEXEC);
    file = tmpfile();
    fd = file ? fcntl(fileno(file), F_DUPFD_CLOEXEC, INPUT_FD + 1) : -1;
    replay_input(plan, &input);
    if (fd >= 0 &&
        (file_write_all(fd, buf_data(&input), buf_len(&input)) < 0 || lseek(fd, 0, SEEK_SET) < 0)) {
        close(fd);
        fd = -1;
    }
    if (file)
        fclose(file);
    buf_fini(&input);
    return fd;
}

/* The words before the command's own: the tracer's, or the debugger's with its way to hand the
 * input on. */
static size_t replay_tool(const struct args *args, const char *const **words)
{
    static const char *const strace[] = {"strace", "-f", "--"};
    static const char *const gdb[] = {"gdb", "-q", "-ex",
                                      "set exec-wrapper sh -c 'exec \"$0\" \"$@\" <&9'", "--args"};

    *words = strace;
    if (args_flag(args, "strace"))
        return ARRAY_LEN(strace);
    if (!args_flag(args, "gdb"))
        return 0;
    *words = gdb;
    return ARRAY_LEN(gdb);
}

/* Directory, input, descriptor 3, umask. 0, or the exit status with the reason printed. */
static int replay_prepare(const struct args *args, const json_t *plan)
{
    const char *cwd = print_word(plan, "cwd"), *user = print_word(plan, "user");
    int input = replay_open_input(plan);

    if (*cwd && chdir(cwd) < 0)
        return cli_fail(CLI_FAILED, "%s: %s", cwd, strerror(errno));
    if (input < 0 || dup2(input, args_flag(args, "gdb") ? INPUT_FD : STDIN_FILENO) < 0)
        return cli_fail(CLI_FAILED, "the task's input: %s", strerror(errno));
    if (replay_is_worker(plan) && dup2(STDOUT_FILENO, 3) < 0)
        return cli_fail(CLI_FAILED, "descriptor 3: %s", strerror(errno));
    umask((mode_t)print_number(plan, "umask", 022));
    if (*user)
        cli_fail(0, "the pool's workers run as %s; this runs as you", user);
    return 0;
}

static int replay_exec(const struct args *args, const json_t *plan)
{
    const char *const *tool;
    size_t count = replay_tool(args, &tool);
    char **argv = replay_words(json_object_get(plan, "argv"), count);
    char **envp = replay_words(json_object_get(plan, "env"), 0);
    int status = replay_prepare(args, plan);

    for (size_t i = 0; i < count; i++)
        argv[i] = mem_copy_string(tool[i]);
    if (status == 0) {
        execvpe(argv[0], argv, envp);
        status = cli_fail(CLI_FAILED, "exec %s: %s", argv[0], strerror(errno));
    }
    mem_free_strings(argv);
    mem_free_strings(envp);
    return status;
}

int replay_run(const struct args *args)
{
    struct session session;
    int status;
    json_t *plan;

    if (args_flag(args, "strace") && args_flag(args, "gdb"))
        return cli_fail(CLI_USAGE, "replay: --strace or --gdb");
    status = session_open(&session, args);
    if (status)
        return status;
    plan = session_ask(&session, &status);
    if (plan && args->json) {
        session_json(&session, plan);
        print_flush(&session.out);
    }
    session_close(&session);
    if (plan && !args->json)
        status = replay_exec(args, plan);
    json_decref(plan);
    return status;
}
