/* escape.c - 03 bytes put in behind two zeros, and taken out again. */
#include "escape.h"

#include <string.h>

#include "zeros.h"

#define ESCAPE 3 /* and the highest byte that needs one (7.4.1) */

/* next_insert gives the first byte from at on that needs a 03 before it, len
 * if there is none. */
static size_t next_insert(const uint8_t *bytes, size_t len, size_t at,
                          unsigned zeros)
{
    while ((at = ff_zeros_next(bytes, len, at, zeros)) < len &&
           bytes[at] > ESCAPE) {
        zeros = 0;
        at++;
    }
    return at;
}

size_t ff_escape_count(const uint8_t *bytes, size_t len, unsigned zeros)
{
    size_t count = 0;
    size_t at = next_insert(bytes, len, 0, zeros);
    while (at < len) {
        count++;
        at = next_insert(bytes, len, at, 0);
    }
    return count;
}

/* The run moves up by count from its first 03 on and comes down again piece by
 * piece; no more than count are put in, even if another thread changes the
 * bytes meanwhile. */
void ff_escape_move(uint8_t *bytes, size_t len, size_t count, unsigned zeros)
{
    size_t at = count > 0 ? next_insert(bytes, len, 0, zeros) : len;
    const uint8_t *from = bytes + count;
    memmove(bytes + at + count, bytes + at, len - at);
    for (size_t done = 0; done < count && at < len;) {
        size_t next = next_insert(from, len, at, 0);
        bytes[at + done++] = ESCAPE;
        memmove(bytes + at + done, from + at, next - at);
        at = next;
    }
}

static int is_escape(const uint8_t *bytes, size_t left, ff_unescape_rule rule)
{
    if (bytes[0] != ESCAPE)
        return 0;
    return rule == FF_UNESCAPE_ANY || (left > 1 && bytes[1] <= ESCAPE);
}

size_t ff_unescape_next(const uint8_t *bytes, size_t len, size_t at,
                        unsigned zeros, ff_unescape_rule rule)
{
    while ((at = ff_zeros_next(bytes, len, at, zeros)) < len &&
           !is_escape(bytes + at, len - at, rule))
        zeros = bytes[at++] == 0 ? 2 : 0;
    return at;
}

size_t ff_unescape_count(const uint8_t *bytes, size_t len, unsigned zeros,
                         ff_unescape_rule rule)
{
    size_t count = 0;
    size_t at = ff_unescape_next(bytes, len, 0, zeros, rule);
    while (at < len) {
        count++;
        at = ff_unescape_next(bytes, len, at + 1, 0, rule);
    }
    return count;
}

void ff_unescape(uint8_t *out, size_t out_len, const uint8_t *in, size_t len,
                 unsigned zeros, ff_unescape_rule rule)
{
    for (size_t at = 0; at < len && out_len > 0;) {
        size_t next = ff_unescape_next(in, len, at, zeros, rule);
        size_t run = next - at < out_len ? next - at : out_len;
        if (out != in + at) /* in place, most runs already stand right */
            memmove(out, in + at, run);
        out += run;
        out_len -= run;
        at = next + 1;
        zeros = 0;
    }
}
