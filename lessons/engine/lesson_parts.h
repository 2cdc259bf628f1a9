#ifndef LESSONS_ENGINE_LESSON_PARTS_H
#define LESSONS_ENGINE_LESSON_PARTS_H

/*
 * Between the files that read and check lessons: pieces of the source and their places.
 *
 * A piece of a block is "joined" when it goes over several lines: each line is taken without the
 * blanks around it, and one character (a blank, or a newline in a question) stands between them.
 * So the place of any byte of it can be found again from where it starts.
 */

#include "core/base/str.h"
#include "lessons/engine/lesson.h"

/* Part of the source, or of a joined line. */
typedef struct Slice {
    const char *text;
    Index       n;
} Slice;

Slice slice_of(const char *text);
Slice slice_trim(Slice s);
bool  slice_is(Slice s, const char *word);
bool  slice_starts(Slice s, const char *word);
Slice slice_from(Slice s, Index at);
/* Before and after the first (or last) "divider"; false, all before, when there is none. */
bool slice_cut(Slice s, const char *divider, bool last, Slice *before, Slice *after);
/* A whole finite number, and nothing else. */
bool            slice_number(Slice s, double *number);
NODISCARD char *slice_copy(Slice s, Error *err);
/* Lower-case letter, then letters, digits and the signs of `more`. */
bool slice_is_name(Slice s, const char *more);

/* ---- places ---- */

Slice lesson_line(const Lesson *lesson, Index line);      /* from 1, without its end */
Index slice_byte(Slice line, Index col);                  /* of its col-th character, from 1 */
Place lesson_place(const Lesson *lesson, const char *at); /* inside the source */
/* The place of byte `offset` of a joined piece that starts at `start`. */
Place lesson_place_joined(const Lesson *lesson, Place start, Index offset);
/* The same of a text that is a part of the source as it is, from the start of a line on. */
Place lesson_place_raw(Index line, const char *text, Index offset);

/* ---- complaints ---- */

/* NULL when there are too many; complain_hint takes that. */
Complaint *complain(Complaints *complaints, Place place, const char *fmt, ...) PRINTF_LIKE(3, 4);
void       complain_hint(Complaint *complaint, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* What is wrong with a text: a fault of the author's becomes a complaint and true; what is wrong
 * with us (memory) goes on in err and is false. */
NODISCARD bool complain_error(Complaints *complaints, Place place, const ExprFault *fault,
                              const Error *error, Error *err);
/* In order of place, each place and message once. */
void complaints_sort(Complaints *complaints);
/* The word of a NULL-terminated list that is nearest, or NULL. */
const char *nearest_word(Slice s, const char *const *words);

/* ---- reading ---- */

typedef struct LessonReader {
    Lesson     *lesson;
    Complaints *complaints;
    Index       line;          /* the next one, from 1 */
    bool        comments_open; /* no "-->" comes any more */
    Error      *err;
} LessonReader;

NODISCARD bool read_front(LessonReader *reader);
NODISCARD bool read_body(LessonReader *reader);

/* The line that opens a fence: kind, key=value, +flag. */
enum { INFO_WORDS = 12 };
typedef struct InfoWord {
    Slice key, value; /* key.n 0: a flag or a stray word */
    Place place, value_place;
    bool  used;
} InfoWord;
typedef struct Info {
    Slice    kind;
    Place    place;
    InfoWord words[INFO_WORDS];
    Index    count;
} Info;

/* Reads the block's lines [from, to) into item. */
NODISCARD bool read_block(LessonReader *reader, const Info *info, Index from, Index to, Item *item);

/* One joined line of a block. */
typedef struct Joined {
    char *text;
    Index n;
    Place place;
} Joined;
/* The next one of lines [*from, to); text NULL at the end. False: memory. */
NODISCARD bool read_joined(LessonReader *reader, Index *from, Index to, Joined *line);
/* The part of a joined line: its text, copied, and place. */
NODISCARD bool read_piece(LessonReader *reader, const Joined *line, Slice part, char **text,
                          Place *place);
/* An expression there; *expr NULL when it has a fault, which is told. */
NODISCARD bool read_expr(LessonReader *reader, const Joined *line, Slice part, Expr **expr,
                         Place *place);

NODISCARD bool read_predict(LessonReader *reader, Index from, Index to, Item *item);
NODISCARD bool read_quiz(LessonReader *reader, Index from, Index to, Item *item);
NODISCARD bool read_run(LessonReader *reader, Index from, Index to, Item *item);
NODISCARD bool read_plot(LessonReader *reader, Index from, Index to, Item *item);
NODISCARD bool read_assert(LessonReader *reader, Index from, Index to, Item *item);

/* The list with room for one more: 4 at first, doubled whenever it is full. NULL with err. */
NODISCARD void *grow_list(void *list, Index count, size_t size, Error *err);

void item_free(Item *item);

#endif
