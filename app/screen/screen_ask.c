/* Questions in the status row: yes or no, a line of text, a command. */

#include <stdarg.h>
#include <string.h>

#include "app/screen/screen_internal.h"
#include "core/base/mem.h"

static void ask(Screen *screen, AskMode mode, const char *label, const char *text)
{
    str_clear(&screen->label);
    str_clear(&screen->said);
    str_addf(&screen->label,
             mode == ASK_YES_NO    ? tr("%s y/n ")
             : mode == ASK_COMMAND ? "%s"
                                   : "%s ",
             label);
    screen->asks = line_edit_set(&screen->edit, text) ? mode : ASK_NOTHING;
    screen->history_at = screen->history_count;
    screen->dirty = true;
}

void screen_ask(Screen *screen, const char *question, void (*yes)(void *context), void *context)
{
    ask(screen, ASK_YES_NO, question, "");
    screen->yes = yes;
    screen->ask_context = context;
}

void screen_prompt(Screen *screen, const char *label, const char *text,
                   void (*done)(void *context, const char *text), void *context)
{
    ask(screen, ASK_LINE, label, text);
    screen->done = done;
    screen->ask_context = context;
}

void screen_ask_command(Screen *screen)
{
    ask(screen, ASK_COMMAND, ":", "");
}

void screen_ask_end(Screen *screen)
{
    screen->asks = ASK_NOTHING;
    screen->dirty = true;
}

/* ---- history ---- */

static void remember(Screen *screen, const char *text)
{
    if (text[0] == '\0') return;
    char *copy = mem_strdup(text, NULL);
    if (copy == NULL) return; /* one line less to recall */
    if (screen->history_count == HISTORY_MAX) {
        mem_free(screen->history[0]);
        memmove(screen->history, screen->history + 1, (HISTORY_MAX - 1) * sizeof(char *));
        screen->history_count--;
    }
    screen->history[screen->history_count++] = copy;
}

static void recall(Screen *screen, int by)
{
    int at = screen->history_at + by;
    if (at < 0 || at > screen->history_count) return;
    screen->history_at = at;
    if (!line_edit_set(&screen->edit, at < screen->history_count ? screen->history[at] : "")) {
        screen_ask_end(screen);
    }
}

/* ---- keys ---- */

/* Answered first, so that the answer may ask the next question. */
static void finish_line(Screen *screen)
{
    char *text = mem_strdup(line_edit_text(&screen->edit), NULL);
    bool  command = screen->asks == ASK_COMMAND;
    screen_ask_end(screen);
    if (text == NULL) return;
    remember(screen, text);
    if (command) {
        screen_command(screen, text);
    } else {
        screen->done(screen->ask_context, text);
    }
    mem_free(text);
}

static void answer_yes_no(Screen *screen, Action action, Key key)
{
    bool yes = key.code == K_CHAR && (key.cp == 'y' || key.cp == 'Y');
    bool no = action == ACT_LEAVE || (key.code == K_CHAR && (key.cp == 'n' || key.cp == 'N'));
    if (!yes && !no) return;
    screen_ask_end(screen);
    if (yes) screen->yes(screen->ask_context);
}

void screen_ask_act(Screen *screen, Action action, Key key)
{
    if (screen->asks == ASK_YES_NO) {
        answer_yes_no(screen, action, key);
    } else if (action == ACT_LEAVE || action == ACT_STOP) {
        screen_ask_end(screen);
    } else if (action == ACT_COMMIT) {
        finish_line(screen);
    } else if (action == ACT_UP || action == ACT_DOWN) {
        recall(screen, action == ACT_UP ? -1 : 1);
    } else if (action == ACT_NEXT_PANE && screen->asks == ASK_COMMAND) {
        screen_complete(screen);
    } else {
        line_edit_act(&screen->edit, action, key);
    }
    screen->dirty = true;
}

void screen_say(Screen *screen, const char *fmt, ...)
{
    va_list args;
    str_clear(&screen->said);
    va_start(args, fmt);
    str_vaddf(&screen->said, fmt, args);
    va_end(args);
    screen->dirty = true;
}
