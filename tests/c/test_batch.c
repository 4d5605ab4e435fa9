/* test_batch.c - many frames in one call, in every format, suite and codec: the
 * same bytes as one by one, one status each, and nothing written outside. */
#include "batch_rows.h"

static void check_sealed(const fixture *f, const kit_row *row)
{
    const ff_batch *b = &f->batch->b;
    for (uint32_t i = 0; i < COUNT; i++) {
        CHECK_SAME(b->status[i], FF_OK);
        CHECK(b->counter[i] >= FIRST_COUNTER + i);
        CHECK_SAME(b->key_id[i], 1);
        CHECK_SAME(b->names_key[i], 1);
        CHECK_SAME(b->out_len[i], f->sealed_len[i]);
        CHECK(memcmp(result(b, i), f->sealed[i], f->sealed_len[i]) == 0);
    }
    CHECK(row_rule(row)->reseals != FF_RESEALS_NEVER ||
          b->counter[COUNT - 1] == FIRST_COUNTER + COUNT - 1);
}

static void check_opened(const kit_batch *opened, const fixture *f,
                         const kit_row *row)
{
    const ff_batch *b = &opened->b;
    for (uint32_t i = 0; i < COUNT; i++) {
        CHECK_SAME(b->status[i], FF_OK);
        CHECK_SAME(b->names_key[i], row->facts.names_key);
        CHECK_SAME(b->key_id[i], row->facts.names_key);
        if (row->facts.sends_counter && row->format != INSERTABLE)
            CHECK_SAME(b->counter[i], f->batch->b.counter[i]);
        CHECK_SAME(b->out_len[i], f->want_len[i]);
        CHECK(memcmp(result(b, i), f->want[i], b->out_len[i]) == 0);
    }
}

static void test_batch_seals_and_opens_like_single_calls(const kit_row *row)
{
    fixture f = make(row);
    int replays = row->facts.has_replay_check != 0;
    CHECK_SAME(ff_seal_batch(f.sealer, &f.batch->b, 0, 1), COUNT);
    check_sealed(&f, row);
    check_spare(f.batch);
    kit_batch *back = kit_gather(f.batch, RESULTS);
    CHECK_SAME(ff_open_batch(f.opener, &back->b, 0, 1), COUNT);
    check_opened(back, &f, row);
    check_spare(back);
    /* All again: replayed, where the format has counters to tell by. */
    CHECK_SAME(ff_open_batch(f.opener, &back->b, 0, 1), replays ? 0 : COUNT);
    for (uint32_t i = 0; i < COUNT && replays; i++)
        CHECK(back->b.status[i] == FF_REPLAYED && back->b.out_len[i] == 0);
    kit_batch_free(back);
    drop(&f);
}

static void test_batch_in_place(const kit_row *row)
{
    fixture f = make(row);
    CHECK_SAME(ff_seal_batch(f.sealer, &f.batch->b, 1, 1), COUNT);
    check_sealed(&f, row);
    CHECK(kit_is_all(f.batch->b.out, SENTINEL, f.batch->b.out_size));
    CHECK_SAME(ff_seal_batch(f.sealer, &f.batch->b, 1, 1), -FF_BATCH_SPENT);
    CHECK_SAME(ff_open_batch(f.opener, &f.batch->b, 0, 1), -FF_BATCH_SPENT);
    kit_batch *back = kit_received(f.batch);
    CHECK_SAME(ff_open_batch(f.opener, &back->b, 1, 1), COUNT);
    check_opened(back, &f, row);
    CHECK(kit_is_all(back->b.out, SENTINEL, back->b.out_size));
    kit_batch_free(back);
    drop(&f);
}

/* Between the others an empty frame is sealed, passed on as it is, or refused;
 * neighbours keep their places. */
static void test_empty_frames_in_a_batch(const kit_row *row)
{
    for (int in_place = 0; in_place < 2; in_place++) {
        fixture f = make(row);
        ff_batch *b = &f.batch->b;
        int refuses = row->format == JITSI;
        b->in_len[0] = b->in_len[4] = b->in_len[COUNT - 1] = 0;
        CHECK_SAME(ff_seal_batch(f.sealer, b, in_place, 1),
                   COUNT - 3 * refuses);
        for (uint32_t i = 0; i < COUNT; i += 4)
            CHECK_SAME(b->status[i], refuses && b->in_len[i] == 0
                                         ? FF_MALFORMED : FF_OK);
        CHECK_SAME(b->out_len[4] > 0, row->format != LIVEKIT && !refuses);
        CHECK(b->out_at[4] <= (in_place ? b->in_size : b->out_size));
        kit_batch *back = kit_received(f.batch);
        int64_t ok = ff_open_batch(f.opener, &back->b, in_place, 1);
        CHECK_SAME(ok, COUNT - 3 * refuses);
        for (uint32_t i = 1; i + 1 < COUNT && i != 4; i++)
            CHECK(back->b.out_len[i] == f.want_len[i] &&
                  memcmp(result(&back->b, i), f.want[i], f.want_len[i]) == 0);
        CHECK_SAME(back->b.out_len[4], 0);
        kit_batch_free(back);
        drop(&f);
    }
}

/* -- one bad frame costs one frame -- */

/* tag_of gives a byte of a frame's tag. */
static uint8_t *tag_of(const kit_row *row, const ff_batch *b, uint32_t i)
{
    ff_claim claim;
    const ff_settings settings = row_settings(row, 0);
    uint8_t *at = (uint8_t *)result(b, i);
    CHECK_SAME(ff_inspect(&settings, (uint32_t)ff_suite_tag_len(row->suite),
                          &claim, at, b->out_len[i]), FF_OK);
    return at + b->out_len[i] - claim.trailer_len - 2;
}

static void test_bad_frames_do_not_stop_the_others(const kit_row *row)
{
    fixture f = make(row);
    int replays = row->facts.has_replay_check != 0;
    CHECK_SAME(ff_seal_batch(f.sealer, &f.batch->b, 0, 1), COUNT);
    kit_batch *back = kit_gather(f.batch, RESULTS);
    *tag_of(row, &f.batch->b, 3) ^= 0x10;
    back->b.in_len[5] = 2; /* nothing fits into that */
    back->b.in_ptr[9] = back->b.in_ptr[8]; /* a duplicate inside the batch */
    back->b.in_len[9] = back->b.in_len[8];
    back->b.counter[9] = back->b.counter[8];
    back->b.key_frame[9] = back->b.key_frame[8];
    CHECK_SAME(ff_open_batch(f.opener, &back->b, 0, 1), COUNT - 2 - replays);
    for (uint32_t i = 0; i < COUNT; i++) {
        int want = i == 3 ? FF_AUTH_FAILED : FF_OK;
        if (i == 9 && replays)
            want = FF_REPLAYED;
        if (i == 5)
            CHECK(back->b.status[i] == FF_MALFORMED ||
                  back->b.status[i] == FF_NOT_ENCRYPTED);
        else
            CHECK_SAME(back->b.status[i], want);
        CHECK_SAME(back->b.out_len[i] > 0, back->b.status[i] == FF_OK);
    }
    kit_batch_free(back);
    drop(&f);
}

static void test_rejected_frame_in_place_is_zeroed(const kit_row *row)
{
    fixture f = make(row);
    CHECK_SAME(ff_seal_batch(f.sealer, &f.batch->b, 0, 1), COUNT);
    for (uint32_t i = 0; i < COUNT; i++)
        *tag_of(row, &f.batch->b, i) ^= 0x10;
    kit_batch *back = kit_received(f.batch);
    CHECK_SAME(ff_open_batch(f.opener, &back->b, 1, 1), 0);
    for (uint32_t i = 0; i < COUNT; i++) {
        CHECK_SAME(back->b.status[i], FF_AUTH_FAILED);
        CHECK_SAME(back->b.out_len[i], 0);
        CHECK(kit_is_all(back->b.in + back->b.in_at[i], 0, back->b.in_len[i]));
    }
    kit_batch_free(back);
    drop(&f);
}

/* The last counters of all go to the first frames, and none is used twice. */
static void test_frames_beyond_the_last_counter_get_none(const kit_row *row)
{
    for (uint64_t left = 0; left < 4; left++) {
        fixture f = make(row);
        ff_batch *b = &f.batch->b;
        ff_sealer *sealer = row_sealer(row, row->facts.counter_max - left);
        int64_t ok = ff_seal_batch(sealer, b, 0, 1);
        CHECK(ok <= (int64_t)left + 1); /* one may be sealed anew */
        CHECK(ok >= (int64_t)left || row_rule(row)->reseals);
        for (int64_t i = 0; i < COUNT; i++)
            CHECK_SAME(b->status[i], i < ok ? FF_OK : FF_KEY_EXHAUSTED);
        CHECK_SAME(ff_seal_batch(sealer, b, 0, 1), 0);
        CHECK(kit_is_all(b->status, FF_KEY_EXHAUSTED, COUNT));
        ff_sealer_free(sealer);
        drop(&f);
    }
}

int main(void)
{
    RUN_ROWS(test_batch_seals_and_opens_like_single_calls);
    RUN_ROWS(test_batch_in_place);
    RUN_ROWS(test_empty_frames_in_a_batch);
    RUN_ROWS(test_bad_frames_do_not_stop_the_others);
    RUN_ROWS(test_rejected_frame_in_place_is_zeroed);
    RUN_ROWS(test_frames_beyond_the_last_counter_get_none);
    return check_report();
}
