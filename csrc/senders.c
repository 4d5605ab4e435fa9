/* senders.c - one replay window per sender (IV prefix) under one key.
 *
 * A bounded hash table with a list by age. Only authenticated frames change
 * it, so a stranger can neither fill it nor push anyone out.
 */
#include "senders.h"

#include <stdlib.h>
#include <string.h>

#define CAPACITY_FIRST 8
#define NONE UINT16_MAX

static uint32_t slot_of(const ff_senders *senders, uint64_t id)
{
    /* Fibonacci hashing: the high bits of id times 2^64 / golden ratio. */
    uint64_t mixed = id * UINT64_C(0x9e3779b97f4a7c15);
    return (uint32_t)(mixed >> 32) & (2 * senders->capacity - 1);
}

static uint32_t next_slot(const ff_senders *senders, uint32_t slot)
{
    return (slot + 1) & (2 * senders->capacity - 1);
}

/* find gives the index slot that names id, or the free one where it belongs.
 * The index is at most half full, so there is always a free one. */
static uint32_t find(const ff_senders *senders, uint64_t id)
{
    uint32_t slot = slot_of(senders, id);
    while (senders->index[slot] != 0 &&
           senders->items[senders->index[slot] - 1].id != id)
        slot = next_slot(senders, slot);
    return slot;
}

/* forget frees an index slot and moves later ones of the same run back, so
 * that no search stops too early. */
static void forget(ff_senders *senders, uint32_t hole)
{
    uint32_t slot = hole;
    for (;;) {
        senders->index[hole] = 0;
        uint32_t home;
        do {
            slot = next_slot(senders, slot);
            if (senders->index[slot] == 0)
                return;
            home = slot_of(senders, senders->items[senders->index[slot] - 1].id);
            /* stay while home lies cyclically in (hole, slot] */
        } while (hole <= slot ? hole < home && home <= slot
                              : hole < home || home <= slot);
        senders->index[hole] = senders->index[slot];
        hole = slot;
    }
}

static void unlink_item(ff_senders *senders, uint16_t item)
{
    ff_sender *it = &senders->items[item];
    if (it->newer == NONE)
        senders->newest = it->older;
    else
        senders->items[it->newer].older = it->older;
    if (it->older == NONE)
        senders->oldest = it->newer;
    else
        senders->items[it->older].newer = it->newer;
}

static void link_newest(ff_senders *senders, uint16_t item)
{
    ff_sender *it = &senders->items[item];
    it->newer = NONE;
    it->older = senders->newest;
    if (senders->newest == NONE)
        senders->oldest = item;
    else
        senders->items[senders->newest].newer = item;
    senders->newest = item;
}

/* rebuild points windows at their rings and the index at the items again,
 * after both have moved. */
static void rebuild(ff_senders *senders)
{
    size_t words = ff_window_words(senders->width);
    for (uint32_t i = 0; i < senders->count; i++) {
        senders->items[i].window.ring = senders->rings + i * words;
        senders->index[find(senders, senders->items[i].id)] = (uint16_t)(i + 1);
    }
}

static int grow(ff_senders *senders, uint32_t capacity)
{
    size_t words = ff_window_words(senders->width);
    ff_sender *items = malloc(capacity * sizeof *items);
    uint64_t *rings = malloc(capacity * words * sizeof *rings);
    uint16_t *index = calloc(2 * (size_t)capacity, sizeof *index);
    if (!items || !rings || !index) {
        free(items);
        free(rings);
        free(index);
        return 0;
    }
    if (senders->count > 0) {
        memcpy(items, senders->items, senders->count * sizeof *items);
        memcpy(rings, senders->rings, senders->count * words * sizeof *rings);
    }
    free(senders->items);
    free(senders->rings);
    free(senders->index);
    senders->items = items;
    senders->rings = rings;
    senders->index = index;
    senders->capacity = capacity;
    rebuild(senders);
    return 1;
}

ff_error ff_senders_init(ff_senders *senders, uint32_t width)
{
    memset(senders, 0, sizeof *senders);
    senders->width = width;
    senders->newest = senders->oldest = NONE;
    /* The first few are made here: accepting a frame must never fail. */
    return width == 0 || grow(senders, CAPACITY_FIRST) ? FF_DONE
                                                       : FF_LIB_MEMORY;
}

void ff_senders_free(ff_senders *senders)
{
    free(senders->items);
    free(senders->rings);
    free(senders->index);
    memset(senders, 0, sizeof *senders);
}

ff_sender *ff_senders_find(const ff_senders *senders, uint64_t id)
{
    if (senders->count == 0)
        return NULL;
    /* Frames come in runs of one sender: the last is the likeliest. */
    if (senders->items[senders->newest].id == id)
        return &senders->items[senders->newest];
    uint16_t item = senders->index[find(senders, id)];
    return item == 0 ? NULL : &senders->items[item - 1];
}

/* place gives the item for a new sender: a fresh one while there is room or
 * memory, else the one heard least recently. */
static uint16_t place(ff_senders *senders)
{
    if (senders->count == senders->capacity &&
        senders->capacity < FF_SENDERS_MAX)
        grow(senders, 2 * senders->capacity); /* without memory: evict */
    if (senders->count < senders->capacity)
        return (uint16_t)senders->count++;
    uint16_t item = senders->oldest;
    forget(senders, find(senders, senders->items[item].id));
    unlink_item(senders, item);
    return item;
}

static ff_sender *admit(ff_senders *senders, uint64_t id)
{
    size_t words = ff_window_words(senders->width);
    uint16_t item = place(senders);
    ff_sender *it = &senders->items[item];
    it->id = id;
    ff_window_init(&it->window, senders->rings + item * words, senders->width);
    senders->index[find(senders, id)] = (uint16_t)(item + 1);
    link_newest(senders, item);
    return it;
}

static void renew(ff_senders *senders, const ff_sender *sender)
{
    uint16_t item = (uint16_t)(sender - senders->items);
    unlink_item(senders, item);
    link_newest(senders, item);
}

void ff_senders_accept(ff_senders *senders, ff_sender *sender, uint64_t id,
                       uint64_t counter)
{
    if (senders->width == 0)
        return;
    if (!sender)
        sender = admit(senders, id);
    else if (sender != &senders->items[senders->newest])
        renew(senders, sender);
    ff_window_accept(&sender->window, counter);
}
