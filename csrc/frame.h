/* frame.h - one frame as the core sees it, and its way out of a batch. */
#ifndef FASTFRAME_FRAME_H
#define FASTFRAME_FRAME_H
#include "fastframe.h"

/* ff_trial: what a frame that is opened ahead of its turn leaves to be judged
 * when its turn comes; see crew.c. */
typedef struct {
    struct ff_slot *slot; /* under whose key it was tried; NULL: start over */
    uint64_t        sender;
    uint32_t        has_counter; /* seal: one was left for it */
} ff_trial;

/* ff_frame: checked, borrowed views on one frame and its output. */
typedef struct {
    const uint8_t *in;
    uint8_t       *out;
    const uint8_t *aad;
    size_t         out_cap;
    uint64_t       counter; /* open, where the counter travels outside */
    uint32_t       in_len;
    uint32_t       aad_len;
    uint32_t       out_len; /* written */
    uint32_t       claim_len; /* written by open: what out_len would become */
    uint64_t       key_id;  /* written; meaningless unless names_key is 1 */
    uint32_t       names_key;
    int            key_frame;
    uint32_t       in_place; /* over the input, where the format wants it */
    uint32_t       is_apart; /* overlap was ruled out for the whole batch */
    uint32_t       worker;   /* whose cipher context: 0 is the caller's own */
    ff_trial      *trial;    /* NULL: it is this frame's turn */
} ff_frame;

/* ff_frame_single makes a frame of the arguments of a single call. */
ff_error ff_frame_single(ff_frame *out, uint8_t *to, size_t cap,
                         const uint8_t *from, size_t len, int key_frame,
                         const ff_extra *extra) FF_MUST_USE;

/* ff_batch_begin takes the batch for this call and marks every frame as
 * FF_NOT_RUN; ff_batch_end gives it back, and returns ok or the negated
 * error. */
ff_error ff_batch_begin(ff_batch *batch, int in_place) FF_MUST_USE;
int64_t ff_batch_end(ff_batch *batch, ff_error error, uint32_t ok);

/* ff_gather_begin takes a batch that is to be pointed at count frames, as a
 * call that runs would read it; ff_gather_end gives it back. */
ff_error ff_gather_begin(ff_batch *batch, uint32_t count,
                         int key_frame) FF_MUST_USE;
void ff_gather_end(ff_batch *batch, uint32_t count, int key_frame);

/* ff_extent: where a frame and its aad stand, each read once and checked. */
typedef struct {
    const uint8_t *in, *aad;
    uint32_t       in_len, aad_len;
} ff_extent;

/* ff_batch_check reads and checks where frame i stands; ff_batch_load does so
 * and makes it a frame. */
ff_error ff_batch_check(const ff_batch *batch, uint32_t i,
                        ff_extent *out) FF_MUST_USE;
ff_error ff_batch_load(const ff_batch *batch, uint32_t i,
                       ff_frame *out) FF_MUST_USE;

/* ff_batch_place sets where a frame's result goes; at is the end of the last
 * one in the arena out. FF_NO_ROOM: not even an empty frame fits.
 * ff_batch_store records what became of frame i, which was placed at at, and
 * gives the new end. */
ff_status ff_batch_place(const ff_batch *batch, size_t at,
                         ff_frame *frame) FF_MUST_USE;
size_t ff_batch_store(const ff_batch *batch, uint32_t i, size_t at,
                      const ff_frame *frame, ff_status status);
#endif
