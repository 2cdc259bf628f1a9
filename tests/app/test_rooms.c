/* Sessions in the matrix, model and runs rooms: keys in, what the screen then shows. */

#include <stdio.h>
#include <string.h>

#include "core/base/file.h"
#include "tests/app/program.h"
#include "tests/app/runs_rig.h"
#include "tests/test.h"

/* Plays the lines of a script in `loralab lab`, which must end well. */
static void play(const char *lines)
{
    Program p = {0};
    Error   err = {0};
    assert_true(file_write_all(test_path("script"), lines, (Index)strlen(lines), &err));
    if (program_run(&p, "lab --charset braille --threads 1 --script %s/script --save %s") != 0)
        fail_msg("%s", str_text(&p.err));
    program_free(&p);
}

static void a_matrix_is_edited_cut_and_had_back(void **state)
{
    (void)state;
    play("key v\nwait B of lesson 1\nsee numeric rank    2\n"
         "key Down Right 1 2 Enter\nwait B of lesson 1, changed\nsee numeric rank    3\n"
         "key t\nwait cut to rank 2\nsee Eckart, Young\nkey -\nwait cut to rank 1\nkey Esc\n"
         "gone cut to rank\nkey u\nwait numeric rank    2\n"
         "key o\nwait Matrices to look at\nkey Down Down Down Enter\nwait W of lesson 2\n"
         "see numeric rank    2\n"
         "key :\ntype matrix rows=\"1 2; 2 4\"\nkey Enter\nwait matrix, 2\nsee numeric rank    1\n"
         "key :\ntype spectrum weight=layers.0.mlp.up_proj\nkey Enter\nwait 384\n"
         "wait numeric rank    128\n");
}

static void targets_go_to_the_workbench(void **state)
{
    (void)state;
    play("size 120 40\nkey m\nwait all-linear\nsee 77,824\nkey Home x\nwait none\n"
         "key End x\nwait down_proj\nsee 16,384\nkey + \nwait 32,768\nkey w\nwait down_proj\n"
         "wait 32,768\n");
}

static void a_weight_is_opened_from_the_tree(void **state)
{
    (void)state;
    play("key m\nwait all-linear\nkey Down Down Down Enter\nwait layers.0.self_attn.q_proj, 128\n"
         "wait numeric rank\n");
}

static void runs_are_marked_and_exported(void **state)
{
    (void)state;
    LabRig lab;
    lab_rig_open(&lab);
    record_usual_runs();
    play("size 100 30\nkey l\nwait sql-lora-1\nsee 5 recorded\nkey Down x Down x\nwait 2 marked\n"
         "wait differ in\nkey S\nwait mean of 5 steps\nkey c\nwait held-out\n"
         "key E\nwait Write to\nkey Enter\nwait written: eval.svg\n"
         "key E Enter\nwait Replace it\nkey n\ngone Replace it\n"
         "key E\nkey Backspace Backspace Backspace\ntype txt\nkey Enter\nwait must end in\n");
    assert_true(path_exists("eval.svg"));
    assert_int_equal(remove("eval.svg"), 0);
    lab_rig_close(&lab);
}

TEST_GROUP(rooms, cmocka_unit_test(a_matrix_is_edited_cut_and_had_back),
           cmocka_unit_test(targets_go_to_the_workbench),
           cmocka_unit_test(a_weight_is_opened_from_the_tree),
           cmocka_unit_test(runs_are_marked_and_exported));
