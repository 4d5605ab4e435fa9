/* seal.c - sealing one frame, and the loop that seals many. */
#include <string.h>

#include "loop.h"
#include "mem.h"
#include "sealer.h"
#include "span.h"

static ff_error check_lens(const ff_sealer *sealer, uint32_t in_len,
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
    const ff_bytes aad[] = {{plan->aad, plan->aad_len},
                            {frame->aad, frame->aad_len}};
    ff_part body = {frame->out + plan->head_len, frame->in, frame->in_len};
    if (body.in == frame->out && body.in != body.out) {
        memmove(body.out, body.in, body.len);
        body.in = body.out;
    }
    uint8_t *tag = body.out + body.len;
    ff_status status = ff_aead_seal(sealer->rung.aead, plan->nonce, aad, 2,
                                    &body, 1, tag);
    if (status != FF_OK) {
        ff_wipe(frame->out, ff_plan_sealed_len(plan));
        return status;
    }
    copy_short(frame->out, plan->head, plan->head_len);
    copy_short(tag + plan->tag_len, plan->tail, plan->tail_len);
    frame->out_len = ff_plan_sealed_len(plan);
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
        error = check_lens(sealer, frame.in_len, frame.aad_len);
    if (error == FF_DONE)
        error = ff_sealer_lock(sealer);
    if (error != FF_DONE)
        return -(int64_t)error;
    ff_errors_mark();
    int outcome = seal_locked(sealer, &frame);
    ff_errors_restore();
    if (outcome < FF_BAD_ARGUMENT)
        count_frame(sealer, &frame, (ff_status)outcome);
    ff_lock_release(&sealer->lock);
    return outcome == FF_OK ? (int64_t)frame.out_len : -(int64_t)outcome;
}

/* -- many frames -- */

static ff_error lock_sealer(void *member)
{
    return ff_sealer_lock(member);
}

static void unlock_sealer(void *member)
{
    ff_sealer *sealer = member;
    ff_lock_release(&sealer->lock);
}

static ff_error admit(void *member, uint32_t in_len, uint32_t aad_len)
{
    ff_sealer_want(member, in_len + aad_len);
    return check_lens(member, in_len, aad_len);
}

static ff_error take_counters(void *member)
{
    return ff_sealer_take(member);
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

/* seal_next seals with the next of the counters taken. ff_batch_load has
 * ruled out that input and output overlap. */
static ff_status seal_next(ff_sealer *sealer, ff_frame *frame)
{
    ff_plan plan;
    frame->key_id = sealer->key_id;
    frame->names_key = 1;
    if (passes(sealer, frame))
        return FF_OK;
    if (!is_whole(sealer))
        return (ff_status)seal_split(sealer, frame, 0);
    if (sealer->turn_left == 0)
        return FF_KEY_EXHAUSTED;
    sealer->turn_left -= 1;
    frame->counter = sealer->turn++;
    ff_status status = plan_whole(sealer, frame, frame->counter, &plan);
    if (status == FF_OK)
        status = fit(&plan, frame);
    return status == FF_OK ? write_frame(sealer, &plan, frame) : status;
}

static ff_status run(void *member, ff_frame *frame, ff_status status)
{
    if (status == FF_OK)
        status = seal_next(member, frame);
    count_frame(member, frame, status);
    return status;
}

static const ff_loop sealing = {
    .kind = {lock_sealer, unlock_sealer},
    .admit = admit,
    .ready = take_counters,
    .run = run,
};

FF_FLATTEN int64_t ff_seal_batch(ff_sealer *sealer, ff_batch *batch,
                                 int in_place)
{
    return ff_loop_one(&sealing, sealer, batch, in_place);
}

int64_t ff_seal_many(ff_sealer *const *sealers, size_t num_sealers,
                     ff_batch *batch, int in_place)
{
    return ff_loop_many(&sealing, (void *const *)sealers, num_sealers, batch,
                        in_place);
}
