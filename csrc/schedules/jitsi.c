/* jitsi.c - Jitsi's derivation and ratchet: HKDF-SHA256, info empty.
 *
 * Unlike LiveKit's, key and next material come from two salts, so a key in use
 * tells nothing of what follows.
 */
#include "secret.h"

static const char key_salt[] = "JFrameEncryptionKey";
static const char step_salt[] = "JFrameRatchetKey";

static ff_error run(uint8_t *out, size_t len, const ff_secret *secret,
                    const char *salt, size_t salt_len)
{
    return ff_hkdf(out, len, FF_SHA256, ff_secret_material(secret),
                   (ff_bytes){(const uint8_t *)salt, salt_len},
                   (ff_bytes){NULL, 0});
}

static ff_error derive(ff_derived *out, const ff_secret *secret)
{
    if (secret->kdf_salt_len > 0)
        return FF_BAD_ARGUMENT;
    return run(out->key, ff_suite_key_len(secret->suite), secret, key_salt,
               sizeof key_salt - 1);
}

static ff_error step(ff_secret *secret)
{
    uint8_t next[FF_STEP_LEN];
    ff_error error = run(next, FF_STEP_LEN, secret, step_salt,
                         sizeof step_salt - 1);
    if (error == FF_DONE)
        ff_secret_advance(secret, next);
    return error;
}

const ff_schedule ff_schedule_jitsi = {
    .name = "jitsi",
    .min_len = 1,
    .max_len = FF_SECRET_MAX,
    .derive = derive,
    .step = step,
};
