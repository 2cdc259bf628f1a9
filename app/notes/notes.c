/* Notes as a line of JSON, and back. */

#include "app/notes/notes.h"

#include <string.h>

#include "core/base/json.h"

static Str *texts(Notes *notes, int i)
{
    Str *all[] = {&notes->lesson, &notes->title, &notes->next, &notes->note, &notes->question};
    return all[i];
}

static const char *const text_names[] = {"lesson", "title", "next", "note", "question"};
enum { TEXTS = sizeof text_names / sizeof *text_names, TEXT_MAX = 20000 };

void notes_clear(Notes *notes)
{
    for (int i = 0; i < TEXTS; i++) str_clear(texts(notes, i));
    for (int i = 0; i < NOTES_CHOICES; i++) str_clear(&notes->choices[i]);
    notes->choice_count = notes->step = notes->steps = 0;
    notes->seconds = 0;
}

void notes_free(Notes *notes)
{
    for (int i = 0; i < TEXTS; i++) str_free(texts(notes, i));
    for (int i = 0; i < NOTES_CHOICES; i++) str_free(&notes->choices[i]);
    *notes = (Notes){0};
}

static void add_text(Str *out, const Str *text)
{
    json_add_string(out, str_text(text), text->len < TEXT_MAX ? text->len : TEXT_MAX);
}

void notes_write(Str *out, const Notes *notes)
{
    Notes *borrowed = (Notes *)(uintptr_t)notes;
    str_addf(out, "{\"notes\": 1, \"step\": %td, \"steps\": %td, \"asks\": %d, \"seconds\": ",
             notes->step, notes->steps, notes->asks);
    json_add_number(out, notes->seconds);
    for (int i = 0; i < TEXTS; i++) {
        str_addf(out, ", \"%s\": ", text_names[i]);
        add_text(out, texts(borrowed, i));
    }
    str_add(out, ", \"choices\": [");
    for (Index i = 0; i < notes->choice_count; i++) {
        str_add(out, i > 0 ? ", " : "");
        add_text(out, &notes->choices[i]);
    }
    str_add(out, "], \"votes\": [");
    for (Index i = 0; i < notes->choice_count; i++) {
        str_addf(out, "%s%d", i > 0 ? ", " : "", notes->votes[i]);
    }
    str_add(out, "]}\n");
}

static bool read_choices(Notes *notes, const JsonNode *root, Error *err)
{
    const JsonNode *choices = json_get(root, "choices"), *votes = json_get(root, "votes");
    Index           n = choices != NULL ? json_count(choices) : 0;
    if (n > NOTES_CHOICES) return error_set(err, ERR_INPUT, "notes: too many choices");
    notes->choice_count = n;
    for (Index i = 0; i < n; i++) {
        const char *text = json_string(json_at(choices, i), NULL);
        str_clear(&notes->choices[i]);
        str_add(&notes->choices[i], text != NULL ? text : "");
        const JsonNode *vote = votes != NULL ? json_at(votes, i) : NULL;
        int64_t         count = vote != NULL ? json_integer(vote) : 0;
        notes->votes[i] = count < 0 ? 0 : count > NOTES_VOTES_MAX ? NOTES_VOTES_MAX : (int)count;
    }
    return true;
}

bool notes_read(Notes *notes, const char *line, Index n, Error *err)
{
    Json *json = json_parse(line, n, "notes", err);
    if (json == NULL) return false;
    const JsonNode *root = json_root(json);
    int64_t         version = 0, step = 0, steps = 0, asks = 0;
    bool            ok = json_is_object(root) &&
              json_field_int(json, root, "notes", true, 1, 1, &version, err) &&
              json_field_int(json, root, "step", true, 0, 10000, &step, err) &&
              json_field_int(json, root, "steps", true, 0, 10000, &steps, err) &&
              json_field_int(json, root, "asks", true, 0, 1 << 30, &asks, err) &&
              json_field_double(json, root, "seconds", false, 0, 1e9, &notes->seconds, err);
    for (int i = 0; ok && i < TEXTS; i++) {
        const char *text = "";
        ok = json_field_string(json, root, text_names[i], true, &text, err);
        str_clear(texts(notes, i));
        str_add(texts(notes, i), text);
    }
    ok = ok && read_choices(notes, root, err);
    if (ok) {
        notes->step = (Index)step;
        notes->steps = (Index)steps;
        notes->asks = (int)asks;
    }
    json_free(json);
    return ok || error_set(err, ERR_INPUT, "notes: not a line of a lab");
}
