/*
 * The header of a safetensors file, on memory. The first two bytes say how long the data is.
 * What is accepted must keep the promises that readers of the data rely on.
 */

#include <string.h>

#include "core/model/safetensors_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void check_promises(const Header *header, int64_t data_bytes)
{
    int64_t end = 0;
    for (Index i = 0; i < header->count; i++) {
        const TensorInfo *info = &header->infos[i];
        CHECK(info->name != NULL && info->begin == end && info->bytes >= 0);
        CHECK(info->rank >= 0 && info->rank <= SAFETENSORS_MAX_RANK);
        CHECK(memchr(info->dtype_text, '\0', sizeof info->dtype_text) != NULL);
        if (info->readable) {
            CHECK(tensors_elements(info) * dtype_bytes(info->dtype) == info->bytes);
        }
        end += info->bytes;
    }
    CHECK(end == data_bytes);
    for (Index i = 0; i < 2 * header->metadata_pairs; i++) CHECK(header->metadata[i] != NULL);
}

/* Parsed in small pieces it must be the same header, but for names that occur twice. */
static void check_batches(const Header *whole, bool good, const char *text, Index len,
                          int64_t data_bytes, const Error *why)
{
    Header header;
    Error  err = {0};
    bool   again = header_parse_batches(&header, text, len, data_bytes, 24, "fuzz", &err);
    CHECK(again == good || (again && strstr(why->message, "duplicate") != NULL));
    if (!again) return;
    CHECK(!good ||
          (header.count == whole->count && header.metadata_pairs == whole->metadata_pairs));
    for (Index i = 0; good && i < header.count; i++) {
        CHECK(strcmp(header.infos[i].name, whole->infos[i].name) == 0);
        CHECK(header.infos[i].bytes == whole->infos[i].bytes);
    }
    header_reset(&header);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    if (n < 2) return 0;
    int64_t data_bytes = bytes[0] + 256 * bytes[1];
    int64_t live = mem_live_blocks();
    Header  header;
    Error   err = {0};
    /* A copy of the exact size, so that reading beyond it is seen. */
    char *text = mem_alloc_raw(mem_program(), MEM_TEXT, (Index)n - 2, 1, NULL);
    CHECK(text != NULL);
    memcpy(text, bytes + 2, n - 2);

    bool good = header_parse(&header, text, (Index)n - 2, data_bytes, "fuzz", &err);
    CHECK(err.code == (good ? ERR_NONE : ERR_INPUT) && good == (err.message[0] == '\0'));
    if (good) check_promises(&header, data_bytes);
    check_batches(&header, good, text, (Index)n - 2, data_bytes, &err);
    header_reset(&header);
    mem_free(text);
    CHECK(mem_live_blocks() == live);
    return 0;
}
