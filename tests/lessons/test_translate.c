/* Translations joined to their lesson, loading from files, and the shelf of lessons. */

#include <string.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/lab/lab.h"
#include "lessons/engine/prose.h"
#include "tests/lessons/wrong_rig.h"
#include "tests/test.h"

static const Item *find(const Lesson *lesson, const char *id)
{
    for (Index s = 0; s < lesson->count; s++) {
        for (Index i = 0; i < lesson->steps[s].count; i++) {
            if (strcmp(lesson->steps[s].items[i].id, id) == 0) return &lesson->steps[s].items[i];
        }
    }
    fail_msg("no block %s", id);
    return NULL;
}

static void a_translation_has_its_texts_and_the_lessons_commands(void **state)
{
    (void)state;
    Error   err = {0};
    Lesson *lesson = lesson_load(lesson_file("rank-small.md"), "zh", &err);
    assert_ok(&err);
    assert_string_equal(lesson->title, "秩，简短版");
    assert_string_equal(lesson->steps[1].title, "噪声矩阵");
    assert_string_equal(lesson->values[0].help, "A 的最后一个元素");
    assert_string_equal(lesson->values[1].help, "ranks that are kept");
    assert_string_equal(find(lesson, "p1")->text, "A 有多少行是线性无关的？");
    assert_string_equal(find(lesson, "p1")->measure_text, "a.rank");
    assert_string_equal(find(lesson, "p2")->choices[0].text, "还是一");
    assert_string_equal(find(lesson, "p2")->choices[0].truth_text, "b.rank == 1");
    assert_string_equal(find(lesson, "q1")->hints[0], "数一数两个因子各有多少个数");
    assert_int_equal(find(lesson, "second")->line_count, 3);
    assert_string_equal(find(lesson, "kept")->title, "保留了多少");
    assert_string_equal(find(lesson, "kept")->x_title, "r");
    assert_int_equal(find(lesson, "all")->assert_count, 3);
    lesson_free(lesson);
}

static void its_prose_breaks_between_characters(void **state)
{
    (void)state;
    Error   err = {0};
    Prose   prose;
    Str     out = {0};
    Lesson *lesson = lesson_load(lesson_file("rank-small.md"), "zh", &err);
    assert_ok(&err);
    const char *text = lesson->steps[0].items[0].text;
    assert_true(prose_parse(&prose, text, (Index)strlen(text), &err));
    prose_text(&out, &prose, 40, false);
    assert_string_equal(str_text(&out), "在这个矩阵里，每一行都是第一行的倍数。那\n"
                                        "么，它的秩是多少？请先想一想，再往下看。\n");
    str_free(&out);
    prose_free(&prose);
    lesson_free(lesson);
}

static void without_a_language_it_is_the_lesson_itself(void **state)
{
    (void)state;
    Error   err = {0};
    Lesson *lesson = lesson_load(lesson_file("rank-small.md"), "", &err);
    assert_ok(&err);
    assert_string_equal(lesson->title, "Rank, in short");
    lesson_free(lesson);
    assert_null(lesson_load(lesson_file("rank-small.md"), "fr", &err));
    assert_error(&err, ERR_INPUT, "rank-small.fr.md");
}

static void a_lesson_with_mistakes_is_not_loaded(void **state)
{
    (void)state;
    Error err = {0};
    assert_null(lesson_load(lesson_file("wrong/several.md"), "", &err));
    assert_error(&err, ERR_INPUT, "several.md:5:1: unknown key");
    assert_non_null(strstr(err.hint, "tells all 5"));
    err = (Error){0};
    assert_null(lesson_load(lesson_file("wrong/zh-value.md"), "zh", &err));
    assert_error(&err, ERR_INPUT, "zh-value.zh.md:19:6: a has no member");
}

static Index examine(const char *name, const char *words)
{
    Error      err = {0};
    Complaints complaints = {0};
    Str        said = {0};
    Lesson    *lesson = lesson_examine(name, &complaints, &err);
    assert_ok(&err);
    assert_non_null(lesson);
    complaints_text(&said, lesson, &complaints);
    if (words != NULL) assert_non_null(strstr(str_text(&said), words));
    Index count = complaints.count;
    str_free(&said);
    lesson_free(lesson);
    complaints_free(&complaints);
    return count;
}

static void examining_a_translation_looks_at_its_lesson(void **state)
{
    (void)state;
    Error err = {0};
    Index n;
    assert_int_equal(examine(lesson_file("rank-small.zh.md"), NULL), 0);
    assert_int_equal(examine(lesson_file("wrong/zh-value.zh.md"), "no member"), 1);
    char *zh = lesson_bytes("rank-small.zh.md", &n);
    assert_true(file_write_all(test_path("a.zh.md"), zh, n, &err));
    assert_int_equal(examine(test_path("a.zh.md"), "there is no lesson"), 1);
    assert_true(file_write_all(test_path("a.md"), "x", 1, &err));
    assert_int_equal(examine(test_path("a.zh.md"), "the lesson itself has mistakes"), 1);
    mem_free(zh);
}

static void join(void *context, Error *err)
{
    Lesson   **pair = context;
    Complaints complaints = {0};
    Lesson    *joined = lesson_translate(pair[0], pair[1], &complaints, err);
    lesson_free(joined);
    complaints_free(&complaints);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    Complaints complaints = {0};
    Lesson    *pair[] = {lesson_checked("rank-small.md", &complaints),
                         lesson_checked("rank-small.zh.md", &complaints)};
    torture(join, pair);
    lesson_free(pair[0]);
    lesson_free(pair[1]);
}

/* ---- the shelf -------------------------------------------------------------------------- */

static void write_shelf(const char *folder)
{
    static const char *const names[] = {"02-svd.md",   "01-rank.md", "01-rank.zh.md", "README.md",
                                        "template.md", "x1-odd.md",  "03-Odd.md",     "10-last.md"};
    Error                    err = {0};
    assert_true(folder_make(folder, &err));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *path = path_join(folder, names[i], &err);
        assert_true(file_write_all(path, "x", 1, &err));
        mem_free(path);
    }
}

static void expect_shelf(const Lab *lab)
{
    static const char *const want[] = {"01-rank.md", "02-svd.md", "10-last.md"};
    Error                    err = {0};
    char                   **paths;
    Index                    count;
    assert_true(lesson_shelf(lab, &paths, &count, &err));
    assert_int_equal(count, 3);
    for (Index i = 0; i < count; i++) {
        assert_string_equal(path_base(paths[i]), want[i]);
        assert_true(path_exists(paths[i]));
        mem_free(paths[i]);
    }
    mem_free(paths);
}

static void the_shelf_is_beside_the_data_or_inside(void **state)
{
    (void)state;
    Error err = {0};
    char *beside = path_join(test_folder(), "beside/data", &err);
    char *inside = path_join(test_folder(), "inside", &err);
    Lab   lab = {.data_folder = beside};
    assert_true(folder_make(beside, &err));
    write_shelf(test_path("beside/lessons"));
    expect_shelf(&lab);
    lab.data_folder = inside;
    write_shelf(test_path("inside/lessons"));
    expect_shelf(&lab);
    lab.data_folder = NULL;
    char **paths;
    Index  count;
    assert_false(lesson_shelf(&lab, &paths, &count, &err));
    assert_error(&err, ERR_INPUT, "not found");
    mem_free(beside);
    mem_free(inside);
}

static void expect_path(const Lab *lab, const char *name, const char *want)
{
    Error err = {0};
    char *path = lesson_path(lab, name, &err);
    assert_ok(&err);
    assert_string_equal(path_base(path), want);
    mem_free(path);
}

static void lessons_are_found_by_id_number_or_file(void **state)
{
    (void)state;
    Error err = {0};
    char *folder = path_join(test_folder(), "data", &err);
    Lab   lab = {.data_folder = folder};
    write_shelf(test_path("data/lessons"));
    expect_path(&lab, "svd", "02-svd.md");
    expect_path(&lab, "1", "01-rank.md");
    expect_path(&lab, "10", "10-last.md");
    expect_path(&lab, "./mine.md", "mine.md");
    expect_path(&lab, "mine.md", "mine.md");
    assert_null(lesson_path(&lab, "rnak", &err));
    assert_error(&err, ERR_INPUT, "rank, svd, last");
    assert_string_equal(err.hint, "did you mean rank?");
    mem_free(folder);
}

TEST_GROUP(translate, cmocka_unit_test(a_translation_has_its_texts_and_the_lessons_commands),
           cmocka_unit_test(its_prose_breaks_between_characters),
           cmocka_unit_test(without_a_language_it_is_the_lesson_itself),
           cmocka_unit_test(a_lesson_with_mistakes_is_not_loaded),
           cmocka_unit_test(examining_a_translation_looks_at_its_lesson),
           cmocka_unit_test(every_allocation_may_fail),
           cmocka_unit_test(the_shelf_is_beside_the_data_or_inside),
           cmocka_unit_test(lessons_are_found_by_id_number_or_file));
