/* SPDX-License-Identifier: MIT */
/*
 * Checks carried out.
 */
#include "supervisor/probe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/dial.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"
#include "supervisor/life.h"
#include "sys/sock.h"

enum { OUTPUT_MOST = 4096, LINE_MOST = 72, VARS = 6 };

static char **probe_argv(const struct life *life, char *const *command)
{
    const struct worker *worker = life->worker;
    size_t count = 0;
    char **argv;

    while (command[count])
        count++;
    argv = mem_new_array(count + 1, sizeof(char *));
    for (size_t i = 0; i < count; i++)
        argv[i] = health_expand(command[i], life->box->spec->name, worker->slot, life->proc.pid);
    return argv;
}

static char **probe_environ(const struct life *life)
{
    const struct supervisor *sup = life->sup;
    char **vars = mem_new_array(VARS, sizeof(char *));
    size_t count = 0;

    vars[count++] = mem_printf("LIFEGUARD_POOL=%s", life->box->spec->name);
    vars[count++] = mem_printf("LIFEGUARD_SLOT=%d", life->worker->slot);
    vars[count++] = mem_printf("LIFEGUARD_GENERATION=%u", life->worker->generation);
    vars[count++] = mem_printf("LIFEGUARD_PID=%d", life->proc.pid);
    if (*sup->socket_path)
        vars[count++] = mem_printf("LIFEGUARD_SOCKET=%s", sup->socket_path);
    return vars;
}

struct errand *probe_command(struct life *life, enum errand_class class, char *const *command,
                             int64_t limit, errand_done_function *done, struct err *err)
{
    char **argv = probe_argv(life, command), **vars = probe_environ(life);
    struct errand_spec spec = {.class = class,
                               .argv = argv,
                               .extra_env = vars,
                               .box = life->box,
                               .limit = limit,
                               .output_max = OUTPUT_MOST};
    struct errand *errand = errand_start(life->sup, &spec, done, life, err);

    mem_free_strings(argv);
    mem_free_strings(vars);
    return errand;
}

static int probe_address(const struct life *life, const char *text, struct dial *address,
                         struct err *err)
{
    char *whole = health_expand(text, life->box->spec->name, life->worker->slot, life->proc.pid);
    int rc = dial_parse(address, whole, err);

    free(whole);
    return rc;
}

/* The address as it was meant for this slot. */
static int probe_refuse(const struct life *life, const char *text, int error, struct err *err)
{
    char *whole = health_expand(text, life->box->spec->name, life->worker->slot, life->proc.pid);

    err_set_errno(err, error, "connect %s", whole);
    free(whole);
    return -error;
}

int probe_connect(struct life *life, const char *text, int *fd, struct err *err)
{
    struct dial address;
    int rc = probe_address(life, text, &address, err);

    if (rc < 0)
        return rc;
    rc = sock_dial(&address, fd);
    if (rc < 0)
        return probe_refuse(life, text, -rc, err);
    if (rc == 0) {
        close(*fd);
        *fd = -1;
    }
    return rc;
}

int probe_connected(struct life *life, const char *text, int *fd, struct err *err)
{
    int rc = sock_dial_result(*fd);

    close(*fd);
    *fd = -1;
    return rc < 0 ? probe_refuse(life, text, -rc, err) : 0;
}

/* The last line with something in it. */
static size_t last_line(const char *text, size_t len, const char **line)
{
    size_t begin;

    while (len && strchr(" \t\r\n", text[len - 1]))
        len--;
    begin = len;
    while (begin && text[begin - 1] != '\n')
        begin--;
    *line = text + begin;
    return len - begin;
}

void probe_describe(const struct errand_result *result, int64_t limit, char *out, size_t size)
{
    const char *line;
    size_t len = last_line(result->output, result->len, &line);
    char what[48], span[16];

    str_format_duration(span, (double)limit / 1e9);
    if (result->timed_out)
        snprintf(what, sizeof(what), "no success within %s", span);
    else if (WIFSIGNALED(result->status))
        snprintf(what, sizeof(what), "signal %d (%s)", WTERMSIG(result->status),
                 str_signal_name(WTERMSIG(result->status)));
    else
        snprintf(what, sizeof(what), "exit %d", WEXITSTATUS(result->status));
    snprintf(out, size, "%s%s%.*s", what, len ? ": " : "", (int)(len < LINE_MOST ? len : LINE_MOST),
             line);
}
