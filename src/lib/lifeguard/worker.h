/* SPDX-License-Identifier: MIT */
/*
 * liblifeguard, the worker's side: a program that takes task after task from a pool with
 * `mode = "worker"`, as a child of Python's multiprocessing.Pool does.
 *
 *     struct lg_worker *worker;
 *     const struct lg_task *task;
 *     if (lg_worker_open(&worker) < 0) return 1;
 *     while (lg_worker_next(worker, &task) > 0) lg_worker_ok(worker, task, "done", 4);
 *     lg_worker_close(worker);
 *
 * Results. int functions answer 0 or what is said at each; a failure is a negative errno. Any of
 * them can give -ECHILD (called in a forked child), -ENOMEM, and the errors of read and write;
 * -EPIPE means that the supervisor is gone (where SIGPIPE is not ignored, it ends the process
 * first). What could not be sent whole is never sent in part and then gone on with: after a failed
 * write every call fails.
 *
 * Sizes. Payloads, results, reasons and values are any bytes, at most LG_PAYLOAD_MAX of them, or
 * -EMSGSIZE; none (NULL or length 0) and empty are the same. Names of pools, locks and values are
 * 1 to 255 bytes without control bytes and not "-", or -EINVAL.
 *
 * Threads. lg_worker_next, lg_worker_cancelled, lg_worker_open, lg_worker_close and the shared
 * state (lg_worker_lock and all below it) belong to one thread at a time. The rest, answers above
 * all, may be called from any thread at any time between open and close.
 *
 * Forks. Task stream and answers are closed on exec, and standard input becomes /dev/null, so that
 * programs that the worker starts can't take tasks or answer them. A child made by fork may only
 * call lg_worker_close, which there frees memory and tells nobody anything.
 *
 * The library installs no signal handlers, never ends the process and prints nothing.
 */
#ifndef LIFEGUARD_WORKER_H
#define LIFEGUARD_WORKER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LG_API __attribute__((visibility("default")))

enum { LG_PAYLOAD_MAX = 1 << 20 };

struct lg_worker;

/* A task in hand: yours to read until you answer it (ok, fail, bury, release), not after. */
struct lg_task {
    const char *id;      /* as `lifeguard tasks` shows it */
    const char *payload; /* never NULL; a NUL stands behind it */
    size_t len;          /* bytes of payload */
    int attempt;         /* 1 the first time */
    int64_t ms; /* milliseconds allowed, from when it is the oldest in hand; -1 = no limit */
};

/*
 * Takes over standard input (the tasks) and file descriptor 3 (the answers). -EBADF: there is no
 * descriptor 3, so lifeguard did not start this program (`lifeguard worker-check` is for trying).
 * The family: what multiprocessing does in a child before the first task.
 */
LG_API int lg_worker_open(struct lg_worker **worker);
/* The same on two other descriptors, which are the worker's from here on, also after a failure. */
LG_API int lg_worker_open_fds(struct lg_worker **worker, int tasks, int answers);
/* Frees the worker, tasks in hand included: they go to another worker. NULL is fine. */
LG_API void lg_worker_close(struct lg_worker *worker);

/*
 * Says READY: tasks may come. Call it when the program has loaded what it needs; lg_worker_next
 * does it for programs that don't. Only the first call says anything.
 */
LG_API int lg_worker_ready(struct lg_worker *worker);
/*
 * The pool's `init` (the initializer's arguments), or NULL when it has none. It has come when
 * lg_worker_next gave the first task; it stays until the worker is closed. *len may be NULL.
 */
LG_API const char *lg_worker_init(struct lg_worker *worker, size_t *len);

/*
 * Waits for a task. 1: *task is one; 0: there will be none any more (QUIET, STOP or the end of the
 * supervisor): answer what you hold, close and exit. -EINTR: a signal handler ran that was set
 * without SA_RESTART; call again. -EPROTO: the supervisor sent what is no line of the protocol.
 * A batch in hand is fine: call it again before you answer, and answer in any order.
 */
LG_API int lg_worker_next(struct lg_worker *worker, const struct lg_task **task);
/*
 * Lets answers gather in memory while tasks that came with them are still to be handed out (never
 * those of tasks with a limit of time): for tasks of microseconds. Off at first: should the
 * process die, tasks whose answers it had gathered are done again. `on` is 0 or 1.
 */
LG_API int lg_worker_gather(struct lg_worker *worker, int on);
/*
 * 1: work on this task is no longer wanted (an operator's cancel, soft_timeout), or the worker is
 * to stop; lg_worker_fail or lg_worker_release then makes it cancelled. 0: go on. Does not wait;
 * one system call.
 */
LG_API int lg_worker_cancelled(struct lg_worker *worker, const struct lg_task *task);

/*
 * The four answers; each ends the task, and `task` with it. -EALREADY: it has been answered.
 * After another failure it is still in hand. ok: done, with a result. fail: tried again as the
 * pool's retries say. bury: never tried again. release: put back, not counted as an attempt, not
 * before delay_ms (0 to 3e12; negative: at once).
 * The family: the return value and the exception of a pool's function.
 */
LG_API int lg_worker_ok(struct lg_worker *worker, const struct lg_task *task, const void *result,
                        size_t len);
LG_API int lg_worker_fail(struct lg_worker *worker, const struct lg_task *task, const char *reason);
LG_API int lg_worker_bury(struct lg_worker *worker, const struct lg_task *task, const char *reason);
LG_API int lg_worker_release(struct lg_worker *worker, const struct lg_task *task,
                             int64_t delay_ms);

/* Gives the task `ms` more (0 to 3e12), or the pool's timeout anew when negative. */
LG_API int lg_worker_touch(struct lg_worker *worker, const struct lg_task *task, int64_t ms);
/* Shown live: `done` of `total` (negative: not known), and a word (NULL: none). -EINVAL: done is
 * negative. */
LG_API int lg_worker_progress(struct lg_worker *worker, const struct lg_task *task, int64_t done,
                              int64_t total, const char *text);
/* A heartbeat, for pools with hang.heartbeat. PING is answered by the functions that read. */
LG_API int lg_worker_beat(struct lg_worker *worker);
/* What the worker is doing, shown live; NULL takes it away. */
LG_API int lg_worker_status(struct lg_worker *worker, const char *text);
/*
 * A new task for another pool (or this one). It is handed over at once, whatever becomes of the
 * task in hand. Waits while that pool's queue is full. The family: Queue.put.
 */
LG_API int lg_worker_put(struct lg_worker *worker, const char *pool, const void *payload,
                         size_t len);

/*
 * Shared state: named objects that all workers of the supervisor see, kept by it. The functions
 * with an answer wait for it; tasks that come meanwhile are kept for lg_worker_next. Their errors:
 * -EACCES: refused, lg_worker_reason says why; -ECANCELED: the worker is to stop, or the
 * supervisor is gone; -EPROTO. The others (set, hset, hdel, lpush, unlock, release_permit) do not
 * wait: where the supervisor refuses one (no room, a name of another kind, what is not held), that
 * is a breach: the worker is replaced, and its log says why.
 */
/* Why the last request was refused; "" when none was. Good until the next request. */
LG_API const char *lg_worker_reason(struct lg_worker *worker);

/*
 * Waits for the lock. 0: it is ours; 1: it is, and the holder before us died with it, so what it
 * guards may be half done. A death gives locks and permits back. The family: Lock, Semaphore.
 */
LG_API int lg_worker_lock(struct lg_worker *worker, const char *name);
LG_API int lg_worker_unlock(struct lg_worker *worker, const char *name);
/* The same for one permit of a semaphore. */
LG_API int lg_worker_acquire(struct lg_worker *worker, const char *name);
LG_API int lg_worker_release_permit(struct lg_worker *worker, const char *name);

/*
 * Values. get: 1: *value has *len bytes and a NUL behind them, good until the next request; 0:
 * there is none. incr adds n (in one step, whoever else does) and gives the sum in *sum (NULL:
 * not asked for). The family: Value.
 */
LG_API int lg_worker_get(struct lg_worker *worker, const char *name, const char **value,
                         size_t *len);
LG_API int lg_worker_set(struct lg_worker *worker, const char *name, const void *value, size_t len);
LG_API int lg_worker_incr(struct lg_worker *worker, const char *name, int64_t n, int64_t *sum);

/* A dictionary: hget answers as get does, hlen how many keys it has (or an error). The family:
 * Manager().dict(). */
LG_API int lg_worker_hget(struct lg_worker *worker, const char *name, const char *key,
                          const char **value, size_t *len);
LG_API int lg_worker_hset(struct lg_worker *worker, const char *name, const char *key,
                          const void *value, size_t len);
LG_API int lg_worker_hdel(struct lg_worker *worker, const char *name, const char *key);
LG_API int64_t lg_worker_hlen(struct lg_worker *worker, const char *name);

/* A list: lpush puts at the head, lpop takes from there, lindex looks (0 the head, -1 the last);
 * both answer as get does. The family: Manager().list(). */
LG_API int lg_worker_lpush(struct lg_worker *worker, const char *name, const void *value,
                           size_t len);
LG_API int lg_worker_lpop(struct lg_worker *worker, const char *name, const char **value,
                          size_t *len);
LG_API int64_t lg_worker_llen(struct lg_worker *worker, const char *name);
LG_API int lg_worker_lindex(struct lg_worker *worker, const char *name, int64_t index,
                            const char **value, size_t *len);

#ifdef __cplusplus
}
#endif

#endif
