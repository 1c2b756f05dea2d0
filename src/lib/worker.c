/* SPDX-License-Identifier: MIT */
/*
 * The worker's side of the protocol: opening and closing, and a task's life from lg_worker_next to
 * its answer.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/state.h"

enum { ANSWERS_FD = 3, GATHER_MAX = 32768, SPARE_PAYLOAD_MAX = 65536 };

int lg_worker_check(const struct lg_worker *worker)
{
    return *worker->alive ? 0 : -ECHILD;
}

/* A page that the kernel wipes in forked children: knowing costs no system call. */
static int alive_map(int **alive)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    void *map = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (map == MAP_FAILED)
        return -errno;
    if (madvise(map, page, MADV_WIPEONFORK) < 0) {
        int code = -errno;

        munmap(map, page);
        return code;
    }
    *alive = map;
    **alive = 1;
    return 0;
}

int lg_worker_open_fds(struct lg_worker **opened, int tasks, int answers)
{
    struct lg_worker *worker = calloc(1, sizeof(*worker));
    int rc = worker ? alive_map(&worker->alive) : -ENOMEM;

    *opened = NULL;
    if (rc < 0) {
        close(tasks);
        close(answers);
        free(worker);
        return rc;
    }
    fcntl(tasks, F_SETFD, FD_CLOEXEC);
    fcntl(answers, F_SETFD, FD_CLOEXEC);
    lg_stream_init(&worker->stream, tasks, answers);
    pthread_mutex_init(&worker->lock, NULL);
    *opened = worker;
    return 0;
}

int lg_worker_open(struct lg_worker **worker)
{
    int tasks, nothing;

    *worker = NULL;
    if (fcntl(ANSWERS_FD, F_GETFD) < 0)
        return -errno;
    tasks = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, ANSWERS_FD + 1);
    if (tasks < 0)
        return -errno;
    nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0) {
        int code = -errno;

        close(tasks);
        if (nothing >= 0)
            close(nothing);
        return code;
    }
    close(nothing);
    return lg_worker_open_fds(worker, tasks, ANSWERS_FD);
}

static void boxes_free(struct lg_boxes *list)
{
    struct lg_box *box;

    while ((box = lg_boxes_pop(list))) {
        free(box->payload);
        free(box);
    }
}

void lg_worker_close(struct lg_worker *worker)
{
    if (!worker)
        return;
    if (*worker->alive)
        lg_stream_flush(&worker->stream);
    lg_stream_fini(&worker->stream);
    boxes_free(&worker->pending);
    boxes_free(&worker->in_hand);
    boxes_free(&worker->spare);
    munmap(worker->alive, (size_t)sysconf(_SC_PAGESIZE));
    pthread_mutex_destroy(&worker->lock);
    free(worker->init);
    free(worker->answer);
    free(worker);
}

int lg_worker_send(struct lg_worker *worker, const struct lg_field *fields, size_t count)
{
    int rc;

    pthread_mutex_lock(&worker->lock);
    rc = lg_stream_put(&worker->stream, fields, count);
    if (rc == 0)
        rc = lg_stream_flush(&worker->stream);
    pthread_mutex_unlock(&worker->lock);
    return rc;
}

int lg_worker_ready(struct lg_worker *worker)
{
    struct lg_field ready = lg_word("READY");
    int rc = lg_worker_check(worker);

    if (rc < 0 || worker->ready)
        return rc;
    worker->ready = true;
    return lg_worker_send(worker, &ready, 1);
}

const char *lg_worker_init(struct lg_worker *worker, size_t *len)
{
    if (len)
        *len = worker->init_len;
    return worker->init;
}

int lg_worker_gather(struct lg_worker *worker, int on)
{
    int rc = lg_worker_check(worker);

    if (rc < 0)
        return rc;
    pthread_mutex_lock(&worker->lock);
    worker->gather = on != 0;
    if (!worker->gather)
        rc = lg_stream_flush(&worker->stream);
    pthread_mutex_unlock(&worker->lock);
    return rc;
}

/* Before the reader sleeps, what was gathered goes; while it does, nothing is gathered. */
static int worker_read(struct lg_worker *worker)
{
    bool sleeps = !lg_stream_has_line(&worker->stream), answered;
    struct lg_answer answer;
    int rc = 0;

    if (sleeps) {
        pthread_mutex_lock(&worker->lock);
        rc = lg_stream_flush(&worker->stream);
        worker->waiting = true;
        pthread_mutex_unlock(&worker->lock);
    }
    if (rc == 0)
        rc = lg_worker_take_line(worker, true, &answer, &answered);
    if (sleeps) {
        pthread_mutex_lock(&worker->lock);
        worker->waiting = false;
        pthread_mutex_unlock(&worker->lock);
    }
    return rc;
}

int lg_worker_next(struct lg_worker *worker, const struct lg_task **task)
{
    struct lg_box *box = NULL;
    int rc = lg_worker_ready(worker);

    *task = NULL;
    while (rc >= 0 && !worker->stop && !(box = lg_boxes_pop(&worker->pending)) && !worker->quiet)
        rc = worker_read(worker);
    if (rc < 0)
        return rc;
    pthread_mutex_lock(&worker->lock);
    if (box) {
        box->in_hand = true;
        lg_boxes_push(&worker->in_hand, box);
        *task = &box->task;
    } else {
        rc = lg_stream_flush(&worker->stream);
    }
    pthread_mutex_unlock(&worker->lock);
    return rc < 0 ? rc : box != NULL;
}

/* A task is the first member of its box, which is not const. */
static struct lg_box *box_of(const struct lg_task *task)
{
    union {
        const struct lg_task *task;
        struct lg_box *box;
    } same = {.task = task};

    return same.box;
}

int lg_worker_cancelled(struct lg_worker *worker, const struct lg_task *task)
{
    struct lg_answer answer;
    bool answered;
    int rc = lg_worker_check(worker);

    if (rc < 0)
        return rc;
    do
        rc = lg_worker_take_line(worker, false, &answer, &answered);
    while (rc > 0);
    if (rc < 0 && rc != -EAGAIN && rc != -EINTR)
        return rc;
    return box_of(task)->cancelled || worker->stop;
}

/* Puts the answer and lets go of the task in one step: another thread sees neither half. */
static int worker_answer(struct lg_worker *worker, const struct lg_task *task,
                         const struct lg_field *fields, size_t count)
{
    struct lg_box *box = box_of(task);
    int rc = lg_worker_check(worker);
    bool later;

    if (rc < 0)
        return rc;
    pthread_mutex_lock(&worker->lock);
    later = worker->gather && !worker->waiting && task->ms < 0 &&
            worker->stream.out_bytes.tail < GATHER_MAX;
    rc = box->in_hand ? lg_stream_put(&worker->stream, fields, count) : -EALREADY;
    if (rc == 0) {
        box->in_hand = false;
        lg_boxes_remove(&worker->in_hand, box);
        if (box->cap > SPARE_PAYLOAD_MAX) {
            free(box->payload);
            box->payload = NULL;
            box->cap = 0;
        }
        lg_boxes_push(&worker->spare, box);
        rc = later ? 0 : lg_stream_flush(&worker->stream);
    }
    pthread_mutex_unlock(&worker->lock);
    return rc;
}

int lg_worker_ok(struct lg_worker *worker, const struct lg_task *task, const void *result,
                 size_t len)
{
    struct lg_field fields[] = {lg_word("OK"), lg_word(task->id), lg_text(result, len)};

    return worker_answer(worker, task, fields, fields[2].len ? 3 : 2);
}

int lg_worker_fail(struct lg_worker *worker, const struct lg_task *task, const char *reason)
{
    struct lg_field fields[] = {lg_word("FAIL"), lg_word(task->id), lg_string(reason)};

    return worker_answer(worker, task, fields, 3);
}

int lg_worker_bury(struct lg_worker *worker, const struct lg_task *task, const char *reason)
{
    struct lg_field fields[] = {lg_word("BURY"), lg_word(task->id), lg_string(reason)};

    return worker_answer(worker, task, fields, 3);
}

int lg_worker_release(struct lg_worker *worker, const struct lg_task *task, int64_t delay_ms)
{
    char delay[24];
    struct lg_field fields[] = {lg_word("RELEASE"), lg_word(task->id), {0}};

    snprintf(delay, sizeof(delay), "%lld", (long long)delay_ms);
    fields[2] = lg_word(delay);
    return worker_answer(worker, task, fields, delay_ms < 0 ? 2 : 3);
}
