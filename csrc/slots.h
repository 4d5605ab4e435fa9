/* slots.h - the key slots of an opener: key id -> key, windows, counts. */
#ifndef FASTFRAME_SLOTS_H
#define FASTFRAME_SLOTS_H
#include "aead.h"
#include "senders.h"

typedef struct {
    uint64_t      key_id;
    ff_aead      *aead;
    ff_senders    senders;
    uint8_t       key[FF_KEY_MAX]; /* to know the same key when it comes again */
    size_t        key_len;
    ff_slot_facts facts;
} ff_slot;

typedef struct {
    ff_slot **items; /* count of capacity in use, by ascending key id */
    uint32_t  count, capacity;
} ff_slots;

/* ff_slots_find gives the slot of key_id, or NULL. */
ff_slot *ff_slots_find(const ff_slots *slots, uint64_t key_id);

/* ff_slots_set fills a slot; the key it already holds keeps its windows. */
ff_error ff_slots_set(ff_slots *slots, uint32_t suite, const ff_key *key,
                      uint32_t window) FF_MUST_USE;

/* ff_slots_drop wipes a slot: FF_NO_SUCH_KEY if there is none. */
ff_error ff_slots_drop(ff_slots *slots, uint64_t key_id) FF_MUST_USE;
void ff_slots_free(ff_slots *slots);
#endif
