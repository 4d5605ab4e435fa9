/* kdf.c - HKDF and PBKDF2 on OpenSSL's EVP_KDF, which wipes its own copies. */
#include "kdf.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "mem.h"

static const struct {
    const char *name;
    size_t      len;
} hashes[] = {
    [FF_SHA256] = {"SHA2-256", 32},
    [FF_SHA512] = {"SHA2-512", 64},
};

size_t ff_hash_len(ff_hash hash)
{
    return hashes[hash].len;
}

/* OpenSSL takes no NULL for an empty string of bytes. */
static OSSL_PARAM bytes_param(const char *name, ff_bytes bytes)
{
    const void *at = bytes.len > 0 ? (const void *)bytes.at : "";
    return OSSL_PARAM_construct_octet_string(name, (void *)at, bytes.len);
}

static OSSL_PARAM hash_param(ff_hash hash)
{
    return OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST,
                                            (char *)hashes[hash].name, 0);
}

static ff_error derive(uint8_t *out, size_t out_len, const char *name,
                       const OSSL_PARAM *params)
{
    ff_crypto_prepare();
    ff_errors_mark();
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, name, NULL);
    EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf); /* NULL makes NULL */
    int is_good = ctx && EVP_KDF_derive(ctx, out, out_len, params) > 0;
    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf); /* the context held its own reference */
    ff_errors_restore();
    if (is_good)
        return FF_DONE;
    ff_wipe(out, out_len);
    return FF_LIB_CRYPTO;
}

static ff_error hkdf(uint8_t *out, size_t out_len, ff_hash hash, int mode,
                     ff_bytes key, ff_bytes salt, ff_bytes info)
{
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
        hash_param(hash),
        bytes_param(OSSL_KDF_PARAM_KEY, key),
        bytes_param(OSSL_KDF_PARAM_SALT, salt),
        bytes_param(OSSL_KDF_PARAM_INFO, info),
        OSSL_PARAM_construct_end(),
    };
    return derive(out, out_len, "HKDF", params);
}

static const ff_bytes none = {NULL, 0};

ff_error ff_hkdf_extract(uint8_t *out, ff_hash hash, ff_bytes salt,
                         ff_bytes secret)
{
    return hkdf(out, ff_hash_len(hash), hash, EVP_KDF_HKDF_MODE_EXTRACT_ONLY,
                secret, salt, none);
}

ff_error ff_hkdf_expand(uint8_t *out, size_t out_len, ff_hash hash,
                        ff_bytes key, ff_bytes info)
{
    return hkdf(out, out_len, hash, EVP_KDF_HKDF_MODE_EXPAND_ONLY, key, none,
                info);
}

ff_error ff_hkdf(uint8_t *out, size_t out_len, ff_hash hash, ff_bytes secret,
                 ff_bytes salt, ff_bytes info)
{
    return hkdf(out, out_len, hash, EVP_KDF_HKDF_MODE_EXTRACT_AND_EXPAND,
                secret, salt, info);
}

ff_error ff_pbkdf2(uint8_t *out, size_t out_len, ff_bytes password,
                   ff_bytes salt, uint32_t iterations)
{
    int no_minima = 1; /* else OpenSSL asks for 16 bytes of salt */
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_int(OSSL_KDF_PARAM_PKCS5, &no_minima),
        hash_param(FF_SHA256),
        bytes_param(OSSL_KDF_PARAM_PASSWORD, password),
        bytes_param(OSSL_KDF_PARAM_SALT, salt),
        OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_ITER, &iterations),
        OSSL_PARAM_construct_end(),
    };
    return derive(out, out_len, "PBKDF2", params);
}
