/* Predictions: reading an answer, and saying it in words. */

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "lessons/engine/engine_internal.h"

void guess_free(Guess *guess)
{
    mem_free(guess->numbers);
    mem_free(guess->at);
    values_free(guess->choices, guess->choice_count);
    datum_drop(guess->record);
}

/* ---- reading ---- */

/* A number as people write it: "0.1", "1e-3", "12,288". NULL: none. Else what follows it. */
static const char *read_number(const char *text, double *number)
{
    char   plain[64];
    size_t n = 0, digits = 0;

    text += strspn(text, " ");
    const char *at = text;
    for (; *at != '\0' && n + 1 < sizeof plain; at++) {
        bool grouping = *at == ',' && digits > 0 && isdigit((unsigned char)at[1]) &&
                        isdigit((unsigned char)at[2]) && isdigit((unsigned char)at[3]) &&
                        !isdigit((unsigned char)at[4]);
        if (grouping) continue;
        if (strchr("+-.eE", *at) == NULL && !isdigit((unsigned char)*at)) break;
        digits += isdigit((unsigned char)*at) ? 1 : 0;
        plain[n++] = *at;
    }
    plain[n] = '\0';
    char *end;
    *number = strtod(plain, &end);
    return digits > 0 && *end == '\0' && isfinite(*number) ? at : NULL;
}

/* What may stand behind a number: nothing, "%", or the unit; bytes also as KB, MB, GB. */
static bool read_unit(const char *text, const char *unit, double *number)
{
    static const struct {
        const char *name;
        double      times;
    } sizes[] = {{"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}};

    text += strspn(text, " ");
    size_t n = strlen(text);
    while (n > 0 && text[n - 1] == ' ') n--;
    if (n == 0 || (n == 1 && *text == '%')) return true;
    if (unit != NULL && strlen(unit) == n && strncmp(text, unit, n) == 0) return true;
    bool bytes = unit != NULL && strcmp(unit, "bytes") == 0;
    for (size_t i = 0; bytes && i < sizeof sizes / sizeof *sizes; i++) {
        if (n != 2 || strncmp(text, sizes[i].name, 2) != 0) continue;
        *number *= sizes[i].times;
        return true;
    }
    return false;
}

static bool read_one(Guess *guess, const char *text, Error *err)
{
    const char *rest = read_number(text, &guess->numbers[0]);
    guess->count = 1;
    if (rest != NULL && read_unit(rest, guess->item->unit, &guess->numbers[0])) return true;
    return error_set(err, ERR_INPUT, tr("\"%.60s\" is not a number, such as 0.1 or 12,288"), text);
}

/* Exactly `wanted` numbers, divided by blanks, commas or > and <. */
static bool read_several(Guess *guess, const char *text, Index wanted, const char *like, Error *err)
{
    Index n = 0;
    for (;;) {
        text += strspn(text, " ,<>");
        if (*text == '\0') break;
        char  *end;
        double number = strtod(text, &end);
        if (end == text || !isfinite(number) || n == wanted) {
            n = -1;
            break;
        }
        guess->numbers[n++] = number;
        text = end;
    }
    guess->count = wanted;
    if (n == wanted) return true;
    return error_set(err, ERR_INPUT, tr("%td numbers are wanted, such as \"%s\""), wanted, like);
}

static bool is_choice(double number, Index count)
{
    return number >= 1 && number <= (double)count && number == floor(number);
}

static bool read_choice(Guess *guess, const char *text, Error *err)
{
    const char *rest = read_number(text, &guess->numbers[0]);
    bool        whole = rest != NULL && rest[strspn(rest, " .)")] == '\0';
    guess->count = 1;
    if (whole && is_choice(guess->numbers[0], guess->item->choice_count)) return true;
    return error_set(err, ERR_INPUT, tr("\"%.60s\" is no choice: type a number from 1 to %td"),
                     text, guess->item->choice_count);
}

static bool read_order(Guess *guess, const char *text, Error *err)
{
    Index n = guess->item->choice_count;
    bool  fine = read_several(guess, text, n, "2 1 3", NULL);
    for (Index i = 0; fine && i < n; i++) {
        fine = is_choice(guess->numbers[i], n);
        for (Index j = 0; fine && j < i; j++) fine = guess->numbers[i] != guess->numbers[j];
    }
    if (fine) return true;
    return error_set(err, ERR_INPUT,
                     tr("\"%.60s\" is no order: type each of the numbers 1 to %td once, first to "
                        "last"),
                     text, n);
}

static bool read_answer(Guess *guess, const char *text, Error *err)
{
    switch (guess->item->predict) {
    case PREDICT_NUMBER:
        return read_one(guess, text, err);
    case PREDICT_CHOICE:
        return read_choice(guess, text, err);
    case PREDICT_ORDER:
        return read_order(guess, text, err);
    case PREDICT_CURVE:
        return read_several(guess, text, guess->at_count, "4 2.5 1", err);
    }
    return false;
}

bool guess_read(Guess *guess, const char *text, Str *reason, Error *err)
{
    const char *semicolon = strchr(text, ';');
    Index       n = semicolon != NULL ? semicolon - text : (Index)strlen(text);
    Index       room = guess->item->choice_count + guess->at_count + 1;
    Str         answer = {0};

    if (semicolon != NULL) {
        const char *why = semicolon + 1 + strspn(semicolon + 1, " ");
        if (strncmp(why, "because ", 8) == 0) why += 8;
        str_add(reason, why);
    }
    while (n > 0 && text[n - 1] == ' ') n--;
    str_add_bytes(&answer, text, n);
    mem_free(guess->numbers);
    guess->count = 0;
    guess->numbers = mem_alloc(mem_program(), MEM_TEXT, room, sizeof(double), err);
    bool ok = guess->numbers != NULL && str_ok(&answer, err) && str_ok(reason, err) &&
              read_answer(guess, str_text(&answer), err);
    if (!ok) guess->count = 0;
    str_free(&answer);
    return ok;
}

/* ---- in words ---- */

void guess_add_number(Str *out, double number, const char *unit, Error *err)
{
    Datum *datum = datum_number(number, NULL, err);
    if (datum == NULL) {
        out->failed = true;
        return;
    }
    datum_show(out, datum, 0, -1, false);
    if (unit != NULL && unit[0] != '\0') str_addf(out, " %s", unit);
    datum_drop(datum);
}

const char *guess_choice(const Guess *guess, Index i)
{
    return guess->choices != NULL ? guess->choices[i] : guess->item->choices[i].text;
}

static void add_order(Str *out, const Guess *guess, const double *order)
{
    for (Index i = 0; i < guess->item->choice_count; i++) {
        str_addf(out, "%s%s", i > 0 ? "; " : "", guess_choice(guess, (Index)order[i] - 1));
    }
}

char *guess_words(const Guess *guess, Error *err)
{
    const Item *item = guess->item;
    Str         out = {0};

    if (item->predict == PREDICT_CHOICE) {
        str_add(&out, guess_choice(guess, (Index)guess->numbers[0] - 1));
    } else if (item->predict == PREDICT_ORDER) {
        add_order(&out, guess, guess->numbers);
    } else {
        for (Index i = 0; i < guess->count; i++) {
            if (i > 0) str_add(&out, ", ");
            guess_add_number(&out, guess->numbers[i], i + 1 == guess->count ? item->unit : NULL,
                             err);
        }
    }
    return str_take(&out, err);
}
