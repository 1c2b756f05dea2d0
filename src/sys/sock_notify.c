/* SPDX-License-Identifier: MIT */
/*
 * The notify socket. Workers of other users write to it, so its directory can be entered by all and
 * the socket written to by all; the kernel says who wrote.
 */
#include "sys/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/err.h"
#include "sys/file.h"
#include "sys/sock_dir.h"

static int bind_in(int fd, int dir, const char *name, struct err *err)
{
    int on = 1;
    int result = sock_dir_clear(dir, name, err);

    if (result < 0)
        return result;
    /* Before bind: no datagram may arrive without credentials. */
    if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0)
        return err_set_errno(err, errno, "SO_PASSCRED");
    result = sock_dir_bind(fd, dir, name, err);
    if (result == 0 && fchmodat(dir, name, 0666, 0) < 0)
        result = err_set_errno(err, errno, "chmod %s", name);
    return result;
}

int sock_notify_open(const char *path, struct err *err)
{
    const char *slash = strrchr(path, '/');
    char *parent;
    int dir, fd, result;

    if (!slash || strlen(path) >= sizeof(((struct sockaddr_un *)0)->sun_path))
        return err_set(err, ENAMETOOLONG, "notify socket %s: too long, or not absolute", path);
    parent = file_directory(path);
    dir = sock_dir_open(parent, 0711, err);
    free(parent);
    if (dir < 0)
        return dir;
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    result = fd < 0 ? err_set_errno(err, errno, "socket") : bind_in(fd, dir, slash + 1, err);
    close(dir);
    if (result == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return result;
}

static void take_control(struct cmsghdr *part, struct sock_peer *sender)
{
    size_t len = part->cmsg_len - CMSG_LEN(0);

    if (part->cmsg_level != SOL_SOCKET)
        return;
    if (part->cmsg_type == SCM_CREDENTIALS && len >= sizeof(struct ucred)) {
        struct ucred credentials;

        memcpy(&credentials, CMSG_DATA(part), sizeof(credentials));
        *sender = (struct sock_peer){credentials.pid, credentials.uid, credentials.gid};
    }
    if (part->cmsg_type == SCM_RIGHTS)
        for (size_t i = 0; i + sizeof(int) <= len; i += sizeof(int)) {
            int fd;

            memcpy(&fd, CMSG_DATA(part) + i, sizeof(fd));
            close(fd);
        }
}

int sock_notify_read(int fd, char *out, size_t size, struct sock_peer *sender)
{
    enum { FDS_MOST = 253 }; /* SCM_MAX_FD of the kernel */
    _Alignas(struct cmsghdr) char
        control[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(FDS_MOST * sizeof(int))];
    struct iovec bytes = {.iov_base = out, .iov_len = size - 1};
    struct msghdr message = {.msg_iov = &bytes,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof(control)};
    ssize_t got;

    *sender = (struct sock_peer){0, (uid_t)-1, (gid_t)-1};
    do
        got = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return errno == EWOULDBLOCK ? -EAGAIN : -errno;
    for (struct cmsghdr *part = CMSG_FIRSTHDR(&message); part; part = CMSG_NXTHDR(&message, part))
        take_control(part, sender);
    out[got] = '\0';
    /* A cut datagram may end in half a number. */
    return message.msg_flags & MSG_TRUNC ? -EMSGSIZE : (int)got;
}
