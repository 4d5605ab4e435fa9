/* aead.h - one AES-GCM context per key and direction. */
#ifndef FASTFRAME_AEAD_H
#define FASTFRAME_AEAD_H
#include "fastframe.h"

/* ff_bytes: borrowed bytes; len 0 allows a NULL at. */
typedef struct {
    const uint8_t *at;
    size_t         len;
} ff_bytes;

typedef struct ff_aead ff_aead; /* OpenSSL's types stay in aead.c */

/* ff_suite_max_blocks is how many 16-byte blocks one key may seal: 2^48 keeps
 * an attacker's advantage below 2^-32 (draft-irtf-cfrg-aead-limits, 5.1). */
uint64_t ff_suite_max_blocks(uint32_t suite);

/* ff_errors_mark and ff_errors_restore go around calls into OpenSSL: its error
 * queue is the process's, and what we leave there would puzzle others. */
void ff_errors_mark(void);
void ff_errors_restore(void);

typedef enum { FF_FOR_OPEN = 0, FF_FOR_SEAL = 1 } ff_direction;

/* ff_aead_new keys a context; free wipes it and allows NULL. */
ff_error ff_aead_new(ff_aead **out, ff_direction direction, uint32_t suite,
                     const uint8_t *key) FF_MUST_USE;
void ff_aead_free(ff_aead *aead);

/* ff_aead_seal writes len bytes of ciphertext to out and the tag behind them.
 * in is out or apart from it. On failure out holds nothing to be used. */
ff_status ff_aead_seal(ff_aead *aead, uint8_t *out,
                       const uint8_t nonce[FF_NONCE_LEN], const ff_bytes *aad,
                       size_t num_aad, const uint8_t *in,
                       size_t len) FF_MUST_USE;

/* ff_aead_open writes len bytes to out and then judges them: unless it gives
 * FF_OK they are unverified and must not leave the core. */
ff_status ff_aead_open(ff_aead *aead, uint8_t *out,
                       const uint8_t nonce[FF_NONCE_LEN], const ff_bytes *aad,
                       size_t num_aad, const uint8_t *in, size_t len,
                       const uint8_t tag[FF_TAG_LEN]) FF_MUST_USE;
#endif
