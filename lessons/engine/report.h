#ifndef LESSONS_ENGINE_REPORT_H
#define LESSONS_ENGINE_REPORT_H

/*
 * Reports of one run: Markdown, one self-contained HTML page (figures as inline SVG, readable on a
 * phone and on paper, dark mode), JSON lines. All state seed, settings, version, backend, machine,
 * each prediction beside the measurement, each assert with its figures. The same seed on the same
 * machine gives the same bytes but for what is marked (timed).
 */

#include "lessons/engine/transcript.h"

void report_markdown(Str *out, const Transcript *transcript);
void report_html(Str *out, const Transcript *transcript);
void report_jsonl(Str *out, const Transcript *transcript);
/* By the file's ending, written durably; ERR_INPUT for another ending. */
NODISCARD bool report_write(const Transcript *transcript, const char *path, Error *err);
/* Each figure as NN-id.svg and NN-id.csv into a folder (made if need be). */
NODISCARD bool report_plots(const Transcript *transcript, const char *folder, Error *err);

#endif
