/* secret.h - what the schedules here share: reading and replacing material. */
#ifndef FASTFRAME_SCHEDULES_SECRET_H
#define FASTFRAME_SCHEDULES_SECRET_H
#include <string.h>

#include "../mem.h"
#include "../schedule.h"

#define FF_STEP_LEN 32 /* every ratchet here gives 32 bytes */

static inline ff_bytes ff_secret_material(const ff_secret *secret)
{
    return (ff_bytes){secret->material, secret->len};
}

/* ff_secret_advance puts the next material in place of the last and wipes
 * both next and what was longer: a ratchet that leaves the last material lying
 * about has no forward secrecy. */
static inline void ff_secret_advance(ff_secret *secret,
                                     uint8_t next[FF_STEP_LEN])
{
    ff_wipe(secret->material, FF_SECRET_MAX);
    memcpy(secret->material, next, FF_STEP_LEN);
    ff_wipe(next, FF_STEP_LEN);
    secret->len = FF_STEP_LEN;
    secret->step += 1;
}
#endif
