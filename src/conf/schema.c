/* SPDX-License-Identifier: MIT */
/*
 * The table of keys, in the order in which config/lifeguard.cfg explains them. Defaults are text
 * here and numbers in pool/spec.c; a test holds the two against each other.
 */
#include "conf/schema.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "pool/limits.h"

#define AT(field) offsetof(struct pool_spec, field)
#define SUPERVISOR_AT(field) offsetof(struct supervisor_spec, field)

enum { MOST_WORKERS = 100000, MOST_COUNT = 1000000000 };
#define LONGEST (INT64_C(100) * 366 * 86400 * CLOCK_S)
#define MOST_BYTES INT64_C(9000000000000000)

static const char *const words_cgroups[] = {"off", "auto", NULL};
static const char *const words_mode[] = {"service", "command", "worker", NULL};
static const char *const words_input[] = {"args", "stdin", NULL};
static const char *const words_order[] = {"completion", "input", NULL};
static const char *const words_backend[] = {"memory", "sqlite", "redis", NULL};
static const char *const words_durability[] = {"process", "power", NULL};
static const char *const words_jitter[] = {"none", "full", NULL};
static const char *const words_restart[] = {"always", "on-failure", "never", NULL};
static const char *const words_hang[] = {"report", "restart", NULL};
static const char *const words_scale[] = {"none", "backlog", NULL};
static const char *const words_log_mode[] = {"pipe", "file", "pty", NULL};
static const char *const words_log_per[] = {"process", "slot", "pool", NULL};
static const char *const words_when_full[] = {"drop", "block", NULL};
static const char *const words_stderr[] = {"merge", "separate", NULL};

static const struct conf_key supervisor_keys[] = {
    {"name", CONF_NAME, SUPERVISOR_AT(name), "\"\"",
     "Socket and state are found by it; default: the name of the first file.", .computed = true},
    {"state_dir", CONF_PATH, SUPERVISOR_AT(state_dir), "\"\"",
     "Logs and reports; default: $XDG_STATE_HOME/lifeguard/NAME, as root /var/lib/lifeguard/NAME, "
     "else ~/.local/state/lifeguard/NAME.",
     .computed = true},
    {"log_dir", CONF_PATH, SUPERVISOR_AT(log_dir), "\"\"",
     "Log files of the workers; default: state_dir/logs.", .computed = true},
    {"env_inherit", CONF_STRINGS, SUPERVISOR_AT(env_inherit), "[\"PATH\", \"HOME\", \"LANG\"]",
     "Variables that workers inherit; their environment is clean otherwise. [\"*\"] inherits all.",
     .later = false},
    {"start_rate", CONF_NUMBER, SUPERVISOR_AT(start_rate), "0",
     "Automatic restarts a second at most, over all pools; 0 = no cap.", .min = 0, .max = 1000000},
    {"restart_limit", CONF_INT, SUPERVISOR_AT(restart_limit), "200",
     "Automatic restarts a minute a pool, then that pool backs off; 0 = no cap.", .min = 0,
     .max = MOST_COUNT},
    {"cgroups", CONF_SWITCH, SUPERVISOR_AT(cgroups), "\"auto\"",
     "auto: a cgroup a worker where the kernel lets us, so that nothing escapes a stop; off: "
     "process groups and sweeps only.",
     .words = words_cgroups},
    {"shutdown_timeout", CONF_DURATION, SUPERVISOR_AT(shutdown_timeout), "\"30s\"",
     "Longest wait for all pools to stop; then KILL.", .min = 0, .max = LONGEST},
    {"metrics.listen", CONF_STRING, SUPERVISOR_AT(metrics_listen), "\"\"",
     "OpenMetrics over HTTP: \"127.0.0.1:9464\" or the path of a Unix socket.", .later = true},
    {"metrics.file", CONF_PATH, SUPERVISOR_AT(metrics_file), "\"\"", "OpenMetrics as a text file.",
     .later = true},
    {"control.mode", CONF_MASK, SUPERVISOR_AT(control_mode), "\"0600\"",
     "Mode of the control socket.", .later = false},
    {"control.group", CONF_STRING, SUPERVISOR_AT(control_group), "\"\"",
     "A group whose members may use the control socket.", .later = false},
    {"hooks.on_event", CONF_STRINGS, SUPERVISOR_AT(on_event), "[]",
     "A program run with each event as JSON on its standard input: failed, hung, buried, done.",
     .later = true},
};

static const struct conf_key pool_keys[] = {
    {"name", CONF_NAME, AT(name), NULL,
     "The pool's name: a letter, then letters, digits, _ . and -, at most 64.",
     .modes = CONF_ALL_MODES},
    {"mode", CONF_WORD, AT(mode), NULL,
     "service: copies of a command, kept running. command: a process a task. worker: processes "
     "that take task after task.",
     .modes = CONF_ALL_MODES, .words = words_mode},
    {"command", CONF_COMMAND, AT(command), NULL,
     "Program and arguments. Command mode puts the task in: {} whole, {.} without extension, {/} "
     "base name, {//} directory, {/.} base name without extension, {#} number, {%} slot, {1} {2} "
     "columns.",
     .modes = CONF_ALL_MODES},
    {"shell", CONF_BOOL, AT(shell), "false",
     "true: command is one string for /bin/sh -c; tasks reach it as quoted words only.",
     .modes = CONF_ALL_MODES},
    {"input", CONF_WORD, AT(input), "\"args\"",
     "args: the task is in the arguments; stdin: it is written to the standard input.",
     .modes = CONF_COMMAND_MODE, .words = words_input},
    {"size", CONF_POOL_SIZE, AT(size), "1",
     "Workers: a number, \"cpu\" for one a CPU, or \"50%\" of the CPUs.", .modes = CONF_ALL_MODES,
     .min = 0, .max = MOST_WORKERS},
    {"min", CONF_INT, AT(min), "0", "Operators can't scale below this.", .modes = CONF_ALL_MODES,
     .min = 0, .max = MOST_WORKERS},
    {"max", CONF_INT, AT(max), "0", "Operators can't scale above this; 0 = no bound.",
     .modes = CONF_ALL_MODES, .min = 0, .max = MOST_WORKERS},
    {"autostart", CONF_BOOL, AT(autostart), "true", "Start with the supervisor.",
     .modes = CONF_ALL_MODES},
    {"after", CONF_AFTER, AT(after), "[]",
     "Start when these pools are: \"db\" (all of its workers are ready), \"db:healthy\" (a check "
     "of each succeeded), \"db:started\", \"fetch:done\" (its tasks are). All are stopped in the "
     "opposite order.",
     .modes = CONF_ALL_MODES, .count_offset = AT(after_count)},
    {"tasks.list", CONF_STRINGS, AT(tasks.list), "[]",
     "Tasks, as they are. One source a pool; without one, tasks come from `lifeguard submit`.",
     .modes = CONF_TASK_MODES, .source = SOURCE_LIST},
    {"tasks.file", CONF_PATH, AT(tasks.path), "\"\"", "A file: each line is a task.",
     .modes = CONF_TASK_MODES, .source = SOURCE_FILE},
    {"tasks.glob", CONF_PATH, AT(tasks.path), "\"\"",
     "A pattern: each file that matches is a task.", .modes = CONF_TASK_MODES,
     .source = SOURCE_GLOB},
    {"tasks.command", CONF_STRINGS, AT(tasks.command), "[]",
     "A program: each line that it prints is a task.", .modes = CONF_TASK_MODES,
     .source = SOURCE_COMMAND},
    {"tasks.stdin", CONF_STDIN, AT(tasks.stdin_fd), "false",
     "Each line of the supervisor's standard input is a task.", .modes = CONF_TASK_MODES,
     .source = SOURCE_STDIN},
    {"tasks.from", CONF_STRING, AT(tasks.from), "\"\"",
     "Another pool: each of its results is a task.", .modes = CONF_TASK_MODES,
     .source = SOURCE_POOL},
    {"tasks.columns", CONF_STRING, AT(tasks.columns), "\"\"",
     "Text that separates the columns {1} {2} of a task.", .modes = CONF_TASK_MODES},
    {"tasks.skip_header", CONF_BOOL, AT(tasks.skip_header), "false", "The first line is no task.",
     .modes = CONF_TASK_MODES},
    {"tasks.null", CONF_BOOL, AT(tasks.null), "false", "Tasks end in NUL instead of newline.",
     .modes = CONF_TASK_MODES},
    {"tasks.rate", CONF_RATE, AT(tasks.rate), "\"\"",
     "Tasks taken from the source at most: \"10/s\", \"100/m\"; \"\" = no limit.",
     .modes = CONF_TASK_MODES},
    {"queue.backend", CONF_WORD, AT(queue.backend), "\"memory\"",
     "Where tasks wait: memory, sqlite (survives anything), redis (shared by machines).",
     .modes = CONF_TASK_MODES, .words = words_backend, .later = true},
    {"queue.capacity", CONF_INT64, AT(queue.capacity), "10000",
     "A full queue pauses the source; submit then says \"full\".", .modes = CONF_TASK_MODES,
     .min = 1, .max = MOST_COUNT},
    {"queue.durability", CONF_SWITCH, AT(queue.durable_power), "\"process\"",
     "sqlite: process survives kill -9, power survives loss of power.", .modes = CONF_TASK_MODES,
     .words = words_durability, .later = true},
    {"queue.uri", CONF_STRING, AT(queue.uri), "\"redis://127.0.0.1:6379/0\"", "redis: the server.",
     .modes = CONF_TASK_MODES, .later = true},
    {"queue.stream", CONF_STRING, AT(queue.stream), "\"\"",
     "redis: the stream; default: the pool's name.", .modes = CONF_TASK_MODES, .later = true,
     .computed = true},
    {"queue.group", CONF_STRING, AT(queue.group), "\"lifeguard\"", "redis: the consumer group.",
     .modes = CONF_TASK_MODES, .later = true},
    {"queue.lease", CONF_DURATION, AT(queue.lease), "\"60s\"",
     "redis: a task that is silent for this long goes to another machine.",
     .modes = CONF_TASK_MODES, .min = 0, .max = LONGEST, .later = true},
    {"order", CONF_WORD, AT(order), "\"completion\"",
     "Results in the order of completion or of input.", .modes = CONF_TASK_MODES,
     .words = words_order},
    {"results", CONF_OUTPUT, AT(results), "\"\"",
     "Results as JSON lines: a file, \"-\" for standard output, \"\" for none.",
     .modes = CONF_TASK_MODES},
    {"results_dir", CONF_PATH, AT(results_dir), "\"\"",
     "A directory that keeps standard output and error of each task in files.",
     .modes = CONF_TASK_MODES},
    {"joblog", CONF_PATH, AT(joblog), "\"\"", "A job log with GNU parallel's columns.",
     .modes = CONF_TASK_MODES, .later = true},
    {"resume", CONF_BOOL, AT(resume), "false", "Go on where an interrupted run stopped.",
     .modes = CONF_TASK_MODES, .later = true},
    {"timeout", CONF_TIMEOUT, AT(timeout), "0",
     "A task's wall time: a duration, or \"300%\" of the running median; 0 = none.",
     .modes = CONF_TASK_MODES},
    {"soft_timeout", CONF_TIMEOUT, AT(soft_timeout), "0",
     "CANCEL is sent after this, and timeout still ends the worker.", .modes = CONF_WORKER_MODE},
    {"retries", CONF_INT, AT(retries), "0", "More attempts for a task after its first failed.",
     .modes = CONF_TASK_MODES, .min = 0, .max = 1000000, .worker_fallback = "3"},
    {"backoff.initial", CONF_DURATION, AT(backoff.initial), "\"1s\"",
     "Wait before a task's second attempt.", .modes = CONF_TASK_MODES, .min = 0, .max = LONGEST},
    {"backoff.factor", CONF_NUMBER, AT(backoff.factor), "2.0",
     "Each further wait is this much longer.", .modes = CONF_TASK_MODES, .min = 1, .max = 1000},
    {"backoff.max", CONF_DURATION, AT(backoff.max), "\"600s\"", "Longest wait.",
     .modes = CONF_TASK_MODES, .min = 0, .max = LONGEST},
    {"backoff.jitter", CONF_WORD, AT(backoff.jitter), "\"full\"",
     "full: a random part of the wait; none: the whole wait.", .modes = CONF_TASK_MODES,
     .words = words_jitter},
    {"retry_on", CONF_STATUSES, AT(retry_on), "[]",
     "Exit statuses that are tried again; [] = every failure.", .modes = CONF_TASK_MODES, .min = 0,
     .max = 255, .count_offset = AT(retry_on_count)},
    {"bury_on", CONF_STATUSES, AT(bury_on), "[]", "Exit statuses that are never tried again.",
     .modes = CONF_TASK_MODES, .min = 0, .max = 255, .count_offset = AT(bury_on_count)},
    {"halt", CONF_HALT, AT(halt), "\"never\"",
     "When the pool ends early: \"now,fail=1\", \"soon,fail=10%\", \"now,success=1\", "
     "\"soon,done=100\" (now: running tasks are ended; soon: they finish).",
     .modes = CONF_TASK_MODES},
    {"bury_after_deaths", CONF_INT, AT(bury_after_deaths), "3",
     "A task that killed this many workers is set aside.", .modes = CONF_WORKER_MODE, .min = 1,
     .max = 1000000},
    {"batch", CONF_BATCH, AT(batch), "\"auto\"",
     "Tasks in flight a worker: 1 to 4096, or \"auto\" (what keeps it busy; 1 with a timeout).",
     .modes = CONF_WORKER_MODE},
    {"init", CONF_STRINGS, AT(init), "[]", "Sent to each worker before its first task.",
     .modes = CONF_WORKER_MODE},
    {"max_tasks", CONF_INT64, AT(max_tasks), "0",
     "A worker is replaced after this many tasks; 0 = never.", .modes = CONF_WORKER_MODE, .min = 0,
     .max = MOST_COUNT},
    {"max_age", CONF_DURATION, AT(max_age), "0", "A worker is replaced after this long; 0 = never.",
     .modes = CONF_WORKER_MODE, .min = 0, .max = LONGEST},
    {"max_memory", CONF_BYTES, AT(max_memory), "\"\"",
     "A worker that uses more is replaced after the task in hand.", .modes = CONF_WORKER_MODE,
     .min = 0, .max = MOST_BYTES},
    {"socket", CONF_SOCKET, AT(socket), "\"\"",
     "A listening socket shared by the copies, as their descriptor 3 (LISTEN_FDS): "
     "\"tcp://:8080\", \"tcp://127.0.0.1:8080\", \"tcp://[::1]:8080\", \"unix:PATH\" (its mode by "
     "umask). It stays open while copies are replaced: no connection is refused.",
     .modes = CONF_SERVICE_MODE},
    {"restart", CONF_WORD, AT(restart), "\"always\"",
     "always, on-failure (a status other than 0, or a signal), never.", .modes = CONF_LIFE_MODES,
     .words = words_restart},
    {"restart_backoff.initial", CONF_DURATION, AT(restart_backoff.initial), "\"250ms\"",
     "Wait before the second restart in a row; the first is immediate.", .modes = CONF_LIFE_MODES,
     .min = 0, .max = LONGEST},
    {"restart_backoff.factor", CONF_NUMBER, AT(restart_backoff.factor), "2.0",
     "Each further wait is this much longer.", .modes = CONF_LIFE_MODES, .min = 1, .max = 1000},
    {"restart_backoff.max", CONF_DURATION, AT(restart_backoff.max), "\"30s\"", "Longest wait.",
     .modes = CONF_LIFE_MODES, .min = 0, .max = LONGEST},
    {"restart_backoff.reset_after", CONF_DURATION, AT(restart_backoff.reset_after), "\"30s\"",
     "A worker that was up for this long starts again at once.", .modes = CONF_LIFE_MODES, .min = 0,
     .max = LONGEST},
    {"crash_loop.failures", CONF_INT, AT(crash_loop.failures), "8",
     "A slot that failed this often within the window is held.", .modes = CONF_LIFE_MODES, .min = 1,
     .max = 1000000},
    {"crash_loop.window", CONF_DURATION, AT(crash_loop.window), "\"60s\"", "The window.",
     .modes = CONF_LIFE_MODES, .min = CLOCK_MS, .max = LONGEST},
    {"crash_loop.probe", CONF_DURATION, AT(crash_loop.probe), "\"60s\"",
     "One canary of a held pool is tried this often.", .modes = CONF_LIFE_MODES, .min = CLOCK_MS,
     .max = LONGEST},
    {"stop.signal", CONF_SIGNAL, AT(stop.signal), "\"TERM\"", "Sent first.",
     .modes = CONF_ALL_MODES},
    {"stop.grace", CONF_DURATION, AT(stop.grace), "\"10s\"",
     "Then KILL to everything that the worker started.", .modes = CONF_ALL_MODES, .min = 0,
     .max = LONGEST},
    {"stop.group", CONF_BOOL, AT(stop.group), "true", "The signal goes to the whole process group.",
     .modes = CONF_ALL_MODES},
    {"ready.notify", CONF_BOOL, AT(ready.notify), "false",
     "Up when the worker says READY=1 (sd_notify).", .modes = CONF_LIFE_MODES},
    {"ready.timeout", CONF_DURATION, AT(ready.timeout), "\"60s\"",
     "Longest start; then it counts as failed.", .modes = CONF_LIFE_MODES, .min = 0,
     .max = LONGEST},
    {"ready.command", CONF_STRINGS, AT(ready.command), "[]",
     "Up when this program succeeds; it is run again and again until it does. {pid}, {slot} and "
     "{pool} are replaced, and LIFEGUARD_PID is in its environment.",
     .modes = CONF_SERVICE_MODE},
    {"ready.tcp", CONF_STRING, AT(ready.tcp), "\"\"",
     "Up when this address can be connected to: \"127.0.0.1:8080\", \"localhost:80{slot}\", "
     "\"unix:/run/app.sock\". Hosts are numeric, or localhost.",
     .modes = CONF_SERVICE_MODE},
    {"ready.log", CONF_STRING, AT(ready.log), "\"\"",
     "Up when a line of its output matches this extended regular expression.",
     .modes = CONF_SERVICE_MODE},
    {"ready.min_uptime", CONF_DURATION, AT(ready.min_uptime), "\"1s\"",
     "Otherwise: up when it has lived this long.", .modes = CONF_LIFE_MODES, .min = 0,
     .max = LONGEST},
    {"health.command", CONF_STRINGS, AT(health.command), "[]",
     "Healthy while this program succeeds; {pid} and the environment as for ready.command.",
     .modes = CONF_LIFE_MODES},
    {"health.tcp", CONF_STRING, AT(health.tcp), "\"\"",
     "Healthy while this address can be connected to.", .modes = CONF_LIFE_MODES},
    {"health.interval", CONF_DURATION, AT(health.interval), "\"10s\"", "Between two checks.",
     .modes = CONF_LIFE_MODES, .min = 10 * CLOCK_MS, .max = LONGEST},
    {"health.timeout", CONF_DURATION, AT(health.timeout), "\"1s\"",
     "Longest check; its program is killed then, and that is a failure.", .modes = CONF_LIFE_MODES,
     .min = CLOCK_MS, .max = LONGEST},
    {"health.failures", CONF_INT, AT(health.failures), "3",
     "After so many failed checks in a row the worker is restarted.", .modes = CONF_LIFE_MODES,
     .min = 1, .max = 1000000},
    {"hang.heartbeat", CONF_DURATION, AT(hang.heartbeat), "0",
     "Hung without sd_notify WATCHDOG=1 (or BEAT) for this long; 0 = off.", .modes = CONF_ALL_MODES,
     .min = 0, .max = LONGEST},
    {"hang.silence", CONF_DURATION, AT(hang.silence), "0",
     "Hung with work in hand (a service always has), no output and no CPU used for this long; 0 = "
     "off. For servers that may rest see health.",
     .modes = CONF_ALL_MODES, .min = 0, .max = LONGEST},
    {"hang.spin", CONF_DURATION, AT(hang.spin), "0",
     "Hung with work in hand, 90 % of a CPU or more used and no output, answer or progress for "
     "this "
     "long; 0 = off.",
     .modes = CONF_ALL_MODES, .min = 0, .max = LONGEST},
    {"hang.stall", CONF_DURATION, AT(hang.stall), "0",
     "Hung with work in hand and no output, answer or progress for this long, whatever the CPU; 0 "
     "= "
     "off.",
     .modes = CONF_ALL_MODES, .min = 0, .max = LONGEST},
    {"hang.action", CONF_WORD, AT(hang.action), "\"report\"",
     "report: show and say it; restart: end the worker as well.", .modes = CONF_ALL_MODES,
     .words = words_hang},
    {"hang.evidence", CONF_STRINGS, AT(hang.evidence), "[]",
     "A program run before the kill, as lifeguard's own user, for at most 10 s: [\"py-spy\", "
     "\"dump\", \"--pid\", \"{pid}\"]. What it prints is part of the report.",
     .modes = CONF_ALL_MODES},
    {"scale.policy", CONF_WORD, AT(scale.policy), "\"none\"",
     "backlog: more workers while tasks wait, fewer while workers idle; needs max.",
     .modes = CONF_TASK_MODES, .words = words_scale},
    {"scale.up_after", CONF_DURATION, AT(scale.up_after), "\"3s\"",
     "Backlog for this long adds workers.", .modes = CONF_TASK_MODES, .min = 0, .max = LONGEST},
    {"scale.down_after", CONF_DURATION, AT(scale.down_after), "\"60s\"",
     "Idleness for this long takes workers.", .modes = CONF_TASK_MODES, .min = 0, .max = LONGEST},
    {"scale.step", CONF_INT, AT(scale.step), "1", "Workers added or taken at once, at most.",
     .modes = CONF_TASK_MODES, .min = 1, .max = MOST_WORKERS},
    {"env", CONF_ENV, AT(env), "{}", "Variables for the workers.", .modes = CONF_ALL_MODES},
    {"env_files", CONF_PATHS, AT(env_files), "[]", "Files of KEY=VALUE lines; env wins over them.",
     .modes = CONF_ALL_MODES},
    {"cwd", CONF_PATH, AT(cwd), "\"\"", "Working directory; default: the config file's directory.",
     .modes = CONF_ALL_MODES, .computed = true},
    {"umask", CONF_MASK, AT(umask), "\"0022\"", "File mode creation mask.",
     .modes = CONF_ALL_MODES},
    {"user", CONF_STRING, AT(user), "\"\"", "Run as this user (needs root).",
     .modes = CONF_ALL_MODES},
    {"group", CONF_STRING, AT(group), "\"\"", "Run as this group; default: the user's.",
     .modes = CONF_ALL_MODES},
    {"nice", CONF_INT, AT(nice), "0",
     "Added to lifeguard's own niceness; less than 0 needs CAP_SYS_NICE.", .modes = CONF_ALL_MODES,
     .min = -20, .max = 19},
    {"ionice", CONF_STRING, AT(ionice), "\"\"",
     "I/O class and level: \"idle\", \"best-effort:0\" (first) to \"best-effort:7\", "
     "\"realtime:0\" to \"realtime:7\" (needs CAP_SYS_NICE), \"none\".",
     .modes = CONF_ALL_MODES, .form = limits_check_ionice},
    {"affinity", CONF_STRING, AT(affinity), "\"\"", "CPUs to run on: \"0-3,8\".",
     .modes = CONF_ALL_MODES, .form = limits_check_affinity},
    {"oom_score_adj", CONF_INT, AT(oom_score_adj), "0",
     "Which process the kernel ends first when memory is out: -1000 (never) to 1000 (first); 0 = "
     "as lifeguard itself. Below lifeguard's own it needs CAP_SYS_RESOURCE.",
     .modes = CONF_ALL_MODES, .min = -1000, .max = 1000},
    {"limits.nofile", CONF_LIMIT, AT(limits.nofile), "\"\"",
     "Open files; \"\" leaves the limit alone, here and below.", .modes = CONF_ALL_MODES, .min = 3,
     .max = MOST_COUNT},
    {"limits.core", CONF_LIMIT, AT(limits.core), "\"\"", "Size of a core file; \"0\" for none.",
     .modes = CONF_ALL_MODES, .min = 0, .max = MOST_BYTES},
    {"limits.as", CONF_LIMIT, AT(limits.as), "\"\"", "Address space: \"2G\".",
     .modes = CONF_ALL_MODES, .min = 0, .max = MOST_BYTES},
    {"limits.cpu", CONF_LIMIT, AT(limits.cpu), "\"\"", "Seconds of CPU.", .modes = CONF_ALL_MODES,
     .min = 1, .max = MOST_COUNT},
    {"cgroup.memory_max", CONF_BYTES, AT(cgroup.memory_max), "\"\"",
     "Memory of a worker and its children: \"512M\". Here and below: where the kernel has no such "
     "controller the pool runs without, and `status` says so.",
     .modes = CONF_ALL_MODES, .min = 0, .max = MOST_BYTES},
    {"cgroup.cpu_max", CONF_STRING, AT(cgroup.cpu_max), "\"\"",
     "CPU of a worker and its children: \"150%\" of one, \"max\".", .modes = CONF_ALL_MODES,
     .form = limits_check_cpu_max},
    {"cgroup.pids_max", CONF_INT64, AT(cgroup.pids_max), "0",
     "Processes and threads of a worker; 0 = no limit.", .modes = CONF_ALL_MODES, .min = 0,
     .max = MOST_COUNT},
    {"log.mode", CONF_WORD, AT(log.mode), "\"pipe\"", "How output is taken: pipe, file, pty.",
     .modes = CONF_ALL_MODES, .words = words_log_mode, .later = true},
    {"log.per", CONF_WORD, AT(log.per), "\"process\"",
     "A file a process (its PID in the name), a slot, or a pool.", .modes = CONF_ALL_MODES,
     .words = words_log_per, .command_fallback = "\"slot\""},
    {"log.max_size", CONF_BYTES, AT(log.max_size), "\"10M\"",
     "A file that is larger is rotated; \"\" = never.", .modes = CONF_ALL_MODES, .min = 0,
     .max = MOST_BYTES},
    {"log.keep", CONF_INT, AT(log.keep), "5", "Rotated files kept.", .modes = CONF_ALL_MODES,
     .min = 0, .max = 100000},
    {"log.keep_lives", CONF_INT, AT(log.keep_lives), "50",
     "Ended processes of a slot whose logs are kept.", .modes = CONF_ALL_MODES, .min = 0,
     .max = 1000000},
    {"log.max_total", CONF_BYTES, AT(log.max_total), "\"1G\"",
     "All logs of the pool; the oldest lives go first. \"\" = no limit.", .modes = CONF_ALL_MODES,
     .min = 0, .max = MOST_BYTES},
    {"log.compress", CONF_BOOL, AT(log.compress), "false", "Compress rotated files.",
     .modes = CONF_ALL_MODES, .later = true},
    {"log.timestamps", CONF_BOOL, AT(log.timestamps), "true",
     "Put the time before each line in the file.", .modes = CONF_ALL_MODES},
    {"log.ring", CONF_BYTES, AT(log.ring), "\"1M\"", "Newest output of a worker kept in memory.",
     .modes = CONF_ALL_MODES, .min = 4096, .max = INT64_C(1) << 26},
    {"log.when_full", CONF_SWITCH, AT(log.block_when_full), "\"drop\"",
     "Disk full: drop (counted and said in the log) or block the worker.", .modes = CONF_ALL_MODES,
     .words = words_when_full},
    {"log.stderr", CONF_SWITCH, AT(log.separate_stderr), "\"merge\"",
     "merge: one pipe for both outputs; separate: one each.", .modes = CONF_ALL_MODES,
     .words = words_stderr},
    {"shared", CONF_SHARED, AT(shared), "()",
     "Locks, semaphores and numbers that workers share by name: ( { name = \"db\"; type = "
     "\"semaphore\"; value = 2; } ).",
     .modes = CONF_ALL_MODES, .count_offset = AT(shared_count)},
};

struct conf_keys conf_schema(enum conf_section section)
{
    if (section == CONF_SUPERVISOR)
        return (struct conf_keys){supervisor_keys, ARRAY_LEN(supervisor_keys)};
    return (struct conf_keys){pool_keys, ARRAY_LEN(pool_keys)};
}

const char *conf_key_fallback(const struct conf_key *key, enum pool_mode mode)
{
    if (mode == POOL_WORKER && key->worker_fallback)
        return key->worker_fallback;
    if (mode == POOL_COMMAND && key->command_fallback)
        return key->command_fallback;
    return key->fallback;
}

void conf_mode_names(unsigned modes, char *out, size_t size)
{
    size_t used = 0;

    out[0] = 0;
    for (int mode = POOL_SERVICE; mode <= POOL_WORKER; mode++) {
        if (modes & 1u << mode && used < size)
            used += (size_t)snprintf(out + used, size - used, "%s%s", used ? ", " : "",
                                     pool_mode_name(mode));
    }
}
