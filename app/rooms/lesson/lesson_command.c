/* Lines of the prompt, the report of a lesson, and the line that repeats it. */

#include <string.h>

#include "app/rooms/lesson/lesson_room.h"
#include "core/base/mem.h"
#include "core/workbench/verb.h"
#include "lessons/engine/report.h"

static const char *const play_words[] = {"set", "run", "restore", "values", "sweep"};
static const char *const answer_words[] = {"skip", "hint"};

static bool is_word(const char *line, size_t n, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strlen(words[i]) == n && strncmp(line, words[i], n) == 0) return true;
    }
    return false;
}

/* "rank A", "x = rank A", "set r=4", "run" ... */
static bool is_play(const char *line)
{
    char        word[32] = "";
    size_t      n = strcspn(line, " =");
    const char *equals = strchr(line, '=');

    if (is_word(line, n, play_words, sizeof play_words / sizeof *play_words)) return true;
    if (equals != NULL && line + n + strspn(line + n, " ") == equals) {
        line = equals + 1 + strspn(equals + 1, " ");
        n = strcspn(line, " ");
    }
    if (n == 0 || n >= sizeof word) return false;
    memcpy(word, line, n);
    return strcmp(word, "sweep") == 0 || verb_find(word) != NULL;
}

static void send_play(LessonRoom *room, const char *line)
{
    if (strcmp(line, "restore") == 0) {
        lesson_forget_play(room);
        room->played = false;
        Error err = {0};
        if (!lesson_values_reset(room, &err)) screen_say(room->screen, "%s", err.message);
        lesson_send(room, line, LINE_QUIET);
        screen_say(room->screen, "%s", tr("the step's own state is back"));
        return;
    }
    lesson_mark_fresh(room);
    room->played = true;
    room->top[PANE_RESULT] = 0;
    lesson_send(room, line, LINE_PLAY);
}

bool lesson_command(void *context, const char *line)
{
    LessonRoom *room = context;
    size_t      n = strcspn(line, " ");
    bool answers = is_word(line, n, answer_words, sizeof answer_words / sizeof *answer_words);

    if (room->lesson == NULL) return false;
    if (strcmp(line, "again") == 0) {
        lesson_again(room);
        return true;
    }
    if (!answers && !is_play(line)) return false;
    if (room->state != LESSON_ASKS) {
        screen_say(room->screen, "%s", tr("commands can be tried when nothing runs"));
    } else if (!answers) {
        send_play(room, line);
    } else if (room->open < 0) {
        screen_say(room->screen, "%s", tr("no question is open"));
    } else {
        if (line[0] == 's') lesson_mark_fresh(room);
        lesson_send(room, line, LINE_ANSWER);
    }
    return true;
}

void lesson_words(void *room, Str *words)
{
    (void)room;
    str_add(words, " set run restore values skip hint again sweep");
    for (const Verb *const *verb = verb_table(); *verb != NULL; verb++) {
        str_addf(words, " %s", (*verb)->command.name);
    }
}

/* ---- the line that repeats this ---- */

static void add_quoted(Str *out, const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_-./,=:+@%";
    if (text[0] != '\0' && text[strspn(text, plain)] == '\0') {
        str_add(out, text);
        return;
    }
    str_add(out, "'");
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            str_add(out, "'\\''");
        else
            str_add_bytes(out, text, 1);
    }
    str_add(out, "'");
}

void lesson_repeat(void *context, Str *out)
{
    const LessonRoom *room = context;
    if (room->lesson == NULL) return;
    uint64_t seed = screen_seeded(room->screen) ? screen_seed(room->screen) : room->lesson->seed;
    str_add(out, "loralab run ");
    add_quoted(out, room->shelf ? room->lesson->id : room->name);
    str_addf(out, " --seed %llu", (unsigned long long)seed);
    if (screen_quick(room->screen)) str_add(out, " --quick");
    for (Index i = 0; room->values != NULL && i < room->lesson->value_count; i++) {
        if (strcmp(room->values[i], lesson_value_own(room, i)) == 0) continue;
        Str setting = {0};
        str_addf(&setting, "%s=%s", room->lesson->values[i].name, room->values[i]);
        str_add(out, " --set ");
        add_quoted(out, str_text(&setting));
        out->failed = out->failed || setting.failed;
        str_free(&setting);
    }
}

/* ---- reports ---- */

/* The job waits or has ended, so its transcript rests. */
static void write_report(void *context, const char *path)
{
    LessonRoom *room = context;
    Error       err = {0};
    if (room->job == NULL || lesson_busy(room)) {
        screen_say(room->screen, "%s", tr("a report can be written when nothing runs"));
    } else if (report_write(lesson_job_transcript(room->job), path, &err)) {
        screen_say(room->screen, tr("the report is in %s"), path);
    } else {
        screen_say(room->screen, "%s", err.message);
    }
}

void lesson_export(LessonRoom *room)
{
    Str name = {0};
    if (room->job == NULL || lesson_busy(room)) {
        screen_say(room->screen, "%s", tr("a report can be written when nothing runs"));
        return;
    }
    str_addf(&name, "%s.html", room->lesson->id);
    screen_prompt(room->screen, tr("Report (.html, .md or .jsonl):"), str_text(&name), write_report,
                  room);
    str_free(&name);
}
