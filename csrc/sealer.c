/* sealer.c - one key in use and the counter that belongs to it. */
#include "sealer.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"

static ff_error check_key(const ff_format *format, uint32_t suite,
                          const ff_key *key, const ff_range *range)
{
    if (!key->key || !key->salt || key->key_len == 0 ||
        key->key_len != ff_suite_key_len(suite) || range->first > range->last ||
        range->last > format->facts.counter_max)
        return FF_BAD_ARGUMENT;
    return key->id > format->facts.key_id_max ? FF_BAD_KEY_ID : FF_DONE;
}

/* install puts key in use; without success the old one stays. */
static ff_error install(ff_sealer *sealer, uint32_t suite, const ff_key *key,
                        const ff_range *range)
{
    ff_aead *aead;
    ff_error error = ff_aead_new(&aead, FF_FOR_SEAL, suite, key->key);
    if (error != FF_DONE)
        return error;
    ff_aead_free(sealer->aead);
    sealer->aead = aead;
    memcpy(sealer->salt, key->salt, FF_NONCE_LEN);
    sealer->key_id = key->id;
    sealer->mark = key->mark;
    sealer->next = range->first;
    sealer->last = range->last;
    sealer->blocks_left = ff_suite_max_blocks(suite);
    sealer->is_exhausted = 0;
    return FF_DONE;
}

size_t ff_sealer_size(void)
{
    return sizeof(ff_sealer);
}

ff_error ff_sealer_init(ff_sealer *sealer, uint32_t format, uint32_t suite,
                        const ff_key *key, const ff_range *range)
{
    const ff_format *plan = ff_format_at(format);
    sealer->is_closed = 1; /* until all is well */
    if (!plan)
        return FF_BAD_ARGUMENT;
    ff_error error = check_key(plan, suite, key, range);
    if (error == FF_DONE)
        error = ff_lock_init(&sealer->lock);
    if (error != FF_DONE)
        return error;
    sealer->format = plan;
    sealer->era = ff_fork_era();
    error = install(sealer, suite, key, range);
    sealer->is_closed = error != FF_DONE;
    return error;
}

ff_error ff_sealer_new(ff_sealer **out, uint32_t format, uint32_t suite,
                       const ff_key *key, const ff_range *range)
{
    *out = NULL;
    ff_sealer *sealer = calloc(1, sizeof *sealer);
    if (!sealer)
        return FF_LIB_MEMORY;
    ff_error error = ff_sealer_init(sealer, format, suite, key, range);
    if (error == FF_DONE)
        *out = sealer;
    else
        free(sealer); /* install has left no context behind */
    return error;
}

ff_error ff_sealer_lock(ff_sealer *sealer)
{
    /* A forked copy of the counter would repeat nonces. */
    if (sealer->era != ff_fork_era())
        return FF_FORKED;
    ff_error error = ff_lock_acquire(&sealer->lock);
    if (error == FF_DONE && sealer->is_closed) {
        ff_lock_release(&sealer->lock);
        error = FF_CLOSED;
    }
    if (error == FF_DONE)
        sealer->wanted = sealer->wanted_blocks = sealer->turn_left = 0;
    return error;
}

ff_error ff_sealer_rekey(ff_sealer *sealer, uint32_t suite, const ff_key *key,
                         const ff_range *range)
{
    ff_error error = check_key(sealer->format, suite, key, range);
    if (error != FF_DONE)
        return error;
    error = ff_sealer_lock(sealer);
    if (error != FF_DONE)
        return error;
    error = install(sealer, suite, key, range);
    ff_lock_release(&sealer->lock);
    return error;
}

ff_error ff_sealer_grant(ff_sealer *sealer, uint64_t mark, uint64_t last)
{
    ff_error error = ff_sealer_lock(sealer);
    if (error != FF_DONE)
        return error;
    if (mark != sealer->mark || last < sealer->last ||
        last > sealer->format->facts.counter_max)
        error = FF_BAD_ARGUMENT;
    else
        sealer->last = last;
    ff_lock_release(&sealer->lock);
    return error;
}

void ff_sealer_want(ff_sealer *sealer, uint32_t len)
{
    sealer->wanted += 1;
    sealer->wanted_blocks += len / 16 + 2; /* body, its rest, and the tag's */
}

static uint64_t count_left(const ff_sealer *sealer, uint64_t last)
{
    if (sealer->is_exhausted || sealer->next > last)
        return 0;
    uint64_t span = last - sealer->next;
    return span == UINT64_MAX ? span : span + 1;
}

ff_error ff_sealer_take(ff_sealer *sealer)
{
    uint64_t wanted = sealer->wanted, blocks = sealer->wanted_blocks;
    uint64_t most = sealer->format->facts.counter_max;
    sealer->turn = sealer->next;
    if (blocks > sealer->blocks_left)
        return FF_DONE; /* the suite's limit: none at all */
    if (wanted > count_left(sealer, most))
        wanted = count_left(sealer, most);
    if (wanted > count_left(sealer, sealer->last))
        return FF_RESERVE_FIRST;
    if (wanted == 0)
        return FF_DONE;
    sealer->blocks_left -= blocks;
    sealer->turn_left = wanted;
    sealer->is_exhausted = wanted - 1 == most - sealer->next;
    sealer->next += wanted;
    return FF_DONE;
}

ff_error ff_sealer_read(ff_sealer *sealer, ff_sealer_facts *out)
{
    ff_error error = ff_lock_acquire(&sealer->lock);
    if (error != FF_DONE)
        return error;
    *out = sealer->facts;
    out->key_id = sealer->key_id;
    out->mark = sealer->mark;
    out->next = sealer->next;
    out->granted = sealer->last;
    out->exhausted = sealer->is_exhausted;
    out->closed = sealer->is_closed;
    ff_lock_release(&sealer->lock);
    return FF_DONE;
}

static void wipe(ff_sealer *sealer)
{
    ff_aead_free(sealer->aead);
    sealer->aead = NULL;
    ff_wipe(sealer->salt, sizeof sealer->salt);
    sealer->is_closed = 1;
}

void ff_sealer_close(ff_sealer *sealer)
{
    if (!sealer || ff_lock_acquire(&sealer->lock) != FF_DONE)
        return;
    wipe(sealer);
    ff_lock_release(&sealer->lock);
}

void ff_sealer_free(ff_sealer *sealer)
{
    if (!sealer)
        return;
    if (!sealer->lock.held) /* else forked off amid a change: leave it be */
        wipe(sealer);
    ff_lock_free(&sealer->lock);
    free(sealer);
}
