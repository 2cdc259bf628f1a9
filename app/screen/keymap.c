/* The table of keys, and how one is found in it. */

#include "app/screen/keymap.h"

#include <string.h>

#define LISTS (IN(ROOM_HOME) | IN(ROOM_MODEL) | IN(ROOM_HELP))
#define TRAINS (IN(ROOM_LESSON) | IN(ROOM_WORKBENCH))
#define CHARTS (IN(ROOM_LESSON) | IN(ROOM_WORKBENCH) | IN(ROOM_RUNS))

/* clang-format off */
static const KeyRow rows[] = {
    {ACT_COMMIT, LISTS, "Enter", "open", "opens what is selected"},
    {ACT_COMMIT, IN(ROOM_RUNS), "Enter", "list, chart",
     "turns from the list to the chart, and back"},
    {ACT_COMMIT, IN(ROOM_LESSON), "Enter", "answer",
     "answers; a prediction cannot be changed then"},
    {ACT_COMMIT, IN(ROOM_WORKBENCH) | IN(ROOM_MATRIX), "Enter", "edit",
     "edits what is selected, or takes over what was typed"},
    {ACT_NEXT, IN(ROOM_LESSON), "Space", "next", "goes on: the next part of the lesson"},
    {ACT_CHOOSE, IN(ROOM_LESSON), "1 2 3 4 5 6 7 8 9", NULL, "picks an answer by its number"},
    {ACT_CHOOSE, IN(ROOM_NOTES), "1 2 3 4 5 6 7 8 9", "a vote", "one vote more for the choice"},
    {ACT_UNDO, IN(ROOM_NOTES), "u", "take back", "takes back the last vote"},
    {ACT_RESET, IN(ROOM_NOTES), "0", "clear", "no votes"},
    {ACT_NEXT_PANE, IN(ROOM_LESSON), "Tab", "text, results",
     "from the text to what was computed, and back"},
    {ACT_PREVIOUS, IN(ROOM_LESSON), "Left", "look back", "looks back at what came before"},
    {ACT_HINT, IN(ROOM_LESSON), "H", "hint", "a hint on the question, weaker ones first"},
    {ACT_PAUSE, IN(ROOM_WORKBENCH), "p", "run, pause", "starts the training, pauses it, goes on"},
    {ACT_NEXT_PANE, IN(ROOM_WORKBENCH), "Tab", "next view",
     "settings, curves, modules and memory, text: the next of them"},
    {ACT_SINGLE, IN(ROOM_WORKBENCH), "s", "one step", "makes one training step and pauses"},
    {ACT_REWIND, IN(ROOM_WORKBENCH), "b", "rewind", "goes back to the snapshot before"},
    {ACT_ADAPTER, IN(ROOM_WORKBENCH), "a", "adapter on, off",
     "the text of the prompt with and without what was learned"},
    {ACT_EDIT, IN(ROOM_LESSON), "e", "values", "changes values of the lesson and runs them"},
    {ACT_EDIT, IN(ROOM_MODEL), "e", "set r", "types a rank"},
    {ACT_EDIT, IN(ROOM_WORKBENCH) | IN(ROOM_MATRIX), "e", NULL, "edits what is selected"},
    {ACT_RESTORE, IN(ROOM_LESSON), "R", "restore", "the state of this step as the lesson left it"},
    {ACT_MARK, IN(ROOM_RUNS) | IN(ROOM_MODEL), "x", "in, out", "takes it in, or leaves it out"},
    {ACT_TRUNCATE, IN(ROOM_MATRIX), "t", "truncate", "cuts the matrix to a lower rank"},
    {ACT_UNDO, IN(ROOM_MATRIX), "u", "undo", "takes back the last change"},
    {ACT_CONTENTS, IN(ROOM_MATRIX), "o", "matrices",
     "other matrices: a lesson's, a picture, a weight of the base, what a run learned"},
    {ACT_TYPE, IN(ROOM_MATRIX), "< >", "tolerance",
     "a smaller or larger tolerance, tenfold each time"},
    {ACT_TYPE, IN(ROOM_MATRIX), "0 1 2 3 4 5 6 7 8 9 . - +", NULL,
     "types a number into what is selected; + and - change the rank of the cut"},
    {ACT_TYPE, IN(ROOM_MODEL), "+ -", "larger r", "a larger or smaller r, twice or half"},
    {ACT_LOG, CHARTS, "y", "log", "the axis logarithmic or linear"},
    {ACT_SMOOTH, IN(ROOM_WORKBENCH) | IN(ROOM_RUNS), "S", "smooth",
     "curves as they are, or the mean of several steps"},
    {ACT_COMPARE, IN(ROOM_WORKBENCH), "c", "compare", "another recorded run on the same axes"},
    {ACT_COMPARE, IN(ROOM_RUNS), "c", "figure",
     "another figure of the marked runs: losses, rate, gradient, size of BA, memory"},
    {ACT_GNUPLOT, CHARTS | IN(ROOM_MATRIX), "g", "gnuplot", "the figure in a window of gnuplot"},
    {ACT_EXPORT, IN(ROOM_LESSON), "E", "report", "writes a report of the lesson to a file"},
    {ACT_EXPORT, IN(ROOM_RUNS), "E", "export", "writes the figure or a report to a file"},
    {ACT_COPY, EVERYWHERE, "r", NULL,
     "shows and copies the line that repeats this in a shell"},
    {ACT_NEXT_PANE, IN(ROOM_HELP), "Tab", "next room", "the keys of the next room"},
    {ACT_NEXT_PANE, IN(ROOM_MATRIX) | IN(ROOM_RUNS), "Tab", "next part",
     "the next part of the screen"},
    {ACT_NEXT_PANE, IN(ROOM_HOME) | IN(ROOM_MODEL), "Tab", NULL, "completes a command"},
    {ACT_PREVIOUS_PANE, TRAINS | IN(ROOM_MATRIX) | IN(ROOM_RUNS), "Shift-Tab", NULL,
     "the part before"},
    {ACT_NEXT_STEP, IN(ROOM_LESSON), "n", NULL, "the step after, when it was seen already"},
    {ACT_PREVIOUS_STEP, IN(ROOM_LESSON), "p", NULL, "the step before"},
    {ACT_CONTENTS, IN(ROOM_LESSON), "o", NULL, "the steps of the lesson as a list"},
    {ACT_RESET, IN(ROOM_HOME), "x", "reset",
     "forgets what was done in the selected lesson; asks first"},
    {ACT_WORKBENCH, EVERYWHERE & ~IN(ROOM_WORKBENCH), "w", NULL,
     "the workbench: a training with settings of one's own"},
    {ACT_MATRIX, EVERYWHERE & ~IN(ROOM_MATRIX), "v", NULL,
     "the matrix view: entries, singular values, rank"},
    {ACT_RUNS, EVERYWHERE & ~IN(ROOM_RUNS), "l", NULL, "the recorded runs"},
    {ACT_MODEL, EVERYWHERE & ~IN(ROOM_MODEL), "m", NULL, "the base model, layer by layer"},
    {ACT_UP, EVERYWHERE, "Up k", NULL, "up"},
    {ACT_DOWN, EVERYWHERE, "Down j", NULL, "down"},
    {ACT_LEFT, EVERYWHERE & ~IN(ROOM_LESSON), "Left h", NULL, "left; closes a branch"},
    {ACT_RIGHT, EVERYWHERE, "Right", NULL, "right; opens a branch"},
    {ACT_PAGE_UP, EVERYWHERE, "PgUp", NULL, "a page up"},
    {ACT_PAGE_DOWN, EVERYWHERE, "PgDn", NULL, "a page down"},
    {ACT_FIRST, EVERYWHERE, "Home", NULL, "to the beginning"},
    {ACT_LAST, EVERYWHERE, "End", NULL, "to the end"},
    {ACT_ERASE, EVERYWHERE, "Backspace", NULL, "erases in a field; else goes back"},
    {ACT_DELETE, EVERYWHERE, "Delete", NULL, "erases in a field; a field back to its default"},
    {ACT_CLEAR, EVERYWHERE, "Ctrl-U", NULL, "erases all that was typed into a field"},
    {ACT_SEARCH, IN(ROOM_HELP), "/", "search", "searches for words"},
    {ACT_SEARCH, IN(ROOM_LESSON), "/", NULL, "searches for words"},
    {ACT_SEARCH_NEXT, IN(ROOM_LESSON) | IN(ROOM_HELP), "f", NULL, "searches on"},
    {ACT_COMMAND, EVERYWHERE, ":", "command",
     "a line of the vocabulary; Tab completes, Up recalls"},
    {ACT_NOTES, EVERYWHERE, "N", NULL, "how a second terminal shows the presenter's notes"},
    {ACT_THEME, EVERYWHERE, "T", NULL, "the next set of colours"},
    {ACT_HELP, EVERYWHERE & ~IN(ROOM_HELP), "? F1", "help",
     "everything that is on the screen, explained"},
    {ACT_STOP, EVERYWHERE | IN(ROOM_NOTES), "Ctrl-C", NULL,
     "gives up the step under way and saves; once more: quits"},
    {ACT_REDRAW, EVERYWHERE | IN(ROOM_NOTES), "Ctrl-L", NULL, "draws the screen again"},
    {ACT_SUSPEND, EVERYWHERE | IN(ROOM_NOTES), "Ctrl-Z", NULL,
     "back to the shell; fg goes on here"},
    {ACT_LEAVE, EVERYWHERE, "Esc", "leave field", "closes what is open, then goes back"},
    {ACT_QUIT, IN(ROOM_HOME) | IN(ROOM_NOTES), "q", "quit", "out of the lab"},
    {ACT_QUIT, EVERYWHERE & ~IN(ROOM_HOME), "q", "back", "back to where one came from"},
    {ACT_NONE, 0, "", NULL, ""},
};
/* clang-format on */

const KeyRow *keymap(void)
{
    return rows;
}

static bool first_key(const char *names, Key *key)
{
    char   name[24];
    size_t n = strcspn(names, " ");
    CHECK(n < sizeof name);
    memcpy(name, names, n);
    name[n] = '\0';
    return key_parse(name, key);
}

static bool row_has(const KeyRow *row, Key key)
{
    for (const char *at = row->keys; *at != '\0';) {
        size_t n = strcspn(at, " ");
        Key    one;
        if (first_key(at, &one) && key_same(one, key)) return true;
        at += n + (at[n] == ' ');
    }
    return false;
}

const char *key_usable(const KeyRow *row, bool typing)
{
    for (const char *at = row->keys; *at != '\0';) {
        size_t n = strcspn(at, " ");
        Key    key;
        if (first_key(at, &key) && !(typing && key.code == K_CHAR)) return at;
        at += n + (at[n] == ' ');
    }
    return NULL;
}

Action keymap_action(RoomId room, Key key, bool typing)
{
    if (typing && key.code == K_CHAR) return ACT_TYPE;
    for (const KeyRow *row = rows; row->action != ACT_NONE; row++) {
        if ((row->rooms & IN(room)) && row_has(row, key)) return row->action;
    }
    return ACT_NONE;
}

const char *room_title(RoomId room)
{
    static const char *const titles[ROOM_COUNT] = {
        [ROOM_HOME] = "loralab",  [ROOM_LESSON] = "Lesson", [ROOM_WORKBENCH] = "Workbench",
        [ROOM_MATRIX] = "Matrix", [ROOM_RUNS] = "Runs",     [ROOM_MODEL] = "Model",
        [ROOM_HELP] = "Help",     [ROOM_NOTES] = "Notes"};
    return titles[room];
}
