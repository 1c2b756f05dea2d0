/* SPDX-License-Identifier: MIT */
/*
 * Results for the client of `map`: large outputs go in pieces, each its own message, so that one
 * task's gigabyte needs no gigabyte here. The next piece is made when the socket took the last.
 *
 *   {"view":"output","seq":7,"stream":"o","data":"..."} ... (a short output goes with the result)
 *   {"view":"result","seq":7,"id":"..","state":"done","exit":0,"signal":0,"attempts":1,"slot":2,
 *    "pid":4711,"started":..,"seconds":..,"task":"..","command":"..","error":null,"lost":0,
 *    "data":".."}
 *   and, once all is said, {"view":"end","status":N}.
 */
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "supervisor/client.h"
#include "supervisor/output.h"
#include "supervisor/sink.h"
#include "supervisor/supervisor.h"

enum { PIECE = 48 << 10, SHORT = 1024, PUMP_BATCH = 64, RESULT_MOST = 64 << 10 };
static const int64_t PUMP_PERIOD = 5 * CLOCK_MS;

/* One piece of the result's output. False when there is no more. */
static bool pump_piece(struct client *client, struct result *result)
{
    struct output_stream *stream = client->result_err ? &result->output->err : &result->output->out;
    struct json_out out;
    char block[PIECE];
    int64_t got = output_stream_read(stream, client->result_offset, block, sizeof(block));

    if (got <= 0) {
        if (client->result_err)
            return false;
        client->result_err = true;
        client->result_offset = 0;
        return pump_piece(client, result);
    }
    client->result_offset += (uint64_t)got;
    buf_reset(&client->sup->scratch);
    json_out_init(&out, &client->sup->scratch);
    json_open_object(&out, NULL);
    json_put_string(&out, "view", "output");
    json_put_int(&out, "seq", (int64_t)result->seq);
    json_put_string(&out, "stream", client->result_err ? "e" : "o");
    json_put_bytes(&out, "task", result->input, result->input_len);
    json_put_bytes(&out, "data", block, (size_t)got);
    json_close_object(&out);
    json_end_line(&out);
    client_send(client);
    return true;
}

static void result_json(struct json_out *out, const struct result *result)
{
    char id[16];

    str_format_id(id, result->id);
    json_put_int(out, "seq", (int64_t)result->seq);
    json_put_string(out, "id", id);
    json_put_string(out, "state", task_state_name(result->state));
    json_put_int(out, "exit", result->exit);
    json_put_int(out, "signal", result->signal);
    json_put_int(out, "attempts", result->attempts);
    json_put_int(out, "slot", result->slot);
    json_put_int(out, "pid", result->pid);
    json_put_number(out, "started", result->started, 3);
    json_put_number(out, "seconds", result->seconds, 6);
    json_put_bytes(out, "task", result->input, result->input_len);
    if (result->command)
        json_put_bytes(out, "command", result->command, strlen(result->command));
    if (result->error)
        json_put_bytes(out, "error", result->error, strlen(result->error));
    if (result->last_words)
        json_put_bytes(out, "last_words", result->last_words, strlen(result->last_words));
    if (result->unsaved)
        json_put_string(out, "unsaved", result->unsaved);
    if (result->output)
        json_put_int(out, "lost", (int64_t)(result->output->out.lost + result->output->err.lost));
}

/* Results go out in batches: waking the client for each would cost more than many a task. */
static bool pump_is_due(struct client *client)
{
    const struct supervisor *sup = client->sup;

    if (sink_client_waiting(client->results->sink) >= PUMP_BATCH || sup->now >= client->pump_at ||
        client->result_offset || sup->stopping) {
        client->pump_at = sup->now + PUMP_PERIOD;
        return true;
    }
    return false;
}

/* What a halt rule cut off in the middle of its output did not say it. */
static bool has_output(const struct client *client, const struct result *result)
{
    return result->output && !(result->state == TASK_CANCELLED && client->results->pool->halting);
}

/* Two messages a task would cost the client twice. */
static bool has_short_output(const struct client *client, const struct result *result)
{
    const struct task_output *output = result->output;

    return has_output(client, result) && !client->result_offset && !client->result_err &&
           !output->err.total && output->out.total <= SHORT &&
           buf_len(&output->out.memory) == output->out.total;
}

void client_pump_results(struct client *client)
{
    struct result *result;

    if (!client->results || !pump_is_due(client))
        return;

    while (client_has_room(client) &&
           (result = sink_next_for_client(client->results->sink)) != NULL) {
        bool is_short = has_short_output(client, result);
        struct json_out out;

        if (!is_short && has_output(client, result) && pump_piece(client, result))
            continue;
        buf_reset(&client->sup->scratch);
        json_out_init(&out, &client->sup->scratch);
        json_open_object(&out, NULL);
        json_put_string(&out, "view", "result");
        result_json(&out, result);
        if (is_short && result->output->out.total)
            json_put_bytes(&out, "data", buf_data(&result->output->out.memory),
                           (size_t)result->output->out.total);
        json_close_object(&out);
        json_end_line(&out);
        client_send(client);
        client->result_offset = 0;
        client->result_err = false;
        sink_client_took(client->results->sink, result);
    }
    client_flush(client);
}

/* What it printed, or OK carried, where that is no more than a client's buffer holds. */
static void result_put_text(struct json_out *out, const struct result *result)
{
    size_t len;
    const char *text = result_text(result, &len);

    if (len && len <= RESULT_MOST)
        json_put_bytes(out, "result", text, len);
}

void client_tell_result(struct supervisor *sup, struct pool_box *box, const struct result *result)
{
    LIST_EACH(node, &sup->clients)
    {
        struct client *client = LIST_ENTRY(node, struct client, link);
        struct json_out out;

        if (client->dead || !client->waits)
            continue;
        buf_reset(&sup->scratch);
        json_out_init(&out, &sup->scratch);
        json_open_object(&out, NULL);
        json_put_string(&out, "view", "waited");
        json_put_string(&out, "pool", box->spec->name);
        result_json(&out, result);
        result_put_text(&out, result);
        json_close_object(&out);
        json_end_line(&out);
        client_send(client);
    }
}
