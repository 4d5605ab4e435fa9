/* rung.h - one key in use: its secret, the cipher context and the salt. */
#ifndef FASTFRAME_RUNG_H
#define FASTFRAME_RUNG_H
#include "schedule.h"

/* A ratchet is a ladder that only goes up; this is one rung of it. */
typedef struct {
    ff_aead  *aead; /* NULL: empty */
    uint8_t   salt[FF_NONCE_LEN];
    ff_secret secret;
} ff_rung;

/* ff_rung_check judges a caller's key: FF_DONE or FF_BAD_ARGUMENT. */
ff_error ff_rung_check(const ff_format_facts *facts,
                       const ff_key *key) FF_MUST_USE;

/* ff_rung_make derives the key and keys a context; *out is left alone unless
 * it gives FF_DONE. */
ff_error ff_rung_make(ff_rung *out, ff_direction direction,
                      const ff_key *key) FF_MUST_USE;

/* ff_rung_next makes the rung that is steps above from. */
ff_error ff_rung_next(ff_rung *out, ff_direction direction,
                      const ff_rung *from, uint64_t steps) FF_MUST_USE;

/* ff_rung_is_same: were both made of the same key, at the same step? */
int ff_rung_is_same(const ff_rung *a, const ff_rung *b);

/* ff_rung_free wipes a rung and leaves it empty. */
void ff_rung_free(ff_rung *rung);

static inline uint32_t ff_rung_tag_len(const ff_rung *rung)
{
    return (uint32_t)ff_suite_tag_len(rung->secret.suite);
}
#endif
