/* zeros.h - two zero bytes in a row: start codes and escapes hang on them. */
#ifndef FASTFRAME_ZEROS_H
#define FASTFRAME_ZEROS_H
#include <stddef.h>
#include <stdint.h>

/* Ciphertext holds two zeros once in 65536 bytes, so nearly all of it is passed
 * over in large blocks. The small one comes first: in bytes made to hold many
 * zeros it is all that is tried in vain. */
#define FF_ZEROS_SMALL 16
#define FF_ZEROS_MIDDLE 64
#define FF_ZEROS_LARGE 256

/* ff_zeros_in: do two zeros begin within the block? Reads one byte more. A
 * fixed number of steps and no way out is what compilers turn into vectors;
 * byte by byte the scan would take longer than AES-GCM. */
static inline int ff_zeros_in(const uint8_t *block, int len)
{
    uint8_t found = 0;
    for (int i = 0; i < len; i++)
        found |= (block[i] | block[i + 1]) == 0;
    return found;
}

/* ff_zeros_free gives how many bytes hold no two zeros, as far as blocks show
 * it; 0 if the next byte must be looked at. */
static inline size_t ff_zeros_free(const uint8_t *at, size_t left)
{
    size_t len = FF_ZEROS_SMALL;
    if (left <= len || ff_zeros_in(at, FF_ZEROS_SMALL))
        return 0;
    while (left - len > FF_ZEROS_MIDDLE &&
           !ff_zeros_in(at + len, FF_ZEROS_MIDDLE)) {
        len += FF_ZEROS_MIDDLE;
        while (left - len > FF_ZEROS_LARGE &&
               !ff_zeros_in(at + len, FF_ZEROS_LARGE))
            len += FF_ZEROS_LARGE;
    }
    return len;
}

/* ff_zeros_next gives the first place from at on that has two zeros right
 * before it, or len; at itself if it lies behind len. zeros (0 to 2) of them
 * stand right before at. */
static inline size_t ff_zeros_next(const uint8_t *bytes, size_t len, size_t at,
                                   unsigned zeros)
{
    while (at < len && zeros < 2) {
        int is_apart = zeros == 0 || bytes[at] != 0;
        size_t skip = is_apart ? ff_zeros_free(bytes + at, len - at) : 0;
        if (skip > 0)
            zeros = 0; /* if a zero ends the blocks, none follows it */
        else
            zeros = bytes[at] == 0 ? zeros + 1 : 0;
        at += skip > 0 ? skip : 1;
    }
    return at;
}
#endif
