/* nonce.h - how a salt and a counter become a nonce. */
#ifndef FASTFRAME_NONCE_H
#define FASTFRAME_NONCE_H
#include "fastframe.h"

/* ff_nonce_make writes salt XOR counter, the counter big-endian in the last
 * eight bytes. With eight zero bytes there, salt is a prefix and the nonce
 * reads prefix || counter. */
void ff_nonce_make(uint8_t out[FF_NONCE_LEN], const uint8_t salt[FF_NONCE_LEN],
                   uint64_t counter);

/* ff_nonce_load and ff_nonce_store: big-endian integers of len bytes. */
uint64_t ff_nonce_load(const uint8_t *in, size_t len);
void ff_nonce_store(uint8_t *out, size_t len, uint64_t value);
#endif
