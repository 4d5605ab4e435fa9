/* ctrhmac.h - AES-CTR with HMAC (RFC 9605, 4.5.1), for aead.c alone. */
#ifndef FASTFRAME_CTRHMAC_H
#define FASTFRAME_CTRHMAC_H
#include "aead.h"

typedef struct ff_ctrhmac ff_ctrhmac; /* both directions are one context */

/* ff_ctrhmac_new takes a key of 48 bytes (AES-128 and SHA-256) or 96 (AES-256
 * and SHA-512); free wipes it and allows NULL. */
ff_error ff_ctrhmac_new(ff_ctrhmac **out, const uint8_t *key, size_t key_len,
                        size_t tag_len) FF_MUST_USE;
void ff_ctrhmac_free(ff_ctrhmac *pair);

/* As their namesakes in aead.h. */
ff_status ff_ctrhmac_seal(ff_ctrhmac *pair, const uint8_t nonce[FF_NONCE_LEN],
                          const ff_bytes *aad, size_t num_aad,
                          const ff_part *body, size_t num_body,
                          uint8_t *tag) FF_MUST_USE;
ff_status ff_ctrhmac_open(ff_ctrhmac *pair, const uint8_t nonce[FF_NONCE_LEN],
                          const ff_bytes *aad, size_t num_aad,
                          const ff_part *body, size_t num_body,
                          const uint8_t *tag) FF_MUST_USE;

/* ff_ctrhmac_undo applies the keystream to each part's out once more. */
ff_status ff_ctrhmac_undo(ff_ctrhmac *pair, const uint8_t nonce[FF_NONCE_LEN],
                          const ff_part *body, size_t num_body) FF_MUST_USE;
#endif
