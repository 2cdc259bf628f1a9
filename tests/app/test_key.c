/* Names of keys and themes, both ways. */

#include <string.h>

#include "app/term/display.h"
#include "tests/test.h"

static void assert_name(Key key, const char *want)
{
    Str name = {0};
    key_name(&name, key);
    assert_string_equal(str_text(&name), want);
    str_free(&name);
}

static void every_name_is_read_back_as_its_key(void **state)
{
    (void)state;
    for (int code = K_UP; code <= K_F1; code++) {
        Str name = {0};
        Key key = {.code = (KeyCode)code}, back;
        key_name(&name, key);
        assert_true(name.len > 0);
        assert_true(key_parse(str_text(&name), &back));
        assert_true(key_same(key, back));
        str_free(&name);
    }
    for (uint32_t letter = 'a'; letter <= 'z'; letter++) {
        Str name = {0};
        Key key = {K_CTRL, letter}, back;
        key_name(&name, key);
        assert_true(key_parse(str_text(&name), &back));
        assert_true(key_same(key, back));
        str_free(&name);
    }
}

static void names_are_the_usual_ones(void **state)
{
    (void)state;
    assert_name((Key){K_CHAR, ' '}, "Space");
    assert_name((Key){K_CHAR, 'q'}, "q");
    assert_name((Key){K_CHAR, 0xe9}, "é");
    assert_name((Key){K_CTRL, 'l'}, "Ctrl-L");
    assert_name((Key){.code = K_PAGE_DOWN}, "PgDn");
    assert_name((Key){.code = K_BACK_TAB}, "Shift-Tab");
    assert_name((Key){.code = K_ESCAPE}, "Esc");
    assert_name((Key){.code = K_RESIZE}, "");
    assert_name((Key){K_CHAR, 0x1b}, ""); /* no name puts a control on the screen */
    assert_name((Key){K_CHAR, 0x202e}, "");
}

static void names_are_read_in_either_case_and_characters_are_not(void **state)
{
    (void)state;
    Key key;
    assert_true(key_parse("pgdn", &key) && key.code == K_PAGE_DOWN);
    assert_true(key_parse("ctrl-c", &key) && key.code == K_CTRL && key.cp == 'c');
    assert_true(key_parse("escape", &key) && key.code == K_ESCAPE);
    assert_true(key_parse("H", &key) && key.code == K_CHAR && key.cp == 'H');
    assert_true(key_parse("h", &key) && key.cp == 'h');
    assert_true(key_parse("ü", &key) && key.code == K_CHAR && key.cp == 0xfc);
    assert_true(key_parse("-", &key) && key.code == K_CHAR && key.cp == '-');
}

static void what_is_no_key_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",        " ",    "qq",     "Ctrl-",    "Ctrl-1",
                                        "Ctrl-LL", "F2",   "\033",   "\x80",     "\u202e",
                                        "Down ",   "Spac", "Ctrl L", "Ctrl-\xc3"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        Key key;
        if (key_parse(wrong[i], &key)) fail_msg("\"%s\" is taken for a key", wrong[i]);
    }
}

static void keys_are_the_same_by_code_and_by_character_where_there_is_one(void **state)
{
    (void)state;
    assert_true(key_same((Key){K_CHAR, 'a'}, (Key){K_CHAR, 'a'}));
    assert_false(key_same((Key){K_CHAR, 'a'}, (Key){K_CHAR, 'A'}));
    assert_false(key_same((Key){K_CHAR, 'c'}, (Key){K_CTRL, 'c'}));
    assert_true(key_same((Key){K_UP, 1}, (Key){K_UP, 2}));
    assert_false(key_same((Key){.code = K_UP}, (Key){.code = K_DOWN}));
}

static void themes_have_names(void **state)
{
    (void)state;
    for (int i = 0; i < THEME_COUNT; i++) {
        Theme theme = THEME_COUNT;
        assert_true(theme_find(theme_name((Theme)i), &theme));
        assert_int_equal(theme, i);
    }
    Theme theme;
    assert_true(theme_find("MONO", &theme) && theme == THEME_MONO);
    assert_false(theme_find("pink", &theme));
    assert_false(theme_find("", &theme));
}

TEST_GROUP(key, cmocka_unit_test(every_name_is_read_back_as_its_key),
           cmocka_unit_test(names_are_the_usual_ones),
           cmocka_unit_test(names_are_read_in_either_case_and_characters_are_not),
           cmocka_unit_test(what_is_no_key_is_refused),
           cmocka_unit_test(keys_are_the_same_by_code_and_by_character_where_there_is_one),
           cmocka_unit_test(themes_have_names));
