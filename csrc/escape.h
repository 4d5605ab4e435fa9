/* escape.h - emulation prevention: keeps start codes out of ciphertext.
 *
 * 03 goes before any byte <= 03 that follows two zeros (7.4.1 of H.264 and
 * H.265). zeros is how many zero bytes (0 to 2) stand right before the run;
 * after an inserted 03 the count starts again.
 */
#ifndef FASTFRAME_ESCAPE_H
#define FASTFRAME_ESCAPE_H
#include <stddef.h>
#include <stdint.h>

/* Which 03 behind two zeros the reader takes out: LiveKit any, GetStream only
 * one with a byte <= 03 behind it. */
typedef enum { FF_UNESCAPE_ANY = 0, FF_UNESCAPE_STRICT = 1 } ff_unescape_rule;

/* ff_escape_count gives how many bytes escaping len bytes inserts. */
size_t ff_escape_count(const uint8_t *bytes, size_t len, unsigned zeros);

/* ff_escape_move escapes len bytes where they stand; behind them is room for
 * the count bytes that ff_escape_count gave. */
void ff_escape_move(uint8_t *bytes, size_t len, size_t count, unsigned zeros);

/* ff_unescape_next gives the place of the next byte from at on that unescaping
 * takes out, len if there is none. zeros stand right before at. */
size_t ff_unescape_next(const uint8_t *bytes, size_t len, size_t at,
                        unsigned zeros, ff_unescape_rule rule);

/* ff_unescape_count gives how many bytes unescaping takes out. */
size_t ff_unescape_count(const uint8_t *bytes, size_t len, unsigned zeros,
                         ff_unescape_rule rule);

/* ff_unescape writes the first out_len bytes of the unescaped run to out, and
 * no more. out may be in, or start before it, or be apart from it. */
void ff_unescape(uint8_t *out, size_t out_len, const uint8_t *in, size_t len,
                 unsigned zeros, ff_unescape_rule rule);
#endif
