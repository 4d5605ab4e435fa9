/* dave.c - Discord's DAVE: the hash ratchet of MLS (RFC 9420, 9.1).
 *
 *     key of generation g    = DeriveTreeSecret(secret, "key", g, 16)
 *     secret of generation g+1 = DeriveTreeSecret(secret, "secret", g, 32)
 *
 * secret->step is the generation. The first secret is exported with 16 bytes,
 * though the hash has 32; those that follow have 32.
 */
#include "../nonce.h"
#include "secret.h"

#define BASE_LEN 16
#define KEY_LEN 16

/* The longest label; each is sent behind "MLS 1.0 " (RFC 9420, 8). */
static const char step_label[] = "MLS 1.0 secret";
static const char key_label[] = "MLS 1.0 key";

/* tree_secret is DeriveTreeSecret: HKDF-Expand with the information
 *
 *     bytes wanted 2 | label length 1 | label | context length 1 | generation 4
 */
static ff_error tree_secret(uint8_t *out, size_t len, const ff_secret *secret,
                            const char *label, size_t label_len)
{
    uint8_t info[2 + 1 + sizeof step_label - 1 + 1 + 4];
    uint8_t *at = info + 3 + label_len;
    if (secret->step > UINT32_MAX)
        return FF_BAD_ARGUMENT;
    info[0] = 0;
    info[1] = (uint8_t)len;
    info[2] = (uint8_t)label_len;
    memcpy(info + 3, label, label_len);
    at[0] = 4;
    ff_store32(at + 1, (uint32_t)secret->step);
    return ff_hkdf_expand(out, len, FF_SHA256, ff_secret_material(secret),
                          (ff_bytes){info, 3 + label_len + 5});
}

static ff_error derive(ff_derived *out, const ff_secret *secret)
{
    if (ff_suite_key_len(secret->suite) != KEY_LEN || secret->kdf_salt_len > 0)
        return FF_BAD_ARGUMENT;
    return tree_secret(out->key, KEY_LEN, secret, key_label,
                       sizeof key_label - 1);
}

static ff_error step(ff_secret *secret)
{
    uint8_t next[FF_STEP_LEN];
    ff_error error = tree_secret(next, FF_STEP_LEN, secret, step_label,
                                 sizeof step_label - 1);
    if (error == FF_DONE)
        ff_secret_advance(secret, next);
    return error;
}

const ff_schedule ff_schedule_dave = {
    .name = "dave",
    .min_len = BASE_LEN,
    .max_len = BASE_LEN,
    .derive = derive,
    .step = step,
};
