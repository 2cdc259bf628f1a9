#include <string.h>

#include "core/base/hash.h"
#include "tests/test.h"

static void values_are_those_of_xxh3(void **state)
{
    (void)state;
    char text[17];
    hash_print(hash_bytes(NULL, 0), text); /* from the xxHash specification */
    assert_string_equal(text, "2d06800538d394c2");
    hash_print(1, text);
    assert_string_equal(text, "0000000000000001");
}

static void parts_give_the_hash_of_the_whole(void **state)
{
    (void)state;
    Error err = {0};
    char  bytes[3000];
    for (int i = 0; i < (int)sizeof bytes; i++) bytes[i] = (char)(i * i / 7);
    for (Index part = 1; part < 700; part += 33) {
        Hasher *hasher = hasher_create(&err);
        assert_non_null(hasher);
        for (Index i = 0; i < (Index)sizeof bytes; i += part) {
            Index left = (Index)sizeof bytes - i;
            hasher_add(hasher, bytes + i, left < part ? left : part);
        }
        hasher_add(hasher, NULL, 0);
        assert_true(hasher_value(hasher) == hash_bytes(bytes, sizeof bytes));
        hasher_free(hasher);
    }
    bytes[2999] ^= 1;
    uint64_t one_bit_off = hash_bytes(bytes, sizeof bytes);
    bytes[2999] ^= 1;
    assert_true(one_bit_off != hash_bytes(bytes, sizeof bytes));
}

static void create(void *context, Error *err)
{
    (void)context;
    hasher_free(hasher_create(err));
}

static void hashers_survive_every_failed_allocation(void **state)
{
    (void)state;
    assert_int_equal(torture(create, NULL), 1);
}

TEST_GROUP(hash, cmocka_unit_test(values_are_those_of_xxh3),
           cmocka_unit_test(parts_give_the_hash_of_the_whole),
           cmocka_unit_test(hashers_survive_every_failed_allocation));
