/* SPDX-License-Identifier: MIT */
/*
 * Task output: memory first, then an unlinked temporary file. Owned by the life of a task's
 * process, handed to the result sink at the end.
 */
#include "supervisor/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "sys/file.h"

static void stream_init(struct output_stream *stream)
{
    *stream = (struct output_stream){.file = -1};
    buf_init(&stream->memory, OUTPUT_MEMORY);
}

static void stream_fini(struct output_stream *stream)
{
    buf_fini(&stream->memory);
    if (stream->file >= 0)
        close(stream->file);
    stream_init(stream);
}

struct task_output *task_output_new(void)
{
    struct task_output *output = mem_new(sizeof(*output));

    stream_init(&output->out);
    stream_init(&output->err);
    return output;
}

void task_output_free(struct task_output *output)
{
    if (!output)
        return;
    stream_fini(&output->out);
    stream_fini(&output->err);
    free(output);
}

static void stream_reset(struct output_stream *stream)
{
    buf_reset(&stream->memory);
    buf_trim(&stream->memory);
    if (stream->file >= 0)
        close(stream->file);
    stream->file = -1;
    stream->total = stream->lost = 0;
}

void task_output_reset(struct task_output *output)
{
    stream_reset(&output->out);
    stream_reset(&output->err);
}

static int stream_open_file(struct output_stream *stream)
{
    const char *dir = getenv("TMPDIR");

    if (stream->file >= 0)
        return 0;
    if (!dir || !*dir)
        dir = "/tmp";
    stream->file = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (stream->file < 0 && errno == EOPNOTSUPP) {
        char *path = mem_printf("%s/lifeguard-output-XXXXXX", dir);

        stream->file = mkostemp(path, O_CLOEXEC);
        if (stream->file >= 0)
            unlink(path);
        free(path);
    }
    return stream->file < 0 ? -errno : 0;
}

void task_output_add(struct task_output *output, char stream_name, const char *bytes, size_t len)
{
    struct output_stream *stream = stream_name == 'e' ? &output->err : &output->out;
    size_t room = OUTPUT_MEMORY - buf_len(&stream->memory);
    size_t here = len < room ? len : room;

    stream->total += len;
    if (stream->file < 0 && here && buf_append(&stream->memory, bytes, here) == 0) {
        bytes += here;
        len -= here;
    }
    if (len && (stream_open_file(stream) < 0 || file_write_all(stream->file, bytes, len) < 0))
        stream->lost += len;
}

int64_t output_stream_read(struct output_stream *stream, uint64_t offset, char *out, size_t size)
{
    size_t held = buf_len(&stream->memory);
    ssize_t got;

    if (offset < held) {
        if (size > held - offset)
            size = held - (size_t)offset;
        memcpy(out, buf_data(&stream->memory) + offset, size);
        return (int64_t)size;
    }
    if (stream->file < 0)
        return 0;
    got = pread(stream->file, out, size, (off_t)(offset - held));
    return got < 0 ? -errno : got;
}

int output_stream_copy(struct output_stream *stream, int fd)
{
    char block[65536];
    uint64_t offset = 0;
    int64_t got;
    int rc = 0;

    while (rc == 0 && (got = output_stream_read(stream, offset, block, sizeof(block))) > 0) {
        rc = file_write_all(fd, block, (size_t)got);
        offset += (uint64_t)got;
    }
    return rc;
}
