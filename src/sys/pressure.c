/* SPDX-License-Identifier: MIT */
/*
 * Reads /proc/pressure. A file that is missing or says something else is "not known".
 */
#include "sys/pressure.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int64_t pressure_total(const char *text, const char *line)
{
    static const char key[] = "total=";
    size_t len = strlen(line);

    while (text && *text) {
        const char *end = strchr(text, '\n');
        const char *total =
            strncmp(text, line, len) == 0 && text[len] == ' ' ? strstr(text, key) : NULL;
        char *rest;
        long long value;

        if (total && (!end || total < end)) {
            value = strtoll(total + sizeof(key) - 1, &rest, 10);
            return rest > total + sizeof(key) - 1 && value >= 0 ? value : -1;
        }
        text = end ? end + 1 : NULL;
    }
    return -1;
}

static int64_t read_total(const char *dir, const char *name, const char *line)
{
    char path[256], text[512];
    ssize_t got;
    int fd;

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return -1;
    got = read(fd, text, sizeof(text) - 1);
    close(fd);
    if (got <= 0)
        return -1;
    text[got] = '\0';
    return pressure_total(text, line);
}

void pressure_read(const char *dir, struct pressure *pressure)
{
    pressure->cpu_some = read_total(dir, "cpu", "some");
    pressure->memory_full = read_total(dir, "memory", "full");
}

double pressure_share(int64_t before, int64_t after, int64_t span)
{
    double share;

    if (before < 0 || after <= before || span <= 0)
        return 0;
    share = (double)(after - before) * 1e3 / (double)span;
    return share > 1 ? 1 : share;
}
