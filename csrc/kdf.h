/* kdf.h - HKDF (RFC 5869) and PBKDF2-HMAC-SHA256 (RFC 8018) on EVP. */
#ifndef FASTFRAME_KDF_H
#define FASTFRAME_KDF_H
#include "aead.h"

#define FF_HASH_MAX 64 /* bytes of the longest digest */

/* ff_hash_len gives 32 or 64. The rest is in fastframe_api.h: Python's
 * key-side helpers derive with it, too. */
size_t ff_hash_len(ff_hash hash);
#endif
