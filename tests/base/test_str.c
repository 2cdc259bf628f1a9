#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "tests/test.h"

static void assert_grouped(int64_t number, const char *want)
{
    Str s = {0};
    str_add_grouped(&s, number);
    assert_string_equal(str_text(&s), want);
    str_free(&s);
}

static void thousands_are_grouped(void **state)
{
    (void)state;
    assert_grouped(0, "0");
    assert_grouped(-7, "-7");
    assert_grouped(999, "999");
    assert_grouped(-999, "-999");
    assert_grouped(1000, "1,000");
    assert_grouped(-1234567, "-1,234,567");
    assert_grouped(INT64_MIN, "-9,223,372,036,854,775,808");
}

TEST_GROUP(str, cmocka_unit_test(thousands_are_grouped));
