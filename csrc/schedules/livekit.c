/* livekit.c - LiveKit's two derivations and their ratchets.
 *
 *     passphrase: PBKDF2-HMAC-SHA256(text, salt, 100000 rounds)
 *     binary key: HKDF-SHA256(key, salt, info = 128 zero bytes)
 *
 * A step is the same derivation once more, 32 bytes of it. So the key in use
 * is the front of the next material (all of it, if the key has 32 bytes): who
 * learns one key reads on for ever. That is the peers' design, and theirs to
 * mend; a new key heals it.
 */
#include "secret.h"

#define ROUNDS 100000
#define INFO_LEN 128

static const uint8_t zeros[INFO_LEN];
static const char own_salt[] = "LKFrameEncryptionKey";

static ff_bytes salt_of(const ff_secret *secret)
{
    if (secret->kdf_salt_len > 0)
        return (ff_bytes){secret->kdf_salt, secret->kdf_salt_len};
    return (ff_bytes){(const uint8_t *)own_salt, sizeof own_salt - 1};
}

/* kdf: one of the two, from secret to len bytes. */
typedef ff_error kdf(uint8_t *out, size_t len, const ff_secret *secret);

static ff_error from_text(uint8_t *out, size_t len, const ff_secret *secret)
{
    return ff_pbkdf2(out, len, ff_secret_material(secret), salt_of(secret),
                     ROUNDS);
}

static ff_error from_bytes(uint8_t *out, size_t len, const ff_secret *secret)
{
    return ff_hkdf(out, len, FF_SHA256, ff_secret_material(secret),
                   salt_of(secret), (ff_bytes){zeros, INFO_LEN});
}

static ff_error step(ff_secret *secret, kdf *by)
{
    uint8_t next[FF_STEP_LEN];
    ff_error error = by(next, FF_STEP_LEN, secret);
    if (error == FF_DONE)
        ff_secret_advance(secret, next);
    return error;
}

static ff_error derive_from_text(ff_derived *out, const ff_secret *secret)
{
    return from_text(out->key, ff_suite_key_len(secret->suite), secret);
}

static ff_error step_text(ff_secret *secret)
{
    return step(secret, from_text);
}

static ff_error derive_from_bytes(ff_derived *out, const ff_secret *secret)
{
    return from_bytes(out->key, ff_suite_key_len(secret->suite), secret);
}

static ff_error step_bytes(ff_secret *secret)
{
    return step(secret, from_bytes);
}

const ff_schedule ff_schedule_livekit_pbkdf2 = {
    .name = "pbkdf2",
    .min_len = 1,
    .max_len = FF_SECRET_MAX,
    .is_slow = 1,
    .derive = derive_from_text,
    .step = step_text,
};

const ff_schedule ff_schedule_livekit_hkdf = {
    .name = "hkdf",
    .min_len = 1,
    .max_len = FF_SECRET_MAX,
    .derive = derive_from_bytes,
    .step = step_bytes,
};
