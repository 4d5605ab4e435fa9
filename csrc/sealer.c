/* sealer.c - one key in use and the counter that belongs to it. */
#include "sealer.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"

static ff_error check_key(const ff_format *format, const ff_key *key,
                          const ff_range *range)
{
    if (!key->salt || range->first > range->last ||
        range->last > format->facts.counter_max)
        return FF_BAD_ARGUMENT;
    return ff_rung_check(&format->facts, key);
}

/* install puts a key in use whose rung is made; the rung moves. */
static void install(ff_sealer *sealer, ff_rung *rung, const ff_key *key,
                    const ff_range *range)
{
    ff_rung_free(&sealer->rung);
    sealer->rung = *rung;
    ff_wipe(rung, sizeof *rung);
    sealer->tag_len = ff_rung_tag_len(&sealer->rung);
    /* By codec, not by frame: two ways to make nonces could meet. */
    sealer->avoids_zero = key->salt_is_drawn && sealer->rule->escapes;
    sealer->key_id = key->id;
    sealer->mark = key->mark;
    sealer->next = range->first;
    sealer->last = range->last;
    sealer->blocks_left = ff_suite_max_blocks(key->suite);
    sealer->is_exhausted = 0;
}

size_t ff_sealer_size(void)
{
    return sizeof(ff_sealer);
}

ff_error ff_sealer_init(ff_sealer *sealer, const ff_settings *settings,
                        const ff_key *key, const ff_range *range)
{
    const ff_format *format = ff_format_at(settings->format);
    sealer->is_closed = 1; /* until all is well */
    if (!format)
        return FF_BAD_ARGUMENT;
    sealer->format = format;
    sealer->codec = settings->codec;
    sealer->rule = ff_clear_rule_of(format, settings->codec);
    if (!sealer->rule)
        return FF_BAD_CODEC;
    ff_rung rung;
    ff_error error = check_key(format, key, range);
    if (error == FF_DONE)
        error = ff_rung_make(&rung, FF_FOR_SEAL, key);
    if (error != FF_DONE)
        return error;
    error = ff_lock_init(&sealer->lock);
    if (error != FF_DONE) {
        ff_rung_free(&rung);
        return error;
    }
    sealer->era = ff_fork_era();
    install(sealer, &rung, key, range);
    sealer->is_closed = 0;
    return FF_DONE;
}

ff_error ff_sealer_new(ff_sealer **out, const ff_settings *settings,
                       const ff_key *key, const ff_range *range)
{
    *out = NULL;
    ff_sealer *sealer = calloc(1, sizeof *sealer);
    if (!sealer)
        return FF_LIB_MEMORY;
    ff_error error = ff_sealer_init(sealer, settings, key, range);
    if (error == FF_DONE)
        *out = sealer;
    else
        free(sealer); /* it holds nothing */
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

ff_error ff_sealer_rekey(ff_sealer *sealer, const ff_key *key,
                         const ff_range *range)
{
    ff_rung rung; /* made before the lock: PBKDF2 would hold up frames */
    ff_error error = check_key(sealer->format, key, range);
    if (error == FF_DONE)
        error = ff_rung_make(&rung, FF_FOR_SEAL, key);
    if (error != FF_DONE)
        return error;
    error = ff_sealer_lock(sealer);
    if (error != FF_DONE) {
        ff_rung_free(&rung);
        return error;
    }
    install(sealer, &rung, key, range);
    ff_lock_release(&sealer->lock);
    return FF_DONE;
}

/* go_up puts a rung in use that was made of the one in use. */
static void go_up(ff_sealer *sealer, ff_rung *rung)
{
    ff_rung_free(&sealer->rung);
    sealer->rung = *rung;
    ff_wipe(rung, sizeof *rung);
    sealer->blocks_left = ff_suite_max_blocks(sealer->rung.secret.suite);
}

/* copy_rung copies what the next rung is made of, under the lock. */
static ff_error copy_rung(ff_sealer *sealer, ff_rung *out)
{
    ff_error error = ff_sealer_lock(sealer);
    if (error != FF_DONE)
        return error;
    *out = sealer->rung;
    out->aead = NULL; /* it stays there */
    ff_lock_release(&sealer->lock);
    return FF_DONE;
}

ff_error ff_sealer_ratchet(ff_sealer *sealer)
{
    if (sealer->format->facts.names_step)
        return FF_NO_RATCHET; /* the counter does it */
    ff_rung from, next; /* made without the lock: PBKDF2 would hold up frames */
    ff_error error = copy_rung(sealer, &from);
    if (error != FF_DONE)
        return error;
    error = ff_rung_next(&next, FF_FOR_SEAL, &from, 1);
    if (error == FF_DONE) {
        error = ff_sealer_lock(sealer);
        if (error == FF_DONE) {
            if (ff_rung_is_same(&from, &sealer->rung))
                go_up(sealer, &next);
            ff_lock_release(&sealer->lock);
        }
        ff_rung_free(&next); /* empty, unless another key is in use by now */
    }
    ff_wipe(&from, sizeof from);
    return error;
}

ff_status ff_sealer_climb(ff_sealer *sealer, uint64_t counter)
{
    const ff_format_facts *facts = &sealer->format->facts;
    if (!facts->names_step)
        return FF_OK;
    uint64_t due = counter >> facts->step_bits;
    uint64_t now = sealer->rung.secret.step;
    if (due == now)
        return FF_OK;
    if (due < now || !sealer->rung.secret.schedule->step)
        return FF_KEY_EXHAUSTED;
    ff_rung rung;
    if (ff_rung_next(&rung, FF_FOR_SEAL, &sealer->rung, due - now) != FF_DONE)
        return FF_INTERNAL;
    go_up(sealer, &rung);
    return FF_OK;
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

ff_status ff_sealer_plan(const ff_sealer *sealer, uint64_t counter,
                         ff_plan *plan, const ff_split *split)
{
    plan->key_id = sealer->key_id;
    plan->counter = counter;
    plan->tag_len = sealer->tag_len;
    plan->avoids_zero = sealer->avoids_zero;
    plan->salt = sealer->rung.salt;
    plan->aad = NULL;
    plan->aad_len = plan->head_len = plan->tail_len = 0;
    return sealer->format->plan_seal(plan, split);
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

uint64_t ff_sealer_need(const ff_sealer *sealer, uint64_t frames)
{
    if (sealer->rule->reseals == FF_RESEALS_NEVER)
        return frames;
    return 2 * frames + FF_RESEALS_MAX; /* what is not used is not taken */
}

ff_error ff_sealer_take(ff_sealer *sealer)
{
    uint64_t wanted = sealer->wanted, blocks = sealer->wanted_blocks;
    uint64_t most = sealer->format->facts.counter_max;
    sealer->turn = sealer->next;
    sealer->spare = 0;
    if (blocks > sealer->blocks_left)
        return FF_DONE; /* the suite's limit: none at all */
    uint64_t left = count_left(sealer, most);
    uint64_t needed = ff_sealer_need(sealer, wanted);
    if (wanted > left)
        wanted = left;
    if (needed > left)
        needed = left;
    if (needed > count_left(sealer, sealer->last))
        return FF_RESERVE_FIRST;
    if (wanted == 0)
        return FF_DONE;
    sealer->blocks_left -= blocks;
    sealer->turn_left = wanted;
    sealer->spare = needed - wanted;
    sealer->is_exhausted = wanted - 1 == most - sealer->next;
    sealer->next += wanted;
    return FF_DONE;
}

int ff_sealer_turn(ff_sealer *sealer, uint64_t *counter)
{
    if (sealer->turn_left == 0) {
        if (sealer->spare == 0)
            return 0;
        sealer->spare -= 1;
        sealer->turn_left = 1; /* turn is next now: nobody else takes any */
        sealer->is_exhausted = sealer->next == sealer->format->facts.counter_max;
        sealer->next += 1;
    }
    sealer->turn_left -= 1;
    *counter = sealer->turn++;
    return 1;
}

ff_error ff_sealer_read(ff_sealer *sealer, ff_sealer_facts *out)
{
    ff_error error = ff_lock_acquire(&sealer->lock);
    if (error != FF_DONE)
        return error;
    *out = sealer->facts;
    out->key_id = sealer->key_id;
    out->mark = sealer->mark;
    out->ratchet_step = sealer->rung.secret.step;
    out->next = sealer->next;
    out->granted = sealer->last;
    out->exhausted = sealer->is_exhausted;
    out->closed = sealer->is_closed;
    ff_lock_release(&sealer->lock);
    return FF_DONE;
}

static void wipe(ff_sealer *sealer)
{
    ff_rung_free(&sealer->rung);
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
