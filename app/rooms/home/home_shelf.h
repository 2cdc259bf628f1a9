#ifndef APP_ROOMS_HOME_HOME_SHELF_H
#define APP_ROOMS_HOME_HOME_SHELF_H

/* What home lists: the lessons with their progress, and the other rooms with what is in them. */

#include "app/screen/keymap.h"
#include "app/view/view_home.h"
#include "core/lab/lab.h"
#include "lessons/engine/lesson.h"

enum { HOME_ENTRIES = 5 };

typedef struct HomeShelf {
    Lesson     **files; /* that the texts are borrowed from */
    HomeLesson  *lessons;
    const char **ids;
    int          lesson_count;
    HomeEntry    entries[HOME_ENTRIES];
    RoomId       rooms[HOME_ENTRIES];
    int          resume; /* the lesson that was begun last and not done; -1 */
    Str          runs, model, trouble;
} HomeShelf;

/* Lessons that cannot be read are left out and said in `trouble`. False: memory is out. */
NODISCARD bool home_shelf_read(HomeShelf *shelf, const Lab *lab, Error *err);
void           home_shelf_free(HomeShelf *shelf);
/* Forget what was done in a lesson. */
NODISCARD bool home_shelf_forget(const HomeShelf *shelf, const Lab *lab, int at, Error *err);

#endif
