/* SPDX-License-Identifier: MIT */
/*
 * The control socket's directory, lock and listening socket. Everything is done through one
 * descriptor of the directory, whose owner and mode were checked, so exchanging a name on the way
 * leads nowhere. Nothing is removed before the lock is held.
 */
#include "sys/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "sys/file.h"
#include "sys/sock_dir.h"

static const int64_t LOCK_WAIT = 5 * CLOCK_S;

int sock_directory(char *out, size_t size, struct err *err)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    int len;

    if (runtime && runtime[0] == '/')
        len = snprintf(out, size, "%s/lifeguard", runtime);
    else if (geteuid() == 0)
        len = snprintf(out, size, "/run/lifeguard");
    else
        len = snprintf(out, size, "/tmp/lifeguard-%u", (unsigned)geteuid());
    if (len < 0 || (size_t)len >= size)
        return err_set(err, ENAMETOOLONG, "socket directory %s/lifeguard: too long", runtime);
    return 0;
}

static int check_directory(int fd, const char *path, unsigned mode, struct err *err)
{
    struct stat status;

    if (fstat(fd, &status) < 0)
        return err_set_errno(err, errno, "%s", path);
    if (status.st_uid != geteuid())
        return err_set(err, EPERM, "%s: owned by user %u, not by us", path,
                       (unsigned)status.st_uid);
    /* What others could write to may hold what others planted; what they can read is tightened. */
    if (status.st_mode & (S_IWGRP | S_IWOTH))
        return err_set(err, EPERM, "%s: others may write to it (mode %04o)", path,
                       (unsigned)status.st_mode & 07777);
    if ((status.st_mode & 07777) != mode && fchmod(fd, mode) < 0)
        return err_set_errno(err, errno, "chmod %s", path);
    return 0;
}

int sock_dir_open(const char *path, unsigned mode, struct err *err)
{
    char *parent = file_directory(path);
    int result = file_make_dirs(parent, 0755, err);
    int fd;

    free(parent);
    if (result < 0)
        return result;
    if (mkdir(path, mode) < 0 && errno != EEXIST)
        return err_set_errno(err, errno, "mkdir %s", path);
    fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && (errno == ELOOP || errno == ENOTDIR))
        return err_set(err, ENOTDIR, "%s: not a directory (symbolic links are refused)", path);
    if (fd < 0)
        return err_set_errno(err, errno, "%s", path);
    result = check_directory(fd, path, mode, err);
    if (result == 0)
        return fd;
    close(fd);
    return result;
}

int sock_dir_clear(int dir, const char *name, struct err *err)
{
    struct stat status;

    if (fstatat(dir, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : err_set_errno(err, errno, "%s", name);
    if (!S_ISSOCK(status.st_mode) || status.st_uid != geteuid())
        return err_set(err, EEXIST, "%s: is there already and is no socket of ours", name);
    return unlinkat(dir, name, 0) < 0 ? err_set_errno(err, errno, "unlink %s", name) : 0;
}

int sock_dir_bind(int fd, int dir, const char *name, struct err *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int len =
        snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s", dir, name);

    if (len < 0 || (size_t)len >= sizeof(address.sun_path))
        return err_set(err, ENAMETOOLONG, "socket name %s: too long", name);
    /* The mode before bind is the mode that the name is created with (less the umask): there is no
     * moment at which others could connect. */
    if (fchmod(fd, 0600) < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
        return err_set_errno(err, errno, "bind %s", name);
    return 0;
}

static void write_pid(int fd)
{
    char text[16];
    int len = snprintf(text, sizeof(text), "%d\n", (int)getpid());

    if (ftruncate(fd, 0) == 0)
        (void)!pwrite(fd, text, (size_t)len, 0);
}

static int refuse_busy(int fd, const char *name, struct err *err)
{
    char text[16] = "";
    ssize_t got = pread(fd, text, sizeof(text) - 1, 0);

    if (got > 0)
        text[strcspn(text, "\n")] = '\0';
    return err_set(err, EBUSY, "a supervisor of the name \"%s\" runs already%s%s", name,
                   got > 0 ? ", PID " : "", text);
}

static int open_lock(int dir, const char *file, struct err *err)
{
    int fd = openat(dir, file, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
    struct stat status;

    if (fd < 0)
        return err_set_errno(err, errno, "%s", file);
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_nlink == 1)
        return fd;
    close(fd);
    return err_set(err, EINVAL, "%s: not a regular file with one name", file);
}

/* 0 or -errno. By number: the system's header of it has the name of our own. */
static int try_lock(int fd)
{
    return syscall(SYS_flock, fd, LOCK_EX | LOCK_NB) < 0 ? -errno : 0;
}

/* A held lock without a socket that answers is a guardian's, which ends what a dead supervisor left
 * behind: that is soon over. 0 or -errno. */
static int wait_for_lock(const struct sock_listener *listener)
{
    int64_t deadline = clock_now() + LOCK_WAIT;
    int rc;

    while ((rc = try_lock(listener->lock_fd)) == -EWOULDBLOCK && !sock_answers(listener->path) &&
           clock_now() < deadline)
        poll(NULL, 0, 10);
    return rc;
}

static int take_lock(struct sock_listener *listener, const char *name, bool wait, struct err *err)
{
    char file[80];
    int result;

    snprintf(file, sizeof(file), "%s.lock", name);
    listener->lock_fd = open_lock(listener->dir_fd, file, err);
    if (listener->lock_fd < 0)
        return listener->lock_fd;
    result = wait ? wait_for_lock(listener) : try_lock(listener->lock_fd);
    if (result == 0)
        write_pid(listener->lock_fd);
    else if (result == -EWOULDBLOCK)
        result = refuse_busy(listener->lock_fd, name, err);
    else
        result = err_set_errno(err, -result, "lock %s", file);
    return result;
}

static const char *socket_name(const struct sock_listener *listener)
{
    return strrchr(listener->path, '/') + 1;
}

static int find_group(const char *group, gid_t *gid, struct err *err)
{
    const struct group *entry;

    *gid = (gid_t)-1;
    if (!group || !group[0])
        return 0;
    entry = getgrnam(group);
    if (!entry)
        return err_set(err, ENOENT, "group %s: there is none of that name", group);
    *gid = entry->gr_gid;
    return 0;
}

static int open_socket(struct sock_listener *listener, unsigned mode, gid_t gid, struct err *err)
{
    const char *name = socket_name(listener);
    int result = sock_dir_clear(listener->dir_fd, name, err);

    if (result < 0)
        return result;
    listener->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener->fd < 0)
        return err_set_errno(err, errno, "socket");
    result = sock_dir_bind(listener->fd, listener->dir_fd, name, err);
    if (result < 0)
        return result;
    /* Only we can write to the directory, so the name is still the one just made. */
    if ((gid != (gid_t)-1 &&
         fchownat(listener->dir_fd, name, (uid_t)-1, gid, AT_SYMLINK_NOFOLLOW) < 0) ||
        fchmodat(listener->dir_fd, name, mode, 0) < 0 || listen(listener->fd, 128) < 0) {
        result = err_set_errno(err, errno, "%s", listener->path);
        unlinkat(listener->dir_fd, name, 0);
    }
    return result;
}

static void close_all(struct sock_listener *listener)
{
    if (listener->fd >= 0)
        close(listener->fd);
    if (listener->lock_fd >= 0)
        close(listener->lock_fd);
    if (listener->dir_fd >= 0)
        close(listener->dir_fd);
    *listener = (struct sock_listener){.fd = -1, .lock_fd = -1, .dir_fd = -1};
}

int sock_listen(struct sock_listener *listener, const char *dir, const char *name, unsigned mode,
                const char *group, struct err *err)
{
    gid_t gid;
    int result, len;

    *listener = (struct sock_listener){.fd = -1, .lock_fd = -1, .dir_fd = -1};
    len = snprintf(listener->path, sizeof(listener->path), "%s/%s.sock", dir, name);
    if (len < 0 || (size_t)len >= sizeof(listener->path) || strchr(name, '/') || strlen(name) > 64)
        return err_set(err, ENAMETOOLONG, "socket %s/%s.sock: too long, or not a name", dir, name);
    result = find_group(group, &gid, err);
    if (result < 0)
        return result;
    result = sock_dir_open(dir, gid == (gid_t)-1 ? 0700 : 0710, err);
    if (result >= 0) {
        listener->dir_fd = result;
        result = 0;
        if (gid != (gid_t)-1 && fchown(listener->dir_fd, (uid_t)-1, gid) < 0)
            result = err_set_errno(err, errno, "chgrp %s", dir);
    }
    if (result == 0)
        result = take_lock(listener, name, true, err);
    if (result == 0)
        result = open_socket(listener, mode, gid, err);
    if (result < 0)
        close_all(listener);
    return result;
}

void sock_unlisten(struct sock_listener *listener)
{
    if (listener->fd >= 0 && listener->dir_fd >= 0 && listener->path[0])
        unlinkat(listener->dir_fd, socket_name(listener), 0);
    if (listener->path[0])
        close_all(listener);
}

/* "DIR/NAME.sock" to "DIR" and "NAME". */
static bool split_path(const char *path, char dir[108], char name[80])
{
    const char *slash = strrchr(path, '/');
    size_t len = slash ? strlen(slash + 1) : 0;

    if (!slash || len <= strlen(".sock") || len >= 80 || slash - path >= 108)
        return false;
    snprintf(dir, 108, "%.*s", (int)(slash - path), path);
    snprintf(name, 80, "%.*s", (int)(len - strlen(".sock")), slash + 1);
    return true;
}

int sock_seize(const char *path)
{
    struct sock_listener listener = {.fd = -1, .lock_fd = -1};
    char dir[108], name[80];
    int result;

    if (!split_path(path, dir, name))
        return -EINVAL;
    listener.dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (listener.dir_fd < 0)
        return -errno;
    result = take_lock(&listener, name, false, NULL);
    if (result == 0)
        result = sock_dir_clear(listener.dir_fd, strrchr(path, '/') + 1, NULL);
    close(listener.dir_fd);
    if (result == 0)
        return listener.lock_fd;
    if (listener.lock_fd >= 0)
        close(listener.lock_fd);
    return result;
}
