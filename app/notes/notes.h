#ifndef APP_NOTES_NOTES_H
#define APP_NOTES_NOTES_H

/*
 * What a presenter sees in a second terminal: where the lesson is, what to say, what comes next,
 * and how a class voted. It travels as one line of JSON, one way; the votes travel the other way.
 *
 * The lab listens on a socket in $XDG_RUNTIME_DIR/loralab, a folder that only its user may enter,
 * and refuses a peer of another user.
 */

#include <poll.h>

#include "core/base/str.h"

enum { NOTES_CHOICES = 9, NOTES_VOTES_MAX = 99999 };

typedef struct Notes {
    Str    lesson, title, next, note, question; /* title of the step and of the next one */
    Str    choices[NOTES_CHOICES];
    Index  choice_count;
    Index  step, steps; /* from 1; 0: no lesson is open */
    int    asks;        /* counts questions: votes belong to one */
    double seconds;     /* since the lesson was opened */
    int    votes[NOTES_CHOICES];
} Notes;

void notes_clear(Notes *notes);
void notes_free(Notes *notes);
/* One line, ended by \n. */
void notes_write(Str *out, const Notes *notes);
/* ERR_INPUT where the line is none of ours. */
NODISCARD bool notes_read(Notes *notes, const char *line, Index n, Error *err);

/* ---- the lab's side ---------------------------------------------------------------------- */

typedef struct NotesServer NotesServer;
/* ERR_DEVICE in a sentence: no XDG_RUNTIME_DIR, or not ours alone. */
NODISCARD NotesServer *notes_serve(Error *err);
void                   notes_serve_end(NotesServer *server); /* NULL-safe; removes the socket */
/* What to poll for reading; at most NOTES_FDS, their number is returned. */
enum { NOTES_FDS = 5 };
int notes_serve_fds(const NotesServer *server, struct pollfd *fds);
/* Never blocks: takes in who knocks and what they vote; true: votes have changed. */
bool notes_serve_turn(NotesServer *server, Notes *notes);
/* To all who listen, when it differs from what they were told last. */
void notes_serve_tell(NotesServer *server, const Notes *notes);
bool notes_serve_heard(const NotesServer *server); /* somebody listens */

/* ---- the second terminal's side ---------------------------------------------------------- */

/* Connect to the lab that was opened last. ERR_DEVICE: none is open. Returns a descriptor. */
NODISCARD int notes_connect(Error *err);
/* So many votes more (or fewer) for a choice of the question that stands. */
NODISCARD bool notes_vote(int fd, int asks, int choice, int by, Error *err);

#endif
