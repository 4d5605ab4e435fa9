/* ratchet.c - finding the rung that opens a frame: peek, verify, then commit.
 *
 * A sender moves its key forward without a word; the receiver finds out by
 * trying. Rungs ahead are derived once and kept, so that a peer who sends
 * rubbish costs tag checks, but never the same derivation twice; how many new
 * ones are made is the caller's to allow (by the clock, which is not ours).
 */
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "slots.h"

/* make_room allocates what rungs this slot may ever have ahead. */
static int make_room(ff_slot *slot)
{
    uint32_t most = slot->max_ahead < FF_AHEAD_MAX ? slot->max_ahead
                                                   : FF_AHEAD_MAX;
    if (!slot->ahead && most > 0)
        slot->ahead = calloc(most, sizeof *slot->ahead);
    return slot->ahead && slot->num_ahead < most;
}

/* grow derives one more rung, steps above the last one known. The next one is
 * always to be had: no rubbish may use up what an honest sender needs. */
static ff_rung *grow(ff_slot *slot, uint64_t steps, uint32_t *left)
{
    int is_next = slot->num_ahead == 0 && steps == 1;
    if ((!is_next && steps > *left) || !make_room(slot))
        return NULL;
    ff_rung *next = &slot->ahead[slot->num_ahead];
    const ff_rung *last = slot->num_ahead > 0 ? next - 1 : &slot->now;
    if (steps <= *left)
        *left -= (uint32_t)steps; /* also if it fails: the work is done */
    if (ff_rung_next(next, FF_FOR_OPEN, last, steps) != FF_DONE)
        return NULL;
    slot->num_ahead += 1;
    return next;
}

ff_rung *ff_slot_rung(ff_slot *slot, uint32_t nth, uint32_t *left)
{
    if (nth == 0)
        return &slot->now;
    if (slot->before.aead) { /* frames overtake each other */
        if (nth == 1)
            return &slot->before;
        nth -= 1;
    }
    if (nth > slot->max_ahead)
        return NULL;
    return nth <= slot->num_ahead ? &slot->ahead[nth - 1]
                                  : grow(slot, 1, left);
}

/* forget_ahead drops the rungs below number from of those ahead. */
static void forget_ahead(ff_slot *slot, uint32_t from)
{
    for (uint32_t i = 0; i < from; i++)
        ff_rung_free(&slot->ahead[i]);
    slot->num_ahead -= from;
    memmove(slot->ahead, slot->ahead + from,
            slot->num_ahead * sizeof *slot->ahead);
    /* What the move has left behind is a copy of keys. */
    ff_wipe(slot->ahead + slot->num_ahead, from * sizeof *slot->ahead);
}

/* drop_last forgets the last rung ahead. */
static void drop_last(ff_slot *slot)
{
    slot->num_ahead -= 1;
    ff_rung_free(&slot->ahead[slot->num_ahead]);
}

ff_rung *ff_slot_rung_at(ff_slot *slot, uint64_t step, uint32_t *left,
                         int *is_past)
{
    uint64_t now = slot->now.secret.step;
    *is_past = 0;
    if (step == now)
        return &slot->now;
    if (slot->before.aead && step == slot->before.secret.step)
        return &slot->before;
    *is_past = step < now;
    if (step < now || step - now > slot->max_ahead)
        return NULL;
    /* The next rung stays; of those further up, whichever is named, one. */
    ff_rung *next = slot->num_ahead > 0 ? slot->ahead : grow(slot, 1, left);
    if (!next || step == now + 1)
        return next;
    if (slot->num_ahead > 1 && slot->ahead[1].secret.step == step)
        return &slot->ahead[1];
    if (slot->num_ahead > 1)
        drop_last(slot);
    return grow(slot, step - now - 1, left);
}

void ff_slot_commit(ff_slot *slot, const ff_rung *rung)
{
    if (rung < slot->ahead || rung >= slot->ahead + slot->num_ahead)
        return;
    uint32_t nth = (uint32_t)(rung - slot->ahead);
    ff_rung_free(&slot->before);
    slot->before = slot->now;
    slot->now = *rung;
    slot->ahead[nth].aead = NULL; /* it has moved */
    forget_ahead(slot, nth + 1);
    slot->facts.ratchet_step = slot->now.secret.step;
}
