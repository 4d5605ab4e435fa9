/* aead.c - the table of suites, and AES-GCM on OpenSSL's EVP.
 *
 * A GCM context is made once from the key. Per frame only the IV is set (the
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

#include "ctrhmac.h"
#include "mem.h"

struct ff_aead {
    EVP_CIPHER_CTX *ctx;          /* GCM's */
    OSSL_PARAM      tag_param[2]; /* prebuilt: saves a lookup per frame */
    ff_ctrhmac     *ctrhmac;      /* NULL: the suite is one of GCM */
    ff_direction    direction;
    uint32_t        suite;
    uint8_t         key[FF_KEY_MAX]; /* for the contexts of other threads, */
    ff_aead        *others[FF_WORKERS_MAX - 1]; /* each made by its own */
};

typedef struct {
    const char *name;   /* as users write it */
    const char *cipher; /* GCM's name in OpenSSL; NULL: see ctrhmac.h */
    uint32_t    key_len;
    uint32_t    tag_len;
} suite_row;

static const suite_row suites[FF_NUM_SUITES] = {
    [FF_AES_128_GCM] = {"AES-128-GCM", "AES-128-GCM", 16, 16},
    [FF_AES_256_GCM] = {"AES-256-GCM", "AES-256-GCM", 32, 16},
    [FF_AES_128_HMAC_80] = {"AES_128_CTR_HMAC_SHA256_80", NULL, 48, 10},
    [FF_AES_128_HMAC_64] = {"AES_128_CTR_HMAC_SHA256_64", NULL, 48, 8},
    [FF_AES_128_HMAC_32] = {"AES_128_CTR_HMAC_SHA256_32", NULL, 48, 4},
    [FF_AES_256_HMAC_80] = {"AES_256_CTR_HMAC_SHA512_80", NULL, 96, 10},
    [FF_AES_256_HMAC_64] = {"AES_256_CTR_HMAC_SHA512_64", NULL, 96, 8},
    [FF_AES_256_HMAC_32] = {"AES_256_CTR_HMAC_SHA512_32", NULL, 96, 4},
    [FF_AES_128_GCM_8] = {"AES-128-GCM-8", "AES-128-GCM", 16, 8},
};

/* With s blocks sealed under one key, an attacker tells AES in counter mode
 * from noise with an advantage of at most s^2 / 2^129, which 2^48 keeps below
 * 2^-32. For GCM that is draft-irtf-cfrg-aead-limits, 5.1 (s counts the tags'
 * blocks too); its bound is counter mode's own, so it holds for AES-CTR with
 * HMAC as well, where HMAC adds a birthday bound that is far off (2^48 MACs of
 * 256 bits: 2^-160). How often a short tag may be guessed at is no matter of
 * sealing. */
#define MAX_BLOCKS (UINT64_C(1) << 48)

const char *ff_suite_name(uint32_t suite)
{
    return suite < FF_NUM_SUITES ? suites[suite].name : NULL;
}

size_t ff_suite_key_len(uint32_t suite)
{
    return suite < FF_NUM_SUITES ? suites[suite].key_len : 0;
}

size_t ff_suite_tag_len(uint32_t suite)
{
    return suite < FF_NUM_SUITES ? suites[suite].tag_len : 0;
}

int ff_suite_reads_twice(uint32_t suite)
{
    return suite >= FF_AES_128_HMAC_80 && suite <= FF_AES_256_HMAC_32;
}

uint64_t ff_suite_max_blocks(uint32_t suite)
{
    return suite < FF_NUM_SUITES ? MAX_BLOCKS : 0;
}

static pthread_once_t align_once = PTHREAD_ONCE_INIT;

void ff_crypto_prepare(void)
{
    pthread_once(&align_once, ff_mem_align);
}

#if FF_OPENSSL_HIDDEN

/* Nobody else sees the queue of a hidden copy, and it forgets all but the last
 * 16 entries by itself. A mark and its removal would take 50 ns of each call,
 * half of what sealing 100 bytes does. */
void ff_errors_mark(void) {}
void ff_errors_restore(void) {}

#else

void ff_errors_mark(void)
{
    ERR_set_mark();
}

void ff_errors_restore(void)
{
    ERR_pop_to_mark();
}

#endif

static ff_error make_gcm(ff_aead *aead, const suite_row *suite,
                         const uint8_t *key)
{
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, suite->cipher, NULL);
    aead->ctx = EVP_CIPHER_CTX_new();
    int is_good = cipher && aead->ctx &&
                  EVP_CipherInit_ex2(aead->ctx, cipher, key, NULL,
                                     aead->direction == FF_FOR_SEAL, NULL);
    EVP_CIPHER_free(cipher); /* the context holds its own reference */
    aead->tag_param[0] = OSSL_PARAM_construct_octet_string(
        OSSL_CIPHER_PARAM_AEAD_TAG, NULL, suite->tag_len);
    aead->tag_param[1] = OSSL_PARAM_construct_end();
    return is_good ? FF_DONE : FF_LIB_CRYPTO;
}

ff_error ff_aead_new(ff_aead **out, ff_direction direction, uint32_t suite,
                     const uint8_t *key)
{
    ff_crypto_prepare();
    *out = NULL;
    if (suite >= FF_NUM_SUITES)
        return FF_BAD_ARGUMENT;
    const suite_row *row = &suites[suite];
    ff_aead *aead = calloc(1, sizeof *aead);
    if (!aead)
        return FF_LIB_MEMORY;
    aead->direction = direction;
    aead->suite = suite;
    memcpy(aead->key, key, row->key_len);
    ff_errors_mark();
    ff_error error = row->cipher ? make_gcm(aead, row, key)
                                 : ff_ctrhmac_new(&aead->ctrhmac, key,
                                                  row->key_len, row->tag_len);
    ff_errors_restore();
    if (error != FF_DONE) {
        ff_aead_free(aead);
        return error;
    }
    *out = aead;
    return FF_DONE;
}

void ff_aead_free(ff_aead *aead)
{
    if (!aead)
        return;
    for (uint32_t i = 0; i < FF_WORKERS_MAX - 1; i++)
        ff_aead_free(aead->others[i]);
    EVP_CIPHER_CTX_free(aead->ctx); /* cleanses the key schedule */
    ff_ctrhmac_free(aead->ctrhmac);
    ff_wipe(aead, sizeof *aead);
    free(aead);
}

ff_aead *ff_aead_for(ff_aead *aead, uint32_t worker)
{
    if (worker == 0)
        return aead;
    ff_aead **own = &aead->others[worker - 1];
    if (!*own && ff_aead_new(own, aead->direction, aead->suite, aead->key) !=
                     FF_DONE)
        return NULL;
    return *own;
}

ff_status ff_aead_seal(ff_aead *aead, const uint8_t nonce[FF_NONCE_LEN],
                       const ff_bytes *aad, size_t num_aad,
                       const ff_part *body, size_t num_body, uint8_t *tag)
{
    EVP_CIPHER_CTX *ctx = aead->ctx;
    uint8_t none[1];
    int written = 0;
    if (aead->ctrhmac)
        return ff_ctrhmac_seal(aead->ctrhmac, nonce, aad, num_aad, body,
                               num_body, tag);
    if (!EVP_EncryptInit_ex2(ctx, NULL, NULL, nonce, NULL))
        return FF_INTERNAL;
    for (size_t i = 0; i < num_aad; i++)
        if (aad[i].len > 0 &&
            !EVP_EncryptUpdate(ctx, NULL, &written, aad[i].at, (int)aad[i].len))
            return FF_INTERNAL;
    for (size_t i = 0; i < num_body; i++)
        if (body[i].len > 0 &&
            !EVP_EncryptUpdate(ctx, body[i].out, &written, body[i].in,
                               (int)body[i].len))
            return FF_INTERNAL;
    aead->tag_param[0].data = tag;
    if (!EVP_EncryptFinal_ex(ctx, none, &written) ||
        !EVP_CIPHER_CTX_get_params(ctx, aead->tag_param))
        return FF_INTERNAL;
    return FF_OK;
}

ff_status ff_aead_open(ff_aead *aead, const uint8_t nonce[FF_NONCE_LEN],
                       const ff_bytes *aad, size_t num_aad,
                       const ff_part *body, size_t num_body,
                       const uint8_t *tag)
{
    EVP_CIPHER_CTX *ctx = aead->ctx;
    uint8_t none[1];
    int written = 0;
    if (aead->ctrhmac)
        return ff_ctrhmac_open(aead->ctrhmac, nonce, aad, num_aad, body,
                               num_body, tag);
    aead->tag_param[0].data = (uint8_t *)tag; /* only read, when it is set */
    if (!EVP_DecryptInit_ex2(ctx, NULL, NULL, nonce, aead->tag_param))
        return FF_INTERNAL;
    for (size_t i = 0; i < num_aad; i++)
        if (aad[i].len > 0 &&
            !EVP_DecryptUpdate(ctx, NULL, &written, aad[i].at, (int)aad[i].len))
            return FF_INTERNAL;
    for (size_t i = 0; i < num_body; i++)
        if (body[i].len > 0 &&
            !EVP_DecryptUpdate(ctx, body[i].out, &written, body[i].in,
                               (int)body[i].len))
            return FF_INTERNAL;
    return EVP_DecryptFinal_ex(ctx, none, &written) ? FF_OK : FF_AUTH_FAILED;
}

/* The keystream is the same in both directions, so running a context once
 * more under the same nonce takes back what it did. No tag is made of that. */
ff_status ff_aead_undo(ff_aead *aead, const uint8_t nonce[FF_NONCE_LEN],
                       const ff_part *body, size_t num_body)
{
    int written = 0;
    if (aead->ctrhmac) /* a failed open has left the parts as they were */
        return aead->direction == FF_FOR_OPEN
                   ? FF_OK
                   : ff_ctrhmac_undo(aead->ctrhmac, nonce, body, num_body);
    if (!EVP_CipherInit_ex2(aead->ctx, NULL, NULL, nonce, -1, NULL))
        return FF_INTERNAL;
    for (size_t i = 0; i < num_body; i++)
        if (body[i].len > 0 &&
            !EVP_CipherUpdate(aead->ctx, body[i].out, &written, body[i].out,
                              (int)body[i].len))
            return FF_INTERNAL;
    return FF_OK;
}

const char *ff_openssl_version(void)
{
    return OpenSSL_version(OPENSSL_VERSION);
}

const char *ff_openssl_built_with(void)
{
    return OPENSSL_VERSION_TEXT;
}

/* libcrypto looks at the CPU when it is loaded, or, where the linker has left
 * out its .init section (lld), with the first algorithm. The text is made once,
 * and would say for ever that the CPU has nothing. */
const char *ff_openssl_cpu(void)
{
    ff_crypto_prepare();
    ff_errors_mark();
    EVP_CIPHER_free(EVP_CIPHER_fetch(NULL, suites[FF_AES_128_GCM].cipher, NULL));
    ff_errors_restore();
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
