/* crypto_wrap.h - a libcrypto of which chosen calls fail.
 *
 * For programs linked with --wrap for what is wrapped here. Include it once.
 * The call that fails does its work first, so that what it wrote is there to
 * be found, and leaves an error in the queue as libcrypto does.
 */
#ifndef FASTFRAME_TEST_CRYPTO_WRAP_H
#define FASTFRAME_TEST_CRYPTO_WRAP_H
#include <openssl/evp.h>

#include "kit.h"

static int until_refusal;   /* 1: the next call fails; 0: none does */
static int forgets_restart; /* as OpenSSL 3.0.0 to 3.0.2 */
static void (*before_each)(void); /* called each time, unless NULL */

static int may_refuse(int result)
{
    if (before_each)
        before_each();
    if (until_refusal == 0 || --until_refusal > 0)
        return result;
    ERR_raise(ERR_LIB_EVP, ERR_R_INTERNAL_ERROR);
    return 0;
}

#define CTX EVP_CIPHER_CTX *ctx
#define REFUSING(name, parameters, arguments)                                  \
    int __real_##name parameters;                                              \
    int __wrap_##name parameters;                                              \
    int __wrap_##name parameters { return may_refuse(__real_##name arguments); }

REFUSING(EVP_CipherInit_ex2,
         (CTX, const EVP_CIPHER *cipher, const uint8_t *key, const uint8_t *iv,
          int enc, const OSSL_PARAM *params),
         (ctx, cipher, key, iv, enc, params))
REFUSING(EVP_EncryptInit_ex2,
         (CTX, const EVP_CIPHER *cipher, const uint8_t *key, const uint8_t *iv,
          const OSSL_PARAM *params), (ctx, cipher, key, iv, params))
REFUSING(EVP_DecryptInit_ex2,
         (CTX, const EVP_CIPHER *cipher, const uint8_t *key, const uint8_t *iv,
          const OSSL_PARAM *params), (ctx, cipher, key, iv, params))
REFUSING(EVP_CipherUpdate,
         (CTX, uint8_t *out, int *written, const uint8_t *in, int len),
         (ctx, out, written, in, len))
REFUSING(EVP_EncryptUpdate,
         (CTX, uint8_t *out, int *written, const uint8_t *in, int len),
         (ctx, out, written, in, len))
REFUSING(EVP_DecryptUpdate,
         (CTX, uint8_t *out, int *written, const uint8_t *in, int len),
         (ctx, out, written, in, len))
REFUSING(EVP_EncryptFinal_ex, (CTX, uint8_t *out, int *written),
         (ctx, out, written))
REFUSING(EVP_CIPHER_CTX_get_params, (CTX, OSSL_PARAM *params), (ctx, params))
REFUSING(EVP_MAC_update, (EVP_MAC_CTX *ctx, const uint8_t *in, size_t len),
         (ctx, in, len))
REFUSING(EVP_MAC_final,
         (EVP_MAC_CTX *ctx, uint8_t *out, size_t *len, size_t size),
         (ctx, out, len, size))

int __real_EVP_MAC_init(EVP_MAC_CTX *ctx, const uint8_t *key, size_t key_len,
                        const OSSL_PARAM *params);
int __wrap_EVP_MAC_init(EVP_MAC_CTX *ctx, const uint8_t *key, size_t key_len,
                        const OSSL_PARAM *params);

int __wrap_EVP_MAC_init(EVP_MAC_CTX *ctx, const uint8_t *key, size_t key_len,
                        const OSSL_PARAM *params)
{
    if (forgets_restart && !key)
        return 1;
    return may_refuse(__real_EVP_MAC_init(ctx, key, key_len, params));
}

#define FETCHING(type)                                                         \
    type *__real_##type##_fetch(OSSL_LIB_CTX *c, const char *n,                \
                                const char *p);                                \
    type *__wrap_##type##_fetch(OSSL_LIB_CTX *c, const char *n,                \
                                const char *p);                                \
    type *__wrap_##type##_fetch(OSSL_LIB_CTX *c, const char *n, const char *p) \
    {                                                                          \
        return may_refuse(1) ? __real_##type##_fetch(c, n, p) : NULL;          \
    }
FETCHING(EVP_CIPHER)
FETCHING(EVP_MAC)

/* disarm ends an attempt, says whether the refusal was met and counts how often
 * the error queue was left filled. */
static int num_left_errors;

static inline int disarm(void)
{
    int was_met = until_refusal == 0;
    until_refusal = 0;
    num_left_errors += ERR_peek_error() != 0;
    ERR_clear_error();
    return was_met;
}
#endif
