/* opener.h - what an opener holds; its parts are opener.c and open.c. */
#ifndef FASTFRAME_OPENER_H
#define FASTFRAME_OPENER_H
#include "format.h"
#include "lock.h"
#include "slots.h"

struct ff_opener {
    ff_lock          lock; /* guards everything below */
    const ff_format *format;
    ff_slots         slots;
    uint8_t          salt[FF_NONCE_LEN];
    uint32_t         window; /* width of each replay window, 0: none */
    uint32_t         is_closed;
    ff_opener_facts  facts;
};

/* ff_opener_lock locks an opener that is not closed. */
ff_error ff_opener_lock(ff_opener *opener) FF_MUST_USE;
#endif
