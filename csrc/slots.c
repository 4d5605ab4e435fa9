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

static void free_slot(ff_slot *slot)
{
    ff_aead_free(slot->aead);
    ff_senders_free(&slot->senders);
    ff_wipe(slot, sizeof *slot);
    free(slot);
}

static ff_error make_slot(ff_slot **out, uint32_t suite, const ff_key *key,
                          uint32_t window)
{
    ff_slot *slot = calloc(1, sizeof *slot);
    if (!slot)
        return FF_LIB_MEMORY;
    ff_error error = ff_aead_new(&slot->aead, FF_FOR_OPEN, suite, key->key);
    if (error == FF_DONE)
        error = ff_senders_init(&slot->senders, window);
    if (error != FF_DONE) {
        free_slot(slot);
        return error;
    }
    slot->key_id = slot->facts.key_id = key->id;
    slot->key_len = key->key_len;
    memcpy(slot->key, key->key, key->key_len);
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

static int holds(const ff_slot *slot, const ff_key *key)
{
    return slot && slot->key_len == key->key_len &&
           ff_equal(slot->key, key->key, key->key_len);
}

ff_error ff_slots_set(ff_slots *slots, uint32_t suite, const ff_key *key,
                      uint32_t window)
{
    ff_slot *slot = NULL;
    ff_slot *old = ff_slots_find(slots, key->id);
    if (holds(old, key))
        return FF_DONE;
    ff_error error = old ? FF_DONE : make_room(slots);
    if (error == FF_DONE)
        error = make_slot(&slot, suite, key, window);
    if (error != FF_DONE)
        return error;
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
