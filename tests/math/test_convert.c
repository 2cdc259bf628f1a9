/* Half precision: every one of the 65536 numbers of both types, and every point between two. */

#include <math.h>
#include <string.h>

#include "core/math/convert.h"
#include "tests/test.h"

/* The value by the definition of the format, in double. */
static double f16_value(uint16_t bits)
{
    int    exponent = bits >> 10 & 0x1f;
    double fraction = bits & 0x3ff, sign = bits & 0x8000 ? -1.0 : 1.0;
    if (exponent == 31) return fraction == 0.0 ? sign * HUGE_VAL : (double)NAN;
    if (exponent == 0) return sign * ldexp(fraction, -24);
    return sign * ldexp(1024.0 + fraction, exponent - 25);
}

static double bf16_value(uint16_t bits)
{
    int    exponent = bits >> 7 & 0xff;
    double fraction = bits & 0x7f, sign = bits & 0x8000 ? -1.0 : 1.0;
    if (exponent == 255) return fraction == 0.0 ? sign * HUGE_VAL : (double)NAN;
    if (exponent == 0) return sign * ldexp(fraction, -133);
    return sign * ldexp(128.0 + fraction, exponent - 134);
}

typedef struct Format {
    double (*value)(uint16_t bits);
    float (*widen)(uint16_t bits);
    uint16_t (*narrow)(float x);
    uint16_t largest; /* finite */
} Format;

static const Format formats[] = {
    {f16_value, f32_from_f16, f16_from_f32, 0x7bff},
    {bf16_value, f32_from_bf16, bf16_from_f32, 0x7f7f},
};

static void every_half_widens_exactly_and_comes_back(void **state)
{
    (void)state;
    for (int f = 0; f < 2; f++) {
        for (uint32_t b = 0; b <= 0xffff; b++) {
            uint16_t bits = (uint16_t)b;
            double   want = formats[f].value(bits);
            float    x = formats[f].widen(bits);
            if (isnan(want)) {
                assert_true(isnan(x) && isnan(formats[f].widen(formats[f].narrow(x))));
                assert_int_equal(formats[f].narrow(x) & 0x8000, bits & 0x8000);
                continue;
            }
            assert_true((double)x == want && !signbit(x) == !(bits & 0x8000));
            assert_int_equal(formats[f].narrow(x), bits);
        }
    }
}

static void between_two_halves_the_nearest_wins_and_the_even_one_in_the_middle(void **state)
{
    (void)state;
    for (int f = 0; f < 2; f++) {
        for (uint16_t lo = 0; lo < formats[f].largest; lo++) {
            uint16_t hi = (uint16_t)(lo + 1), even = lo & 1u ? hi : lo;
            double   middle = 0.5 * (formats[f].value(lo) + formats[f].value(hi));
            float    x = (float)middle;
            if ((double)x != middle) continue; /* bf16 subnormals below float32's */
            assert_int_equal(formats[f].narrow(x), even);
            assert_int_equal(formats[f].narrow(-x), even | 0x8000);
            assert_int_equal(formats[f].narrow(nextafterf(x, 0.0f)), lo);
            assert_int_equal(formats[f].narrow(nextafterf(x, HUGE_VALF)), hi);
        }
    }
}

static void what_is_too_large_becomes_infinity_and_what_is_too_small_zero(void **state)
{
    (void)state;
    assert_int_equal(f16_from_f32(65519.996f), 0x7bff);
    assert_int_equal(f16_from_f32(65520.0f), 0x7c00);
    assert_int_equal(f16_from_f32(-1e30f), 0xfc00);
    assert_int_equal(f16_from_f32(HUGE_VALF), 0x7c00);
    assert_int_equal(f16_from_f32(0x1p-25f), 0); /* a tie with zero */
    assert_int_equal(f16_from_f32(0x1.000002p-25f), 1);
    assert_int_equal(f16_from_f32(-1e-30f), 0x8000);
    assert_int_equal(f16_from_f32(0x1p-149f), 0);
    assert_int_equal(bf16_from_f32(3.4028235e38f), 0x7f80);
    assert_int_equal(bf16_from_f32(HUGE_VALF), 0x7f80);
    assert_int_equal(bf16_from_f32(0x1p-149f), 0);
}

static void a_nan_whose_high_bits_are_zero_stays_a_nan(void **state)
{
    (void)state;
    uint32_t patterns[] = {0x7f800001u, 0xff800001u, 0x7fffffffu, 0x7fc00000u};
    for (int i = 0; i < 4; i++) {
        float x;
        memcpy(&x, &patterns[i], sizeof x);
        assert_true(isnan(f32_from_f16(f16_from_f32(x))));
        assert_true(isnan(f32_from_bf16(bf16_from_f32(x))));
    }
}

static void arrays_convert_like_single_numbers(void **state)
{
    (void)state;
    float    x[] = {0.71f, -1.37f, 2.11f, 1e-5f, -65504.0f}, back[5];
    uint16_t half[5];
    for (DType dtype = DTYPE_F16; dtype <= DTYPE_BF16; dtype++) {
        convert_from_f32(half, dtype, x, 5);
        convert_to_f32(back, half, dtype, 5);
        for (int i = 0; i < 5; i++) {
            const Format *f = &formats[dtype == DTYPE_BF16];
            assert_int_equal(half[i], f->narrow(x[i]));
            assert_true(back[i] == f->widen(half[i]));
        }
    }
    convert_from_f32(back, DTYPE_F32, x, 5);
    assert_memory_equal(back, x, sizeof x);
}

static void dtypes_have_names_and_sizes(void **state)
{
    (void)state;
    assert_string_equal(dtype_name(DTYPE_F32), "F32");
    assert_string_equal(dtype_name(DTYPE_F16), "F16");
    assert_string_equal(dtype_name(DTYPE_BF16), "BF16");
    assert_int_equal(dtype_bytes(DTYPE_F32), 4);
    assert_int_equal(dtype_bytes(DTYPE_F16), 2);
    assert_int_equal(dtype_bytes(DTYPE_BF16), 2);
}

TEST_GROUP(convert, cmocka_unit_test(every_half_widens_exactly_and_comes_back),
           cmocka_unit_test(between_two_halves_the_nearest_wins_and_the_even_one_in_the_middle),
           cmocka_unit_test(what_is_too_large_becomes_infinity_and_what_is_too_small_zero),
           cmocka_unit_test(a_nan_whose_high_bits_are_zero_stays_a_nan),
           cmocka_unit_test(arrays_convert_like_single_numbers),
           cmocka_unit_test(dtypes_have_names_and_sizes));
