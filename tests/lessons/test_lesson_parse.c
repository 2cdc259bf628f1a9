/* Reading lessons: what each piece of the format becomes, its place, and failing memory. */

#include <string.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "tests/lessons/wrong_rig.h"
#include "tests/test.h"

static Lesson *small(void)
{
    Complaints complaints = {0};
    Lesson    *lesson = lesson_checked("rank-small.md", &complaints);
    assert_int_equal(complaints.count, 0);
    complaints_free(&complaints);
    return lesson;
}

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

/* The source from a place on begins with this. */
static void expect_at(const Lesson *lesson, Place place, const char *text)
{
    const char *at = lesson->source + lesson->line_at[place.line - 1];
    for (Index col = 1; col < place.col; col++) {
        do at++;
        while (((unsigned char)*at & 0xc0) == 0x80);
    }
    assert_int_equal(strncmp(at, text, strlen(text)), 0);
}

static void the_front_matter_is_read(void **state)
{
    (void)state;
    Lesson *lesson = small();
    assert_string_equal(lesson->id, "rank-small");
    assert_string_equal(lesson->title, "Rank, in short");
    assert_int_equal(lesson->minutes, 3);
    assert_close(lesson->seconds, 5, 0);
    assert_int_equal(lesson->memory, 50000000);
    assert_int_equal(lesson->seed, 7);
    assert_string_equal(lesson->lang, "");
    assert_int_equal(lesson->value_count, 2);
    const LessonValue *ranks = &lesson->values[1];
    assert_string_equal(ranks->name, "ranks");
    assert_string_equal(ranks->normal, "1,2,3");
    assert_string_equal(ranks->quick, "1,3");
    assert_true(ranks->ranged && ranks->lo == 1 && ranks->hi == 3);
    assert_string_equal(ranks->help, "ranks that are kept");
    expect_at(lesson, ranks->quick_place, "quick 1,3");
    lesson_free(lesson);
}

static void steps_have_their_items_in_order(void **state)
{
    (void)state;
    static const ItemKind first[] = {ITEM_PROSE, ITEM_NOTE,    ITEM_PREDICT, ITEM_RUN,
                                     ITEM_PROSE, ITEM_EXPLAIN, ITEM_ASSERT,  ITEM_PAUSE};
    Lesson               *lesson = small();
    assert_int_equal(lesson->count, 2);
    const Step *step = &lesson->steps[0];
    assert_string_equal(step->id, "rows");
    assert_string_equal(step->title, "Rows that say the same");
    assert_int_equal(step->count, 8);
    for (Index i = 0; i < 8; i++) assert_int_equal(step->items[i].kind, first[i]);
    assert_string_equal(step->items[1].text, "let the class multiply the rows first");
    assert_string_equal(step->items[5].refers, "p1");
    expect_at(lesson, step->items[0].place, "In this matrix");
    expect_at(lesson, step->items[7].place, "<!-- pause");
    lesson_free(lesson);
}

static void predictions_are_read(void **state)
{
    (void)state;
    Lesson     *lesson = small();
    const Item *number = find(lesson, "p1"), *choice = find(lesson, "p2");
    const Item *order = find(lesson, "p3"), *curve = find(lesson, "p4");
    assert_string_equal(number->text, "How many rows of A are independent?");
    assert_string_equal(number->measure_text, "a.rank");
    expect_at(lesson, number->measure_place, "a.rank");
    assert_int_equal(choice->predict, PREDICT_CHOICE);
    assert_int_equal(choice->choice_count, 3);
    assert_string_equal(choice->choices[1].text, "as large as it can be");
    assert_string_equal(choice->choices[1].truth_text, "b.rank == b.full");
    expect_at(lesson, choice->choices[1].truth_place, "b.rank == b.full");
    assert_true(order->descending && order->predict == PREDICT_ORDER);
    assert_string_equal(curve->unit, "%");
    assert_close(curve->tolerance, 5, 0);
    assert_string_equal(curve->at_text, "{ranks}");
    assert_int_equal(curve->at_count, 3);
    assert_close(curve->at[2], 3, 0);
    lesson_free(lesson);
}

static void quiz_run_plot_and_assert_are_read(void **state)
{
    (void)state;
    Lesson     *lesson = small();
    const Item *quiz = find(lesson, "q1"), *run = find(lesson, "first");
    const Item *plot = find(lesson, "kept"), *all = find(lesson, "all");
    assert_int_equal(quiz->choice_count, 3);
    assert_true(!quiz->choices[0].right && quiz->choices[1].right);
    assert_string_equal(quiz->choices[0].feedback,
                        "at r = {b.full} they need more: r (rows + cols)");
    assert_int_equal(quiz->hint_count, 2);
    assert_string_equal(quiz->hints[1], "r (rows + cols)");
    assert_string_equal(run->refers, "p1");
    assert_int_equal(run->line_count, 2);
    assert_string_equal(run->lines[1]->name, "a");
    assert_string_equal(run->lines[1]->verb->command.name, "rank");
    assert_int_equal(plot->figure, FIGURE_LINE);
    assert_string_equal(plot->y_title, "share of the norm");
    assert_string_equal(plot->overlay, "p4");
    assert_string_equal(plot->plots[0].label, "kept at r = 1 to 3");
    assert_int_equal(all->assert_count, 3);
    assert_string_equal(all->asserts[0].reason, "random numbers have full rank");
    assert_null(all->asserts[1].reason);
    lesson_free(lesson);
}

/* ---- pieces over several lines ---------------------------------------------------------- */

static Lesson *parse(const char *body, Complaints *complaints)
{
    Error err = {0};
    Str   text = {0};
    str_add(&text, "---\nid: x\ntitle: x\nsummary: x\nminutes: 1\nseconds: 1\nmemory: 1\n---\n");
    str_add(&text, "## S {#s}\n"); /* line 9 */
    str_add(&text, body);
    Lesson *lesson = lesson_parse("x.md", str_text(&text), text.len, complaints, &err);
    assert_ok(&err);
    str_free(&text);
    return lesson;
}

static void an_indented_line_goes_on_the_one_before(void **state)
{
    (void)state;
    Complaints complaints = {0};
    Lesson    *lesson =
        parse("```assert\n1 <\n   2 ::\n  for α is\n small\n3 < 4\n```\n", &complaints);
    const Item *item = &lesson->steps[0].items[0];
    assert_int_equal(complaints.count, 0);
    assert_int_equal(item->assert_count, 2);
    assert_string_equal(item->asserts[0].text, "1 < 2");
    assert_string_equal(item->asserts[0].reason, "for α is small");
    assert_int_equal(item->asserts[0].reason_place.line, 13);
    assert_int_equal(item->asserts[0].reason_place.col, 3);
    lesson_free(lesson);
}

/* The fault is in the third line of the joined one, behind characters of several bytes. */
static void places_count_characters_over_joined_lines(void **state)
{
    (void)state;
    Complaints complaints = {0};
    Lesson *lesson = parse("```assert\n1 < 2 and\n  \"αβγ\" ==\n    \"δ\" ? 1\n```\n", &complaints);
    assert_int_equal(complaints.count, 1);
    assert_int_equal(complaints.list[0].place.line, 13);
    assert_int_equal(complaints.list[0].place.col, 9);
    lesson_free(lesson);
    complaints_free(&complaints);
}

static void plain_fences_are_prose(void **state)
{
    (void)state;
    Complaints  complaints = {0};
    const char *body =
        "Before\n\n```\n## no step\n<!-- no comment -->\n```\n\n```text\na\n```\nafter\n";
    Lesson *lesson = parse(body, &complaints);
    assert_int_equal(complaints.count, 0);
    assert_int_equal(lesson->count, 1);
    assert_int_equal(lesson->steps[0].count, 1);
    assert_non_null(strstr(lesson->steps[0].items[0].text, "## no step"));
    lesson_free(lesson);
}

static void a_label_may_hold_the_words_of_a_plot_line(void **state)
{
    (void)state;
    Complaints complaints = {0};
    Lesson    *lesson = parse("```plot kind=line\nmean(s[r=1], a) vs b band seed :: x vs y band z\n"
                                 "s[r=\" vs \"] :: l\n```\n",
                              &complaints);
    const Item *item = &lesson->steps[0].items[0];
    assert_int_equal(complaints.count, 0);
    assert_non_null(item->plots[0].x);
    assert_string_equal(item->plots[0].band, "seed");
    assert_string_equal(item->plots[0].label, "x vs y band z");
    assert_null(item->plots[1].x);
    lesson_free(lesson);
}

/* ---- values ----------------------------------------------------------------------------- */

static void expect_refused(const LessonValue *value, const char *text, const char *words)
{
    Error  err = {0};
    Datum *datum = lesson_value_datum(value, text, &err);
    assert_null(datum);
    assert_error(&err, ERR_INPUT, words);
}

static void values_become_data_of_their_kind(void **state)
{
    (void)state;
    Error       err = {0};
    char        two[] = "1,2", four[] = "4", sql[] = "sql", name[] = "name";
    LessonValue list = {.name = name, .normal = two, .ranged = true, .hi = 8};
    LessonValue one = {.name = name, .normal = four};
    LessonValue word = {.name = name, .normal = sql};
    Datum      *datum = lesson_value_datum(&list, " 3 ", &err);
    assert_int_equal(datum->kind, DATUM_VECTOR);
    datum_drop(datum);
    datum = lesson_value_datum(&one, "3", &err);
    assert_int_equal(datum->kind, DATUM_NUMBER);
    datum_drop(datum);
    datum = lesson_value_datum(&word, "3", &err);
    assert_int_equal(datum->kind, DATUM_TEXT);
    datum_drop(datum);
    assert_ok(&err);
    expect_refused(&list, "1,9", "0..8");
    expect_refused(&list, "1,,2", "numbers with commas");
    expect_refused(&one, "1,2", "a number");
    expect_refused(&one, "inf", "a number");
    expect_refused(&one, "0x10", "a number");
}

/* ---- bounds and memory ------------------------------------------------------------------ */

static void a_file_that_is_too_large_is_refused(void **state)
{
    (void)state;
    Error      err = {0};
    Complaints complaints = {0};
    char      *text = mem_alloc(mem_program(), MEM_TEXT, LESSON_MAX_BYTES + 1, 1, &err);
    memset(text, '\n', LESSON_MAX_BYTES + 1);
    assert_null(lesson_parse("x.md", text, LESSON_MAX_BYTES + 1, &complaints, &err));
    assert_error(&err, ERR_INPUT, "at most");
    err = (Error){0};
    Lesson *lesson = lesson_parse("x.md", text, LESSON_MAX_BYTES, &complaints, &err); /* control */
    assert_ok(&err);
    lesson_free(lesson);
    complaints_free(&complaints);
    mem_free(text);
}

static void parse_and_check(void *context, Error *err)
{
    Str       *text = context;
    Complaints complaints = {0};
    Lesson    *lesson = lesson_parse("x.md", str_text(text), text->len, &complaints, err);
    if (lesson != NULL && lesson_check(lesson, &complaints, err)) {
        Str out = {0};
        complaints_text(&out, lesson, &complaints);
        if (!str_ok(&out, err)) str_clear(&out);
        str_free(&out);
    }
    lesson_free(lesson);
    complaints_free(&complaints);
}

static void torture_file(const char *name)
{
    Str   text = {0};
    Index n;
    char *bytes = lesson_bytes(name, &n);
    str_add_bytes(&text, bytes, n);
    mem_free(bytes);
    torture(parse_and_check, &text);
    str_free(&text);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    torture_file("rank-small.md");
    torture_file("wrong/several.md");
    torture_file("wrong/sweep-row-quick.md");
}

TEST_GROUP(lesson_parse, cmocka_unit_test(the_front_matter_is_read),
           cmocka_unit_test(steps_have_their_items_in_order),
           cmocka_unit_test(predictions_are_read),
           cmocka_unit_test(quiz_run_plot_and_assert_are_read),
           cmocka_unit_test(an_indented_line_goes_on_the_one_before),
           cmocka_unit_test(places_count_characters_over_joined_lines),
           cmocka_unit_test(plain_fences_are_prose),
           cmocka_unit_test(a_label_may_hold_the_words_of_a_plot_line),
           cmocka_unit_test(values_become_data_of_their_kind),
           cmocka_unit_test(a_file_that_is_too_large_is_refused),
           cmocka_unit_test(every_allocation_may_fail));
