/* The ':' prompt: a few words of the screen's own, and the lines that the room understands. */

#include <string.h>

#include "app/screen/screen_internal.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/workbench/verb.h"
#include "lessons/engine/lesson.h"

static const struct {
    const char *word;
    RoomId      room;
} places[] = {{"home", ROOM_HOME}, {"workbench", ROOM_WORKBENCH}, {"matrix", ROOM_MATRIX},
              {"runs", ROOM_RUNS}, {"model", ROOM_MODEL},         {"help", ROOM_HELP}};
enum { PLACES = sizeof places / sizeof *places };

/* ---- doing ---- */

static bool word_is(const char *line, size_t n, const char *word)
{
    return strlen(word) == n && strncmp(line, word, n) == 0;
}

static bool go_by_word(Screen *screen, const char *line, size_t n, const char *rest)
{
    for (int i = 0; i < PLACES; i++) {
        if (!word_is(line, n, places[i].word)) continue;
        screen_go(screen, places[i].room, rest[0] != '\0' ? rest : NULL);
        return true;
    }
    if (word_is(line, n, "lesson") && rest[0] != '\0') {
        screen_go(screen, ROOM_LESSON, rest);
        return true;
    }
    return false;
}

static bool set_theme(Screen *screen, const char *rest)
{
    char   name[16] = "";
    size_t n = strcspn(rest, " "); /* completion leaves a blank behind */
    if (n < sizeof name) memcpy(name, rest, n);
    if (!theme_find(name, &screen->theme)) {
        screen_say(screen, tr("themes are auto, dark, light, contrast and mono"));
        return true;
    }
    screen->spec->display->theme(screen->spec->display->self, screen->theme);
    screen->redraw = true;
    return true;
}

void screen_command(Screen *screen, const char *line)
{
    const RoomOps *ops = screen_ops(screen->here);
    line += strspn(line, " ");
    size_t      n = strcspn(line, " ");
    const char *rest = line + n + strspn(line + n, " ");

    if (n == 0) return;
    if (word_is(line, n, "quit")) {
        screen->left = true;
    } else if (!go_by_word(screen, line, n, rest) &&
               !(word_is(line, n, "theme") && set_theme(screen, rest)) &&
               !(ops->command != NULL && ops->command(screen_room(screen), line))) {
        Str shown = {0};
        safe_text(&shown, line, (Index)n, false, 40);
        screen_say(screen, tr("there is no command \"%s\" here; Tab completes"), str_text(&shown));
        str_free(&shown);
    }
}

/* ---- completing ---- */

static void add_lessons(Screen *screen, Str *words)
{
    char **paths = NULL;
    Index  count = 0;
    if (!lesson_shelf(screen->spec->lab, &paths, &count, NULL)) return;
    for (Index i = 0; i < count; i++) {
        const char *name = strrchr(paths[i], '/');
        name = name != NULL ? name + 1 : paths[i];
        /* NN-id.md */
        if (strlen(name) > 6) str_addf(words, " %.*s", (int)strlen(name) - 6, name + 3);
        mem_free(paths[i]);
    }
    mem_free(paths);
}

/* The verb of "svd M" or "X = svd M"; NULL: none. */
static const Verb *verb_of(const char *line)
{
    for (int word = 0; word < 3; word++) {
        char   name[32];
        size_t n = strcspn(line, " ");
        if (n >= sizeof name) return NULL;
        memcpy(name, line, n);
        name[n] = '\0';
        const Verb *verb = verb_find(name);
        if (verb != NULL) return verb;
        line += n + strspn(line + n, " ");
    }
    return NULL;
}

/* "optim=" and, where there is a choice, "optim=adamw". */
static void add_settings(const Verb *verb, Str *words)
{
    const ArgSpec *arg = verb != NULL ? verb->command.args : NULL;
    for (; arg != NULL && arg->name != NULL; arg++) {
        if (arg->type != ARG_CHOICE) str_addf(words, " %s=", arg->name);
        for (int i = 0; arg->type == ARG_CHOICE && arg->choices[i] != NULL; i++) {
            str_addf(words, " %s=%s", arg->name, arg->choices[i]);
        }
    }
    str_add(words, " ");
}

/* Words that may stand where the cursor is, divided by blanks. */
static void candidates(Screen *screen, const char *line, Index at, Str *words)
{
    const RoomOps *ops = screen_ops(screen->here);
    size_t         n = strcspn(line, " ");
    if ((Index)n < at && word_is(line, n, "lesson")) {
        add_lessons(screen, words);
    } else if ((Index)n < at && word_is(line, n, "theme")) {
        for (Theme theme = THEME_AUTO; theme < THEME_COUNT; theme++) {
            str_addf(words, " %s", theme_name(theme));
        }
    } else {
        for (int i = 0; (Index)n >= at && i < PLACES; i++) str_addf(words, " %s", places[i].word);
        if ((Index)n >= at) str_add(words, " lesson theme quit ");
        if ((Index)n < at) add_settings(verb_of(line), words);
        if (ops->words != NULL) ops->words(screen_room(screen), words);
    }
}

typedef struct Found {
    const char *rest; /* what the first one goes on with */
    size_t      same; /* bytes of it that all of them go on with */
    int         count;
    Str         all;
} Found;

static void add_candidate(Found *found, const char *word, size_t m, size_t n)
{
    const char *rest = word + n;
    size_t      k = 0;
    if (found->count++ == 0) {
        found->rest = rest;
        found->same = m - n;
    }
    while (k < found->same && k < m - n && found->rest[k] == rest[k]) k++;
    found->same = k;
    str_addf(&found->all, "%s%.*s", found->count > 1 ? "  " : "", (int)m, word);
}

static void find_candidates(Found *found, const char *words, const char *begun, size_t n)
{
    for (const char *at = words; *at != '\0';) {
        at += strspn(at, " ");
        size_t m = strcspn(at, " ");
        if (m >= n && m > 0 && strncmp(at, begun, n) == 0) add_candidate(found, at, m, n);
        at += m;
    }
}

void screen_complete(Screen *screen)
{
    Str         words = {0};
    Found       found = {0};
    const char *line = line_edit_text(&screen->edit);
    Index       from = screen->edit.at;

    while (from > 0 && line[from - 1] != ' ') from--;
    candidates(screen, line, from, &words);
    find_candidates(&found, str_text(&words), line + from, (size_t)(screen->edit.at - from));
    for (size_t i = 0; i < found.same; i++) {
        line_edit_act(&screen->edit, ACT_TYPE, (Key){K_CHAR, (unsigned char)found.rest[i]});
    }
    bool whole = found.count == 1 && line_edit_text(&screen->edit)[screen->edit.at - 1] != '=';
    if (whole) line_edit_act(&screen->edit, ACT_TYPE, (Key){K_CHAR, ' '});
    str_clear(&screen->said);
    if (found.count > 1) screen_say(screen, "%s", str_text(&found.all));
    str_free(&words);
    str_free(&found.all);
}
