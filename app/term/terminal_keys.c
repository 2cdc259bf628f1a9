/* From what ncurses reads to keys: characters in the locale's encoding, keys that terminfo does not
 * have, and nobody at the other end. */

#include "app/term/terminal_internal.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/text.h"

enum { ESCAPE = 27, DELETE = 127, STORM = 100, SEQUENCE_MAX = 32 };

static Key key_of_character(uint32_t cp)
{
    switch (cp) {
    case '\r':
    case '\n':
        return (Key){.code = K_ENTER};
    case '\t':
        return (Key){.code = K_TAB};
    case '\b':
    case DELETE:
        return (Key){.code = K_BACKSPACE};
    case ESCAPE:
        return (Key){.code = K_ESCAPE};
    default:
        break;
    }
    if (cp >= 1 && cp <= 26) return (Key){K_CTRL, cp - 1 + 'a'};
    if (text_is_hidden(cp)) return (Key){0};
    return (Key){K_CHAR, cp};
}

/* "[5~": the number says which. */
static KeyCode key_of_number(long number)
{
    switch (number) {
    case 1:
    case 7:
        return K_HOME;
    case 3:
        return K_DELETE;
    case 4:
    case 8:
        return K_END;
    case 5:
        return K_PAGE_UP;
    case 6:
        return K_PAGE_DOWN;
    case 11:
        return K_F1;
    default:
        return K_NONE;
    }
}

/* What follows ESC: "[A", "OH", "[5~". K_NONE where it is no key of ours. */
static Key key_of_sequence(const char *sequence)
{
    static const char    letters[] = "ABCDHFZPM";
    static const KeyCode codes[] = {K_UP,  K_DOWN,     K_RIGHT, K_LEFT, K_HOME,
                                    K_END, K_BACK_TAB, K_F1,    K_ENTER};
    size_t               n = strlen(sequence);
    if (n < 2) return (Key){0};
    if (sequence[n - 1] == '~') {
        char *end;
        long  number = strtol(sequence + 1, &end, 10);
        return (Key){.code = *end == '~' ? key_of_number(number) : K_NONE};
    }
    /* With Shift or Ctrl there are numbers in between; such keys mean nothing here. */
    const char *found = n == 2 ? strchr(letters, sequence[1]) : NULL;
    if (found == NULL || *found == '\0') return (Key){0};
    bool keypad = strchr("PM", *found) != NULL; /* F1 and Enter, after ESC O only */
    return (Key){.code = keypad && sequence[0] != 'O' ? K_NONE : codes[found - letters]};
}

/* One byte of a character. */
static Key key_of_byte(Input *input, int byte)
{
    char    c = (char)byte;
    wchar_t wide;
    size_t  n = mbrtowc(&wide, &c, 1, &input->bytes);
    if (n == (size_t)-1) input->bytes = (mbstate_t){0};
    if (n == (size_t)-1 || n == (size_t)-2) return (Key){0};
    return key_of_character((uint32_t)wide);
}

static Key key_of(Input *input, int code)
{
    if (code >= INPUT_KEYS) return (Key){.code = (KeyCode)(code - INPUT_KEYS)};
    return key_of_byte(input, code);
}

/* ESC alone, or a key that is not in terminfo: its bytes are there at once. One that is none of
 * ours is taken whole, or its letters would be taken for keys. */
static Key key_after_escape(Input *input)
{
    char sequence[SEQUENCE_MAX + 1];
    int  n = 0, code = input->next(input->context);

    if (code == '[' || code == 'O') {
        sequence[n++] = (char)code;
        do {
            code = input->next(input->context);
            if (code < 0 || code >= INPUT_KEYS) break;
            sequence[n++] = (char)code;
        } while (n < SEQUENCE_MAX && (code < 0x40 || code > 0x7e));
        sequence[n] = '\0';
        return key_of_sequence(sequence);
    }
    if (code != INPUT_NOTHING) input->pending = key_of(input, code);
    return (Key){.code = K_ESCAPE};
}

/* Reading failed. Is it that nothing was typed, or that nobody is there? */
static bool nobody_types(Input *input)
{
    struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
    if (poll(&in, 1, 0) <= 0) {
        input->storm = 0;
        return false;
    }
    input->gone = (in.revents & ~POLLIN) != 0 || ++input->storm >= STORM;
    return input->gone;
}

bool input_read(Input *input, Key *key)
{
    *key = input->pending;
    input->pending = (Key){0};
    while (key->code == K_NONE) {
        int code = input->gone ? INPUT_NOTHING : input->next(input->context);
        if (code != INPUT_NOTHING) {
            input->storm = 0;
            *key = code == ESCAPE ? key_after_escape(input) : key_of(input, code);
        } else if (input->gone || nobody_types(input)) {
            *key = (Key){.code = K_GONE};
        } else if (input->storm == 0) {
            return false;
        }
    }
    return true;
}
