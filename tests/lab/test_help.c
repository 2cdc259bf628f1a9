/* Help pages: complete, at most 80 columns, and with examples that parse. */

#include <string.h>

#include "core/base/text.h"
#include "tests/lab/lab_rig.h"
#include "tests/test.h"

static void assert_page(const Str *page, const char *name)
{
    assert_false(page->failed);
    for (const char *line = page->data; *line != '\0';) {
        size_t n = strcspn(line, "\n");
        int    columns = text_columns(line, (Index)n);
        if (columns > 80) fail_msg("%s: %d columns: %.*s", name, columns, (int)n, line);
        assert_int_equal(line[n], '\n'); /* the last line ends too */
        if (n > 0) assert_int_not_equal(line[n - 1], ' ');
        line += n + 1;
    }
}

static void no_page_is_wider_than_80_columns(void **state)
{
    (void)state;
    Str page = {0};
    help_overview(&page);
    assert_page(&page, "overview");
    for (const Command *c = command_table(); c->name != NULL; c++) {
        str_clear(&page);
        help_command(&page, c);
        assert_page(&page, c->name);
    }
    str_free(&page);
}

static void the_overview_names_every_command_and_a_page_every_option(void **state)
{
    (void)state;
    Str overview = {0}, page = {0};
    help_overview(&overview);
    for (const Command *c = command_table(); c->name != NULL; c++) {
        Str word = {0};
        str_addf(&word, "loralab %s ", c->name);
        assert_non_null(strstr(overview.data, word.data));
        str_clear(&page);
        help_command(&page, c);
        for (int common = 0; common < 2; common++) {
            const ArgSpec *a = common ? command_common_args() : c->args;
            for (; a->name != NULL; a++) {
                str_clear(&word);
                str_addf(&word, "  --%s", a->name);
                assert_non_null(strstr(page.data, word.data));
            }
        }
        str_free(&word);
    }
    str_free(&overview);
    str_free(&page);
}

static void every_example_parses(void **state)
{
    (void)state;
    for (const Command *c = command_table(); c->name != NULL; c++) {
        Error       err = {0};
        const char *line = strstr(c->example, "loralab ");
        assert_non_null(line);
        line += strlen("loralab ");
        assert_int_equal(strncmp(line, c->name, strlen(c->name)), 0);
        args_free(lab_parse(line, &err));
        assert_ok(&err);
    }
}

static void help_answers_in_the_lab_as_well(void **state)
{
    (void)state;
    LabRig rig;
    lab_rig_open(&rig);
    lab_must(&rig, "help");
    assert_non_null(strstr(str_text(&rig.result.text), "loralab train"));
    lab_must(&rig, "help merge");
    assert_non_null(strstr(str_text(&rig.result.text), "--adapter"));
    lab_fails(&rig, "help mreg", ERR_INPUT, "there is no command \"mreg\"");
    assert_string_equal(rig.err.hint, "did you mean merge?");
    lab_rig_close(&rig);
}

static void write_pages(void *context, Error *err)
{
    (void)context;
    Str page = {0};
    help_overview(&page);
    for (const Command *c = command_table(); c->name != NULL; c++) help_command(&page, c);
    if (!str_ok(&page, err)) page.failed = true;
    str_free(&page);
}

static void help_survives_every_failed_allocation(void **state)
{
    (void)state;
    torture(write_pages, NULL);
}

TEST_GROUP(help, cmocka_unit_test(no_page_is_wider_than_80_columns),
           cmocka_unit_test(the_overview_names_every_command_and_a_page_every_option),
           cmocka_unit_test(every_example_parses),
           cmocka_unit_test(help_answers_in_the_lab_as_well),
           cmocka_unit_test(help_survives_every_failed_allocation));
