#ifndef TESTS_TEST_H
#define TESTS_TEST_H

/*
 * Tests are cmocka's, in files that register themselves:
 *
 *     static void an_empty_text_has_length_zero(void **state) { ... }
 *     TEST_GROUP(text, cmocka_unit_test(an_empty_text_has_length_zero))
 *
 * The runner (main.c) runs every group in a process of its own, checks after every test that all
 * memory and all file descriptors were given back, and shows output only of what failed.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/error.h"

#define TEST_GROUP(name, ...)                                                           \
    static const struct CMUnitTest           name##_tests[] = {__VA_ARGS__};            \
    __attribute__((constructor)) static void name##_register(void)                      \
    {                                                                                   \
        test_register(#name, name##_tests, sizeof name##_tests / sizeof *name##_tests); \
    }                                                                                   \
    _Static_assert(sizeof name##_tests > 0, "a group has tests")

void test_register(const char *name, const struct CMUnitTest *tests, size_t count);

/* ---- numbers: every comparison fails on NaN --------------------------------------------- */

#define assert_close(got, want, tol) test_close(got, want, tol, #got, __FILE__, __LINE__)
void test_close(double got, double want, double tol, const char *what, const char *file, int line);

/* |got - want| / |want| in the Euclidean norm; |got| itself where want is zero. */
double test_relative_error(const float *got, const float *want, Index n);
#define assert_tensor_close(got, want, n, tol)                                                   \
    test_close(test_relative_error(got, want, n), 0.0, tol, "relative error of " #got, __FILE__, \
               __LINE__)

/* Passes when err holds this code and its message contains the words (NULL: any message). */
#define assert_error(err, code, words) test_error(err, code, words, __FILE__, __LINE__)
void test_error(const Error *err, ErrorCode code, const char *words, const char *file, int line);

/* Passes when nothing went wrong; shows the message otherwise. */
#define assert_ok(err) test_ok(err, __FILE__, __LINE__)
void test_ok(const Error *err, const char *file, int line);

/* ---- files ------------------------------------------------------------------------------ */

/* $LORALAB_TESTS/fixtures/NAME, or tests/fixtures/NAME. Good until the eighth call from now. */
const char *test_fixture(const char *name);

/* A folder for this test alone, made at the first call and removed after the test. */
const char *test_folder(void);
const char *test_path(const char *name); /* inside it; good until the eighth call from now */
void        test_folder_remove(void);    /* the runner's */

/* ---- faults ----------------------------------------------------------------------------- */

/* The body creates something, uses it, frees it, and leaves its failure in err. */
typedef void TortureBody(void *context, Error *err);

/* Run body with its first, second, third ... allocation failing, once and from then on, until it
 * no longer gets that far. Each time it must report ERR_MEMORY and leave nothing behind. Returns
 * how many allocations it makes; making none fails the test, for then nothing was shown. */
int64_t torture(TortureBody *body, void *context);

/* The same with every operation on the disk (open for writing, write, fsync, rename) failing with
 * EIO: the body must report ERR_DISK. */
int64_t torture_disk(TortureBody *body, void *context);

#endif
