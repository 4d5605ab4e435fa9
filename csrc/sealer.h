/* sealer.h - what a sealer holds; its parts are sealer.c and seal.c. */
#ifndef FASTFRAME_SEALER_H
#define FASTFRAME_SEALER_H
#include "aead.h"
#include "format.h"
#include "lock.h"

struct ff_sealer {
    ff_lock          lock; /* guards everything below */
    const ff_format *format;
    uint32_t         era;  /* the process that may seal: see ff_fork_era */
    ff_aead         *aead; /* NULL once closed */
    uint8_t          salt[FF_NONCE_LEN];
    uint64_t         key_id;
    uint64_t         mark;
    uint64_t         next;        /* the next counter, if not exhausted */
    uint64_t         last;        /* the last one granted */
    uint64_t         blocks_left; /* of what the suite allows one key */
    uint32_t         is_exhausted;
    uint32_t         is_closed;
    uint64_t         turn;        /* the counters taken for the running call */
    uint64_t         turn_left;
    uint64_t         wanted;      /* frames and blocks of the running call */
    uint64_t         wanted_blocks;
    ff_sealer_facts  facts;
};

/* ff_sealer_lock locks a sealer that may seal: not closed, not forked. */
ff_error ff_sealer_lock(ff_sealer *sealer) FF_MUST_USE;

/* ff_sealer_want adds one frame of len bytes (with its aad) to what the running call needs;
 * ff_sealer_take then takes all counters in one step, before the first byte is
 * sealed. It gives FF_RESERVE_FIRST, and takes none, when they are not yet
 * granted; where the key itself has fewer left, the last frames get none. */
void ff_sealer_want(ff_sealer *sealer, uint32_t len);
ff_error ff_sealer_take(ff_sealer *sealer) FF_MUST_USE;
#endif
