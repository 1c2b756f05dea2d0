/* SPDX-License-Identifier: MIT */
/*
 * The entry point, and the three verbs that need more rooms than the command line has: run, attach
 * and map put a supervisor, a screen and a client together.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "cli/args.h"
#include "cli/cli.h"
#include "cli/map.h"
#include "cli/remote.h"
#include "cli/run.h"
#include "evidence/collect.h"
#include "pool/spec.h"
#include "supervisor/start.h"
#include "sys/file.h"
#include "tui/tui.h"
#include "wire/commands.h"

enum { UNABLE = 255, SPOOL_STEP = 50000000 };

/* How the screen shall look; `map --tui` takes what it finds. */
static int screen_options(const struct args *args, struct tui_options *options)
{
    const char *color, *theme;

    if (strcmp(args->command->name, "map") == 0)
        return 0;
    options->ascii = args_flag(args, "ascii");
    options->plain = args_flag(args, "plain");
    options->no_mouse = args_flag(args, "no-mouse");
    options->refresh = args_value(args, "refresh")->seconds;
    color = args_text(args, "color");
    theme = args_text(args, "theme");
    options->light = theme && strcmp(theme, "light") == 0;
    if (theme && !options->light && strcmp(theme, "dark") != 0)
        return -cli_fail(CLI_USAGE, "--theme %s: dark or light", theme);
    if (!color || strcmp(color, "auto") == 0)
        return 0;
    if (strcmp(color, "never") == 0)
        options->color = TUI_COLOR_NEVER;
    else if (strcmp(color, "16") == 0)
        options->color = TUI_COLOR_16;
    else if (strcmp(color, "256") == 0)
        options->color = TUI_COLOR_256;
    else
        return -cli_fail(CLI_USAGE, "--color %s: auto, never, 16 or 256", color);
    return 0;
}

/* Opens the screen. The exit status; a terminal that can't show it gets plain status. */
static int show_screen(const struct args *args, const char *socket_path, const char *name,
                       bool owned)
{
    struct tui_options options = {
        .socket_path = socket_path, .fd = -1, .name = name, .owned = owned, .tty_fd = -1};
    struct tui_result result = {0};
    struct err err = {0};

    if (screen_options(args, &options) < 0)
        return CLI_USAGE;
    if (tui_run(&options, &result, &err) < 0 && result.outcome != TUI_NO_SCREEN)
        return cli_fail(CLI_FAILED, "%s", err.text);
    if (result.outcome == TUI_NO_SCREEN) {
        fprintf(stderr,
                "lifeguard: this terminal can't show the screen%s%s; `lifeguard -S %s "
                "status --watch` shows the state\n",
                err.code ? ": " : "", err.text, name ? name : "NAME");
        return CLI_OK;
    }
    /* map says itself how it ended. */
    if (result.line[0] &&
        (result.outcome != TUI_FINISHED || strcmp(args->command->name, "map") != 0))
        fprintf(stderr, "%s\n", result.line);
    return result.outcome == TUI_REFUSED ? CLI_FAILED : CLI_OK;
}

static int attach_run(const struct args *args)
{
    char path[108];
    struct err err = {0};
    int rc = remote_find(args->supervisor, path, sizeof(path), &err);

    if (rc < 0)
        return cli_fail(rc == -EEXIST ? CLI_USAGE : CLI_NO_SUPERVISOR, "%s", err.text);
    if (!isatty(STDOUT_FILENO))
        return cli_fail(CLI_USAGE, "attach needs a terminal; `lifeguard status` does not");
    return show_screen(args, path, args->supervisor, false);
}

static int run_with_screen(const struct args *args, struct spec *spec,
                           const struct start_options *start)
{
    struct started started;
    struct err err = {0};
    char *name = mem_copy_string(spec->supervisor.name);
    int status;

    if (start_supervisor(spec, start, &started, &err) < 0) {
        status = cli_fail(UNABLE, "%s", err.text);
    } else if (start->detach) {
        printf("%s runs, guardian pid %d: `lifeguard attach %s`, `lifeguard shutdown %s`\n", name,
               (int)started.guardian, name, name);
        if (*started.but)
            fprintf(stderr, "lifeguard: %s runs, but: %s\n", name, started.but);
        status = CLI_OK;
    } else {
        status = show_screen(args, started.socket_path, name, true);
    }
    free(name);
    return status;
}

static int run_run(const struct args *args)
{
    struct spec spec = {0};
    struct start_options start = {.exit_when_done = args_flag(args, "exit-when-done"),
                                  .detach = args_flag(args, "detach")};
    bool headless = args_flag(args, "headless") || !isatty(STDOUT_FILENO);
    int status = run_prepare(args, &spec);

    if (status == 0 && (start.detach || !headless)) {
        status = run_with_screen(args, &spec, &start);
    } else if (status == 0) {
        start.exit_when_done |= spec_is_finite(&spec);
        status = start_foreground(&spec, &start);
    }
    spec_fini(&spec);
    return status;
}

/* A terminal that shows the screen can't take output meanwhile: it goes to an unlinked file, which
 * is printed when the screen is gone. -1 where the descriptor is no terminal. */
static int map_divert(int fd)
{
    FILE *spool = isatty(fd) == 1 ? tmpfile() : NULL;
    int copy = spool ? fcntl(fileno(spool), F_DUPFD_CLOEXEC, 3) : -1;

    if (spool)
        fclose(spool);
    return copy;
}

/* Prints what came into the spool since the last time. */
static void map_print_diverted(int spool, int fd, off_t *at)
{
    char block[65536];
    ssize_t got;

    while (spool >= 0 && (got = pread(spool, block, sizeof(block), *at)) > 0) {
        *at += got;
        if (file_write_all(fd, block, (size_t)got) < 0)
            break;
    }
}

/* The screen is gone, the run may go on: prints its output as it comes, and hands interrupts on
 * (those of the terminal reach the client by themselves). The client's exit status. */
static int map_wait_client(pid_t client, int out, int err)
{
    const struct timespec step = {.tv_nsec = SPOOL_STEP};
    off_t out_at = 0, err_at = 0;
    siginfo_t info;
    sigset_t signals;
    int status = UNABLE << 8;
    pid_t ended;

    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGCHLD);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    do {
        ended = waitpid(client, &status, WNOHANG);
        map_print_diverted(out, STDOUT_FILENO, &out_at);
        map_print_diverted(err, STDERR_FILENO, &err_at);
        if (ended == 0 && sigtimedwait(&signals, &info, &step) > 0 && info.si_signo != SIGCHLD &&
            info.si_code != SI_KERNEL)
            kill(client, info.si_signo);
    } while (ended == 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : UNABLE;
}

/* The client works in a process of its own while this one shows the screen. */
static int map_with_screen(const struct args *args, const struct started *started,
                           const struct map_options *options)
{
    int out = map_divert(STDOUT_FILENO), err = map_divert(STDERR_FILENO);
    pid_t client = fork();
    int status = UNABLE;

    if (client == 0) {
        if (out >= 0)
            dup2(out, STDOUT_FILENO);
        if (err >= 0)
            dup2(err, STDERR_FILENO);
        exit(map_client(started->client_fd, options));
    }
    close(started->client_fd);
    if (client > 0) {
        show_screen(args, started->socket_path, NULL, false);
        status = map_wait_client(client, out, err);
    }
    if (out >= 0)
        close(out);
    if (err >= 0)
        close(err);
    return status;
}

static int map_start(const struct args *args, struct spec *spec, const struct map_options *options)
{
    struct start_options start = {
        .exit_when_done = true, .connect = true, .no_socket = !options->tui};
    struct started started;
    struct err err = {0};
    int status;

    if (start_supervisor(spec, &start, &started, &err) < 0)
        return cli_fail(UNABLE, "%s", err.text);
    status = options->tui ? map_with_screen(args, &started, options)
                          : map_client(started.client_fd, options);
    start_wait(&started);
    return status;
}

static int map_run(const struct args *args)
{
    struct map_options options = {0};
    struct spec spec = {0};
    int status = map_plan(args, &spec, &options);

    if (status == 0)
        status = options.dry_run   ? map_dry_run(&spec)
                 : options.compare ? map_compare(args, &spec, &options, map_start)
                                   : map_start(args, &spec, &options);
    map_options_fini(&options);
    spec_fini(&spec);
    return status;
}

/* Where a standard descriptor was closed the next file opened would take its place, and a task's
 * input or output go there: it becomes one that can't be used. */
static void hold_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 &&
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0)
            return;
}

int main(int argc, char **argv)
{
    static const struct cli_verb verbs[] = {
        {"run", run_run}, {"attach", attach_run}, {"map", map_run}};

    hold_standard_descriptors();
    if (argc > 1 && strcmp(argv[1], COLLECT_WORD) == 0)
        return collect_main(argc - 1, argv + 1);
    return cli_main(argc, argv, verbs, ARRAY_LEN(verbs));
}
