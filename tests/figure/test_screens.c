/* Charts as they are meant to look. A change here is a change of what people see: look at it. */

#include <math.h>

#include "tests/figure/figures.h"
#include "tests/test.h"

static const double gap[] = {1, 2, (double)NAN, 4, (double)NAN, (double)NAN, 3, 2};
static const double one[] = {5}, flat[] = {3.2, 3.2, 3.2}, huge[] = {-1e308, 1e308, 5};
static const double none[] = {(double)NAN, (double)NAN}, some[] = {-1, 0, 5, 0.1};

static Figure *not_positive(Error *err)
{
    Figure *figure = figure_of_values(some, 4, err);
    figure_axis(figure, 'y', "loss", NULL, true);
    return figure;
}

static void assert_screen(Figure *figure, int rows, int cols, Charset charset, const char *want)
{
    Error err = {0};
    Str   out = {0};
    assert_true(figure_text(&out, figure, rows, cols, charset, &err));
    assert_ok(&err);
    assert_string_equal(str_text(&out), want);
    str_free(&out);
    figure_free(figure);
}

static void log_with_values_that_are_not_positive(void **state)
{
    (void)state;
    Error err = {0};
    assert_screen(not_positive(&err), 9, 44, CHARSET_BLOCK,
                  "values\n"
                  "loss (log)\n"
                  "   │                       o▄\n"
                  "   │                         ▀▀▄\n"
                  "  1┤                            ▀▄▄\n"
                  "   │                               ▀▄\n"
                  "0.1┤                                 ▀▀o o v\n"
                  "   └┬───────────┬──────────┬───────────┬\n"
                  "    0           1          2           3\n");
}

static void losses_in_braille(void **state)
{
    (void)state;
    Error err = {0};
    assert_screen(figure_of_losses(&err), 16, 60, CHARSET_BRAILLE,
                  "training loss, sql, r = 8\n"
                  "loss, nats/token (log)\n"
                  "  3┤⠻⡿⣶⢖o⠦⠤⠤⢤⣀⣀⣀⡀\n"
                  "   │ ⠈⠓⠛⠮⣭⡷⠦⠤x⡤⠤⠭⠭⠭⠽o⠶⠶*⠤⠤⠤⣤⣤⣤⣤⠤⠤⠤⠤*⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤*⠤⠤ * 256\n"
                  "   │      ⠉⠲⢄⡀⠉⠙⠒⠤⢄⣀           ⠉⠉⠉⠉⠒o⠒⠒⠤⠤⠤⠤⢄⣀⣀⣀⣀\n"
                  "  1┤         ⠈⠓⠤⣀   ⠉⠓⠲⠤⣄x                      ⠉⠉⠉⠉o⠒ o 1\n"
                  "   │            ⠈⠑+⣄     ⠈⠉⠒⠢⢤⣀⡀\n"
                  "   │                ⠉⠲⢤⣀       ⠈⠉⠒⠢⠤⣄⣀\n"
                  "   │                   ⠈⠑⠢⢄⡀         ⠈⠉⠑⠒x⠤⣄⣀\n"
                  "0.3┤                       ⠈⠑⠦+⡀             ⠉⠉⠒⠒⠦⠤⢄⣀⣀ x 8\n"
                  "   │                           ⠉⠑⠲⠤⣀⡀\n"
                  "0.1┤                                ⠉⠑⠒⠦⢤⣀⣀\n"
                  "   │                                      ⠈⠉⠉⠒+⠲⠤⠤⠤⢄⣀⣀ + 32\n"
                  "   └┬───────────┬────────────┬───────────┬───────────┬\n"
                  "    0           50          100         150         200\n"
                  "                            step\n");
}

static void losses_in_ascii(void **state)
{
    (void)state;
    Error err = {0};
    assert_screen(figure_of_losses(&err), 16, 60, CHARSET_ASCII,
                  "training loss, sql, r = 8\n"
                  "loss, nats/token (log)\n"
                  "  3+\\\\\\|o--|____\n"
                  "   | '|||||-|x|-||||o--*-||||||----*---------------*-- * 256\n"
                  "   |      '||_''|-__          '''''|o----|______\n"
                  "  1+         '||_  ''|-|_x                     '''''o' o 1\n"
                  "   |            '|+_     ''|-|__\n"
                  "   |                '||_       ''|-|__\n"
                  "0.3+                   ''-|_          ''|x|__\n"
                  "   |                       '|-+_             ''|--|___ x 8\n"
                  "   |                           ''-|__\n"
                  "0.1+                                ''|-|__\n"
                  "   |                                      ''''+---|___ + 32\n"
                  "   ++-----------+------------+-----------+-----------+\n"
                  "    0           50          100         150         200\n"
                  "                            step\n");
}

static void losses_in_blocks(void **state)
{
    (void)state;
    Error err = {0};
    assert_screen(figure_of_losses(&err), 16, 60, CHARSET_BLOCK,
                  "training loss, sql, r = 8\n"
                  "loss, nats/token (log)\n"
                  "  3┤████o▄▄▄▄▄▄\n"
                  "   │ ▀▀█████▄x▄█████o█▄*▄▄▄▄▄▄▄▄▄▄▄*▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄*▄▄ * 256\n"
                  "   │      ▀█▄▄▀▀█▄▄▄         ▀▀▀▀▀▀▀o█▄▄▄▄▄▄▄▄▄\n"
                  "  1┤         ▀▀█▄  ▀▀▀█▄▄x                    ▀▀▀▀▀▀o▀ o 1\n"
                  "   │            ▀▀+▄     ▀▀▀█▄▄▄\n"
                  "   │                ▀█▄▄       ▀▀▀█▄▄▄\n"
                  "0.3┤                   ▀▀█▄▄          ▀▀▀x▄▄▄▄\n"
                  "   │                       ▀▀█+▄             ▀▀▀▀█▄▄▄▄ x 8\n"
                  "   │                           ▀▀▀▄▄▄\n"
                  "0.1┤                                ▀▀▀█▄▄▄▄\n"
                  "   │                                       ▀▀▀+▀▀▄▄▄▄▄ + 32\n"
                  "   └┬───────────┬────────────┬───────────┬───────────┬\n"
                  "    0           50          100         150         200\n"
                  "                            step\n");
}

static void losses_in_a_small_area(void **state)
{
    (void)state;
    Error err = {0};
    assert_screen(figure_of_losses(&err), 8, 40, CHARSET_BRAILLE,
                  "training loss, sql, r = 8\n"
                  "   │⠛⠿⠿⣶o⣶⣶⠦⠤⠤⠤⠤⢤⣤⣤⣤o⣤⣤*⠤⠤⠤⠤⠤ * 256\n"
                  "  1┤    ⠉⠓⠪⢭⣙x⠒⠤⠤⣀⣀⡀  ⠈⠉⠉⠉⠉⠉⠉ o 1\n"
                  "   │        ⠈⠉⠓⠲⢤⣀+⠉⠉⠙⠒⠒⠦x⠤⣄⣀ x 8\n"
                  "0.1┤              ⠈⠉⠓⠒⠲⠤⠤⢤⣀⣀⣀ + 32\n"
                  "   └┬───────────┬───────────┬\n"
                  "    0          100         200\n"
                  "               step\n");
}

static void ranks_in_braille(void **state)
{
    (void)state;
    Error err = {0};
    assert_screen(figure_of_ranks(&err), 16, 60, CHARSET_BRAILLE,
                  "How much rank is enough\n"
                  "held-out loss, nats/token\n"
                  "   │\n"
                  "   │░\n"
                  "  1┤░░░\n"
                  "   │x⠤⡀░░\n"
                  "   │⠈⠢⠈⠢⢄░░\n"
                  "   │   ⠠⢄⠑⠤⡀░\n"
                  "0.5┤     ⠁░o⠒⠤⣀░░\n"
                  "   │       x⠢░░⠉⠒⠤⣀░░\n"
                  "   │          ⠈⠑⠂░⡀o⠑⠒⠒⠤⠤⢄o⣀⣀⣀░░░░░░░░░░░░░       o measured\n"
                  "   │              ⠈x ⠐⠤⠄ ⣀░░░░⠉⠉⠉o⠉⠉⠉⠉⠉⠉⠉o⠉⠉⠉⠉⠉⠉o\n"
                  "  0┤                      x ⠈⠉⠂ ⠒x ⠐⠒⠂ ⠤⠤x⠠⠤⠄ ⠤⠤x x you said\n"
                  "   └┬──────┬───────┬──────┬──────┬───────┬──────┬\n"
                  "    1      2       4      8      16      32     64\n"
                  "                       r (log)\n");
}

static void ranks_in_ascii(void **state)
{
    (void)state;
    Error err = {0};
    assert_screen(figure_of_ranks(&err), 16, 60, CHARSET_ASCII,
                  "How much rank is enough\n"
                  "held-out loss, nats/token\n"
                  "   |\n"
                  "   |:\n"
                  "  1+:::\n"
                  "   |o-_::\n"
                  "   |x\\'-_::\n"
                  "   |   :_\\_::\n"
                  "0.5+    '-:o-__::\n"
                  "   |       x__:'-__::\n"
                  "   |            -__o'----_o___:::::::::::::::     o measured\n"
                  "   |               x --- :x_::'''o'''''''o''''''o\n"
                  "  0+                        '  '-x  ---  x--  --x x you said\n"
                  "   ++------+-------+------+------+-------+------+\n"
                  "    1      2       4      8      16      32     64\n"
                  "                       r (log)\n");
}

static void times_in_blocks(void **state)
{
    (void)state;
    Error err = {0};
    assert_screen(figure_of_times(&err), 12, 60, CHARSET_BLOCK,
                  "time per step\n"
                  "time, ms\n"
                  "█ full   ░ LoRA r = 8\n"
                  "forward   █████████████████████▏ 31.2\n"
                  "          ░░░░░░░░░░░░░░░░░░░░░░ 33.1\n"
                  "\n"
                  "backward  ████████████████████████████████████████████ 65.1\n"
                  "          ░░░░░░░░░░░░░░░░░░░░░░░░░░░ 40.5\n"
                  "\n"
                  "optimizer ████████▍ 12.4\n"
                  "          ▏ 0.4\n"
                  "\n");
}

static void times_in_ascii(void **state)
{
    (void)state;
    Error err = {0};
    assert_screen(figure_of_times(&err), 12, 60, CHARSET_ASCII,
                  "time per step\n"
                  "time, ms\n"
                  "# full   = LoRA r = 8\n"
                  "forward   ##################### 31.2\n"
                  "          ====================== 33.1\n"
                  "\n"
                  "backward  ############################################ 65.1\n"
                  "          =========================== 40.5\n"
                  "\n"
                  "optimizer ######## 12.4\n"
                  "          | 0.4\n"
                  "\n");
}

static void times_standing(void **state)
{
    (void)state;
    Error err = {0};
    assert_screen(figure_of_times(&err), 7, 30, CHARSET_BLOCK,
                  "time per step  time, ms\n"
                  "█ full   ░ LoRA r = 8\n"
                  "  │         ▅▅▅▅\n"
                  "50┤▂▂▂▂     ████░░░░\n"
                  " 0┤████░░░░ ████░░░░ ▄▄▄▄▁▁▁▁\n"
                  "  └────┬─────────────────┬────\n"
                  "    forward          optimizer\n");
}

static void matrix_in_blocks(void **state)
{
    (void)state;
    Error err = {0};
    assert_screen(figure_of_matrix(&err), 16, 60, CHARSET_BLOCK,
                  "W = B A, rank 2\n"
                  "row\n"
                  " 1│▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒\n"
                  " 2│██████?"
                  "?"
                  "?▒▒▒░░░      ░░░░░░▒▒▒\n"
                  " 3│██████▓▓▓▒▒▒░░░            ░░░\n"
                  " 4│██████▓▓▓▒▒▒░░░░░░         ░░░\n"
                  " 5│▓▓▓▓▓▓▒▒▒▒▒▒▒▒▒▒▒▒░░░░░░░░░▒▒▒\n"
                  " 6│░░░░░░▒▒▒▒▒▒▒▒▒▓▓▓▓▓▓▓▓▓▓▓▓▒▒▒\n"
                  " 7│      ░░░▒▒▒▓▓▓▓▓▓█████████▓▓▓\n"
                  " 8│      ░░░▒▒▒▓▓▓████████████▓▓▓\n"
                  " 9│   ░░░░░░▒▒▒▓▓▓▓▓▓███▓▓▓▓▓▓▒▒▒\n"
                  "10│▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒\n"
                  "  └──────────────────────────────\n"
                  "    1  2  3  4  5  6  7  8  9  10\n"
                  "                column\n"
                  "   -1.96   ░░▒▒▓▓██ 1.99   ? missing\n");
}

static void matrix_in_ascii(void **state)
{
    (void)state;
    Error err = {0};
    assert_screen(figure_of_matrix(&err), 16, 60, CHARSET_ASCII,
                  "W = B A, rank 2\n"
                  "row\n"
                  " 1|===+++++++++=========+++++++++\n"
                  " 2|%%%%%%?"
                  "?"
                  "?+++---......:::---===\n"
                  " 3|@@@@@@###+++---...      ...---\n"
                  " 4|@@@%%%***+++---:::      ...---\n"
                  " 5|******++++++======---------===\n"
                  " 6|------======+++************+++\n"
                  " 7|   ...---===***###@@@@@@%%%***\n"
                  " 8|   ...:::===***%%%@@@@@@%%%***\n"
                  " 9|...:::---===***###%%%###***+++\n"
                  "10|+++=========+++++++++=========\n"
                  "  +------------------------------\n"
                  "    1  2  3  4  5  6  7  8  9  10\n"
                  "                column\n"
                  "   -1.96   ..::--==++**##%%@@ 1.99   ? missing\n");
}

static void bytes_in_blocks(void **state)
{
    (void)state;
    Error err = {0};
    assert_screen(figure_of_bytes(&err), 16, 60, CHARSET_BLOCK,
                  "bytes in use over one step\n"
                  "15 MB┤               ██                at the peak\n"
                  "     │             █████               █ activations  9.4 MB\n"
                  "     │           █████████             ░ gradients       0 B\n"
                  "     │         █████████████           ▓ optimizer    1.2 MB\n"
                  "10 MB┤       █████████████████         ▌ adapter      300 KB\n"
                  "     │     ████████████████████        ▒ weights      3.7 MB\n"
                  "     │   ████████████████████████\n"
                  " 5 MB┤ ██████████████████████████░░░░░\n"
                  "     │▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓\n"
                  "     │▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒\n"
                  "     │▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒\n"
                  "    0┤▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒\n"
                  "     └┬───────────────┬──────────────┬\n"
                  "      0               50            100\n"
                  "                      op\n");
}

static void bytes_in_ascii(void **state)
{
    (void)state;
    Error err = {0};
    assert_screen(figure_of_bytes(&err), 16, 60, CHARSET_ASCII,
                  "bytes in use over one step\n"
                  "15 MB+               ##                at the peak\n"
                  "     |             #####               # activations  9.4 MB\n"
                  "     |           #########             = gradients       0 B\n"
                  "     |         #############           + optimizer    1.2 MB\n"
                  "10 MB+       #################         : adapter      300 KB\n"
                  "     |     ####################        o weights      3.7 MB\n"
                  "     |   ########################\n"
                  " 5 MB+ ##########################=====\n"
                  "     |++++++++++++++++++++++++++++++++\n"
                  "     |oooooooooooooooooooooooooooooooo\n"
                  "     |oooooooooooooooooooooooooooooooo\n"
                  "    0+oooooooooooooooooooooooooooooooo\n"
                  "     ++---------------+--------------+\n"
                  "      0               50            100\n"
                  "                      op\n");
}

static void a_gap_breaks_the_line(void **state)
{
    (void)state;
    Error err = {0};
    assert_screen(figure_of_values(gap, 8, &err), 9, 44, CHARSET_ASCII,
                  "values\n"
                  "4+                o\n"
                  " |\n"
                  " |                                '-_\n"
                  "2+     _                             '-_ o v\n"
                  " |   /'\n"
                  " |_-'\n"
                  " ++----+----------+---------------+----+\n"
                  "  0    1          3               6    7\n");
}

static void one_point_is_a_marker(void **state)
{
    (void)state;
    Error err = {0};
    assert_screen(figure_of_values(one, 1, &err), 7, 32, CHARSET_BRAILLE,
                  "values\n"
                  " │\n"
                  " │\n"
                  "5┤             o             o v\n"
                  " │\n"
                  " └─────────────┬────────────\n"
                  "               0\n");
}

static void a_constant_has_room_around_it(void **state)
{
    (void)state;
    Error err = {0};
    assert_screen(figure_of_values(flat, 3, &err), 8, 32, CHARSET_BRAILLE,
                  "values\n"
                  "4┤\n"
                  " │\n"
                  "3┤o⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉o⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉o o v\n"
                  " │\n"
                  "2┤\n"
                  " └┬────────────┬───────────┬\n"
                  "  0            1           2\n");
}

static void nothing_is_said(void **state)
{
    (void)state;
    Error err = {0};
    assert_screen(figure_of_values(none, 2, &err), 7, 32, CHARSET_BLOCK,
                  "values\n"
                  " │\n"
                  " │         no data\n"
                  " │\n"
                  " │\n"
                  " └──────────────────────────\n"
                  "\n");
}

static void huge_values(void **state)
{
    (void)state;
    Error err = {0};
    assert_screen(figure_of_values(huge, 3, &err), 10, 44, CHARSET_ASCII,
                  "values\n"
                  " 1e308+              _-o--_\n"
                  "      |            _-'     ''--_\n"
                  "      |          /'             ''-__\n"
                  "     0+       _-'                    ''o o v\n"
                  "      |     _/\n"
                  "      |  _-'\n"
                  "-1e308+o-'\n"
                  "      ++---------------+---------------+\n"
                  "       0               1               2\n");
}

static void a_small_area_holds_the_sentence(void **state)
{
    (void)state;
    Error err = {0};
    assert_screen(figure_of_values(gap, 8, &err), 4, 30, CHARSET_BLOCK,
                  "values: v rises from 1 to 2\n"
                  "with 3 missing, between x = 0\n"
                  "and x = 7; highest 4 at x = 3.\n"
                  "\n");
}

TEST_GROUP(screens, cmocka_unit_test(log_with_values_that_are_not_positive),
           cmocka_unit_test(losses_in_braille), cmocka_unit_test(losses_in_ascii),
           cmocka_unit_test(losses_in_blocks), cmocka_unit_test(losses_in_a_small_area),
           cmocka_unit_test(ranks_in_braille), cmocka_unit_test(ranks_in_ascii),
           cmocka_unit_test(times_in_blocks), cmocka_unit_test(times_in_ascii),
           cmocka_unit_test(times_standing), cmocka_unit_test(matrix_in_blocks),
           cmocka_unit_test(matrix_in_ascii), cmocka_unit_test(bytes_in_blocks),
           cmocka_unit_test(bytes_in_ascii), cmocka_unit_test(a_gap_breaks_the_line),
           cmocka_unit_test(one_point_is_a_marker), cmocka_unit_test(a_constant_has_room_around_it),
           cmocka_unit_test(nothing_is_said), cmocka_unit_test(huge_values),
           cmocka_unit_test(a_small_area_holds_the_sentence));
