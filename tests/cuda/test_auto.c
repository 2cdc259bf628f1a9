/* Which backend a name gives, with plug-ins whose device is as a test wants it. */

#include <stdio.h>
#include <string.h>

#include "core/math/cuda/cuda.h"
#include "tests/test.h"

/* ---- a plug-in of pretended devices ---- */

static struct {
    const char *line; /* what probe says */
    bool        usable, opens;
    int         probed, freed; /* how often */
    Index       workspace;     /* of the spec that came */
} device;

static bool probe(char *line, size_t size)
{
    device.probed++;
    snprintf(line, size, "%s", device.line);
    return device.usable;
}

static bool open_device(Backend *be, const CudaHost *host, const CudaSpec *spec, Error *err)
{
    device.workspace = spec->workspace;
    if (!device.opens) {
        error_set(err, ERR_MEMORY, "the GPU is full");
        return error_hint(err, "try less");
    }
    be->state = host->alloc(100, err);
    if (be->state == NULL) return false;
    be->precision = spec->precision;
    snprintf(be->description, sizeof be->description, "a pretended device");
    return true;
}

static void free_state(Backend *be)
{
    device.freed++;
    mem_free(be->state);
}

static const CudaPlugin plugin = {.version = CUDA_PLUGIN_VERSION,
                                  .table_bytes = sizeof(Backend),
                                  .table = {.name = "cuda", .free = free_state},
                                  .probe = probe,
                                  .open = open_device};

static void pretend(const char *line, bool usable, bool opens)
{
    memset(&device, 0, sizeof device);
    device.line = line;
    device.usable = usable;
    device.opens = opens;
    cuda_use_plugin(&plugin, NULL);
}

static Backend *opened(const char *name, Precision precision)
{
    Error    err = {0};
    Backend *be = backend_open(&(BackendSpec){.name = name, .precision = precision}, &err);
    assert_ok(&err);
    assert_non_null(be);
    return be;
}

static void assert_refused(const char *name, Precision precision, ErrorCode code, const char *words,
                           const char *hint)
{
    Error    err = {0};
    Backend *be = backend_open(&(BackendSpec){.name = name, .precision = precision}, &err);
    assert_null(be);
    assert_error(&err, code, words);
    if (strstr(err.hint, hint) == NULL) fail_msg("the hint is \"%s\"", err.hint);
}

/* ---- auto ---- */

static void auto_takes_the_device_that_is_there(void **state)
{
    (void)state;
    pretend("a pretended device", true, true);
    Backend *be = opened("auto", PRECISION_BF16);
    assert_string_equal(be->name, "cuda");
    assert_string_equal(be->description, "a pretended device");
    assert_int_equal(be->precision, PRECISION_BF16);
    be->free(be);
    assert_int_equal(device.freed, 1);
    cuda_use_plugin(NULL, NULL);
}

static void auto_without_a_device_is_the_cpu_and_says_why(void **state)
{
    (void)state;
    pretend("there is no NVIDIA driver", false, true);
    Backend *be = opened("auto", PRECISION_F32);
    assert_string_equal(be->name, "cpu");
    assert_non_null(strstr(be->description, "threads; no GPU: there is no NVIDIA driver"));
    be->free(be);
    be = opened("cpu", PRECISION_F32); /* who asks for the cpu is told of nothing else */
    assert_null(strstr(be->description, "GPU"));
    be->free(be);
    cuda_use_plugin(NULL, NULL);
}

static void auto_falls_back_when_the_device_does_not_open(void **state)
{
    (void)state;
    pretend("a full device", true, false);
    Backend *be = opened("auto", PRECISION_F32);
    assert_string_equal(be->name, "cpu");
    assert_non_null(strstr(be->description, "no GPU: the GPU is full"));
    be->free(be);
    assert_refused("cuda", PRECISION_F32, ERR_MEMORY, "the GPU is full", "try less");
    cuda_use_plugin(NULL, NULL);
}

static void a_long_reason_is_cut_at_a_whole_character(void **state)
{
    (void)state;
    char long_reason[250];
    for (int shift = 0; shift < 3; shift++) {
        memset(long_reason, 'x', sizeof long_reason);
        for (size_t i = (size_t)shift; i + 2 < sizeof long_reason; i += 2) {
            memcpy(long_reason + i, "é", 2);
        }
        long_reason[sizeof long_reason - 1] = '\0';
        pretend(long_reason, false, true);
        Backend *be = opened("auto", PRECISION_F32);
        size_t   n = strlen(be->description);
        assert_true(n >= 157 && n < sizeof be->description);
        assert_string_equal(be->description + n - 3, "...");
        unsigned char last = (unsigned char)be->description[n - 4];
        assert_true(last == 'x' || (last & 0xC0) == 0x80); /* no first byte without its second */
        be->free(be);
    }
    cuda_use_plugin(NULL, NULL);
}

/* ---- by name ---- */

static void cuda_by_name_says_what_its_device_says(void **state)
{
    (void)state;
    char line[256];
    pretend("the fan is off", false, true);
    assert_refused("cuda", PRECISION_F32, ERR_DEVICE, "the fan is off", "--backend cpu");
    assert_refused("cuda", PRECISION_BF16, ERR_DEVICE, "the fan is off", "--backend cpu");
    assert_false(cuda_offer(line, sizeof line));
    assert_string_equal(line, "the fan is off");
    assert_int_equal(device.probed, 1); /* asking the driver takes long */
    pretend("the fan is on", true, true);
    assert_true(cuda_offer(line, sizeof line));
    assert_string_equal(line, "the fan is on");
    cuda_use_plugin(NULL, NULL);
}

static void other_precisions_are_the_devices_alone(void **state)
{
    (void)state;
    pretend("the fan is off", false, true);
    assert_refused("cpu", PRECISION_BF16, ERR_INPUT,
                   "--dtype bf16 is arithmetic of the cuda backend", "--backend cuda");
    assert_refused("ref", PRECISION_TF32, ERR_INPUT,
                   "--dtype tf32 is arithmetic of the cuda backend", "--backend cuda");
    assert_refused("auto", PRECISION_TF32, ERR_INPUT, "this is cpu", "the fan is off");
    assert_refused("abacus", PRECISION_F32, ERR_INPUT, "abacus", "cuda");
    cuda_use_plugin(NULL, NULL);
}

static void another_one_of_the_same_kind_has_its_precision(void **state)
{
    (void)state;
    static const char *const names[] = {"ref", "cpu", "cuda"};
    pretend("a pretended device", true, true);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        Error     err = {0};
        Precision precision = i == 2 ? PRECISION_TF32 : PRECISION_F32;
        Backend  *be = opened(names[i], precision);
        Backend  *other = backend_like(be, 1, &err);
        assert_ok(&err);
        assert_string_equal(other->name, names[i]);
        assert_int_equal(other->precision, precision);
        be->free(be);
        other->free(other);
    }
    cuda_use_plugin(NULL, NULL);
}

static void the_tests_spec_reaches_the_device(void **state)
{
    (void)state;
    pretend("a pretended device", true, true);
    cuda_use_plugin(&plugin, &(CudaSpec){.workspace = 12345, .precision = PRECISION_BF16});
    Backend *be = opened("cuda", PRECISION_F32);
    assert_int_equal(device.workspace, 12345);
    assert_int_equal(be->precision, PRECISION_F32); /* which the caller says */
    be->free(be);
    cuda_use_plugin(NULL, NULL);
}

/* ---- what host backends answer ---- */

static void a_host_backend_has_nothing_to_wait_for(void **state)
{
    (void)state;
    static const char *const names[] = {"ref", "cpu"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        Error    err = {0};
        int64_t  free_bytes = -1, total_bytes = -1;
        Backend *be = opened(names[i], PRECISION_F32);
        assert_int_equal(be->precision, PRECISION_F32);
        assert_true(be->sync(be, &err));
        assert_ok(&err);
        for (Index N = 0; N < 1000; N += 37) assert_int_equal(be->row_bucket(N), N);
        be->device_memory(be, &free_bytes, &total_bytes);
        assert_int_equal(free_bytes, 0);
        assert_int_equal(total_bytes, 0);
        be->free(be);
    }
}

/* ---- failing allocations ---- */

static void life(void *context, Error *err)
{
    Backend *be = backend_create(context, 1, err);
    if (be != NULL) be->free(be);
}

static void the_device_backend_survives_every_failed_allocation(void **state)
{
    (void)state;
    char name[] = "cuda";
    pretend("a pretended device", true, true);
    assert_true(torture(life, name) >= 2);
    cuda_use_plugin(NULL, NULL);
}

TEST_GROUP(cuda_auto, cmocka_unit_test(auto_takes_the_device_that_is_there),
           cmocka_unit_test(auto_without_a_device_is_the_cpu_and_says_why),
           cmocka_unit_test(auto_falls_back_when_the_device_does_not_open),
           cmocka_unit_test(a_long_reason_is_cut_at_a_whole_character),
           cmocka_unit_test(cuda_by_name_says_what_its_device_says),
           cmocka_unit_test(other_precisions_are_the_devices_alone),
           cmocka_unit_test(another_one_of_the_same_kind_has_its_precision),
           cmocka_unit_test(the_tests_spec_reaches_the_device),
           cmocka_unit_test(a_host_backend_has_nothing_to_wait_for),
           cmocka_unit_test(the_device_backend_survives_every_failed_allocation));
