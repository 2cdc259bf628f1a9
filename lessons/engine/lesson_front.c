/* The front matter: one "key: value" a line between two lines of "---". */

#include <math.h>
#include <string.h>

#include "core/base/mem.h"
#include "lessons/engine/lesson_parts.h"

enum { MINUTES_MAX = 60, SECONDS_MAX = 3600, MEMORY_MAX = 64000, VALUES_MAX = 64 };

static const char *const keys[] = {"id",     "title", "summary", "minutes", "seconds",
                                   "memory", "seed",  "needs",   "value",   NULL};

typedef struct Front {
    LessonReader *reader;
    unsigned      seen; /* bit i: keys[i] */
    Place         place, value_place;
} Front;

static Complaint *complain_at(Front *front, Place place, const char *message)
{
    return complain(front->reader->complaints, place, "%s", message);
}

static bool replace(char **text, Slice with, Error *err)
{
    char *copy = slice_copy(with, err);
    if (copy == NULL) return false;
    mem_free(*text);
    *text = copy;
    return true;
}

/* ---- numbers ---------------------------------------------------------------------------- */

/* fallback where the text is no such number, which is complained about. */
static double read_number(Front *front, const char *key, Slice value, double lo, double hi,
                          bool whole, double fallback)
{
    double number;
    if (!slice_number(value, &number) || (whole && number != floor(number))) {
        complain(front->reader->complaints, front->value_place,
                 whole ? tr("%s is \"%.*s\", but must be a whole number")
                       : tr("%s is \"%.*s\", but must be a number"),
                 key, (int)(value.n < 60 ? value.n : 60), value.text);
        return fallback;
    }
    if (number >= lo && number <= hi) return number;
    complain(front->reader->complaints, front->value_place,
             tr("%s is %.10g, but must lie in %.10g..%.10g"), key, number, lo, hi);
    return fallback;
}

/* ---- values ----------------------------------------------------------------------------- */

static Index count_numbers(Slice list, bool *all)
{
    Index count = 0;
    *all = true;
    while (list.n > 0) {
        Slice  one;
        double number;
        slice_cut(list, ",", false, &one, &list);
        *all = *all && slice_number(one, &number);
        count++;
    }
    return count;
}

static void check_range(Front *front, const LessonValue *value, Slice list, Place place)
{
    while (value->ranged && list.n > 0) {
        Slice  one;
        double number;
        slice_cut(list, ",", false, &one, &list);
        if (!slice_number(one, &number)) return;
        if (number >= value->lo && number <= value->hi) continue;
        complain(front->reader->complaints, place, tr("%s is %g, outside its own range %g..%g"),
                 value->name, number, value->lo, value->hi);
        return;
    }
}

/* "1..8" */
static bool is_range(Slice part, double *lo, double *hi)
{
    Slice a, b;
    return slice_cut(part, "..", false, &a, &b) && slice_number(a, lo) && slice_number(b, hi);
}

static bool read_part(Front *front, LessonValue *value, Slice part, bool last)
{
    LessonReader *reader = front->reader;
    Place         place = lesson_place(reader->lesson, part.text);
    if (slice_starts(part, "quick ") && value->quick == NULL) {
        value->quick_place = place;
        return replace(&value->quick, slice_trim(slice_from(part, 6)), reader->err);
    }
    if (!value->ranged && is_range(part, &value->lo, &value->hi)) {
        value->ranged = true;
        if (value->lo <= value->hi) return true;
        complain_at(front, place, tr("the range ends before it begins"));
        value->ranged = false;
        return true;
    }
    if (!last) {
        complain_hint(complain_at(front, place, tr("neither a quick form nor a range")), "%s",
                      tr("DEFAULT | quick OTHER | LO..HI | what it is"));
        return true;
    }
    return replace(&value->help, part, reader->err);
}

static void check_value(Front *front, const LessonValue *value)
{
    bool  numbers, quick_numbers = true;
    Index n = count_numbers(slice_of(value->normal), &numbers);
    if (n == 0) complain_at(front, front->value_place, tr("a value needs a default"));
    if (!numbers && n > 1) {
        complain_hint(complain_at(front, front->value_place, tr("a list must be of numbers")), "%s",
                      tr("a value is a number, a word, or numbers with commas"));
    }
    if (value->ranged && !numbers) {
        complain_at(front, front->value_place, tr("a range needs numbers"));
    }
    check_range(front, value, slice_of(value->normal), front->value_place);
    if (value->quick != NULL) {
        Index count = count_numbers(slice_of(value->quick), &quick_numbers);
        if (quick_numbers != numbers || count == 0 || (n == 1 && count > 1)) {
            complain_at(front, value->quick_place, tr("the quick form is of another kind"));
        }
        check_range(front, value, slice_of(value->quick), value->quick_place);
    }
    if (value->help[0] == '\0') {
        complain_hint(complain_at(front, front->place, tr("a value needs a word on what it is")),
                      "%s", tr("DEFAULT | quick OTHER | LO..HI | what it is"));
    }
}

static bool check_name(Front *front, Slice name)
{
    const Lesson *lesson = front->reader->lesson;
    if (!slice_is_name(name, "_")) {
        complain_hint(complain_at(front, front->place,
                                  tr("a value's name is of letters a-z, "
                                     "digits and _")),
                      "%s", "value.ranks: 1,2,4 | 1..64 | ranks of the sweep");
        return false;
    }
    for (Index i = 0; i < lesson->value_count; i++) {
        if (!slice_is(name, lesson->values[i].name)) continue;
        complain(front->reader->complaints, front->place, tr("a second value \"%s\""),
                 lesson->values[i].name);
        return false;
    }
    bool reserved = slice_is(name, "seed") || slice_is(name, "it");
    if (reserved) {
        complain(front->reader->complaints, front->place,
                 tr("\"%.*s\" is a name of the program's own"), (int)name.n, name.text);
    }
    return !reserved;
}

static LessonValue *add_value(LessonReader *reader, Slice name)
{
    Lesson      *lesson = reader->lesson;
    LessonValue *list = grow_list(lesson->values, lesson->value_count, sizeof *list, reader->err);
    if (list == NULL) return NULL;
    lesson->values = list;
    LessonValue *value = &list[lesson->value_count++];
    *value = (LessonValue){0};
    value->name = slice_copy(name, reader->err);
    value->normal = mem_strdup("", reader->err);
    value->help = mem_strdup("", reader->err);
    bool ok = value->name != NULL && value->normal != NULL && value->help != NULL;
    return ok ? value : NULL;
}

static bool read_value(Front *front, Slice name, Slice text)
{
    LessonReader *reader = front->reader;
    if (!check_name(front, name)) return true;
    if (reader->lesson->value_count == VALUES_MAX) {
        complain(reader->complaints, front->place, tr("more than %d values"), VALUES_MAX);
        return true;
    }
    LessonValue *value = add_value(reader, name);
    if (value == NULL) return false;
    value->place = front->place;
    if (reader->lesson->lang[0] != '\0') return replace(&value->help, text, reader->err);

    Slice part;
    bool  more = slice_cut(text, "|", false, &part, &text);
    if (!replace(&value->normal, part, reader->err)) return false;
    while (more) {
        more = slice_cut(text, "|", false, &part, &text);
        if (!read_part(front, value, part, !more)) return false;
    }
    check_value(front, value);
    return true;
}

/* ---- keys ------------------------------------------------------------------------------- */

static void check_id(Front *front, Slice id)
{
    if (slice_is_name(id, "-")) return;
    complain_hint(complain(front->reader->complaints, front->value_place,
                           tr("\"%.*s\" cannot be an id"), (int)(id.n < 60 ? id.n : 60), id.text),
                  "%s", tr("a letter a-z, then letters, digits and -"));
}

static void check_needs(Front *front, Slice value)
{
    if (value.n == 0 || slice_is(value, "cuda")) return;
    complain_hint(complain(front->reader->complaints, front->value_place,
                           tr("nothing is called \"%.*s\""), (int)(value.n < 60 ? value.n : 60),
                           value.text),
                  "%s", tr("needs: cuda, or leave it out"));
}

static bool read_key(Front *front, size_t key, Slice value)
{
    LessonReader *reader = front->reader;
    Lesson       *lesson = reader->lesson;
    switch (key) {
    case 0:
        check_id(front, value);
        return replace(&lesson->id, value, reader->err);
    case 1:
        return replace(&lesson->title, value, reader->err);
    case 2:
        return replace(&lesson->summary, value, reader->err);
    case 3:
        lesson->minutes = (Index)read_number(front, "minutes", value, 1, MINUTES_MAX, true, 1);
        return true;
    case 4:
        lesson->seconds = read_number(front, "seconds", value, 1, SECONDS_MAX, false, 1);
        return true;
    case 5:
        lesson->memory =
            (int64_t)(1e6 * read_number(front, "memory", value, 1, MEMORY_MAX, false, 1));
        return true;
    case 6:
        lesson->seed = (uint64_t)read_number(front, "seed", value, 0, 4294967295.0, true, 42);
        return true;
    default:
        check_needs(front, value);
        return replace(&lesson->needs, value, reader->err);
    }
}

static size_t find_key(Slice key)
{
    size_t i = 0;
    while (keys[i] != NULL && !slice_is(key, keys[i])) i++;
    return i;
}

static bool unknown_key(Front *front, Slice key)
{
    const char *near = nearest_word(key, keys);
    Complaint  *complaint =
        complain(front->reader->complaints, front->place, tr("unknown key \"%.*s\""),
                 (int)(key.n < 60 ? key.n : 60), key.text);
    if (near != NULL) {
        complain_hint(complaint, tr("did you mean \"%s\"?"), near);
    } else {
        complain_hint(complaint, "%s",
                      tr("the front matter has id, title, summary, minutes, "
                         "seconds, memory, seed, needs and value.NAME"));
    }
    return true;
}

static bool read_front_line(Front *front, Slice line)
{
    LessonReader *reader = front->reader;
    Slice         key, value;
    front->place = lesson_place(reader->lesson, line.text);
    if (!slice_cut(line, ":", false, &key, &value)) {
        complain_hint(complain_at(front, front->place, tr("a line that is no \"key: value\"")),
                      "%s", tr("a line of --- ends the front matter"));
        return true;
    }
    if (value.n >= 2 && value.text[0] == '"' && value.text[value.n - 1] == '"') {
        value = (Slice){value.text + 1, value.n - 2};
    }
    front->value_place = lesson_place(reader->lesson, value.text);
    if (slice_starts(key, "value.")) return read_value(front, slice_from(key, 6), value);
    size_t found = find_key(key);
    if (keys[found] == NULL || slice_is(key, "value")) return unknown_key(front, key);
    if ((front->seen >> found & 1) != 0) {
        complain(reader->complaints, front->place, tr("a second \"%s\""), keys[found]);
        return true;
    }
    front->seen |= 1u << found;
    return read_key(front, found, value);
}

/* ---- the whole -------------------------------------------------------------------------- */

static Slice first_line(const Lesson *lesson)
{
    Slice line = lesson_line(lesson, 1);
    return slice_starts(line, "\xef\xbb\xbf") ? slice_from(line, 3) : line;
}

static Index find_end(const Lesson *lesson)
{
    for (Index line = 2; line <= lesson->line_count; line++) {
        Slice text = lesson_line(lesson, line);
        if (slice_is(slice_trim(text), "---")) return line;
        if (slice_starts(text, "#") || slice_starts(text, "```")) break;
    }
    return 0;
}

bool read_front(LessonReader *reader)
{
    Lesson *lesson = reader->lesson;
    lesson->ends = (Place){1, 1};
    if (!slice_is(slice_trim(first_line(lesson)), "---")) {
        complain_hint(complain(reader->complaints, (Place){1, 1}, tr("no front matter")), "%s",
                      tr("the first line is ---, then come id, title, summary, minutes ..."));
        while (reader->line <= lesson->line_count &&
               strchr("#`", *lesson_line(lesson, reader->line).text) == NULL) {
            reader->line++;
        }
        return true;
    }
    Index end = find_end(lesson);
    if (end == 0) {
        complain_hint(
            complain(reader->complaints, (Place){1, 1}, tr("the front matter does not end")), "%s",
            tr("put a line of --- after its last key"));
        end = 2;
        while (end <= lesson->line_count && slice_trim(lesson_line(lesson, end)).n > 0) end++;
        end--;
    }
    Front front = {.reader = reader};
    for (reader->line = 2; reader->line <= end; reader->line++) {
        Slice line = slice_trim(lesson_line(lesson, reader->line));
        if (line.n == 0 || slice_is(line, "---")) continue;
        if (!read_front_line(&front, line)) return false;
    }
    lesson->ends = (Place){end, 1};
    return true;
}
