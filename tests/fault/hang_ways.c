/* SPDX-License-Identifier: MIT */
/* Ways to hang, one an argument. Each prints "ready" and then hangs; a failed set-up ends it. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER, second = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t both_hold;

static void *take_backwards(void *unused)
{
    pthread_mutex_lock(&second);
    pthread_barrier_wait(&both_hold);
    pthread_mutex_lock(&first);
    return unused;
}

static void mutex(void)
{
    pthread_t thread;

    pthread_barrier_init(&both_hold, NULL, 2);
    pthread_create(&thread, NULL, take_backwards, NULL);
    pthread_mutex_lock(&first);
    pthread_barrier_wait(&both_hold);
    pthread_mutex_lock(&second);
}

/* A mutex in shared memory, not a robust one, whose holder ended. */
static void dead_holder(void)
{
    pthread_mutex_t *shared =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_mutexattr_t attributes;
    pid_t child;

    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(shared, &attributes);
    child = fork();
    if (child == 0) {
        pthread_mutex_lock(shared);
        _exit(0);
    }
    waitpid(child, NULL, 0);
    pthread_mutex_lock(shared);
}

static void write_much(int fd)
{
    static const char bytes[1 << 20];
    ssize_t written = write(fd, bytes, sizeof(bytes));

    _exit(written < 0);
}

/* Each writes more than the other reads. */
static void pipes(void)
{
    int there[2], back[2];

    if (pipe(there) < 0 || pipe(back) < 0)
        _exit(1);
    if (fork() == 0) {
        close(there[1]);
        close(back[0]);
        write_much(back[1]);
    }
    close(there[0]);
    close(back[1]);
    write_much(there[1]);
}

static void full_pipe(void)
{
    int ends[2];

    if (pipe(ends) < 0)
        _exit(1);
    if (fork() == 0) {
        close(ends[1]);
        pause();
    }
    close(ends[0]);
    write_much(ends[1]);
}

static void spin(void)
{
    for (volatile unsigned long i = 0;; i++)
        ;
}

static void sleep_long(void)
{
    sleep(100000);
}

static void stop(void)
{
    raise(SIGSTOP);
}

/* Its child is over, and nobody asks. */
static void zombie(void)
{
    if (fork() == 0)
        _exit(3);
    sleep(100000);
}

static void child(void)
{
    if (fork() == 0) {
        execlp("sleep", "sleep", "99999", NULL);
        _exit(1);
    }
    wait(NULL);
}

/* The kernel keeps the parent in state D until the child starts a program or ends. */
static void stuck_vfork(void)
{
    if (vfork() ==
        0) { /* NOLINT(clang-analyzer-security.insecureAPI.vfork): as it is to be shown */
        sleep(99999);
        _exit(0);
    }
}

static void file_lock(void)
{
    FILE *file = tmpfile();
    int ends[2];
    char byte;

    if (!file || pipe(ends) < 0)
        _exit(1);
    if (fork() == 0) {
        if (lockf(fileno(file), F_LOCK, 0) == 0 && write(ends[1], "", 1) == 1)
            pause();
        _exit(1);
    }
    if (read(ends[0], &byte, 1) != 1 || lockf(fileno(file), F_LOCK, 0) < 0)
        _exit(1);
}

static void *wait_here(void *unused)
{
    pause();
    return unused;
}

static void no_leader(void)
{
    pthread_t thread;

    pthread_create(&thread, NULL, wait_here, NULL);
    pthread_exit(NULL);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*hang)(void);
    } ways[] = {{"mutex", mutex},         {"dead-holder", dead_holder},
                {"pipes", pipes},         {"full-pipe", full_pipe},
                {"spin", spin},           {"sleep", sleep_long},
                {"stop", stop},           {"zombie", zombie},
                {"child", child},         {"vfork", stuck_vfork},
                {"file-lock", file_lock}, {"no-leader", no_leader}};

    puts("ready");
    fflush(stdout);
    for (size_t i = 0; argc == 2 && i < sizeof(ways) / sizeof(ways[0]); i++)
        if (strcmp(ways[i].name, argv[1]) == 0)
            ways[i].hang();
    return 1;
}
