#ifndef LESSONS_ENGINE_LESSON_H
#define LESSONS_ENGINE_LESSON_H

/*
 * A lesson file, read: front matter, steps, items. lessons/README.md is the format for authors;
 * these structs follow it word by word. Every piece knows its place in the source.
 *
 * A translation (NAME.zh.md) is a Lesson of its own whose run, plot and assert blocks are empty
 * and stand for those of NAME.md with the same id; lesson_translate joins them.
 */

#include "core/figure/figure.h"
#include "core/workbench/verb.h"

typedef struct Place {
    Index line, col; /* from 1; col in characters */
} Place;

typedef enum ItemKind {
    ITEM_PROSE,
    ITEM_PREDICT,
    ITEM_RUN,
    ITEM_PLOT,
    ITEM_EXPLAIN,
    ITEM_QUIZ,
    ITEM_ASSERT,
    ITEM_NOTE, /* for the presenter */
    ITEM_PAUSE
} ItemKind;

typedef enum PredictKind {
    PREDICT_NUMBER,
    PREDICT_CHOICE,
    PREDICT_ORDER,
    PREDICT_CURVE
} PredictKind;

typedef struct Choice {
    char *text;
    char *feedback; /* quiz: for this choice */
    bool  right;    /* quiz */
    Expr *truth;    /* predict choice: holds when this choice is what was measured;
                       predict order: the value that is ordered */
    char *truth_text;
    Place place;
} Choice;

/* One line of a plot: EXPR [vs EXPR] [band AXIS] [:: LABEL] */
typedef struct PlotLine {
    Expr *y, *x; /* x NULL: what y brings along */
    char *band;  /* axis that the band is over; NULL */
    char *label; /* may hold {values} and {axis names} */
    Place place;
} PlotLine;

typedef struct AssertLine {
    Expr *expr;
    char *text;   /* the expression as written */
    char *reason; /* after "::", or NULL */
    Place place;
} AssertLine;

typedef struct Item {
    ItemKind kind;
    char    *id; /* "" where the block has none */
    Place    place;
    char    *text;      /* prose, explain: Markdown; predict, quiz: the question; note: its text */
    Index    text_line; /* source line of the text's first line */
    /* predict */
    PredictKind predict;
    Expr       *measure; /* number, curve */
    char       *unit;
    double      tolerance, factor; /* right within: absolute, or by this factor; 0: neither */
    double     *at;                /* curve: the given x */
    Index       at_count;
    bool        descending; /* order */
    /* predict choice and order, quiz */
    Choice *choices;
    Index   choice_count;
    char  **hints;
    Index   hint_count;
    /* run */
    VerbLine **lines;
    Place     *line_places;
    Index      line_count;
    /* plot */
    FigureKind figure;
    char      *title, *x_title, *y_title;
    bool       log_x, log_y;
    char      *overlay; /* id of a predict curve, or NULL */
    PlotLine  *plots;
    Index      plot_count;
    /* assert */
    AssertLine *asserts;
    Index       assert_count;
    char       *refers; /* explain for=, run after= : id, or NULL */
} Item;

typedef struct Step {
    char *id, *title;
    Place place;
    Item *items;
    Index count;
} Step;

/* A value that a learner (or --set) may change. */
typedef struct LessonValue {
    char  *name;
    char  *normal, *quick; /* as text: a number, a comma list or a word; quick may be NULL */
    bool   ranged;
    double lo, hi; /* each number of it */
    char  *help;
    Place  place;
} LessonValue;

typedef struct Lesson {
    char        *path; /* as errors call it */
    char        *source;
    Index        source_len;
    char        *id, *title, *summary;
    Index        minutes; /* to read */
    double       seconds; /* budget of computing on two cores */
    int64_t      memory;  /* budget, bytes */
    uint64_t     seed;
    char        *needs; /* "" or words: "cuda" */
    LessonValue *values;
    Index        value_count;
    Step        *steps;
    Index        count;
} Lesson;

/* One mistake of an author. */
typedef struct Complaint {
    Place place;
    char  message[240], hint[160];
} Complaint;

typedef struct Complaints {
    Complaint *list;
    Index      count;
} Complaints; /* complaints_free */
void complaints_free(Complaints *complaints);

#define LESSON_MAX_BYTES (1 << 20)

/* From text. Mistakes of form are added to complaints (at most 100) and the rest is read on; NULL
 * only when memory is out or the text is no lesson at all. */
NODISCARD Lesson *lesson_parse(const char *path, const char *text, Index n, Complaints *complaints,
                               Error *err);
void              lesson_free(Lesson *lesson); /* NULL-safe */

/* Everything that can be wrong without running it: what lesson_parse found, and names that do not
 * exist or come later, members a verb does not return, keys out of range, predictions without a
 * measure, quizzes without feedback, hints or a right choice, duplicate ids, steps without ids,
 * lines over 80 columns, missing front matter, budgets out of range, no prediction, no assert ...
 */
NODISCARD bool lesson_check(const Lesson *lesson, Complaints *complaints, Error *err);
/* The translation's prose, choices and hints in the main lesson's order; complaints where ids do
 * not fit. The result borrows nothing. */
NODISCARD Lesson *lesson_translate(const Lesson *lesson, const Lesson *translation,
                                   Complaints *complaints, Error *err);
/* "FILE:LINE:COL: message", the source line, a caret, "hint: ..." for each. Safe for a terminal. */
void complaints_text(Str *out, const Lesson *lesson, const Complaints *complaints);

/* Read, parse and check: a lesson without mistakes, or ERR_INPUT whose message is the first one
 * ("FILE:LINE:COL: ..."). lang "" or "zh": the translation beside it is joined. */
NODISCARD Lesson *lesson_load(const char *path, const char *lang, Error *err);

/* ---- the shelf -------------------------------------------------------------------------- */

/* Paths of the lessons that come along, in order (NN-id.md under the Lab's lessons folder). */
NODISCARD bool lesson_shelf(const Lab *lab, char ***paths, Index *count, Error *err);
/* A file (has a '/' or ends in .md) or an id of the shelf; ERR_INPUT names the nearest id. */
NODISCARD char *lesson_path(const Lab *lab, const char *name, Error *err);

#endif
