/* slots.h - the key slots of an opener: key id -> key, windows, counts. */
#ifndef FASTFRAME_SLOTS_H
#define FASTFRAME_SLOTS_H
#include "rung.h"
#include "senders.h"

#define FF_AHEAD_MAX 64

/* ff_slot: one key. Where its sender may ratchet, ahead holds rungs that were
 * derived but not yet seen in use, in order; before the one used last. */
typedef struct ff_slot {
    uint64_t      key_id;
    uint64_t      mark;  /* of the key as it came */
    uint64_t      age;   /* counts up: which slot was filled last */
    uint32_t      tag_len, reads_twice; /* by its suite */
    ff_rung       now, before;
    ff_rung      *ahead; /* NULL until one is needed */
    uint32_t      num_ahead, max_ahead;
    ff_senders    senders;
    ff_slot_facts facts;
} ff_slot;

typedef struct {
    ff_slot **items; /* count of capacity in use, by ascending key id */
    uint32_t  count, capacity;
    uint64_t  age;
} ff_slots;

/* ff_slots_find gives the slot of key_id, or NULL. */
ff_slot *ff_slots_find(const ff_slots *slots, uint64_t key_id);

/* ff_slots_nth gives the slot that was filled nth before the last, or NULL. */
ff_slot *ff_slots_nth(const ff_slots *slots, uint32_t nth);

/* ff_slots_set fills a slot with a key whose rung is made. The rung moves into
 * it, or stays where it is if the slot already holds this key (which then keeps
 * its windows) and when the call fails. */
ff_error ff_slots_set(ff_slots *slots, ff_rung *rung, const ff_key *key,
                      const ff_settings *settings) FF_MUST_USE;

/* ff_slots_drop wipes a slot: FF_NO_SUCH_KEY if there is none. */
ff_error ff_slots_drop(ff_slots *slots, uint64_t key_id) FF_MUST_USE;
void ff_slots_free(ff_slots *slots);

/* ff_slot_rung gives the rung for the nth try of a frame, deriving it if *left
 * allows (which then goes down); NULL: there is none to try. */
ff_rung *ff_slot_rung(ff_slot *slot, uint32_t nth, uint32_t *left);

/* ff_slot_rung_at gives the rung of a step that a frame names. *is_past: the
 * step has gone by and its key is wiped. */
ff_rung *ff_slot_rung_at(ff_slot *slot, uint64_t step, uint32_t *left,
                         int *is_past);

/* ff_slot_commit puts a rung in use that has opened a frame. */
void ff_slot_commit(ff_slot *slot, const ff_rung *rung);
#endif
