/* raw.c - the material is the key. */
#include "secret.h"

static ff_error derive(ff_derived *out, const ff_secret *secret)
{
    size_t len = ff_suite_key_len(secret->suite);
    if (secret->len != len || secret->kdf_salt_len > 0)
        return FF_BAD_ARGUMENT;
    memcpy(out->key, secret->material, len);
    return FF_DONE;
}

const ff_schedule ff_schedule_raw = {.name = "raw", .derive = derive};
