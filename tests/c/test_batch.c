/* test_batch.c - many frames in one call: the same bytes as one by one, one
 * status each, and nothing written outside. */
#include "batch_kit.h"

#define COUNT 40
#define MAX_LEN 700
#define ARENA (COUNT * (MAX_LEN + FF_FRAME_ROOM))

static uint32_t format; /* the row under test */

/* -- the same as single calls -- */

static void check_against_single(const kit_batch *batch, const kit_batch *plain)
{
    ff_sealer *alone = kit_sealer(format, AES_128, 7, NO_LIMIT);
    const ff_batch *b = &batch->b;
    const uint8_t *results = b->in_place ? b->in : b->out;
    uint8_t want[MAX_LEN + MAX_GROWTH];
    for (uint32_t i = 0; i < b->count; i++) {
        int64_t len = ff_seal_one(alone, want, sizeof want,
                                  plain->b.in + plain->b.in_at[i],
                                  plain->b.in_len[i], b->key_frame[i], NULL);
        CHECK_SAME(b->status[i], FF_OK);
        CHECK_SAME(b->counter[i], 7 + i);
        CHECK_SAME(b->key_id[i], 1);
        CHECK_SAME(b->names_key[i], 1);
        CHECK_SAME(b->out_len[i], len);
        CHECK(memcmp(results + b->out_at[i], want, (size_t)len) == 0);
    }
    ff_sealer_free(alone);
}

static void check_opened(const kit_batch *opened, const kit_batch *plain)
{
    const ff_batch *b = &opened->b;
    const uint8_t *results = b->in_place ? b->in : b->out;
    for (uint32_t i = 0; i < b->count; i++) {
        CHECK_SAME(b->status[i], FF_OK);
        CHECK_SAME(b->names_key[i], format == INSERTABLE);
        CHECK_SAME(b->out_len[i], plain->b.in_len[i]);
        CHECK(memcmp(results + b->out_at[i], plain->b.in + plain->b.in_at[i],
                     b->out_len[i]) == 0);
    }
}

/* check_spare: FF_SPARE zeroes behind each result, sentinels after the last. */
static void check_spare(const kit_batch *batch)
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
    CHECK(kit_is_all(b->out + end, SENTINEL, b->out_size - end));
}

static kit_batch *filled(uint64_t seed)
{
    kit_batch *made = kit_batch_new(COUNT, ARENA, ARENA + COUNT * FF_SPARE);
    kit_seed = seed;
    kit_append_random(made, COUNT, MAX_LEN, 1);
    return made;
}

static void test_batch_seals_and_opens_like_single_calls(void)
{
    kit_batch *batch = filled(5);
    ff_sealer *sealer = kit_sealer(format, AES_128, 7, NO_LIMIT);
    ff_opener *opener = kit_opener(format, AES_128, 64);
    CHECK_SAME(ff_seal_batch(sealer, &batch->b, 0), COUNT);
    check_against_single(batch, batch);
    check_spare(batch);
    kit_batch *back = kit_gather(batch, ARENA + COUNT * FF_SPARE);
    CHECK_SAME(ff_open_batch(opener, &back->b, 0), COUNT);
    check_opened(back, batch);
    check_spare(back);
    CHECK_SAME(ff_open_batch(opener, &back->b, 0), 0); /* all again: replayed */
    for (uint32_t i = 0; i < COUNT; i++)
        CHECK(back->b.status[i] == FF_REPLAYED && back->b.out_len[i] == 0);
    kit_batch_free(back);
    kit_batch_free(batch);
    ff_sealer_free(sealer);
    ff_opener_free(opener);
}

static void test_batch_in_place(void)
{
    kit_batch *batch = filled(6), *plain = filled(6);
    ff_sealer *sealer = kit_sealer(format, AES_128, 7, NO_LIMIT);
    ff_opener *opener = kit_opener(format, AES_128, 64);
    CHECK_SAME(ff_seal_batch(sealer, &batch->b, 1), COUNT);
    check_against_single(batch, plain);
    CHECK(kit_is_all(batch->b.out, SENTINEL, batch->b.out_size));
    CHECK_SAME(ff_seal_batch(sealer, &batch->b, 1), -FF_BATCH_SPENT);
    CHECK_SAME(ff_open_batch(opener, &batch->b, 0), -FF_BATCH_SPENT);
    kit_batch *back = kit_received(batch);
    CHECK_SAME(ff_open_batch(opener, &back->b, 1), COUNT);
    check_opened(back, plain);
    CHECK(kit_is_all(back->b.out, SENTINEL, back->b.out_size));
    kit_batch_free(back);
    kit_batch_free(batch);
    kit_batch_free(plain);
    ff_sealer_free(sealer);
    ff_opener_free(opener);
}

/* -- one bad frame costs one frame -- */

static void test_bad_frames_do_not_stop_the_others(void)
{
    kit_batch *batch = filled(8);
    ff_sealer *sealer = kit_sealer(format, AES_128, 7, NO_LIMIT);
    ff_opener *opener = kit_opener(format, AES_128, 64);
    CHECK_SAME(ff_seal_batch(sealer, &batch->b, 0), COUNT);
    kit_batch *back = kit_gather(batch, ARENA + COUNT * FF_SPARE);
    const uint8_t **at = back->b.in_ptr;
    batch->b.out[batch->b.out_at[3] + batch->b.out_len[3] - 1] ^= 1;
    back->b.in_len[5] = 15; /* not even a tag */
    at[9] = at[8];          /* a duplicate inside the batch */
    back->b.in_len[9] = back->b.in_len[8];
    back->b.counter[9] = back->b.counter[8];
    back->b.key_frame[9] = back->b.key_frame[8];
    batch->b.out[batch->b.out_at[COUNT - 1]] ^= 2;
    CHECK_SAME(ff_open_batch(opener, &back->b, 0), COUNT - 4);
    for (uint32_t i = 0; i < COUNT; i++) {
        ff_status want = i == 3            ? FF_AUTH_FAILED
                         : i == 5          ? FF_MALFORMED
                         : i == 9          ? FF_REPLAYED
                         : i < COUNT - 1   ? FF_OK
                         : format == INSERTABLE ? FF_UNKNOWN_KEY
                                                : FF_AUTH_FAILED;
        CHECK_SAME(back->b.status[i], want);
        CHECK_SAME(back->b.out_len[i], want == FF_OK ? batch->b.in_len[i] : 0);
    }
    uint32_t last = COUNT - 1;
    CHECK(kit_is_all(back->b.out + back->b.out_at[last],
                     format == INSERTABLE ? SENTINEL : 0,
                     batch->b.in_len[last]));
    kit_batch_free(back);
    kit_batch_free(batch);
    ff_sealer_free(sealer);
    ff_opener_free(opener);
}

static void test_rejected_frame_in_place_is_zeroed(void)
{
    kit_batch *batch = filled(9);
    ff_sealer *sealer = kit_sealer(format, AES_128, 7, NO_LIMIT);
    ff_opener *opener = kit_opener(format, AES_128, 64);
    size_t head = kit_head_len(format);
    CHECK_SAME(ff_seal_batch(sealer, &batch->b, 0), COUNT);
    kit_batch *back = kit_received(batch);
    for (uint32_t i = 0; i < COUNT; i++) {
        back->b.in[back->b.in_at[i] + back->b.in_len[i] - 1] ^= 1;
        back->b.key_frame[i] = (uint8_t)(i % 3);
    }
    CHECK_SAME(ff_open_batch(opener, &back->b, 1), 0);
    for (uint32_t i = 0; i < COUNT; i++) {
        CHECK_SAME(back->b.status[i], FF_AUTH_FAILED);
        CHECK(kit_is_all(back->b.in + back->b.in_at[i] + head, 0,
                         back->b.in_len[i] - head - FF_TAG_LEN));
    }
    kit_batch_free(back);
    kit_batch_free(batch);
    ff_sealer_free(sealer);
    ff_opener_free(opener);
}

/* -- results that do not fit -- */

/* Every size of the result arena is tried: what fits is good, the rest reads
 * FF_NO_ROOM, and no byte is written behind. */
static void test_result_arena_of_any_size(void)
{
    for (size_t size = 0; size < 700; size += 7) {
        kit_batch *batch = kit_batch_new(6, 6 * (80 + FF_FRAME_ROOM), size);
        ff_sealer *sealer = kit_sealer(format, AES_128, 0, NO_LIMIT);
        uint8_t frame[80];
        kit_fill(frame, sizeof frame);
        for (size_t i = 0; i < 6; i++)
            CHECK_SAME(ff_batch_append(&batch->b, frame, 80 - 10 * i, 0, 0,
                                       NULL), FF_DONE);
        size_t end = 0;
        int64_t ok = ff_seal_batch(sealer, &batch->b, 0);
        for (size_t i = 0; i < 6; i++) {
            size_t len = 80 - 10 * i + kit_head_len(format) + FF_TAG_LEN;
            int fits = end + len + FF_SPARE <= size;
            CHECK_SAME(batch->b.status[i], fits ? FF_OK : FF_NO_ROOM);
            CHECK_SAME(batch->b.out_len[i], fits ? len : 0);
            end += fits ? len + FF_SPARE : 0;
            ok -= fits;
        }
        CHECK_SAME(ok, 0);
        check_spare(batch);
        kit_batch_free(batch);
        ff_sealer_free(sealer);
    }
}

/* The same for opening, which knows later how much it needs. */
static void test_opened_frames_that_do_not_fit(void)
{
    kit_batch *batch = filled(11);
    ff_sealer *sealer = kit_sealer(format, AES_128, 0, NO_LIMIT);
    CHECK_SAME(ff_seal_batch(sealer, &batch->b, 0), COUNT);
    for (size_t size = 0; size < 3000; size += 59) {
        kit_batch *back = kit_gather(batch, size);
        ff_opener *opener = kit_opener(format, AES_128, 64);
        size_t end = 0;
        int64_t ok = ff_open_batch(opener, &back->b, 0);
        for (uint32_t i = 0; i < COUNT; i++) {
            size_t len = batch->b.in_len[i];
            int fits = end + len + FF_SPARE <= size;
            CHECK_SAME(back->b.status[i], fits ? FF_OK : FF_NO_ROOM);
            end += fits ? len + FF_SPARE : 0;
            ok -= fits;
        }
        CHECK_SAME(ok, 0);
        check_spare(back);
        kit_batch_free(back);
        ff_opener_free(opener);
    }
    kit_batch_free(batch);
    ff_sealer_free(sealer);
}

/* Frames that failed for want of room spend no number twice. */
static void test_counters_after_no_room_are_fresh(void)
{
    kit_batch *batch = kit_batch_new(4, 4096, 4 * (100 + FF_SPARE));
    ff_sealer *sealer = kit_sealer(format, AES_128, 0, NO_LIMIT);
    uint8_t frame[600] = {0};
    uint64_t highest = 0;
    for (uint32_t round = 0; round < 5; round++) {
        CHECK_SAME(ff_batch_clear(&batch->b), FF_DONE);
        for (uint32_t i = 0; i < 4; i++)
            CHECK_SAME(ff_batch_append(&batch->b, frame, i == 1 ? 600 : 50, 0,
                                       0, NULL), FF_DONE);
        CHECK_SAME(ff_seal_batch(sealer, &batch->b, 0), 3);
        for (uint32_t i = 0; i < 4; i++)
            if (batch->b.status[i] == FF_OK) {
                CHECK(round + i == 0 || batch->b.counter[i] > highest);
                highest = batch->b.counter[i];
            }
    }
    CHECK(kit_next_of(sealer) > highest);
    kit_batch_free(batch);
    ff_sealer_free(sealer);
}

int main(void)
{
    for (format = 0; format < NUM_FORMATS; format++) {
        RUN(test_batch_seals_and_opens_like_single_calls);
        RUN(test_batch_in_place);
        RUN(test_bad_frames_do_not_stop_the_others);
        RUN(test_rejected_frame_in_place_is_zeroed);
        RUN(test_result_arena_of_any_size);
        RUN(test_opened_frames_that_do_not_fit);
        RUN(test_counters_after_no_room_are_fresh);
    }
    return check_report();
}
