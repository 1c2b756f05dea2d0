/* SPDX-License-Identifier: MIT */
/*
 * Path arithmetic. Nothing is looked up but the working directory: what a path leads to is the
 * business of whoever opens it.
 */
#include "conf/paths.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"

static const char *path_home(void)
{
    const char *home = getenv("HOME");

    return home && home[0] == '/' ? home : "/";
}

char *conf_path_absolute(const char *directory, const char *path)
{
    while (str_starts(path, "./"))
        path += 2;
    if (path[0] == '/')
        return mem_copy_string(path);
    if (strcmp(path, "~") == 0 || str_starts(path, "~/"))
        return mem_printf("%s%s", path_home(), path + 1);
    if (!*path || strcmp(path, ".") == 0)
        return mem_copy_string(directory);
    return mem_printf("%s/%s", strcmp(directory, "/") == 0 ? "" : directory, path);
}

char *conf_path_directory(const char *file)
{
    char *cwd = getcwd(NULL, 0);
    char *path = conf_path_absolute(cwd ? cwd : "/", file);
    char *slash = strrchr(path, '/');

    free(cwd);
    slash[slash == path] = 0;
    return path;
}

char *conf_path_state(const char *name)
{
    const char *base = getenv("XDG_STATE_HOME");

    if (base && base[0] == '/')
        return mem_printf("%s/lifeguard/%s", base, name);
    if (geteuid() == 0)
        return mem_printf("/var/lib/lifeguard/%s", name);
    return mem_printf("%s/.local/state/lifeguard/%s", path_home(), name);
}

char *conf_path_name(const char *file)
{
    const char *slash = strrchr(file, '/');
    char *name = mem_copy_string(slash ? slash + 1 : file);
    size_t len = strlen(name);

    if (len > 4 && strcmp(name + len - 4, ".cfg") == 0)
        name[len - 4] = 0;
    if (strlen(name) > 50)
        name[50] = 0;
    for (char *c = name; *c; c++) {
        if (!isalnum((unsigned char)*c) && !strchr("_.-", *c))
            *c = '-';
    }
    if (!str_is_name(name)) {
        char *valid = mem_printf("lifeguard-%s", name);

        free(name);
        return valid;
    }
    return name;
}
