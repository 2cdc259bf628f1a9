#ifndef APP_SCREEN_SCREEN_H
#define APP_SCREEN_SCREEN_H

/*
 * The lab on the screen: one loop that waits, with one poll(), for keys, signals, the rooms' work,
 * gnuplot and the presenter's second terminal. It draws when something changed, at most 15 times a
 * second (at once after a key).
 */

#include "app/screen/room.h"
#include "app/term/display.h"

typedef struct ScreenSpec {
    Lab          *lab;
    Display      *display;
    const Cancel *cancel;    /* of the signals */
    int           signal_fd; /* readable when a signal came; -1 */
    Look          look;
    Theme         theme;
    bool          fixed_clock; /* tests: look.now stays */
    bool          quick;
    int           threads;
    bool          seeded; /* --seed was given */
    uint64_t      seed;
    const char   *lang; /* of lessons: "zh"; NULL: as they are written */
    RoomId        room; /* where to begin */
    const char   *argument;
} ScreenSpec;

/* Until it is left. ERR_CANCELLED after a signal or hang-up. */
NODISCARD bool screen_run(const ScreenSpec *spec, Error *err);

#endif
