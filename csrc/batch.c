/* batch.c - reading the descriptors of a batch and writing its results. */
#include "atomic.h"
#include "frame.h"
#include "span.h"

#include <string.h>

ff_error ff_frame_single(ff_frame *out, uint8_t *to, size_t cap,
                         const uint8_t *from, size_t len, int key_frame,
                         const ff_extra *extra)
{
    if (extra && extra->aad_len > FF_FRAME_MAX)
        return FF_BAD_LENGTH;
    /* Longer than any frame may be is all that matters of a longer one. */
    uint32_t in_len = len > UINT32_MAX ? UINT32_MAX : (uint32_t)len;
    *out = (ff_frame){.in = from,
                      .in_len = in_len,
                      .out = to,
                      .out_cap = cap,
                      .key_frame = key_frame};
    if (extra) {
        out->aad = extra->aad;
        out->aad_len = (uint32_t)extra->aad_len;
        out->counter = extra->counter;
    }
    return FF_DONE;
}

ff_error ff_batch_begin(ff_batch *batch, int in_place)
{
    if (!ff_flag_take(&batch->busy))
        return FF_BATCH_BUSY;
    batch->bad_index = 0;
    ff_error error = FF_DONE;
    if (batch->spent)
        error = FF_BATCH_SPENT;
    else if (batch->count > FF_BATCH_MAX)
        error = FF_BAD_ARGUMENT;
    else if (!ff_span_apart(batch->in, batch->in_size, batch->out,
                            batch->out_size))
        error = FF_BAD_OVERLAP;
    if (error != FF_DONE) {
        ff_flag_release(&batch->busy);
        return error;
    }
    batch->in_place = in_place != 0;
    batch->ran = batch->count;
    batch->turn += 1;
    memset(batch->status, FF_NOT_RUN, batch->count);
    return FF_DONE;
}

int64_t ff_batch_end(ff_batch *batch, ff_error error, uint32_t ok)
{
    if (error != FF_DONE)
        memset(batch->out_len, 0, batch->count * sizeof *batch->out_len);
    else
        batch->spent = batch->in_place;
    ff_flag_release(&batch->busy);
    return error == FF_DONE ? (int64_t)ok : -(int64_t)error;
}

static ff_error check_aad(const ff_batch *batch, uint32_t i, ff_extent *out)
{
    out->aad_len = batch->aad_len[i];
    if (out->aad_len == 0)
        return FF_DONE;
    if (out->aad_len > FF_FRAME_MAX)
        return FF_BAD_LENGTH;
    if (batch->is_gathered) {
        out->aad = batch->aad_ptr[i];
        return FF_DONE;
    }
    uint64_t at = batch->aad_at[i];
    if (!ff_span_inside(at, out->aad_len, batch->in_size))
        return FF_BAD_SPAN;
    out->aad = batch->in + at;
    return FF_DONE;
}

/* has_room_around: may a header and a tag be written around this frame? */
static int has_room_around(const ff_batch *batch, uint64_t at, uint32_t len)
{
    return at >= FF_HEADROOM &&
           batch->in_size - at - len >= FF_TAILROOM;
}

ff_error ff_batch_check(const ff_batch *batch, uint32_t i, ff_extent *out)
{
    out->in_len = batch->in_len[i];
    out->aad = NULL;
    out->aad_len = 0;
    if (batch->is_gathered) {
        out->in = batch->in_ptr[i];
        if (batch->in_place)
            return FF_BAD_ARGUMENT; /* no arena to write over */
        if (!ff_span_apart(out->in, out->in_len, batch->out, batch->out_size))
            return FF_BAD_OVERLAP;
    } else {
        uint64_t at = batch->in_at[i];
        if (!ff_span_inside(at, out->in_len, batch->in_size) ||
            (batch->in_place && !has_room_around(batch, at, out->in_len)))
            return FF_BAD_SPAN;
        out->in = batch->in + at;
    }
    return batch->has_aad ? check_aad(batch, i, out) : FF_DONE;
}

ff_error ff_batch_load(const ff_batch *batch, uint32_t i, ff_frame *out)
{
    ff_extent extent;
    ff_error error = ff_batch_check(batch, i, &extent);
    out->key_id = 0;
    out->names_key = 0;
    out->counter = batch->counter[i];
    out->key_frame = batch->key_frame[i];
    out->in = extent.in;
    out->in_len = extent.in_len;
    out->aad = extent.aad;
    out->aad_len = extent.aad_len;
    out->worker = 0;
    out->trial = NULL;
    return error;
}

ff_status ff_batch_place(const ff_batch *batch, size_t at, ff_frame *frame)
{
    frame->in_place = batch->in_place;
    frame->is_apart = 1; /* by ff_batch_begin and ff_batch_load */
    frame->out = NULL;
    frame->out_cap = 0;
    if (batch->in_place)
        return FF_OK; /* the plan says where */
    if (!ff_span_inside(at, FF_SPARE, batch->out_size))
        return FF_NO_ROOM;
    frame->out = batch->out + at;
    frame->out_cap = batch->out_size - FF_SPARE - at;
    return FF_OK;
}

static const uint8_t spare[FF_SPARE]; /* copied inline; memset would be a call */

size_t ff_batch_store(const ff_batch *batch, uint32_t i, size_t at,
                      const ff_frame *frame, ff_status status)
{
    int is_ok = status == FF_OK;
    batch->status[i] = (uint8_t)status;
    batch->key_id[i] = frame->key_id;
    batch->names_key[i] = (uint8_t)frame->names_key;
    batch->counter[i] = frame->counter;
    batch->out_len[i] = is_ok ? frame->out_len : 0;
    batch->out_at[i] = at;
    if (!is_ok)
        return at;
    if (batch->in_place) {
        batch->out_at[i] = (uint64_t)(frame->out - batch->in);
        return at;
    }
    memcpy(frame->out + frame->out_len, spare, FF_SPARE);
    return at + frame->out_len + FF_SPARE;
}
