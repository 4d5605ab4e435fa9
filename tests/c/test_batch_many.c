/* test_batch_many.c - one batch, many sealers and openers, keys and senders;
 * counters at their limits. */
#include "sealer.h"

#include "batch_kit.h"

#define LEN 24

static kit_batch *with_frames(uint32_t count, uint32_t num_sources)
{
    kit_batch *made = kit_batch_new(count, count * (LEN + FF_FRAME_ROOM),
                                    count * (LEN + MAX_GROWTH + FF_SPARE));
    kit_append_random(made, count, LEN, num_sources);
    return made;
}

static ff_sealer *sealer_of(uint64_t id, uint8_t prefix, const uint8_t *bytes)
{
    uint8_t salt[FF_NONCE_LEN] = {prefix};
    ff_key key = {.id = id, .key = bytes, .key_len = 16, .salt = salt};
    ff_range range = {0, NO_LIMIT};
    const ff_settings settings = {.format = INSERTABLE};
    ff_sealer *made = NULL;
    CHECK_SAME(ff_sealer_new(&made, &settings, &key, &range), FF_DONE);
    return kit_need(made);
}

/* Six sealers with three keys and two prefixes into one opener. */
static void test_mixed_keys_and_senders_open_in_one_call(void)
{
    ff_sealer *sealers[6];
    kit_batch *batch = with_frames(90, 6);
    ff_opener *opener = kit_opener(INSERTABLE, AES_128, 16);
    ff_slot_facts slots[3];
    ff_opener_facts facts;
    for (uint8_t i = 0; i < 6; i++)
        sealers[i] = sealer_of(1 + i % 3, i / 3, i % 3 ? other_key : kit_key);
    for (uint64_t id = 2; id < 4; id++) {
        ff_key key = {.id = id, .key = other_key, .key_len = 16};
        CHECK_SAME(ff_opener_set_key(opener, &key), FF_DONE);
    }
    CHECK_SAME(ff_seal_many(sealers, 6, &batch->b, 0, 1), 90);
    for (uint32_t i = 0; i < 90; i++) {
        CHECK_SAME(batch->b.key_id[i], 1 + i % 6 % 3);
        CHECK_SAME(batch->b.counter[i], i / 6);
    }
    kit_batch *back = kit_gather(batch, batch->b.out_size);
    CHECK_SAME(ff_open_batch(opener, &back->b, 0, 1), 90);
    for (uint32_t i = 0; i < 90; i++)
        CHECK(memcmp(back->b.out + back->b.out_at[i],
                     batch->b.in + batch->b.in_at[i], batch->b.in_len[i]) == 0);
    CHECK_SAME(ff_opener_read(opener, &facts, slots, 3), FF_DONE);
    CHECK_SAME(facts.frames, 90);
    for (int i = 0; i < 3; i++)
        CHECK(slots[i].frames == 30 && slots[i].senders == 2);
    for (int i = 0; i < 6; i++)
        ff_sealer_free(sealers[i]);
    kit_batch_free(back);
    kit_batch_free(batch);
    ff_opener_free(opener);
}

/* Each opener has its own window: what one has seen is news to the other. */
static void test_source_chooses_the_opener(void)
{
    ff_sealer *sealer = kit_sealer(RAW, AES_128, 0, NO_LIMIT);
    ff_opener *openers[] = {kit_opener(RAW, AES_128, 64),
                            kit_opener(RAW, AES_128, 64)};
    kit_batch *batch = with_frames(10, 1);
    CHECK_SAME(ff_seal_batch(sealer, &batch->b, 0, 1), 10);
    kit_batch *back = kit_gather(batch, batch->b.out_size);
    CHECK_SAME(ff_open_many(openers, 2, &back->b, 0, 1), 10);
    CHECK_SAME(ff_open_many(openers, 2, &back->b, 0, 1), 0);
    for (uint32_t i = 0; i < 10; i++)
        back->b.source[i] = 1;
    CHECK_SAME(ff_open_many(openers, 2, &back->b, 0, 1), 10);
    kit_batch_free(back);
    kit_batch_free(batch);
    ff_sealer_free(sealer);
    ff_opener_free(openers[0]);
    ff_opener_free(openers[1]);
}

/* A sealer that stands under two sources is locked once and counts on. */
static void test_same_sealer_under_many_sources(void)
{
    ff_sealer *one = kit_sealer(INSERTABLE, AES_128, 0, NO_LIMIT);
    ff_sealer *sealers[FF_SOURCES_MAX];
    kit_batch *batch = with_frames(2 * FF_SOURCES_MAX, FF_SOURCES_MAX);
    for (size_t i = 0; i < FF_SOURCES_MAX; i++)
        sealers[i] = one;
    CHECK_SAME(ff_seal_many(sealers, FF_SOURCES_MAX, &batch->b, 0, 1),
               2 * FF_SOURCES_MAX);
    for (uint32_t i = 0; i < 2 * FF_SOURCES_MAX; i++)
        CHECK_SAME(batch->b.counter[i], i);
    kit_batch_free(batch);
    ff_sealer_free(one);
}

static void test_source_out_of_range_is_refused(void)
{
    ff_sealer *sealers[] = {kit_sealer(RAW, AES_128, 0, NO_LIMIT)};
    ff_opener *openers[] = {kit_opener(RAW, AES_128, 64)};
    kit_batch *batch = with_frames(5, 1);
    const uint16_t wrong[] = {1, 2, FF_SOURCES_MAX, UINT16_MAX};
    for (int i = 0; i < 4; i++) {
        batch->b.source[3] = wrong[i];
        CHECK_SAME(ff_seal_many(sealers, 1, &batch->b, 0, 1), -FF_BAD_SOURCE);
        CHECK_SAME(batch->b.bad_index, 3);
        CHECK_SAME(ff_open_many(openers, 1, &batch->b, 0, 1), -FF_BAD_SOURCE);
        CHECK(kit_is_all(batch->b.status, FF_NOT_RUN, 5));
    }
    CHECK_SAME(ff_seal_batch(sealers[0], &batch->b, 0, 1), 5); /* not read here */
    CHECK_SAME(ff_seal_many(sealers, 0, &batch->b, 0, 1), -FF_BAD_SOURCE);
    CHECK_SAME(ff_seal_many(sealers, FF_SOURCES_MAX + 1, &batch->b, 0, 1),
               -FF_BAD_SOURCE);
    CHECK_SAME(ff_seal_many(sealers, SIZE_MAX, &batch->b, 0, 1), -FF_BAD_SOURCE);
    CHECK_SAME(kit_next_of(sealers[0]), 5);
    kit_batch_free(batch);
    ff_sealer_free(sealers[0]);
    ff_opener_free(openers[0]);
}

/* The others must not stay locked: a later call would wait for ever. */
static void test_closed_member_refuses_the_call_and_frees_the_others(void)
{
    ff_sealer *sealers[3];
    kit_batch *batch = with_frames(6, 3);
    for (int i = 0; i < 3; i++)
        sealers[i] = kit_sealer(RAW, AES_128, 0, NO_LIMIT);
    ff_sealer_close(sealers[1]);
    CHECK_SAME(ff_seal_many(sealers, 3, &batch->b, 0, 1), -FF_CLOSED);
    CHECK(kit_is_all(batch->b.status, FF_NOT_RUN, 6));
    for (int i = 0; i < 3; i++)
        CHECK_SAME(sealers[i]->lock.held, 0);
    CHECK_SAME(kit_next_of(sealers[0]), 0);
    for (int i = 0; i < 3; i++)
        ff_sealer_free(sealers[i]);
    kit_batch_free(batch);
}

static void test_frames_beyond_the_last_counter_of_all_get_none(void)
{
    ff_sealer *sealer = kit_sealer(RAW, AES_128, UINT64_MAX - 2, NO_LIMIT);
    kit_batch *batch = with_frames(7, 1);
    CHECK_SAME(ff_seal_batch(sealer, &batch->b, 0, 1), 3);
    for (uint32_t i = 0; i < 7; i++)
        CHECK_SAME(batch->b.status[i], i < 3 ? FF_OK : FF_KEY_EXHAUSTED);
    CHECK_SAME(batch->b.counter[2], UINT64_MAX);
    CHECK_SAME(ff_seal_batch(sealer, &batch->b, 0, 1), 0);
    CHECK(kit_is_all(batch->b.status, FF_KEY_EXHAUSTED, 7));
    kit_batch_free(batch);
    ff_sealer_free(sealer);
}

static void test_batch_beyond_the_grant_takes_nothing(void)
{
    ff_sealer *sealer = kit_sealer(RAW, AES_128, 10, 15);
    kit_batch *batch = with_frames(7, 1);
    CHECK_SAME(ff_seal_batch(sealer, &batch->b, 0, 1), -FF_RESERVE_FIRST);
    CHECK(kit_is_all(batch->b.status, FF_NOT_RUN, 7));
    CHECK(kit_is_all(batch->b.out, SENTINEL, batch->b.out_size));
    CHECK_SAME(kit_next_of(sealer), 10);
    CHECK_SAME(ff_sealer_grant(sealer, 0, 16), FF_DONE);
    CHECK_SAME(ff_seal_batch(sealer, &batch->b, 0, 1), 7);
    CHECK_SAME(batch->b.counter[6], 16);
    kit_batch_free(batch);
    ff_sealer_free(sealer);
}

static void test_batch_beyond_the_block_limit_seals_nothing(void)
{
    ff_sealer *sealer = kit_sealer(RAW, AES_128, 0, NO_LIMIT);
    kit_batch *batch = with_frames(7, 1);
    sealer->blocks_left = 7;
    CHECK_SAME(ff_seal_batch(sealer, &batch->b, 0, 1), 0);
    CHECK(kit_is_all(batch->b.status, FF_KEY_EXHAUSTED, 7));
    CHECK(kit_is_all(batch->b.out, SENTINEL, batch->b.out_size));
    CHECK_SAME(kit_next_of(sealer), 0);
    kit_batch_free(batch);
    ff_sealer_free(sealer);
}

static void test_empty_batch_is_fine(void)
{
    ff_sealer *sealer = kit_sealer(RAW, AES_128, 0, NO_LIMIT);
    ff_opener *opener = kit_opener(RAW, AES_128, 64);
    kit_batch *batch = kit_batch_new(1, 100, 0);
    CHECK_SAME(ff_seal_batch(sealer, &batch->b, 0, 1), 0);
    CHECK_SAME(ff_seal_many(&sealer, 1, &batch->b, 0, 1), 0);
    CHECK_SAME(ff_open_batch(opener, &batch->b, 0, 1), 0);
    CHECK_SAME(kit_next_of(sealer), 0);
    kit_batch_free(batch);
    ff_sealer_free(sealer);
    ff_opener_free(opener);
}

/* aad of a raw frame travels through both the arena and gathered pointers. */
static void test_aad_in_a_batch_is_authenticated(void)
{
    ff_sealer *sealer = kit_sealer(RAW, AES_128, 0, NO_LIMIT);
    ff_opener *opener = kit_opener(RAW, AES_128, 0);
    kit_batch *batch = kit_batch_new(4, 4096, 4096);
    uint8_t aad[] = {1, 2, 3, 4}, frame[LEN] = {0};
    for (size_t i = 0; i < 4; i++) {
        ff_extra extra = {aad, i, 0};
        CHECK_SAME(ff_batch_append(&batch->b, frame, LEN, 0, 0, &extra),
                   FF_DONE);
    }
    CHECK_SAME(ff_seal_batch(sealer, &batch->b, 0, 1), 4);
    kit_batch *back = kit_gather(batch, 4096);
    const uint8_t *at[] = {aad, aad, aad, aad};
    const uint32_t lens[] = {0, 1, 2, 3};
    CHECK_SAME(ff_open_batch(opener, &back->b, 0, 1), 1);
    CHECK_SAME(ff_batch_gather_aad(&back->b, at, lens), FF_DONE);
    CHECK_SAME(ff_open_batch(opener, &back->b, 0, 1), 4);
    aad[2] ^= 1;
    CHECK_SAME(ff_open_batch(opener, &back->b, 0, 1), 3);
    CHECK_SAME(back->b.status[3], FF_AUTH_FAILED);
    kit_batch_free(back);
    kit_batch_free(batch);
    ff_sealer_free(sealer);
    ff_opener_free(opener);
}

int main(void)
{
    RUN(test_mixed_keys_and_senders_open_in_one_call);
    RUN(test_source_chooses_the_opener);
    RUN(test_same_sealer_under_many_sources);
    RUN(test_source_out_of_range_is_refused);
    RUN(test_closed_member_refuses_the_call_and_frees_the_others);
    RUN(test_frames_beyond_the_last_counter_of_all_get_none);
    RUN(test_batch_beyond_the_grant_takes_nothing);
    RUN(test_batch_beyond_the_block_limit_seals_nothing);
    RUN(test_empty_batch_is_fine);
    RUN(test_aad_in_a_batch_is_authenticated);
    return check_report();
}
