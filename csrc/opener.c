/* opener.c - the receiving side: key slots that come and go while it runs. */
#include "opener.h"

#include <stdlib.h>

static int ratchets(const ff_format *format)
{
    const ff_schedule *schedule;
    for (uint32_t i = 0; (schedule = ff_schedule_at(i)) != NULL; i++)
        if (format->facts.schedules >> i & 1 && schedule->step)
            return 1;
    return 0;
}

/* are_whole: is each frame sealed from end to end, under the one key and counter
 * that it names? */
static uint32_t are_whole(const ff_format *format, const ff_clear_rule *rule)
{
    return !format->look && rule->how == FF_CLEAR_NONE &&
           format->facts.names_key && format->facts.sends_counter &&
           !ratchets(format);
}

size_t ff_opener_size(void)
{
    return sizeof(ff_opener);
}

ff_error ff_opener_init(ff_opener *opener, const ff_settings *settings)
{
    const ff_format *format = ff_format_at(settings->format);
    opener->is_closed = 1; /* until all is well */
    if (!format || settings->window > FF_WINDOW_MAX ||
        settings->ratchet_window > FF_RATCHET_MAX ||
        settings->sif_len > sizeof settings->sif)
        return FF_BAD_ARGUMENT;
    opener->rule = ff_clear_opens_by(format, settings->codec);
    if (!opener->rule)
        return FF_BAD_CODEC;
    ff_error error = ff_lock_init(&opener->lock);
    if (error != FF_DONE)
        return error;
    opener->format = format;
    opener->is_whole = are_whole(format, opener->rule);
    opener->settings = *settings;
    if (!format->facts.has_replay_check)
        opener->settings.window = 0;
    opener->is_closed = 0;
    return FF_DONE;
}

ff_error ff_opener_new(ff_opener **out, const ff_settings *settings)
{
    *out = NULL;
    ff_opener *opener = calloc(1, sizeof *opener);
    if (!opener)
        return FF_LIB_MEMORY;
    ff_error error = ff_opener_init(opener, settings);
    if (error == FF_DONE)
        *out = opener;
    else
        free(opener);
    return error;
}

ff_error ff_opener_lock(ff_opener *opener)
{
    ff_error error = ff_lock_acquire(&opener->lock);
    if (error == FF_DONE && opener->is_closed) {
        ff_lock_release(&opener->lock);
        error = FF_CLOSED;
    }
    return error;
}

static ff_error check_key(const ff_opener *opener, const ff_key *key)
{
    const ff_format_facts *facts = &opener->format->facts;
    ff_error error = ff_rung_check(facts, key);
    if (error != FF_DONE)
        return error;
    if (!key->salt && !facts->sends_nonce &&
        !ff_schedule_at(key->schedule)->makes_salt)
        return FF_BAD_ARGUMENT;
    return FF_DONE;
}

/* Where no byte of a frame says which key is meant, each is tried: so there
 * are few. */
static int has_room(const ff_opener *opener, uint64_t key_id)
{
    return opener->slots.count < opener->format->facts.slots_max ||
           ff_slots_find(&opener->slots, key_id) != NULL;
}

ff_error ff_opener_set_key(ff_opener *opener, const ff_key *key)
{
    ff_rung rung; /* made before the lock: PBKDF2 would hold up frames */
    ff_error error = check_key(opener, key);
    if (error == FF_DONE)
        error = ff_rung_make(&rung, FF_FOR_OPEN, key);
    if (error != FF_DONE)
        return error;
    error = ff_opener_lock(opener);
    if (error == FF_DONE) {
        error = has_room(opener, key->id)
                    ? ff_slots_set(&opener->slots, &rung, key,
                                   &opener->settings)
                    : FF_BAD_KEY_ID;
        ff_lock_release(&opener->lock);
    }
    ff_rung_free(&rung); /* empty if it has moved */
    return error;
}

ff_error ff_opener_allow(ff_opener *opener, uint32_t steps)
{
    ff_error error = ff_opener_lock(opener);
    if (error != FF_DONE)
        return error;
    opener->steps_left = steps;
    ff_lock_release(&opener->lock);
    return FF_DONE;
}

ff_error ff_opener_drop_key(ff_opener *opener, uint64_t key_id)
{
    ff_error error = ff_opener_lock(opener);
    if (error != FF_DONE)
        return error;
    error = ff_slots_drop(&opener->slots, key_id);
    ff_lock_release(&opener->lock);
    return error;
}

ff_error ff_opener_read(ff_opener *opener, ff_opener_facts *out,
                        ff_slot_facts *out_slots, uint32_t max_slots)
{
    ff_error error = ff_lock_acquire(&opener->lock);
    if (error != FF_DONE)
        return error;
    *out = opener->facts;
    out->closed = opener->is_closed;
    out->num_slots = opener->slots.count;
    for (uint32_t i = 0; i < opener->slots.count && i < max_slots; i++) {
        const ff_slot *slot = opener->slots.items[i];
        out_slots[i] = slot->facts;
        out_slots[i].senders = slot->senders.count;
    }
    ff_lock_release(&opener->lock);
    return FF_DONE;
}

static void wipe(ff_opener *opener)
{
    ff_slots_free(&opener->slots);
    opener->is_closed = 1;
}

void ff_opener_close(ff_opener *opener)
{
    if (!opener || ff_lock_acquire(&opener->lock) != FF_DONE)
        return;
    wipe(opener);
    ff_lock_release(&opener->lock);
}

void ff_opener_free(ff_opener *opener)
{
    if (!opener)
        return;
    if (!opener->lock.held) /* else forked off amid a change: leave it be */
        wipe(opener);
    ff_lock_free(&opener->lock);
    free(opener);
}
