#ifndef TESTS_APP_DESK_RIG_H
#define TESTS_APP_DESK_RIG_H

/* The matrix room's desk without a screen. */

#include "app/rooms/matrix/matrix_desk.h"
#include "tests/lab/lab_rig.h"

typedef struct DeskRig {
    LabRig     lab;
    MatrixDesk desk;
    Error      err;
} DeskRig;

void desk_rig_open(DeskRig *rig);
void desk_rig_close(DeskRig *rig);

#endif
