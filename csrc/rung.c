/* rung.c - from key material to a keyed context, and one ratchet step on. */
#include "rung.h"

#include <string.h>

#include "mem.h"

ff_error ff_schedule_lens(uint32_t schedule, uint32_t suite,
                          size_t *out_least, size_t *out_most)
{
    const ff_schedule *it = ff_schedule_at(schedule);
    size_t key_len = ff_suite_key_len(suite);
    if (!it || key_len == 0)
        return FF_BAD_ARGUMENT;
    *out_least = it->max_len > 0 ? it->min_len : key_len;
    *out_most = it->max_len > 0 ? it->max_len : key_len;
    return FF_DONE;
}

ff_error ff_rung_check(const ff_format_facts *facts, const ff_key *key)
{
    size_t least, most;
    if (!key->key || ff_schedule_lens(key->schedule, key->suite, &least,
                                      &most) != FF_DONE)
        return FF_BAD_ARGUMENT;
    if (!(facts->suites >> key->suite & 1) ||
        !(facts->schedules >> key->schedule & 1) || key->key_len < least ||
        key->key_len > most || key->kdf_salt_len > FF_KDF_SALT_MAX ||
        (key->kdf_salt_len > 0 && !key->kdf_salt))
        return FF_BAD_ARGUMENT;
    return key->id > facts->key_id_max ? FF_BAD_KEY_ID : FF_DONE;
}

/* climb keys a context with what secret derives. */
static ff_error climb(ff_rung *out, ff_direction direction,
                      const ff_secret *secret, const uint8_t *salt)
{
    ff_derived derived;
    ff_aead *aead = NULL;
    ff_error error = secret->schedule->derive(&derived, secret);
    if (error == FF_DONE)
        error = ff_aead_new(&aead, direction, secret->suite, derived.key);
    if (error == FF_DONE) {
        memset(out->salt, 0, FF_NONCE_LEN);
        if (secret->schedule->makes_salt)
            memcpy(out->salt, derived.salt, FF_NONCE_LEN);
        else if (salt)
            memcpy(out->salt, salt, FF_NONCE_LEN);
        out->aead = aead;
        out->secret = *secret;
    }
    ff_wipe(&derived, sizeof derived);
    return error;
}

ff_error ff_rung_make(ff_rung *out, ff_direction direction, const ff_key *key)
{
    ff_secret secret = {.schedule = ff_schedule_at(key->schedule),
                        .key_id = key->id,
                        .suite = key->suite,
                        .len = (uint32_t)key->key_len,
                        .kdf_salt_len = key->kdf_salt_len};
    memcpy(secret.material, key->key, key->key_len);
    if (key->kdf_salt_len > 0)
        memcpy(secret.kdf_salt, key->kdf_salt, key->kdf_salt_len);
    ff_error error = climb(out, direction, &secret, key->salt);
    ff_wipe(&secret, sizeof secret);
    return error;
}

ff_error ff_rung_next(ff_rung *out, ff_direction direction,
                      const ff_rung *from, uint64_t steps)
{
    ff_secret secret = from->secret;
    ff_error error = secret.schedule->step ? FF_DONE : FF_NO_RATCHET;
    for (uint64_t i = 0; i < steps && error == FF_DONE; i++)
        error = secret.schedule->step(&secret);
    if (error == FF_DONE)
        error = climb(out, direction, &secret, from->salt);
    ff_wipe(&secret, sizeof secret);
    return error;
}

int ff_rung_is_same(const ff_rung *a, const ff_rung *b)
{
    const ff_secret *one = &a->secret, *two = &b->secret;
    return one->schedule == two->schedule && one->suite == two->suite &&
           one->step == two->step && one->len == two->len &&
           one->key_id == two->key_id &&
           ff_equal(one->material, two->material, one->len);
}

void ff_rung_free(ff_rung *rung)
{
    ff_aead_free(rung->aead);
    ff_wipe(rung, sizeof *rung);
}
