/*
 * Formulas for a terminal that knows ASCII only: "ΔW = (α/r)·B·A" becomes
 * "Delta W = (alpha/r)*B*A". A letter that is spelled out keeps a blank between itself and the
 * letters beside it; runs of raised or lowered digits get one mark before them.
 */

#include <string.h>

#include "core/base/text.h"
#include "lessons/engine/prose_parts.h"

typedef struct Spelling {
    uint32_t    cp;
    const char *text;
} Spelling;

/* Words: set apart from what is beside them. In order of cp. */
static const Spelling words[] = {
    {0xb0, "degrees"},    {0xb5, "micro"},     {0x0393, "Gamma"},  {0x0394, "Delta"},
    {0x0398, "Theta"},    {0x039b, "Lambda"},  {0x039e, "Xi"},     {0x03a0, "Pi"},
    {0x03a3, "Sigma"},    {0x03a6, "Phi"},     {0x03a8, "Psi"},    {0x03a9, "Omega"},
    {0x03b1, "alpha"},    {0x03b2, "beta"},    {0x03b3, "gamma"},  {0x03b4, "delta"},
    {0x03b5, "epsilon"},  {0x03b6, "zeta"},    {0x03b7, "eta"},    {0x03b8, "theta"},
    {0x03b9, "iota"},     {0x03ba, "kappa"},   {0x03bb, "lambda"}, {0x03bc, "mu"},
    {0x03bd, "nu"},       {0x03be, "xi"},      {0x03c0, "pi"},     {0x03c1, "rho"},
    {0x03c2, "sigma"},    {0x03c3, "sigma"},   {0x03c4, "tau"},    {0x03c5, "upsilon"},
    {0x03c6, "phi"},      {0x03c7, "chi"},     {0x03c8, "psi"},    {0x03c9, "omega"},
    {0x03d5, "phi"},      {0x03f5, "epsilon"}, {0x2113, "l"},      {0x2202, "d"},
    {0x2206, "Delta"},    {0x2207, "grad"},    {0x2208, "in"},     {0x2209, "not in"},
    {0x220f, "product"},  {0x2211, "sum"},     {0x221a, "sqrt"},   {0x221d, "proportional to"},
    {0x221e, "infinity"},
};

/* Signs: one for one. In order of cp. */
static const Spelling signs[] = {
    {0xa0, " "},     {0xa7, "section "}, {0xab, "\""},    {0xb1, "+-"},    {0xb7, "*"},
    {0xbb, "\""},    {0xbc, "1/4"},      {0xbd, "1/2"},   {0xbe, "3/4"},   {0xd7, "x"},
    {0xf7, "/"},     {0x2010, "-"},      {0x2011, "-"},   {0x2012, "-"},   {0x2013, "-"},
    {0x2014, "-"},   {0x2015, "-"},      {0x2016, "||"},  {0x2018, "'"},   {0x2019, "'"},
    {0x201c, "\""},  {0x201d, "\""},     {0x2022, "*"},   {0x2026, "..."}, {0x2032, "'"},
    {0x2033, "\""},  {0x20ac, "EUR"},    {0x211d, "R"},   {0x2190, "<-"},  {0x2191, "^"},
    {0x2192, "->"},  {0x2193, "v"},      {0x2194, "<->"}, {0x21d0, "<="},  {0x21d2, "=>"},
    {0x21d4, "<=>"}, {0x2212, "-"},      {0x2217, "*"},   {0x2218, "o"},   {0x2219, "*"},
    {0x2225, "||"},  {0x223c, "~"},      {0x2243, "~="},  {0x2245, "~="},  {0x2248, "~="},
    {0x2260, "!="},  {0x2261, "=="},     {0x2264, "<="},  {0x2265, ">="},  {0x226a, "<<"},
    {0x226b, ">>"},  {0x2295, "(+)"},    {0x2297, "(x)"}, {0x2299, "(.)"}, {0x22a4, "T"},
    {0x22c5, "*"},   {0x22ee, ":"},      {0x22ef, "..."}, {0x2500, "-"},   {0x2502, "|"},
    {0x2588, "#"},   {0x25a0, "#"},      {0x25a1, "[]"},  {0x25cf, "o"},   {0x2713, "yes"},
    {0x2717, "no"},  {0x27e8, "<"},      {0x27e9, ">"},   {0x3001, ","},   {0x3002, "."},
    {0xff08, "("},   {0xff09, ")"},      {0xff0c, ","},   {0xff1a, ":"},   {0xff1b, ";"},
    {0xff1f, "?"},
};

/* Raised and lowered: "x²" is "x^2", "σ₁₂" is "sigma_12". In order of cp. */
static const Spelling raised[] = {
    {0xb2, "2"},   {0xb3, "3"},   {0xb9, "1"},   {0x1d40, "T"}, {0x2070, "0"},
    {0x2071, "i"}, {0x2074, "4"}, {0x2075, "5"}, {0x2076, "6"}, {0x2077, "7"},
    {0x2078, "8"}, {0x2079, "9"}, {0x207a, "+"}, {0x207b, "-"}, {0x207f, "n"},
};
static const Spelling lowered[] = {
    {0x1d62, "i"}, {0x1d63, "r"}, {0x2080, "0"}, {0x2081, "1"}, {0x2082, "2"}, {0x2083, "3"},
    {0x2084, "4"}, {0x2085, "5"}, {0x2086, "6"}, {0x2087, "7"}, {0x2088, "8"}, {0x2089, "9"},
    {0x208a, "+"}, {0x208b, "-"}, {0x2099, "n"}, {0x2096, "k"}, {0x2c7c, "j"},
};

/* U+00C0 to U+00FF without their accents; a blank where that says nothing. */
static const char latin[] = "AAAAAAACEEEEIIIIDNOOOOO OUUUUY saaaaaaaceeeeiiiidnooooo ouuuuy y";

#define FIND(table, cp) find(table, sizeof(table) / sizeof *(table), cp)

static const char *find(const Spelling *table, size_t n, uint32_t cp)
{
    for (size_t i = 0; i < n; i++) {
        if (table[i].cp == cp) return table[i].text;
    }
    return NULL;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

typedef enum Was { WAS_OTHER, WAS_WORD, WAS_RAISED, WAS_LOWERED } Was;

static Was spell(Str *out, uint32_t cp, Was was)
{
    const char *word = FIND(words, cp), *sign = FIND(signs, cp);
    const char *high = FIND(raised, cp), *low = FIND(lowered, cp);
    if (word != NULL) {
        bool beside = out->len > 0 && is_letter(out->data[out->len - 1]);
        if (beside) str_add(out, " ");
        str_add(out, word);
        return WAS_WORD;
    }
    if (high != NULL || low != NULL) {
        Was is = high != NULL ? WAS_RAISED : WAS_LOWERED;
        if (was != is) str_add(out, high != NULL ? "^" : "_");
        str_add(out, high != NULL ? high : low);
        return is;
    }
    if (sign == NULL && cp >= 0xc0 && cp <= 0xff && latin[cp - 0xc0] != ' ') {
        str_add_bytes(out, &latin[cp - 0xc0], 1);
    } else {
        str_add(out, sign != NULL ? sign : "?");
    }
    return WAS_OTHER;
}

void prose_ascii(Str *out, const char *text, Index n)
{
    Was was = WAS_OTHER;
    for (Index i = 0; i < n;) {
        uint32_t cp;
        int      length = utf8_decode(text + i, n - i, &cp);
        if (length > 0 && cp < 0x80) {
            if (was == WAS_WORD && is_letter(text[i])) str_add(out, " ");
            str_add_bytes(out, text + i, 1);
            was = WAS_OTHER;
        } else if (length > 0 && text_columns(text + i, length) > 0) {
            was = spell(out, cp, was);
        } else if (length > 0 && !text_is_hidden(cp)) {
            was = WAS_OTHER; /* a combining mark: its letter says enough */
        } else {
            str_add(out, "?");
        }
        i += length > 0 ? length : -length;
    }
}
