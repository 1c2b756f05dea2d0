/* SPDX-License-Identifier: MIT */
/*
 * Reading and writing in batches: one read brings many answers, one write at the end of the turn
 * carries many tasks. Verbs are handled in speak_verbs.c.
 */
#include "supervisor/speak.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/sanitise.h"
#include "logs/capture.h"
#include "pool/shared.h"
#include "supervisor/events.h"
#include "supervisor/life.h"
#include "supervisor/speak_verbs.h"
#include "wire/worker.h"

static const int64_t HALF_LINE = 10 * CLOCK_S;
static const int64_t CLOSED_END = CLOCK_S; /* an exit explains it in no time */
enum {
    READ_BLOCK = 65536,
    READ_BLOCKS = 4,
    EVIDENCE = 512,
    UNREAD_MOST = 16 << 20,
    VERB_MOST = 64
};

void speech_init(struct speech *speech)
{
    *speech = (struct speech){.fd = -1};
}

static void speak_close(struct life *life)
{
    struct speech *speech = &life->speech;

    loop_delete(life->sup->loop, &speech->watch);
    if (speech->fd >= 0)
        close(speech->fd);
    speech->fd = -1;
}

void speech_fini(struct life *life)
{
    struct speech *speech = &life->speech;

    speak_close(life);
    buf_fini(&speech->in);
    list_remove(&speech->send_link);
    list_remove(&speech->late_link);
    list_remove(&speech->put_link);
    task_free(speech->put);
    speech->put = NULL;
}

static void speak_set_late(struct life *life, int64_t span)
{
    struct speech *speech = &life->speech;

    if (!span) {
        speech->late_at = 0;
        list_remove(&speech->late_link);
    } else if (!speech->late_at && !speech->mute && !life->exited) {
        speech->late_at = life->sup->now + span;
        list_push_back(&life->sup->late_speech, &speech->late_link);
    }
}

void speak_breach(struct life *life, const char *why, const char *bytes, size_t len)
{
    struct buf note = {0};

    if (life->speech.mute)
        return;
    life->speech.mute = true;
    speak_set_late(life, 0);
    buf_printf(&note, "── protocol breach: %s", why);
    if (len) {
        buf_append_string(&note, "; it said: ");
        sanitise_to_terminal(&note, bytes, len < EVIDENCE ? len : EVIDENCE, false);
    }
    buf_append_string(&note, " ──");
    capture_note(life->capture, life->sup->wall, buf_string(&note));
    buf_fini(&note);
    worker_on_breach(life->worker, why, life->sup->now);
}

/* Verbs that nobody knows yet are ignored, so that the protocol can grow; what is no verb at all is
 * somebody else's output. An empty line is neither. */
static bool speak_is_verb(const char *line, size_t len)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
    size_t at = 0;

    while (at < len && line[at] && strchr(letters, line[at]))
        at++;
    return at == len ? len < VERB_MOST : at > 0 && line[at] == '\t';
}

/* Ignored, counted, and told the first time. */
static void speak_note_unknown(struct life *life, const char *line, size_t len)
{
    size_t verb = 0;

    while (verb < len && line[verb] != '\t')
        verb++;
    if (verb && life->speech.unknown++ == 0)
        event_add(life->sup, "protocol", LEVEL_NOTE, false, "", life->box->pool, life->worker,
                  "said %.*s, a verb that nobody knows: ignored, as are more of them", (int)verb,
                  line);
}

/* Handles one line; false when the rest must wait (a PUT without room). */
static bool speak_handle(struct life *life, char *bytes, size_t len)
{
    char first[VERB_MOST];
    size_t kept = len < sizeof(first) ? len : sizeof(first);
    struct worker_line line;
    struct err err = {0};

    /* Unescaping changes the bytes; their beginning is the evidence. */
    memcpy(first, bytes, kept);
    if (len > WORKER_LINE_MAX)
        speak_breach(life, "a line of more than 2 MiB", first, kept);
    else if (worker_line_read(bytes, len, &line, &err) < 0)
        speak_breach(life, err.text, first, kept);
    else if (line.verb == WORKER_VERBS && !speak_is_verb(first, kept))
        speak_breach(life, "a line that begins with no verb", first, kept);
    else if (line.verb == WORKER_VERBS)
        speak_note_unknown(life, first, kept);
    else if (!speak_verb(life, &line, &err))
        speak_breach(life, err.text, first, kept);
    return !life->speech.put;
}

static void speak_handle_lines(struct life *life)
{
    struct speech *speech = &life->speech;
    bool more = true, whole = false;

    while (more && !speech->mute) {
        char *data = buf_data(&speech->in);
        size_t len = buf_len(&speech->in);
        char *end = len > speech->scanned
                        ? memchr(data + speech->scanned, '\n', len - speech->scanned)
                        : NULL;

        if (!end) {
            speech->scanned = len;
            break;
        }
        more = speak_handle(life, data, (size_t)(end - data));
        buf_consume(&speech->in, (size_t)(end - data) + 1);
        speech->scanned = 0;
        whole = true;
    }
    if (speech->mute)
        buf_reset(&speech->in);
    if (buf_len(&speech->in) > WORKER_LINE_MAX && !speech->put)
        speak_breach(life, "a line of more than 2 MiB", buf_data(&speech->in), 64);
    if (whole && !speech->deaf)
        speak_set_late(life, 0);
    if (speech->fd >= 0 && !speech->deaf)
        speak_set_late(life, !speech->put && buf_len(&speech->in) ? HALF_LINE : 0);
    buf_trim(&speech->in);
}

/* Reads what is there, at most READ_BLOCKS blocks. False at the end of the stream. */
static bool speak_read(struct life *life)
{
    struct speech *speech = &life->speech;

    for (int i = 0; i < READ_BLOCKS; i++) {
        char *room = buf_reserve(&speech->in, READ_BLOCK);
        ssize_t got = room ? read(speech->fd, room, READ_BLOCK) : -1;

        if (got == 0)
            return false;
        if (got < 0)
            return errno == EAGAIN || errno == EINTR || !room;
        buf_commit(&speech->in, (size_t)got);
        if (got < READ_BLOCK)
            return true;
        /* Whole lines first: what waits unread stays in the pipe. */
        speak_handle_lines(life);
        if (speech->put || speech->mute)
            return true;
    }
    return true;
}

static void speak_wait_for_room(struct life *life)
{
    struct speech *speech = &life->speech;

    loop_delete(life->sup->loop, &speech->watch);
    if (!list_linked(&speech->put_link))
        list_push_back(&life->sup->put_waiting, &speech->put_link);
}

static void speak_on_readable(void *owner, uint32_t events)
{
    struct life *life = owner;
    struct speech *speech = &life->speech;
    bool open = speak_read(life);

    (void)events;
    speak_handle_lines(life);
    life->sup->changed = true;
    if (speech->put)
        speak_wait_for_room(life);
    if (open && !speech->mute)
        return;
    speak_close(life);
    if (!open && !speech->mute)
        speak_set_late(life, CLOSED_END);
}

static void speak_queue(struct life *life)
{
    if (!list_linked(&life->speech.send_link))
        list_push_back(&life->sup->to_send, &life->speech.send_link);
}

static void speak_init_line(struct life *life)
{
    char *const *init = life->box->spec->init;
    struct buf text = {0};

    if (!init || !init[0])
        return;
    for (size_t i = 0; init[i]; i++) {
        if (i)
            buf_append_char(&text, '\n');
        buf_append_string(&text, init[i]);
    }
    worker_put_text(&life->input, WORKER_INIT, buf_data(&text), buf_len(&text));
    buf_fini(&text);
    speak_queue(life);
}

void speak_begin(struct life *life)
{
    struct speech *speech = &life->speech;

    loop_add(life->sup->loop, &speech->watch, speech->fd, EPOLLIN, speak_on_readable, life);
    speak_init_line(life);
}

/* A PUT of a worker that is gone has nowhere to wait. */
static void speak_force_put(struct life *life)
{
    struct speech *speech = &life->speech;
    struct task *task = speech->put;

    if (!task)
        return;
    speech->put = NULL;
    list_remove(&speech->put_link);
    pool_accept(speech->put_into->pool, task, 0, life->sup->now);
}

void speak_end(struct life *life)
{
    struct speech *speech = &life->speech;
    bool open = speech->fd >= 0;

    life->exited = true;
    do {
        speak_force_put(life);
        speak_handle_lines(life);
    } while (speech->put);
    /* Bounded: a child that kept the descriptor may go on writing for ever. */
    for (int i = 0; i < 64 && open && !speech->mute; i++) {
        size_t before = buf_len(&speech->in);

        open = speak_read(life);
        if (open && buf_len(&speech->in) == before)
            break;
        do {
            speak_force_put(life);
            speak_handle_lines(life);
        } while (speech->put);
    }
    speak_close(life);
    speak_set_late(life, 0);
    shared_forget(life->sup->shared, life);
}

int speak_task(struct life *life, const struct task *task, int64_t limit)
{
    int64_t ms = limit ? (limit + CLOCK_MS - 1) / CLOCK_MS : -1;
    int rc = worker_put_task(&life->input, task->id, task->attempts, ms, task->input, task->len);

    if (rc == 0)
        speak_queue(life);
    return rc;
}

void speak_word(struct life *life, enum pool_word word, const struct task *task)
{
    switch (word) {
    case WORD_CANCEL:
        worker_put_cancel(&life->input, task->id);
        break;
    case WORD_PING:
        worker_put_verb(&life->input, WORKER_PING);
        break;
    case WORD_QUIET:
        worker_put_verb(&life->input, WORKER_QUIET);
        break;
    case WORD_STOP:
        worker_put_verb(&life->input, WORKER_STOP);
        break;
    }
    speak_queue(life);
}

void speak_answer(struct life *life, int verb, const char *name, size_t name_len, const char *text,
                  size_t len)
{
    worker_put_answer(&life->input, (enum worker_verb)verb, name, name_len, text, len);
    speak_queue(life);
    if (buf_len(&life->input) > UNREAD_MOST)
        speak_breach(life, "asks and does not read: 16 MiB of answers wait", NULL, 0);
}

static void speak_on_writable(void *owner, uint32_t events);

/* True when all of it went, or nothing ever will. */
static bool speak_send(struct life *life)
{
    struct speech *speech = &life->speech;
    struct buf *out = &life->input;

    while (life->in_fd >= 0 && buf_len(out)) {
        ssize_t sent = write(life->in_fd, buf_data(out), buf_len(out));

        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && errno == EAGAIN)
            return false;
        if (sent < 0) {
            /* It closed its standard input: nothing more reaches it. */
            speak_set_late(life, 0);
            speak_set_late(life, CLOSED_END);
            speech->deaf = true;
            buf_reset(out);
            return true;
        }
        buf_consume(out, (size_t)sent);
    }
    buf_trim(out);
    return true;
}

static void speak_on_writable(void *owner, uint32_t events)
{
    struct life *life = owner;

    (void)events;
    if (speak_send(life))
        loop_delete(life->sup->loop, &life->in_watch);
}

static void speak_retry_puts(struct supervisor *sup)
{
    LIST_EACH(node, &sup->put_waiting)
    {
        struct speech *speech = LIST_ENTRY(node, struct speech, put_link);
        struct life *life = CONTAINER_OF(speech, struct life, speech);

        if (speak_put_again(life))
            continue;
        list_remove(&speech->put_link);
        speak_handle_lines(life);
        if (speech->put)
            list_push_back(&sup->put_waiting, &speech->put_link);
        else if (speech->fd >= 0 && !speech->mute)
            loop_add(sup->loop, &speech->watch, speech->fd, EPOLLIN, speak_on_readable, life);
    }
}

static void speak_check_late(struct supervisor *sup)
{
    LIST_EACH(node, &sup->late_speech)
    {
        struct speech *speech = LIST_ENTRY(node, struct speech, late_link);
        struct life *life = CONTAINER_OF(speech, struct life, speech);

        if (speech->late_at > sup->now)
            continue;
        if (speech->fd < 0)
            speak_breach(life, "closed its descriptor 3 and lives on", NULL, 0);
        else if (!speech->deaf)
            speak_breach(life, "half a line for 10s", buf_data(&speech->in), buf_len(&speech->in));
        else
            speak_breach(life, "closed its standard input and lives on", NULL, 0);
    }
}

void speak_flush(struct supervisor *sup)
{
    if (!list_empty(&sup->put_waiting))
        speak_retry_puts(sup);
    if (!list_empty(&sup->late_speech))
        speak_check_late(sup);
    LIST_EACH(node, &sup->to_send)
    {
        struct speech *speech = LIST_ENTRY(node, struct speech, send_link);
        struct life *life = CONTAINER_OF(speech, struct life, speech);

        list_remove(&speech->send_link);
        if (!life->in_watch.added && !speak_send(life))
            loop_add(sup->loop, &life->in_watch, life->in_fd, EPOLLOUT, speak_on_writable, life);
    }
}

int64_t speak_next_check(const struct supervisor *sup)
{
    int64_t next = CLOCK_NEVER;

    /* Oldest first, but the two spans differ. */
    for (const struct list *node = sup->late_speech.next; node != &sup->late_speech;
         node = node->next) {
        const struct speech *speech =
            (const struct speech *)(const void *)((const char *)node -
                                                  offsetof(struct speech, late_link));

        if (speech->late_at < next)
            next = speech->late_at;
    }
    return next;
}
