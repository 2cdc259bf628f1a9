/* Each figure as files: NN-id.svg and NN-id.csv. */

#include <ctype.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "lessons/engine/report_parts.h"

enum { SVG_WIDTH = 720, SVG_HEIGHT = 420 };

/* Letters, digits, - and _ of the id; it is the author's, so never a path. */
static void add_name(Str *out, Index number, const char *id, const char *ending)
{
    str_addf(out, "%02td-", number);
    for (const char *c = id[0] != '\0' ? id : "figure"; *c != '\0'; c++) {
        bool plain = (*c & 0x80) == 0 && (isalnum((unsigned char)*c) || *c == '-' || *c == '_');
        str_add_bytes(out, plain ? c : "-", 1);
    }
    str_add(out, ending);
}

static bool write_one(const char *folder, Index number, const Note *note, const char *ending,
                      const Str *content, Error *err)
{
    Str name = {0};
    add_name(&name, number, note->id, ending);
    char *path =
        str_ok(&name, err) && str_ok(content, err) ? path_join(folder, str_text(&name), err) : NULL;
    bool ok = path != NULL && file_write_all(path, str_text(content), content->len, err);
    mem_free(path);
    str_free(&name);
    return ok;
}

bool report_plots(const Transcript *transcript, const char *folder, Error *err)
{
    bool  ok = folder_make(folder, err);
    Index number = 0;
    for (Index i = 0; ok && i < transcript->count; i++) {
        const Note *note = &transcript->notes[i];
        if (note->kind != NOTE_FIGURE) continue;
        Str svg = {0}, csv = {0};
        figure_svg_alone(&svg, note->figure, SVG_WIDTH, SVG_HEIGHT);
        figure_csv(&csv, note->figure);
        number++;
        ok = write_one(folder, number, note, ".svg", &svg, err) &&
             write_one(folder, number, note, ".csv", &csv, err);
        str_free(&svg);
        str_free(&csv);
    }
    return ok;
}
