#include "tests/lessons/wrong_rig.h"

#include <stdio.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "tests/test.h"

const char *lesson_file(const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "../lessons/%s", name);
    return test_fixture(path);
}

char *lesson_bytes(const char *name, Index *n)
{
    Error err = {0};
    char *text = file_read_all(lesson_file(name), LESSON_MAX_BYTES, n, &err);
    assert_ok(&err);
    return text;
}

Lesson *lesson_checked(const char *name, Complaints *complaints)
{
    Error   err = {0};
    Index   n;
    char   *text = lesson_bytes(name, &n);
    Lesson *lesson = lesson_parse(path_base(name), text, n, complaints, &err);
    mem_free(text);
    assert_ok(&err);
    assert_non_null(lesson);
    assert_true(lesson_check(lesson, complaints, &err));
    return lesson;
}

void check_text(Str *out, const char *name, const char *text, Index n)
{
    Error      err = {0};
    Complaints complaints = {0};
    Lesson    *lesson = lesson_parse(name, text, n, &complaints, &err);
    assert_ok(&err);
    assert_non_null(lesson);
    assert_true(lesson_check(lesson, &complaints, &err));
    complaints_text(out, lesson, &complaints);
    lesson_free(lesson);
    complaints_free(&complaints);
}
