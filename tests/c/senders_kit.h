/* senders_kit.h - asking and telling a table of senders by id alone. */
#ifndef FASTFRAME_SENDERS_KIT_H
#define FASTFRAME_SENDERS_KIT_H
#include "senders.h"

static inline ff_status kit_ask(const ff_senders *senders, uint64_t id,
                                uint64_t counter)
{
    return ff_senders_check(ff_senders_find(senders, id), counter);
}

static inline void kit_accept(ff_senders *senders, uint64_t id,
                              uint64_t counter)
{
    ff_senders_accept(senders, ff_senders_find(senders, id), id, counter);
}
#endif
