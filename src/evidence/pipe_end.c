/* SPDX-License-Identifier: MIT */
/*
 * The other end of a pipe: looked for among the processes known already, then in the whole machine,
 * which costs a link read for each open descriptor there is.
 */
#include "evidence/pipe_end.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sys/procfs_task.h"

static bool is_end(const struct procfs_fd *fd, uint64_t inode, bool reader)
{
    int way = fd->flags & O_ACCMODE;

    if (fd->inode != inode || strncmp(fd->target, "pipe:", 5) != 0 || fd->flags < 0)
        return false;
    return way == O_RDWR || way == (reader ? O_RDONLY : O_WRONLY);
}

static bool process_has_end(const struct process *process, uint64_t inode, bool reader)
{
    for (int i = 0; i < process->fd_count; i++)
        if (is_end(&process->fds[i], inode, reader))
            return true;
    return false;
}

/* -1 = not allowed to look. */
static int stranger_has_end(pid_t pid, uint64_t inode, bool reader)
{
    int numbers[FACTS_FDS];
    int count = procfs_list_fds(pid, numbers, FACTS_FDS);
    struct procfs_fd fd;

    for (int i = 0; i < count; i++)
        if (procfs_read_fd(pid, numbers[i], &fd) == 0 && is_end(&fd, inode, reader))
            return 1;
    return count < 0 && count != -ESRCH ? -1 : 0;
}

static pid_t search_machine(struct facts *facts, uint64_t inode, bool reader)
{
    struct procfs_kin *all = NULL;
    size_t count = procfs_list_kin(&all);
    pid_t found = 0;
    bool hidden = false;

    for (size_t i = 0; i < count && !found; i++) {
        int has = stranger_has_end(all[i].pid, inode, reader);

        hidden |= has < 0;
        if (has > 0)
            found = all[i].pid;
    }
    free(all);
    if (found)
        facts_process(facts, found);
    return found ? found : hidden ? -1 : 0;
}

pid_t pipe_other_end(struct facts *facts, const struct process *process, const struct procfs_fd *fd,
                     bool output)
{
    bool own = process_has_end(process, fd->inode, output);
    pid_t found;

    for (size_t i = 0; i < facts->count; i++)
        if (&facts->processes[i] != process &&
            process_has_end(&facts->processes[i], fd->inode, output))
            return facts->processes[i].pid;
    if (own)
        return process->pid;
    found = search_machine(facts, fd->inode, output);
    return found;
}
