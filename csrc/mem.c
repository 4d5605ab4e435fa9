/* mem.c - wiping and comparing secrets, by OpenSSL's own routines. */
#include "mem.h"

#include <openssl/crypto.h>

void ff_wipe(void *ptr, size_t len)
{
    if (len > 0)
        OPENSSL_cleanse(ptr, len);
}

int ff_equal(const uint8_t *a, const uint8_t *b, size_t len)
{
    return CRYPTO_memcmp(a, b, len) == 0;
}
