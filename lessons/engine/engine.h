#ifndef LESSONS_ENGINE_ENGINE_H
#define LESSONS_ENGINE_ENGINE_H

/*
 * A lesson as a job on its own thread. It tells a Stage what happens and asks through a mailbox:
 * a question blocks the job only, may be answered from any thread, and ends on cancel.
 *
 * At the end of each step, and at a question, the learner may play: "set NAME=VALUE" and "run"
 * do the step's runs again with other values; any other line of the vocabulary acts on the bench;
 * "values" tells what may be set; "restore" brings the state of the step back; "quit" ends. Going
 * on always goes on from the lesson's own state, whatever was played, and play is in no report.
 */

#include "lessons/engine/transcript.h"

typedef enum AskKind {
    ASK_PREDICT, /* answer: a number, a choice's number, an order "2 1 3", a curve "1 2 4";
                    optionally "; because ..."; or "skip" */
    ASK_QUIZ,    /* answer: a choice's number (several: "1 3"), or "hint", or "skip" */
    ASK_STEP,    /* end of a step or a pause: "" goes on */
    ASK_BUDGET   /* before the first run: "" goes on */
} AskKind;

typedef struct Question {
    AskKind            kind;
    const Item        *item; /* predict or quiz, NULL */
    const char        *text; /* filled in: Markdown for predict and quiz, else a sentence */
    Index              tries;
    const char *const *choices; /* filled in */
    Index              choice_count;
    const double      *at; /* curve: the given x */
    Index              at_count;
} Question;

typedef enum TellKind {
    TELL_OPEN,    /* lesson, transcript's head is filled */
    TELL_STEP,    /* step, index */
    TELL_NOTE,    /* a Note of the transcript, complete: a prediction's when it was measured */
    TELL_TEXT,    /* text: one sentence of the engine ("a prediction first") */
    TELL_RUN,     /* item: a run block begins */
    TELL_EVENT,   /* event: of a training under way */
    TELL_ASK,     /* question: waits for lesson_job_answer */
    TELL_REPLY,   /* text: feedback on a quiz answer or why an answer cannot be read; verdict */
    TELL_PLAY,    /* text: a result or figure of free play (note, not of the transcript) */
    TELL_PRESENT, /* text: presenter's note */
    TELL_CLOSE    /* the end, in any case: index steps are complete */
} TellKind;

typedef struct LessonJob LessonJob;

typedef struct Tell {
    LessonJob        *job; /* who tells: an answer or a cancel may come from inside the tell */
    TellKind          kind;
    const Lesson     *lesson;
    const Step       *step;
    Index             index;
    const Item       *item;
    const Note       *note;
    const char       *text;
    Verdict           verdict;
    const Event      *event;
    const Question   *question;
    const Transcript *transcript;
    bool              again; /* of a step before from_step: done earlier, run again */
} Tell;

/* Called on the job's thread (events of a sweep on those of its runs, one at a time while the job
 * waits); copies what it wants and returns at once. */
typedef struct Stage {
    void *context;
    void (*tell)(void *context, const Tell *tell);
    bool plays; /* ask ASK_STEP and ASK_BUDGET; false: go on by itself (headless) */
} Stage;

typedef struct LessonSetting {
    const char *name, *value;
} LessonSetting;

/* Answers prepared beforehand: {"p1": "0.1; because ...", "q1": "2"} by id. */
typedef struct LessonAnswers LessonAnswers;
NODISCARD LessonAnswers     *lesson_answers_read(const char *path, Error *err);
/* From JSON text; name is what errors call it. */
NODISCARD LessonAnswers *lesson_answers_parse(const char *json, Index n, const char *name,
                                              Error *err);
const char              *lesson_answer_of(const LessonAnswers *answers, const char *id);
void                     lesson_answers_free(LessonAnswers *answers);

typedef struct LessonJobSpec {
    Lab                 *lab;
    const Lesson        *lesson;
    Stage                stage;
    int                  threads;
    uint64_t             seed; /* 0 with seeded false: the lesson's */
    bool                 seeded, quick;
    const LessonSetting *settings;
    Index                setting_count;
    const LessonAnswers *answers; /* used first; NULL. Borrowed like lab and lesson */
    bool                 asks; /* questions without a prepared answer are asked; false: skipped */
    Index                from_step; /* earlier steps run without questions (0: all asked) */
    const char          *repeat;    /* the line that repeats this run */
    /* Tells carry each value that was filled into a text between U+FFF9 and U+FFFB, so that it can
     * be shown as measured. The transcript is without them once a note was told. */
    bool marks;
} LessonJobSpec;

/* ERR_INPUT: a setting that does not exist or is out of range. Starts the thread. */
NODISCARD LessonJob *lesson_job_start(const LessonJobSpec *spec, Error *err);
/* The answer to the question under way; false when none is. Any thread. */
bool lesson_job_answer(LessonJob *job, const char *text);
bool lesson_job_asking(LessonJob *job); /* a question waits */
void lesson_job_cancel(LessonJob *job); /* any thread, at any time, more than once */
bool lesson_job_done(LessonJob *job);
/* Wait for the end; err as the job left it: ERR_CANCELLED, ERR_MEMORY, ERR_FAILED when the budget
 * was spent ... A failed assert is no error: transcript->failed counts. The transcript is the job's
 * until it is freed. */
NODISCARD bool    lesson_job_wait(LessonJob *job, Error *err);
const Transcript *lesson_job_transcript(const LessonJob *job); /* after wait */
Index             lesson_job_step(LessonJob *job);             /* steps completed */
void              lesson_job_free(LessonJob *job);             /* cancels and waits; NULL-safe */

/* What a step's runs will cost at most and what the lesson may spend: one sentence. */
void lesson_budget_text(Str *out, const Lesson *lesson);

#endif
