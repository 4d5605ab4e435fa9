/* loop.h - the batch loop, written once for sealing and for opening.
 *
 * A static inline function over constant ff_steps: each user gets a copy in
 * which the compiler has put the steps in place of the calls.
 */
#ifndef FASTFRAME_LOOP_H
#define FASTFRAME_LOOP_H
#include <string.h>

#include "aead.h"
#include "crew.h"

/* prepare checks every frame before the first one is touched. */
static inline ff_error ff_loop_prepare(const ff_steps *steps,
                                       const ff_crowd *crowd, ff_batch *batch)
{
    for (uint32_t i = 0; i < batch->count; i++) {
        ff_extent extent;
        ff_error error = ff_batch_check(batch, i, &extent);
        if (error == FF_DONE)
            error = steps->admit(ff_member_of(crowd, batch, i), extent.in_len,
                                 extent.aad_len);
        if (error != FF_DONE) {
            batch->bad_index = i;
            return error;
        }
    }
    for (size_t i = 0; i < crowd->num_used; i++) {
        ff_error error = steps->ready(crowd->used[i]);
        if (error != FF_DONE)
            return error;
    }
    return FF_DONE;
}

/* A frame that fails leaves its status and the loop goes on. Frames are
 * loaded and checked anew: what was true in prepare need not hold any more if
 * the caller's tables change meanwhile. */
static inline uint32_t ff_loop_frames(const ff_steps *steps,
                                      const ff_crowd *crowd, ff_batch *batch)
{
    ff_batch view; /* results written cannot alias a copy */
    memcpy(&view, batch, offsetof(ff_batch, busy)); /* busy is others' to try */
    size_t at = 0;
    uint32_t ok = 0;
    for (uint32_t i = 0; i < view.count; i++) {
        ff_frame frame;
        void *member = ff_member_of(crowd, &view, i);
        ff_status status = FF_INTERNAL;
        if (ff_batch_load(&view, i, &frame) == FF_DONE)
            status = ff_batch_place(&view, at, &frame);
        status = steps->run(member, &frame, status);
        at = ff_batch_store(&view, i, at, &frame, status);
        ok += status == FF_OK;
    }
    return ok;
}

/* ff_loop_attempt is one worker's share of a crew's frames. */
static inline void ff_loop_attempt(const ff_steps *steps, const ff_crew *crew,
                                   uint32_t from, uint32_t to, uint32_t worker)
{
    for (uint32_t i = from; i < to; i++) {
        ff_turn *turn = &crew->turns[i];
        turn->frame.worker = worker;
        turn->status = steps->attempt(turn->member, &turn->frame);
    }
}

/* ff_loop_run gives how many frames came out well, or a negated ff_error. */
static inline int64_t ff_loop_run(const ff_steps *steps, ff_crowd *crowd,
                                  ff_batch *batch, int in_place,
                                  uint32_t workers)
{
    ff_crew crew;
    uint32_t ok = 0;
    ff_error error = ff_batch_begin(batch, in_place);
    if (error != FF_DONE)
        return -(int64_t)error;
    error = ff_crowd_lock(crowd, &steps->kind, batch);
    if (error == FF_DONE) {
        error = ff_loop_prepare(steps, crowd, batch);
        ff_errors_mark();
        if (error == FF_DONE)
            ok = workers > 1 &&
                         ff_crew_begin(&crew, steps, crowd, batch, workers)
                     ? ff_crew_frames(&crew)
                     : ff_loop_frames(steps, crowd, batch);
        ff_errors_restore();
        ff_crowd_unlock(crowd, &steps->kind);
    }
    return ff_batch_end(batch, error, ok);
}

static inline int64_t ff_loop_one(const ff_steps *steps, void *member,
                                  ff_batch *batch, int in_place,
                                  uint32_t workers)
{
    ff_crowd crowd;
    crowd.members = &member;
    crowd.num_members = 1;
    crowd.is_many = 0;
    return ff_loop_run(steps, &crowd, batch, in_place, workers);
}

static inline int64_t ff_loop_many(const ff_steps *steps, void *const *members,
                                   size_t num_members, ff_batch *batch,
                                   int in_place, uint32_t workers)
{
    ff_crowd crowd;
    crowd.members = members;
    crowd.num_members = num_members;
    crowd.is_many = 1;
    return ff_loop_run(steps, &crowd, batch, in_place, workers);
}
#endif
