/* arena.c - filling a batch: its memory, its arena, gathered frames. */
#include "atomic.h"
#include "frame.h"
#include "span.h"

#include <string.h>

#define ARENA_ALIGN 32 /* frames start where vector loads like them */

/* -- memory -- */

/* take cuts one table of count items off the memory at *at. */
static void *take(uint8_t **at, size_t item_size, size_t count)
{
    uint8_t *table = *at;
    *at += item_size * count;
    return table;
}

/* lay_tables gives each table its place, the widest items first, so that all
 * are aligned if the first one is. */
static void lay_tables(ff_batch *batch, uint8_t *at, size_t count)
{
    batch->in_at = take(&at, sizeof *batch->in_at, count);
    batch->aad_at = take(&at, sizeof *batch->aad_at, count);
    batch->out_at = take(&at, sizeof *batch->out_at, count);
    batch->counter = take(&at, sizeof *batch->counter, count);
    batch->key_id = take(&at, sizeof *batch->key_id, count);
    batch->in_ptr = take(&at, sizeof *batch->in_ptr, count);
    batch->aad_ptr = take(&at, sizeof *batch->aad_ptr, count);
    batch->in_len = take(&at, sizeof *batch->in_len, count);
    batch->aad_len = take(&at, sizeof *batch->aad_len, count);
    batch->out_len = take(&at, sizeof *batch->out_len, count);
    batch->source = take(&at, sizeof *batch->source, count);
    batch->key_frame = take(&at, sizeof *batch->key_frame, count);
    batch->names_key = take(&at, sizeof *batch->names_key, count);
    batch->status = take(&at, sizeof *batch->status, count);
}

size_t ff_batch_tables_size(uint32_t capacity)
{
    /* Five tables of 8 bytes, two of pointers, three of 4, one of 2, three of 1:
     * what lay_tables takes. */
    return (size_t)capacity * (5 * 8 + 2 * sizeof(void *) + 3 * 4 + 2 + 3);
}

ff_error ff_batch_init(ff_batch *batch, uint8_t *tables, uint32_t capacity,
                       uint8_t *out, size_t out_size, uint8_t *in,
                       size_t in_size, size_t in_limit)
{
    if (capacity > FF_BATCH_MAX || (uintptr_t)tables % sizeof(uint64_t) != 0)
        return FF_BAD_ARGUMENT;
    memset(batch, 0, sizeof *batch);
    batch->capacity = capacity;
    batch->out = out;
    batch->out_size = out_size;
    batch->in = in;
    batch->in_size = in_size;
    batch->in_limit = in_limit;
    batch->is_gathered = in == NULL;
    batch->has_aad = in != NULL;
    lay_tables(batch, tables, capacity);
    return FF_DONE;
}

/* -- gathered frames -- */

ff_error ff_gather_begin(ff_batch *batch, uint32_t count, int key_frame)
{
    if (!batch->is_gathered || count > batch->capacity ||
        key_frame < FF_DELTA || key_frame > FF_EITHER)
        return FF_BAD_ARGUMENT;
    return ff_flag_take(&batch->busy) ? FF_DONE : FF_BATCH_BUSY;
}

void ff_gather_end(ff_batch *batch, uint32_t count, int key_frame)
{
    memset(batch->key_frame, key_frame, count);
    batch->count = count;
    batch->has_aad = 0;
    ff_flag_release(&batch->busy);
}

ff_error ff_batch_gather(ff_batch *batch, const uint8_t *const *frames,
                         const uint32_t *lens, uint32_t count, int key_frame)
{
    ff_error error = ff_gather_begin(batch, count, key_frame);
    if (error != FF_DONE)
        return error;
    memcpy(batch->in_ptr, frames, count * sizeof *frames);
    memcpy(batch->in_len, lens, count * sizeof *lens);
    ff_gather_end(batch, count, key_frame);
    return FF_DONE;
}

ff_error ff_batch_gather_aad(ff_batch *batch, const uint8_t *const *aads,
                             const uint32_t *lens)
{
    ff_error error = ff_gather_begin(batch, batch->count, FF_DELTA);
    if (error != FF_DONE)
        return error;
    memcpy(batch->aad_ptr, aads, batch->count * sizeof *aads);
    memcpy(batch->aad_len, lens, batch->count * sizeof *lens);
    batch->has_aad = 1;
    ff_flag_release(&batch->busy);
    return FF_DONE;
}

/* -- frames in the arena -- */

static ff_error find_room(const ff_batch *batch, size_t len, size_t aad_len,
                          size_t *out_at)
{
    size_t at = (batch->in_used + FF_HEADROOM + ARENA_ALIGN - 1) /
                ARENA_ALIGN * ARENA_ALIGN;
    if (batch->spent)
        return FF_BATCH_SPENT;
    if (len > FF_SEALED_MAX || aad_len > FF_FRAME_MAX)
        return FF_BAD_LENGTH;
    if (batch->count >= batch->capacity ||
        len + aad_len > batch->in_limit - batch->in_held ||
        !ff_span_inside(at, len + FF_TAILROOM + aad_len, batch->in_size))
        return FF_BATCH_FULL;
    *out_at = at;
    return FF_DONE;
}

static ff_error reserve(ff_batch *batch, size_t *out_at, size_t len,
                        int key_frame, uint32_t source, const ff_extra *extra)
{
    size_t aad_len = extra ? extra->aad_len : 0;
    if (source > UINT16_MAX || key_frame < FF_DELTA || key_frame > FF_EITHER)
        return FF_BAD_ARGUMENT;
    ff_error error = find_room(batch, len, aad_len, out_at);
    if (error != FF_DONE)
        return error;
    uint32_t i = batch->count;
    size_t aad_at = *out_at + len + FF_TAILROOM;
    if (aad_len > 0)
        memmove(batch->in + aad_at, extra->aad, aad_len);
    batch->in_at[i] = *out_at;
    batch->in_len[i] = (uint32_t)len;
    batch->aad_at[i] = aad_at;
    batch->aad_len[i] = (uint32_t)aad_len;
    batch->key_frame[i] = (uint8_t)key_frame;
    batch->source[i] = (uint16_t)source;
    batch->counter[i] = extra ? extra->counter : 0;
    batch->in_used = aad_at + aad_len;
    batch->in_held += len + aad_len;
    batch->count = i + 1;
    return FF_DONE;
}

int64_t ff_batch_reserve(ff_batch *batch, size_t len, int key_frame,
                         uint32_t source, const ff_extra *extra)
{
    size_t at = 0;
    if (!ff_flag_take(&batch->busy))
        return -FF_BATCH_BUSY;
    ff_error error = reserve(batch, &at, len, key_frame, source, extra);
    ff_flag_release(&batch->busy);
    return error == FF_DONE ? (int64_t)at : -(int64_t)error;
}

ff_error ff_batch_append(ff_batch *batch, const uint8_t *frame, size_t len,
                         int key_frame, uint32_t source, const ff_extra *extra)
{
    size_t at = 0;
    if (!ff_flag_take(&batch->busy))
        return FF_BATCH_BUSY;
    ff_error error = reserve(batch, &at, len, key_frame, source, extra);
    if (error == FF_DONE && len > 0)
        memmove(batch->in + at, frame, len); /* it may be an old result */
    ff_flag_release(&batch->busy);
    return error;
}

ff_error ff_batch_clear(ff_batch *batch)
{
    if (!ff_flag_take(&batch->busy))
        return FF_BATCH_BUSY;
    batch->count = 0;
    batch->turn += 1;
    batch->in_used = 0;
    batch->in_held = 0;
    batch->spent = 0;
    ff_flag_release(&batch->busy);
    return FF_DONE;
}
