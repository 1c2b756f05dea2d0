/* SPDX-License-Identifier: MIT */
/*
 * One config file, read whole.
 */
#include "conf/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"

static int conf_file_check_kind(const struct stat *st, struct err *err)
{
    if (S_ISREG(st->st_mode))
        return 0;
    return err_set(err, EINVAL, "%s",
                   S_ISDIR(st->st_mode)    ? "is a directory, not a file"
                   : S_ISFIFO(st->st_mode) ? "is a FIFO, not a regular file"
                                           : "is not a regular file");
}

/* Whoever can write the file decides what root runs. A directory such as /tmp, where everybody may
 * add files but only owners may replace them, is acceptable for a file that is our own. */
static int conf_file_check_writers(const char *path, const struct stat *st, struct err *err)
{
    struct stat parent;
    char *real, *copy;
    int rc;

    if (geteuid() != 0)
        return 0;
    if (st->st_mode & S_IWOTH)
        return err_set(err, EPERM, "everybody can write it: refused as root (chmod o-w)");
    real = realpath(path, NULL);
    copy = mem_copy_string(real ? real : path);
    free(real);
    rc = stat(dirname(copy), &parent);
    free(copy);
    if (rc < 0)
        return err_set_errno(err, errno, "its directory");
    if ((parent.st_mode & S_IWOTH) && (!(parent.st_mode & S_ISVTX) || st->st_uid != 0))
        return err_set(err, EPERM, "everybody can write its directory: refused as root");
    return 0;
}

static int conf_file_read_fd(struct conf_file *file, int fd, size_t max, struct err *err)
{
    file->bytes = mem_try_new(max + 1);
    if (!file->bytes)
        return err_set(err, ENOMEM, "no memory");
    while (file->len <= max) {
        ssize_t got = read(fd, file->bytes + file->len, max + 1 - file->len);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_set(err, errno, "%s", strerror(errno));
        if (got == 0)
            break;
        file->len += (size_t)got;
    }
    if (file->len > max)
        return err_set(err, EFBIG, "is larger than %zu bytes", max);
    file->bytes[file->len] = 0;
    if (memchr(file->bytes, 0, file->len))
        return err_set(err, EINVAL, "contains a NUL byte: is it a text file?");
    return 0;
}

int conf_file_read(struct conf_file *file, const char *path, size_t max, struct err *err)
{
    struct stat st;
    int fd, rc;

    *file = (struct conf_file){0};
    /* stat first: merely opening some devices does something. */
    if (stat(path, &st) < 0)
        return err_set(err, errno, "%s", strerror(errno));
    rc = conf_file_check_kind(&st, err);
    if (rc < 0)
        return rc;
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return err_set(err, errno, "%s", strerror(errno));
    rc = fstat(fd, &st) < 0 ? err_set(err, errno, "%s", strerror(errno))
                            : conf_file_check_kind(&st, err);
    if (rc == 0)
        rc = conf_file_check_writers(path, &st, err);
    if (rc == 0)
        rc = conf_file_read_fd(file, fd, max, err);
    close(fd);
    if (rc < 0) {
        free(file->bytes);
        *file = (struct conf_file){0};
        return rc;
    }
    file->device = st.st_dev;
    file->inode = st.st_ino;
    return 0;
}
