/* batch_rows.h - a batch of frames for any row of the table, and what single
 * calls make of the same frames. */
#ifndef FASTFRAME_TEST_BATCH_ROWS_H
#define FASTFRAME_TEST_BATCH_ROWS_H
#include "rows.h"

#include "batch_kit.h"

#define COUNT 12
#define MAX_MEDIA 300
#define MAX_LEN (MAX_MEDIA + ROW_MEDIA_MAX)
#define ARENA (COUNT * (MAX_LEN + FF_FRAME_ROOM))
#define RESULTS (COUNT * (MAX_LEN + 300 + FF_SPARE))

/* fixture: frames of a row, sealed by single calls too; what they open to */
typedef struct {
    kit_batch *batch;
    ff_sealer *sealer;
    ff_opener *opener;
    uint8_t  (*sealed)[MAX_LEN + ROW_GROWTH], (*want)[MAX_LEN + ROW_GROWTH];
    size_t     sealed_len[COUNT], want_len[COUNT];
} fixture;

static inline void fill(fixture *f, const kit_row *row)
{
    ff_sealer *alone = row_sealer(row, FIRST_COUNTER);
    for (uint32_t i = 0; i < COUNT; i++) {
        uint8_t frame[MAX_LEN];
        int kind = (int)kit_below(2);
        size_t media = 12 + kit_below(MAX_MEDIA - 12);
        size_t len = row_frame(row, frame, kind, media);
        f->want_len[i] = row_canonical(row, f->want[i], frame, len);
        CHECK_SAME(ff_batch_append(&f->batch->b, frame, len, kind, 0, NULL),
                   FF_DONE);
        f->sealed_len[i] = (size_t)ff_seal_one(alone, f->sealed[i],
                                               sizeof f->sealed[i], frame, len,
                                               kind, NULL);
    }
    ff_sealer_free(alone);
}

static inline fixture make(const kit_row *row)
{
    fixture f = {.batch = kit_batch_new(COUNT, ARENA, RESULTS),
                 .sealer = row_sealer(row, FIRST_COUNTER),
                 .opener = row_opener(row, 64)};
    f.sealed = kit_need(calloc(COUNT, sizeof *f.sealed));
    f.want = kit_need(calloc(COUNT, sizeof *f.want));
    fill(&f, row);
    return f;
}

static inline void drop(fixture *f)
{
    kit_batch_free(f->batch);
    ff_sealer_free(f->sealer);
    ff_opener_free(f->opener);
    free(f->sealed);
    free(f->want);
}

static inline const uint8_t *result(const ff_batch *b, uint32_t i)
{
    return (b->in_place ? b->in : b->out) + b->out_at[i];
}

/* check_spare: FF_SPARE zeroes behind each result, and after the last nothing:
 * sentinels, or zeroes where a frame was begun. */
static inline void check_spare(const kit_batch *batch)
{
    const ff_batch *b = &batch->b;
    size_t end = 0;
    for (uint32_t i = 0; i < b->count; i++) {
        if (b->status[i] != FF_OK)
            continue;
        CHECK(b->out_at[i] >= end);
        end = b->out_at[i] + b->out_len[i];
        CHECK(kit_is_all(b->out + end, 0, FF_SPARE));
        end += FF_SPARE;
    }
    while (end < b->out_size && b->out[end] == 0)
        end++;
    CHECK(kit_is_all(b->out + end, SENTINEL, b->out_size - end));
}
#endif
