/* seal.c - sealing one frame, and the loop that seals many. */
#include <string.h>

#include "crowd.h"
#include "frame.h"
#include "mem.h"
#include "nonce.h"
#include "sealer.h"
#include "span.h"

static ff_error check_frame(const ff_sealer *sealer, const ff_frame *frame)
{
    if (frame->aad_len > 0 && !sealer->format->facts.takes_aad)
        return FF_BAD_AAD;
    return FF_DONE;
}

static void make_plan(const ff_sealer *sealer, const ff_frame *frame,
                      uint64_t counter, ff_plan *plan)
{
    plan->key_id = sealer->key_id;
    plan->counter = counter;
    ff_nonce_make(plan->nonce, sealer->salt, counter);
    sealer->format->plan_seal(plan, frame->in_len);
}

/* fit checks the output against the plan before anything is written. */
static int fit(const ff_plan *plan, ff_frame *frame)
{
    if (!frame->out) { /* in place in an arena, which keeps room around it */
        frame->out = (uint8_t *)frame->in - plan->body_at;
        frame->out_cap = plan->sealed_len;
        return FF_OK;
    }
    if (frame->out_cap < plan->sealed_len)
        return FF_NO_ROOM;
    if (frame->in != frame->out && frame->in != frame->out + plan->body_at &&
        !ff_span_apart(frame->in, frame->in_len, frame->out, plan->sealed_len))
        return FF_BAD_OVERLAP;
    return FF_OK;
}

/* copy_head copies the 0 to FF_HEADROOM bytes of a header, the last eight
 * overlapping: a call to memcpy of unknown length would cost more. */
static void copy_head(uint8_t *to, const uint8_t *from, size_t len)
{
    if (len < 8) {
        for (size_t at = 0; at < len; at++)
            to[at] = from[at];
        return;
    }
    for (size_t at = 0; at + 8 < len; at += 8)
        memcpy(to + at, from + at, 8);
    memcpy(to + len - 8, from + len - 8, 8);
}

/* write_frame seals into an output that fits. Where the input starts the
 * output, it first moves up to where its ciphertext will stand. */
static ff_status write_frame(ff_sealer *sealer, const ff_plan *plan,
                             ff_frame *frame)
{
    int kind = frame->key_frame == FF_KEY ? FF_KEY : FF_DELTA;
    const ff_bytes aad[] = {{plan->aad[kind], plan->aad_len},
                            {frame->aad, frame->aad_len}};
    const uint8_t *in = frame->in;
    uint8_t *body = frame->out + plan->body_at;
    if (in == frame->out && in != body) {
        memmove(body, in, frame->in_len);
        in = body;
    }
    ff_status status = ff_aead_seal(&sealer->aead, body, plan->nonce, aad, 2,
                                    in, frame->in_len);
    if (status != FF_OK) {
        ff_wipe(frame->out, plan->sealed_len);
        return status;
    }
    copy_head(frame->out, plan->head, plan->body_at);
    frame->out_len = plan->sealed_len;
    return FF_OK;
}

static void count_frame(ff_sealer *sealer, const ff_frame *frame,
                        ff_status status)
{
    ff_sealer_facts *facts = &sealer->facts;
    switch (status) {
    case FF_OK:
        facts->frames += 1;
        facts->bytes_in += frame->in_len;
        facts->bytes_out += frame->out_len;
        break;
    case FF_NO_ROOM: facts->no_room += 1; break;
    case FF_KEY_EXHAUSTED: facts->key_exhausted += 1; break;
    default: facts->internal += 1;
    }
}

/* -- one frame -- */

static int seal_locked(ff_sealer *sealer, ff_frame *frame)
{
    ff_plan plan;
    make_plan(sealer, frame, sealer->next, &plan);
    int outcome = fit(&plan, frame);
    if (outcome != FF_OK)
        return outcome;
    ff_sealer_want(sealer, frame->in_len);
    ff_error error = ff_sealer_take(sealer);
    if (error != FF_DONE)
        return (int)error;
    if (sealer->turn_left == 0)
        return FF_KEY_EXHAUSTED;
    return write_frame(sealer, &plan, frame);
}

int64_t ff_seal_one(ff_sealer *sealer, uint8_t *out, size_t out_cap,
                    const uint8_t *in, size_t in_len, int key_frame,
                    const ff_extra *extra)
{
    ff_frame frame;
    ff_error error = ff_frame_single(&frame, out, out_cap, in, in_len,
                                     key_frame, extra);
    if (error == FF_DONE)
        error = check_frame(sealer, &frame);
    if (error == FF_DONE)
        error = ff_sealer_lock(sealer);
    if (error != FF_DONE)
        return -(int64_t)error;
    int outcome = seal_locked(sealer, &frame);
    if (outcome < FF_BAD_ARGUMENT)
        count_frame(sealer, &frame, (ff_status)outcome);
    ff_lock_release(&sealer->lock);
    return outcome == FF_OK ? (int64_t)frame.out_len : -(int64_t)outcome;
}

/* -- many frames -- */

static ff_status seal_next(ff_sealer *sealer, ff_frame *frame)
{
    ff_plan plan;
    frame->key_id = sealer->key_id;
    if (sealer->turn_left == 0)
        return FF_KEY_EXHAUSTED;
    sealer->turn_left -= 1;
    frame->counter = sealer->turn++;
    make_plan(sealer, frame, frame->counter, &plan);
    int outcome = fit(&plan, frame);
    /* Overlap was ruled out for the arena as a whole by ff_batch_load. */
    if (outcome != FF_OK)
        return outcome == FF_NO_ROOM ? FF_NO_ROOM : FF_INTERNAL;
    return write_frame(sealer, &plan, frame);
}

/* prepare checks every frame and takes every sealer's counters. */
static ff_error prepare(const ff_crowd *crowd, ff_batch *batch)
{
    ff_frame frame;
    for (uint32_t i = 0; i < batch->count; i++) {
        batch->bad_index = i;
        ff_sealer *sealer = ff_crowd_member(crowd, batch, i);
        ff_error error = ff_batch_load(batch, i, &frame);
        if (error == FF_DONE)
            error = check_frame(sealer, &frame);
        if (error != FF_DONE)
            return error;
        ff_sealer_want(sealer, frame.in_len);
    }
    for (size_t i = 0; i < crowd->num_used; i++) {
        ff_error error = ff_sealer_take(crowd->used[i]);
        if (error != FF_DONE)
            return error;
    }
    return FF_DONE;
}

/* seal_all gives how many frames came out well. */
FF_FLATTEN static uint32_t seal_all(const ff_crowd *crowd, ff_batch *batch)
{
    size_t at = 0;
    uint32_t ok = 0;
    for (uint32_t i = 0; i < batch->count; i++) {
        ff_frame frame;
        ff_sealer *sealer = ff_crowd_member(crowd, batch, i);
        ff_status status = FF_INTERNAL;
        if (ff_batch_load(batch, i, &frame) == FF_DONE)
            status = ff_batch_place(batch, at, &frame);
        if (status == FF_OK)
            status = seal_next(sealer, &frame);
        count_frame(sealer, &frame, status);
        at = ff_batch_store(batch, i, at, &frame, status);
        ok += status == FF_OK;
    }
    return ok;
}

static ff_error lock_sealer(void *member)
{
    return ff_sealer_lock(member);
}

static void unlock_sealer(void *member)
{
    ff_sealer *sealer = member;
    ff_lock_release(&sealer->lock);
}

static const ff_crowd_kind sealers_kind = {lock_sealer, unlock_sealer};

static int64_t seal_crowd(ff_crowd *crowd, ff_batch *batch, int in_place)
{
    uint32_t ok = 0;
    ff_error error = ff_batch_begin(batch, in_place);
    if (error != FF_DONE)
        return -(int64_t)error;
    error = ff_crowd_lock(crowd, &sealers_kind, batch);
    if (error == FF_DONE) {
        error = prepare(crowd, batch);
        if (error == FF_DONE)
            ok = seal_all(crowd, batch);
        ff_crowd_unlock(crowd, &sealers_kind);
    }
    return ff_batch_end(batch, error, ok);
}

int64_t ff_seal_batch(ff_sealer *sealer, ff_batch *batch, int in_place)
{
    ff_crowd crowd;
    void *const members[] = {sealer};
    crowd.members = members;
    crowd.num_members = 1;
    crowd.is_many = 0;
    return seal_crowd(&crowd, batch, in_place);
}

int64_t ff_seal_many(ff_sealer *const *sealers, size_t num_sealers,
                     ff_batch *batch, int in_place)
{
    ff_crowd crowd;
    crowd.members = (void *const *)sealers;
    crowd.num_members = num_sealers;
    crowd.is_many = 1;
    return seal_crowd(&crowd, batch, in_place);
}
