/* schedule.h - how a caller's key material becomes the key and salt in use.
 *
 * A schedule knows one peer's derivation and nothing of frames. It calls kdf.h
 * and allocates nothing.
 */
#ifndef FASTFRAME_SCHEDULE_H
#define FASTFRAME_SCHEDULE_H
#include "kdf.h"

#define FF_SECRET_MAX 256   /* bytes of material */
#define FF_KDF_SALT_MAX 256 /* bytes of salt that a caller may choose */

typedef struct ff_schedule ff_schedule;

/* ff_secret: a copy of key material and of what its derivation takes. Wipe it
 * after use. */
typedef struct {
    const ff_schedule *schedule;
    uint64_t           key_id;
    uint64_t           step;  /* how often it was stepped */
    uint32_t           suite;
    uint32_t           len;
    uint32_t           kdf_salt_len; /* 0: the schedule's own */
    uint8_t            material[FF_SECRET_MAX];
    uint8_t            kdf_salt[FF_KDF_SALT_MAX];
} ff_secret;

/* ff_derived: what the cipher gets. Wipe it after use. */
typedef struct {
    uint8_t key[FF_KEY_MAX];     /* ff_suite_key_len bytes */
    uint8_t salt[FF_NONCE_LEN];  /* only if schedule->makes_salt */
} ff_derived;

struct ff_schedule {
    const char *name;       /* what Python calls it */
    uint32_t    min_len;    /* bytes of material; 0: the suite's key length */
    uint32_t    max_len;
    uint32_t    makes_salt;
    uint32_t    is_slow;    /* one derivation takes milliseconds */

    ff_error (*derive)(ff_derived *out, const ff_secret *secret);

    /* step ratchets the material forward; NULL: it has no ratchet. */
    ff_error (*step)(ff_secret *secret);
};

/* ff_schedule_at gives a registered schedule by number, NULL past the end. */
const ff_schedule *ff_schedule_at(uint32_t schedule);
#endif
