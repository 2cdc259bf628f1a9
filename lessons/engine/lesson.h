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
    char *feedback; /* quiz: for this choice, or NULL */
    bool  right;    /* quiz */
    Expr *truth;    /* predict choice: holds when this choice is what was measured;
                       predict order: the value that is ordered */
    char *truth_text;
    Place place, truth_place, feedback_place;
} Choice;

/* One line of a plot: EXPR [vs EXPR] [band AXIS] [:: LABEL] */
typedef struct PlotLine {
    Expr *y, *x; /* x NULL: what y brings along */
    char *band;  /* axis that the band is over; NULL */
    char *label; /* may hold {values} and {axis names}; NULL */
    Place place, x_place, label_place;
} PlotLine;

typedef struct AssertLine {
    Expr *expr;
    char *text;   /* the expression as written */
    char *reason; /* after "::", or NULL */
    Place place, reason_place;
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
    char       *measure_text, *unit;
    double      tolerance, factor; /* right within: absolute, or by this factor; 0: neither */
    char       *at_text;           /* curve: the given x as written, may hold {values} */
    double     *at;                /* curve: the given x with the lesson's normal values; with */
    Index       at_count;          /* other values: lesson_numbers(at_text) */
    bool        descending;        /* order */
    Place       measure_place, at_place;
    /* predict choice and order, quiz */
    Choice *choices;
    Index   choice_count;
    char  **hints;
    Place  *hint_places;
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
    Place  quick_place;
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
    char        *needs;   /* "" or words: "cuda" */
    char         lang[3]; /* of a translation ("zh"), "" of a lesson */
    Place        ends;    /* of the front matter: where what it lacks is complained about */
    bool         unread;  /* not UTF-8: nothing below was read */
    bool         odd;     /* a block's kind is unknown, so it is not known what the lesson lacks */
    char       **broken;  /* names of results whose commands could not be read */
    Index        broken_count;
    Index       *line_at; /* [line_count + 1] where lines of the source begin */
    Index        line_count;
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
    bool       failed; /* memory was out; lesson_parse and lesson_check report it */
} Complaints;          /* complaints_free */
void complaints_free(Complaints *complaints);

#define LESSON_MAX_BYTES (1 << 20)

/* From text. Mistakes of form are added to complaints (at most 100) and the rest is read on; NULL
 * only when memory is out or n is over LESSON_MAX_BYTES. A path that ends in .xx.md is a
 * translation's. */
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
/* The value that text (value->normal, value->quick, what a learner wrote) stands for: a number, a
 * vector where the lesson's own is a list, or a text. ERR_INPUT: out of range, no number where
 * the lesson's own is one. */
NODISCARD Datum *lesson_value_datum(const LessonValue *value, const char *text, Error *err);
/* Numbers with commas, or {expressions} that give numbers or vectors: "1, {r}, {ranks}".
 * mem_free *numbers. fault may be NULL. */
NODISCARD bool lesson_numbers(const char *text, const Scope *scope, double **numbers, Index *count,
                              ExprFault *fault, Error *err);

/* "FILE:LINE:COL: message", the source line, a caret, "hint: ..." for each. Safe for a terminal. */
void complaints_text(Str *out, const Lesson *lesson, const Complaints *complaints);

/* What `check FILE` does: read, parse, check; a NAME.zh.md is held against its NAME.md. The lesson
 * is the file's own (for complaints_text), never NULL without err; mistakes are no error. */
NODISCARD Lesson *lesson_examine(const char *path, Complaints *complaints, Error *err);
/* Read, parse and check: a lesson without mistakes, or ERR_INPUT whose message is the first one
 * ("FILE:LINE:COL: ..."). lang "" or "zh": the translation beside it is joined. */
NODISCARD Lesson *lesson_load(const char *path, const char *lang, Error *err);
/* Is there a translation beside it? */
bool lesson_is_translated(const char *path, const char *lang);

/* ---- the shelf -------------------------------------------------------------------------- */

/* Paths of the lessons that come along, in order (NN-id.md under the Lab's lessons folder). */
NODISCARD bool lesson_shelf(const Lab *lab, char ***paths, Index *count, Error *err);
/* A file (has a '/' or ends in .md) or an id of the shelf; ERR_INPUT names the nearest id. */
NODISCARD char *lesson_path(const Lab *lab, const char *name, Error *err);

#endif
