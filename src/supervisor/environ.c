/* SPDX-License-Identifier: MIT */
/*
 * Environment and identity of a pool's workers. Order of precedence: env over env_files over what
 * is inherited; the LIFEGUARD_ variables can't be overridden.
 */
#include "supervisor/environ.h"

#include <ctype.h>
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "supervisor/supervisor.h"
#include "sys/file.h"
#include "sys/proc.h"

struct env_list {
    char **vars;
    size_t count;
};

static void env_put(struct env_list *list, const char *text)
{
    size_t key = strcspn(text, "=") + 1;

    for (size_t i = 0; i < list->count; i++) {
        if (strncmp(list->vars[i], text, key) == 0) {
            free(list->vars[i]);
            list->vars[i] = mem_copy_string(text);
            return;
        }
    }
    if (mem_try_resize((void **)&list->vars, list->count + 2, sizeof(char *)) < 0)
        abort();
    list->vars[list->count++] = mem_copy_string(text);
    list->vars[list->count] = NULL;
}

static void env_inherit(struct env_list *list, char *const *names)
{
    for (size_t i = 0; names && names[i]; i++) {
        const char *value = getenv(names[i]);

        if (strcmp(names[i], "*") == 0) {
            for (char **var = environ; *var; var++)
                if (!str_starts(*var, "NOTIFY_SOCKET=") && !str_starts(*var, "WATCHDOG_") &&
                    !str_starts(*var, "LISTEN_") && strchr(*var, '='))
                    env_put(list, *var);
        } else if (value) {
            char *text = mem_printf("%s=%s", names[i], value);

            env_put(list, text);
            free(text);
        }
    }
}

/* One line of an env file: KEY=VALUE, quotes around the value taken off; # begins a comment. */
static int env_file_line(struct env_list *list, char *line)
{
    char *value;
    size_t len;

    while (isspace((unsigned char)*line))
        line++;
    if (!*line || *line == '#')
        return 0;
    if (str_starts(line, "export "))
        line += 7;
    value = strchr(line, '=');
    if (!value || value == line)
        return -EINVAL;
    len = strlen(++value);
    while (len && isspace((unsigned char)value[len - 1]))
        value[--len] = '\0';
    if (len >= 2 && (value[0] == '"' || value[0] == '\'') && value[len - 1] == value[0]) {
        value[len - 1] = '\0';
        memmove(value, value + 1, len - 1);
    }
    env_put(list, line);
    return 0;
}

static int env_file(struct env_list *list, const char *path, struct err *err)
{
    size_t len;
    char *text = file_read_all(path, 1 << 20, &len, err);
    char *save = NULL;
    int number = 0;

    if (!text)
        return err && err->code ? -err->code : -EIO;
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        number++;
        if (env_file_line(list, line) < 0) {
            free(text);
            return err_set(err, EINVAL, "%s:%d: not of the form KEY=VALUE", path, number);
        }
    }
    free(text);
    return 0;
}

static int identity_group(struct pool_box *box, struct err *err)
{
    const struct group *group;
    int64_t number;

    if (!*box->spec->group)
        return 0;
    if (str_parse_int(box->spec->group, &number) == 0 && number >= 0 && number < INT_MAX) {
        box->gid = (unsigned)number;
        return 0;
    }
    group = getgrnam(box->spec->group);
    if (!group)
        return err_set(err, ENOENT, "no such group: %s", box->spec->group);
    box->gid = group->gr_gid;
    return 0;
}

static int identity_user(struct pool_box *box, struct env_list *list, struct err *err)
{
    const struct passwd *user = getpwnam(box->spec->user);
    gid_t groups[64];
    int count = ARRAY_LEN(groups);
    int64_t number;
    char text[512];

    if (!user && str_parse_int(box->spec->user, &number) == 0 && number >= 0 && number < INT_MAX)
        user = getpwuid((uid_t)number);
    if (!user)
        return err_set(err, ENOENT, "no such user: %s", box->spec->user);
    box->uid = user->pw_uid;
    box->gid = user->pw_gid;
    if (getgrouplist(user->pw_name, user->pw_gid, groups, &count) >= 0) {
        box->groups = mem_new_array((size_t)count, sizeof(unsigned));
        box->group_count = (size_t)count;
        for (int i = 0; i < count; i++)
            box->groups[i] = groups[i];
    }
    snprintf(text, sizeof(text), "HOME=%s", user->pw_dir);
    env_put(list, text);
    snprintf(text, sizeof(text), "USER=%s", user->pw_name);
    env_put(list, text);
    return 0;
}

static int identity_prepare(struct pool_box *box, struct env_list *list, struct err *err)
{
    const struct pool_spec *spec = box->spec;
    int rc = 0;

    box->set_user = *spec->user || *spec->group;
    if (!box->set_user)
        return 0;
    box->uid = getuid();
    box->gid = getgid();
    if (*spec->user)
        rc = identity_user(box, list, err);
    if (rc == 0)
        rc = identity_group(box, err);
    return rc;
}

int environ_prepare(struct pool_box *box, struct err *err)
{
    struct env_list list = {0};
    int rc = 0;

    list.vars = mem_new_array(1, sizeof(char *));
    env_inherit(&list, box->sup->spec.supervisor.env_inherit);
    rc = identity_prepare(box, &list, err);
    for (size_t i = 0; rc == 0 && box->spec->env_files && box->spec->env_files[i]; i++)
        rc = env_file(&list, box->spec->env_files[i], err);
    for (size_t i = 0; box->spec->env && box->spec->env[i]; i++)
        env_put(&list, box->spec->env[i]);
    box->env = list.vars;
    box->path = "/usr/local/bin:/usr/bin:/bin";
    for (size_t i = 0; i < list.count; i++)
        if (str_starts(list.vars[i], "PATH="))
            box->path = list.vars[i] + 5;
    return rc;
}

void environ_release(struct pool_box *box)
{
    mem_free_strings(box->env);
    free(box->groups);
    box->env = NULL;
    box->groups = NULL;
}

/* Appends one "KEY=VALUE" of this life; what does not fit is a program error. */
static int life_var(struct life_environ *out, size_t *count, size_t *used, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static int life_var(struct life_environ *out, size_t *count, size_t *used, const char *format, ...)
{
    va_list args;
    int len;

    va_start(args, format);
    len = vsnprintf(out->bytes + *used, sizeof(out->bytes) - *used, format, args);
    va_end(args);
    if (len < 0 || *used + (size_t)len + 1 > sizeof(out->bytes))
        return -ENOMEM;
    out->envp[(*count)++] = out->bytes + *used;
    *used += (size_t)len + 1;
    return 0;
}

int environ_for_life(const struct pool_box *box, const struct worker *worker,
                     const struct task *task, struct life_environ *out)
{
    const struct supervisor *sup = box->sup;
    const struct hang_spec *hang = &box->spec->hang;
    size_t count = 0, used = 0, base = 0;
    char id[16];

    while (box->env[base])
        base++;
    if (mem_try_resize((void **)&out->envp, base + ENVIRON_LIFE_VARS + 1, sizeof(char *)) < 0)
        return -ENOMEM;
    memcpy(out->envp, box->env, base * sizeof(char *));
    count = base;
    life_var(out, &count, &used, "LIFEGUARD_POOL=%s", box->spec->name);
    life_var(out, &count, &used, "LIFEGUARD_SLOT=%d", worker->slot);
    life_var(out, &count, &used, "LIFEGUARD_GENERATION=%u", worker->generation);
    life_var(out, &count, &used, "LIFEGUARD_WORKER=%s:%s:%d", sup->run_tag, box->spec->name,
             worker->slot);
    if (*sup->socket_path)
        life_var(out, &count, &used, "LIFEGUARD_SOCKET=%s", sup->socket_path);
    if (*sup->notify_path)
        life_var(out, &count, &used, "NOTIFY_SOCKET=%s", sup->notify_path);
    if (hang->heartbeat)
        life_var(out, &count, &used, "WATCHDOG_USEC=%lld", (long long)(hang->heartbeat / 1000));
    if (box->socket.fd >= 0) {
        life_var(out, &count, &used, "LISTEN_FDS=1");
        life_var(out, &count, &used, "LISTEN_FDNAMES=%s", box->spec->name);
        /* As many bytes as a PID may need: it is known in the child alone. */
        if (life_var(out, &count, &used, "LISTEN_PID=%*s", PROC_PID_TEXT - 1, "") == 0)
            out->pid_text = strchr(out->envp[count - 1], '=') + 1;
    }
    if (task) {
        str_format_id(id, task->id);
        life_var(out, &count, &used, "LIFEGUARD_TASK_ID=%s", id);
        life_var(out, &count, &used, "LIFEGUARD_ATTEMPT=%d", task->attempts);
    }
    out->envp[count] = NULL;
    return 0;
}

void environ_free_life(struct life_environ *out)
{
    free(out->envp);
    out->envp = NULL;
}
