/* Data as examples: the four forms of a line, files as editors write them, cutting, order. */

#include <stdio.h>
#include <string.h>

#include "core/base/file.h"
#include "tests/test.h"
#include "tests/train/data_rig.h"

/* "64 65* 0*": ids, with a star at what is a target. */
static void describe(Str *out, const Example *example)
{
    for (Index t = 0; t < example->count; t++) {
        bool target = example->labels[t] >= 0;
        if (target) assert_int_equal(example->labels[t], example->ids[t]);
        if (!target) assert_int_equal(example->labels[t], -100);
        str_addf(out, "%s%d%s", t > 0 ? " " : "", (int)example->ids[t], target ? "*" : "");
    }
}

static void assert_line(const DataRig *rig, const char *line, const char *want)
{
    Error    err = {0};
    Str      got = {0};
    Dataset *data = dataset_create(&err);
    assert_true(dataset_add_line(data, line, (Index)strlen(line), "d.jsonl", 1, &rig->spec, &err));
    assert_ok(&err);
    if (data->count > 0) describe(&got, &data->examples[0]);
    assert_string_equal(str_text(&got), want);
    str_free(&got);
    dataset_free(data);
}

/* In this tokenizer a = 64, b = 65, and 0 ends a text. */
static void the_four_forms_of_a_line(void **state)
{
    (void)state;
    DataRig rig;
    data_rig_open(&rig, "qwen2");
    assert_line(&rig, "{\"prompt\": \"a\", \"completion\": \"b\"}", "64 65* 0*");
    assert_line(&rig, "{\"text\": \"aba\"}", "64 308* 0*");
    assert_line(&rig, "{\"input_ids\": [7, 8, 9]}", "7 8* 9*");
    assert_line(&rig, "{\"input_ids\": [7, 8, 9], \"labels\": [7, -100, 9]}", "7 8 9*");
    assert_line(&rig, "{\"input_ids\": [7, 8], \"labels\": null}", "7 8*");
    assert_line(&rig,
                "{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}, "
                "{\"role\": \"assistant\", \"content\": \"b\"}]}",
                "756 84 82 354 198 64 757 198 756 64 339 72 637 263 83 198 65* 757* 198");
    data_rig_close(&rig);
}

static void edges_of_the_forms(void **state)
{
    (void)state;
    DataRig rig;
    data_rig_open(&rig, "qwen2");
    /* A first token has nothing before it that could predict it. */
    assert_line(&rig, "{\"prompt\": \"\", \"completion\": \"b\"}", "65 0*");
    assert_line(&rig, "{\"prompt\": \"a\", \"completion\": \"\"}", "64 0*");
    assert_line(&rig, "{\"text\": \"\"}", "");
    assert_line(&rig, "{\"input_ids\": []}", "");
    assert_line(&rig, "{\"input_ids\": [5]}", "");
    assert_line(&rig, "{\"input_ids\": [5, 6], \"labels\": [5, -100]}", "");
    /* Fields that are not known are let be; the first known form counts. */
    assert_line(&rig, "{\"id\": 3, \"text\": \"a\", \"meta\": {\"x\": [1]}}", "64 0*");
    assert_line(&rig, "{\"text\": \"b\", \"prompt\": \"a\", \"completion\": \"\"}", "64 0*");
    /* A model without an end token. */
    rig.config.end_count = 0;
    assert_line(&rig, "{\"prompt\": \"a\", \"completion\": \"b\"}", "64 65*");
    data_rig_close(&rig);
}

static void without_a_tokenizer_only_ids_are_data(void **state)
{
    (void)state;
    DataRig rig;
    Error   err = {0};
    data_rig_open(&rig, "qwen2");
    rig.spec.tok = NULL;
    assert_line(&rig, "{\"input_ids\": [7, 8]}", "7 8*");
    Dataset    *data = dataset_create(&err);
    const char *line = "{\"text\": \"a\"}";
    assert_false(dataset_add_line(data, line, (Index)strlen(line), "d", 1, &rig.spec, &err));
    assert_error(&err, ERR_INPUT, "d: line 1: the model folder has no tokenizer.json");
    dataset_free(data);
    data_rig_close(&rig);
}

/* ---- files ---- */

static Dataset *read_text(const DataRig *rig, const char *bytes, Index n, Error *err)
{
    Error writing = {0};
    assert_true(file_write_all(test_path("d.jsonl"), bytes, n, &writing));
    return dataset_read_jsonl(test_path("d.jsonl"), &rig->spec, err);
}

static void line_ends_marks_and_blank_lines_do_not_matter(void **state)
{
    (void)state;
#define A "{\"text\": \"a\"}"
#define B "{\"text\": \"b\"}"
    static const char *const files[] = {A "\n" B "\n",
                                        A "\n" B,
                                        A "\r\n" B "\r\n",
                                        A "\r\n" B,
                                        "\xef\xbb\xbf" A "\n" B "\n",
                                        "\n\n" A "\n\n\n" B "\n\n",
                                        A " \t\n   \n" B "\t\r\n"};
    DataRig                  rig;
    uint64_t                 hash = 0;
    data_rig_open(&rig, "qwen2");
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        Error    err = {0};
        Dataset *data = read_text(&rig, files[i], (Index)strlen(files[i]), &err);
        assert_ok(&err);
        assert_int_equal(data->count, 2);
        if (i == 0) hash = data->hash;
        assert_int_equal(data->hash, hash);
        dataset_free(data);
    }
    data_rig_close(&rig);
}

static void files_without_examples_are_refused_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *bytes, *message;
    } files[] = {
        {"", "d.jsonl: there are no examples in it"},
        {"\n\r\n  \n", "d.jsonl: there are no examples in it"},
        {"\xef\xbb\xbf", "d.jsonl: there are no examples in it"},
        {"{\"text\": \"\"}\n", "d.jsonl: none of its 1 examples has a target within 64 tokens"},
    };
    DataRig rig;
    data_rig_open(&rig, "qwen2");
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        Error err = {0};
        assert_null(read_text(&rig, files[i].bytes, (Index)strlen(files[i].bytes), &err));
        assert_error(&err, ERR_INPUT, files[i].message);
    }
    Error err = {0};
    assert_null(dataset_read_jsonl(test_path("absent.jsonl"), &rig.spec, &err));
    assert_error(&err, ERR_INPUT, "absent.jsonl");
    err = (Error){0};
    assert_null(dataset_read_jsonl(test_folder(), &rig.spec, &err));
    assert_error(&err, ERR_INPUT, test_folder());
    err = (Error){0};
    assert_null(dataset_read_jsonl("/dev/zero", &rig.spec, &err));
    assert_error(&err, ERR_INPUT, "/dev/zero");
    data_rig_close(&rig);
}

static void the_line_of_a_bad_one_counts_blank_lines_too(void **state)
{
    (void)state;
    DataRig rig;
    Error   err = {0};
    data_rig_open(&rig, "qwen2");
    const char *text = "\r\n\n" A "\n\n{\"text\": 5}\n" A "\n";
    assert_null(read_text(&rig, text, (Index)strlen(text), &err));
    assert_error(&err, ERR_INPUT, "d.jsonl: line 5: field \"text\" is not a string");
    data_rig_close(&rig);
}

/* ---- cutting ---- */

static void long_examples_are_cut_and_those_without_a_target_left_out(void **state)
{
    (void)state;
    DataRig rig;
    Error   err = {0};
    data_rig_open(&rig, "qwen2");
    rig.spec.max_length = 3;
    const char *text = "{\"input_ids\": [1, 2, 3]}\n"
                       "{\"input_ids\": [1, 2, 3, 4, 5]}\n"
                       "{\"input_ids\": [1, 2, 3, 4], \"labels\": [-100, -100, -100, 4]}\n"
                       "{\"input_ids\": [1, 2], \"labels\": [-100, -100]}\n";
    Dataset    *data = read_text(&rig, text, (Index)strlen(text), &err);
    assert_ok(&err);
    assert_int_equal(data->count, 2);
    assert_int_equal(data->truncated, 2);
    assert_int_equal(data->skipped, 2);
    assert_int_equal(data->examples[1].count, 3);
    assert_int_equal(data->examples[1].targets, 2);
    dataset_free(data);
    data_rig_close(&rig);
}

static void the_models_positions_are_the_limit_when_none_is_given(void **state)
{
    (void)state;
    DataRig rig;
    Error   err = {0};
    Str     line = {0};
    data_rig_open(&rig, "qwen2");
    str_add(&line, "{\"input_ids\": [1");
    for (int i = 0; i < 99; i++) str_add(&line, ",2");
    str_add(&line, "]}");
    Dataset *data = read_text(&rig, line.data, line.len, &err);
    assert_ok(&err);
    assert_int_equal(data->examples[0].count, 64);
    assert_int_equal(data->truncated, 1);
    dataset_free(data);
    str_free(&line);
    data_rig_close(&rig);
}

static void exact_match_applies_only_when_every_example_has_a_completion(void **state)
{
    (void)state;
#define P "{\"prompt\": \"a\", \"completion\": \"b\"}\n"
    static const struct {
        const char *text;
        bool        applies;
    } files[] = {{P P, true}, {P A "\n", false}, {A "\n" P, false}, {"{\"text\": \"\"}\n" P, true}};
    DataRig rig;
    data_rig_open(&rig, "qwen2");
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        Error    err = {0};
        Dataset *data = read_text(&rig, files[i].text, (Index)strlen(files[i].text), &err);
        assert_ok(&err);
        assert_int_equal(data->has_completions, files[i].applies);
        dataset_free(data);
    }
    data_rig_close(&rig);
}

/* ---- hashes, grammars, memory ---- */

static void the_hash_knows_order_ids_and_labels(void **state)
{
    (void)state;
    static const char *const files[] = {
        "{\"input_ids\": [1, 2]}\n{\"input_ids\": [3, 4]}\n",
        "{\"input_ids\": [3, 4]}\n{\"input_ids\": [1, 2]}\n",
        "{\"input_ids\": [1, 2]}\n{\"input_ids\": [3, 5]}\n",
        "{\"input_ids\": [1, 2, 3]}\n{\"input_ids\": [3, 4]}\n",
        "{\"input_ids\": [1, 2, 3],\"labels\":[1,-100,3]}\n{\"input_ids\": [3, 4]}\n",
        "{\"input_ids\": [1, 2]}\n"};
    enum { FILES = sizeof files / sizeof *files };
    uint64_t hash[FILES];
    DataRig  rig;
    data_rig_open(&rig, "qwen2");
    for (int i = 0; i < FILES; i++) {
        Error    err = {0};
        Dataset *data = read_text(&rig, files[i], (Index)strlen(files[i]), &err);
        assert_ok(&err);
        hash[i] = data->hash;
        dataset_free(data);
        for (int k = 0; k < i; k++) assert_int_not_equal(hash[k], hash[i]);
    }
    data_rig_close(&rig);
}

static Dataset *draw(const DataRig *rig, uint64_t seed, GrammarSplit split, Index count)
{
    Error    err = {0};
    Grammar *grammar = data_rig_grammar(&err);
    assert_ok(&err);
    Dataset *data = dataset_from_grammar(grammar, seed, split, count, &rig->spec, &err);
    assert_ok(&err);
    grammar_free(grammar);
    return data;
}

static void examples_of_a_grammar_follow_from_seed_and_split_alone(void **state)
{
    (void)state;
    DataRig rig;
    data_rig_open(&rig, "qwen2");
    Dataset *a = draw(&rig, 7, GRAMMAR_TRAIN, 20), *b = draw(&rig, 7, GRAMMAR_TRAIN, 20);
    Dataset *c = draw(&rig, 8, GRAMMAR_TRAIN, 20), *d = draw(&rig, 7, GRAMMAR_HELDOUT, 20);
    Dataset *e = draw(&rig, 7, GRAMMAR_TRAIN, 10);
    assert_int_equal(a->count, 20);
    assert_true(a->has_completions);
    assert_int_equal(a->hash, b->hash);
    assert_int_not_equal(a->hash, c->hash);
    assert_int_not_equal(a->hash, d->hash);
    for (Index i = 0; i < e->count; i++) { /* fewer are the first of more */
        assert_int_equal(e->examples[i].count, a->examples[i].count);
        assert_memory_equal(e->examples[i].ids, a->examples[i].ids,
                            (size_t)e->examples[i].count * sizeof(int32_t));
    }
    dataset_free(a);
    dataset_free(b);
    dataset_free(c);
    dataset_free(d);
    dataset_free(e);
    data_rig_close(&rig);
}

static void a_task_that_does_not_fit_at_all_is_refused(void **state)
{
    (void)state;
    DataRig rig;
    Error   err = {0};
    data_rig_open(&rig, "qwen2");
    rig.spec.max_length = 2;
    Grammar *grammar = data_rig_grammar(&err);
    assert_null(dataset_from_grammar(grammar, 1, GRAMMAR_TRAIN, 5, &rig.spec, &err));
    assert_error(&err, ERR_INPUT, "none of its 5 examples has a target within 2 tokens");
    err = (Error){0};
    rig.spec.tok = NULL;
    assert_null(dataset_from_grammar(grammar, 1, GRAMMAR_TRAIN, 5, &rig.spec, &err));
    assert_error(&err, ERR_INPUT, "a task needs a tokenizer");
    grammar_free(grammar);
    data_rig_close(&rig);
}

static void read_all_forms(void *context, Error *err)
{
    const DataRig *rig = context;
    Dataset       *data = dataset_read_jsonl(test_path("d.jsonl"), &rig->spec, err);
    dataset_free(data);
}

static void reading_survives_every_failed_allocation(void **state)
{
    (void)state;
    DataRig     rig;
    Error       err = {0};
    const char *text = P A "\n{\"input_ids\": [1, 2], \"labels\": [1, 2]}\n"
                           "{\"messages\": [{\"role\": \"user\", \"content\": \"a\"},"
                           "{\"role\": \"assistant\", \"content\": \"b\"}]}\n";
    data_rig_open(&rig, "qwen2");
    dataset_free(read_text(&rig, text, (Index)strlen(text), &err));
    assert_ok(&err);
    torture(read_all_forms, &rig);
    data_rig_close(&rig);
}

TEST_GROUP(dataset, cmocka_unit_test(the_four_forms_of_a_line),
           cmocka_unit_test(edges_of_the_forms),
           cmocka_unit_test(without_a_tokenizer_only_ids_are_data),
           cmocka_unit_test(line_ends_marks_and_blank_lines_do_not_matter),
           cmocka_unit_test(files_without_examples_are_refused_by_name),
           cmocka_unit_test(the_line_of_a_bad_one_counts_blank_lines_too),
           cmocka_unit_test(long_examples_are_cut_and_those_without_a_target_left_out),
           cmocka_unit_test(the_models_positions_are_the_limit_when_none_is_given),
           cmocka_unit_test(exact_match_applies_only_when_every_example_has_a_completion),
           cmocka_unit_test(the_hash_knows_order_ids_and_labels),
           cmocka_unit_test(examples_of_a_grammar_follow_from_seed_and_split_alone),
           cmocka_unit_test(a_task_that_does_not_fit_at_all_is_refused),
           cmocka_unit_test(reading_survives_every_failed_allocation));
