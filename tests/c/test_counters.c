/* test_counters.c - no counter twice, and a hard stop at every limit. */
#include "sealer.h"

#include "kit.h"

static uint8_t out[64 * 1024];

static int64_t seal(ff_sealer *sealer, size_t len)
{
    static uint8_t frame[32 * 1024];
    return ff_seal_one(sealer, out, sizeof out, frame, len, FF_DELTA, NULL);
}

static ff_sealer_facts facts_of(ff_sealer *sealer)
{
    ff_sealer_facts facts;
    CHECK_SAME(ff_sealer_read(sealer, &facts), FF_DONE);
    return facts;
}

static void test_counters_rise_by_one(void)
{
    ff_sealer *sealer = kit_sealer(INSERTABLE, AES_128, 41, NO_LIMIT);
    for (uint64_t want = 41; want < 300; want++) {
        CHECK_SAME(seal(sealer, 3), 3 + MAX_GROWTH);
        CHECK_SAME(kit_counter_of(INSERTABLE, out), want);
        CHECK_SAME(facts_of(sealer).next, want + 1);
    }
    ff_sealer_free(sealer);
}

/* 2^64 - 1 is the last one; after it the key is spent for good. */
static void test_last_counter_of_all_is_used_once(void)
{
    ff_sealer *sealer = kit_sealer(INSERTABLE, AES_128, UINT64_MAX - 1,
                                   NO_LIMIT);
    CHECK_SAME(seal(sealer, 3), 3 + MAX_GROWTH);
    CHECK_SAME(facts_of(sealer).exhausted, 0);
    CHECK_SAME(seal(sealer, 3), 3 + MAX_GROWTH);
    CHECK_SAME(kit_counter_of(INSERTABLE, out), UINT64_MAX);
    CHECK_SAME(facts_of(sealer).exhausted, 1);
    memset(out, SENTINEL, 100);
    for (int i = 0; i < 5; i++)
        CHECK_SAME(seal(sealer, 3), -FF_KEY_EXHAUSTED);
    CHECK(kit_is_all(out, SENTINEL, 100));
    CHECK_SAME(ff_sealer_grant(sealer, 0, UINT64_MAX), FF_DONE);
    CHECK_SAME(seal(sealer, 3), -FF_KEY_EXHAUSTED);
    CHECK_SAME(facts_of(sealer).key_exhausted, 6);
    CHECK_SAME(facts_of(sealer).frames, 2);
    ff_sealer_free(sealer);
}

static void test_counter_zero_may_be_the_only_one(void)
{
    ff_sealer *sealer = kit_sealer(INSERTABLE, AES_128, 0, 0);
    CHECK_SAME(seal(sealer, 3), 3 + MAX_GROWTH);
    CHECK_SAME(seal(sealer, 3), -FF_RESERVE_FIRST);
    ff_sealer_free(sealer);
}

/* A refused call takes no counter, so the next grant goes on without a gap. */
static void test_granted_counters_are_a_hard_stop(void)
{
    ff_sealer *sealer = kit_sealer(INSERTABLE, AES_128, 10, 12);
    for (uint64_t want = 10; want <= 12; want++) {
        CHECK_SAME(seal(sealer, 3), 3 + MAX_GROWTH);
        CHECK_SAME(kit_counter_of(INSERTABLE, out), want);
    }
    memset(out, SENTINEL, 100);
    CHECK_SAME(seal(sealer, 3), -FF_RESERVE_FIRST);
    CHECK_SAME(seal(sealer, 3), -FF_RESERVE_FIRST);
    CHECK(kit_is_all(out, SENTINEL, 100));
    CHECK_SAME(facts_of(sealer).next, 13);
    CHECK_SAME(facts_of(sealer).key_exhausted, 0);
    CHECK_SAME(ff_sealer_grant(sealer, 0, 11), FF_BAD_ARGUMENT);
    CHECK_SAME(facts_of(sealer).granted, 12);
    CHECK_SAME(ff_sealer_grant(sealer, 0, 13), FF_DONE);
    CHECK_SAME(seal(sealer, 3), 3 + MAX_GROWTH);
    CHECK_SAME(kit_counter_of(INSERTABLE, out), 13);
    CHECK_SAME(seal(sealer, 3), -FF_RESERVE_FIRST);
    ff_sealer_free(sealer);
}

/* 2^48 blocks cannot be sealed in a test, so what is left is lowered. */
static void test_block_limit_of_the_suite(void)
{
    ff_sealer *sealer = kit_sealer(RAW, AES_256, 0, NO_LIMIT);
    CHECK_SAME(sealer->blocks_left, UINT64_C(1) << 48);
    CHECK_SAME(seal(sealer, 0), FF_TAG_LEN);
    CHECK((UINT64_C(1) << 48) - sealer->blocks_left >= 1);
    uint64_t before = sealer->blocks_left;
    CHECK_SAME(seal(sealer, 16 * 100 + 1), 16 * 100 + 1 + FF_TAG_LEN);
    CHECK(before - sealer->blocks_left >= 102); /* 101 of body, 1 of tag */
    uint64_t cost = before - sealer->blocks_left;
    sealer->blocks_left = cost;
    CHECK_SAME(seal(sealer, 16 * 100 + 1), 16 * 100 + 1 + FF_TAG_LEN);
    CHECK_SAME(sealer->blocks_left, 0);
    memset(out, SENTINEL, 2000);
    CHECK_SAME(seal(sealer, 0), -FF_KEY_EXHAUSTED);
    CHECK_SAME(seal(sealer, 16 * 100 + 1), -FF_KEY_EXHAUSTED);
    CHECK(kit_is_all(out, SENTINEL, 2000));
    CHECK_SAME(facts_of(sealer).next, 3);
    CHECK_SAME(facts_of(sealer).key_exhausted, 2);
    ff_sealer_free(sealer);
}

static void test_rekey_starts_the_new_key(void)
{
    ff_sealer *sealer = kit_sealer(INSERTABLE, AES_128, UINT64_MAX, NO_LIMIT);
    ff_opener *opener = kit_opener(INSERTABLE, AES_128, 64);
    ff_key key = kit_key_of(AES_256, 2);
    ff_range range = {5, NO_LIMIT};
    uint8_t back[16];
    CHECK_SAME(seal(sealer, 3), 3 + MAX_GROWTH);
    CHECK_SAME(seal(sealer, 3), -FF_KEY_EXHAUSTED);
    sealer->blocks_left = 0;
    CHECK_SAME(ff_sealer_rekey(sealer, &key, &range), FF_DONE);
    CHECK_SAME(seal(sealer, 3), 3 + MAX_GROWTH);
    CHECK_SAME(out[0], 2);
    CHECK_SAME(kit_counter_of(INSERTABLE, out), 5);
    CHECK_SAME(ff_open_one(opener, back, 3, out, 32, FF_DELTA, NULL),
               -FF_UNKNOWN_KEY);
    CHECK_SAME(ff_opener_set_key(opener, &key), FF_DONE);
    CHECK_SAME(ff_open_one(opener, back, 3, out, 32, FF_DELTA, NULL), 3);
    CHECK_SAME(facts_of(sealer).key_id, 2);
    CHECK_SAME(facts_of(sealer).exhausted, 0);
    ff_sealer_free(sealer);
    ff_opener_free(opener);
}

static void test_refused_rekey_keeps_the_old_key(void)
{
    ff_sealer *sealer = kit_sealer(INSERTABLE, AES_128, 0, 100);
    ff_key key = {.id = 2, .key = other_key, .key_len = 15, .salt = kit_salt};
    ff_range range = {5, 9};
    ff_range reversed = {9, 5};
    CHECK_SAME(ff_sealer_rekey(sealer, &key, &range), FF_BAD_ARGUMENT);
    key.key_len = 16;
    key.suite = AES_256;
    CHECK_SAME(ff_sealer_rekey(sealer, &key, &range), FF_BAD_ARGUMENT);
    key.suite = 99;
    CHECK_SAME(ff_sealer_rekey(sealer, &key, &range), FF_BAD_ARGUMENT);
    key.suite = AES_128;
    CHECK_SAME(ff_sealer_rekey(sealer, &key, &reversed), FF_BAD_ARGUMENT);
    key.schedule = 99;
    CHECK_SAME(ff_sealer_rekey(sealer, &key, &range), FF_BAD_ARGUMENT);
    key.schedule = 1; /* a number that is SFrame's alone */
    CHECK_SAME(ff_sealer_rekey(sealer, &key, &range), FF_BAD_ARGUMENT);
    key.schedule = 0;
    key.id = 256; /* insertable has one byte for it */
    CHECK_SAME(ff_sealer_rekey(sealer, &key, &range), FF_BAD_KEY_ID);
    CHECK_SAME(seal(sealer, 3), 3 + MAX_GROWTH);
    CHECK_SAME(out[0], 1);
    CHECK_SAME(facts_of(sealer).granted, 100);
    ff_sealer_free(sealer);
}

/* Closed means wiped: nothing but reading the facts works any more. */
static void test_closed_sealer_holds_no_key(void)
{
    ff_sealer *sealer = kit_sealer(INSERTABLE, AES_128, 0, NO_LIMIT);
    ff_key key = kit_key_of(AES_128, 1);
    ff_range range = {0, NO_LIMIT};
    CHECK_SAME(seal(sealer, 3), 3 + MAX_GROWTH);
    ff_sealer_close(sealer);
    ff_sealer_close(sealer);
    CHECK(kit_is_all((uint8_t *)&sealer->rung, 0, sizeof sealer->rung));
    CHECK_SAME(seal(sealer, 3), -FF_CLOSED);
    CHECK_SAME(ff_sealer_rekey(sealer, &key, &range), FF_CLOSED);
    CHECK_SAME(ff_sealer_grant(sealer, 0, NO_LIMIT), FF_CLOSED);
    CHECK_SAME(facts_of(sealer).closed, 1);
    CHECK_SAME(facts_of(sealer).frames, 1);
    ff_sealer_free(sealer);
    ff_sealer_close(NULL);
    ff_sealer_free(NULL);
}

static void test_arguments_of_new_are_checked(void)
{
    ff_sealer *sealer = (ff_sealer *)out;
    ff_range range = {0, NO_LIMIT};
    ff_key key = kit_key_of(AES_128, 1);
    ff_settings settings = {.format = 99};
    CHECK_SAME(ff_sealer_new(&sealer, &settings, &key, &range),
               FF_BAD_ARGUMENT);
    CHECK(!sealer);
    settings.format = RAW;
    settings.codec = 1; /* raw has no rule but for none */
    CHECK_SAME(ff_sealer_new(&sealer, &settings, &key, &range), FF_BAD_CODEC);
    settings.codec = 99;
    CHECK_SAME(ff_sealer_new(&sealer, &settings, &key, &range), FF_BAD_CODEC);
    settings.codec = 0;
    key.salt = NULL;
    CHECK_SAME(ff_sealer_new(&sealer, &settings, &key, &range),
               FF_BAD_ARGUMENT);
    key = kit_key_of(AES_128, 1);
    key.key = NULL;
    CHECK_SAME(ff_sealer_new(&sealer, &settings, &key, &range),
               FF_BAD_ARGUMENT);
    key = (ff_key){.key = kit_key, .salt = kit_salt, .suite = 99};
    CHECK_SAME(ff_sealer_new(&sealer, &settings, &key, &range),
               FF_BAD_ARGUMENT);
    CHECK(!sealer);
    CHECK_SAME(ERR_peek_error(), 0);
}

static void test_caller_may_wipe_its_key_at_once(void)
{
    uint8_t bytes[16], salt[FF_NONCE_LEN], back[3];
    ff_key key = {.id = 1, .key = bytes, .key_len = 16, .salt = salt};
    ff_range range = {0, NO_LIMIT};
    const ff_settings settings = {.format = INSERTABLE};
    ff_sealer *sealer = NULL;
    ff_opener *opener = kit_opener(INSERTABLE, AES_128, 64);
    memcpy(bytes, kit_key, sizeof bytes);
    memcpy(salt, kit_salt, sizeof salt);
    CHECK_SAME(ff_sealer_new(&sealer, &settings, &key, &range), FF_DONE);
    memset(bytes, 0, sizeof bytes);
    memset(salt, 0, sizeof salt);
    CHECK_SAME(seal(sealer, 3), 3 + MAX_GROWTH);
    CHECK_SAME(ff_open_one(opener, back, 3, out, 32, FF_DELTA, NULL), 3);
    ff_sealer_free(sealer);
    ff_opener_free(opener);
}

/* Python keeps the memory, so that a finaliser may call after the end. */
static void test_objects_in_the_callers_memory_outlive_their_end(void)
{
    ff_sealer *sealer = kit_need(calloc(1, ff_sealer_size()));
    ff_opener *opener = kit_need(calloc(1, ff_opener_size()));
    const ff_key key = {.key = kit_key, .key_len = 16, .salt = kit_salt};
    const ff_range range = {0, NO_LIMIT};
    uint8_t sealed[4 + FF_TAG_LEN] = {0};
    const ff_settings settings = {.format = RAW, .window = 64};
    CHECK_SAME(ff_sealer_init(sealer, &settings, &key, &range), FF_DONE);
    CHECK_SAME(ff_opener_init(opener, &settings), FF_DONE);
    CHECK_SAME(ff_opener_set_key(opener, &key), FF_DONE);
    CHECK_SAME(ff_seal_one(sealer, sealed, 20, out, 4, 0, NULL), 20);
    CHECK_SAME(ff_open_one(opener, out, 4, sealed, 20, 0, NULL), 4);
    for (int i = 0; i < 2; i++) {
        ff_sealer_close(sealer);
        ff_opener_close(opener);
        CHECK_SAME(ff_seal_one(sealer, sealed, 20, out, 4, 0, NULL),
                   -FF_CLOSED);
        CHECK_SAME(ff_open_one(opener, out, 4, sealed, 20, 0, NULL),
                   -FF_CLOSED);
    }
    free(sealer);
    free(opener);
}

int main(void)
{
    RUN(test_objects_in_the_callers_memory_outlive_their_end);
    RUN(test_counters_rise_by_one);
    RUN(test_last_counter_of_all_is_used_once);
    RUN(test_counter_zero_may_be_the_only_one);
    RUN(test_granted_counters_are_a_hard_stop);
    RUN(test_block_limit_of_the_suite);
    RUN(test_rekey_starts_the_new_key);
    RUN(test_refused_rekey_keeps_the_old_key);
    RUN(test_closed_sealer_holds_no_key);
    RUN(test_arguments_of_new_are_checked);
    RUN(test_caller_may_wipe_its_key_at_once);
    return check_report();
}
