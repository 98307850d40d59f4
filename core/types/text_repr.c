/* text_repr.c - str and bytes as they would be written in a program: quoted, with what cannot be seen escaped.
 *
 * Two passes over the same pieces: one adds up the size, one writes, so nothing but the result is allocated. */
#include "core/types/str.h"
#include "core/types/text_repr.h"
#include "core/types/utf8.h"

static const char hex_digits[] = "0123456789abcdef";

/* The quote that needs no escape, if one of the two does. */
static char choose_quote(const char *text, size_t size)
{
    return size != 0 && memchr(text, '\'', size) && !memchr(text, '"', size) ? '"' : '\'';
}

/* Writes `code` as \xNN. */
static size_t write_hex(char *out, unsigned code)
{
    out[0] = '\\';
    out[1] = 'x';
    out[2] = hex_digits[code >> 4];
    out[3] = hex_digits[code & 15];
    return 4;
}

/* Writes an ASCII byte as it is shown, at most four bytes to `out`. Returns how many. */
static size_t write_ascii(char *out, unsigned char c, char quote)
{
    static const char named[] = "\tt\nn\rr\\\\";
    out[0] = '\\';
    for (const char *n = named; *n; n += 2) {
        if (*n == (char)c) {
            out[1] = n[1];
            return 2;
        }
    }
    if ((char)c == quote) {
        out[1] = quote;
        return 2;
    }
    if (c < 0x20 || c >= 0x7F)
        return write_hex(out, c);
    out[0] = (char)c;
    return 1;
}

/* Writes the code point at `p` to `out`, at most four bytes, and says how many bytes it took from p. */
static size_t write_point(char *out, const char *p, char quote, size_t *taken)
{
    *taken = utf8_sequence_size(*p);
    if (*taken == 1)
        return write_ascii(out, (unsigned char)*p, quote);
    if ((unsigned char)p[0] == 0xC2 && (unsigned char)p[1] < 0xA0) /* the control characters above ASCII */
        return write_hex(out, (unsigned char)p[1]);
    memcpy(out, p, *taken);
    return *taken;
}

weft_object *str_repr(weft_thread *self, weft_object *o)
{
    const char *text = str_text(str_of(o));
    size_t size = str_size(str_of(o)), taken;
    char quote = choose_quote(text, size), scratch[4];
    size_t total = 2;
    int64_t length = 2;
    for (size_t i = 0; i < size; i += taken) {
        size_t wrote = write_point(scratch, text + i, quote, &taken);
        total += wrote;
        length += taken > 1 && scratch[0] != '\\' ? 1 : (int64_t)wrote;
    }
    str_object *result = str_alloc(self, total, length);
    if (result == NULL)
        return NULL;
    char *out = str_text(result);
    *out++ = quote;
    for (size_t i = 0; i < size; i += taken)
        out += write_point(out, text + i, quote, &taken);
    *out = quote;
    return &result->var.object;
}

weft_object *bytes_repr(weft_thread *self, const uint8_t *data, size_t size)
{
    char quote = choose_quote((const char *)data, size), scratch[4];
    size_t total = 3;
    for (size_t i = 0; i < size; i++)
        total += write_ascii(scratch, data[i], quote);
    str_object *result = str_alloc(self, total, (int64_t)total);
    if (result == NULL)
        return NULL;
    char *out = str_text(result);
    *out++ = 'b';
    *out++ = quote;
    for (size_t i = 0; i < size; i++)
        out += write_ascii(out, data[i], quote);
    *out = quote;
    return &result->var.object;
}
