/* Round numbers along an axis, and numbers in words. */

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/figure/scale.h"

/* ---- numbers ---------------------------------------------------------------------------- */

/* 2.50 -> 2.5, 1.0e-07 -> 1e-7, -0 -> 0. */
static void tidy(char text[NUMBER_BYTES])
{
    char   exponent[NUMBER_BYTES] = "";
    char  *e = strchr(text, 'e');
    size_t n = e == NULL ? strlen(text) : (size_t)(e - text);
    if (e != NULL) {
        const char *digits = e + 1;
        bool        negative = *digits == '-';
        digits += strspn(digits, "+-0");
        snprintf(exponent, sizeof exponent, "e%s%s", negative ? "-" : "", digits);
    }
    if (memchr(text, '.', n) != NULL) {
        while (n > 0 && text[n - 1] == '0') n--;
        if (n > 0 && text[n - 1] == '.') n--;
    }
    if (n == 2 && text[0] == '-' && text[1] == '0') text[0] = '0', n = 1;
    snprintf(text + n, NUMBER_BYTES - n, "%s", exponent);
}

static int exponent_of(double value)
{
    return value == 0 || !isfinite(value) ? 0 : (int)floor(log10(fabs(value)) + 1e-12);
}

/* A common unit for a whole axis: the largest number decides. */
typedef struct Unit {
    double      size;
    const char *name;
} Unit;

static Unit axis_unit(double most, bool bytes)
{
    static const Unit counts[] = {{1, ""}, {1e3, "k"}, {1e6, "M"}};
    static const Unit sizes[] = {{1, " B"},    {1e3, " KB"},  {1e6, " MB"},
                                 {1e9, " GB"}, {1e12, " TB"}, {1e15, " PB"}};
    if (!bytes) return most >= 1e9 || most < 1e5 ? counts[0] : counts[most >= 1e6 ? 2 : 1];
    int unit = 0;
    while (unit < 5 && most >= sizes[unit + 1].size) unit++;
    return sizes[unit];
}

/* Three digits and the unit that leaves the least of them. */
static void bytes_text(char out[NUMBER_BYTES], double value)
{
    /* 999,600 are 1 MB, not 1000 KB. */
    Unit   unit = axis_unit(fabs(value) * (1 + 0.5e-3), true);
    double shown = value / unit.size;
    int    whole = exponent_of(shown);
    bool   decimals = unit.size > 1 && whole >= 0 && whole < 2;
    int    digits = whole > 3 ? 2 : decimals ? 2 - whole : 0;
    snprintf(out, NUMBER_BYTES, whole > 3 ? "%.*e" : "%.*f", digits, shown);
    tidy(out);
    size_t n = strlen(out);
    snprintf(out + n, NUMBER_BYTES - n, "%s", unit.name);
}

/* 919680 -> 919,680; |value| < 1e9. */
static void whole_text(char out[NUMBER_BYTES], double value)
{
    char digits[NUMBER_BYTES];
    int  n = snprintf(digits, sizeof digits, "%.0f", fabs(value)), used = 0;
    if (value < 0) out[used++] = '-';
    for (int i = 0; i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0) out[used++] = ',';
        out[used++] = digits[i];
    }
    out[used] = '\0';
}

void number_text(char out[NUMBER_BYTES], double value, bool bytes)
{
    double size = fabs(value);
    int    exponent = exponent_of(value);
    if (!isfinite(value)) {
        snprintf(out, NUMBER_BYTES, "%s", isnan(value) ? "NaN" : value > 0 ? "inf" : "-inf");
    } else if (bytes) {
        bytes_text(out, value);
    } else if (value == floor(value) && size < 1e9) {
        whole_text(out, value);
    } else if (size < 1e-3 || size >= 1e6) {
        snprintf(out, NUMBER_BYTES, "%.2e", value);
        tidy(out);
    } else {
        snprintf(out, NUMBER_BYTES, "%.*f", exponent < 2 ? 2 - exponent : 0, value);
        tidy(out);
    }
}

/* ---- the text of a tick ----------------------------------------------------------------- */

/* The digits that tell ticks `step` apart, of numbers as large as `most`. */
static void tick_text(char out[NUMBER_BYTES], double value, double step, double most, bool bytes)
{
    Unit unit = axis_unit(most, bytes);
    if (value == 0) {
        snprintf(out, NUMBER_BYTES, "0");
        return;
    }
    double shown = value / unit.size;
    bool   powers = !bytes && (most >= 1e9 || most < 1e-3);
    int digits = powers ? exponent_of(value) - exponent_of(step) : -exponent_of(step / unit.size);
    if (bytes && most >= 1e18) powers = true;
    digits = digits < 0 ? 0 : digits > 15 ? 15 : digits;
    snprintf(out, NUMBER_BYTES, powers ? "%.*e" : "%.*f", digits, shown);
    tidy(out);
    size_t n = strlen(out);
    snprintf(out + n, NUMBER_BYTES - n, "%s", unit.name);
}

static void add_tick(Scale *scale, double value, double step, double most, bool bytes)
{
    if (scale->count == TICKS_MAX || value < scale->lo || value > scale->hi) return;
    if (scale->count > 0 && !(value > scale->tick[scale->count - 1])) return;
    tick_text(scale->text[scale->count], value, step, most, bytes);
    scale->tick[scale->count++] = value;
}

/* ---- linear ----------------------------------------------------------------------------- */

/* The smallest of 1, 2, 5 times a power of ten that is not below `raw`. */
static double round_step(double raw)
{
    double power = pow(10, floor(log10(raw)));
    if (!(power > 0)) return raw;
    for (int i = 0; i < 3; i++) {
        double step = power * (i == 0 ? 1 : i == 1 ? 2 : 5);
        if (step >= raw * (1 - 1e-9)) return step;
    }
    return power * 10;
}

/* k * step without the error of a step like 0.1 that is no binary fraction. */
static double multiple(double k, double step)
{
    if (step >= 1) return k * step;
    double inverse = round(1 / step);
    return fabs(inverse * step - 1) < 1e-9 ? k / inverse : k * step;
}

static double step_for(const Scale *scale, int most, bool whole)
{
    double step = round_step(scale->hi / most - scale->lo / most);
    return whole && step < 1 ? 1 : step;
}

static void linear_ticks(Scale *scale, int most, bool whole, bool bytes)
{
    double step = step_for(scale, most, whole);
    double reach = fmax(fabs(scale->lo), fabs(scale->hi));
    double slack = 1e-9 + 1e-15 * reach / step; /* of the division, for numbers far from zero */
    double first = ceil(scale->lo / step - slack), last = floor(scale->hi / step + slack);
    if (!(last - first <= TICKS_MAX)) return;
    for (int i = 0; i <= (int)(last - first); i++) {
        double value = multiple(first + i, step);
        /* A tick that rounding put a hair outside belongs to the end itself. */
        if (i == 0 && value < scale->lo) value = scale->lo;
        if (i == (int)(last - first) && value > scale->hi) value = scale->hi;
        add_tick(scale, value, step, reach, bytes);
    }
}

static void widen_to_round(Scale *scale, int most, bool whole)
{
    double half = step_for(scale, most, whole) / 2;
    double lo = floor(scale->lo / half + 1e-9) * half, hi = ceil(scale->hi / half - 1e-9) * half;
    if (isfinite(lo) && lo < scale->lo) scale->lo = lo;
    if (isfinite(hi) && hi > scale->hi) scale->hi = hi;
}

/* ---- logarithmic ------------------------------------------------------------------------ */

/* Density 0: 1 3 10 30; 1: 1 10 100; n: every n-th power of ten; -1: 1 2 5 10. */
static int log_ticks(Scale *scale, int density, bool bytes, bool count_only)
{
    int every = density < 1 ? 1 : density, found = 0;
    int first = exponent_of(scale->lo), last = exponent_of(scale->hi);
    for (int power = first; power <= last; power++) {
        if (power % every != 0) continue;
        for (int mantissa = 1; mantissa <= 5; mantissa++) {
            bool wanted = mantissa == 1 || (density == 0 && mantissa == 3) ||
                          (density == -1 && (mantissa == 2 || mantissa == 5));
            /* Through text: 3e-7 is the number written so, not a product. */
            double value = power < 0 ? mantissa / pow(10, -power) : mantissa * pow(10, power);
            if (power < -300) value = mantissa * pow(10, power);
            if (!wanted || !(value >= scale->lo && value <= scale->hi)) continue;
            found++;
            if (!count_only) add_tick(scale, value, value / mantissa, value, bytes);
        }
    }
    return found;
}

void scale_ticks(Scale *scale, int most, bool whole, bool bytes, bool widen)
{
    scale->count = 0;
    if (most > TICKS_MAX) most = TICKS_MAX;
    if (most < 1) return;
    if (scale->log) {
        /* 1 2 5 only where 1 3 10 would leave next to nothing. */
        int density = log_ticks(scale, 0, bytes, true) < 3 ? -1 : 0;
        while (density < 320 && log_ticks(scale, density, bytes, true) > most) density++;
        if (log_ticks(scale, density, bytes, true) >= 2) {
            log_ticks(scale, density, bytes, false);
            return;
        }
    }
    if (widen && !scale->log) widen_to_round(scale, most, whole);
    linear_ticks(scale, most, whole, bytes);
}

void scale_ticks_at(Scale *scale, const double *values, int n, bool bytes)
{
    scale->count = 0;
    double last = -HUGE_VAL;
    for (int round = 0; round < n && round < TICKS_MAX; round++) { /* the next larger each time */
        double next = HUGE_VAL;
        for (int i = 0; i < n; i++) {
            if (values[i] > last && values[i] < next) next = values[i];
        }
        if (!isfinite(next)) return;
        last = next;
        if (next < scale->lo || next > scale->hi || scale->count == TICKS_MAX) continue;
        number_text(scale->text[scale->count], next, bytes);
        scale->tick[scale->count++] = next;
    }
}
