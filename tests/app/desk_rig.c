/* Opening and closing the rig. */

#include "tests/app/desk_rig.h"

#include "tests/test.h"

void desk_rig_open(DeskRig *rig)
{
    *rig = (DeskRig){0};
    lab_rig_open(&rig->lab);
    assert_true(desk_open(&rig->desk, rig->lab.lab, NULL, NULL, &rig->err));
}

void desk_rig_close(DeskRig *rig)
{
    desk_close(&rig->desk);
    lab_rig_close(&rig->lab);
}
