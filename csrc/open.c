/* open.c - opening one frame, and the loop that opens many.
 *
 * In this order, for each frame: read what it claims, look up, judge its
 * counter, verify, and only then commit. Until the tag is good, nothing the
 * frame says changes any state but a count of failures.
 */
#include <string.h>

#include "loop.h"
#include "mem.h"
#include "nonce.h"
#include "opener.h"
#include "span.h"

static ff_error check_frame(const ff_opener *opener, const ff_frame *frame)
{
    if (frame->aad_len > 0 && !opener->format->facts.takes_aad)
        return FF_BAD_AAD;
    return FF_DONE;
}

static ff_slot *find_slot(const ff_opener *opener, const ff_plan *plan)
{
    if (opener->format->facts.names_key)
        return ff_slots_find(&opener->slots, plan->key_id);
    return opener->slots.count > 0 ? opener->slots.items[0] : NULL;
}

static ff_status read_plan(const ff_opener *opener, ff_frame *frame,
                           ff_plan *plan)
{
    /* A length is the peer's choice, so this is the frame's fault, not the
     * call's. */
    if (frame->in_len > FF_SEALED_MAX)
        return FF_MALFORMED;
    ff_status status = opener->format->plan_open(plan, frame->in,
                                                 frame->in_len);
    if (status != FF_OK)
        return status;
    if (!opener->format->facts.sends_nonce) {
        plan->counter = frame->counter;
        ff_nonce_make(plan->nonce, opener->salt, plan->counter);
    }
    frame->claim_len = plan->body_len;
    frame->key_id = plan->key_id;
    frame->names_key = opener->format->facts.names_key;
    frame->counter = plan->counter;
    return FF_OK;
}

/* fit checks the room before anything is written. In place the frame is opened
 * over itself in its arena. */
static ff_status fit(const ff_plan *plan, ff_frame *frame)
{
    if (frame->in_place) {
        frame->out = (uint8_t *)frame->in + plan->body_at;
        return FF_OK;
    }
    return frame->out_cap < plan->body_len ? FF_NO_ROOM : FF_OK;
}

static int is_overlap_good(const ff_plan *plan, const ff_frame *frame)
{
    return frame->out == frame->in ||
           frame->out == frame->in + plan->body_at ||
           ff_span_apart(frame->in, frame->in_len, frame->out,
                         plan->body_len);
}

/* -- verifying -- */

/* ff_attempt: one frame on its way through the cipher. */
typedef struct {
    ff_aead       *aead;
    const ff_plan *plan;
    ff_frame      *frame;
    const uint8_t *body; /* the ciphertext */
    uint8_t        tag[FF_TAG_LEN];
} ff_attempt;

static ff_status attempt(const ff_attempt *a, int kind)
{
    const ff_bytes aad[] = {{a->plan->aad[kind], a->plan->aad_len},
                            {a->frame->aad, a->frame->aad_len}};
    return ff_aead_open(a->aead, a->frame->out, a->plan->nonce, aad, 2,
                        a->body, a->plan->body_len, a->tag);
}

/* attempt_both finds out the kind of a frame, with at most two tag checks.
 * Deltas come first: most frames are. In place, the first attempt has turned
 * the ciphertext into noise; the same keystream turns it back (a third pass,
 * whose verdict counts for nothing). */
static ff_status attempt_both(const ff_attempt *a)
{
    ff_status status = attempt(a, FF_DELTA);
    if (status != FF_AUTH_FAILED)
        return status;
    if (a->body == a->frame->out && attempt(a, FF_DELTA) == FF_INTERNAL)
        return FF_INTERNAL;
    return attempt(a, FF_KEY);
}

/* verify opens into an output that fits and leaves it zeroed unless the tag
 * is good. Where output and input start together, the body first moves down
 * to where its plaintext will stand. */
static ff_status verify(ff_opener *opener, ff_slot *slot, const ff_plan *plan,
                        ff_frame *frame)
{
    ff_attempt a = {.aead = slot->aead, .plan = plan, .frame = frame,
                    .body = frame->in + plan->body_at};
    memcpy(a.tag, frame->in + plan->tag_at, FF_TAG_LEN);
    if (frame->out == frame->in && a.body != frame->out) {
        memmove(frame->out, a.body, plan->body_len);
        a.body = frame->out;
    }
    int is_unknown = frame->key_frame == FF_EITHER &&
                     opener->format->facts.has_key_flag;
    ff_status status = is_unknown ? attempt_both(&a)
                                  : attempt(&a, frame->key_frame == FF_KEY);
    if (status == FF_OK)
        frame->out_len = plan->body_len;
    else
        ff_wipe(frame->out, plan->body_len);
    return status;
}

/* -- one frame, start to end -- */

static void count_frame(ff_opener *opener, ff_slot *slot,
                        const ff_frame *frame, ff_status status)
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

static ff_status open_with_slot(ff_opener *opener, ff_slot *slot,
                                const ff_plan *plan, ff_frame *frame)
{
    ff_status status = ff_senders_check(&slot->senders, plan->sender,
                                        plan->counter);
    if (status != FF_OK)
        return status;
    status = fit(plan, frame);
    if (status != FF_OK)
        return status;
    status = verify(opener, slot, plan, frame);
    if (status == FF_OK)
        ff_senders_accept(&slot->senders, plan->sender, plan->counter);
    return status;
}

/* open_locked gives an ff_status, or FF_BAD_OVERLAP. */
static int open_locked(ff_opener *opener, ff_frame *frame)
{
    ff_plan plan;
    ff_slot *slot = NULL;
    int outcome = read_plan(opener, frame, &plan);
    if (outcome == FF_OK && !frame->is_apart && !is_overlap_good(&plan, frame))
        return FF_BAD_OVERLAP;
    if (outcome == FF_OK) {
        slot = find_slot(opener, &plan);
        outcome = FF_UNKNOWN_KEY;
        if (slot)
            outcome = (int)open_with_slot(opener, slot, &plan, frame);
    }
    if (outcome < FF_BAD_ARGUMENT)
        count_frame(opener, slot, frame, (ff_status)outcome);
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
        error = check_frame(opener, &frame);
    if (error == FF_DONE)
        error = ff_opener_lock(opener);
    if (error != FF_DONE)
        return -(int64_t)error;
    ff_errors_mark();
    int outcome = open_locked(opener, &frame);
    ff_errors_restore();
    ff_lock_release(&opener->lock);
    blank(&frame, outcome);
    return outcome == FF_OK ? (int64_t)frame.out_len : -(int64_t)outcome;
}

/* -- many frames -- */

static ff_error lock_opener(void *member)
{
    return ff_opener_lock(member);
}

static void unlock_opener(void *member)
{
    ff_opener *opener = member;
    ff_lock_release(&opener->lock);
}

static ff_error admit(void *member, const ff_frame *frame)
{
    return check_frame(member, frame);
}

static ff_error need_nothing(void *member)
{
    (void)member;
    return FF_DONE;
}

static ff_status run(void *member, ff_frame *frame, ff_status status)
{
    int outcome = status;
    if (status == FF_OK)
        outcome = open_locked(member, frame);
    else
        count_frame(member, NULL, frame, status);
    /* Overlap, the one call error left, was ruled out for the batch. */
    return outcome < FF_BAD_ARGUMENT ? (ff_status)outcome : FF_INTERNAL;
}

static const ff_loop opening = {
    .kind = {lock_opener, unlock_opener},
    .admit = admit,
    .ready = need_nothing,
    .run = run,
};

FF_FLATTEN int64_t ff_open_batch(ff_opener *opener, ff_batch *batch,
                                 int in_place)
{
    return ff_loop_one(&opening, opener, batch, in_place);
}

int64_t ff_open_many(ff_opener *const *openers, size_t num_openers,
                     ff_batch *batch, int in_place)
{
    return ff_loop_many(&opening, (void *const *)openers, num_openers, batch,
                        in_place);
}
