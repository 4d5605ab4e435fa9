/* ctrhmac.c - AES-CTR with HMAC (RFC 9605, 4.5.1), on OpenSSL's EVP.
 *
 *     key = AES key || HMAC key
 *     MAC of: aad length 8 | body length 8 | tag length 8 | nonce | aad | body
 *
 * The key schedules of both are computed once and restarted for each frame.
 */
#include "ctrhmac.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "nonce.h"

#define BLOCK_LEN 16
#define MAC_MAX 64
#define AES_256_KEY_LEN 96 /* with the HMAC key; else the suite is AES-128's */

/* Where the fields of the MAC's head stand. */
enum { AAD_LEN_AT = 0, BODY_LEN_AT = 8, TAG_LEN_AT = 16, NONCE_AT = 24 };
#define HEAD_LEN (NONCE_AT + FF_NONCE_LEN)
#define SHORT_AAD 64 /* bytes that are taken in with the head */

struct ff_ctrhmac {
    EVP_CIPHER_CTX *cipher;
    EVP_MAC_CTX    *mac;
    const uint8_t  *rekey; /* mac_key, or NULL: mac restarts without */
    size_t          rekey_len;
    size_t          tag_len;
    uint8_t         head[HEAD_LEN + SHORT_AAD];
    uint8_t         want[MAC_MAX]; /* the frame's MAC, uncut */
    uint8_t         mac_key[MAC_MAX];
};

static int restart_mac(ff_ctrhmac *pair)
{
    return EVP_MAC_init(pair->mac, pair->rekey, pair->rekey_len, NULL);
}

static int finish_mac(ff_ctrhmac *pair)
{
    size_t len;
    return EVP_MAC_final(pair->mac, pair->want, &len, MAC_MAX);
}

static int make_cipher(ff_ctrhmac *pair, const char *name, const uint8_t *key)
{
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, name, NULL);
    pair->cipher = EVP_CIPHER_CTX_new();
    int is_good = cipher && pair->cipher &&
                  EVP_EncryptInit_ex2(pair->cipher, cipher, key, NULL, NULL);
    EVP_CIPHER_free(cipher); /* the context holds its own reference */
    return is_good;
}

static int make_mac(ff_ctrhmac *pair, const char *digest, size_t key_len)
{
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
                                         (char *)digest, 0),
        OSSL_PARAM_construct_end()};
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    pair->mac = mac ? EVP_MAC_CTX_new(mac) : NULL;
    EVP_MAC_free(mac);
    return pair->mac &&
           EVP_MAC_init(pair->mac, pair->mac_key, key_len, params);
}

/* restarts_alone finds out whether the MAC restarts without its key. OpenSSL
 * 3.0.0 to 3.0.2 say yes and do nothing, so each later MAC would be wrong
 * (openssl issue 17811); they get the key again, frame by frame. */
static int restarts_alone(ff_ctrhmac *pair)
{
    static const uint8_t probe[1] = {0};
    uint8_t first[MAC_MAX];
    if (!EVP_MAC_update(pair->mac, probe, sizeof probe) || !finish_mac(pair))
        return 0;
    memcpy(first, pair->want, MAC_MAX);
    return restart_mac(pair) &&
           EVP_MAC_update(pair->mac, probe, sizeof probe) &&
           finish_mac(pair) && ff_equal(first, pair->want, MAC_MAX);
}

ff_error ff_ctrhmac_new(ff_ctrhmac **out, const uint8_t *key, size_t key_len,
                        size_t tag_len)
{
    int is_256 = key_len == AES_256_KEY_LEN;
    size_t aes_len = is_256 ? 32 : 16, mac_len = key_len - aes_len;
    *out = NULL;
    ff_ctrhmac *pair = calloc(1, sizeof *pair);
    if (!pair)
        return FF_LIB_MEMORY;
    memcpy(pair->mac_key, key + aes_len, mac_len);
    if (!make_cipher(pair, is_256 ? "AES-256-CTR" : "AES-128-CTR", key) ||
        !make_mac(pair, is_256 ? "SHA2-512" : "SHA2-256", mac_len)) {
        ff_ctrhmac_free(pair);
        return FF_LIB_CRYPTO;
    }
    if (restarts_alone(pair)) {
        ff_wipe(pair->mac_key, MAC_MAX);
    } else {
        pair->rekey = pair->mac_key;
        pair->rekey_len = mac_len;
    }
    pair->tag_len = tag_len;
    ff_store64(pair->head + TAG_LEN_AT, tag_len);
    *out = pair;
    return FF_DONE;
}

void ff_ctrhmac_free(ff_ctrhmac *pair)
{
    if (!pair)
        return;
    EVP_CIPHER_CTX_free(pair->cipher); /* both cleanse what they hold */
    EVP_MAC_CTX_free(pair->mac);
    ff_wipe(pair, sizeof *pair);
    free(pair);
}

/* start_mac takes in all that stands in front of the body. */
static int start_mac(ff_ctrhmac *pair, const uint8_t *nonce,
                     const ff_bytes *aad, size_t num_aad, const ff_part *body,
                     size_t num_body)
{
    uint64_t aad_len = 0, body_len = 0;
    for (size_t i = 0; i < num_aad; i++)
        aad_len += aad[i].len;
    for (size_t i = 0; i < num_body; i++)
        body_len += body[i].len;
    ff_store64(pair->head + AAD_LEN_AT, aad_len);
    ff_store64(pair->head + BODY_LEN_AT, body_len);
    memcpy(pair->head + NONCE_AT, nonce, FF_NONCE_LEN);
    size_t len = HEAD_LEN, i = 0;
    /* SFrame's header is a few bytes: one call instead of two. */
    for (; i < num_aad && aad[i].len <= sizeof pair->head - len; i++) {
        if (aad[i].len > 0)
            memcpy(pair->head + len, aad[i].at, aad[i].len);
        len += aad[i].len;
    }
    if (!restart_mac(pair) || !EVP_MAC_update(pair->mac, pair->head, len))
        return 0;
    for (; i < num_aad; i++)
        if (aad[i].len > 0 &&
            !EVP_MAC_update(pair->mac, aad[i].at, aad[i].len))
            return 0;
    return 1;
}

/* start_cipher sets the counter block: the nonce and a block number of 32 bits,
 * which a frame of at most FF_FRAME_MAX bytes cannot wrap. */
static int start_cipher(ff_ctrhmac *pair, const uint8_t *nonce)
{
    uint8_t block[BLOCK_LEN] = {0};
    memcpy(block, nonce, FF_NONCE_LEN);
    return EVP_EncryptInit_ex2(pair->cipher, NULL, NULL, block, NULL);
}

static int apply_cipher(ff_ctrhmac *pair, uint8_t *out, const uint8_t *in,
                        size_t len)
{
    int written;
    return len == 0 ||
           EVP_EncryptUpdate(pair->cipher, out, &written, in, (int)len);
}

ff_status ff_ctrhmac_seal(ff_ctrhmac *pair, const uint8_t nonce[FF_NONCE_LEN],
                          const ff_bytes *aad, size_t num_aad,
                          const ff_part *body, size_t num_body, uint8_t *tag)
{
    if (!start_cipher(pair, nonce) ||
        !start_mac(pair, nonce, aad, num_aad, body, num_body))
        return FF_INTERNAL;
    for (size_t i = 0; i < num_body; i++)
        if (!apply_cipher(pair, body[i].out, body[i].in, body[i].len) ||
            !EVP_MAC_update(pair->mac, body[i].out, body[i].len))
            return FF_INTERNAL;
    if (!finish_mac(pair))
        return FF_INTERNAL;
    memcpy(tag, pair->want, pair->tag_len);
    return FF_OK;
}

/* Nothing is decrypted before the tag was found good, so a forged frame costs
 * half the work and writes nothing. */
ff_status ff_ctrhmac_open(ff_ctrhmac *pair, const uint8_t nonce[FF_NONCE_LEN],
                          const ff_bytes *aad, size_t num_aad,
                          const ff_part *body, size_t num_body,
                          const uint8_t *tag)
{
    if (!start_mac(pair, nonce, aad, num_aad, body, num_body))
        return FF_INTERNAL;
    for (size_t i = 0; i < num_body; i++)
        if (!EVP_MAC_update(pair->mac, body[i].in, body[i].len))
            return FF_INTERNAL;
    if (!finish_mac(pair))
        return FF_INTERNAL;
    if (!ff_equal(pair->want, tag, pair->tag_len)) {
        ff_wipe(pair->want, MAC_MAX); /* it would make the forgery good */
        return FF_AUTH_FAILED;
    }
    if (!start_cipher(pair, nonce))
        return FF_INTERNAL;
    for (size_t i = 0; i < num_body; i++)
        if (!apply_cipher(pair, body[i].out, body[i].in, body[i].len))
            return FF_INTERNAL;
    return FF_OK;
}

ff_status ff_ctrhmac_undo(ff_ctrhmac *pair, const uint8_t nonce[FF_NONCE_LEN],
                          const ff_part *body, size_t num_body)
{
    if (!start_cipher(pair, nonce))
        return FF_INTERNAL;
    for (size_t i = 0; i < num_body; i++)
        if (!apply_cipher(pair, body[i].out, body[i].out, body[i].len))
            return FF_INTERNAL;
    return FF_OK;
}
