/* The names of a lesson, and the blanks behind them. */

#include "lessons/engine/lesson_known.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "lessons/engine/lesson_parts.h"

enum { ROWS_MAX = 2000, AXES_MAX = sizeof((Known *)0)->axes / sizeof(Datum *) };

/* ---- finding ---------------------------------------------------------------------------- */

static Index axis_at(const Known *known, const char *name)
{
    for (Index a = 0; known->rows != NULL && a < known->rows->axis_count; a++) {
        if (a < AXES_MAX && strcmp(known->rows->axes[a].name, name) == 0) return a;
    }
    return -1;
}

static const Datum *find(void *context, const char *name)
{
    Known *known = context;
    Index  axis = axis_at(known, name);
    if (axis >= 0) return known->axes[axis];
    for (Index i = known->seen; i-- > 0;) {
        if (strcmp(known->names[i].name, name) == 0) return known->names[i].datum;
    }
    for (Index i = 0; i < known->lesson->value_count; i++) {
        bool is = strcmp(known->lesson->values[i].name, name) == 0;
        if (is && known->values[i] != NULL) return known->values[i];
    }
    if (strcmp(name, "seed") == 0) return known->seed;
    snprintf(known->missing, sizeof known->missing, "%s", name);
    return NULL;
}

static void offer(const char *name, const char *candidate, const char **nearest, int *least)
{
    int distance = str_distance(name, candidate);
    if (distance >= *least || distance >= (int)strlen(candidate)) return;
    *least = distance;
    *nearest = candidate;
}

static const char *nearest(void *context, const char *name)
{
    const Known *known = context;
    const char  *found = NULL;
    int          least = 3;
    for (Index i = 0; i < known->seen; i++) offer(name, known->names[i].name, &found, &least);
    for (Index i = 0; i < known->lesson->value_count; i++) {
        offer(name, known->lesson->values[i].name, &found, &least);
    }
    offer(name, "seed", &found, &least);
    return found;
}

Scope known_scope(Known *known)
{
    known->missing[0] = '\0';
    return (Scope){.context = known, .find = find, .nearest = nearest};
}

void known_advance(Known *known, Index order)
{
    while (known->seen < known->count && known->names[known->seen].order < order) known->seen++;
}

const KnownName *known_later(const Known *known, const char *name)
{
    for (Index i = known->seen; i < known->count; i++) {
        if (strcmp(known->names[i].name, name) == 0) return &known->names[i];
    }
    return NULL;
}

bool known_set_rows(Known *known, const Datum *rows, Error *err)
{
    for (Index a = 0; a < AXES_MAX; a++) {
        datum_drop(known->axes[a]);
        known->axes[a] = NULL;
    }
    known->rows = NULL;
    for (Index a = 0; rows != NULL && a < rows->axis_count && a < AXES_MAX; a++) {
        const DatumAxis *axis = &rows->axes[a];
        bool             word = rows->rows + rows->count > 0 && !isfinite(axis->number[0]);
        known->axes[a] = word && strcmp(axis->word[0], "?") != 0
                             ? datum_text(axis->word[0], (Index)strlen(axis->word[0]), err)
                             : datum_number(word ? 1 : 0, NULL, err);
        if (known->axes[a] == NULL) return false;
    }
    known->rows = rows;
    return true;
}

/* ---- results ---------------------------------------------------------------------------- */

/* Takes the datum over. */
static bool add_name(Known *known, KnownName name, Error *err)
{
    KnownName *list = grow_list(known->names, known->count, sizeof *list, err);
    if (list != NULL) known->names = list;
    if (list == NULL || name.datum == NULL) {
        datum_drop(name.datum);
        return false;
    }
    Index at = known->count++;
    while (at > 0 && name.order < list[at - 1].order) {
        list[at] = list[at - 1];
        at--;
    }
    list[at] = name;
    return true;
}

typedef struct Sweep {
    const VerbLine *line;
    char          **words[VERB_AXES_MAX];
    Index           counts[VERB_AXES_MAX];
    Index           rows; /* -1: not known */
} Sweep;

/* The values of each axis, where they are known before anything runs. */
static bool open_sweep(Sweep *sweep, const VerbLine *line, Known *known, Error *err)
{
    *sweep = (Sweep){.line = line, .rows = line->seeds > 0 ? line->seeds : 1};
    for (Index a = 0; a < line->axis_count; a++) {
        Scope scope = known_scope(known);
        Error error = {0};
        if (!verb_line_values(line, a, &scope, &sweep->words[a], &sweep->counts[a], NULL, &error)) {
            sweep->words[a] = NULL;
            if (error.code == ERR_MEMORY) return error_set(err, ERR_MEMORY, "%s", error.message);
            sweep->rows = -1;
        }
        if (sweep->rows > 0) sweep->rows *= sweep->counts[a];
        if (sweep->rows > ROWS_MAX - known->rows_made) sweep->rows = -1;
    }
    if (sweep->rows > 0) known->rows_made += sweep->rows;
    return true;
}

static void close_sweep(Sweep *sweep)
{
    for (Index a = 0; a < sweep->line->axis_count; a++) {
        if (sweep->words[a] != NULL) verb_words_free(sweep->words[a], sweep->counts[a]);
    }
}

static bool add_row(Datum *table, const Sweep *sweep, Index row, uint64_t seed, Error *err)
{
    const VerbLine *line = sweep->line;
    const char     *words[VERB_AXES_MAX + 1];
    char            seed_word[32];
    Index           seeds = line->seeds > 0 ? line->seeds : 1, rest = row / seeds;
    for (Index a = line->axis_count; a-- > 0;) {
        words[a] = sweep->words[a][rest % sweep->counts[a]];
        rest /= sweep->counts[a];
    }
    snprintf(seed_word, sizeof seed_word, "%llu",
             (unsigned long long)(seed + (uint64_t)(row % seeds)));
    if (line->seeds > 0) words[line->axis_count] = seed_word;
    return datum_add_row(table, words, verb_blank(line->verb, err), err);
}

static Datum *sweep_table(const Sweep *sweep, uint64_t seed, Error *err)
{
    Datum *table = datum_rows(true, err);
    bool   ok = table != NULL;
    for (Index a = 0; ok && a < sweep->line->axis_count; a++) {
        ok = datum_add_axis(table, sweep->line->axes[a].name, err);
    }
    if (ok && sweep->line->seeds > 0) ok = datum_add_axis(table, "seed", err);
    for (Index row = 0; ok && row < sweep->rows; row++) {
        ok = add_row(table, sweep, row, seed, err);
    }
    if (ok) return table;
    datum_drop(table);
    return NULL;
}

static Datum *result_of(Known *known, const VerbLine *line, Error *err)
{
    if (line->axis_count == 0 && line->seeds == 0) return verb_blank(line->verb, err);
    Sweep  sweep;
    Datum *datum = NULL;
    if (open_sweep(&sweep, line, known, err)) {
        datum = sweep.rows > 0 ? sweep_table(&sweep, known->lesson->seed, err)
                               : verb_line_blank(line, err);
    }
    close_sweep(&sweep);
    return datum;
}

static bool add_run(Known *known, const Step *step, const Item *item, Index order, Error *err)
{
    for (Index i = 0; i < item->line_count; i++) {
        const VerbLine *line = item->lines[i];
        KnownName       name = {.name = line->name != NULL ? line->name : "it",
                                .order = order + i,
                                .place = item->line_places[i],
                                .step = step};
        known_advance(known, name.order);
        name.datum = result_of(known, line, err);
        if (!add_name(known, name, err)) return false;
    }
    return true;
}

/* ---- predictions ------------------------------------------------------------------------ */

/* The last of where each name of the expression is given first; `least` or later. */
static Index needed_from(const Known *known, const Expr *expr, Index least)
{
    for (Index i = 0; expr != NULL && i < expr_names(expr); i++) {
        for (Index j = 0; j < known->count; j++) {
            const KnownName *name = &known->names[j];
            if (strcmp(name->name, expr_name(expr, i)) != 0) continue;
            if (least < name->order) least = name->order;
            break;
        }
    }
    return least;
}

/* Where the run stands that says it comes after this prediction; `least` or later. */
static Index run_after(const Lesson *lesson, const char *id, Index least)
{
    Index order = 0;
    for (Index s = 0; s < lesson->count; s++) {
        for (Index i = 0; i < lesson->steps[s].count; i++, order++) {
            const Item *item = &lesson->steps[s].items[i];
            bool        refers = item->kind == ITEM_RUN && item->refers != NULL;
            bool        later = KNOWN_ORDER(order, 0) > least;
            if (refers && later && strcmp(item->refers, id) == 0) return KNOWN_ORDER(order, 0);
        }
    }
    return least;
}

static DatumKind answer_kind(const Item *item)
{
    return item->predict == PREDICT_NUMBER  ? DATUM_NUMBER
           : item->predict == PREDICT_CURVE ? DATUM_VECTOR
                                            : DATUM_TEXT;
}

/* {answer, measured} */
static Datum *guess_record(const Item *item, Error *err)
{
    static const char *const keys[] = {"answer", "measured"};
    Datum                   *record = datum_record(err);
    for (int i = 0; record != NULL && i < 2; i++) {
        DatumKind kind = answer_kind(item);
        Datum    *member = kind == DATUM_NUMBER   ? datum_number((double)NAN, NULL, err)
                           : kind == DATUM_VECTOR ? datum_vector(NULL, 0, NULL, err)
                                                  : datum_text("", 0, err);
        if (member != NULL) member->blank = true;
        if (datum_add(record, keys[i], member, err)) continue;
        datum_drop(record);
        return NULL;
    }
    return record;
}

/* It is compared when the block that measures it is through. */
static bool add_guess(Known *known, const Step *step, const Item *item, Index order, Error *err)
{
    Index at = needed_from(known, item->measure, order);
    for (Index i = 0; i < item->choice_count; i++) {
        at = needed_from(known, item->choices[i].truth, at);
    }
    at = run_after(known->lesson, item->id, at);
    KnownName name = {.name = item->id,
                      .order = at - at % KNOWN_ORDER(1, 0) + KNOWN_LINE_LAST,
                      .place = item->place,
                      .step = step,
                      .predict = item};
    name.datum = guess_record(item, err);
    return add_name(known, name, err);
}

/* ---- the whole -------------------------------------------------------------------------- */

bool known_open(Known *known, const Lesson *lesson, bool quick, Error *err)
{
    *known = (Known){.lesson = lesson, .quick = quick};
    known->values = mem_alloc(mem_program(), MEM_TEXT, lesson->value_count, sizeof(Datum *), err);
    known->seed = datum_number((double)lesson->seed, NULL, err);
    if (known->values == NULL || known->seed == NULL) return false;
    for (Index i = 0; i < lesson->value_count; i++) {
        const LessonValue *value = &lesson->values[i];
        const char        *text = quick && value->quick != NULL ? value->quick : value->normal;
        Error              error = {0};
        known->values[i] = lesson_value_datum(value, text, &error);
        if (known->values[i] == NULL && error.code != ERR_INPUT) {
            return error_set(err, error.code, "%s", error.message);
        }
    }
    return true;
}

static bool add_kind(Known *known, ItemKind kind, Error *err)
{
    const Lesson *lesson = known->lesson;
    Index         count = 0;
    for (Index s = 0; s < lesson->count; s++) {
        const Step *step = &lesson->steps[s];
        for (Index i = 0; i < step->count; i++) {
            const Item *item = &step->items[i];
            Index       order = KNOWN_ORDER(count++, 0);
            bool        ok = true;
            if (item->kind != kind) continue;
            if (kind == ITEM_RUN) ok = add_run(known, step, item, order, err);
            if (kind == ITEM_PREDICT && item->id[0] != '\0') {
                ok = add_guess(known, step, item, order, err);
            }
            if (!ok) return false;
        }
    }
    return true;
}

bool known_add_results(Known *known, Error *err)
{
    bool ok = add_kind(known, ITEM_RUN, err) && add_kind(known, ITEM_PREDICT, err);
    known->seen = 0;
    return ok;
}

void known_close(Known *known)
{
    for (Index i = 0; known->values != NULL && i < known->lesson->value_count; i++) {
        datum_drop(known->values[i]);
    }
    for (Index i = 0; i < known->count; i++) datum_drop(known->names[i].datum);
    for (Index a = 0; a < AXES_MAX; a++) datum_drop(known->axes[a]);
    datum_drop(known->seed);
    mem_free(known->values);
    mem_free(known->names);
    *known = (Known){0};
}
