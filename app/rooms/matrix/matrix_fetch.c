/* From a source to its numbers: lines run on a bench of their own, or weights read. */

#include <string.h>

#include "app/rooms/matrix/matrix_source.h"
#include "core/base/mem.h"
#include "core/workbench/study.h"

/* ---- lines ------------------------------------------------------------------------------ */

/* One line of the matrix verbs: they need no base, so none is loaded. */
static bool run_line(Bench *bench, const char *text, Index n, Error *err)
{
    Scope     scope = bench_scope(bench);
    Datum    *value = NULL;
    VerbLine *line = verb_line_parse(text, n, NULL, err);
    if (line == NULL) return false;
    Args    *args = verb_line_args(line, NULL, &scope, NULL, err);
    VerbCall call = {.bench = bench, .args = args, .scope = &scope, .seed = bench_seed(bench)};
    if (args != NULL) value = line->verb->run(&call, err);
    bool ok =
        value != NULL && bench_put(bench, line->name != NULL ? line->name : "it", value, NULL, err);
    args_free(args);
    verb_line_free(line);
    return ok;
}

static Datum *fetch_lines(const char *text, Lab *lab, Error *err)
{
    BenchSpec spec = {.lab = lab, .threads = 1, .seed = 0}; /* lesson 2's seed */
    Bench    *bench = bench_create(&spec, err);
    bool      ok = bench != NULL;
    while (ok && *text != '\0') {
        size_t n = strcspn(text, "\n");
        ok = run_line(bench, text, (Index)n, err);
        text += n + (text[n] == '\n');
    }
    Datum *matrix = ok ? datum_hold(datum_member(bench_get(bench, "it"), "matrix")) : NULL;
    bench_free(bench);
    return matrix;
}

/* ---- weights ---------------------------------------------------------------------------- */

/* The base that the Lab holds, or else the one that comes along. */
static Model *the_base(Lab *lab, Error *err)
{
    if (lab->model != NULL) return lab->model;
    Args  *args = args_create(command_find("eval"), err);
    Model *model = args != NULL ? lab_base(lab, args, err) : NULL;
    args_free(args);
    return model;
}

static const Module *matrix_module(const Model *model, const char *name, Error *err)
{
    const Module *module = model_find(model, name);
    if (module != NULL && module->gain == NULL) return module;
    error_set(err, ERR_INPUT, tr("the base has no matrix called \"%.60s\""), name);
    return NULL;
}

static Datum *to_matrix(const float *values, Index rows, Index cols, Error *err)
{
    Datum *matrix = datum_matrix(NULL, rows, cols, err);
    for (Index i = 0; matrix != NULL && i < rows * cols; i++) {
        matrix->values[i] = (double)values[i];
    }
    return matrix;
}

static Datum *fetch_weight(const char *name, Lab *lab, Error *err)
{
    const Model  *model = the_base(lab, err);
    const Module *module = model != NULL ? matrix_module(model, name, err) : NULL;
    float        *values = module != NULL ? study_weight(model->be, module->weight, err) : NULL;
    Datum        *matrix = NULL;
    if (values != NULL) matrix = to_matrix(values, module->weight.rows, module->weight.cols, err);
    mem_free(values);
    return matrix;
}

/* scale B A, by the adapter itself. */
static Datum *delta_of(const Method *method, const Module *module, Error *err)
{
    Index  rows = module->weight.rows, cols = module->weight.cols;
    bool   changed = false;
    Datum *matrix = NULL;
    float *values = mem_alloc(mem_program(), MEM_SCRATCH, rows * cols, sizeof *values, err);
    if (values != NULL && method->add_delta(method, module, 1.0, values, &changed, err)) {
        if (changed) matrix = to_matrix(values, rows, cols, err);
        if (!changed) error_set(err, ERR_INPUT, tr("the adapter has nothing at %s"), module->name);
    }
    mem_free(values);
    return matrix;
}

/* On a backend of its own: the base's may be training right now. */
static Datum *fetch_learned(const MatrixSource *source, Lab *lab, Error *err)
{
    Datum *matrix = NULL;
    Model *base = the_base(lab, err);
    if (base == NULL) return NULL;
    MemAccount *account = mem_account_create("matrix", err);
    Backend    *be = account != NULL ? backend_like(base->be, 1, err) : NULL;
    Model      *view = be != NULL ? model_view(base, be, err) : NULL;
    Method     *method = view != NULL ? lora_load(view, source->folder, false, account, err) : NULL;
    const Module *module = method != NULL ? matrix_module(view, source->module, err) : NULL;
    if (module != NULL) matrix = delta_of(method, module, err);
    method_free(method);
    model_free(view);
    if (be != NULL) be->free(be);
    if (account != NULL) mem_account_free(account);
    return matrix;
}

Datum *source_fetch(const MatrixSource *source, Lab *lab, bool *single, Error *err)
{
    *single = source->kind != SOURCE_LINES;
    if (source->kind == SOURCE_LINES) return fetch_lines(source->text, lab, err);
    if (source->kind == SOURCE_WEIGHT) return fetch_weight(source->module, lab, err);
    CHECK(source->kind == SOURCE_LEARNED && source->module != NULL);
    return fetch_learned(source, lab, err);
}
