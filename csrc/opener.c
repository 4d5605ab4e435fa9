/* opener.c - the receiving side: key slots that come and go while it runs. */
#include "opener.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"

size_t ff_opener_size(void)
{
    return sizeof(ff_opener);
}

ff_error ff_opener_init(ff_opener *opener, uint32_t format,
                        const uint8_t *salt, uint32_t window)
{
    const ff_format *plan = ff_format_at(format);
    opener->is_closed = 1; /* until all is well */
    if (!plan || window > FF_WINDOW_MAX || (!plan->facts.sends_nonce && !salt))
        return FF_BAD_ARGUMENT;
    ff_error error = ff_lock_init(&opener->lock);
    if (error != FF_DONE)
        return error;
    opener->format = plan;
    opener->window = window;
    if (salt)
        memcpy(opener->salt, salt, FF_NONCE_LEN);
    opener->is_closed = 0;
    return FF_DONE;
}

ff_error ff_opener_new(ff_opener **out, uint32_t format, const uint8_t *salt,
                       uint32_t window)
{
    *out = NULL;
    ff_opener *opener = calloc(1, sizeof *opener);
    if (!opener)
        return FF_LIB_MEMORY;
    ff_error error = ff_opener_init(opener, format, salt, window);
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

static ff_error check_key(const ff_opener *opener, uint32_t suite,
                          const ff_key *key)
{
    const ff_format_facts *facts = &opener->format->facts;
    if (!key->key || key->key_len == 0 ||
        key->key_len != ff_suite_key_len(suite))
        return FF_BAD_ARGUMENT;
    if (key->id > facts->key_id_max)
        return FF_BAD_KEY_ID;
    /* No byte of the frame says which of two keys would be meant. */
    if (!facts->names_key && opener->slots.count > 0 &&
        !ff_slots_find(&opener->slots, key->id))
        return FF_BAD_KEY_ID;
    return FF_DONE;
}

ff_error ff_opener_set_key(ff_opener *opener, uint32_t suite,
                           const ff_key *key)
{
    ff_error error = ff_opener_lock(opener);
    if (error != FF_DONE)
        return error;
    error = check_key(opener, suite, key);
    if (error == FF_DONE)
        error = ff_slots_set(&opener->slots, suite, key, opener->window);
    ff_lock_release(&opener->lock);
    return error;
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
    ff_wipe(opener->salt, sizeof opener->salt);
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
