/* Typed arguments: spellings, types, ranges, and what is said of those that are wrong. */

#include <stdio.h>
#include <string.h>

#include "tests/lab/lab_rig.h"
#include "tests/test.h"

/* ---- right ---- */

static void options_have_several_spellings(void **state)
{
    (void)state;
    static const char *const same[] = {"train --lora_alpha 32",
                                       "train --lora-alpha 32",
                                       "train --lora_alpha=32",
                                       "train --LORA-alpha=32",
                                       "train --lora_alpha 3.2e1",
                                       "train --r 8 --lora_alpha 32",
                                       "train --lora_alpha 1 --lora_alpha 32"};
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        Error err = {0};
        Args *args = lab_parse(same[i], &err);
        assert_ok(&err);
        assert_close(args_float(args, "lora_alpha"), 32, 0);
        assert_true(args_given(args, "lora_alpha"));
        assert_false(args_given(args, "lora_dropout"));
        args_free(args);
    }
}

static void flags_are_true_false_or_negated(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        bool        packing, shuffle;
    } cases[] = {
        {"train", false, true},
        {"train --packing", true, true},
        {"train --packing true", true, true},
        {"train --packing=true", true, true},
        {"train --packing=1", true, true},
        {"train --packing false", false, true},
        {"train --no-packing", false, true},
        {"train --packing --no_packing", false, true},
        {"train --shuffle false", false, false},
        {"train --no-shuffle --packing", true, false},
        {"train --no-shuffle --shuffle true", false, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Error err = {0};
        Args *args = lab_parse(cases[i].line, &err);
        assert_ok(&err);
        assert_int_equal(args_flag(args, "packing"), cases[i].packing);
        assert_int_equal(args_flag(args, "shuffle"), cases[i].shuffle);
        args_free(args);
    }
}

static void lists_are_split_and_trimmed(void **state)
{
    (void)state;
    Error err = {0};
    Args *args = lab_parse("generate --ids '1, 2 ,3' --prompt ''", &err);
    assert_ok(&err);
    assert_string_equal(args_item(args, "ids", 0), "1");
    assert_string_equal(args_item(args, "ids", 1), "2");
    assert_string_equal(args_item(args, "ids", 2), "3");
    assert_null(args_item(args, "ids", 3));
    assert_string_equal(args_text(args, "prompt"), "");
    args_free(args);
}

static void a_later_list_takes_the_place_of_an_earlier_one(void **state)
{
    (void)state;
    Error err = {0};
    Args *args = lab_parse("generate --ids 1,2,3 --ids 4", &err);
    assert_ok(&err);
    assert_string_equal(args_item(args, "ids", 0), "4");
    assert_null(args_item(args, "ids", 1));
    args_free(args);
}

static void behind_two_dashes_all_are_operands(void **state)
{
    (void)state;
    Error err = {0};
    Args *args = lab_parse("inspect -- --strange", &err);
    assert_ok(&err);
    assert_int_equal(args_operands(args), 1);
    assert_string_equal(args_operand(args, 0), "--strange");
    args_free(args);
    args = lab_parse("inspect -", &err); /* a lone dash is a name like any other */
    assert_ok(&err);
    args_free(args);
}

/* ---- wrong ---- */

static const struct {
    const char *line, *message, *hint;
} wrong[] = {
    /* whole numbers */
    {"train --r x", "--r is \"x\", but must be a whole number", ""},
    {"train --r 8.5", "--r is \"8.5\", but must be a whole number", ""},
    {"train --r ''", "--r is \"\", but must be a whole number", ""},
    {"train --r 8x", "--r is \"8x\", but must be a whole number", ""},
    {"train --r 0x8", "--r is \"0x8\", but must be a whole number", ""},
    {"train --r 99999999999999999999", "must be a whole number", ""},
    {"train --r 0", "--r is 0, but must lie in 1..", ""},
    {"train --r -3", "--r is -3, but must lie in 1..", ""},
    {"train --threads 65", "--threads is 65, but must lie in 0..64 threads", ""},
    {"train --max_steps=0", "--max_steps is 0, but must lie in 1..", ""},
    {"train --seed -1", "--seed is -1, but must lie in 0..", ""},
    /* numbers */
    {"train --lora_alpha abc", "--lora_alpha is \"abc\", but must be a finite number", ""},
    {"train --lora_alpha nan", "--lora_alpha is \"nan\", but must be a finite number", ""},
    {"train --lora_alpha inf", "--lora_alpha is \"inf\", but must be a finite number", ""},
    {"train --lora_alpha 1e999", "--lora_alpha is \"1e999\", but must be a finite number", ""},
    {"train --lora_alpha 1,5", "--lora_alpha is \"1,5\", but must be a finite number", ""},
    {"train --lora_dropout 1", "--lora_dropout is 1, but must lie in 0..0.999", ""},
    {"train --lora_dropout -0.1", "--lora_dropout is -0.1, but must lie in 0..0.999", ""},
    {"train --warmup_ratio 1.5", "--warmup_ratio is 1.5, but must lie in 0..1", ""},
    {"train --adam_beta2 1", "--adam_beta2 is 1, but must lie in 0..", ""},
    {"generate --top_p 2", "--top_p is 2, but must lie in 0..1", ""},
    /* yes or no */
    {"train --shuffle maybe", "--shuffle is \"maybe\", but must be true or false", ""},
    {"train --shuffle=yes", "--shuffle is \"yes\", but must be true or false", ""},
    {"train --packing=2", "--packing is \"2\", but must be true or false", ""},
    /* names out of a set */
    {"train --bias some", "--bias is \"some\", but must be one of", "known: none, all, lora_only"},
    {"train --method qlora", "--method is \"qlora\", but must be one of", "known: lora, full"},
    {"train --backend gpu", "--backend is \"gpu\", but must be one of", "auto, cpu, cuda, ref"},
    {"train --lr_scheduler_type step", "--lr_scheduler_type is \"step\"", "constant_with_warmup"},
    {"train --init_lora_weights olora", "--init_lora_weights is \"olora\"", "gaussian"},
    /* lists and maps */
    {"generate --ids ,", "--ids is \",\", but must be names separated by commas", ""},
    {"generate --ids 1,,2", "but must be names separated by commas", ""},
    {"generate --ids ''", "but must be names separated by commas", ""},
    {"train --rank_pattern k_proj=4", "--rank_pattern is \"k_proj=4\", but must be a JSON", ""},
    {"train --rank_pattern [4]", "--rank_pattern is \"[4]\", but must be a JSON object", ""},
    {"train --rank_pattern '{\"k\": 4'", "but must be a JSON object", ""},
    /* unknown, incomplete, too many */
    {"train --lora_alhpa 3", "loralab train has no option --lora_alhpa", "mean --lora_alpha?"},
    {"train --learningrate 3", "has no option --learningrate", "mean --learning_rate?"},
    {"train --rnak 3", "has no option --rnak", ""},
    {"train --use_dora", "loralab train has no option --use_dora", "mean --use_rslora?"},
    {"train --zzzzzzzzzzzzz 1", "has no option --zzzzzzzzzzzzz", "loralab train --help"},
    {"train --no-r", "loralab train has no option --no-r", ""},
    {"train --no-packing=true", "has no option --no-packing", ""},
    {"train --r", "--r needs a value", ""},
    {"train --data", "--data needs a value", ""},
    {"train -r 8", "\"-r\": options begin with two dashes", ""},
    {"train file.jsonl", "does not know what to do with \"file.jsonl\"", "for example: loralab"},
    {"train --json maybe", "does not know what to do with \"maybe\"", ""},
    {"inspect", "loralab inspect needs PATH", "for example: loralab inspect"},
    {"inspect a b", "loralab inspect does not know what to do with \"b\"", ""},
    {"data sql js", "loralab data does not know what to do with \"js\"", ""},
};

static void each_wrong_line_has_its_message_and_hint(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        Error err = {0};
        Args *args = lab_parse(wrong[i].line, &err);
        if (args != NULL) fail_msg("\"%s\" is taken", wrong[i].line);
        assert_error(&err, ERR_INPUT, wrong[i].message);
        if (strstr(err.hint, wrong[i].hint) == NULL) {
            fail_msg("%s: hint \"%s\" instead of \"%s\"", wrong[i].line, err.hint, wrong[i].hint);
        }
    }
}

static void every_option_of_every_command_has_a_default_in_its_own_range(void **state)
{
    (void)state;
    int options = 0;
    for (const Command *c = command_table(); c->name != NULL; c++) {
        Error err = {0};
        Args *args = args_create(c, &err); /* stores the defaults through the checks */
        assert_ok(&err);
        for (const ArgSpec *a = c->args; a->name != NULL; a++, options++) {
            assert_non_null(a->help);
            assert_non_null(a->group);
            if (a->type == ARG_INT || a->type == ARG_FLOAT) assert_true(a->min < a->max);
            if (a->type == ARG_CHOICE) assert_non_null(a->choices);
            for (const ArgSpec *b = a + 1; b->name != NULL; b++) {
                assert_false(str_same_name(a->name, b->name));
            }
            for (const ArgSpec *b = command_common_args(); b->name != NULL; b++) {
                assert_false(str_same_name(a->name, b->name));
            }
        }
        args_free(args);
    }
    assert_true(options > 90);
}

/* ---- the line that repeats it ---- */

static void the_repeat_line_holds_what_was_given_quoted_for_a_shell(void **state)
{
    (void)state;
    Error err = {0};
    Str   line = {0};
    Args *args = lab_parse("train --no-shuffle --data=x.jsonl --target-modules .*q_proj --r 4 "
                           "--prompt 'two words' --rank_pattern {\"k_proj\":4}",
                           &err);
    assert_ok(&err);
    assert_true(args_set(args, "out", "it's", &err));
    args_repeat_line(&line, args);
    assert_string_equal(str_text(&line),
                        "loralab train --data x.jsonl --out 'it'\\''s' --r 4 --target_modules "
                        "'.*q_proj' --rank_pattern '{\"k_proj\":4}' --shuffle false --prompt "
                        "'two words'");
    str_free(&line);
    args_free(args);
}

static void parse_all_types(void *context, Error *err)
{
    (void)context;
    Args *args = lab_parse("train --r 4 --lora_alpha 2.5 --packing --no-shuffle --bias all "
                           "--modules_to_save a,b,c --rank_pattern {\"k\":4} --data x --seed 7",
                           err);
    if (args == NULL) return;
    Str line = {0};
    args_repeat_line(&line, args);
    if (!str_ok(&line, err)) line.failed = true;
    str_free(&line);
    args_free(args);
}

static void parsing_survives_every_failed_allocation(void **state)
{
    (void)state;
    torture(parse_all_types, NULL);
}

/* ---- commands by name ---- */

static void commands_are_found_and_near_ones_suggested(void **state)
{
    (void)state;
    static const struct {
        const char *name, *near;
    } typos[] = {{"trian", "train"},       {"tarin", "train"}, {"generat", "generate"},
                 {"tokenise", "tokenize"}, {"evla", "eval"},   {"docter", "doctor"},
                 {"mergee", "merge"},      {"hlep", "help"}};
    for (const Command *c = command_table(); c->name != NULL; c++) {
        assert_ptr_equal(command_find(c->name), c);
        assert_string_equal(command_nearest(c->name), c->name);
    }
    assert_null(command_find("nothing"));
    assert_null(command_find(""));
    for (size_t i = 0; i < sizeof typos / sizeof *typos; i++) {
        assert_string_equal(command_nearest(typos[i].name), typos[i].near);
    }
    assert_null(command_nearest("xylophonist"));
}

TEST_GROUP(args, cmocka_unit_test(options_have_several_spellings),
           cmocka_unit_test(flags_are_true_false_or_negated),
           cmocka_unit_test(lists_are_split_and_trimmed),
           cmocka_unit_test(a_later_list_takes_the_place_of_an_earlier_one),
           cmocka_unit_test(behind_two_dashes_all_are_operands),
           cmocka_unit_test(each_wrong_line_has_its_message_and_hint),
           cmocka_unit_test(every_option_of_every_command_has_a_default_in_its_own_range),
           cmocka_unit_test(the_repeat_line_holds_what_was_given_quoted_for_a_shell),
           cmocka_unit_test(parsing_survives_every_failed_allocation),
           cmocka_unit_test(commands_are_found_and_near_ones_suggested));
