/* Reports: the same bytes for the same seed, nothing that escapes, all that must be stated. */

#include <string.h>

#include "core/base/file.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "lessons/engine/report_parts.h"
#include "tests/lessons/job_rig.h"
#include "tests/test.h"

static void assert_has(const Str *text, const char *words)
{
    if (strstr(str_text(text), words) == NULL) {
        fail_msg("no \"%s\" in:\n%.3000s", words, str_text(text));
    }
}

static void assert_lacks(const Str *text, const char *words)
{
    const char *at = strstr(str_text(text), words);
    if (at != NULL) fail_msg("\"%s\" is in it: %.80s", words, at);
}

/* ---- the same bytes ---- */

typedef void         Writer(Str *out, const Transcript *transcript);
static Writer *const writers[] = {report_markdown, report_html, report_jsonl};

static void write_all(JobRig *rig, Str raw[3])
{
    job_rig_run(rig);
    assert_ok(&rig->err);
    for (int i = 0; i < 3; i++) {
        str_free(&raw[i]);
        writers[i](&raw[i], job_rig_transcript(rig));
        assert_false(raw[i].failed);
    }
}

static void the_same_seed_gives_the_same_report_but_for_what_is_timed(void **state)
{
    (void)state;
    Str    first[3] = {{0}}, second[3] = {{0}}, other[3] = {{0}};
    JobRig rig = {.answers = "{\"end\": \"3 3\", \"quiz\": 2}"};
    job_rig_open(&rig, "train-small.md");
    write_all(&rig, first);
    write_all(&rig, second);
    rig.seed = 8;
    write_all(&rig, other);
    for (int i = 0; i < 3; i++) {
        Str a = {0}, b = {0}, c = {0};
        blank_timed(&a, str_text(&first[i]));
        blank_timed(&b, str_text(&second[i]));
        blank_timed(&c, str_text(&other[i]));
        assert_string_equal(str_text(&a), str_text(&b));
        /* The controls: another seed is seen, and blanking leaves most of the report. */
        assert_string_not_equal(str_text(&a), str_text(&c));
        assert_true(a.len > first[i].len / 8);
        assert_has(&first[i], "(timed)");
        str_free(&a);
        str_free(&b);
        str_free(&c);
        str_free(&first[i]);
        str_free(&second[i]);
        str_free(&other[i]);
    }
    job_rig_close(&rig);
}

static void reports_state_what_makes_a_run(void **state)
{
    (void)state;
    JobRig rig = {.answers = "{\"number\": \"1; because I think\", \"quiz\": 1}",
                  .settings = {{"r", "3"}},
                  .setting_count = 1,
                  .seed = 11};
    Str    raw[3] = {{0}};
    job_rig_open(&rig, "play-small.md");
    write_all(&rig, raw);
    static const char *const everywhere[] = {
        "11",      LORALAB_VERSION,  "OpenBLAS",    "Linux",  "loralab run it",
        "I think", "r = 3",          "b.rank == 3", "3 == 3", "its size is 3 x 3 all the same",
        "rank A",  "Singular values"};
    for (int i = 0; i < 3; i++) {
        for (size_t k = 0; k < sizeof everywhere / sizeof *everywhere; k++) {
            assert_has(&raw[i], everywhere[k]);
        }
    }
    assert_has(&raw[0], "| 1 | 1 |");
    assert_has(&raw[0], "3 of 3 asserts hold, 1 of 1 predictions borne out");
    assert_has(&raw[1], "<small>predicted</small><strong>1</strong>");
    assert_has(&raw[1], "<small>measured</small><strong>1</strong>");
    assert_has(&raw[1], "<svg");
    for (int i = 0; i < 3; i++) str_free(&raw[i]);
    job_rig_close(&rig);
}

static void every_line_of_jsonl_is_an_object(void **state)
{
    (void)state;
    JobRig rig = {0};
    Str    raw[3] = {{0}};
    Index  lines = 0;
    job_rig_open(&rig, "play-small.md");
    write_all(&rig, raw);
    for (const char *line = str_text(&raw[2]); *line != '\0'; lines++) {
        Index n = (Index)strcspn(line, "\n");
        Json *json = json_parse(line, n, "line", &rig.err);
        assert_ok(&rig.err);
        assert_non_null(json_get(json_root(json), "type"));
        json_free(json);
        line += n + 1;
    }
    assert_int_equal(lines, job_rig_transcript(&rig)->count + 3);
    for (int i = 0; i < 3; i++) str_free(&raw[i]);
    job_rig_close(&rig);
}

/* ---- hostile text ---- */

#define EVIL "<script>alert(1)</script>\" onload='x' & `a` [l](javascript:x) |\x1b[31m\xe2\x80\xae"

static char *copy(const char *text)
{
    char *made = mem_strdup(text, NULL);
    assert_non_null(made);
    return made;
}

static Note *add(Transcript *t, NoteKind kind, const char *text)
{
    Error err = {0};
    Note *note = transcript_add(t, kind, EVIL, &err);
    assert_ok(&err);
    note->text = copy(text);
    return note;
}

static void fill(Note *note)
{
    note->answer = copy(EVIL);
    note->said = copy(EVIL);
    note->reason = copy(EVIL);
    note->measured = copy(EVIL);
    note->feedback = copy(EVIL);
    note->verdict = VERDICT_WRONG;
}

static void hostile_transcript(Transcript *t)
{
    Error err = {0};
    *t = (Transcript){.lesson = copy(EVIL),
                      .title = copy(EVIL),
                      .path = copy(EVIL),
                      .settings = copy(EVIL),
                      .backend = copy(EVIL),
                      .machine = copy(EVIL),
                      .version = copy(EVIL),
                      .repeat = copy(EVIL)};
    static const NoteKind kinds[] = {NOTE_STEP,    NOTE_PROSE,  NOTE_PREDICT, NOTE_QUIZ,
                                     NOTE_COMMAND, NOTE_RESULT, NOTE_ASSERT};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) fill(add(t, kinds[i], EVIL));
    Note *note = add(t, NOTE_FIGURE, EVIL);
    note->figure = figure_create(FIGURE_LINE, EVIL, &err);
    assert_ok(&err);
    const double y[] = {1, 2};
    figure_axis(note->figure, 'x', EVIL, NULL, false);
    assert_int_equal(figure_series(note->figure, EVIL, NULL, y, 2), 0);
}

/* What stands in a code span of Markdown is shown as it is. */
static void assert_only_in_code(const Str *text, const char *words)
{
    int found = 0;
    for (const char *at = str_text(text); (at = strstr(at, words)) != NULL; at++) {
        const char *line = at;
        while (line > text->data && line[-1] != '\n') line--;
        const char *open = strstr(line, "`` ");
        if (open == NULL || open > at) fail_msg("\"%s\" stands outside: %.120s", words, line);
        found++;
    }
    assert_true(found > 0);
}

static void hostile_text_stays_text(void **state)
{
    (void)state;
    Transcript t;
    Str        raw[3] = {{0}};
    hostile_transcript(&t);
    for (int i = 0; i < 3; i++) {
        writers[i](&raw[i], &t);
        assert_false(raw[i].failed);
        assert_lacks(&raw[i], "\x1b");
    }
    assert_only_in_code(&raw[0], "<script");
    assert_only_in_code(&raw[0], "[l](javascript");
    assert_lacks(&raw[1], "<script");
    assert_lacks(&raw[1], "href=\"javascript");
    assert_lacks(&raw[1], "\" onload");
    assert_lacks(&raw[0], "\xe2\x80\xae");
    assert_lacks(&raw[1], "\xe2\x80\xae");
    /* The control: the text itself is in there, made harmless, in every place. */
    int times = 0;
    for (const char *at = str_text(&raw[1]); (at = strstr(at, "&lt;script&gt;")) != NULL; at++) {
        times++;
    }
    assert_true(times > 20);
    for (int i = 0; i < 3; i++) str_free(&raw[i]);
    transcript_free(&t);
}

static void prose_written_anew_is_the_same_prose(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "Plain *words*, **strong** ones, `code | with` bars.\n",
        "- one\n- two\n    - deeper\n\n1. first\n2. second\n",
        "| a | b |\n|---|---|\n| 1 | `x` |\n",
        "> quoted\n\n---\n\n```\ncode <b>\n```\n\n### Heading\n\n[link](https://a.example/b)\n",
        "A line that ends \\- with 1\\. signs \\* and \\_ marks and \\<b\\>.\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        Str once = {0}, twice = {0};
        report_md_prose(&once, texts[i]);
        report_md_prose(&twice, str_text(&once));
        assert_string_equal(str_text(&once), str_text(&twice));
        assert_true(once.len > 0);
        str_free(&once);
        str_free(&twice);
    }
}

/* ---- files ---- */

static void reports_and_plots_become_files(void **state)
{
    (void)state;
    JobRig rig = {0};
    job_rig_open(&rig, "play-small.md");
    job_rig_run(&rig);
    const Transcript *t = job_rig_transcript(&rig);
    Error             err = {0};
    assert_true(report_write(t, test_path("a.md"), &err));
    assert_true(report_write(t, test_path("a.html"), &err));
    assert_true(report_write(t, test_path("a.jsonl"), &err));
    assert_false(report_write(t, test_path("a.pdf"), &err));
    assert_error(&err, ERR_INPUT, ".jsonl");
    assert_false(path_exists(test_path("a.pdf")));
    err = (Error){0};
    assert_true(report_plots(t, test_path("plots/deep"), &err));
    assert_true(path_exists(test_path("plots/deep/01-fall.svg")));
    assert_true(path_exists(test_path("plots/deep/01-fall.csv")));
    job_rig_close(&rig);
}

static void a_plot_s_name_is_never_a_path(void **state)
{
    (void)state;
    Transcript t;
    Error      err = {0};
    char     **names = NULL;
    Index      count = 0;
    hostile_transcript(&t);
    mem_free(t.notes[t.count - 1].id);
    t.notes[t.count - 1].id = copy("../../evil");
    assert_true(report_plots(&t, test_path("here"), &err));
    assert_true(folder_list(test_path("here"), &names, &count, &err));
    assert_int_equal(count, 2);
    assert_string_equal(names[0], "01-------evil.csv");
    for (Index i = 0; i < count; i++) mem_free(names[i]);
    mem_free(names);
    transcript_free(&t);
}

static void write_files(void *context, Error *err)
{
    const Transcript *t = context;
    if (!report_write(t, test_path("a.html"), err)) return;
    if (!report_plots(t, test_path("plots"), err)) return;
}

static void a_full_disk_is_told(void **state)
{
    (void)state;
    JobRig rig = {0};
    job_rig_open(&rig, "play-small.md");
    job_rig_run(&rig);
    Transcript whole = *job_rig_transcript(&rig);
    torture_disk(write_files, &whole);
    torture(write_files, &whole);
    job_rig_close(&rig);
}

TEST_GROUP(report, cmocka_unit_test(the_same_seed_gives_the_same_report_but_for_what_is_timed),
           cmocka_unit_test(reports_state_what_makes_a_run),
           cmocka_unit_test(every_line_of_jsonl_is_an_object),
           cmocka_unit_test(hostile_text_stays_text),
           cmocka_unit_test(prose_written_anew_is_the_same_prose),
           cmocka_unit_test(reports_and_plots_become_files),
           cmocka_unit_test(a_plot_s_name_is_never_a_path), cmocka_unit_test(a_full_disk_is_told));
