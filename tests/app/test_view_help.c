/* Help: each key of a room is on its page, with what it does. */

#include <string.h>

#include "app/view/view_help.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "tests/app/screens.h"
#include "tests/test.h"

static const char more[] = "At the left the **settings**, at the right the curves.";

typedef struct Asked {
    RoomId room;
    int    top;
} Asked;

static void draw(void *context, const Look *look, Grid *grid, Rect area)
{
    const Asked *asked = context;
    Page         page = {0};
    view_help_page(&page, look, asked->room, more, area.cols);
    page_draw(&page, look, grid, area, asked->top, 0);
    page_clear(&page);
}

static void looks_as_meant(void **state)
{
    (void)state;
    Asked asked = {ROOM_WORKBENCH, 0};
    assert_screens("help-workbench", draw, &asked);
    asked = (Asked){ROOM_HOME, 0};
    assert_screen("help-home", &look_braille, 40, 60, draw, &asked);
}

/* All text of a page with blanks between its words, however it was wrapped. */
static void flatten(Str *out, const Page *page)
{
    for (Index i = 0; i < page->count; i++) {
        for (Index p = 0; p < page->lines[i].count; p++)
            str_add(out, page->lines[i].pieces[p].text);
        str_add(out, " ");
    }
}

static bool has_words(const char *text, const char *words)
{
    for (; *text != '\0'; text++) {
        const char *a = text, *b = words;
        while (*b != '\0') {
            if (*a != *b) break;
            a++, b++;
            if (b[-1] == ' ') a += strspn(a, " ");
        }
        if (*b == '\0') return true;
    }
    return false;
}

static int rows_of(RoomId room)
{
    int n = 0;
    for (const KeyRow *row = keymap(); row->action != ACT_NONE; row++)
        n += (row->rooms & IN(room)) != 0;
    return n;
}

static void every_key_of_a_room_is_explained(void **state)
{
    (void)state;
    for (RoomId room = 0; room < ROOM_COUNT; room++) {
        assert_true(rows_of(room) > 5);
        for (const KeyRow *row = keymap(); row->action != ACT_NONE; row++) {
            Page page = {0};
            Str  text = {0};
            view_help_page(&page, &look_braille, room, NULL, 70);
            flatten(&text, &page);
            bool here = (row->rooms & IN(room)) != 0;
            bool there = has_words(str_text(&text), row->help);
            bool telling = strlen(row->help) > 20; /* "up" is in other sentences too */
            if (here != there && (here || telling))
                fail_msg("%s: \"%s\" is %s", room_title(room), row->help,
                         here ? "missing" : "there");
            str_free(&text);
            page_clear(&page);
        }
    }
}

/* In two columns there is as much as in one. */
static void two_columns_lose_nothing(void **state)
{
    (void)state;
    for (int cols = 100; cols <= 220; cols += 5) {
        Page  page = {0};
        Index helps = 0;
        view_help_page(&page, &look_braille, ROOM_WORKBENCH, NULL, cols);
        for (Index i = 0; i < page.count; i++) {
            int used = page.lines[i].indent;
            for (Index p = 0; p < page.lines[i].count; p++) {
                const Piece *piece = &page.lines[i].pieces[p];
                used += text_columns(piece->text, (Index)strlen(piece->text));
                helps += piece->ink == INK_KEY;
            }
            assert_true(used <= cols);
        }
        assert_int_equal(helps, rows_of(ROOM_WORKBENCH));
        page_clear(&page);
    }
}

static void nothing_is_drawn_outside(void **state)
{
    (void)state;
    Asked asked = {ROOM_LESSON, 0};
    assert_stays_inside(300, draw, &asked);
}

static void make(void *context, Error *err)
{
    Page page = {0};
    view_help_page(&page, &look_ascii, ROOM_HOME, more, *(int *)context);
    if (page.failed) error_set(err, ERR_MEMORY, "a part is missing");
    page_clear(&page);
}

static void missing_memory_is_told(void **state)
{
    (void)state;
    int cols = 60;
    assert_true(torture(make, &cols) > 50);
    cols = 120;
    assert_true(torture(make, &cols) > 50);
}

TEST_GROUP(view_help, cmocka_unit_test(looks_as_meant),
           cmocka_unit_test(every_key_of_a_room_is_explained),
           cmocka_unit_test(two_columns_lose_nothing), cmocka_unit_test(nothing_is_drawn_outside),
           cmocka_unit_test(missing_memory_is_told));
