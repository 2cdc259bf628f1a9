/* Waiting: for answers, for the end, for a signal. */

#define _GNU_SOURCE /* pipe2 */
#include "app/plain/stage_plain.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/text.h"
#include "lessons/engine/prose.h"

enum { WIDEST = 72, NARROWEST = 20, WAIT_MS = 200, TYPED_MAX = 1 << 16 };

/* ---- what the terminal can show ---- */

static bool knows_utf8(void)
{
    setlocale(LC_CTYPE, "");
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

static void choose_charset(PlainStage *stage, const char *name)
{
    const char *term = getenv("TERM");
    bool        utf8 = knows_utf8(), dumb = term != NULL && strcmp(term, "dumb") == 0;

    stage->ascii = !utf8 || strcmp(name, "ascii") == 0;
    stage->charts = strcmp(name, "none") != 0 && !(dumb && strcmp(name, "auto") == 0);
    stage->charset = stage->ascii                 ? CHARSET_ASCII
                     : strcmp(name, "block") == 0 ? CHARSET_BLOCK
                                                  : CHARSET_BRAILLE;
}

void plain_text(Str *out, const char *text, bool ascii)
{
    Str safe = {0};
    safe_text(&safe, text, (Index)strlen(text), true, 0);
    if (ascii) {
        prose_ascii(out, str_text(&safe), safe.len);
    } else {
        str_add(out, str_text(&safe));
    }
    out->failed = out->failed || safe.failed;
    str_free(&safe);
}

bool plain_stage_open(PlainStage *stage, const char *charset, int columns, Error *err)
{
    choose_charset(stage, charset);
    stage->columns = columns <= 0 || columns > WIDEST ? WIDEST : columns;
    if (stage->columns < NARROWEST) stage->columns = NARROWEST;
    stage->echo = isatty(STDIN_FILENO) != 1;
    if (pipe2(stage->wake, O_CLOEXEC | O_NONBLOCK) == 0) return true;
    stage->wake[0] = stage->wake[1] = -1;
    return error_set(err, ERR_DEVICE, "no pipe could be made: %s", strerror(errno));
}

void plain_stage_close(PlainStage *stage)
{
    if (stage->wake[0] >= 0) close(stage->wake[0]);
    if (stage->wake[1] >= 0) close(stage->wake[1]);
    str_free(&stage->typed);
}

/* ---- on the job's thread ---- */

/* One byte in the pipe ends the main thread's poll; a full pipe wakes it just as well. */
static void wake_up(PlainStage *stage)
{
    const char byte = 1;
    ssize_t    n = write(stage->wake[1], &byte, 1);
    CHECK(n == 1 || errno == EAGAIN);
}

static void keep_progress(PlainStage *stage, const Tell *tell)
{
    bool moved = tell->kind == TELL_CLOSE || (tell->kind == TELL_STEP && tell->index > 0);
    if (stage->keep == NULL || !moved || tell->again || tell->index == 0) return;
    stage->keep(stage->keep_context, tell->transcript, tell->index, tell->lesson->count);
}

static void headless_tell(PlainStage *stage, const Tell *tell)
{
    if (stage->quiet) return;
    if (tell->kind == TELL_STEP) {
        sink_note(stage->sink, tr("step %td of %td: %s"), tell->index + 1, tell->lesson->count,
                  tell->step->title);
    }
    if (tell->kind == TELL_TEXT) sink_note(stage->sink, "%s", tell->text);
    if (tell->kind == TELL_EVENT) sink_send(stage->sink, tell->event);
}

static void on_tell(void *context, const Tell *tell)
{
    PlainStage *stage = context;
    if (stage->linear) {
        plain_tell(stage, tell);
    } else {
        headless_tell(stage, tell);
    }
    keep_progress(stage, tell);
    if (tell->kind == TELL_CLOSE) stage->closed = true;
    if (tell->kind == TELL_ASK || tell->kind == TELL_CLOSE) wake_up(stage);
}

Stage plain_stage(PlainStage *stage)
{
    return (Stage){.context = stage, .tell = on_tell, .plays = stage->linear};
}

/* ---- on the main thread ---- */

static void forget_first(Str *text, Index n)
{
    memmove(text->data, text->data + n, (size_t)(text->len - n) + 1);
    text->len -= n;
}

/* The next whole line of what was typed; at the end of the input also an unfinished one. */
static bool take_line(PlainStage *stage, Str *line)
{
    const char *text = str_text(&stage->typed);
    const char *end = strchr(text, '\n');
    if (end == NULL && !(stage->ended && stage->typed.len > 0)) return false;
    Index n = end != NULL ? end - text : (Index)strlen(text);
    str_clear(line);
    str_add_bytes(line, text, n);
    while (line->len > 0 && strchr("\r ", line->data[line->len - 1]) != NULL) {
        line->data[--line->len] = '\0';
    }
    bool whole = end != NULL && n + 1 <= stage->typed.len;
    forget_first(&stage->typed, whole ? n + 1 : stage->typed.len);
    return !line->failed;
}

static void read_some(PlainStage *stage)
{
    char    bytes[4096];
    ssize_t n = read(STDIN_FILENO, bytes, sizeof bytes);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) return;
    stage->ended = n <= 0 || stage->typed.len > TYPED_MAX;
    for (ssize_t i = 0; i < n; i++) {
        if (bytes[i] != '\0') str_add_bytes(&stage->typed, &bytes[i], 1);
    }
    stage->ended = stage->ended || stage->typed.failed;
}

/* What was typed on a pipe is shown, so that the text reads as it would on a terminal. */
static void echo_line(const PlainStage *stage, const char *line)
{
    Str shown = {0};
    if (!stage->echo) return;
    plain_text(&shown, line, stage->ascii);
    printf("%s\n", str_text(&shown));
    fflush(stdout);
    str_free(&shown);
}

static void leave(PlainStage *stage, LessonJob *job)
{
    stage->left = true;
    lesson_job_cancel(job);
}

/* Hand over what was typed; when there is nothing more to come, leave. */
static void serve_question(PlainStage *stage, LessonJob *job)
{
    Str line = {0};
    if (take_line(stage, &line)) {
        echo_line(stage, str_text(&line));
        if (strcmp(str_text(&line), "quit") == 0) {
            leave(stage, job);
        } else {
            lesson_job_answer(job, str_text(&line));
        }
    } else if (stage->ended) {
        if (!stage->left) printf("\n"); /* after the question */
        leave(stage, job);
    }
    str_free(&line);
}

static void wait_a_moment(PlainStage *stage, bool reads)
{
    char          drained[64];
    struct pollfd fds[2] = {{.fd = stage->wake[0], .events = POLLIN},
                            {.fd = reads ? STDIN_FILENO : -1, .events = POLLIN}};
    if (poll(fds, 2, WAIT_MS) <= 0) return;
    while (fds[0].revents != 0 && read(stage->wake[0], drained, sizeof drained) > 0) continue;
    if (fds[1].revents != 0) read_some(stage);
}

bool plain_stage_wait(PlainStage *stage, LessonJob *job, const Cancel *cancel, Error *err)
{
    bool cancelled = false;
    while (!stage->closed) {
        if ((cancel_requested(cancel) || stage->broken != 0) && !cancelled) {
            lesson_job_cancel(job);
            cancelled = true;
        }
        bool asking = !cancelled && lesson_job_asking(job);
        bool typed = asking && (stage->ended || strchr(str_text(&stage->typed), '\n') != NULL);
        if (typed) {
            serve_question(stage, job);
        } else {
            wait_a_moment(stage, asking);
        }
    }
    if (stage->broken == ERR_DISK) {
        return error_set(err, ERR_DISK, "writing to standard output failed");
    }
    if (stage->broken != 0) return error_set(err, ERR_MEMORY, "out of memory while telling");
    return lesson_job_wait(job, err);
}
