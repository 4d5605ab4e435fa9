/* senders.h - one replay window per sender (IV prefix) under one key. */
#ifndef FASTFRAME_SENDERS_H
#define FASTFRAME_SENDERS_H
#include "window.h"

/* Many more than a call has tracks under one key, yet few enough that a peer
 * with random prefixes costs at most some 300 kB per key at the usual width
 * of 1024 counters. */
#define FF_SENDERS_MAX 1024

typedef struct {
    uint64_t  id;
    ff_window window;
    uint16_t  newer, older; /* neighbours by time of last accepted frame */
} ff_sender;

typedef struct {
    ff_sender *items;  /* count of capacity in use; NULL with width 0 */
    uint64_t  *rings;  /* capacity rings, one block */
    uint16_t  *index;  /* open addressing, twice capacity, item + 1 or 0 */
    uint32_t   count, capacity;
    uint32_t   width;
    uint16_t   newest, oldest;
} ff_senders;

/* ff_senders_init makes an empty table; width 0 means no replay check. */
ff_error ff_senders_init(ff_senders *senders, uint32_t width) FF_MUST_USE;
void ff_senders_free(ff_senders *senders);

/* ff_senders_find gives the sender that id names, NULL if it is not known yet.
 * It holds until the next ff_senders_accept. */
ff_sender *ff_senders_find(const ff_senders *senders, uint64_t id);

/* ff_senders_check says whether counter of a sender found may be accepted and
 * changes nothing; an unknown one is no fault. */
static inline ff_status ff_senders_check(const ff_sender *sender,
                                         uint64_t counter)
{
    return sender ? ff_window_check(&sender->window, counter) : FF_OK;
}

/* ff_senders_accept records an authenticated frame of what ff_senders_find
 * gave for id. A new sender takes the place of the one heard least recently
 * once the table is full. */
void ff_senders_accept(ff_senders *senders, ff_sender *sender, uint64_t id,
                       uint64_t counter);
#endif
