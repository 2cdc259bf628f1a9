/*
 * Blocks: the words after the fence, by a table of kinds and their keys, and the lines inside,
 * joined where one goes on in the next.
 */

#include <string.h>

#include "core/base/mem.h"
#include "lessons/engine/lesson_parts.h"

/* ---- joined lines ----------------------------------------------------------------------- */

bool read_joined(LessonReader *reader, Index *from, Index to, Joined *line)
{
    const Lesson *lesson = reader->lesson;
    Slice         text = {0};
    *line = (Joined){0};
    while (*from < to && (text = slice_trim(lesson_line(lesson, *from))).n == 0) ++*from;
    if (*from >= to) return true;

    Str joined = {0};
    line->place = lesson_place(lesson, text.text);
    str_add_bytes(&joined, text.text, text.n);
    while (++*from < to) {
        Slice next = lesson_line(lesson, *from);
        text = slice_trim(next);
        if (text.n == 0 || text.text == next.text) break; /* empty, or begins at the margin */
        str_add_bytes(&joined, " ", 1);
        str_add_bytes(&joined, text.text, text.n);
    }
    line->n = joined.len;
    line->text = str_take(&joined, reader->err);
    return line->text != NULL;
}

bool read_piece(LessonReader *reader, const Joined *line, Slice part, char **text, Place *place)
{
    *text = slice_copy(part, reader->err);
    *place = lesson_place_joined(reader->lesson, line->place, part.text - line->text);
    return *text != NULL;
}

bool read_expr(LessonReader *reader, const Joined *line, Slice part, Expr **expr, Place *place)
{
    ExprFault fault = {0};
    Error     error = {0};
    Index     at = part.text - line->text;
    *place = lesson_place_joined(reader->lesson, line->place, at);
    *expr = NULL;
    if (part.n == 0) {
        complain(reader->complaints, *place, tr("an expression is missing here"));
        return true;
    }
    *expr = expr_parse(part.text, part.n, &fault, &error);
    if (*expr != NULL) return true;
    Place where = lesson_place_joined(reader->lesson, line->place, at + fault.at);
    return complain_error(reader->complaints, where, &fault, &error, reader->err);
}

/* ---- keys ------------------------------------------------------------------------------- */

typedef struct Kind {
    const char *name;
    ItemKind    kind;
    const char *keys[9]; /* ends with NULL */
    bool (*read)(LessonReader *reader, Index from, Index to, Item *item);
} Kind;

static bool read_explain(LessonReader *reader, Index from, Index to, Item *item)
{
    const Lesson *lesson = reader->lesson;
    const char   *start = lesson->source + lesson->line_at[from - 1];
    const char   *end = lesson->source + lesson->line_at[to - 1];
    while (end > start && strchr(" \r\n", end[-1]) != NULL) end--;
    mem_free(item->text);
    item->text = slice_copy((Slice){start, end - start}, reader->err);
    return item->text != NULL;
}

static const Kind kinds[] = {
    {"predict", ITEM_PREDICT, {"id", "kind", "unit", "tolerance", "factor", "by"}, read_predict},
    {"run", ITEM_RUN, {"id", "after"}, read_run},
    {"plot", ITEM_PLOT, {"id", "kind", "title", "x", "y", "log", "overlay"}, read_plot},
    {"explain", ITEM_EXPLAIN, {"id", "for"}, read_explain},
    {"quiz", ITEM_QUIZ, {"id"}, read_quiz},
    {"assert", ITEM_ASSERT, {"id"}, read_assert},
};
enum { KIND_COUNT = sizeof kinds / sizeof *kinds };

static const Kind *find_kind(Slice name)
{
    for (int i = 0; i < KIND_COUNT; i++) {
        if (slice_is(name, kinds[i].name)) return &kinds[i];
    }
    return NULL;
}

static void unknown_kind(LessonReader *reader, const Info *info)
{
    const char *names[KIND_COUNT + 1] = {0};
    for (int i = 0; i < KIND_COUNT; i++) names[i] = kinds[i].name;
    const char *near = nearest_word(info->kind, names);
    reader->lesson->odd = true;
    Complaint *complaint =
        complain(reader->complaints, lesson_place(reader->lesson, info->kind.text),
                 tr("unknown kind of block \"%.*s\""), (int)(info->kind.n < 60 ? info->kind.n : 60),
                 info->kind.text);
    if (near != NULL) {
        complain_hint(complaint, tr("did you mean \"%s\"?"), near);
    } else {
        complain_hint(complaint, "%s",
                      tr("predict, run, plot, explain, quiz, assert; ```text is shown as it is"));
    }
}

/* Flags, unknown keys and keys given twice. */
static void check_words(LessonReader *reader, const Kind *kind, const Info *info)
{
    for (Index i = 0; i < info->count; i++) {
        const InfoWord *word = &info->words[i];
        int             shown = (int)(word->value.n < 40 ? word->value.n : 40);
        if (word->key.n == 0) {
            bool flag = word->value.n > 0 && word->value.text[0] == '+';
            complain_hint(
                complain(reader->complaints, word->place,
                         flag ? tr("%s has no flag \"%.*s\"") : tr("%s: \"%.*s\" is no key=value"),
                         kind->name, shown, word->value.text),
                "%s", tr("text that holds blanks stands in \"quotes\""));
            continue;
        }
        size_t k = 0;
        while (kind->keys[k] != NULL && !slice_is(word->key, kind->keys[k])) k++;
        for (Index j = 0; j < i; j++) {
            bool again = word->key.n == info->words[j].key.n &&
                         memcmp(word->key.text, info->words[j].key.text, (size_t)word->key.n) == 0;
            if (again)
                complain(reader->complaints, word->place, tr("a second %.*s="),
                         (int)(word->key.n < 40 ? word->key.n : 40), word->key.text);
        }
        if (kind->keys[k] != NULL) continue;
        const char *near = nearest_word(word->key, kind->keys);
        Complaint  *complaint =
            complain(reader->complaints, word->place, tr("%s has no key \"%.*s\""), kind->name,
                     (int)(word->key.n < 40 ? word->key.n : 40), word->key.text);
        if (near != NULL) complain_hint(complaint, tr("did you mean \"%s\"?"), near);
    }
}

static const InfoWord *find_word(const Info *info, const char *key)
{
    for (Index i = 0; i < info->count; i++) {
        if (info->words[i].key.n > 0 && slice_is(info->words[i].key, key)) return &info->words[i];
    }
    return NULL;
}

/* ---- values of keys --------------------------------------------------------------------- */

static bool take_text(LessonReader *reader, const Info *info, const char *key, char **text)
{
    const InfoWord *word = find_word(info, key);
    if (word == NULL) return true;
    mem_free(*text);
    *text = slice_copy(word->value, reader->err);
    return *text != NULL;
}

static bool take_id(LessonReader *reader, const Info *info, const char *key, char **id)
{
    const InfoWord *word = find_word(info, key);
    if (word != NULL && !slice_is_name(word->value, "-_")) {
        complain_hint(complain(reader->complaints, word->value_place,
                               tr("\"%.*s\" cannot be an id"),
                               (int)(word->value.n < 60 ? word->value.n : 60), word->value.text),
                      "%s", tr("a letter a-z, then letters, digits and -"));
    }
    return take_text(reader, info, key, id);
}

static void take_positive(LessonReader *reader, const Info *info, const char *key, double least,
                          double *number)
{
    const InfoWord *word = find_word(info, key);
    double          given = 0;
    if (word == NULL) return;
    if (!slice_number(word->value, &given) || !(given > least)) {
        complain(reader->complaints, word->value_place, tr("%s must be a number above %g"), key,
                 least);
        return;
    }
    *number = given;
}

static void hint_choices(LessonReader *reader, Complaint *complaint, const char *const *words)
{
    Str list = {0};
    for (int i = 0; words[i] != NULL; i++) str_addf(&list, "%s%s", i > 0 ? ", " : "", words[i]);
    complain_hint(complaint, tr("it is one of %s"), str_text(&list));
    if (list.failed) reader->complaints->failed = true;
    str_free(&list);
}

/* The position of the key's word in a list; -1 where it is missing (and must not be) or wrong. */
static int take_choice(LessonReader *reader, const Info *info, const char *key,
                       const char *const *words, bool required)
{
    const InfoWord *word = find_word(info, key);
    if (word == NULL && !required) return -1;
    for (int i = 0; word != NULL && words[i] != NULL; i++) {
        if (slice_is(word->value, words[i])) return i;
    }
    Complaint *complaint =
        word == NULL
            ? complain(reader->complaints, info->place, tr("%.*s needs %s="), (int)info->kind.n,
                       info->kind.text, key)
            : complain(reader->complaints, word->value_place, tr("%s= cannot be \"%.*s\""), key,
                       (int)(word->value.n < 60 ? word->value.n : 60), word->value.text);
    hint_choices(reader, complaint, words);
    return -1;
}

static bool take_predict(LessonReader *reader, const Info *info, Item *item)
{
    static const char *const names[] = {"number", "choice", "order", "curve", NULL};
    static const char *const orders[] = {"ascending", "descending", NULL};
    bool                     required = reader->lesson->lang[0] == '\0';
    int                      kind = take_choice(reader, info, "kind", names, required);
    if (kind >= 0) item->predict = (PredictKind)kind;
    item->descending = take_choice(reader, info, "by", orders, false) == 1;
    take_positive(reader, info, "tolerance", 0, &item->tolerance);
    take_positive(reader, info, "factor", 1, &item->factor);
    return take_text(reader, info, "unit", &item->unit);
}

static bool take_plot(LessonReader *reader, const Info *info, Item *item)
{
    static const char *const names[] = {"line", "bar", "heat", "stack", NULL};
    static const char *const logs[] = {"x", "y", "xy", NULL};
    bool                     required = reader->lesson->lang[0] == '\0';
    int                      kind = take_choice(reader, info, "kind", names, required);
    int                      log = take_choice(reader, info, "log", logs, false);
    if (kind >= 0) item->figure = (FigureKind)kind;
    item->log_x = log == 0 || log == 2;
    item->log_y = log == 1 || log == 2;
    return take_text(reader, info, "title", &item->title) &&
           take_text(reader, info, "x", &item->x_title) &&
           take_text(reader, info, "y", &item->y_title) &&
           take_id(reader, info, "overlay", &item->overlay);
}

static bool take_keys(LessonReader *reader, const Info *info, Item *item)
{
    if (!take_id(reader, info, "id", &item->id) || !take_id(reader, info, "for", &item->refers) ||
        !take_id(reader, info, "after", &item->refers)) {
        return false;
    }
    if (item->kind == ITEM_PREDICT) return take_predict(reader, info, item);
    return item->kind != ITEM_PLOT || take_plot(reader, info, item);
}

bool read_block(LessonReader *reader, const Info *info, Index from, Index to, Item *item)
{
    const Kind *kind = find_kind(info->kind);
    if (kind == NULL) {
        unknown_kind(reader, info);
        return true;
    }
    item->kind = kind->kind;
    check_words(reader, kind, info);
    return take_keys(reader, info, item) && kind->read(reader, from, to, item);
}
