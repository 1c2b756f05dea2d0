/* SPDX-License-Identifier: MIT */
/*
 * The result sink: detach (sink_take), order (sink_hold, sink_release), deliver (sink_deliver). A
 * result has one owner at a time: the held map, the client's list, or the function that writes it.
 */
#include "supervisor/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/idmap.h"
#include "pool/template.h"
#include "pool/worker.h"
#include "supervisor/client.h"
#include "supervisor/events.h"
#include "supervisor/output.h"
#include "supervisor/sink_write.h"
#include "supervisor/source.h"
#include "supervisor/supervisor.h"

enum { HELD_MEMORY = 64 << 20, CLIENT_MEMORY = 16 << 20, CLIENT_RESULTS = 4096 };
/* Longer answers that wait for their turn may go to the spill file. */
enum { ANSWER_SMALL = 4096 };
static const int64_t SPILL_MOST = INT64_C(1) << 30;

struct result_sink {
    struct pool_box *box;
    struct sink_writer writer;
    struct idmap held; /* seq -> result: finished before their turn */
    uint64_t next_seq; /* the one whose turn it is */
    int64_t held_memory;
    int spill; /* unlinked file for what does not fit, -1 = none yet */
    int64_t spill_end;
    size_t spilled;
    struct client *client;
    struct list for_client;
    size_t for_client_count;
    int64_t for_client_memory;
};

struct result_sink *sink_new(struct pool_box *box, struct err *err)
{
    struct result_sink *sink = mem_new(sizeof(*sink));

    sink->box = box;
    sink->next_seq = 1;
    sink->spill = -1;
    list_init(&sink->for_client);
    if (sink_writer_open(&sink->writer, box, err) < 0) {
        sink_free(sink);
        return NULL;
    }
    return sink;
}

/* What passed through; its texts are others'. */
static void result_clear(struct result *result)
{
    task_output_free(result->output);
    free(result->unsaved);
    free(result->command);
    free(result->last_words);
}

void result_free(struct result *result)
{
    if (!result)
        return;
    result_clear(result);
    free(result);
}

const char *result_text(const struct result *result, size_t *len)
{
    struct buf *memory = result->output ? &result->output->out.memory : NULL;

    *len = memory ? buf_len(memory) : result->answer ? result->answer_len : 0;
    if (!*len)
        return "";
    if (!memory)
        return result->answer;
    if (buf_data(memory)[*len - 1] == '\n')
        --*len;
    return buf_data(memory);
}

static void held_free(void *result)
{
    result_free(result);
}

void sink_free(struct result_sink *sink)
{
    if (!sink)
        return;
    sink_writer_close(&sink->writer);
    idmap_each(&sink->held, held_free);
    idmap_fini(&sink->held);
    LIST_EACH(node, &sink->for_client)
    result_free(LIST_ENTRY(node, struct result, link));
    if (sink->spill >= 0)
        close(sink->spill);
    free(sink);
}

static int64_t result_memory(const struct result *result)
{
    int64_t size = (int64_t)(sizeof(*result) + result->input_len + result->answer_len);

    if (result->output)
        size += (int64_t)(result->output->out.memory.cap + result->output->err.memory.cap);
    return size;
}

static char *result_command(const struct pool_box *box, const struct task *task)
{
    struct buf line = {0};
    char *text = NULL;

    if (!box->command ? template_quote(&line, task->input, task->len) == 0
                      : template_print(box->command, task, task->last_slot, &line) == 0)
        text = mem_copy_bytes(buf_data(&line), buf_len(&line));
    buf_fini(&line);
    return text;
}

/* On loan: the texts are the task's and the worker's. */
static void result_borrow(struct result *result, const struct pool_box *box,
                          const struct task *task, const struct worker *worker)
{
    *result = (struct result){
        .seq = task->seq,
        .id = task->id,
        .state = task->state,
        .exit = task->exit,
        .signal = task->signal,
        .attempts = task->attempts,
        .pid = task->last_pid,
        .slot = task->last_slot,
        .started =
            task->started_at ? (double)supervisor_wall_of(box->sup, task->started_at) / 1e9 : 0,
        .seconds = (double)(task->ended_at - task->started_at) / 1e9,
        .error = task->state == TASK_DONE ? NULL : task->error,
        .input = task->input,
        .input_len = task->len,
        .items = task->items,
        .waited = task->waited,
        .spill_at = -1,
    };
    if (!worker)
        return;
    if (task->state != TASK_DONE && *worker->end.last_words) {
        result->last_words = mem_copy_string(worker->end.last_words);
    } else if (task->state == TASK_DONE && box->spec->mode == POOL_WORKER) {
        result->answer = worker->answer ? worker->answer : "";
        result->answer_len = worker->answer_len;
    }
}

/* The answer as a program would have printed it: every reader takes the last newline away again. */
static void result_print_answer(struct result *result)
{
    result->output = task_output_new();
    task_output_add(result->output, 'o', result->answer, result->answer_len);
    task_output_add(result->output, 'o', "\n", 1);
    result->answer = NULL;
    result->answer_len = 0;
}

static const char *bytes_add(char **at, const char *text, size_t len)
{
    char *copy = *at;

    memcpy(copy, text, len);
    copy[len] = '\0';
    *at += len + 1;
    return copy;
}

/* The same with copies of what it had on loan. */
static struct result *result_keep(const struct result *result)
{
    size_t error = result->error ? strlen(result->error) : 0;
    struct result *kept =
        mem_new(sizeof(*kept) + result->input_len + result->answer_len + error + 3);
    char *at = kept->bytes;

    *kept = *result;
    kept->input = bytes_add(&at, result->input, result->input_len);
    if (result->answer)
        kept->answer = bytes_add(&at, result->answer, result->answer_len);
    if (result->error)
        kept->error = bytes_add(&at, result->error, error);
    return kept;
}

/* The next pool gets what the task said. */
static void sink_offer(struct result_sink *sink, const struct result *result)
{
    const char *text;
    size_t len;

    if (result->state != TASK_DONE || (!result->output && !result->answer))
        return;
    text = result_text(result, &len);
    source_offer(sink->box, text, len);
}

/* To all but the client. */
static void sink_pass(struct result_sink *sink, struct result *result)
{
    sink_offer(sink, result);
    sink_writer_write(&sink->writer, result);
    if (result->waited)
        client_tell_result(sink->box->sup, sink->box, result);
}

/* One that was kept. */
static void sink_deliver(struct result_sink *sink, struct result *result)
{
    sink_pass(sink, result);
    if (!sink->client) {
        result_free(result);
        return;
    }
    list_push_back(&sink->for_client, &result->link);
    sink->for_client_count++;
    sink->for_client_memory += result_memory(result);
    client_pump_results(sink->client);
}

static int sink_open_spill(struct result_sink *sink)
{
    const char *dir = getenv("TMPDIR");

    if (sink->spill < 0)
        sink->spill = open(dir && *dir ? dir : "/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    return sink->spill < 0 ? -errno : 0;
}

/* Moves a held result's output from memory into the spill file, if there is room for it. */
static void sink_spill(struct result_sink *sink, struct result *result)
{
    struct task_output *output = result->output;
    int64_t size = (int64_t)(output->out.total + output->err.total);

    if (sink->spill_end + size > SPILL_MOST || sink_open_spill(sink) < 0 ||
        lseek(sink->spill, (off_t)sink->spill_end, SEEK_SET) < 0 ||
        output_stream_copy(&output->out, sink->spill) < 0 ||
        output_stream_copy(&output->err, sink->spill) < 0)
        return;
    sink->held_memory -= result_memory(result);
    result->spill_at = sink->spill_end;
    result->spill_out = output->out.total - output->out.lost;
    result->spill_err = output->err.total - output->err.lost;
    sink->spill_end += (int64_t)(result->spill_out + result->spill_err);
    sink->spilled++;
    task_output_free(output);
    result->output = NULL;
    sink->held_memory += result_memory(result);
}

static void unspill_stream(struct result_sink *sink, struct task_output *output, char stream,
                           int64_t at, uint64_t len)
{
    char block[65536];

    while (len) {
        ssize_t got =
            pread(sink->spill, block, len < sizeof(block) ? len : sizeof(block), (off_t)at);

        if (got <= 0)
            return;
        task_output_add(output, stream, block, (size_t)got);
        at += got;
        len -= (uint64_t)got;
    }
}

static void sink_unspill(struct result_sink *sink, struct result *result)
{
    if (result->spill_at < 0)
        return;
    result->output = task_output_new();
    unspill_stream(sink, result->output, 'o', result->spill_at, result->spill_out);
    unspill_stream(sink, result->output, 'e', result->spill_at + (int64_t)result->spill_out,
                   result->spill_err);
    result->spill_at = -1;
    if (--sink->spilled == 0) {
        sink->spill_end = 0;
        if (ftruncate(sink->spill, 0) < 0)
            diag_write(&sink->box->sup->diag, DIAG_WARN, "spill file: %s", strerror(errno));
    }
}

static void sink_release(struct result_sink *sink)
{
    struct result *result;

    while ((result = idmap_take(&sink->held, sink->next_seq)) != NULL) {
        sink->held_memory -= result_memory(result);
        sink_unspill(sink, result);
        sink->next_seq++;
        sink_deliver(sink, result);
    }
}

/* Finished before its turn. */
static void sink_hold(struct result_sink *sink, struct result *result)
{
    idmap_set(&sink->held, result->seq, result);
    sink->held_memory += result_memory(result);
    if (sink->held_memory > HELD_MEMORY && result->output)
        sink_spill(sink, result);
}

void sink_take(struct result_sink *sink, const struct task *task, struct task_output *output,
               const struct worker *worker)
{
    struct result result;
    /* A revived task ends a second time after its turn has passed: it goes out at once. */
    bool waits = sink->box->spec->order == ORDER_INPUT && task->seq > sink->next_seq;

    result_borrow(&result, sink->box, task, worker);
    result.output = output;
    if (result.answer && (sink->client || *sink->box->spec->results_dir ||
                          (waits && result.answer_len > ANSWER_SMALL)))
        result_print_answer(&result);
    if (sink->client)
        result.command = result_command(sink->box, task);
    if (waits) {
        sink_hold(sink, result_keep(&result));
        return;
    }
    if (sink->client) {
        sink_deliver(sink, result_keep(&result));
    } else {
        sink_pass(sink, &result);
        result_clear(&result);
    }
    if (task->seq == sink->next_seq) {
        sink->next_seq++;
        sink_release(sink);
    }
}

void sink_flush(struct result_sink *sink)
{
    sink_writer_flush(&sink->writer);
    if (sink->client)
        client_pump_results(sink->client);
}

bool sink_is_full(const struct result_sink *sink)
{
    return sink_writer_is_full(&sink->writer) ||
           (sink->client &&
            (sink->for_client_memory > CLIENT_MEMORY || sink->for_client_count > CLIENT_RESULTS));
}

bool sink_held_is_full(const struct result_sink *sink)
{
    return sink->held_memory > HELD_MEMORY;
}

size_t sink_held(const struct result_sink *sink)
{
    return sink->held.count;
}

bool sink_is_empty(const struct result_sink *sink)
{
    return sink_writer_is_empty(&sink->writer) && (!sink->client || !sink->for_client_count);
}

void sink_set_client(struct result_sink *sink, struct client *client)
{
    sink->client = client;
}

struct result *sink_next_for_client(struct result_sink *sink)
{
    struct list *node = list_first(&sink->for_client);

    return node ? LIST_ENTRY(node, struct result, link) : NULL;
}

size_t sink_client_waiting(const struct result_sink *sink)
{
    return sink->for_client_count;
}

int64_t sink_client_deadline(const struct result_sink *sink)
{
    if (!sink->client || !sink->for_client_count || !client_has_room(sink->client))
        return CLOCK_NEVER;
    return sink->client->pump_at;
}

int64_t sink_next_deadline(const struct result_sink *sink)
{
    return sink_writer_deadline(&sink->writer);
}

void sink_client_took(struct result_sink *sink, struct result *result)
{
    sink->for_client_count--;
    sink->for_client_memory -= result_memory(result);
    list_remove(&result->link);
    result_free(result);
}
