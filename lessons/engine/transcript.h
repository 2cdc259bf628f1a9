#ifndef LESSONS_ENGINE_TRANSCRIPT_H
#define LESSONS_ENGINE_TRANSCRIPT_H

/*
 * What happened in one run of a lesson, in order: the source of reports, and what a Stage is told
 * piece by piece. Numbers that a clock measured are marked "(timed)" in texts; all the rest is
 * the same for the same seed on the same machine.
 */

#include "lessons/engine/lesson.h"

typedef enum NoteKind {
    NOTE_STEP,    /* id, title */
    NOTE_PROSE,   /* text: Markdown with its values filled in */
    NOTE_PREDICT, /* question, answer (or NULL: skipped), reason, measured, verdict */
    NOTE_QUIZ,    /* question, answer, tries, verdict, feedback */
    NOTE_COMMAND, /* line: a command of a run block as it ran */
    NOTE_RESULT,  /* name, value */
    NOTE_FIGURE,  /* figure, sentence in text */
    NOTE_ASSERT   /* line, figures, verdict, reason */
} NoteKind;

typedef enum Verdict { VERDICT_NONE, VERDICT_RIGHT, VERDICT_WRONG } Verdict;

typedef struct Note {
    NoteKind kind;
    char    *id;
    char    *text;     /* title, Markdown, question, line */
    char    *answer;   /* the learner's, as given; NULL */
    char    *said;     /* the same in words: the choice's text; NULL */
    char    *reason;   /* the learner's or the assert's; NULL */
    char    *measured; /* in words: "0.039", "r = 8"; the assert's figures; a result's value */
    char    *feedback;
    Index    tries;
    Verdict  verdict;
    Datum   *value;  /* NOTE_RESULT: one reference */
    Figure  *figure; /* NOTE_FIGURE: owned */
    Place    place;  /* in the lesson file */
    bool     timed;  /* a clock measured something in it */
} Note;

typedef struct Transcript {
    char    *lesson, *title, *path;
    char    *settings;                             /* "r = 2, steps = 60" of changed values; "" */
    char    *backend, *machine, *version, *repeat; /* repeat: the line that runs this again */
    uint64_t seed;
    bool     quick;
    double   seconds; /* computing, timed */
    int64_t  peak_bytes;
    Note    *notes;
    Index    count;
    Index    asserts, failed; /* how many */
    Index    predictions, predicted_right;
} Transcript;

void            transcript_free(Transcript *transcript); /* its contents */
NODISCARD Note *transcript_add(Transcript *transcript, NoteKind kind, const char *id, Error *err);

#endif
