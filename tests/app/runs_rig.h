#ifndef TESTS_APP_RUNS_RIG_H
#define TESTS_APP_RUNS_RIG_H

/* Recorded runs in a folder of the test's own, and the shelf that they stand on. */

#include "app/rooms/runs/runs_shelf.h"
#include "tests/app/screens.h"
#include "tests/lab/lab_rig.h"

#define RUNS_NOW 1000000.0

typedef struct ShelfRig {
    LabRig   lab;
    RunShelf shelf;
    RunScan  scan;
    Error    err;
} ShelfRig;

void shelf_rig_open(ShelfRig *rig);
void shelf_rig_close(ShelfRig *rig);
/* Look through the folder and put what is new on the shelf. */
void shelf_rig_scan(ShelfRig *rig);
/* Keys by name, as the loop would hand them over. */
void shelf_rig_press(ShelfRig *rig, const char *names);

/* The loss in recorded logs: it falls as 4 / (1 + step r / 10), moved up by the seed. */
double recorded_loss(int r, int seed, int step);
/* A log of these steps that was changed `age` seconds before RUNS_NOW. */
void record_run(const char *name, const char *data, int r, int seed, int steps, bool ended,
                double age);
/* Three seeds of r = 4, one run of r = 8, one of r = 16 under way: sql-lora-1 to 5. */
void record_usual_runs(void);

void draw_shelf(void *shelf, const Look *look, Grid *grid, Rect area);

#endif
