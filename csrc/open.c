/* open.c - the receiving side: one frame.
 *
 * In this order, for each frame: read what it claims, look up, judge its
 * counter, verify, and only then commit. Until the tag is good, nothing the
 * frame says changes any state but a count of failures.
 */
#include <string.h>

#include "mem.h"
#include "nonce.h"
#include "opener.h"
#include "span.h"

ff_error ff_opener_admits(const ff_opener *opener, uint32_t aad_len)
{
    if (aad_len > 0 && !opener->format->facts.takes_aad)
        return FF_BAD_AAD;
    return FF_DONE;
}

void ff_opener_count(ff_opener *opener, ff_slot *slot, const ff_frame *frame,
                     ff_status status)
{
    ff_opener_facts *facts = &opener->facts;
    ff_slot_facts unknown, *own = slot ? &slot->facts : &unknown;
    switch (status) {
    case FF_OK:
        facts->frames += 1;
        facts->bytes_in += frame->in_len;
        facts->bytes_out += frame->out_len;
        own->frames += 1;
        own->bytes_out += frame->out_len;
        break;
    case FF_MALFORMED: facts->malformed += 1; break;
    case FF_NOT_ENCRYPTED: facts->not_encrypted += 1; break;
    case FF_UNSUPPORTED_VERSION: facts->unsupported_version += 1; break;
    case FF_UNKNOWN_KEY: facts->unknown_key += 1; break;
    case FF_AUTH_FAILED: facts->auth_failed += 1; own->auth_failed += 1; break;
    case FF_REPLAYED: facts->replayed += 1; own->replayed += 1; break;
    case FF_TOO_OLD: facts->too_old += 1; own->too_old += 1; break;
    case FF_NO_ROOM: facts->no_room += 1; break;
    default: facts->internal += 1;
    }
}

/* -- frames that were sealed whole -- */

/* is_certain: can this frame be meant in one way only, its output apart? */
static int is_certain(const ff_opener *opener, const ff_frame *frame)
{
    return opener->is_whole && frame->is_apart && !frame->in_place &&
           frame->in_len <= FF_SEALED_MAX &&
           (frame->key_frame != FF_EITHER ||
            !opener->format->facts.has_key_flag);
}

/* claim reads what a frame says of itself into plan and frame. */
static ff_status claim(const ff_opener *opener, ff_frame *frame, ff_plan *plan)
{
    const ff_format *format = opener->format;
    const ff_wire wire = {.head = frame->in,
                          .end = frame->in + frame->in_len,
                          .head_len = frame->in_len,
                          .tail_len = frame->in_len,
                          .len = frame->in_len};
    ff_plan_begin(plan, format, frame->key_frame == FF_KEY ? FF_KEY : FF_DELTA);
    ff_status status = format->plan_open(plan, &wire);
    if (status != FF_OK)
        return status;
    frame->key_id = plan->key_id;
    frame->names_key = 1;
    frame->counter = plan->counter;
    return FF_OK;
}

/* decrypt verifies a frame that fits, straight into its output. */
static ff_status decrypt(const ff_slot *slot, ff_plan *plan,
                         const ff_frame *frame, int sends_nonce)
{
    const ff_rung *rung = &slot->now;
    ff_aead *aead = ff_aead_for(rung->aead, frame->worker);
    ff_part body = {frame->out, frame->in + plan->head_len, plan->body_len};
    const ff_bytes bytes[] = {{plan->aad, plan->aad_len},
                              {frame->aad, frame->aad_len}};
    const uint8_t *tag = body.in + body.len;
    if (slot->reads_twice && body.len > 0) { /* others may write to the input */
        memcpy(body.out, body.in, body.len);
        body.in = body.out;
    }
    if (!sends_nonce)
        ff_nonce_make(plan->nonce, rung->salt, plan->counter);
    ff_status status = FF_INTERNAL;
    if (aead)
        status = ff_aead_open(aead, plan->nonce, bytes, 2, &body, 1, tag);
    if (status != FF_OK)
        ff_wipe(frame->out, body.len);
    return status;
}

static ff_status open_whole(ff_opener *opener, ff_frame *frame, ff_slot *slot,
                            ff_plan *plan)
{
    uint32_t rest = plan->head_len + slot->tag_len + plan->tail_len;
    if (frame->in_len < rest)
        return FF_MALFORMED;
    plan->body_len = frame->claim_len = frame->in_len - rest;
    if (frame->out_cap < plan->body_len)
        return FF_NO_ROOM;
    int sends_nonce = (int)opener->format->facts.sends_nonce;
    frame->out_len = plan->body_len;
    if (frame->trial) { /* judged when its turn comes */
        *frame->trial = (ff_trial){.slot = slot, .sender = plan->sender};
        return decrypt(slot, plan, frame, sends_nonce);
    }
    ff_sender *sender = ff_senders_find(&slot->senders, plan->sender);
    ff_status status = ff_senders_check(sender, plan->counter);
    if (status == FF_OK)
        status = decrypt(slot, plan, frame, sends_nonce);
    if (status == FF_OK)
        ff_senders_accept(&slot->senders, sender, plan->sender, plan->counter);
    return status;
}

/* open_guessed hands a copy over: what has no address elsewhere can stand in
 * registers on the short way. */
static int open_guessed(ff_opener *opener, ff_frame *frame, ff_slot **out_slot)
{
    ff_frame copy = *frame;
    ff_slot *slot = NULL;
    int outcome = ff_open_guessed(opener, &copy, &slot);
    *frame = copy;
    *out_slot = slot;
    return outcome;
}

/* open_certain opens a frame that can be meant in one way only. */
static int open_certain(ff_opener *opener, ff_frame *frame, ff_slot **out_slot)
{
    ff_plan plan;
    ff_status status = claim(opener, frame, &plan);
    if (status != FF_OK)
        return (int)status;
    ff_slot *slot = *out_slot = ff_slots_find(&opener->slots, plan.key_id);
    if (!slot) {
        uint32_t rest = plan.head_len + plan.tag_len + plan.tail_len;
        frame->claim_len = frame->in_len > rest ? frame->in_len - rest : 0;
        return FF_UNKNOWN_KEY;
    }
    return (int)open_whole(opener, frame, slot, &plan);
}

/* -- one frame -- */

int ff_open_frame(ff_opener *opener, ff_frame *frame, ff_slot **out_slot)
{
    return is_certain(opener, frame) ? open_certain(opener, frame, out_slot)
                                     : open_guessed(opener, frame, out_slot);
}

int ff_open_counted(ff_opener *opener, ff_frame *frame)
{
    ff_slot *slot = NULL;
    int outcome = ff_open_frame(opener, frame, &slot);
    if (outcome < FF_BAD_ARGUMENT)
        ff_opener_count(opener, slot, frame, (ff_status)outcome);
    return outcome;
}

/* blank zeroes what a rejected frame would have written, so that a reused
 * buffer does not pass its last frame off as this one. In place the frame
 * stays: its key may come yet. verify has wiped what failed its tag. */
static void blank(const ff_frame *frame, int outcome)
{
    size_t len = frame->claim_len;
    if (outcome > FF_OK && outcome < FF_NO_ROOM && len <= frame->out_cap &&
        ff_span_apart(frame->in, frame->in_len, frame->out, len))
        ff_wipe(frame->out, len);
}

int64_t ff_open_one(ff_opener *opener, uint8_t *out, size_t out_cap,
                    const uint8_t *sealed, size_t sealed_len, int key_frame,
                    const ff_extra *extra)
{
    ff_frame frame;
    ff_error error = ff_frame_single(&frame, out, out_cap, sealed, sealed_len,
                                     key_frame, extra);
    if (error == FF_DONE)
        error = ff_opener_admits(opener, frame.aad_len);
    if (error == FF_DONE)
        error = ff_opener_lock(opener);
    if (error != FF_DONE)
        return -(int64_t)error;
    frame.is_apart = (uint32_t)ff_span_apart(sealed, sealed_len, out, sealed_len);
    ff_errors_mark();
    int outcome = ff_open_counted(opener, &frame);
    ff_errors_restore();
    ff_lock_release(&opener->lock);
    blank(&frame, outcome);
    return outcome == FF_OK ? (int64_t)frame.out_len : -(int64_t)outcome;
}
