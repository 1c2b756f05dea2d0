/* SPDX-License-Identifier: MIT */
/*
 * Rotation by rename: whoever reads the old file keeps reading it to its end.
 */
#include "logs/logfile_name.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "sys/file.h"

int logfile_reopen(const char *path, struct err *err)
{
    int fd = file_open_append(AT_FDCWD, path, NULL);
    char *directory;
    int result;

    if (fd != -ENOENT)
        return fd >= 0 ? fd : file_open_append(AT_FDCWD, path, err);
    directory = file_directory(path);
    result = file_make_dirs(directory, 0750, err);
    free(directory);
    return result < 0 ? result : file_open_append(AT_FDCWD, path, err);
}

static void part_name(char out[PATH_MAX], const char *path, int number)
{
    if (number == 0)
        snprintf(out, PATH_MAX, "%s", path);
    else
        snprintf(out, PATH_MAX, "%s.%d", path, number);
}

static bool exists(const char *path)
{
    struct stat status;

    return lstat(path, &status) == 0;
}

void logfile_shift(const char *path, int keep)
{
    char from[PATH_MAX], to[PATH_MAX];
    int last = 1;

    if (keep <= 0) {
        unlink(path);
        return;
    }
    /* Up to the first gap, which the parts below it fill. */
    for (part_name(to, path, last); last < keep && exists(to); part_name(to, path, last))
        last++;
    /* Removed before, because ext4 takes a rename over a file as a wish to have the new contents on
     * the disk, and begins to write them: milliseconds in the middle of the loop. */
    unlink(to);
    for (int i = last; i > 0; i--) {
        part_name(from, path, i - 1);
        part_name(to, path, i);
        (void)rename(from, to);
    }
}

void logfile_unshift(const char *path)
{
    char first[PATH_MAX];

    part_name(first, path, 1);
    if (!exists(path))
        (void)rename(first, path);
}

int64_t logfile_size(const char *path)
{
    struct stat status;

    return lstat(path, &status) == 0 && S_ISREG(status.st_mode) ? (int64_t)status.st_size : -1;
}

int logfile_last_byte(const char *path, char *byte)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    int result = 0;

    if (fd < 0)
        return -errno;
    if (lseek(fd, -1, SEEK_END) < 0 || read(fd, byte, 1) != 1)
        result = -EIO;
    close(fd);
    return result;
}
