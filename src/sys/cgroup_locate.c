/* SPDX-License-Identifier: MIT */
/*
 * Finding one's own cgroup. Never assume /sys/fs/cgroup: hybrid systems mount the v2 tree beside
 * the v1 ones, and a container's mount may show only a part of the tree (its root field).
 */
#include "sys/cgroup_locate.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sys/file.h"

enum { LOCATE_TEXT_MAX = 1 << 20, MOUNT_FIELDS = 32 };

/* mountinfo writes space, tab, newline and backslash as three octal digits. */
static void unescape(char *text)
{
    char *to = text;

    for (const char *from = text; *from;) {
        unsigned value;

        if (from[0] == '\\' && sscanf(from + 1, "%3o", &value) == 1) {
            *to++ = (char)value;
            from += 4;
        } else {
            *to++ = *from++;
        }
    }
    *to = '\0';
}

/* True when `name` is one of the comma-separated words of `list`. */
static bool list_has(const char *list, const char *name)
{
    size_t len = strlen(name);

    for (const char *at = list; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
        if (strncmp(at, name, len) == 0 && (at[len] == ',' || at[len] == '\0'))
            return true;
    return false;
}

/* Our path in the hierarchy: from "0::/path" (v2) or "4:cpu,cpuacct:/path". */
static bool find_membership(const char *text, const char *controller, char *out, size_t size)
{
    while (text && *text) {
        const char *end = strchrnul(text, '\n');
        char line[1024];
        char *list, *path;

        snprintf(line, sizeof(line), "%.*s", (int)(end - text), text);
        text = *end ? end + 1 : end;
        list = strchr(line, ':');
        path = list ? strchr(list + 1, ':') : NULL;
        if (!path)
            continue;
        *path++ = '\0';
        list++;
        if (controller ? list_has(list, controller) : strncmp(line, "0:", 2) == 0 && !*list)
            return (size_t)snprintf(out, size, "%s", path) < size;
    }
    return false;
}

struct mount_line {
    char *root, *point, *type, *super;
};

static bool parse_mount(char *line, struct mount_line *mount)
{
    char *fields[MOUNT_FIELDS];
    char *save = NULL;
    int count = 0, dash = 6;

    for (char *word = strtok_r(line, " ", &save); word && count < MOUNT_FIELDS;
         word = strtok_r(NULL, " ", &save))
        fields[count++] = word;
    /* The optional fields end with a dash. */
    while (dash < count && strcmp(fields[dash], "-") != 0)
        dash++;
    if (dash + 3 >= count)
        return false;
    *mount = (struct mount_line){fields[3], fields[4], fields[dash + 1], fields[dash + 3]};
    unescape(mount->root);
    unescape(mount->point);
    return true;
}

/* mount point + what of `path` lies below the mount's root. */
static int compose(const struct mount_line *mount, const char *path, char *out, size_t size)
{
    size_t len = strlen(mount->root);
    const char *rest = path;

    if (strcmp(mount->root, "/") != 0) {
        if (strncmp(path, mount->root, len) != 0 || (path[len] != '/' && path[len] != '\0'))
            return -ENOENT;
        rest = path + len;
    }
    if (strstr(rest, "/.."))
        return -ENOENT;
    if (strcmp(rest, "/") == 0)
        rest = "";
    if ((size_t)snprintf(out, size, "%s%s", mount->point, rest) >= size)
        return -ENAMETOOLONG;
    return 0;
}

int cgroup_locate_in(const char *mountinfo, const char *membership, const char *controller,
                     char *out, size_t size)
{
    char path[512];
    int result = -ENOENT;

    if (!find_membership(membership, controller, path, sizeof(path)))
        return -ENOENT;
    while (*mountinfo && result == -ENOENT) {
        const char *end = strchrnul(mountinfo, '\n');
        struct mount_line mount;
        char line[2048];

        snprintf(line, sizeof(line), "%.*s", (int)(end - mountinfo), mountinfo);
        mountinfo = *end ? end + 1 : end;
        if (!parse_mount(line, &mount))
            continue;
        if (controller ? strcmp(mount.type, "cgroup") == 0 && list_has(mount.super, controller)
                       : strcmp(mount.type, "cgroup2") == 0)
            result = compose(&mount, path, out, size);
    }
    return result;
}

int cgroup_locate(const char *controller, char *out, size_t size)
{
    char *mounts = file_read_kernel("/proc/self/mountinfo", LOCATE_TEXT_MAX);
    char *membership = file_read_kernel("/proc/self/cgroup", LOCATE_TEXT_MAX);
    int result = -ENOENT;

    if (mounts && membership)
        result = cgroup_locate_in(mounts, membership, controller, out, size);
    free(mounts);
    free(membership);
    return result;
}
