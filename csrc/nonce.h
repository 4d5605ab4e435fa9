/* nonce.h - how a salt and a counter become a nonce (RFC 5116, 3.2). */
#ifndef FASTFRAME_NONCE_H
#define FASTFRAME_NONCE_H
#include <string.h>

#include "fastframe.h"

/* Big-endian integers, in a shape that compilers turn into one move. */
static inline uint32_t ff_load32(const uint8_t *in)
{
    return (uint32_t)in[0] << 24 | (uint32_t)in[1] << 16 |
           (uint32_t)in[2] << 8 | in[3];
}

static inline uint64_t ff_load64(const uint8_t *in)
{
    return (uint64_t)ff_load32(in) << 32 | ff_load32(in + 4);
}

static inline void ff_store32(uint8_t *out, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        out[i] = (uint8_t)(value >> (24 - 8 * i));
}

static inline void ff_store64(uint8_t *out, uint64_t value)
{
    for (int i = 0; i < 8; i++)
        out[i] = (uint8_t)(value >> (56 - 8 * i));
}

/* ff_nonce_make writes salt XOR counter, the counter big-endian in the last
 * eight bytes. With eight zero bytes there, salt is a prefix and the nonce
 * reads prefix || counter.
 *
 * It stores eight bytes and then four, the shape in which a copy of twelve
 * loads them: other shapes miss the processor's store buffer and stall. */
static inline void ff_nonce_make(uint8_t out[FF_NONCE_LEN],
                                 const uint8_t salt[FF_NONCE_LEN],
                                 uint64_t counter)
{
    uint64_t low = ff_load64(salt + 4) ^ counter;
    ff_store64(out, (uint64_t)ff_load32(salt) << 32 | low >> 32);
    ff_store32(out + 8, (uint32_t)low);
}
#endif
