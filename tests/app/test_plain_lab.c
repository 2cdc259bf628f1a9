/* The lab without a screen: as a list, a lesson in plain text, in ASCII to the last byte. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/plain/plain_lab.h"
#include "lessons/engine/lesson.h"
#include "tests/app/program.h"
#include "tests/test.h"

#define UTF8 "LC_ALL=C.UTF-8"
#define WHOLE "skip\n\n\nskip\nskip\n\n\nskip\n\n\n\nskip\nskip\nskip\n\n\n\n\n\n\n\n"
#define BEGUN "skip\nskip\n" /* no training */

static void assert_in(const Str *text, const char *words)
{
    if (strstr(str_text(text), words) == NULL) fail_msg("no \"%s\" in:\n%s", words, str_text(text));
}

/* How many bytes are none of ASCII, or are for a terminal to obey. */
static int odd_bytes(const Str *text)
{
    int odd = 0;
    for (Index i = 0; i < text->len; i++) {
        unsigned char byte = (unsigned char)text->data[i];
        odd += byte >= 0x7f || (byte < ' ' && byte != '\n');
    }
    return odd;
}

static void ascii_is_kept_to_the_last_byte(void **state)
{
    (void)state;
    static const char *const lessons[] = {"rank", "svd", "lora", "alpha", "init", "memory"};
    Program                  p = {.in = WHOLE, .env = {UTF8}};
    char                     line[200];
    program_assert_status(&p, "run rank --linear --quick", 0);
    assert_true(odd_bytes(&p.out) > 0); /* the control: there would be some */
    for (size_t i = 0; i < sizeof lessons / sizeof *lessons; i++) {
        snprintf(line, sizeof line, "run %s --linear --quick --charset ascii --from 1", lessons[i]);
        p.in = i < 1 ? WHOLE : BEGUN;
        program_assert_status(&p, line, 0);
        assert_in(&p.out, "Step 1 of");
        if (odd_bytes(&p.out) + odd_bytes(&p.err) > 0) fail_msg("%s:\n%s", line, str_text(&p.out));
    }
    assert_true(p.out.len > 0);
    program_free(&p);
}

static void the_lab_in_plain_text_takes_the_same_options(void **state)
{
    (void)state;
    Program p = {.in = "1\n", .env = {UTF8, "TERM=dumb"}};
    program_assert_status(&p, "lab rank --linear --charset ascii --seed 9 --quick", 0);
    assert_in(&p.out, "seed 9");
    assert_in(&p.out, "Step 1 of 3");
    assert_int_equal(odd_bytes(&p.out), 0);
    program_assert_status(&p, "lab tests/lessons/rank-small.md --lang zh", 0);
    assert_in(&p.out, "重复的行");
    program_assert_status(&p, "lab rank --lang zh", 0); /* not translated: as it is written */
    assert_in(&p.out, "Step 1 of 3");
    program_assert_status(&p, "lab", 0);
    assert_in(&p.out, "rank");
    program_assert_status(&p, "lab workbench", 2);
    assert_in(&p.err, "workbench is a room of the screen");
    assert_in(&p.err, "loralab train");
    program_assert_status(&p, "lab rank --lang fr", 2);
    program_free(&p);
}

/* Where the input ends at a question, what follows begins a line of its own. */
static void the_end_of_the_input_ends_the_line(void **state)
{
    (void)state;
    Program p = {.in = "", .env = {UTF8}};
    program_assert_status(&p, "run tests/lessons/play-small.md --linear", 0);
    assert_in(&p.out, "> \nplay-small:");
    program_free(&p);
}

TEST_GROUP(plain_lab, cmocka_unit_test(ascii_is_kept_to_the_last_byte),
           cmocka_unit_test(the_lab_in_plain_text_takes_the_same_options),
           cmocka_unit_test(the_end_of_the_input_ends_the_line));
