/* Shared pieces of results. */

#include "core/lab/report.h"

#include "core/base/text.h"

void report_parameters(Result *result, int64_t trainable, int64_t all)
{
    double percent = all > 0 ? 100.0 * (double)trainable / (double)all : 0;
    Str    t = {0}, a = {0};

    value_integer(result->root, "trainable", trainable);
    value_integer(result->root, "all", all);
    value_number(result->root, "percent", percent, "%");
    str_add_grouped(&t, trainable);
    str_add_grouped(&a, all);
    result_line(result, "trainable params: %s || all params: %s || trainable%%: %.4f", str_text(&t),
                str_text(&a), percent);
    result_used(result, &t);
    result_used(result, &a);
}

void report_bytes(Result *result, const char *label, const int64_t bytes[MEM_PURPOSE_COUNT])
{
    Value  *values = value_object(result->root, "bytes");
    int64_t total = 0;
    Str     line = {0};

    for (int p = 0; p < MEM_PURPOSE_COUNT; p++) {
        value_integer(values, mem_purpose_name((MemPurpose)p), bytes[p]);
        total += bytes[p];
        if (bytes[p] == 0) continue;
        str_addf(&line, "%s%s ", line.len > 0 ? ", " : "", mem_purpose_name((MemPurpose)p));
        str_add_bytes_count(&line, bytes[p]);
    }
    value_integer(values, "total", total);
    Str sum = {0};
    str_add_bytes_count(&sum, total);
    result_line(result, "%s: %s (%s)", label, str_text(&sum), str_text(&line));
    result_used(result, &sum);
    result_used(result, &line);
}

void report_device(Result *result, Backend *be)
{
    if (be->space != MEM_DEVICE) return;
    int64_t own = mem_use(mem_program(), MEM_DEVICE, MEM_SCRATCH).in_use, available, total;
    be->device_memory(be, &available, &total);
    Value *values = value_object(result->root, "device_memory");
    value_integer(values, "backend_bytes", own);
    value_measured(values, "free_bytes", (double)available, "bytes");
    value_integer(values, "total_bytes", total);

    Str buffers = {0}, left = {0}, all = {0};
    str_add_bytes_count(&buffers, own);
    str_add_bytes_count(&left, available);
    str_add_bytes_count(&all, total);
    result_line(result, "on the GPU: the backend's own buffers %s; now free %s of %s",
                str_text(&buffers), str_text(&left), str_text(&all));
    result_used(result, &buffers);
    result_used(result, &left);
    result_used(result, &all);
}

void report_text(Result *result, const char *label, const char *text, Index n)
{
    Str safe = {0};
    safe_text(&safe, text, n, true, 0);
    result_line(result, "%s: %s", label, str_text(&safe));
    result_used(result, &safe);
}

void report_text_line(Result *result, const char *text, Index n)
{
    safe_text(&result->text, text, n, true, 0);
    str_add(&result->text, "\n");
}

void report_eval(Str *line, const EvalResult *eval)
{
    str_addf(line, tr("loss %.4f"), eval->loss);
    if (eval->exact_match >= 0) {
        str_addf(line, tr(", exact match %.1f %%"), 100.0 * eval->exact_match);
    }
}
