#ifndef LESSONS_ENGINE_ENGINE_INTERNAL_H
#define LESSONS_ENGINE_ENGINE_INTERNAL_H

/*
 * The job's own state, shared by engine*.c. All of it belongs to the job's thread, but for the
 * mailbox (under its mutex), the cancel flag and the two atomics.
 */

#include <pthread.h>

#include "lessons/engine/engine.h"

/* A prediction: asked at its place, compared when its measure can be computed. */
typedef struct Guess {
    const Item *item;
    Index       note; /* number of its Note */
    bool        settled;
    double     *numbers; /* what was answered: a number, a choice from 1, an order, a curve */
    Index       count;   /* 0: skipped */
    double     *at;      /* curve: the given x */
    Index       at_count;
    char      **choices; /* filled in */
    Index       choice_count;
    Datum      *record; /* {answer, measured}, when settled */
} Guess;

struct LessonJob {
    Lab                 *lab;
    const Lesson        *lesson;
    Stage                stage;
    int                  threads;
    bool                 quick, asks, marks;
    const LessonAnswers *answers;
    Index                from_step;
    char               **values; /* as text, in the lesson's order */

    Bench     *bench;
    Transcript transcript;
    Guess     *guesses;
    Index      guess_count;
    double     spent;     /* seconds of computing, play not counted */
    bool       announced; /* the budget was told */
    bool       lost;      /* a sentence could not be told for want of memory */

    /* where it is */
    const Step *step;
    Index       index; /* of the step */
    Index       item;  /* in the step */

    /* free play */
    bool        playing;     /* what happens now is play */
    bool        played;      /* the bench is not the lesson's own */
    Transcript  play;        /* notes of the play under way */
    char      **play_values; /* what was set */
    BenchState *at_start;    /* before the step's first item */
    BenchState *own;         /* before play; NULL: none was saved */

    pthread_t       thread;
    bool            started, joined;
    pthread_mutex_t mutex; /* guards asking and answer */
    pthread_cond_t  mail;
    bool            asking;
    char           *answer;
    Cancel          cancel;
    _Atomic bool    done;
    _Atomic Index   completed; /* steps */
    Error           err;       /* how it ended; read after the join */
};

/* ---- engine.c ---- */

/* Fill in where the job is and tell the stage. */
void job_tell(LessonJob *job, Tell tell);
/* One sentence of the engine. */
void job_say(LessonJob *job, TellKind kind, Verdict verdict, const char *fmt, ...)
    PRINTF_LIKE(4, 5);
/* Nobody has cancelled; else false with ERR_CANCELLED. */
NODISCARD bool job_goes_on(const LessonJob *job, Error *err);
/* A new Note: of the transcript, or of the play under way. */
NODISCARD Note *job_note(LessonJob *job, NoteKind kind, const char *id, Place place, Error *err);
/* The note is complete. */
void job_tell_note(LessonJob *job, Note *note);
/* Put "FILE:LINE:COL: " before an error of the lesson's own text. Returns false. */
bool job_blame(const LessonJob *job, Place place, Error *err);
bool job_again(const LessonJob *job); /* in a step that was done earlier */

/* ---- engine_mail.c ---- */

NODISCARD bool mail_init(LessonJob *job);
void           mail_destroy(LessonJob *job);
/* Tell the question and wait for its answer (mem_free it). Play is dealt with in here; what is
 * returned is for the question. NULL: ERR_CANCELLED or worse. */
NODISCARD char *job_ask(LessonJob *job, const Question *question, Error *err);

/* The word alone, with blanks around it. */
bool answer_is(const char *text, const char *word);

/* ---- engine_values.c ---- */

/* The texts of all values: normal or quick form, then the settings. */
NODISCARD bool     values_choose(LessonJob *job, const LessonJobSpec *spec, Error *err);
NODISCARD bool     setting_check(const LessonValue *value, const char *text, Error *err);
const LessonValue *setting_find(const Lesson *lesson, const char *name, Index *at);
bool               setting_unknown(const Lesson *lesson, const char *name, Error *err); /* false */
/* Onto the bench under their names, and the seed. */
NODISCARD bool values_put(LessonJob *job, char *const *texts, Error *err);
void           values_free(char **texts, Index count);

/* Names over a scope: those of settled predictions, and a few given ones. */
typedef struct Overlay {
    LessonJob   *job;
    Scope        below;
    const char  *names[8];
    const Datum *values[8];
    Index        count;
} Overlay;
Scope overlay_scope(Overlay *overlay, LessonJob *job);
/* Text with its values filled in; mem_free it. NULL is blamed on the place. */
NODISCARD char *job_fill(LessonJob *job, const char *text, bool escape, Place place, Error *err);

/* ---- engine_guess.c ---- */

/* Read an answer; ERR_INPUT says in words why it cannot be read. reason: after "; because". */
NODISCARD bool guess_read(Guess *guess, const char *text, Str *reason, Error *err);
/* The answer in words. */
NODISCARD char *guess_words(const Guess *guess, Error *err);
const char     *guess_choice(const Guess *guess, Index i); /* its text, from 0 */
void            guess_add_number(Str *out, double number, const char *unit, Error *err);
void            guess_free(Guess *guess);

/* ---- engine_measure.c ---- */

/* Compare with what was measured: fills the note and the record. ERR_INPUT: not measured yet. */
NODISCARD bool guess_measure(Guess *guess, Note *note, const Scope *scope, Error *err);

/* ---- engine_predict.c, engine_quiz.c ---- */

NODISCARD bool job_predict(LessonJob *job, const Item *item, Error *err);
/* Compare what can be compared by now; after: the run block that just ended. last: what is left
 * stays without a measurement. */
NODISCARD bool job_settle(LessonJob *job, const Item *after, bool last, Error *err);
const Guess   *job_guess(const LessonJob *job, const char *id); /* NULL: none */
NODISCARD bool job_quiz(LessonJob *job, const Item *item, Error *err);
/* The item's choices filled in; values_free them. */
NODISCARD char **job_choices(LessonJob *job, const Item *item, Error *err);

/* ---- engine_run.c ---- */

NODISCARD bool job_run(LessonJob *job, const Item *item, Error *err);
/* One line of the vocabulary, timed, noted and told. */
NODISCARD bool job_run_line(LessonJob *job, const VerbLine *line, Place place, Error *err);
NODISCARD bool job_plot(LessonJob *job, const Item *item, Error *err);
NODISCARD bool job_assert(LessonJob *job, const Item *item, Error *err);

/* ---- engine_words.c ---- */

/* A command's result in at most a few lines: what is long is named, not shown. */
NODISCARD char *result_words(const Datum *value, Error *err);
/* Take the marks of filled in values out of it again; NULL-safe. */
void words_unmark(char *text);
void note_unmark(Note *note);

/* ---- engine_play.c ---- */

/* True when the line was play and has been dealt with; *failed: and the job must end. */
bool           play_line(LessonJob *job, const char *line, bool *failed, Error *err);
NODISCARD bool play_end(LessonJob *job, Error *err); /* back to the lesson's own state */

/* ---- lesson_figure.c ---- */

/* guess: the prediction to lay over it, or NULL. *timed: a clock is behind its values. */
NODISCARD Figure *lesson_figure(const Item *item, const Scope *scope, const Guess *guess,
                                bool *timed, ExprFault *fault, Error *err);

/* ---- engine_machine.c ---- */

/* "AMD EPYC 7B13, 2 cores, Linux 6.1.0". */
NODISCARD char *machine_text(Error *err);

#endif
