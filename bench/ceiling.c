/* ceiling.c - the fastest that libcrypto's EVP goes: what fastframe is held to.
 *
 * A C loop over the libcrypto that fastframe is linked with: context kept, IV
 * set, one AAD byte, body, tag through a prebuilt parameter, header written,
 * into one arena. No bounds, no status, no replay window, no Python.
 */
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include "../csrc/mem.h"

#define HEAD 13
#define TAG 16

static EVP_CIPHER_CTX *make(const uint8_t *key, int seal)
{
    ff_mem_align(); /* else the ceiling would be lower by luck */
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, "AES-128-GCM", NULL);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    EVP_CipherInit_ex2(ctx, cipher, key, NULL, seal, NULL);
    EVP_CIPHER_free(cipher);
    return ctx;
}

static void count_up(uint8_t *iv)
{
    for (int i = 11; i >= 4 && ++iv[i] == 0; i--)
        ;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* ceiling_seal seals count frames of len bytes, which stand stride_in apart,
 * rounds times; it returns ns per frame. */
double ceiling_seal(uint8_t *out, const uint8_t *in, size_t len,
                    size_t stride_in, size_t stride_out, int count, int rounds)
{
    static const uint8_t key[16] = {1}, delta = 0;
    uint8_t iv[12] = {0}, tag[TAG];
    EVP_CIPHER_CTX *ctx = make(key, 1);
    OSSL_PARAM get[2] = {
        OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, tag, TAG),
        OSSL_PARAM_construct_end()};
    int n;
    double begin = now();
    for (int r = 0; r < rounds; r++)
        for (int i = 0; i < count; i++) {
            uint8_t *to = out + (size_t)i * stride_out;
            count_up(iv);
            to[0] = 1;
            memcpy(to + 1, iv, 12);
            EVP_EncryptInit_ex2(ctx, NULL, NULL, iv, NULL);
            EVP_EncryptUpdate(ctx, NULL, &n, &delta, 1);
            EVP_EncryptUpdate(ctx, to + HEAD, &n,
                              in + (size_t)i * stride_in, (int)len);
            EVP_EncryptFinal_ex(ctx, to + HEAD + len, &n);
            EVP_CIPHER_CTX_get_params(ctx, get);
            memcpy(to + HEAD + len, tag, TAG);
        }
    double took = now() - begin;
    EVP_CIPHER_CTX_free(ctx);
    return took / count / rounds;
}

/* ceiling_open opens count frames that ceiling_seal laid out in wire. */
double ceiling_open(uint8_t *out, uint8_t *wire, size_t len, size_t stride_in,
                    size_t stride_out, int count, int rounds)
{
    static const uint8_t key[16] = {1}, delta = 0;
    uint8_t tag[TAG], none[1];
    EVP_CIPHER_CTX *ctx = make(key, 0);
    OSSL_PARAM set[2] = {
        OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, tag, TAG),
        OSSL_PARAM_construct_end()};
    int n, good = 0;
    double begin = now();
    for (int r = 0; r < rounds; r++)
        for (int i = 0; i < count; i++) {
            const uint8_t *from = wire + (size_t)i * stride_in;
            memcpy(tag, from + HEAD + len, TAG);
            EVP_DecryptInit_ex2(ctx, NULL, NULL, from + 1, set);
            EVP_DecryptUpdate(ctx, NULL, &n, &delta, 1);
            EVP_DecryptUpdate(ctx, out + (size_t)i * stride_out, &n,
                              from + HEAD, (int)len);
            good += EVP_DecryptFinal_ex(ctx, none, &n) == 1;
        }
    double took = now() - begin;
    EVP_CIPHER_CTX_free(ctx);
    return good == count * rounds ? took / count / rounds : -1;
}
