/* seal.c - sealing one frame. */
#include <string.h>

#include "mem.h"
#include "sealer.h"
#include "span.h"

ff_error ff_sealer_admits(const ff_sealer *sealer, uint32_t in_len,
                          uint32_t aad_len)
{
    if (in_len > FF_FRAME_MAX)
        return FF_BAD_LENGTH;
    if (aad_len > 0 && !sealer->format->facts.takes_aad)
        return FF_BAD_AAD;
    return FF_DONE;
}

/* -- frames that are sealed whole -- */

static ff_status plan_whole(const ff_sealer *sealer, const ff_frame *frame,
                            uint64_t counter, ff_plan *plan)
{
    plan->kind = frame->key_frame == FF_KEY ? FF_KEY : FF_DELTA;
    if (sealer->codec != FF_CODEC_none && frame->key_frame == FF_EITHER)
        plan->kind = ff_clear_kind(sealer->codec, FF_EITHER, frame->in,
                                   frame->in_len);
    plan->clear_len = 0;
    plan->is_escaped = 0;
    plan->body_len = frame->in_len;
    return ff_sealer_plan(sealer, counter, plan, NULL);
}

/* fit checks the room before anything is written. In place the frame
 * stands in an arena, which keeps room around it. */
static ff_status fit(const ff_plan *plan, ff_frame *frame)
{
    if (frame->in_place) {
        frame->out = (uint8_t *)frame->in - plan->head_len;
        return FF_OK;
    }
    return frame->out_cap < ff_plan_sealed_len(plan) ? FF_NO_ROOM : FF_OK;
}

static int is_overlap_good(const ff_plan *plan, const ff_frame *frame)
{
    return frame->in == frame->out ||
           frame->in == frame->out + plan->head_len ||
           ff_span_apart(frame->in, frame->in_len, frame->out,
                         ff_plan_sealed_len(plan));
}

/* copy_short copies a header or trailer, eight bytes at a time where it can: a
 * call to memcpy of unknown length would cost more. */
static void copy_short(uint8_t *to, const uint8_t *from, size_t len)
{
    size_t at = 0;
    for (; at + 8 < len; at += 8)
        memcpy(to + at, from + at, 8);
    if (at > 0) /* the last eight overlap those before */
        memcpy(to + len - 8, from + len - 8, 8);
    else
        memcpy(to, from, len);
}

/* write_frame seals into an output that fits. Where the input starts the
 * output, it first moves up to where its ciphertext will stand. */
static ff_status write_frame(ff_sealer *sealer, const ff_plan *plan,
                             ff_frame *frame)
{
    const ff_bytes bytes[] = {{plan->aad, plan->aad_len},
                              {frame->aad, frame->aad_len}};
    ff_part body = {frame->out + plan->head_len, frame->in, frame->in_len};
    if (body.in == frame->out && body.in != body.out) {
        memmove(body.out, body.in, body.len);
        body.in = body.out;
    }
    uint8_t *tag = body.out + body.len;
    ff_aead *aead = ff_aead_for(sealer->rung.aead, frame->worker);
    ff_status status = FF_INTERNAL;
    if (aead)
        status = ff_aead_seal(aead, plan->nonce, bytes, 2, &body, 1, tag);
    if (status != FF_OK) {
        ff_wipe(frame->out, ff_plan_sealed_len(plan));
        return status;
    }
    copy_short(frame->out, plan->head, plan->head_len);
    copy_short(tag + plan->tag_len, plan->tail, plan->tail_len);
    frame->out_len = ff_plan_sealed_len(plan);
    return FF_OK;
}

void ff_sealer_count(ff_sealer *sealer, const ff_frame *frame,
                     ff_status status)
{
    ff_sealer_facts *facts = &sealer->facts;
    switch (status) {
    case FF_OK:
        facts->frames += 1;
        facts->bytes_in += frame->in_len;
        facts->bytes_out += frame->out_len;
        break;
    case FF_MALFORMED: facts->malformed += 1; break;
    case FF_NO_ROOM: facts->no_room += 1; break;
    case FF_KEY_EXHAUSTED: facts->key_exhausted += 1; break;
    default: facts->internal += 1;
    }
}

/* -- one frame -- */

static int is_whole(const ff_sealer *sealer)
{
    return sealer->rule->how == FF_CLEAR_NONE;
}

/* passes: does this frame travel as it is? Only an empty one ever does. */
static int passes(const ff_sealer *sealer, ff_frame *frame)
{
    if (frame->in_len > 0 || !sealer->format->passes_empty)
        return 0;
    if (frame->in_place)
        frame->out = (uint8_t *)frame->in;
    frame->out_len = 0;
    return 1;
}

/* seal_split hands a copy over: what has no address elsewhere can stand in
 * registers on the short way. */
static int seal_split(ff_sealer *sealer, ff_frame *frame, int takes)
{
    ff_frame copy = *frame;
    int outcome = ff_seal_split(sealer, &copy, takes);
    *frame = copy;
    return outcome;
}

ff_status ff_seal_assigned(ff_sealer *sealer, ff_frame *frame)
{
    ff_plan plan;
    if (passes(sealer, frame))
        return FF_OK;
    if (!is_whole(sealer))
        return (ff_status)seal_split(sealer, frame, 0);
    ff_status status = plan_whole(sealer, frame, frame->counter, &plan);
    if (status == FF_OK)
        status = fit(&plan, frame);
    return status == FF_OK ? write_frame(sealer, &plan, frame) : status;
}

static int seal_locked(ff_sealer *sealer, ff_frame *frame)
{
    ff_plan plan;
    uint64_t counter;
    if (passes(sealer, frame))
        return FF_OK;
    ff_sealer_want(sealer, frame->in_len + frame->aad_len);
    if (!is_whole(sealer))
        return ff_seal_split(sealer, frame, 1);
    ff_status status = plan_whole(sealer, frame, sealer->next, &plan);
    if (status == FF_OK)
        status = fit(&plan, frame);
    if (status != FF_OK)
        return status;
    if (!is_overlap_good(&plan, frame))
        return FF_BAD_OVERLAP;
    ff_error error = ff_sealer_take(sealer);
    if (error != FF_DONE)
        return (int)error;
    if (sealer->turn_left == 0 || !ff_sealer_turn(sealer, &counter))
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
        error = ff_sealer_admits(sealer, frame.in_len, frame.aad_len);
    if (error == FF_DONE)
        error = ff_sealer_lock(sealer);
    if (error != FF_DONE)
        return -(int64_t)error;
    ff_errors_mark();
    int outcome = seal_locked(sealer, &frame);
    ff_errors_restore();
    if (outcome < FF_BAD_ARGUMENT)
        ff_sealer_count(sealer, &frame, (ff_status)outcome);
    ff_lock_release(&sealer->lock);
    return outcome == FF_OK ? (int64_t)frame.out_len : -(int64_t)outcome;
}
