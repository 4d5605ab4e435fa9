/* batch_kit.h - batches whose every table and arena is guarded. */
#ifndef FASTFRAME_TEST_BATCH_KIT_H
#define FASTFRAME_TEST_BATCH_KIT_H
#include "kit.h"

typedef struct {
    ff_batch    b;
    kit_guarded in, out;
    uint64_t   *tables;
} kit_batch;

static inline void *kit_table(uint32_t rows, size_t size)
{
    return kit_need(calloc(rows ? rows : 1, size));
}

static inline void kit_batch_own_tables(ff_batch *b, uint32_t capacity)
{
    b->in_at = kit_table(capacity, sizeof *b->in_at);
    b->in_ptr = kit_table(capacity, sizeof *b->in_ptr);
    b->in_len = kit_table(capacity, sizeof *b->in_len);
    b->aad_at = kit_table(capacity, sizeof *b->aad_at);
    b->aad_ptr = kit_table(capacity, sizeof *b->aad_ptr);
    b->aad_len = kit_table(capacity, sizeof *b->aad_len);
    b->out_at = kit_table(capacity, sizeof *b->out_at);
    b->out_len = kit_table(capacity, sizeof *b->out_len);
    b->key_frame = kit_table(capacity, sizeof *b->key_frame);
    b->source = kit_table(capacity, sizeof *b->source);
    b->counter = kit_table(capacity, sizeof *b->counter);
    b->key_id = kit_table(capacity, sizeof *b->key_id);
    b->names_key = kit_table(capacity, sizeof *b->names_key);
    b->status = kit_table(capacity, sizeof *b->status);
}

/* kit_batch_new makes a batch with an arena, or with in_size 0 one to gather.
 * Each table becomes an allocation of its own, so that a sanitizer sees a row
 * too many. */
static inline kit_batch *kit_batch_new(uint32_t capacity, size_t in_size,
                                       size_t out_size)
{
    kit_batch *made = kit_need(calloc(1, sizeof *made));
    made->tables = kit_table(capacity, 2 * ff_batch_tables_size(1));
    made->in = kit_guard(in_size);
    made->out = kit_guard(out_size);
    CHECK_SAME(ff_batch_init(&made->b, (uint8_t *)made->tables, capacity,
                             made->out.at, out_size,
                             in_size ? made->in.at : NULL, in_size, in_size),
               FF_DONE);
    kit_batch_own_tables(&made->b, capacity);
    return made;
}

static inline void kit_batch_free(kit_batch *batch)
{
    ff_batch *b = &batch->b;
    CHECK(kit_guards_hold(&batch->in));
    CHECK(kit_guards_hold(&batch->out));
    CHECK_SAME(b->busy, 0);
    free(batch->in.block);
    free(batch->out.block);
    free(b->in_at);
    free(b->in_len);
    free(b->aad_at);
    free(b->aad_len);
    free(b->out_at);
    free(b->out_len);
    free(b->key_frame);
    free(b->source);
    free(b->counter);
    free(b->key_id);
    free(b->names_key);
    free(b->status);
    free(batch->tables);
    free(b->in_ptr);
    free(b->aad_ptr);
    free(batch);
}

/* kit_gather turns the results of from into the gathered input of a batch. */
static inline kit_batch *kit_gather(const kit_batch *from, size_t out_size)
{
    const ff_batch *src = &from->b;
    kit_batch *made = kit_batch_new(src->count, 0, out_size);
    const uint8_t **at = kit_table(src->count, sizeof *at);
    for (uint32_t i = 0; i < src->count; i++)
        at[i] = (src->in_place ? src->in : src->out) + src->out_at[i];
    CHECK_SAME(ff_batch_gather(&made->b, at, src->out_len, src->count, 0),
               FF_DONE);
    free(at);
    for (uint32_t i = 0; i < src->count; i++) {
        made->b.counter[i] = src->counter[i];
        made->b.key_frame[i] = src->key_frame[i];
        made->b.source[i] = src->source[i];
    }
    return made;
}

/* kit_received is a batch with the results of from appended to its arena, as
 * if they had come from the network. */
static inline kit_batch *kit_received(const kit_batch *from)
{
    const ff_batch *src = &from->b;
    const uint8_t *results = src->in_place ? src->in : src->out;
    size_t size = src->count * (size_t)FF_FRAME_ROOM;
    for (uint32_t i = 0; i < src->count; i++)
        size += src->out_len[i];
    kit_batch *made = kit_batch_new(src->count, size, size);
    for (uint32_t i = 0; i < src->count; i++) {
        ff_extra extra = {.counter = src->counter[i]};
        CHECK_SAME(ff_batch_append(&made->b, results + src->out_at[i],
                                   src->out_len[i], src->key_frame[i],
                                   src->source[i], &extra), FF_DONE);
    }
    return made;
}

/* kit_append_random fills a batch with frames of random bytes and lengths. */
static inline void kit_append_random(kit_batch *batch, uint32_t count,
                                     uint32_t max_len, uint32_t num_sources)
{
    uint8_t *frame = kit_need(malloc(max_len + 1));
    for (uint32_t i = 0; i < count; i++) {
        uint32_t len = kit_below(max_len + 1);
        kit_fill(frame, len);
        CHECK_SAME(ff_batch_append(&batch->b, frame, len,
                                   (int)kit_below(2), i % num_sources, NULL),
                   FF_DONE);
    }
    free(frame);
}

static inline uint64_t kit_next_of(ff_sealer *sealer)
{
    ff_sealer_facts facts;
    CHECK_SAME(ff_sealer_read(sealer, &facts), FF_DONE);
    return facts.next;
}
#endif
