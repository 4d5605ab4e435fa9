/* test_batch_room.c - batches whose results do not fit, in every format, suite
 * and codec: what fits is good, and nothing is written behind. */
#include "batch_rows.h"

/* Many sizes of the result arena are tried: what fits is good, the rest reads
 * FF_NO_ROOM, and no byte is written behind. */
static void test_result_arena_of_any_size(const kit_row *row)
{
    for (size_t size = 0; size < 1500; size += 61) {
        fixture f = make(row);
        f.batch->b.out_size = size;
        memset(f.batch->b.out, SENTINEL, RESULTS);
        size_t end = 0;
        int64_t ok = ff_seal_batch(f.sealer, &f.batch->b, 0, 1);
        for (uint32_t i = 0; i < COUNT; i++) {
            size_t len = f.batch->b.out_len[i];
            int is_ok = f.batch->b.status[i] == FF_OK;
            CHECK(is_ok || f.batch->b.status[i] == FF_NO_ROOM);
            CHECK_SAME(len > 0, is_ok);
            end += is_ok ? len + FF_SPARE : 0;
            ok -= is_ok;
        }
        CHECK(ok == 0 && end <= size);
        check_spare(f.batch);
        CHECK(kit_is_all(f.batch->b.out + size, SENTINEL, RESULTS - size));
        drop(&f);
    }
}

/* The same for opening, which knows later how much it needs. */
static void test_opened_frames_that_do_not_fit(const kit_row *row)
{
    fixture f = make(row);
    CHECK_SAME(ff_seal_batch(f.sealer, &f.batch->b, 0, 1), COUNT);
    for (size_t size = 0; size < 1500; size += 59) {
        kit_batch *back = kit_gather(f.batch, size);
        ff_opener *opener = row_opener(row, 64);
        size_t end = 0;
        int64_t ok = ff_open_batch(opener, &back->b, 0, 1);
        for (uint32_t i = 0; i < COUNT; i++) {
            int fits = end + f.want_len[i] + FF_SPARE <= size;
            CHECK_SAME(back->b.status[i], fits ? FF_OK : FF_NO_ROOM);
            end += fits ? f.want_len[i] + FF_SPARE : 0;
            ok -= fits;
        }
        CHECK_SAME(ok, 0);
        check_spare(back);
        kit_batch_free(back);
        ff_opener_free(opener);
    }
    drop(&f);
}

/* Frames that failed for want of room spend no number twice. */
static void test_counters_after_no_room_are_fresh(const kit_row *row)
{
    fixture f = make(row);
    uint64_t highest = 0;
    f.batch->b.out_size = 3 * (MAX_LEN + FF_SPARE);
    for (uint32_t round = 0; round < 5; round++) {
        CHECK(ff_seal_batch(f.sealer, &f.batch->b, 0, 1) < COUNT);
        for (uint32_t i = 0; i < COUNT; i++)
            if (f.batch->b.status[i] == FF_OK) {
                CHECK(f.batch->b.counter[i] > highest);
                highest = f.batch->b.counter[i];
            }
    }
    CHECK(kit_next_of(f.sealer) > highest);
    drop(&f);
}

int main(void)
{
    RUN_ROWS(test_result_arena_of_any_size);
    RUN_ROWS(test_opened_frames_that_do_not_fit);
    RUN_ROWS(test_counters_after_no_room_are_fresh);
    return check_report();
}
