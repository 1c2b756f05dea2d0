/* SPDX-License-Identifier: MIT */
/*
 * Row 2's limit: COUNT numbers to WORKERS processes and their squares back, one text line each over
 * two pipes, BATCH lines in flight a worker. Nothing is kept, ordered, timed or retried.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { ROOM = 1 << 20 };

struct worker {
    int in, out;
    unsigned in_flight;
};

static struct worker workers[64];
static char block[ROOM], text[ROOM];

static char *put_number(char *to, unsigned long value)
{
    char digits[24];
    size_t at = sizeof(digits);

    digits[--at] = '\n';
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    memcpy(to, digits + at, sizeof(digits) - at);
    return to + sizeof(digits) - at;
}

/* A worker: a block of whole lines in, the squares of its numbers out. */
static void square_lines(void)
{
    unsigned long value = 0;
    ssize_t got;

    while ((got = read(0, block, ROOM / 2)) > 0) {
        char *to = text;

        for (ssize_t i = 0; i < got; i++) {
            if (block[i] != '\n') {
                value = value * 10 + (unsigned long)(block[i] - '0');
                continue;
            }
            to = put_number(to, value * value);
            value = 0;
        }
        if (write(1, text, (size_t)(to - text)) < 0)
            _exit(1);
    }
    _exit(0);
}

static int start(struct worker *worker)
{
    int in[2], out[2];

    if (pipe(in) < 0 || pipe(out) < 0)
        return -1;
    if (fork() == 0) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        for (int fd = 3; fd < 256; fd++)
            close(fd);
        square_lines();
    }
    close(in[0]);
    close(out[1]);
    *worker = (struct worker){in[1], out[0], 0};
    return 0;
}

/* Answers of a worker whose batch is over are followed by the next batch. */
static unsigned serve(struct worker *worker, unsigned batch, unsigned left)
{
    char *to = text;

    if (worker->in_flight) {
        ssize_t got = read(worker->out, block, ROOM);

        for (char *at = block; got > 0 && (at = memchr(at, '\n', (size_t)(block + got - at))); at++)
            worker->in_flight--;
    }
    if (worker->in_flight)
        return 0;
    worker->in_flight = batch < left ? batch : left;
    for (unsigned i = 0; i < worker->in_flight; i++)
        to = put_number(to, left - i);
    if (to > text && write(worker->in, text, (size_t)(to - text)) < 0)
        exit(1);
    return worker->in_flight;
}

int main(int argc, char **argv)
{
    unsigned left = argc > 1 ? (unsigned)atoi(argv[1]) : 0, running = left;
    unsigned batch = argc > 2 ? (unsigned)atoi(argv[2]) : 1;
    unsigned count = argc > 3 ? (unsigned)atoi(argv[3]) : 2;
    int epoll_fd = epoll_create1(0);

    for (unsigned i = 0; i < count; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = i};

        if (start(&workers[i]) < 0)
            return 1;
        epoll_ctl(epoll_fd, EPOLL_CTL_ADD, workers[i].out, &event);
        left -= serve(&workers[i], batch, left);
    }
    while (running) {
        struct epoll_event events[64];
        int ready = epoll_wait(epoll_fd, events, 64, -1);

        for (int i = 0; i < ready; i++) {
            struct worker *worker = &workers[events[i].data.u32];
            unsigned before = worker->in_flight, sent = serve(worker, batch, left);

            running -= before - (sent ? 0 : worker->in_flight);
            left -= sent;
        }
    }
    return 0;
}
