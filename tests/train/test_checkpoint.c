/* Checkpoints on disk: complete or absent, refused when anything about them has changed. */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/json.h"
#include "tests/test.h"
#include "tests/train/rig.h"

static const char *const files[] = {
    "MANIFEST.json",     "adapter_config.json", "adapter_model.safetensors",
    "state.safetensors", "trainer_state.json",  NULL};

static void open_hard(Rig *rig, Index save_steps, Index limit)
{
    Error         err = {0};
    TrainSettings settings = rig_hard_settings();
    assert_true(folder_make(test_path("out"), &err));
    settings.save_steps = save_steps;
    settings.save_total_limit = limit;
    RigSpec spec = rig_hard(test_path("out"));
    rig_open(rig, &spec, &settings);
}

static void save(Rig *rig)
{
    Error err = {0};
    assert_true(trainer_save(rig->trainer, &err));
    assert_ok(&err);
}

/* Names in OUT, separated by blanks. */
static void list(const char *folder, Str *names)
{
    Error  err = {0};
    char **all;
    Index  count;
    assert_true(folder_list(folder, &all, &count, &err));
    for (Index i = 0; i < count; i++) {
        str_addf(names, "%s%s", i > 0 ? " " : "", all[i]);
        mem_free(all[i]);
    }
    mem_free(all);
}

static void assert_holds(const char *folder, const char *want)
{
    Str names = {0};
    list(folder, &names);
    assert_string_equal(str_text(&names), want);
    str_free(&names);
}

/* "checkpoint-4", or "" when there is none. Good until the next call. */
static const char *last(void)
{
    static char name[64];
    Error       err = {0};
    char       *found;
    assert_true(checkpoint_last(test_path("out"), &found, &err));
    assert_ok(&err);
    snprintf(name, sizeof name, "%s", found != NULL ? path_base(found) : "");
    mem_free(found);
    return name;
}

static void a_checkpoint_holds_its_five_files(void **state)
{
    (void)state;
    rig_quick_disk();
    Rig rig;
    open_hard(&rig, 0, 0);
    rig_steps_to(&rig, 2);
    save(&rig);
    assert_holds(test_path("out"), "checkpoint-2");
    assert_holds(test_path("out/checkpoint-2"),
                 "MANIFEST.json adapter_config.json adapter_model.safetensors state.safetensors "
                 "trainer_state.json");
    rig_close(&rig);
}

static void saving_twice_at_one_step_writes_once(void **state)
{
    (void)state;
    rig_quick_disk();
    Rig rig;
    open_hard(&rig, 0, 0);
    rig_steps_to(&rig, 1);
    save(&rig);
    file_fail_after(1000, EIO, true);
    save(&rig);
    assert_int_equal(file_fail_off(), 0);
    rig_close(&rig);
}

/* ---- damage ---- */

static void flip(const char *path, Index at, char mask)
{
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    int byte = getc(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    putc(byte ^ mask, file);
    assert_int_equal(fclose(file), 0);
}

static Index size_of(const char *path)
{
    Error err = {0};
    File *file = file_open(path, &err);
    assert_ok(&err);
    Index n = (Index)file_size(file);
    file_close(file);
    return n;
}

static void must_refuse(Rig *rig, const char *name, Index at)
{
    Error    err = {0};
    uint64_t before = rig_state_hash(rig);
    if (trainer_resume(rig->trainer, test_path("out/checkpoint-2"), &err)) {
        fail_msg("%s: a changed byte at %d went unseen", name, (int)at);
    }
    if (err.code != ERR_INPUT || err.message[0] == '\0') {
        fail_msg("%s at %d: code %d (%s)", name, (int)at, (int)err.code, err.message);
    }
    assert_int_equal(rig_state_hash(rig), before);
}

static void a_flipped_bit_of_any_byte_of_any_file_is_refused(void **state)
{
    (void)state;
    rig_quick_disk();
    Rig rig;
    open_hard(&rig, 0, 0);
    rig_steps_to(&rig, 2);
    save(&rig);
    for (const char *const *name = files; *name != NULL; name++) {
        char path[600];
        snprintf(path, sizeof path, "%s/%s", test_path("out/checkpoint-2"), *name);
        Index n = size_of(path), stride = n > 2000 ? n / 400 : 1;
        for (Index at = 0; at < n; at += stride) {
            char mask = (char)(1 << (at / stride % 8));
            flip(path, at, mask);
            must_refuse(&rig, *name, at);
            flip(path, at, mask);
        }
    }
    Error err = {0}; /* the control: as it was, it is taken */
    assert_true(trainer_resume(rig.trainer, test_path("out/checkpoint-2"), &err));
    assert_ok(&err);
    rig_close(&rig);
}

static void a_blank_in_the_manifest_made_a_tab_is_refused(void **state)
{
    (void)state;
    rig_quick_disk();
    Rig rig;
    open_hard(&rig, 0, 0);
    rig_steps_to(&rig, 2);
    save(&rig);
    flip(test_path("out/checkpoint-2/MANIFEST.json"), 2, ' ' ^ '\t');
    must_refuse(&rig, "MANIFEST.json", 2);
    rig_close(&rig);
}

static void a_file_cut_short_longer_or_missing_is_named(void **state)
{
    (void)state;
    rig_quick_disk();
    for (const char *const *name = files + 1; *name != NULL; name++) {
        for (int how = 0; how < 3; how++) {
            Rig   rig;
            Error err = {0};
            char  path[600];
            open_hard(&rig, 0, 0);
            rig_steps_to(&rig, 2);
            save(&rig);
            snprintf(path, sizeof path, "%s/%s", test_path("out/checkpoint-2"), *name);
            if (how == 0) assert_int_equal(truncate(path, size_of(path) - 1), 0);
            if (how == 1) assert_int_equal(truncate(path, size_of(path) + 1), 0);
            if (how == 2) assert_int_equal(unlink(path), 0);
            assert_false(trainer_resume(rig.trainer, test_path("out/checkpoint-2"), &err));
            assert_error(&err, ERR_INPUT, *name);
            assert_string_equal(last(), "");
            rig_close(&rig);
            test_folder_remove();
        }
    }
}

static void last_falls_back_to_the_newest_that_is_whole(void **state)
{
    (void)state;
    rig_quick_disk();
    Rig rig;
    open_hard(&rig, 1, 0);
    Error err = {0};
    assert_true(trainer_run(rig.trainer, NULL, &err));
    assert_string_equal(last(), "checkpoint-6");
    flip(test_path("out/checkpoint-6/state.safetensors"), 900, 1);
    assert_string_equal(last(), "checkpoint-5");
    assert_int_equal(unlink(test_path("out/checkpoint-5/MANIFEST.json")), 0);
    assert_string_equal(last(), "checkpoint-4");
    assert_int_equal(rename(test_path("out/checkpoint-4"), test_path("out/checkpoint-x")), 0);
    assert_string_equal(last(), "checkpoint-3");
    assert_true(folder_make(test_path("out/checkpoint-99999999999999999999"), &err));
    assert_true(folder_make(test_path("out/checkpoint-7.tmp"), &err));
    assert_true(folder_make(test_path("out/checkpoint-008"), &err));
    assert_true(folder_make(test_path("out/checkpoint-"), &err));
    assert_string_equal(last(), "checkpoint-3");
    rig_close(&rig);
}

static void last_of_an_empty_or_absent_folder_is_none(void **state)
{
    (void)state;
    rig_quick_disk();
    Error err = {0};
    assert_string_equal(last(), "");
    assert_true(folder_make(test_path("out"), &err));
    assert_string_equal(last(), "");
}

/* ---- how many ---- */

static void only_the_newest_are_kept(void **state)
{
    (void)state;
    rig_quick_disk();
    static const char *const left[] = {
        "checkpoint-1 checkpoint-2 checkpoint-3 checkpoint-4 checkpoint-5 checkpoint-6",
        "checkpoint-6", "checkpoint-5 checkpoint-6", "checkpoint-4 checkpoint-5 checkpoint-6"};
    for (Index limit = 0; limit <= 3; limit++) {
        Rig   rig;
        Error err = {0};
        open_hard(&rig, 1, limit);
        assert_true(trainer_run(rig.trainer, NULL, &err));
        assert_ok(&err);
        assert_holds(test_path("out"), left[limit]);
        rig_close(&rig);
        test_folder_remove();
    }
}

static void damaged_later_checkpoints_do_not_push_out_what_is_saved(void **state)
{
    (void)state;
    rig_quick_disk();
    Rig rig;
    open_hard(&rig, 1, 2);
    Error err = {0};
    assert_true(trainer_run(rig.trainer, NULL, &err));
    rig_close(&rig);
    assert_int_equal(rename(test_path("out/checkpoint-5"), test_path("out/checkpoint-2")), 0);
    assert_int_equal(unlink(test_path("out/checkpoint-6/state.safetensors")), 0);
    assert_int_equal(rename(test_path("out/checkpoint-6"), test_path("out/checkpoint-50")), 0);
    assert_true(folder_make(test_path("out/checkpoint-60"), &err));

    open_hard(&rig, 1, 2); /* starts anew below both wrecks */
    rig_steps_to(&rig, 3);
    save(&rig);
    assert_string_equal(last(), "checkpoint-3");
    rig_close(&rig);
}

static void what_a_killed_save_left_is_swept_away(void **state)
{
    (void)state;
    rig_quick_disk();
    Rig   rig;
    Error err = {0};
    open_hard(&rig, 0, 2);
    assert_true(folder_make(test_path("out/checkpoint-1.tmp"), &err));
    assert_true(folder_make(test_path("out/checkpoint-77.tmp"), &err));
    assert_true(file_write_all(test_path("out/checkpoint-77.tmp/state.safetensors"), "x", 1, &err));
    assert_true(folder_make(test_path("out/notes.tmp"), &err)); /* not ours */
    rig_steps_to(&rig, 2);
    save(&rig);
    assert_holds(test_path("out"), "checkpoint-2 notes.tmp");
    rig_close(&rig);
}

/* ---- what must be the same ---- */

static void refuse_with(RigSpec spec, const TrainSettings *settings, const char *words)
{
    Rig   rig;
    Error err = {0};
    rig_open(&rig, &spec, settings);
    uint64_t before = rig_state_hash(&rig);
    assert_false(trainer_resume(rig.trainer, test_path("out/checkpoint-2"), &err));
    assert_error(&err, ERR_MISMATCH, words);
    assert_int_equal(rig_state_hash(&rig), before);
    rig_close(&rig);
}

static void another_base_data_tokenizer_or_setting_is_named(void **state)
{
    (void)state;
    rig_quick_disk();
    Rig           rig;
    TrainSettings settings = rig_hard_settings();
    RigSpec       spec = rig_hard(test_path("out")), other;
    open_hard(&rig, 0, 0);
    rig_steps_to(&rig, 2);
    save(&rig);
    rig_close(&rig);

    other = spec;
    other.other_base = 1;
    refuse_with(other, &settings, "the base model changed");
    other = spec;
    other.other_data = 1;
    refuse_with(other, &settings, "the training data changed");
    other = spec;
    other.tokenizer_hash = 1;
    refuse_with(other, &settings, "the tokenizer changed");
    other = spec;
    other.settings_hash = 1;
    refuse_with(other, &settings, "the settings changed");
}

static void a_state_of_another_size_is_a_mismatch_even_with_equal_hashes(void **state)
{
    (void)state;
    rig_quick_disk();
    Rig           rig;
    TrainSettings settings = rig_hard_settings();
    LoraConfig    wider = rig_hard_lora;
    open_hard(&rig, 0, 0);
    rig_steps_to(&rig, 2);
    save(&rig);
    rig_close(&rig);

    RigSpec spec = rig_hard(test_path("out"));
    wider.r = 5;
    spec.lora = &wider;
    refuse_with(spec, &settings, "state.safetensors");
    spec.lora = &rig_hard_lora;
    settings.optim.kind = OPTIM_SGD; /* has no exp_avg_sq, and does not miss it; then back */
    settings.optim.momentum = 0.9;
    rig_open(&rig, &spec, &settings);
    Error err = {0};
    assert_true(trainer_resume(rig.trainer, test_path("out/checkpoint-2"), &err));
    assert_ok(&err);
    rig_close(&rig);
}

static void other_threads_and_another_backend_are_no_mismatch(void **state)
{
    (void)state;
    rig_quick_disk();
    Rig           rig;
    Error         err = {0};
    TrainSettings settings = rig_hard_settings();
    open_hard(&rig, 0, 0);
    rig_steps_to(&rig, 2);
    save(&rig);
    rig_close(&rig);
    RigSpec spec = rig_hard(test_path("out"));
    spec.threads = 3;
    spec.backend = "ref";
    rig_open(&rig, &spec, &settings);
    assert_true(trainer_resume(rig.trainer, test_path("out/checkpoint-2"), &err));
    assert_ok(&err);
    rig_close(&rig);
}

TEST_GROUP(checkpoint, cmocka_unit_test(a_checkpoint_holds_its_five_files),
           cmocka_unit_test(saving_twice_at_one_step_writes_once),
           cmocka_unit_test(a_flipped_bit_of_any_byte_of_any_file_is_refused),
           cmocka_unit_test(a_blank_in_the_manifest_made_a_tab_is_refused),
           cmocka_unit_test(a_file_cut_short_longer_or_missing_is_named),
           cmocka_unit_test(last_falls_back_to_the_newest_that_is_whole),
           cmocka_unit_test(last_of_an_empty_or_absent_folder_is_none),
           cmocka_unit_test(only_the_newest_are_kept),
           cmocka_unit_test(damaged_later_checkpoints_do_not_push_out_what_is_saved),
           cmocka_unit_test(what_a_killed_save_left_is_swept_away),
           cmocka_unit_test(another_base_data_tokenizer_or_setting_is_named),
           cmocka_unit_test(a_state_of_another_size_is_a_mismatch_even_with_equal_hashes),
           cmocka_unit_test(other_threads_and_another_backend_are_no_mismatch));
