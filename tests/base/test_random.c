#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/random.h"
#include "tests/test.h"

enum { N_MAX = 1000 };

/* What one entry of the fixture asks for: "rand", "randn" or "randperm" of n values. */
static void draw(TorchRng *rng, const char *what, double *out, Index n)
{
    static float   x[N_MAX];
    static int64_t p[N_MAX];
    bool           permutation = strcmp(what, "randperm") == 0;
    if (permutation) {
        torch_randperm(rng, p, n);
    } else if (strcmp(what, "randn") == 0) {
        torch_normal(rng, x, n, 0.0, 1.0);
    } else {
        torch_uniform(rng, x, n, 0.0, 1.0);
    }
    for (Index i = 0; i < n; i++) out[i] = permutation ? (double)p[i] : (double)x[i];
}

static double tolerance(const char *what, Index n)
{
    return strcmp(what, "randn") == 0 && n >= 16 ? 1e-6 : 0.0;
}

/* got[first], got[first + step] ... against all numbers of the list. The decimals of the fixture
 * are those of floats, so they are compared as floats. */
static void assert_list(const double *got, Index first, Index step, const JsonNode *want,
                        double tol)
{
    assert_true(json_count(want) > 0);
    for (Index i = 0; i < json_count(want); i++) {
        double number = (double)(float)json_number(json_at(want, i));
        assert_close(got[first + i * step], number, tol);
    }
}

/* {"n": 40, "all": [...]} or {"n": 1000, "first": [...], "last": [...]} */
static void assert_ends(const double *got, Index n, const JsonNode *want, double tol)
{
    assert_int_equal(json_integer(json_get(want, "n")), n);
    const JsonNode *all = json_get(want, "all"), *last = json_get(want, "last");
    if (all != NULL) {
        assert_list(got, 0, 1, all, tol);
        return;
    }
    assert_list(got, 0, 1, json_get(want, "first"), tol);
    assert_list(got, n - json_count(last), 1, last, tol);
}

static void check_plain(const JsonNode *set, uint64_t seed)
{
    static double got[N_MAX];
    TorchRng      rng;
    const Index   normals[] = {1, 5, 15, 16, 17, 40, 1000};
    for (size_t i = 0; i < sizeof normals / sizeof *normals; i++) {
        char key[32];
        snprintf(key, sizeof key, "randn_%d", (int)normals[i]);
        torch_seed(&rng, seed);
        draw(&rng, "randn", got, normals[i]);
        assert_ends(got, normals[i], json_get(set, key), tolerance("randn", normals[i]));
    }
    torch_seed(&rng, seed);
    draw(&rng, "rand", got, 1000);
    assert_list(got, 0, 1, json_get(set, "rand_10"), 0.0);
    assert_list(got, 0, 100, json_get(set, "rand_1000_every_100"), 0.0);
    torch_seed(&rng, seed);
    draw(&rng, "randperm", got, 10);
    assert_list(got, 0, 1, json_get(set, "randperm_10"), 0.0);
    torch_seed(&rng, seed);
    draw(&rng, "randperm", got, 1000);
    assert_list(got, 0, 1, json_get(set, "randperm_1000_first_20"), 0.0);
}

static void check_scaled(const JsonNode *set, uint64_t seed)
{
    TorchRng rng;
    float    x[256];
    double   got[256];
    torch_seed(&rng, seed);
    torch_uniform(&rng, x, 20, -0.3, 0.7);
    for (int i = 0; i < 20; i++) got[i] = (double)x[i];
    assert_list(got, 0, 1, json_get(set, "uniform_-0.3_0.7_20"), 0.0);

    /* kaiming_uniform_(a = sqrt(5)) of 8 x 32: bound = sqrt(6 / ((1 + 5) * 32)) */
    double bound = sqrt(3.0) * (sqrt(2.0 / 6.0) / sqrt(32.0));
    torch_seed(&rng, seed);
    torch_uniform(&rng, x, 256, -bound, bound);
    for (int i = 0; i < 256; i++) got[i] = (double)x[i];
    assert_ends(got, 256, json_get(set, "kaiming_uniform_a_sqrt5_8x32"), 0.0);

    torch_seed(&rng, seed);
    torch_normal(&rng, x, 128, 0.0, 0.25);
    for (int i = 0; i < 128; i++) got[i] = (double)x[i];
    assert_ends(got, 128, json_get(set, "normal_mean0_std0.25_4x32"), 1e-6);
}

/* One generator through draws of all kinds: the cached normal and the state's refill. */
static void check_mixed(const JsonNode *set, uint64_t seed)
{
    const JsonNode *draws = json_get(set, "mixed");
    TorchRng        rng;
    double          got[N_MAX];
    torch_seed(&rng, seed);
    assert_true(json_count(draws) > 0);
    for (Index i = 0; i < json_count(draws); i++) {
        const JsonNode *entry = json_at(draws, i);
        const char     *what = json_string(json_at(entry, 0), NULL);
        Index           n = (Index)json_integer(json_at(entry, 1));
        draw(&rng, what, got, n);
        assert_list(got, 0, 1, json_at(entry, 2), tolerance(what, n));
    }
}

static void torch_numbers_are_those_of_torch(void **state)
{
    (void)state;
    Error err = {0};
    Json *json = json_read(test_fixture("rng/torch.json"), 1 << 20, &err);
    assert_ok(&err);
    const JsonNode *sets = json_root(json);
    assert_true(json_count(sets) >= 3);
    for (Index i = 0; i < json_count(sets); i++) {
        const JsonNode *set = json_at(sets, i);
        uint64_t        seed = (uint64_t)json_integer(json_get(set, "seed"));
        check_plain(set, seed);
        check_scaled(set, seed);
        check_mixed(set, seed);
    }
    json_free(json);
}

static void the_twister_is_matsumotos(void **state)
{
    (void)state;
    TorchRng rng;
    torch_seed(&rng, 5489); /* the reference's default seed; its 10,000th output is published */
    uint32_t value = 0;
    for (int i = 0; i < 10000; i++) value = torch_random(&rng);
    assert_int_equal(value, 4123659995u);

    TorchRng other;
    torch_seed(&other, 5489 + (UINT64_C(7) << 32)); /* the upper half of a seed is not used */
    assert_int_equal(torch_random(&other), 3499211612u);
    torch_seed(&rng, 5489);
    uint64_t both = torch_random64(&rng);
    assert_int_equal(both >> 32, 3499211612u);
    assert_int_equal(both & 0xffffffffu, 581869302u);
}

static void a_copied_state_goes_on_alike(void **state)
{
    (void)state;
    TorchRng a;
    float    x[7], y[7];
    torch_seed(&a, 3);
    torch_normal(&a, x, 3, 0.0, 1.0); /* leaves a cached number behind */
    TorchRng b = a;
    torch_normal(&a, x, 7, 0.0, 1.0);
    torch_normal(&b, y, 7, 0.0, 1.0);
    assert_memory_equal(x, y, sizeof x);
}

static void assert_block(uint64_t seed, uint64_t stream, uint64_t counter, RandomBlock want)
{
    RandomBlock got = random_bits(seed, stream, counter);
    assert_memory_equal(&got, &want, sizeof got);
}

static void philox_gives_the_known_answers(void **state)
{
    (void)state; /* kat_vectors of Random123 */
    assert_block(0, 0, 0, (RandomBlock){{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}});
    assert_block(UINT64_MAX, UINT64_MAX, UINT64_MAX,
                 (RandomBlock){{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}});
    assert_block(UINT64_C(0x299f31d0a4093822), UINT64_C(0x0370734413198a2e),
                 UINT64_C(0x85a308d3243f6a88),
                 (RandomBlock){{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}});
}

static void units_are_even_and_below_one(void **state)
{
    (void)state;
    double sum = 0.0, squares = 0.0;
    int    n = 100000;
    for (int i = 0; i < n; i++) {
        double u = (double)random_unit(7, 1, (uint64_t)i);
        assert_true(u >= 0.0 && u < 1.0);
        sum += u;
        squares += u * u;
    }
    /* Five standard deviations of the mean of n uniform numbers and of their squares. */
    assert_close(sum / n, 0.5, 5.0 * sqrt(1.0 / 12.0 / n));
    assert_close(squares / n, 1.0 / 3.0, 5.0 * sqrt(4.0 / 45.0 / n));
}

static void integers_below_a_bound_are_even(void **state)
{
    (void)state;
    int counts[7] = {0};
    for (uint64_t i = 0; i < 70000; i++) counts[random_below(1, 2, i, 7)]++;
    for (int i = 0; i < 7; i++) assert_close(counts[i], 10000.0, 5.0 * sqrt(10000.0 * 6.0 / 7.0));
    for (uint64_t i = 0; i < 100; i++) {
        assert_int_equal(random_below(1, 2, i, 1), 0);
        assert_true(random_below(1, 2, i, UINT64_MAX) < UINT64_MAX);
    }
    /* The high half of a product: with this bound it is the fraction's upper 32 bits. */
    assert_int_equal(random_below(0, 0, 0, UINT64_C(1) << 32), 0xe169c58du);
}

static void permutations_hold_every_number_once(void **state)
{
    (void)state;
    int64_t p[101], again[101], other[101];
    bool    seen[101] = {false};
    random_permutation(5, 0, p, 101);
    random_permutation(5, 0, again, 101);
    random_permutation(5, 1, other, 101);
    for (int i = 0; i < 101; i++) {
        assert_in_range(p[i], 0, 100);
        assert_false(seen[p[i]]);
        seen[p[i]] = true;
    }
    assert_memory_equal(p, again, sizeof p);
    assert_memory_not_equal(p, other, sizeof p);
    random_permutation(5, 0, p, 0);
    random_permutation(5, 0, p, 1);
    assert_int_equal(p[0], 0);
}

TEST_GROUP(random, cmocka_unit_test(torch_numbers_are_those_of_torch),
           cmocka_unit_test(the_twister_is_matsumotos),
           cmocka_unit_test(a_copied_state_goes_on_alike),
           cmocka_unit_test(philox_gives_the_known_answers),
           cmocka_unit_test(units_are_even_and_below_one),
           cmocka_unit_test(integers_below_a_bound_are_even),
           cmocka_unit_test(permutations_hold_every_number_once));
