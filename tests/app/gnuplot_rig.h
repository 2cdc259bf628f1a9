#ifndef TESTS_APP_GNUPLOT_RIG_H
#define TESTS_APP_GNUPLOT_RIG_H

/* gnuplots for tests: the machine's own where it has one, and ones that misbehave. */

#include "app/gnuplot/gnuplot.h"
#include "core/base/str.h"

/* Skip the test, saying so, where a real gnuplot, a C compiler, Landlock or Xvfb lacks. */
void rig_needs_gnuplot(void);
void rig_needs_landlock(void);

/* PATH becomes a folder that holds only a fake which behaves so ("deaf", see fake/gnuplot.c), and
 * gnuplot's cage this build's program. Skips where there is no C compiler. */
void rig_fake(const char *how);
/* PATH becomes an empty folder, or stays as it is. */
void rig_no_gnuplot(void);
void rig_real(void);
/* Undoes all of these after a test, also after one that failed. */
int rig_teardown(void **state);
#define GNUPLOT_TEST(f) cmocka_unit_test_teardown(f, rig_teardown)

/* Run argv with these bytes on stdin; what it writes to stderr is appended. Returns the exit
 * status, minus a signal's number; -SIGALRM after ten seconds. `home` may be NULL. */
int rig_run(const char *const *argv, const char *input, const char *home, Str *words);

/* Our children now: process numbers, at most `max`. */
int rig_children(int *pids, int max);
int rig_children_of(int parent, int *pids, int max);

/* A window's server for this test; its display's name, or NULL where there is none. */
const char *rig_xvfb_start(void);
void        rig_xvfb_stop(void);
/* Pixels on its screen that are not black. */
long rig_xvfb_lit(void);

#endif
