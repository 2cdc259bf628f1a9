/* Lines of the vocabulary: what they are taken apart into, and what is wrong with them. */

#include <string.h>

#include "core/base/mem.h"
#include "core/workbench/verb.h"
#include "tests/test.h"
#include "tests/workbench/expr_rig.h"

static VerbLine *parse(const char *text, ExprFault *fault, Error *err)
{
    return verb_line_parse(text, (Index)strlen(text), fault, err);
}

/* ---- right ones ---- */

static void a_line_is_taken_apart(void **state)
{
    (void)state;
    Error       err = {0};
    const char *text =
        " s = sweep r=1,{n},8 target_modules=\"q_proj,v_proj\",all-linear seeds=3:\n"
        "  train data=sql lora_alpha={2 * r}\t+use_rslora prompt=\"a \\\"b\\\" {n}\"";
    VerbLine *line = parse(text, NULL, &err);
    assert_ok(&err);
    assert_string_equal(line->name, "s");
    assert_string_equal(line->verb->command.name, "train");
    assert_true(strncmp(text + line->verb_at, "train", 5) == 0);
    assert_int_equal(line->axis_count, 2);
    assert_string_equal(line->axes[0].name, "r");
    assert_string_equal(line->axes[0].values, "1,{n},8");
    assert_string_equal(line->axes[1].values, "\"q_proj,v_proj\",all-linear");
    assert_int_equal(line->seeds, 3);
    static const char *const words[][2] = {{"data", "sql"},
                                           {"lora_alpha", "{2 * r}"},
                                           {"use_rslora", NULL},
                                           {"prompt", "a \"b\" {n}"}};
    assert_int_equal(line->count, 4);
    for (Index i = 0; i < 4; i++) {
        const VerbWord *word = &line->words[i];
        assert_string_equal(word->key, words[i][0]);
        assert_true(strncmp(text + word->at + (words[i][1] == NULL), word->key, 4) == 0);
        if (words[i][1] == NULL) {
            assert_null(word->value);
        } else {
            assert_string_equal(word->value, words[i][1]);
            assert_true(text[word->value_at] == word->value[0]);
        }
    }
    verb_line_free(line);
}

static void right_lines_are_right(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "rank A",
        "a=rank A",
        "a = rank s[r=4].B tolerance=1e-6",
        "rank \"A + B * 2\"",
        "rank {word}",
        "matmul A B C",
        "matrix rows=\"1 2; 3 4\" seed=7",
        "matrix rows=\"{n} 2\"",
        "train per-device-train-batch-size=4",
        "train use_rslora=true",
        "train +use_rslora",
        "train prompt=\\{x}",
        "sweep r=1 : truncate A",
        "sweep r=1,2:truncate A",
        "sweep seed=1,2 : train",
        "sweep seeds=2 : train",
        "sweep learning_rate=1e-3,{x} init_lora_weights=true,gaussian : train",
        "eval",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        Error     err = {0};
        VerbLine *line = parse(lines[i], NULL, &err);
        if (line == NULL) print_error("%s: %s\n", lines[i], err.message);
        assert_non_null(line);
        verb_line_free(line);
    }
}

/* ---- wrong ones ---- */

static const struct {
    const char *text;
    Index       at;
    const char *message, *hint;
} wrong[] = {
    {"", 0, "a command is missing", ""},
    {"   ", 3, "a command is missing", ""},
    {"a =", 3, "a command is missing", ""},
    {"= rank A", 0, "a command's name", ""},
    {"a = 3", 4, "a command's name", ""},
    {"a = b = rank A", 4, "no command \"b\"", "help verbs"},
    {"and = rank A", 0, "\"and\" cannot be a name", ""},
    {"yes = rank A", 0, "\"yes\" cannot be a name", ""},
    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa = rank A", 0, "41 letters; 40 at most", ""},
    {"trian data=sql", 0, "no command \"trian\"", "did you mean train?"},
    {"rm -rf", 0, "no command \"rm\"", ""},
    {"rank", 0, "rank needs MATRIX", "a = rank A"},
    {"rank()", 4, "a blank is expected behind rank", ""},
    {"rank A B", 7, "what to do with \"B\"", "as in a = rank A"},
    {"rank A +", 7, "what to do with \"+\"", ""},
    {"rank A[", 7, "a value should follow", ""},
    {"rank \"A +\"", 9, "a value should follow", ""},
    {"rank = A", 7, "no command \"A\"", ""},
    {"rank A = B", 7, "what to do with \"=\"", ""},
    {"rank --tolerance 3 A", 5, "without dashes", "a = rank A"},
    {"rank A tolerence=3", 7, "rank has no key \"tolerence\"", "did you mean tolerance?"},
    {"rank A backend=cpu", 7, "rank has no key \"backend\"", ""},
    {"rank A help=true", 7, "rank has no key \"help\"", ""},
    {"rank A json=true", 7, "rank has no key \"json\"", ""},
    {"rank A tolerance=", 7, "tolerance= has no value", ""},
    {"rank A tolerance= 3", 7, "tolerance= has no value", ""},
    {"rank A tolerance=x", 7, "tolerance is \"x\", but must be a finite number", ""},
    {"rank A tolerance=-1", 7, "must lie in 0..", ""},
    {"rank A tolerance=1 tolerance=2", 19, "tolerance is given twice", ""},
    {"rank A +tolerance", 7, "tolerance takes a value", "tolerance=..."},
    {"rank A eps=f16", 7, "eps is \"f16\", but must be", "known: f64, f32"},
    {"rank A eps=\"f32", 11, "quote that opens here is not closed", ""},
    {"rank A eps={n", 11, "brace that opens here is not closed", "\\{"},
    {"rank A eps={n +}", 15, "a value should follow", ""},
    {"rank A tolerance={n:.3f}", 20, "", ""},
    {"truncate A r=2.5", 11, "r is \"2.5\", but must be a whole number", ""},
    {"truncate A r=0", 11, "must lie in 1..", ""},
    {"matrix seed=-1", 7, "seed is -1", ""},
    {"sweep", 5, "needs \":\"", "sweep r=1,2,4"},
    {"sweep r=1,2", 11, "needs \":\"", ""},
    {"sweep : rank A", 0, "nothing to go through", ""},
    {"sweep r=1,2 :", 13, "a command is missing", ""},
    {"sweep truncate A", 6, "KEY=VALUE", ""},
    {"sweep r=1,2 : rank A", 6, "rank has no key \"r\"", ""},
    {"sweep r=1,,2 : truncate A", 6, "a value of r is empty", ""},
    {"sweep r= : truncate A", 6, "a value of r is empty", ""},
    {"sweep r=1,x : truncate A", 6, "r is \"x\"", ""},
    {"sweep r=1,2,1 : truncate A", 6, "r goes through 1 twice", ""},
    {"sweep r=1 r=2 : truncate A", 10, "r is given twice", ""},
    {"sweep r=1,2 : truncate A r=3", 25, "r is swept, so", ""},
    {"sweep r=1 seeds=0 : train", 10, "seeds is \"0\"", ""},
    {"sweep seeds=101 : train", 6, "whole number in 1..100", ""},
    {"sweep seeds={n} : train", 6, "seeds is \"{n}\"", ""},
    {"sweep seeds=2 seeds=3 : train", 14, "seeds is given twice", ""},
    {"sweep seed=1,2 seeds=2 : train", 6, "has no seeds=", ""},
    {"sweep identity=2,3 : matrix", 21, "matrix changes the bench", ""},
    {"sweep r=\"1,2 : train", 8, "quote that opens here is not closed", ""},
    {"sweep r=1 lora_alpha=1 lora_dropout=0 bias=none learning_rate=1 : train", 48,
     "more than 4 keys", ""},
};

static void wrong_lines_have_their_place_message_and_hint(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ExprFault fault = {0};
        Error     err = {0};
        VerbLine *line = parse(wrong[i].text, &fault, &err);
        if (wrong[i].message[0] == '\0') { /* only seen when it is filled in */
            assert_non_null(line);
            verb_line_free(line);
            continue;
        }
        bool ok = line == NULL && fault.at == wrong[i].at && err.code == ERR_INPUT &&
                  strstr(fault.message, wrong[i].message) != NULL &&
                  strstr(fault.hint, wrong[i].hint) != NULL;
        if (!ok) {
            print_error("%s: at %td \"%s\" hint \"%s\"\n", wrong[i].text, fault.at, fault.message,
                        fault.hint);
        }
        assert_true(ok);
        assert_string_equal(err.message, fault.message);
    }
}

static void no_line_holds_a_zero_byte_or_too_many_words(void **state)
{
    (void)state;
    Error err[2] = {{0}};
    assert_null(verb_line_parse("rank A\0B", 8, NULL, &err[0]));
    assert_error(&err[0], ERR_INPUT, "a zero byte");
    Str text = {0};
    str_add(&text, "rank");
    for (int i = 0; i < 65; i++) str_add(&text, " A");
    assert_null(parse(str_text(&text), NULL, &err[1]));
    assert_error(&err[1], ERR_INPUT, "more than 64 words");
    str_free(&text);
}

/* ---- filled in ---- */

static void braces_become_arguments(void **state)
{
    (void)state;
    Error err = {0};
    assert_true(expr_rig_create(&err));
    const char *text = "s = sweep r={n},{v[2]} : train data={word} lora_alpha={4 * n} +use_rslora "
                       "learning_rate={1 / 3} prompt=\"\\{a} {n}\" seed=9";
    VerbLine   *line = parse(text, NULL, &err);
    assert_ok(&err);
    char **values;
    Index  count;
    assert_true(verb_line_values(line, 0, expr_rig_scope(), &values, &count, NULL, &err));
    assert_int_equal(count, 2);
    assert_string_equal(values[0], "3");
    assert_string_equal(values[1], "1");
    const char *const picks[] = {values[0]};
    Args             *args = verb_line_args(line, picks, expr_rig_scope(), NULL, &err);
    assert_ok(&err);
    assert_int_equal(args_int(args, "r"), 3);
    assert_string_equal(args_text(args, "data"), "sql");
    assert_true(args_float(args, "lora_alpha") == 12);
    assert_true(args_float(args, "learning_rate") == 1.0 / 3);
    assert_true(args_flag(args, "use_rslora"));
    assert_string_equal(args_text(args, "prompt"), "{a} 3");
    assert_int_equal(args_int(args, "seed"), 9);
    args_free(args);
    verb_words_free(values, count);
    verb_line_free(line);
    expr_rig_free();
}

static void wrong_values_in_braces_have_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        Index       at;
        const char *message;
    } rows[] = {
        {"truncate A r={share}", 11, "r is \"0.25\""},
        {"truncate A r={v}", 11, "r is \"3,1,2\""},
        {"truncate A r={nosuch}", 14, "no value \"nosuch\""},
        {"truncate A r={rec}", 13, "a record cannot be part of a command"},
        {"truncate A r={n:.3f}", 15, "all their digits"},
        {"truncate A r={n * 1000000}", 11, "must lie in"},
    };
    Error err = {0};
    assert_true(expr_rig_create(&err));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ExprFault fault = {0};
        Error     why = {0};
        VerbLine *line = parse(rows[i].text, NULL, &err);
        assert_ok(&err);
        Args *args = verb_line_args(line, NULL, expr_rig_scope(), &fault, &why);
        if (args != NULL || fault.at != rows[i].at) {
            print_error("%s: at %td %s\n", rows[i].text, fault.at, fault.message);
        }
        assert_null(args);
        assert_int_equal(fault.at, rows[i].at);
        assert_non_null(strstr(fault.message, rows[i].message));
        assert_int_equal(why.code, ERR_INPUT);
        verb_line_free(line);
    }
    static const char *const axes[][2] = {{"sweep r={v},3 : truncate A", "goes through 3 twice"},
                                          {"sweep r={nosuch} : truncate A", "no value"},
                                          {"sweep r={share} : truncate A", "whole number"}};
    for (size_t i = 0; i < sizeof axes / sizeof axes[0]; i++) {
        char    **values;
        Index     count;
        Error     why = {0};
        VerbLine *line = parse(axes[i][0], NULL, &err);
        assert_false(verb_line_values(line, 0, expr_rig_scope(), &values, &count, NULL, &why));
        assert_error(&why, ERR_INPUT, axes[i][1]);
        verb_line_free(line);
    }
    expr_rig_free();
}

static void a_line_is_written_as_it_will_run(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"a=rank   A", "a = rank A"},
        {"truncate A r={n}", "truncate A r=3"},
        {"rank \"A + B\"", "rank \"A + B\""},
        {"matrix rows=\"1 2;{n} 4\"", "matrix rows=\"1 2;3 4\""},
        {"train +use_rslora prompt=\"say \\\"x\\\"\"",
         "train +use_rslora prompt=\"say \\\"x\\\"\""},
        {"train prompt=\"\"", "train prompt=\"\""},
        {"train prompt=\"one\\ntwo\"", "train prompt=\"one\\ntwo\""},
        {"sweep r={n},4 seeds=2 :train lora_alpha={2*r} data={word}",
         "sweep r=3,4 seeds=2 : train lora_alpha={2*r} data=sql"},
    };
    Error err = {0};
    assert_true(expr_rig_create(&err));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        Str       out = {0};
        VerbLine *line = parse(rows[i][0], NULL, &err);
        assert_ok(&err);
        assert_true(verb_line_show(&out, line, expr_rig_scope(), &err));
        assert_string_equal(str_text(&out), rows[i][1]);
        VerbLine *again = parse(str_text(&out), NULL, &err); /* and is a line itself */
        assert_ok(&err);
        verb_line_free(again);
        verb_line_free(line);
        str_free(&out);
    }
    Str       out = {0};
    VerbLine *line = parse("truncate A r={nosuch}", NULL, &err);
    assert_false(verb_line_show(&out, line, expr_rig_scope(), &err));
    assert_error(&err, ERR_INPUT, "no value \"nosuch\"");
    verb_line_free(line);
    str_free(&out);
    expr_rig_free();
}

/* ---- the table, blanks, help ---- */

static void every_verb_is_described(void **state)
{
    (void)state;
    Index count = 0;
    for (const Verb *const *v = verb_table(); *v != NULL; v++, count++) {
        const Verb *verb = *v;
        Error       err = {0};
        assert_ptr_equal(verb_find(verb->command.name), verb);
        assert_non_null(verb->run);
        assert_non_null(verb->command.summary);
        assert_non_null(verb->command.operands);
        VerbLine *line = parse(verb->command.example, NULL, &err);
        if (line == NULL) print_error("%s: %s\n", verb->command.example, err.message);
        assert_non_null(line);
        assert_ptr_equal(line->verb, verb);
        verb_line_free(line);
        assert_non_null(verb->fields[0].name);
        for (const FieldSpec *f = verb->fields; f->name != NULL; f++) assert_non_null(f->help);
        Datum *blank = verb_blank(verb, &err);
        assert_ok(&err);
        datum_drop(blank);
    }
    assert_int_equal(count, 20);
    assert_null(verb_find("rm"));
    assert_string_equal(verb_nearest("trunkate"), "truncate");
    assert_null(verb_nearest("something"));
}

static void blanks_have_the_axes_of_the_line(void **state)
{
    (void)state;
    Error     err = {0};
    VerbLine *line = parse("sweep r=1,2 lora_alpha=1 seeds=3 : train", NULL, &err);
    Datum    *blank = verb_line_blank(line, &err);
    assert_int_equal(blank->kind, DATUM_TABLE);
    assert_true(blank->blank);
    assert_int_equal(blank->axis_count, 3);
    assert_string_equal(blank->axes[2].name, "seed");
    assert_non_null(datum_member(blank->items[0], "loss"));
    datum_drop(blank);
    verb_line_free(line);
    line = parse("truncate A r=1", NULL, &err);
    blank = verb_line_blank(line, &err);
    assert_int_equal(blank->kind, DATUM_RECORD);
    assert_int_equal(datum_member(blank, "discarded")->kind, DATUM_VECTOR);
    assert_true(datum_member(blank, "discarded")->blank);
    assert_null(datum_member(blank, "nosuch"));
    datum_drop(blank);
    verb_line_free(line);
}

static void assert_narrow(const char *text)
{
    for (const char *line = text; *line != '\0';) {
        size_t n = strcspn(line, "\n");
        if (n > 80) print_error("%.*s\n", (int)n, line);
        assert_true(n <= 80);
        assert_true(n == 0 || line[n - 1] != ' ');
        line += n + (line[n] == '\n');
    }
}

static void help_fits_and_names_everything(void **state)
{
    (void)state;
    Str all = {0};
    help_verbs(&all);
    assert_narrow(str_text(&all));
    for (const Verb *const *verb = verb_table(); *verb != NULL; verb++) {
        Str one = {0};
        assert_non_null(strstr(str_text(&all), (*verb)->command.name));
        help_verb(&one, *verb);
        assert_narrow(str_text(&one));
        for (const ArgSpec *arg = (*verb)->command.args; arg->name != NULL; arg++) {
            assert_non_null(strstr(str_text(&one), arg->name));
        }
        for (const FieldSpec *field = (*verb)->fields; field->name != NULL; field++) {
            assert_non_null(strstr(str_text(&one), field->name));
        }
        str_free(&one);
    }
    str_free(&all);
}

static void use_all(void *context, Error *err)
{
    static const char *const texts[] = {
        "s = sweep r={n},4 target_modules=\"q,v\" seeds=2 : train data={word} +use_rslora",
        "rank \"A + {n}\" tolerance=1", "rank A tolerence=1", "trian", "sweep r=1 : rank A"};
    (void)context;
    if (!expr_rig_create(err)) {
        expr_rig_free();
        return;
    }
    for (size_t i = 0; i < sizeof texts / sizeof texts[0] && err->code == ERR_NONE; i++) {
        static const char *const picks[] = {"1", "q"};
        Error                    why = {0};
        Str                      out = {0};
        char                   **values;
        Index                    count;
        VerbLine                *line = parse(texts[i], NULL, &why);
        Datum                   *blank = line != NULL ? verb_line_blank(line, &why) : NULL;
        Args                    *args = NULL;
        if (blank != NULL) args = verb_line_args(line, picks, expr_rig_scope(), NULL, &why);
        if (args != NULL && verb_line_show(&out, line, expr_rig_scope(), &why) &&
            line->axis_count > 0 &&
            verb_line_values(line, 0, expr_rig_scope(), &values, &count, NULL, &why)) {
            verb_words_free(values, count);
        }
        args_free(args);
        datum_drop(blank);
        verb_line_free(line);
        str_free(&out);
        if (why.code == ERR_MEMORY) *err = why;
    }
    expr_rig_free();
}

static void lines_survive_every_failed_allocation(void **state)
{
    (void)state;
    assert_true(torture(use_all, NULL) > 200);
}

TEST_GROUP(verb_line, cmocka_unit_test(a_line_is_taken_apart),
           cmocka_unit_test(right_lines_are_right),
           cmocka_unit_test(wrong_lines_have_their_place_message_and_hint),
           cmocka_unit_test(no_line_holds_a_zero_byte_or_too_many_words),
           cmocka_unit_test(braces_become_arguments),
           cmocka_unit_test(wrong_values_in_braces_have_their_place),
           cmocka_unit_test(a_line_is_written_as_it_will_run),
           cmocka_unit_test(every_verb_is_described),
           cmocka_unit_test(blanks_have_the_axes_of_the_line),
           cmocka_unit_test(help_fits_and_names_everything),
           cmocka_unit_test(lines_survive_every_failed_allocation));
