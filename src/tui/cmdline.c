/* SPDX-License-Identifier: MIT */
/*
 * The command line. Words become a request by the command table, so that a verb is typed here as
 * on the shell; dangerous ones ask first as their keys do.
 */
#include "tui/cmdline.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "sys/file.h"
#include "tui/act.h"
#include "tui/dialog.h"
#include "tui/dispatch.h"
#include "tui/field.h"
#include "tui/page.h"
#include "tui/view.h"
#include "tui/words.h"
#include "wire/commands.h"

/* What must be typed before a tier 3 verb: its target, else the supervisor's name. */
static const char *name_to_type(struct tui *tui, const json_t *request)
{
    const char *target = field_text(request, "target");

    return *target ? target : field_text(model_summary(&tui->model), "name");
}

static void send_verb(struct tui *tui, const struct command *command, json_t *request,
                      const char *line)
{
    struct dialog *dialog;
    const char *expected;
    char title[96];

    if (command->danger == DANGER_NONE || command->danger == DANGER_UNDO) {
        page_request(tui, request, line);
        return;
    }
    snprintf(title, sizeof(title), "%c%s", toupper((unsigned char)command->name[0]),
             command->name + 1);
    expected = command->danger == DANGER_TYPE ? name_to_type(tui, request) : NULL;
    dialog = act_ask(tui, title, title, expected, json_pack("[o]", request), line);
    dialog_line(dialog, "%s", line);
    dialog_line(dialog, "%s.", command->summary);
    if (expected)
        dialog_line(dialog, "Type %s to do it:", expected);
}

/* A verb about tasks without any is about the selected one. */
static void add_selected_task(struct tui *tui, const struct command *command,
                              const struct words *words, json_t *request)
{
    const json_t *row = tui->view == VIEW_QUEUE ? view_selected(tui) : NULL;

    for (size_t i = 0; row && words->count == 1 && i < command->arg_count; i++)
        if (command->args[i].kind == ARG_REST && strcmp(command->args[i].name, "tasks") == 0)
            json_object_set_new(request, "tasks", json_pack("[s]", field_text(row, "id")));
}

static void run_verb(struct tui *tui, const struct words *words, const char *line)
{
    const struct command *command = command_find(words->word[0]);
    const char *near = command_nearest(words->word[0]);
    struct err err = {0};
    json_t *request;

    if (!command) {
        notice_say(tui, ROLE_BAD,
                   near ? "\"%s\" is no command; did you mean %s?" : "\"%s\" is no command",
                   words->word[0], near);
        return;
    }
    if (command->local || command->later || strcmp(command->name, "attach") == 0 ||
        strcmp(command->name, "logs") == 0) {
        notice_say(tui, ROLE_NORMAL,
                   command->later ? "%s belongs to %s, which is not built yet"
                                  : "%s is for the shell",
                   command->name, command->later);
        return;
    }
    request = json_pack("{s:s}", "cmd", command->name);
    add_selected_task(tui, command, words, request);
    if (words_request(command, words, request, &err) < 0) {
        notice_say(tui, ROLE_BAD, "%s", err.text);
        json_decref(request);
        return;
    }
    send_verb(tui, command, request, line);
}

static void dump_screen(struct tui *tui, const char *path)
{
    struct buf text = {0};
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
    struct cells copy = tui->cells;
    int status = -1;

    /* The grid is the last frame: the command line that asked for it is not on it. */
    if (fd >= 0 && cells_dump(&copy, &text) == 0)
        status = file_write_all(fd, buf_data(&text), buf_len(&text));
    if (fd >= 0)
        close(fd);
    buf_fini(&text);
    notice_say(tui, status < 0 ? ROLE_BAD : ROLE_GOOD,
               status < 0 ? "%s: can't be written" : "Screen written to %s", path);
}

static void size_pool(struct tui *tui, const struct words *words)
{
    int64_t size;

    if (words->count != 3 || str_parse_int(words->word[2], &size) < 0 || size < 0)
        notice_say(tui, ROLE_BAD, ":size POOL N");
    else
        act_scale(tui, words->word[1], size, -1);
}

static void rebind(struct tui *tui, const struct words *words)
{
    if (words->count == 1)
        view_enter(tui, VIEW_HELP);
    else if (words->count == 3 && keys_rebind(&tui->keys, words->word[1], words->word[2]))
        notice_say(tui, ROLE_GOOD, "%s is on %s now", words->word[1], words->word[2]);
    else
        notice_say(tui, ROLE_BAD, ":keys ACTION KEY, as :keys restart F5");
}

/* What a verb would print is a view here, of one pool if that is named. */
static bool run_view(struct tui *tui, const struct words *words)
{
    static const struct {
        const char *word;
        enum view_id view;
    } views[] = {{"pools", VIEW_POOLS}, {"status", VIEW_POOLS}, {"workers", VIEW_WORKERS},
                 {"ps", VIEW_WORKERS},  {"queue", VIEW_QUEUE},  {"tasks", VIEW_QUEUE},
                 {"logs", VIEW_LOGS},   {"events", VIEW_EVENTS}};
    const char *pool = words->count > 1 ? words->word[1] : "";

    for (size_t i = 0; words->count <= 2 && *pool != '-' && i < ARRAY_LEN(views); i++) {
        if (strcmp(words->word[0], views[i].word) != 0)
            continue;
        if (*pool && views[i].view != VIEW_WORKERS && views[i].view != VIEW_QUEUE)
            return false;
        view_go(tui, views[i].view);
        if (views[i].view == VIEW_WORKERS)
            snprintf(tui->pool, sizeof(tui->pool), "%s", pool);
        if (views[i].view == VIEW_QUEUE && *pool)
            search_filter(tui, pool);
        return true;
    }
    return false;
}

static const char *const own_words[] = {"dump-screen", "keys",  "quit", "size", "pools",
                                        "workers",     "queue", "logs", "help"};

static bool run_own(struct tui *tui, const struct words *words)
{
    const char *word = words->word[0];

    if (strcmp(word, "dump-screen") == 0 && words->count == 2)
        dump_screen(tui, words->word[1]);
    else if (strcmp(word, "dump-screen") == 0)
        notice_say(tui, ROLE_BAD, ":dump-screen FILE");
    else if (strcmp(word, "size") == 0)
        size_pool(tui, words);
    else if (strcmp(word, "keys") == 0)
        rebind(tui, words);
    else if (strcmp(word, "quit") == 0)
        act_quit(tui);
    else if (strcmp(word, "help") == 0)
        view_enter(tui, VIEW_HELP);
    else if (strcmp(word, "logs") == 0 && words->count == 2)
        view_open_log(tui, words->word[1], words->word[1]);
    else
        return run_view(tui, words);
    return true;
}

void cmdline_run(struct tui *tui, const char *line)
{
    struct words words;

    words_split(line, &words);
    if (words.count && !run_own(tui, &words))
        run_verb(tui, &words, line);
    words_free(&words);
}

struct completion {
    const char *start;
    size_t len;
    char common[128];
    char open[256]; /* what it may be, for the message line */
    int count;
};

static void offer(struct completion *done, const char *word)
{
    size_t same = 0;

    if (strncmp(word, done->start, done->len) != 0)
        return;
    while (done->count && done->common[same] && done->common[same] == word[same])
        same++;
    if (done->count)
        done->common[same] = '\0';
    else
        snprintf(done->common, sizeof(done->common), "%s", word);
    snprintf(done->open + strlen(done->open), sizeof(done->open) - strlen(done->open), "%s ", word);
    done->count++;
}

static void offer_commands(struct completion *done)
{
    for (size_t i = 0; i < ARRAY_LEN(own_words); i++)
        offer(done, own_words[i]);
    for (size_t i = 0; i < command_count; i++)
        if (!command_table[i].local && !command_table[i].later &&
            strcmp(command_table[i].name, "attach") != 0 &&
            strcmp(command_table[i].name, "logs") != 0)
            offer(done, command_table[i].name);
}

void cmdline_complete(struct tui *tui)
{
    struct prompt *prompt = &tui->prompt;
    const char *space = strrchr(prompt->text, ' ');
    struct completion done = {.start = space ? space + 1 : prompt->text};
    char line[PROMPT_MAX];
    int head = (int)(done.start - prompt->text);

    done.len = strlen(done.start);
    if (!space)
        offer_commands(&done);
    else
        for (int i = 0; i < tui->model.windows[WINDOW_POOLS].count; i++)
            offer(&done, field_text(tui->model.windows[WINDOW_POOLS].rows[i], "name"));
    if (!done.count)
        return;
    snprintf(line, sizeof(line), "%.*s%.120s%s", head, prompt->text, done.common,
             done.count == 1 ? " " : "");
    prompt_set(prompt, line);
    if (done.count > 1)
        notice_say(tui, ROLE_DIM, "%s", done.open);
}
