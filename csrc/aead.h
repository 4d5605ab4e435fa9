/* aead.h - one cipher context per key and direction, of any suite. */
#ifndef FASTFRAME_AEAD_H
#define FASTFRAME_AEAD_H
#include "fastframe.h"

/* Suites by number; their names and sizes are in aead.c. */
typedef enum {
    FF_AES_128_GCM,
    FF_AES_256_GCM,
    FF_AES_128_HMAC_80, /* AES-CTR with HMAC, tag bits last (RFC 9605, 4.5) */
    FF_AES_128_HMAC_64,
    FF_AES_128_HMAC_32,
    FF_AES_256_HMAC_80,
    FF_AES_256_HMAC_64,
    FF_AES_256_HMAC_32,
    FF_AES_128_GCM_8, /* the tag cut to 8 bytes, as DAVE sends it */
    FF_NUM_SUITES
} ff_suite;

/* ff_part: a run of a frame's body; len 0 allows NULLs. out is in, or apart
 * from the in and out of every part of its frame. */
typedef struct {
    uint8_t       *out;
    const uint8_t *in;
    size_t         len; /* at most FF_FRAME_MAX */
} ff_part;

typedef struct ff_aead ff_aead; /* OpenSSL's types stay in aead.c */

/* ff_suite_reads_twice: is a frame read once to judge it and again to decrypt
 * it? Then it must not change in between. */
int ff_suite_reads_twice(uint32_t suite);

/* ff_suite_max_blocks is how many 16-byte blocks one key may seal. */
uint64_t ff_suite_max_blocks(uint32_t suite);

/* ff_crypto_prepare comes before the first call into OpenSSL, again and again
 * if need be: see ff_mem_align. */
void ff_crypto_prepare(void);

/* ff_errors_mark and ff_errors_restore go around calls into OpenSSL: what we
 * leave in the error queue of a shared one would puzzle others. */
void ff_errors_mark(void);
void ff_errors_restore(void);

typedef enum { FF_FOR_OPEN = 0, FF_FOR_SEAL = 1 } ff_direction;

/* ff_aead_new keys a context; free wipes it and allows NULL. */
ff_error ff_aead_new(ff_aead **out, ff_direction direction, uint32_t suite,
                     const uint8_t *key) FF_MUST_USE;
void ff_aead_free(ff_aead *aead);

/* ff_aead_for gives the context that one of several threads may use: its own,
 * made from the same key at its first use and kept. 0 is the caller's. NULL:
 * libcrypto has failed. */
ff_aead *ff_aead_for(ff_aead *aead, uint32_t worker);

/* ff_aead_seal encrypts the parts as one stream and writes the suite's tag,
 * which may be given room anywhere apart from them. On failure neither holds
 * anything to be used. */
ff_status ff_aead_seal(ff_aead *aead, const uint8_t nonce[FF_NONCE_LEN],
                       const ff_bytes *aad, size_t num_aad,
                       const ff_part *body, size_t num_body,
                       uint8_t *tag) FF_MUST_USE;

/* ff_aead_open decrypts the parts and judges them by the tag: unless it gives
 * FF_OK, what it wrote is unverified and must not leave the core. The suites
 * with HMAC judge first and then write nothing. */
ff_status ff_aead_open(ff_aead *aead, const uint8_t nonce[FF_NONCE_LEN],
                       const ff_bytes *aad, size_t num_aad,
                       const ff_part *body, size_t num_body,
                       const uint8_t *tag) FF_MUST_USE;

/* ff_aead_undo turns each part's out back, in place, into what its in was:
 * after an open that gave FF_AUTH_FAILED, into ciphertext, and after a seal,
 * into plaintext. nonce and lengths are those of that call. */
ff_status ff_aead_undo(ff_aead *aead, const uint8_t nonce[FF_NONCE_LEN],
                       const ff_part *body, size_t num_body) FF_MUST_USE;
#endif
