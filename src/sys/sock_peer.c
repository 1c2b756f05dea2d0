/* SPDX-License-Identifier: MIT */
/*
 * Both ends of a control connection: accepting with the peer's credentials, connecting, and finding
 * the supervisors that answer.
 */
#include "sys/sock.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"

int sock_accept(int listen_fd, struct sock_peer *peer)
{
    struct ucred credentials;
    socklen_t len = sizeof(credentials);
    int fd;

    do
        fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    while (fd < 0 && (errno == EINTR || errno == ECONNABORTED));
    if (fd < 0)
        return errno == EWOULDBLOCK ? -EAGAIN : -errno;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &len) < 0) {
        int error = errno;

        close(fd);
        return -error;
    }
    *peer = (struct sock_peer){credentials.pid, credentials.uid, credentials.gid};
    return fd;
}

static int fill_address(struct sockaddr_un *address, const char *path)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(address->sun_path))
        return -ENAMETOOLONG;
    memcpy(address->sun_path, path, strlen(path));
    return 0;
}

/* A full backlog makes connect wait; this bounds the wait. Zero = no bound. */
static void limit_wait(int fd, long seconds)
{
    struct timeval limit = {.tv_sec = seconds};

    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
}

int sock_connect(const char *path, struct err *err)
{
    enum { CONNECT_SECONDS = 5 };
    struct sockaddr_un address;
    int fd, result = fill_address(&address, path);

    if (result < 0)
        return err_set_errno(err, -result, "%s", path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return err_set_errno(err, errno, "socket");
    limit_wait(fd, CONNECT_SECONDS);
    do
        result = connect(fd, (struct sockaddr *)&address, sizeof(address));
    while (result < 0 && errno == EINTR);
    if (result < 0) {
        int error = errno == EAGAIN ? ETIMEDOUT : errno;

        close(fd);
        return err_set_errno(err, error, "connect %s", path);
    }
    limit_wait(fd, 0);
    return fd;
}

/* A full backlog is an answer too: somebody listens. */
bool sock_answers(const char *path)
{
    struct sockaddr_un address;
    int result = fill_address(&address, path);
    bool yes = false;
    int fd;

    if (result < 0)
        return false;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return false;
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 || errno == EAGAIN)
        yes = true;
    close(fd);
    return yes;
}

static bool answers(const char *dir, const char *file)
{
    char *path = mem_printf("%s/%s", dir, file);
    bool yes = sock_answers(path);

    free(path);
    return yes;
}

static bool is_socket_name(const char *file)
{
    size_t len = strlen(file);

    return len > 5 && file[0] != '.' && strcmp(file + len - 5, ".sock") == 0;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char **sock_list(const char *dir, struct err *err)
{
    enum { MOST = 256 };
    const struct dirent *entry;
    DIR *stream = opendir(dir);
    char **names;
    size_t count = 0;

    if (!stream && errno != ENOENT) {
        err_set_errno(err, errno, "%s can't be listed: choose with -S NAME", dir);
        return NULL;
    }
    names = mem_new_array(MOST + 1, sizeof(*names));
    if (!stream)
        return names;
    while (count < MOST && (entry = readdir(stream)))
        if (is_socket_name(entry->d_name) && answers(dir, entry->d_name))
            names[count++] = mem_copy_bytes(entry->d_name, strlen(entry->d_name) - 5);
    closedir(stream);
    qsort(names, count, sizeof(*names), compare_names);
    return names;
}
