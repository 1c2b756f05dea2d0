/* SPDX-License-Identifier: MIT */
/*
 * What a user may ask for: the configuration as plain data. `conf` fills it from a file, `cli`
 * from arguments; the domain and the supervisor only read it. All memory belongs to the spec and
 * is freed by spec_fini. Durations are nanoseconds, 0 = off; sizes bytes, 0 = no limit; strings are
 * never NULL unless said so ("" = not set); argv arrays are NULL-terminated, NULL = not set.
 */
#ifndef LIFEGUARD_POOL_SPEC_H
#define LIFEGUARD_POOL_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pool_mode { POOL_SERVICE, POOL_COMMAND, POOL_WORKER };
enum task_input { INPUT_ARGS, INPUT_STDIN };
enum result_order { ORDER_COMPLETION, ORDER_INPUT };
enum restart_policy { RESTART_ALWAYS, RESTART_ON_FAILURE, RESTART_NEVER };
enum hang_action { HANG_REPORT, HANG_RESTART };
enum log_mode { LOG_PIPE, LOG_FILE, LOG_PTY };
enum log_per { LOG_PER_PROCESS, LOG_PER_SLOT, LOG_PER_POOL };
enum backoff_jitter { JITTER_NONE, JITTER_FULL };
enum scale_policy { SCALE_NONE, SCALE_BACKLOG };
enum queue_backend { QUEUE_MEMORY, QUEUE_SQLITE, QUEUE_REDIS };
enum task_source {
    SOURCE_NONE, /* tasks come from submit */
    SOURCE_LIST,
    SOURCE_FILE,
    SOURCE_GLOB,
    SOURCE_COMMAND,
    SOURCE_STDIN,
    SOURCE_POOL
};

/* A size: an absolute number, or a share of the CPUs that this process may use. */
struct size_spec {
    int count;   /* used when percent is 0 */
    int percent; /* "cpu" = 100, "50%" = 50 */
};

struct backoff_spec {
    int64_t initial;
    double factor;
    int64_t max;
    enum backoff_jitter jitter;
    int64_t reset_after; /* restart_backoff only: health that resets it */
};

struct tasks_spec {
    enum task_source source;
    char **list;         /* SOURCE_LIST; with groups: those of all groups one behind the other */
    size_t *group_sizes; /* map's several ":::": tasks are all combinations, one item of each */
    size_t group_count;
    char *path;     /* SOURCE_FILE: absolute; SOURCE_GLOB: pattern, absolute */
    char **command; /* SOURCE_COMMAND */
    char *from;     /* SOURCE_POOL */
    char *columns;  /* column separator, "" = none */
    bool trim;      /* columns without white space at their ends (map) */
    bool skip_header;
    bool null;    /* items end in NUL instead of newline */
    int max_args; /* items a task (map -n); 1 = one */
    double rate;  /* tasks a second at most, 0 = no limit */
    int stdin_fd; /* SOURCE_STDIN: the descriptor; -1 otherwise */
};

struct queue_spec {
    enum queue_backend backend;
    int64_t capacity;
    bool durable_power;
    char *uri, *stream, *group;
    int64_t lease;
};

/* GNU parallel's --halt: when (now, soon), why (fail, success, done) and how many (count or
 * percent). */
struct halt_spec {
    enum { HALT_NEVER, HALT_SOON, HALT_NOW } when;
    enum { HALT_ON_FAIL, HALT_ON_SUCCESS, HALT_ON_DONE } why;
    int count;
    double percent; /* 0 < percent < 100 when set, else 0 */
};

/* A time limit: a duration, or a percentage of the running median after ten successes. */
struct timeout_spec {
    int64_t duration;
    int percent;
};

struct crash_loop_spec {
    int failures;
    int64_t window;
    int64_t probe;
};

struct stop_spec {
    int signal;
    int64_t grace;
    bool group;
};

struct ready_spec {
    bool notify;
    int64_t timeout;
    char **command;
    char *tcp;
    char *log;
    int64_t min_uptime;
};

struct health_spec {
    char **command;
    char *tcp;
    int64_t interval, timeout;
    int failures;
};

struct hang_spec {
    int64_t heartbeat, silence, spin, stall;
    enum hang_action action;
    char **evidence;
};

struct scale_spec {
    enum scale_policy policy;
    int64_t up_after, down_after;
    int step;
};

struct limits_spec {
    int64_t nofile; /* -1 = leave alone, as for all of these */
    int64_t core;
    int64_t as;
    int64_t cpu; /* seconds */
};

struct cgroup_spec {
    int64_t memory_max;
    char *cpu_max;
    int64_t pids_max;
};

struct log_spec {
    enum log_mode mode;
    enum log_per per;
    int64_t max_size;
    int keep;
    int keep_lives;
    int64_t max_total;
    bool compress;
    bool timestamps;
    int64_t ring;
    bool block_when_full;
    bool separate_stderr;
};

enum after_condition { AFTER_STARTED, AFTER_READY, AFTER_DONE, AFTER_HEALTHY };

struct after_spec {
    char *pool;
    enum after_condition condition;
};

struct shared_spec {
    char *name;
    enum { SHARED_I64, SHARED_U64, SHARED_F64, SHARED_LOCK, SHARED_SEMAPHORE } type;
    int64_t length;
    int64_t value;
};

struct pool_spec {
    char *name;
    enum pool_mode mode;
    char **command; /* with shell: { script, NULL } */
    bool shell;
    bool append_input; /* map: no replacement string in the command, so the input goes to its end */
    enum task_input input;
    struct size_spec size;
    int min, max; /* max 0 = no bound */
    bool autostart;
    struct after_spec *after;
    size_t after_count;
    struct tasks_spec tasks;
    struct queue_spec queue;
    enum result_order order;
    char *results; /* path, "-" or "" */
    char *results_dir;
    char *joblog;
    bool resume;
    struct timeout_spec timeout, soft_timeout;
    int retries;
    struct backoff_spec backoff;
    int *retry_on, *bury_on;
    size_t retry_on_count, bury_on_count;
    struct halt_spec halt;
    int bury_after_deaths;
    int batch; /* 0 = auto */
    char **init;
    int64_t max_tasks, max_age, max_memory;
    char *socket;
    enum restart_policy restart;
    struct backoff_spec restart_backoff;
    struct crash_loop_spec crash_loop;
    struct stop_spec stop;
    struct ready_spec ready;
    struct health_spec health;
    struct hang_spec hang;
    struct scale_spec scale;
    char **env; /* "KEY=VALUE" */
    char **env_files;
    char *cwd; /* absolute */
    unsigned umask;
    char *user, *group;
    int nice;
    char *ionice, *affinity;
    int oom_score_adj; /* 0 = leave alone */
    struct limits_spec limits;
    struct cgroup_spec cgroup;
    struct log_spec log;
    struct shared_spec *shared;
    size_t shared_count;
};

struct supervisor_spec {
    char *name;
    char *state_dir; /* absolute */
    char *log_dir;   /* absolute */
    char **env_inherit;
    double start_rate;
    int restart_limit; /* a minute a pool, 0 = no cap */
    bool cgroups;
    int64_t shutdown_timeout;
    char *metrics_listen, *metrics_file;
    unsigned control_mode;
    char *control_group;
    char **on_event;
};

struct spec {
    struct supervisor_spec supervisor;
    struct pool_spec *pools;
    size_t pool_count;
    char *source; /* the config files' paths joined by ", ", or the command */
};

/* The defaults of config/lifeguard.cfg, for a pool of this mode. */
void pool_spec_init(struct pool_spec *spec, const char *name, enum pool_mode mode);
void pool_spec_fini(struct pool_spec *spec);
void supervisor_spec_init(struct supervisor_spec *spec, const char *name);
void spec_fini(struct spec *spec);
/* True when the spec has pools and all of them have a source of tasks: such a run ends by
 * itself. */
bool spec_is_finite(const struct spec *spec);
/* The size in workers on a machine where `cpus` may be used: at least 1 for a percentage. */
int size_spec_resolve(const struct size_spec *size, int cpus);
/* "now,fail=1", "soon,success=10%", "never". 0 or -EINVAL. */
int halt_spec_parse(struct halt_spec *halt, const char *text);
const char *pool_mode_name(enum pool_mode mode);

#endif
