/* A worker for a pool with mode = "worker", with liblifeguard: the square of an integer.
 *     cc worker.c -o worker $(pkg-config --cflags --libs lifeguard) */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <lifeguard/worker.h>

static int work(struct lg_worker *worker, const struct lg_task *task)
{
    char result[32], *end;
    int64_t n;

    errno = 0;
    n = strtoll(task->payload, &end, 10);
    if (task->len == 0 || end != task->payload + task->len)
        return lg_worker_bury(worker, task, "not an integer"); /* trying again would not help */
    if (errno || n > INT32_MAX || n < INT32_MIN)
        return lg_worker_fail(worker, task, "too large");
    return lg_worker_ok(worker, task, result, (size_t)sprintf(result, "%" PRId64, n * n));
}

int main(void)
{
    const struct lg_task *task;
    struct lg_worker *worker;
    int rc = lg_worker_open(&worker);

    while (rc >= 0 && (rc = lg_worker_next(worker, &task)) > 0)
        rc = work(worker, task);
    lg_worker_close(worker);
    if (rc < 0)
        fprintf(stderr, "worker: error %d\n", -rc);
    return rc < 0;
}
