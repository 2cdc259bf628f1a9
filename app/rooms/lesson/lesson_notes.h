#ifndef APP_ROOMS_LESSON_LESSON_NOTES_H
#define APP_ROOMS_LESSON_LESSON_NOTES_H

/* What a presenter's second terminal shows of the lesson. */

#include "core/base/error.h"

typedef struct LessonNotes {
    const char        *lesson, *step, *next; /* titles; next NULL: this is the last step */
    Index              index, count;         /* of the step, from 0 */
    const char        *note;                 /* the presenter's notes of this step, "" where none */
    const char        *question;             /* that is open, Markdown; NULL: none */
    const char *const *choices;
    Index              choice_count;
} LessonNotes;

/* Of room_lesson's state, of the step that the class sees. All is borrowed until the room's next
 * turn or action; nothing is open: lesson is NULL. */
void lesson_room_notes(void *room, LessonNotes *notes);

#endif
