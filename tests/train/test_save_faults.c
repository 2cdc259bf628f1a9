/* The disk fails at any operation of a save: an error, the older checkpoint, nothing left over. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/base/file.h"
#include "tests/test.h"
#include "tests/train/rig.h"

static void open_saved_at_1(Rig *rig)
{
    Error         err = {0};
    TrainSettings settings = rig_hard_settings();
    settings.save_total_limit = 2;
    assert_true(folder_make(test_path("out"), &err));
    RigSpec spec = rig_hard(test_path("out"));
    rig_open(rig, &spec, &settings);
    rig_step(rig);
    assert_true(trainer_save(rig->trainer, &err));
    rig_step(rig);
}

static Index count_entries(const char *folder)
{
    Error  err = {0};
    char **names;
    Index  count;
    assert_true(folder_list(folder, &names, &count, &err));
    for (Index i = 0; i < count; i++) mem_free(names[i]);
    mem_free(names);
    return count;
}

static Index step_of_last(void)
{
    Error err = {0};
    char *found;
    assert_true(checkpoint_last(test_path("out"), &found, &err));
    assert_ok(&err);
    assert_non_null(found);
    Index step = found[strlen(found) - 1] - '0';
    mem_free(found);
    return step;
}

/* One save with operation n failing. True while the save still gets that far. */
static bool fail_at(Rig *rig, int64_t n, int number, bool forever)
{
    Error    err = {0};
    uint64_t before = rig_state_hash(rig);

    file_fail_after(n, number, forever);
    bool saved = trainer_save(rig->trainer, &err);
    bool reached = file_fail_off() > n;
    assert_int_equal(rig_state_hash(rig), before);
    if (!reached) {
        assert_ok(&err);
        assert_true(saved);
        return false;
    }
    if (saved || err.code != ERR_DISK) {
        fail_msg("operation %d with error %d: code %d, %s", (int)n, number, (int)err.code,
                 saved ? "saved" : err.message);
    }
    /* Renamed but not known to be permanent counts as failed, and may be there. */
    Index last = step_of_last();
    assert_true(last == 1 || last == 2);
    assert_int_equal(count_entries(test_path("out")), last);

    Error again = {0};
    assert_true(trainer_save(rig->trainer, &again));
    assert_ok(&again);
    assert_int_equal(step_of_last(), 2);
    return true;
}

static int sweep(int number, bool forever)
{
    int  n = 0;
    bool reached = true;
    for (; reached; n++) {
        Rig rig;
        open_saved_at_1(&rig);
        reached = fail_at(&rig, n, number, forever);
        rig_close(&rig);
        test_folder_remove();
    }
    return n - 1;
}

static void every_failing_operation_is_told_and_the_older_one_loads(void **state)
{
    (void)state;
    rig_quick_disk();
    int operations = sweep(EIO, false);
    assert_in_range(operations, 20, 60); /* five files, three folders: it was a real save */
    assert_int_equal(sweep(ENOSPC, true), operations);
}

static void a_full_disk_says_how_much_is_free(void **state)
{
    (void)state;
    rig_quick_disk();
    Rig   rig;
    Error err = {0};
    open_saved_at_1(&rig);
    file_fail_after(3, ENOSPC, true);
    assert_false(trainer_save(rig.trainer, &err));
    file_fail_off();
    assert_error(&err, ERR_DISK, "checkpoint-2");
    assert_non_null(strstr(err.hint, "free"));
    rig_close(&rig);
}

static void a_run_whose_disk_is_full_stops_with_the_disks_code(void **state)
{
    (void)state;
    rig_quick_disk();
    Rig           rig;
    Error         err = {0};
    TrainSettings settings = rig_hard_settings();
    settings.save_steps = 2;
    assert_true(folder_make(test_path("out"), &err));
    RigSpec spec = rig_hard(test_path("out"));
    rig_open(&rig, &spec, &settings);
    file_fail_after(40, ENOSPC, true); /* within the second save */
    assert_false(trainer_run(rig.trainer, NULL, &err));
    file_fail_off();
    assert_error(&err, ERR_DISK, NULL);
    assert_int_equal(trainer_step_number(rig.trainer), 4);
    assert_int_equal(step_of_last(), 2);
    rig_close(&rig);
}

static void save_now(void *context, Error *err)
{
    Rig  *rig = context;
    Error ignored = {0};
    /* A checkpoint of this step may be there from the last, late failure. */
    if (!folder_remove(test_path("out/checkpoint-2"), &ignored)) return;
    if (!trainer_save(rig->trainer, err)) return;
}

static void every_failing_allocation_of_a_save_is_told(void **state)
{
    (void)state;
    rig_quick_disk();
    for (int64_t n = 0, reached = 1; reached; n++) {
        Rig rig;
        open_saved_at_1(&rig);
        Error   err = {0};
        int64_t live = mem_live_blocks();
        mem_fail_after(n, n % 2 == 1);
        save_now(&rig, &err);
        reached = mem_fail_off() > n;
        if (reached && err.code != ERR_MEMORY) {
            fail_msg("allocation %d: code %d (%s)", (int)n, (int)err.code, err.message);
        }
        assert_int_equal(mem_live_blocks(), live);
        assert_in_range(step_of_last(), 1, 2);
        rig_close(&rig);
        test_folder_remove();
    }
}

static void every_failing_allocation_of_a_resume_leaves_the_state(void **state)
{
    (void)state;
    rig_quick_disk();
    Rig rig;
    open_saved_at_1(&rig);
    uint64_t before = rig_state_hash(&rig);
    char     folder[600];
    snprintf(folder, sizeof folder, "%s", test_path("out/checkpoint-1"));
    bool reached = true;
    for (int64_t n = 0; reached; n++) {
        Error   err = {0};
        int64_t live = mem_live_blocks();
        mem_fail_after(n, false);
        bool ok = trainer_resume(rig.trainer, folder, &err);
        reached = mem_fail_off() > n;
        if (ok == reached || (reached && err.code != ERR_MEMORY)) {
            fail_msg("allocation %d: code %d (%s)", (int)n, (int)err.code, err.message);
        }
        assert_int_equal(mem_live_blocks(), live);
        if (reached) assert_int_equal(rig_state_hash(&rig), before);
    }
    rig_close(&rig);
}

static void without_memory_no_checkpoint_is_taken_for_damaged(void **state)
{
    (void)state;
    rig_quick_disk();
    Rig rig;
    open_saved_at_1(&rig);
    Error err = {0};
    assert_true(trainer_save(rig.trainer, &err));
    bool reached = true;
    for (int64_t n = 0; reached; n++) {
        char *found;
        Error why = {0};
        mem_fail_after(n, false);
        bool ok = checkpoint_last(rig.out, &found, &why);
        reached = mem_fail_off() > n;
        if (ok == reached || (reached && why.code != ERR_MEMORY)) {
            fail_msg("allocation %d: code %d (%s), found %s", (int)n, (int)why.code, why.message,
                     found != NULL ? found : "none");
        }
        mem_free(found);
    }
    rig_close(&rig);
}

TEST_GROUP(save_faults, cmocka_unit_test(every_failing_operation_is_told_and_the_older_one_loads),
           cmocka_unit_test(a_full_disk_says_how_much_is_free),
           cmocka_unit_test(a_run_whose_disk_is_full_stops_with_the_disks_code),
           cmocka_unit_test(every_failing_allocation_of_a_save_is_told),
           cmocka_unit_test(every_failing_allocation_of_a_resume_leaves_the_state),
           cmocka_unit_test(without_memory_no_checkpoint_is_taken_for_damaged));
