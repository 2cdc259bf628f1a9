/* Any bytes as JSON: refused with a complaint, or read, walked and written in a form that is read
 * again to the same form. */

#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_again(const Str *first)
{
    Error err = {0};
    Json *json = json_parse(str_text(first), first->len, "again", &err);
    CHECK(json != NULL);
    Str second = {0};
    json_add_node(&second, json_root(json));
    CHECK(second.len == first->len && memcmp(second.data, first->data, (size_t)first->len) == 0);
    str_free(&second);
    json_free(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Error   err = {0};
    int64_t blocks = mem_live_blocks();
    Json   *json = json_parse((const char *)data, (Index)size, "fuzz", &err);
    if (json == NULL) {
        CHECK(err.code == ERR_INPUT);
    } else {
        Str written = {0};
        json_add_node(&written, json_root(json));
        read_again(&written);
        str_free(&written);
        json_free(json);
    }
    CHECK(mem_live_blocks() == blocks);
    return 0;
}
