/* slots.c - the key slots of an opener, a sorted array of pointers. */
#include "slots.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"

/* position gives where key_id stands or belongs. */
static uint32_t position(const ff_slots *slots, uint64_t key_id)
{
    uint32_t low = 0, high = slots->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (slots->items[middle]->key_id < key_id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

ff_slot *ff_slots_find(const ff_slots *slots, uint64_t key_id)
{
    uint32_t at = position(slots, key_id);
    return at < slots->count && slots->items[at]->key_id == key_id
               ? slots->items[at]
               : NULL;
}

ff_slot *ff_slots_nth(const ff_slots *slots, uint32_t nth)
{
    /* Few slots, where a frame names no key: a search in each round will do. */
    ff_slot *found = NULL;
    for (uint64_t below = UINT64_MAX; nth < slots->count; nth--) {
        found = NULL;
        for (uint32_t i = 0; i < slots->count; i++) {
            ff_slot *slot = slots->items[i];
            if (slot->age < below && (!found || slot->age > found->age))
                found = slot;
        }
        if (nth == 0)
            return found;
        below = found->age;
    }
    return NULL;
}

static void free_slot(ff_slot *slot)
{
    ff_rung_free(&slot->now);
    ff_rung_free(&slot->before);
    for (uint32_t i = 0; i < slot->num_ahead; i++)
        ff_rung_free(&slot->ahead[i]);
    free(slot->ahead);
    ff_senders_free(&slot->senders);
    ff_wipe(slot, sizeof *slot);
    free(slot);
}

static ff_error make_slot(ff_slot **out, ff_rung *rung, const ff_key *key,
                          const ff_settings *settings)
{
    ff_slot *slot = calloc(1, sizeof *slot);
    if (!slot)
        return FF_LIB_MEMORY;
    ff_error error = ff_senders_init(&slot->senders, settings->window);
    if (error != FF_DONE) {
        free_slot(slot);
        return error;
    }
    slot->now = *rung;
    ff_wipe(rung, sizeof *rung);
    slot->key_id = slot->facts.key_id = key->id;
    slot->mark = key->mark;
    slot->tag_len = ff_rung_tag_len(&slot->now);
    slot->reads_twice = (uint32_t)ff_suite_reads_twice(key->suite);
    if (slot->now.secret.schedule->step)
        slot->max_ahead = settings->ratchet_window;
    *out = slot;
    return FF_DONE;
}

static ff_error make_room(ff_slots *slots)
{
    if (slots->count < slots->capacity)
        return FF_DONE;
    if (slots->count >= FF_SLOTS_MAX)
        return FF_BAD_ARGUMENT;
    uint32_t capacity = slots->capacity ? 2 * slots->capacity : 4;
    ff_slot **items = realloc(slots->items, capacity * sizeof *items);
    if (!items)
        return FF_LIB_MEMORY;
    slots->items = items;
    slots->capacity = capacity;
    return FF_DONE;
}

/* holds: is this the key that the slot was filled with? Once it has moved on
 * only its mark tells, by which callers know their keys; where there are no
 * windows to keep, the sender may as well have begun anew. */
static int holds(const ff_slot *slot, const ff_key *key, uint32_t window)
{
    if (!slot)
        return 0;
    const ff_secret *secret = &slot->now.secret;
    if (secret->suite != key->suite || secret->len == 0 ||
        secret->schedule != ff_schedule_at(key->schedule))
        return 0;
    if (key->salt && !secret->schedule->makes_salt &&
        !ff_equal(slot->now.salt, key->salt, FF_NONCE_LEN))
        return 0;
    if (secret->step > 0)
        return window > 0 && key->mark != 0 && key->mark == slot->mark;
    return secret->len == key->key_len &&
           ff_equal(secret->material, key->key, key->key_len) &&
           secret->kdf_salt_len == key->kdf_salt_len &&
           (key->kdf_salt_len == 0 ||
            ff_equal(secret->kdf_salt, key->kdf_salt, key->kdf_salt_len));
}

ff_error ff_slots_set(ff_slots *slots, ff_rung *rung, const ff_key *key,
                      const ff_settings *settings)
{
    ff_slot *slot = NULL;
    ff_slot *old = ff_slots_find(slots, key->id);
    if (holds(old, key, settings->window))
        return FF_DONE;
    ff_error error = old ? FF_DONE : make_room(slots);
    if (error == FF_DONE)
        error = make_slot(&slot, rung, key, settings);
    if (error != FF_DONE)
        return error;
    slot->age = ++slots->age;
    uint32_t at = position(slots, key->id);
    if (old) {
        free_slot(old);
    } else {
        memmove(slots->items + at + 1, slots->items + at,
                (slots->count - at) * sizeof *slots->items);
        slots->count += 1;
    }
    slots->items[at] = slot;
    return FF_DONE;
}

ff_error ff_slots_drop(ff_slots *slots, uint64_t key_id)
{
    uint32_t at = position(slots, key_id);
    if (at == slots->count || slots->items[at]->key_id != key_id)
        return FF_NO_SUCH_KEY;
    free_slot(slots->items[at]);
    slots->count -= 1;
    memmove(slots->items + at, slots->items + at + 1,
            (slots->count - at) * sizeof *slots->items);
    return FF_DONE;
}

void ff_slots_free(ff_slots *slots)
{
    for (uint32_t i = 0; i < slots->count; i++)
        free_slot(slots->items[i]);
    free(slots->items);
    memset(slots, 0, sizeof *slots);
}
