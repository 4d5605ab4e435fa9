/* nonce.c - how a salt and a counter become a nonce (RFC 5116, 3.2). */
#include "nonce.h"

#include <string.h>

void ff_nonce_store(uint8_t *out, size_t len, uint64_t value)
{
    for (size_t i = len; i > 0; i--) {
        out[i - 1] = (uint8_t)value;
        value >>= 8;
    }
}

uint64_t ff_nonce_load(const uint8_t *in, size_t len)
{
    uint64_t value = 0;
    for (size_t i = 0; i < len; i++)
        value = value << 8 | in[i];
    return value;
}

void ff_nonce_make(uint8_t out[FF_NONCE_LEN], const uint8_t salt[FF_NONCE_LEN],
                   uint64_t counter)
{
    memcpy(out, salt, FF_NONCE_LEN - 8);
    ff_nonce_store(out + FF_NONCE_LEN - 8, 8,
                   ff_nonce_load(salt + FF_NONCE_LEN - 8, 8) ^ counter);
}
