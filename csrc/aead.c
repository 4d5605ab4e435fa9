/* aead.c - one AES-GCM context per key and direction, on OpenSSL's EVP.
 *
 * The context is made once from the key. Per frame only the IV is set (the
 * cipher argument stays NULL: naming it again costs a lock), and the tag goes
 * through a prebuilt parameter. Never EVP_Cipher() for an AEAD: it finishes
 * without judging the tag (CVE-2026-75803).
 */
#include "aead.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"

struct ff_aead {
    EVP_CIPHER_CTX *ctx;
    OSSL_PARAM      tag_param[2]; /* prebuilt: saves a lookup per frame */
    uint8_t         tag[FF_TAG_LEN];
};

static const struct {
    const char *name;   /* as users write it */
    const char *cipher; /* as OpenSSL does */
    size_t      key_len;
    uint64_t    max_blocks;
} suites[] = {
    {"AES-128-GCM", "AES-128-GCM", 16, UINT64_C(1) << 48},
    {"AES-256-GCM", "AES-256-GCM", 32, UINT64_C(1) << 48},
};
#define NUM_SUITES (sizeof suites / sizeof suites[0])

const char *ff_suite_name(uint32_t suite)
{
    return suite < NUM_SUITES ? suites[suite].name : NULL;
}

size_t ff_suite_key_len(uint32_t suite)
{
    return suite < NUM_SUITES ? suites[suite].key_len : 0;
}

uint64_t ff_suite_max_blocks(uint32_t suite)
{
    return suite < NUM_SUITES ? suites[suite].max_blocks : 0;
}

void ff_errors_mark(void)
{
    ERR_set_mark();
}

void ff_errors_restore(void)
{
    ERR_pop_to_mark();
}

static pthread_once_t align_once = PTHREAD_ONCE_INIT;

ff_error ff_aead_new(ff_aead **out, ff_direction direction, uint32_t suite,
                     const uint8_t *key)
{
    pthread_once(&align_once, ff_mem_align);
    *out = NULL;
    if (suite >= NUM_SUITES)
        return FF_BAD_ARGUMENT;
    ff_aead *aead = calloc(1, sizeof *aead);
    if (!aead)
        return FF_LIB_MEMORY;
    ff_errors_mark();
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, suites[suite].cipher, NULL);
    aead->ctx = EVP_CIPHER_CTX_new();
    int is_good = cipher && aead->ctx &&
                  EVP_CipherInit_ex2(aead->ctx, cipher, key, NULL,
                                     direction == FF_FOR_SEAL, NULL);
    EVP_CIPHER_free(cipher); /* the context holds its own reference */
    ff_errors_restore();
    if (!is_good) {
        ff_aead_free(aead);
        return FF_LIB_CRYPTO;
    }
    aead->tag_param[0] = OSSL_PARAM_construct_octet_string(
        OSSL_CIPHER_PARAM_AEAD_TAG, aead->tag, FF_TAG_LEN);
    aead->tag_param[1] = OSSL_PARAM_construct_end();
    *out = aead;
    return FF_DONE;
}

void ff_aead_free(ff_aead *aead)
{
    if (!aead)
        return;
    EVP_CIPHER_CTX_free(aead->ctx); /* cleanses the key schedule */
    ff_wipe(aead, sizeof *aead);
    free(aead);
}

ff_status ff_aead_seal(ff_aead *aead, uint8_t *out,
                       const uint8_t nonce[FF_NONCE_LEN], const ff_bytes *aad,
                       size_t num_aad, const uint8_t *in, size_t len)
{
    EVP_CIPHER_CTX *ctx = aead->ctx;
    int written = 0;
    if (!EVP_EncryptInit_ex2(ctx, NULL, NULL, nonce, NULL))
        return FF_INTERNAL;
    for (size_t i = 0; i < num_aad; i++)
        if (aad[i].len > 0 &&
            !EVP_EncryptUpdate(ctx, NULL, &written, aad[i].at, (int)aad[i].len))
            return FF_INTERNAL;
    if (len > 0 && !EVP_EncryptUpdate(ctx, out, &written, in, (int)len))
        return FF_INTERNAL;
    if (!EVP_EncryptFinal_ex(ctx, out + len, &written) ||
        !EVP_CIPHER_CTX_get_params(ctx, aead->tag_param))
        return FF_INTERNAL;
    memcpy(out + len, aead->tag, FF_TAG_LEN);
    return FF_OK;
}

ff_status ff_aead_open(ff_aead *aead, uint8_t *out,
                       const uint8_t nonce[FF_NONCE_LEN], const ff_bytes *aad,
                       size_t num_aad, const uint8_t *in, size_t len,
                       const uint8_t tag[FF_TAG_LEN])
{
    EVP_CIPHER_CTX *ctx = aead->ctx;
    uint8_t none[1];
    int written = 0;
    memcpy(aead->tag, tag, FF_TAG_LEN);
    if (!EVP_DecryptInit_ex2(ctx, NULL, NULL, nonce, aead->tag_param))
        return FF_INTERNAL;
    for (size_t i = 0; i < num_aad; i++)
        if (aad[i].len > 0 &&
            !EVP_DecryptUpdate(ctx, NULL, &written, aad[i].at, (int)aad[i].len))
            return FF_INTERNAL;
    if (len > 0 && !EVP_DecryptUpdate(ctx, out, &written, in, (int)len))
        return FF_INTERNAL;
    return EVP_DecryptFinal_ex(ctx, none, &written) ? FF_OK : FF_AUTH_FAILED;
}

const char *ff_openssl_version(void)
{
    return OpenSSL_version(OPENSSL_VERSION);
}

const char *ff_openssl_built_with(void)
{
    return OPENSSL_VERSION_TEXT;
}

const char *ff_openssl_cpu(void)
{
    return OPENSSL_info(OPENSSL_INFO_CPU_SETTINGS);
}

int ff_openssl_is_static(void)
{
    return FF_OPENSSL_STATIC;
}

int ff_openssl_has_vaes(void)
{
    return FF_OPENSSL_VAES;
}
