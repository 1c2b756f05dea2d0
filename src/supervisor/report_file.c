/* SPDX-License-Identifier: MIT */
/*
 * Reports as files: text for people, sanitised since they are read with cat, written whole under
 * another name first. The oldest give way.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/sanitise.h"
#include "supervisor/report_facts.h"
#include "supervisor/supervisor.h"
#include "sys/file.h"

/* The oldest are looked for only now and then: when so many more than kept may be there. */
enum { PRUNE_SLACK = 50 };

static void put(struct buf *out, const json_t *text)
{
    sanitise_to_terminal(out, json_string_value(text), json_string_length(text), false);
}

static void put_lines(struct buf *out, const json_t *lines)
{
    size_t i;
    const json_t *line;

    json_array_foreach(lines, i, line)
    {
        buf_append_string(out, "  ");
        if (json_is_string(line))
            put(out, line);
        buf_append_char(out, '\n');
    }
}

static const char *word(const json_t *report, const char *key)
{
    const char *text = json_string_value(json_object_get(report, key));

    return text ? text : "";
}

static long long number(const json_t *report, const char *key)
{
    return (long long)json_integer_value(json_object_get(report, key));
}

static void render(const json_t *report, struct buf *out)
{
    const json_t *findings = json_object_get(report, "findings"), *one;
    time_t at = (time_t)json_number_value(json_object_get(report, "at"));
    struct tm local = {0};
    char when[40] = "";
    size_t i;

    localtime_r(&at, &local);
    strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S %z", &local);
    buf_printf(out, "%s[%lld] pid %lld generation %lld, %s (%s)\n\nFindings\n",
               word(report, "pool"), number(report, "slot"), number(report, "pid"),
               number(report, "generation"), when, word(report, "cause"));
    json_array_foreach(findings, i, one)
    {
        buf_printf(out, "%3zu ", i + 1);
        put(out, json_object_get(one, "text"));
        buf_append_char(out, '\n');
    }
    if (!json_array_size(findings))
        buf_append_string(out, "  nothing conspicuous\n");
    json_array_foreach(json_object_get(report, "sections"), i, one)
    {
        buf_append_char(out, '\n');
        put(out, json_object_get(one, "title"));
        buf_append_char(out, '\n');
        put_lines(out, json_object_get(one, "lines"));
    }
}

static int is_report(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);

    return entry->d_name[0] != '.' && len > 4 && strcmp(entry->d_name + len - 4, ".txt") == 0;
}

struct aged {
    char name[96];
    time_t at;
};

static int older_first(const void *a, const void *b)
{
    const struct aged *x = a, *y = b;

    return x->at < y->at ? -1 : x->at > y->at;
}

static void prune(int dir)
{
    DIR *list = fdopendir(openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    struct aged *all = NULL;
    const struct dirent *entry;
    size_t count = 0;
    struct stat status;

    while (list && (entry = readdir(list)) != NULL) {
        if (!is_report(entry) || fstatat(dir, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0 ||
            mem_try_resize((void **)&all, count + 1, sizeof(*all)) < 0)
            continue;
        snprintf(all[count].name, sizeof(all->name), "%.95s", entry->d_name);
        all[count++].at = status.st_mtime;
    }
    if (list)
        closedir(list);
    if (count > REPORTS_KEPT)
        qsort(all, count, sizeof(*all), older_first);
    for (size_t i = 0; i + REPORTS_KEPT < count; i++)
        unlinkat(dir, all[i].name, 0);
    free(all);
}

static int write_file(int dir, const char *name, struct buf *text, struct err *err)
{
    char temporary[112];
    int fd, rc;

    snprintf(temporary, sizeof(temporary), ".%s", name);
    unlinkat(dir, temporary, 0);
    fd = openat(dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
    if (fd < 0)
        return err_set_errno(err, errno, "%s", name);
    rc = file_write_all(fd, buf_data(text), buf_len(text));
    close(fd);
    if (rc == 0 && renameat(dir, temporary, dir, name) < 0)
        rc = -errno;
    if (rc == 0)
        return 0;
    unlinkat(dir, temporary, 0);
    return err_set_errno(err, -rc, "%s", name);
}

int report_write(struct supervisor *sup, const json_t *report, char *name, size_t size,
                 struct err *err)
{
    char path[600];
    struct buf text = {0};
    int dir, rc;

    snprintf(path, sizeof(path), "%.580s/reports", sup->spec.supervisor.state_dir);
    rc = file_make_dirs(path, 0750, err);
    if (rc < 0)
        return rc;
    dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (dir < 0)
        return err_set_errno(err, errno, "%s", path);
    snprintf(name, size, "%.50s.%lld.%lld-%s.txt", word(report, "pool"), number(report, "slot"),
             number(report, "pid"), word(report, "cause"));
    render(report, &text);
    rc = write_file(dir, name, &text, err);
    if (sup->reports_written++ % PRUNE_SLACK == 0)
        prune(dir);
    close(dir);
    buf_fini(&text);
    if (rc < 0)
        name[0] = '\0';
    return rc;
}
