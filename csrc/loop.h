/* loop.h - the batch loop, written once for sealing and for opening.
 *
 * A static inline function over a constant ff_loop: each user gets a copy in
 * which the compiler has put the steps in place of the calls.
 */
#ifndef FASTFRAME_LOOP_H
#define FASTFRAME_LOOP_H
#include <string.h>

#include "aead.h"
#include "crowd.h"
#include "frame.h"

typedef struct {
    ff_crowd_kind kind;

    /* admit refuses the call for a frame that member cannot take. */
    ff_error (*admit)(void *member, uint32_t in_len, uint32_t aad_len);

    /* ready is called once per member when all frames are admitted. */
    ff_error (*ready)(void *member);

    /* run does the work and counts what became of the frame; unless status is
     * FF_OK already, it only counts. */
    ff_status (*run)(void *member, ff_frame *frame, ff_status status);
} ff_loop;

/* ff_loop_member gives whose frame i is. A source that has changed since
 * ff_crowd_lock and names nobody now gets one that is locked. */
static inline void *ff_loop_member(const ff_crowd *crowd, const ff_batch *batch,
                                   uint32_t i)
{
    if (!crowd->is_many)
        return crowd->members[0];
    uint16_t source = batch->source[i];
    return source < crowd->num_members ? crowd->members[source]
                                       : crowd->used[0];
}

/* prepare checks every frame before the first one is touched. */
static inline ff_error ff_loop_prepare(const ff_loop *loop,
                                       const ff_crowd *crowd, ff_batch *batch)
{
    for (uint32_t i = 0; i < batch->count; i++) {
        ff_extent extent;
        ff_error error = ff_batch_check(batch, i, &extent);
        if (error == FF_DONE)
            error = loop->admit(ff_loop_member(crowd, batch, i), extent.in_len,
                                extent.aad_len);
        if (error != FF_DONE) {
            batch->bad_index = i;
            return error;
        }
    }
    for (size_t i = 0; i < crowd->num_used; i++) {
        ff_error error = loop->ready(crowd->used[i]);
        if (error != FF_DONE)
            return error;
    }
    return FF_DONE;
}

/* A frame that fails leaves its status and the loop goes on. Frames are
 * loaded and checked anew: what was true in prepare need not hold any more if
 * the caller's tables change meanwhile. */
static inline uint32_t ff_loop_frames(const ff_loop *loop,
                                      const ff_crowd *crowd, ff_batch *batch)
{
    ff_batch view; /* results written cannot alias a copy */
    memcpy(&view, batch, offsetof(ff_batch, busy)); /* busy is others' to try */
    size_t at = 0;
    uint32_t ok = 0;
    for (uint32_t i = 0; i < view.count; i++) {
        ff_frame frame;
        void *member = ff_loop_member(crowd, &view, i);
        ff_status status = FF_INTERNAL;
        if (ff_batch_load(&view, i, &frame) == FF_DONE)
            status = ff_batch_place(&view, at, &frame);
        status = loop->run(member, &frame, status);
        at = ff_batch_store(&view, i, at, &frame, status);
        ok += status == FF_OK;
    }
    return ok;
}

/* ff_loop_run gives how many frames came out well, or a negated ff_error. */
static inline int64_t ff_loop_run(const ff_loop *loop, ff_crowd *crowd,
                                  ff_batch *batch, int in_place)
{
    uint32_t ok = 0;
    ff_error error = ff_batch_begin(batch, in_place);
    if (error != FF_DONE)
        return -(int64_t)error;
    error = ff_crowd_lock(crowd, &loop->kind, batch);
    if (error == FF_DONE) {
        error = ff_loop_prepare(loop, crowd, batch);
        ff_errors_mark();
        if (error == FF_DONE)
            ok = ff_loop_frames(loop, crowd, batch);
        ff_errors_restore();
        ff_crowd_unlock(crowd, &loop->kind);
    }
    return ff_batch_end(batch, error, ok);
}

static inline int64_t ff_loop_one(const ff_loop *loop, void *member,
                                  ff_batch *batch, int in_place)
{
    ff_crowd crowd;
    crowd.members = &member;
    crowd.num_members = 1;
    crowd.is_many = 0;
    return ff_loop_run(loop, &crowd, batch, in_place);
}

static inline int64_t ff_loop_many(const ff_loop *loop, void *const *members,
                                   size_t num_members, ff_batch *batch,
                                   int in_place)
{
    ff_crowd crowd;
    crowd.members = members;
    crowd.num_members = num_members;
    crowd.is_many = 1;
    return ff_loop_run(loop, &crowd, batch, in_place);
}
#endif
