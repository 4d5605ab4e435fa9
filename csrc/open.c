/* open.c - the receiving side: one frame, and the loop that opens many.
 *
 * In this order, for each frame: read what it claims, look up, judge its
 * counter, verify, and only then commit. Until the tag is good, nothing the
 * frame says changes any state but a count of failures.
 */
#include <string.h>

#include "loop.h"
#include "mem.h"
#include "opener.h"
#include "span.h"

static ff_error check_frame(const ff_opener *opener, const ff_frame *frame)
{
    if (frame->aad_len > 0 && !opener->format->facts.takes_aad)
        return FF_BAD_AAD;
    return FF_DONE;
}

/* -- one frame -- */

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

/* open_locked gives an ff_status, or FF_BAD_OVERLAP. */
static int open_locked(ff_opener *opener, ff_frame *frame)
{
    ff_slot *slot = NULL;
    int outcome = ff_open_frame(opener, frame, &slot);
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
