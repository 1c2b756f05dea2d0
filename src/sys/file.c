/* SPDX-License-Identifier: MIT */
/*
 * Careful files. The checks are made on the opened descriptor, never on a name that could be
 * exchanged between the check and the use.
 */
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <linux/magic.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"

static bool is_directory(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static int make_one(const char *path, unsigned mode, struct err *err)
{
    int error;

    if (mkdir(path, mode) == 0)
        return 0;
    /* Others than EEXIST may come for what exists: EROFS, EACCES on the parent. */
    error = errno;
    if (is_directory(path))
        return 0;
    return err_set_errno(err, error == EEXIST ? ENOTDIR : error, "mkdir %s", path);
}

int file_make_dirs(const char *path, unsigned mode, struct err *err)
{
    char *copy = mem_copy_string(path);
    int result = 0;

    for (char *slash = copy + 1; *copy && result == 0; slash++) {
        slash = strchr(slash, '/');
        if (!slash)
            break;
        *slash = '\0';
        result = make_one(copy, mode, err);
        *slash = '/';
    }
    if (result == 0)
        result = make_one(path, mode, err);
    free(copy);
    return result;
}

static char *home_directory(void)
{
    const char *home = getenv("HOME");
    const struct passwd *entry;

    if (home && home[0] == '/')
        return mem_copy_string(home);
    entry = getpwuid(getuid());
    return mem_copy_string(entry ? entry->pw_dir : "/");
}

char *file_absolute(const char *base, const char *path)
{
    char *home, *whole;

    if (path[0] == '/')
        return mem_copy_string(path);
    if (path[0] == '~' && (path[1] == '/' || path[1] == '\0')) {
        home = home_directory();
        whole = mem_printf("%s%s", home, path + 1);
        free(home);
        return whole;
    }
    return mem_printf("%s%s%s", base, base[0] && base[strlen(base) - 1] == '/' ? "" : "/", path);
}

char *file_directory(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (!slash)
        return mem_copy_string(".");
    return mem_copy_bytes(path, slash == path ? 1 : (size_t)(slash - path));
}

/* Reads until end of file, at most `max` + 1 bytes; the caller sees by the length what happened. */
static char *read_some(int fd, size_t max, size_t *len)
{
    size_t cap = max < 4096 ? max + 2 : 4096;
    void *bytes = mem_try_new(cap);
    ssize_t got = 1;

    *len = 0;
    while (bytes && got > 0 && *len <= max) {
        if (*len + 1 == cap) {
            cap = cap * 2 < max + 2 ? cap * 2 : max + 2;
            if (mem_try_resize(&bytes, cap, 1) < 0)
                break;
        }
        got = read(fd, (char *)bytes + *len, cap - *len - 1);
        if (got < 0 && errno == EINTR)
            got = 1;
        else if (got > 0)
            *len += (size_t)got;
    }
    if (!bytes || got < 0 || (got > 0 && *len <= max)) {
        int error = bytes && got < 0 ? errno : ENOMEM;

        free(bytes);
        errno = error;
        return NULL;
    }
    ((char *)bytes)[*len] = '\0';
    return bytes;
}

static char *read_checked(int fd, const char *path, size_t max, size_t *len, struct err *err)
{
    struct stat status;
    char *bytes;

    if (fstat(fd, &status) < 0) {
        err_set_errno(err, errno, "%s", path);
        return NULL;
    }
    if (!S_ISREG(status.st_mode)) {
        err_set(err, EINVAL, "%s: not a regular file", path);
        return NULL;
    }
    bytes = read_some(fd, max, len);
    if (!bytes) {
        err_set_errno(err, errno, "%s", path);
        return NULL;
    }
    if (*len > max) {
        free(bytes);
        err_set(err, EFBIG, "%s: larger than %zu bytes", path, max);
        return NULL;
    }
    return bytes;
}

char *file_read_all(const char *path, size_t max, size_t *len, struct err *err)
{
    /* O_NONBLOCK: opening a FIFO must not wait for its other end. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    size_t unused;
    char *bytes;

    if (fd < 0) {
        err_set_errno(err, errno, "%s", path);
        return NULL;
    }
    bytes = read_checked(fd, path, max, len ? len : &unused, err);
    close(fd);
    return bytes;
}

char *file_read_kernel(const char *path, size_t max)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char *bytes;
    size_t len;

    if (fd < 0)
        return NULL;
    bytes = read_some(fd, max, &len);
    close(fd);
    if (bytes && len > max)
        bytes[max] = '\0';
    return bytes;
}

/* Opens, or creates, a regular file that has no other name. */
static int open_plain(int dir, const char *name, int flags, unsigned mode, struct err *err)
{
    int fd = openat(dir, name,
                    flags | O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
                    (mode_t)mode);
    struct stat status;
    int result = 0;

    if (fd < 0 && errno == ELOOP)
        return err_set(err, ELOOP, "%s: is a symbolic link", name);
    if (fd < 0)
        return err_set_errno(err, errno, "%s", name);
    if (fstat(fd, &status) < 0)
        result = err_set_errno(err, errno, "%s", name);
    else if (!S_ISREG(status.st_mode))
        result = err_set(err, EINVAL, "%s: not a regular file", name);
    else if (status.st_nlink > 1)
        result = err_set(err, EMLINK, "%s: has more than one name (hard link)", name);
    if (result == 0)
        return fd;
    close(fd);
    return result;
}

int file_open_append(int dir, const char *name, struct err *err)
{
    return open_plain(dir, name, O_APPEND, 0640, err);
}

int file_open_anew(const char *path, unsigned mode, struct err *err)
{
    /* Cut only after it is known to be no other file's second name. */
    int fd = open_plain(AT_FDCWD, path, 0, mode, err);
    int error;

    if (fd < 0 || ftruncate(fd, 0) == 0)
        return fd;
    error = errno;
    close(fd);
    return err_set_errno(err, error, "%s", path);
}

int file_write_all(int fd, const void *bytes, size_t len)
{
    const char *at = bytes;

    while (len > 0) {
        ssize_t wrote = write(fd, at, len);

        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0)
            return -errno;
        at += wrote;
        len -= (size_t)wrote;
    }
    return 0;
}

static int set_nonblock(int fd)
{
    return fcntl(fd, F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
}

int file_pipe(int ends[2], bool nonblock_read, bool nonblock_write)
{
    bool both = nonblock_read && nonblock_write;
    int result = 0;

    if (pipe2(ends, O_CLOEXEC | (both ? O_NONBLOCK : 0)) < 0)
        return -errno;
    if (nonblock_read && !both)
        result = set_nonblock(ends[0]);
    if (nonblock_write && !both && result == 0)
        result = set_nonblock(ends[1]);
    if (result < 0) {
        close(ends[0]);
        close(ends[1]);
    }
    return result;
}

bool file_may_hang(const char *path)
{
    enum { CEPH = 0x00c36400, LUSTRE = 0x0bd00bd0, GPFS = 0x47504653, NINE_P = 0x01021997 };
    static const unsigned long remote[] = {NFS_SUPER_MAGIC,
                                           SMB_SUPER_MAGIC,
                                           CIFS_SUPER_MAGIC,
                                           SMB2_SUPER_MAGIC,
                                           FUSE_SUPER_MAGIC,
                                           AFS_SUPER_MAGIC,
                                           AFS_FS_MAGIC,
                                           CODA_SUPER_MAGIC,
                                           NCP_SUPER_MAGIC,
                                           CEPH,
                                           LUSTRE,
                                           GPFS,
                                           NINE_P,
                                           OCFS2_SUPER_MAGIC,
                                           AUTOFS_SUPER_MAGIC};
    struct statfs status;
    char *dir;

    if (statfs(path, &status) < 0) {
        if (errno != ENOENT || strcmp(path, "/") == 0 || strcmp(path, ".") == 0)
            return false;
        /* What does not exist yet lies where its directory lies. */
        dir = file_directory(path);
        if (statfs(dir, &status) < 0)
            status.f_type = 0;
        free(dir);
    }
    for (size_t i = 0; i < ARRAY_LEN(remote); i++)
        if ((unsigned long)status.f_type == remote[i])
            return true;
    return false;
}

void file_write_if_ready(int fd, const void *bytes, size_t len)
{
    struct pollfd ready = {.fd = fd, .events = POLLOUT};

    if (poll(&ready, 1, 0) == 1 && (ready.revents & POLLOUT) && write(fd, bytes, len) < 0)
        return; /* nobody reads: nothing to be done about it */
}

unsigned file_umask(void)
{
    mode_t mask = umask(022);

    umask(mask);
    return mask;
}
