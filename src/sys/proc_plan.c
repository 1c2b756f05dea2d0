/* SPDX-License-Identifier: MIT */
/*
 * Around a spawn: the empty plan, the search for the program before it, and the words for what
 * failed after it. The search must not allocate (proc_child.h says why); the words may.
 */
#include "sys/proc_child.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"

void proc_plan_init(struct proc_plan *plan)
{
    *plan = (struct proc_plan){.fd_count = 3,
                               .cgroup_dir = -1,
                               .umask = 022,
                               .nice = INT_MIN,
                               .ionice = -1,
                               .oom_score_adj = INT_MIN};
    for (int i = 0; i < PROC_MAX_FDS; i++)
        plan->fds[i] = -1;
}

const char *proc_stage_name(enum proc_stage stage)
{
    static const char *const names[] = {
        [PROC_STAGE_NONE] = "none",         [PROC_STAGE_CLONE] = "clone",
        [PROC_STAGE_CGROUP] = "cgroup",     [PROC_STAGE_SESSION] = "session",
        [PROC_STAGE_FDS] = "fds",           [PROC_STAGE_LIMITS] = "limits",
        [PROC_STAGE_PRIORITY] = "priority", [PROC_STAGE_USER] = "user",
        [PROC_STAGE_CWD] = "cwd",           [PROC_STAGE_EXEC] = "exec"};

    return (size_t)stage < ARRAY_LEN(names) ? names[stage] : "?";
}

static bool path_add(char path[PATH_MAX], size_t *len, const char *text, size_t text_len)
{
    if (*len + text_len >= PATH_MAX)
        return false;
    memcpy(path + *len, text, text_len);
    *len += text_len;
    path[*len] = '\0';
    return true;
}

/* "DIR/NAME", relative directories meant from the child's own directory. */
static bool path_join(const struct proc_plan *plan, char path[PATH_MAX], const char *dir,
                      size_t dir_len)
{
    size_t len = 0;

    if (dir_len == 0) {
        dir = ".";
        dir_len = 1;
    }
    if (dir[0] != '/' && plan->cwd &&
        !(path_add(path, &len, plan->cwd, strlen(plan->cwd)) && path_add(path, &len, "/", 1)))
        return false;
    return path_add(path, &len, dir, dir_len) && path_add(path, &len, "/", 1) &&
           path_add(path, &len, plan->path, strlen(plan->path));
}

/* 0 when it is a file that can be executed, else why not. */
static int path_check(const char *path)
{
    struct stat status;

    if (stat(path, &status) < 0)
        return errno;
    if (!S_ISREG(status.st_mode))
        return EACCES;
    return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0 ? errno : 0;
}

int proc_find_program(const struct proc_plan *plan, char path[PATH_MAX])
{
    int worst = ENOENT;
    size_t len = 0;

    if (!plan->path || !plan->path[0])
        return ENOENT;
    if (strchr(plan->path, '/') || !plan->search) {
        if (!path_add(path, &len, plan->path, strlen(plan->path)))
            return ENAMETOOLONG;
        return strchr(path, '/') ? 0 : ENOENT;
    }
    for (const char *dir = plan->search; dir;) {
        size_t dir_len = strcspn(dir, ":");
        int error = path_join(plan, path, dir, dir_len) ? path_check(path) : ENAMETOOLONG;

        if (!error)
            return 0;
        if (error == EACCES)
            worst = EACCES;
        dir = dir[dir_len] ? dir + dir_len + 1 : NULL;
    }
    return worst;
}

static int open_program(const struct proc_plan *plan, const char *path)
{
    int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK;
    int dir = AT_FDCWD, fd;

    if (path[0] != '/' && plan->cwd)
        dir = open(plan->cwd, O_PATH | O_DIRECTORY | O_CLOEXEC);
    fd = openat(dir, path, flags);
    if (dir >= 0)
        close(dir);
    return fd;
}

/* The interpreter that an ELF file names, "" when none. */
static void read_elf_interpreter(int fd, const char *start, size_t got, char *out, size_t size)
{
    const size_t least = sizeof(ElfW(Ehdr));
    ElfW(Ehdr) header;

    if (got < least || memcmp(start, ELFMAG, SELFMAG) != 0)
        return;
    memcpy(&header, start, least);
    for (int i = 0; i < header.e_phnum && i < 64; i++) {
        ElfW(Phdr) part;
        off_t at = (off_t)(header.e_phoff + (uint64_t)i * sizeof(part));
        ssize_t len;

        if (pread(fd, &part, sizeof(part), at) != (ssize_t)sizeof(part))
            return;
        if (part.p_type != PT_INTERP)
            continue;
        len = pread(fd, out, size - 1, (off_t)part.p_offset);
        out[len > 0 ? len : 0] = '\0';
        if (len > 0 && part.p_filesz < size)
            out[part.p_filesz] = '\0';
        return;
    }
}

/* The interpreter that a program needs (of a "#!" line, or the ELF loader), "" when none. */
static void read_interpreter(const struct proc_plan *plan, const char *path, char *out, size_t size)
{
    char start[256 + 1];
    struct stat status;
    ssize_t got;
    int fd = open_program(plan, path);

    out[0] = '\0';
    if (fd < 0)
        return;
    got = fstat(fd, &status) == 0 && S_ISREG(status.st_mode) ? pread(fd, start, 256, 0) : 0;
    start[got > 0 ? got : 0] = '\0';
    if (got > 2 && memcmp(start, "#!", 2) == 0) {
        const char *name = start + 2 + strspn(start + 2, " \t");

        snprintf(out, size, "%.*s", (int)strcspn(name, " \t\r\n"), name);
    } else if (got > 0) {
        read_elf_interpreter(fd, start, (size_t)got, out, size);
    }
    close(fd);
}

static int explain_exec(const struct proc_plan *plan, int error, const char *path, struct err *err)
{
    char interpreter[256];

    /* Looking at a file on a file system that hangs would hang us: the bare errno must do there. */
    if (plan->slow_path || (error != ENOENT && error != EACCES && error != ENOEXEC))
        return err_set_errno(err, error, "exec %s", path);
    read_interpreter(plan, path, interpreter, sizeof(interpreter));
    if (interpreter[0] && path_check(interpreter) == ENOENT)
        return err_set(err, error, "exec %s: its interpreter %s does not exist", path, interpreter);
    if (interpreter[0] && error == EACCES && path_check(interpreter) == EACCES)
        return err_set(err, error, "exec %s: its interpreter %s can't be executed", path,
                       interpreter);
    if (error == ENOEXEC && !interpreter[0])
        return err_set(err, error, "exec %s: %s (a script needs a #! line)", path, strerror(error));
    return err_set_errno(err, error, "exec %s", path);
}

int proc_explain(const struct proc_plan *plan, const struct proc_failure *failure, const char *path,
                 struct err *err)
{
    enum proc_stage stage = (enum proc_stage)failure->stage;

    if (stage == PROC_STAGE_EXEC)
        return explain_exec(plan, failure->error, path[0] ? path : plan->path, err);
    if (stage == PROC_STAGE_CWD)
        return err_set_errno(err, failure->error, "cwd %s", plan->cwd);
    if (stage == PROC_STAGE_USER)
        return err_set_errno(err, failure->error, "user %u, group %u", plan->uid, plan->gid);
    return err_set_errno(err, failure->error, "%s", proc_stage_name(stage));
}
