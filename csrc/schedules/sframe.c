/* sframe.c - key and salt from a base key (RFC 9605, 4.4.2).
 *
 *     secret = Extract(empty salt, base key)
 *     key    = Expand(secret, "SFrame 1.0 Secret key "  || KID 8 || suite 2)
 *     salt   = Expand(secret, "SFrame 1.0 Secret salt " || KID 8 || suite 2)
 *
 * No step: the ratchet of 5.1 changes the KID too, so the key's owner does it.
 */
#include "../nonce.h"
#include "secret.h"

/* Both end in a space, which belongs to them. */
static const char key_label[] = "SFrame 1.0 Secret key ";
static const char salt_label[] = "SFrame 1.0 Secret salt ";

/* Numbers of IANA's registry "SFrame Cipher Suites"; 0 is none of them. */
static const uint8_t numbers[FF_NUM_SUITES] = {
    [FF_AES_128_HMAC_80] = 1,
    [FF_AES_128_HMAC_64] = 2,
    [FF_AES_128_HMAC_32] = 3,
    [FF_AES_128_GCM] = 4,
    [FF_AES_256_GCM] = 5,
    [FF_AES_256_HMAC_80] = 6,
    [FF_AES_256_HMAC_64] = 7,
    [FF_AES_256_HMAC_32] = 8,
};
#define FIRST_WITH_SHA512 5

/* stage: what both expansions start from. */
typedef struct {
    ff_hash  hash;
    uint8_t  number;
    uint64_t key_id;
    uint8_t  secret[FF_HASH_MAX];
} stage;

static ff_error expand(uint8_t *out, size_t len, const stage *from,
                       const char *label, size_t label_len)
{
    uint8_t info[sizeof salt_label - 1 + 8 + 2];
    memcpy(info, label, label_len);
    ff_store64(info + label_len, from->key_id);
    info[label_len + 8] = 0;
    info[label_len + 9] = from->number;
    return ff_hkdf_expand(out, len, from->hash,
                          (ff_bytes){from->secret, ff_hash_len(from->hash)},
                          (ff_bytes){info, label_len + 8 + 2});
}

static ff_error derive(ff_derived *out, const ff_secret *secret)
{
    stage from = {.key_id = secret->key_id};
    if (secret->suite < FF_NUM_SUITES)
        from.number = numbers[secret->suite];
    if (from.number == 0 || secret->kdf_salt_len > 0)
        return FF_BAD_ARGUMENT;
    from.hash = from.number < FIRST_WITH_SHA512 ? FF_SHA256 : FF_SHA512;
    ff_error error = ff_hkdf_extract(from.secret, from.hash,
                                     (ff_bytes){NULL, 0},
                                     ff_secret_material(secret));
    if (error == FF_DONE)
        error = expand(out->key, ff_suite_key_len(secret->suite), &from,
                       key_label, sizeof key_label - 1);
    if (error == FF_DONE)
        error = expand(out->salt, FF_NONCE_LEN, &from, salt_label,
                       sizeof salt_label - 1);
    ff_wipe(&from, sizeof from);
    return error;
}

const ff_schedule ff_schedule_sframe = {
    .name = "sframe",
    .min_len = 1,
    .max_len = FF_SECRET_MAX,
    .makes_salt = 1,
    .derive = derive,
};
