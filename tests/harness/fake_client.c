/* SPDX-License-Identifier: MIT */
/* A test's hand on its fake supervisor. */
#include "harness/fake_client.h"

#include <assert.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TRIES = 1000, STEP_MS = 10 };

static int connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert(fd >= 0);
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
        return fd;
    close(fd);
    return -1;
}

static void start(struct fake_handle *handle, const char *program, const char *scenario,
                  bool animate)
{
    int ends[2], fd = -1;

    assert(pipe(ends) == 0);
    handle->pid = fork();
    assert(handle->pid >= 0);
    if (handle->pid == 0) {
        dup2(ends[0], 0);
        close(ends[0]);
        close(ends[1]);
        execl(program, program, scenario, handle->socket, animate ? "--animate" : (char *)NULL,
              (char *)NULL);
        _exit(127);
    }
    close(ends[0]);
    handle->stdin_fd = ends[1];
    for (int i = 0; i < TRIES && (fd = connect_to(handle->socket)) < 0; i++)
        poll(NULL, 0, STEP_MS);
    assert(fd >= 0);
    close(fd);
}

void fake_start(struct fake_handle *handle, const char *program, const char *scenario, bool animate)
{
    snprintf(handle->dir, sizeof(handle->dir), "/tmp/lifeguard-test-XXXXXX");
    assert(mkdtemp(handle->dir));
    snprintf(handle->socket, sizeof(handle->socket), "%s/prod-7.sock", handle->dir);
    start(handle, program, scenario, animate);
}

void fake_restart(struct fake_handle *handle, const char *program, const char *scenario)
{
    start(handle, program, scenario, false);
}

void fake_kill(struct fake_handle *handle)
{
    if (handle->pid <= 0)
        return;
    kill(handle->pid, SIGKILL);
    waitpid(handle->pid, NULL, 0);
    close(handle->stdin_fd);
    handle->pid = 0;
}

void fake_stop(struct fake_handle *handle)
{
    if (handle->pid <= 0)
        return;
    close(handle->stdin_fd);
    waitpid(handle->pid, NULL, 0);
    handle->pid = 0;
}

void fake_clean(struct fake_handle *handle)
{
    fake_stop(handle);
    unlink(handle->socket);
    rmdir(handle->dir);
}

json_t *fake_request(const struct fake_handle *handle, json_t *request)
{
    int fd = connect_to(handle->socket), copy;
    json_t *reply;
    FILE *stream;
    char *text;

    assert(fd >= 0);
    json_object_set_new(request, "id", json_integer(1));
    text = json_dumps(request, JSON_COMPACT);
    json_decref(request);
    assert(send(fd, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text));
    assert(send(fd, "\n", 1, MSG_NOSIGNAL) == 1);
    free(text);
    copy = dup(fd);
    stream = fdopen(copy, "r");
    reply = json_loadf(stream, JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL, NULL);
    fclose(stream);
    close(fd);
    return reply;
}

static json_t *all_requests(const struct fake_handle *handle)
{
    return fake_request(handle, json_pack("{s:s}", "cmd", "_requests"));
}

json_t *fake_wait_request(const struct fake_handle *handle, const char *cmd)
{
    for (int i = 0; i < TRIES; i++) {
        json_t *reply = all_requests(handle), *list = json_object_get(reply, "requests");
        for (size_t at = json_array_size(list); at-- > 0;) {
            json_t *request = json_array_get(list, at);
            if (strcmp(json_string_value(json_object_get(request, "cmd")), cmd) == 0) {
                json_incref(request);
                json_decref(reply);
                return request;
            }
        }
        json_decref(reply);
        poll(NULL, 0, STEP_MS);
    }
    return NULL;
}

int fake_count_requests(const struct fake_handle *handle, const char *cmd)
{
    json_t *reply = all_requests(handle), *request;
    size_t index;
    int count = 0;

    json_array_foreach(json_object_get(reply, "requests"), index, request) count +=
        strcmp(json_string_value(json_object_get(request, "cmd")), cmd) == 0;
    json_decref(reply);
    return count;
}
