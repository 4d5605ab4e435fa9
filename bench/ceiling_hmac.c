/* ceiling_hmac.c - the fastest that EVP goes for AES-CTR with HMAC (RFC 9605).
 *
 * A C loop over the libcrypto that fastframe is linked with: cipher and MAC
 * contexts kept, nonce counted up, MAC over lengths, nonce, a header of two
 * bytes and the ciphertext, tag cut. No bounds, no status, no Python.
 */
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#define HEAD 2
#define NONCE 12

typedef struct {
    EVP_CIPHER_CTX *cipher;
    EVP_MAC_CTX    *mac;
    uint8_t         iv[16], lens[24];
    size_t          tag_len;
} loop;

static loop make(int bits, int tag_len, size_t len)
{
    static const uint8_t key[96] = {1};
    loop it = {.tag_len = (size_t)tag_len};
    char *digest = bits == 128 ? "SHA256" : "SHA512";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end()};
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(
        NULL, bits == 128 ? "AES-128-CTR" : "AES-256-CTR", NULL);
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    it.cipher = EVP_CIPHER_CTX_new();
    it.mac = EVP_MAC_CTX_new(mac);
    EVP_EncryptInit_ex2(it.cipher, cipher, key, it.iv, NULL);
    EVP_MAC_init(it.mac, key, bits == 128 ? 32 : 64, params);
    EVP_CIPHER_free(cipher);
    EVP_MAC_free(mac);
    it.lens[7] = HEAD;
    for (int i = 0; i < 8; i++)
        it.lens[8 + i] = (uint8_t)(len >> (56 - 8 * i));
    it.lens[23] = (uint8_t)tag_len;
    return it;
}

static void crypt(loop *it, uint8_t *to, const uint8_t *from, size_t len)
{
    int n;
    EVP_EncryptInit_ex2(it->cipher, NULL, NULL, it->iv, NULL);
    EVP_EncryptUpdate(it->cipher, to, &n, from, (int)len);
}

static void sign(loop *it, uint8_t tag[64], const uint8_t *head,
                 const uint8_t *body, size_t len)
{
    size_t n;
    EVP_MAC_init(it->mac, NULL, 0, NULL);
    EVP_MAC_update(it->mac, it->lens, sizeof it->lens);
    EVP_MAC_update(it->mac, it->iv, NONCE);
    EVP_MAC_update(it->mac, head, HEAD);
    EVP_MAC_update(it->mac, body, len);
    EVP_MAC_final(it->mac, tag, &n, 64);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* ceiling_hmac runs count frames of len bytes, stride apart, rounds times, as
 * the sender (seals) or the receiver of suite 128 or 256; ns per frame. */
double ceiling_hmac(uint8_t *out, const uint8_t *in, size_t len, size_t stride,
                    int bits, int tag_len, int seals, int count, int rounds)
{
    loop it = make(bits, tag_len, len);
    uint8_t tag[64];
    volatile int differs = 0;
    double begin = now();
    for (int r = 0; r < rounds; r++)
        for (int i = 0; i < count; i++) {
            const uint8_t *from = in + (size_t)i * stride;
            uint8_t *to = out + (size_t)i * stride;
            it.iv[11]++;
            if (seals) {
                crypt(&it, to + HEAD, from, len);
                sign(&it, tag, to, to + HEAD, len);
                memcpy(to + HEAD + len, tag, it.tag_len);
            } else {
                sign(&it, tag, from, from + HEAD, len);
                differs += memcmp(tag, from + HEAD + len, it.tag_len) != 0;
                crypt(&it, to, from + HEAD, len);
            }
        }
    double took = now() - begin;
    EVP_CIPHER_CTX_free(it.cipher);
    EVP_MAC_CTX_free(it.mac);
    return took / count / rounds;
}
