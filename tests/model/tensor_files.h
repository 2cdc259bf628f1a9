#ifndef TESTS_MODEL_TENSOR_FILES_H
#define TESTS_MODEL_TENSOR_FILES_H

/* What the tests of safetensors files and model folders share. */

#include "core/base/error.h"

/* Write these bytes (plainly, not by way of core/base/file.h). */
void put_file(const char *path, const void *bytes, Index n);
void put_text(const char *path, const char *text);
/* A safetensors file: the header's length, the header, n bytes of data (NULL: zeros). */
void put_tensor_file(const char *path, const char *header, const void *data, Index n);

/* Opening must fail within a second, naming the file and these words; or must succeed. */
void expect_refused(const char *path, ErrorCode code, const char *words);
void expect_accepted(const char *path, Index count);

/* Copy the files of a folder into a new one. */
void copy_folder(const char *from, const char *to);
bool same_bytes(const char *path, const char *other);

#endif
