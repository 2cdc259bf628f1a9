/* Files for the tests of core/model. */

#include "tests/model/tensor_files.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/pool.h"
#include "core/model/safetensors.h"
#include "tests/test.h"

static void put_parts(const char *path, const void *head, Index head_bytes, const void *tail,
                      Index tail_bytes)
{
    FILE *file = fopen(path, "wb");
    CHECK(file != NULL);
    if (head_bytes > 0) CHECK(fwrite(head, 1, (size_t)head_bytes, file) == (size_t)head_bytes);
    if (tail_bytes > 0) CHECK(fwrite(tail, 1, (size_t)tail_bytes, file) == (size_t)tail_bytes);
    CHECK(fclose(file) == 0);
}

void put_file(const char *path, const void *bytes, Index n)
{
    put_parts(path, bytes, n, NULL, 0);
}

void put_text(const char *path, const char *text)
{
    put_parts(path, text, (Index)strlen(text), NULL, 0);
}

void put_tensor_file(const char *path, const char *header, const void *data, Index n)
{
    static const char zeros[4096];
    uint64_t          length = strlen(header);
    FILE             *file = fopen(path, "wb");
    CHECK(file != NULL && (data != NULL || n <= (Index)sizeof zeros));
    CHECK(fwrite(&length, sizeof length, 1, file) == 1);
    CHECK(fwrite(header, 1, length, file) == length);
    CHECK(fwrite(data == NULL ? zeros : data, 1, (size_t)n, file) == (size_t)n);
    CHECK(fclose(file) == 0);
}

void expect_refused(const char *path, ErrorCode code, const char *words)
{
    Error       err = {0};
    double      start = clock_seconds();
    TensorFile *file = tensors_open(path, &err);
    if (file != NULL) {
        tensors_close(file);
        fail_msg("accepted; expected: %s", words == NULL ? "any error" : words);
    }
    assert_error(&err, code, words);
    assert_non_null(strstr(err.message, path_base(path)));
    assert_true(clock_seconds() - start < 1.0);
}

void expect_accepted(const char *path, Index count)
{
    Error       err = {0};
    TensorFile *file = tensors_open(path, &err);
    assert_ok(&err);
    assert_non_null(file);
    assert_int_equal(tensors_count(file), count);
    tensors_close(file);
}

void copy_folder(const char *from, const char *to)
{
    char **names;
    Index  count;
    CHECK(mkdir(to, 0777) == 0 && folder_list(from, &names, &count, NULL));
    for (Index i = 0; i < count; i++) {
        Index len;
        char *source = path_join(from, names[i], NULL), *target = path_join(to, names[i], NULL);
        char *bytes = file_read_all(source, 1 << 26, &len, NULL);
        CHECK(bytes != NULL);
        put_file(target, bytes, len);
        mem_free(bytes);
        mem_free(target);
        mem_free(source);
        mem_free(names[i]);
    }
    mem_free(names);
}

bool same_bytes(const char *path, const char *other)
{
    Index n, m;
    char *a = file_read_all(path, 1 << 26, &n, NULL), *b = file_read_all(other, 1 << 26, &m, NULL);
    CHECK(a != NULL && b != NULL);
    bool same = n == m && memcmp(a, b, (size_t)n) == 0;
    mem_free(a);
    mem_free(b);
    return same;
}
