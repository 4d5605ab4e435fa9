/* test_alloc.c - every allocation may fail: an error, no leak, no crash.
 *
 * link: --wrap=malloc,calloc,realloc,posix_memalign,free,pthread_mutex_init
 */
#include "opener.h"

#include "alloc_wrap.h"
#include "senders_kit.h"

static ff_sealer *sealer;
static ff_opener *opener;
static uint64_t   next_id;

static ff_error make_sealer(void)
{
    ff_key key = kit_key_of(AES_128, 1);
    ff_range range = {0, NO_LIMIT};
    const ff_settings settings = {.format = RAW};
    ff_error error = ff_sealer_new(&sealer, &settings, &key, &range);
    CHECK_SAME(error == FF_DONE, sealer != NULL);
    return error;
}

static ff_error make_opener(void)
{
    const ff_settings settings = {.format = INSERTABLE, .window = 64};
    ff_error error = ff_opener_new(&opener, &settings);
    CHECK_SAME(error == FF_DONE, opener != NULL);
    return error;
}

static ff_error rekey(void)
{
    ff_key key = kit_key_of(AES_256, 2);
    ff_range range = {0, NO_LIMIT};
    return ff_sealer_rekey(sealer, &key, &range);
}

/* A new id each time, so that the table of slots grows in between. */
static ff_error set_key(void)
{
    ff_key key = kit_key_of(AES_128, next_id);
    ff_error error = ff_opener_set_key(opener, &key);
    next_id += error == FF_DONE;
    return error;
}

static ff_error replace_key(void)
{
    ff_key key = kit_key_of(AES_128, 0);
    key.key = next_id % 2 ? kit_key : other_key;
    ff_error error = ff_opener_set_key(opener, &key);
    next_id += error == FF_DONE;
    return error;
}

static void drop_sealer(void)
{
    ff_sealer_free(sealer);
}

static void drop_opener(void)
{
    ff_opener_free(opener);
}

static void keep(void)
{
}

/* fail_each lets the first allocation of a call fail, then the second, until
 * the call gets by without meeting the failure. undo drops what it made. */
static int fail_each(ff_error (*call)(void), void (*undo)(void))
{
    int num_failed = 0;
    for (int64_t n = 1;; n++) {
        int64_t live = num_live;
        has_failed = 0;
        until_failure = n;
        ff_error error = call();
        until_failure = 0;
        if (error == FF_DONE)
            undo(); /* without a failure, or libcrypto did without memory */
        if (!has_failed)
            return CHECK_SAME(error, FF_DONE) ? num_failed : 0;
        num_failed += 1;
        CHECK_SAME(ERR_peek_error(), 0);
        if (error == FF_DONE)
            continue;
        CHECK(error == FF_LIB_MEMORY || error == FF_LIB_CRYPTO);
        CHECK_SAME(num_live, live);
    }
}

static void fail_all_calls(void)
{
    uint8_t out[FF_TAG_LEN];
    ff_opener_facts facts;
    CHECK(fail_each(make_sealer, drop_sealer) >= 3);
    CHECK_SAME(make_sealer(), FF_DONE);
    CHECK(fail_each(rekey, keep) >= 2);
    CHECK_SAME(ff_seal_one(sealer, out, sizeof out, out, 0, 0, NULL), 16);
    CHECK(fail_each(make_opener, drop_opener) >= 2);
    CHECK_SAME(make_opener(), FF_DONE);
    next_id = 0;
    CHECK_SAME(set_key(), FF_DONE); /* from here on the table exists */
    while (next_id < 20)
        CHECK(fail_each(set_key, keep) >= 5);
    const uint64_t num_keys = next_id; /* some came in without memory */
    CHECK_SAME(ff_opener_read(opener, &facts, NULL, 0), FF_DONE);
    CHECK_SAME(facts.num_slots, num_keys);
    CHECK(fail_each(replace_key, keep) >= 5);
    CHECK_SAME(ff_opener_read(opener, &facts, NULL, 0), FF_DONE);
    CHECK_SAME(facts.num_slots, num_keys);
    ff_sealer_free(sealer);
    ff_opener_free(opener);
}

/* warm_up lets libcrypto set itself up and fill its caches: what it keeps is
 * no leak, and setting up without memory leaves it broken for good. */
static void warm_up(void)
{
    for (uint32_t suite = 0; suite < NUM_GCM; suite++) {
        ff_sealer_free(kit_sealer(RAW, suite, 0, NO_LIMIT));
        ff_opener_free(kit_opener(RAW, suite, 64));
    }
    (void)ERR_peek_error();
}

static void test_each_failed_allocation_is_an_error_and_leaks_nothing(void)
{
    int64_t live = num_live;
    for (fails_on = 0; fails_on < 2; fails_on++)
        fail_all_calls();
    fails_on = 0;
    CHECK_SAME(num_live, live);
}

/* An old key must survive a rekey that fails, and go on counting. */
static void test_failed_rekey_keeps_sealing_with_the_old_key(void)
{
    uint8_t out[FF_TAG_LEN], want[FF_TAG_LEN];
    CHECK_SAME(make_sealer(), FF_DONE);
    ff_sealer *twin = kit_sealer(RAW, AES_128, 0, NO_LIMIT);
    for (int i = 1; i < 4; i++) {
        until_failure = i; /* the first allocation is ours */
        fails_on = 1;
        CHECK_SAME(rekey(), i == 1 ? FF_LIB_MEMORY : FF_LIB_CRYPTO);
        until_failure = fails_on = 0;
        CHECK_SAME(ff_seal_one(sealer, out, 16, out, 0, 0, NULL), 16);
        CHECK_SAME(ff_seal_one(twin, want, 16, want, 0, 0, NULL), 16);
        CHECK(memcmp(out, want, 16) == 0);
    }
    ff_sealer_free(twin);
    ff_sealer_free(sealer);
}

/* Accepting a frame that has authenticated cannot fail: without memory the
 * table of senders stays as it is and the oldest makes room. */
static void test_table_of_senders_without_memory_evicts(void)
{
    ff_senders senders;
    CHECK_SAME(ff_senders_init(&senders, 64), FF_DONE);
    uint32_t small = senders.capacity;
    for (uint64_t id = 0; id < 100; id++) {
        until_failure = fails_on = 1;
        kit_accept(&senders, id, 5);
        CHECK_SAME(kit_ask(&senders, id, 5), FF_REPLAYED);
        if (id >= small)
            CHECK_SAME(kit_ask(&senders, id - small, 5), FF_OK);
    }
    until_failure = fails_on = 0;
    CHECK_SAME(senders.count, small);
    kit_accept(&senders, 1000, 5); /* memory is back: it grows again */
    CHECK_SAME(senders.count, small + 1);
    CHECK_SAME(kit_ask(&senders, 99, 5), FF_REPLAYED);
    ff_senders_free(&senders);
}

/* The table is made to look as small as it can be: the one sender it holds is
 * the newest and the oldest. */
static void test_table_of_one_sender_gives_its_place_away(void)
{
    ff_senders senders;
    CHECK_SAME(ff_senders_init(&senders, 64), FF_DONE);
    senders.capacity = 1;
    until_failure = fails_on = 1;
    for (uint64_t id = 0; id < 10; id++) {
        kit_accept(&senders, id, 5);
        CHECK_SAME(senders.count, 1);
        CHECK_SAME(kit_ask(&senders, id, 5), FF_REPLAYED);
        CHECK_SAME(kit_ask(&senders, id + 1, 5), FF_OK);
    }
    until_failure = fails_on = 0;
    ff_senders_free(&senders);
}

int main(void)
{
    wrap_openssl();
    warm_up();
    RUN(test_each_failed_allocation_is_an_error_and_leaks_nothing);
    RUN(test_failed_rekey_keeps_sealing_with_the_old_key);
    RUN(test_table_of_senders_without_memory_evicts);
    RUN(test_table_of_one_sender_gives_its_place_away);
    return check_report();
}
