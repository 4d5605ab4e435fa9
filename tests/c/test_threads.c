/* test_threads.c - every object shared between threads; no nonce repeats and
 * nobody waits for ever.
 *
 * Meant to run under ThreadSanitizer as well, with fewer rounds there.
 */
#include <pthread.h>

#include "batch_kit.h"

#ifdef __SANITIZE_THREAD__
#define ROUNDS 1000
#else
#define ROUNDS 8000
#endif
#define NUM_THREADS 6
#define PER_BATCH 8
#define LEN 40

typedef struct {
    ff_sealer *sealers[3];
    ff_opener *opener;
    kit_batch *batch;
    uint8_t   *used; /* one byte per (source, counter): how often it came */
    uint32_t   num_used;
    uint32_t   outcomes[4];
    uint32_t   number; /* of the next thread to start */
    int        is_over;
} shared;

typedef void *(*worker)(void *);

static void run_all(worker work, shared *all)
{
    pthread_t threads[NUM_THREADS];
    for (int i = 0; i < NUM_THREADS; i++)
        CHECK_SAME(pthread_create(&threads[i], NULL, work, all), 0);
    for (int i = 0; i < NUM_THREADS; i++)
        CHECK_SAME(pthread_join(threads[i], NULL), 0);
}

static uint32_t bump(uint32_t *count)
{
    return __atomic_fetch_add(count, 1, __ATOMIC_RELAXED);
}

/* note records a counter that was used; a second time is the fault that all
 * of this is about. */
static void note(shared *all, uint64_t counter)
{
    if (CHECK(counter < all->num_used))
        CHECK_SAME(__atomic_fetch_add(&all->used[counter], 1, __ATOMIC_RELAXED),
                   0);
}

static void want_counters(shared *all, uint32_t num)
{
    all->num_used = num;
    all->used = kit_need(calloc(num, 1));
}

/* -- one sealer -- */

static void *seal_singly_and_in_batches(void *arg)
{
    shared *all = arg;
    uint8_t frame[LEN] = {0}, out[LEN + MAX_GROWTH];
    kit_batch *batch = kit_batch_new(PER_BATCH, PER_BATCH * 200,
                                     PER_BATCH * 200);
    for (int i = 0; i < PER_BATCH; i++)
        CHECK_SAME(ff_batch_append(&batch->b, frame, LEN, 0, 0, NULL), FF_DONE);
    for (int i = 0; i < ROUNDS; i++) {
        CHECK_SAME(ff_seal_one(all->sealers[0], out, sizeof out, frame, LEN,
                               FF_KEY, NULL), LEN + MAX_GROWTH);
        note(all, kit_counter_of(INSERTABLE, out));
        CHECK_SAME(ff_seal_batch(all->sealers[0], &batch->b, 0, 1), PER_BATCH);
        for (uint32_t j = 0; j < PER_BATCH; j++)
            note(all, kit_counter_of(INSERTABLE,
                                     batch->b.out + batch->b.out_at[j]));
    }
    kit_batch_free(batch);
    return NULL;
}

static void test_one_sealer_in_many_threads_repeats_no_counter(void)
{
    shared all = {0};
    const uint32_t total = NUM_THREADS * ROUNDS * (1 + PER_BATCH);
    want_counters(&all, total);
    all.sealers[0] = kit_sealer(INSERTABLE, AES_128, 0, NO_LIMIT);
    run_all(seal_singly_and_in_batches, &all);
    CHECK(kit_is_all(all.used, 1, total));
    CHECK_SAME(kit_next_of(all.sealers[0]), total);
    ff_sealer_free(all.sealers[0]);
    free(all.used);
}

/* -- one opener -- */

/* All threads open the same frames: each may come through once. */
static void *open_what_all_open(void *arg)
{
    shared *all = arg;
    const ff_batch *b = &all->batch->b;
    uint8_t out[LEN];
    for (uint32_t i = 0; i < b->count; i++) {
        int64_t got = ff_open_one(all->opener, out, sizeof out,
                                  b->out + b->out_at[i], b->out_len[i],
                                  FF_EITHER, NULL);
        if (got >= 0)
            note(all, b->counter[i]);
        else
            CHECK_SAME(got, -FF_REPLAYED);
    }
    return NULL;
}

static void test_one_opener_in_many_threads_opens_each_frame_once(void)
{
    shared all = {0};
    all.sealers[0] = kit_sealer(INSERTABLE, AES_128, 0, NO_LIMIT);
    all.opener = kit_opener(INSERTABLE, AES_128, FF_WINDOW_MAX);
    all.batch = kit_batch_new(ROUNDS, ROUNDS * 200, ROUNDS * 200);
    kit_append_random(all.batch, ROUNDS, LEN, 1);
    CHECK_SAME(ff_seal_batch(all.sealers[0], &all.batch->b, 0, 1), ROUNDS);
    want_counters(&all, ROUNDS);
    run_all(open_what_all_open, &all);
    CHECK(kit_is_all(all.used, 1, ROUNDS));
    ff_sealer_free(all.sealers[0]);
    ff_opener_free(all.opener);
    kit_batch_free(all.batch);
    free(all.used);
}

/* -- many sealers, in every order -- */

static void *seal_many_in_own_order(void *arg)
{
    static const uint8_t orders[][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                        {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    shared *all = arg;
    const uint8_t *order = orders[bump(&all->number) % 6];
    ff_sealer *mine[3];
    kit_batch *batch = kit_batch_new(6, 6 * 200, 6 * 200);
    for (uint32_t i = 0; i < 3; i++)
        mine[i] = all->sealers[order[i]];
    kit_append_random(batch, 6, LEN, 3);
    for (int i = 0; i < ROUNDS; i++) {
        CHECK_SAME(ff_seal_many(mine, 3, &batch->b, 0, 1), 6);
        for (uint32_t j = 0; j < 6; j++)
            note(all, 3 * batch->b.counter[j] + order[j % 3]);
    }
    kit_batch_free(batch);
    return NULL;
}

static void test_many_sealers_in_any_order_do_not_deadlock(void)
{
    shared all = {0};
    const uint32_t each = NUM_THREADS * ROUNDS * 2;
    want_counters(&all, 3 * each);
    for (int i = 0; i < 3; i++)
        all.sealers[i] = kit_sealer(INSERTABLE, AES_128, 0, NO_LIMIT);
    run_all(seal_many_in_own_order, &all);
    CHECK(kit_is_all(all.used, 1, 3 * each));
    for (int i = 0; i < 3; i++)
        ff_sealer_free(all.sealers[i]);
    free(all.used);
}

/* -- keys come and go -- */

static void *change_keys_while_others_open(void *arg)
{
    shared *all = arg;
    const ff_batch *b = &all->batch->b;
    ff_key good = kit_key_of(AES_128, 1), bad = good, more = good;
    ff_opener_facts facts;
    ff_slot_facts slots[8];
    int is_changer = bump(&all->number) < 2;
    bad.key = other_key;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        uint8_t out[LEN];
        if (!is_changer) {
            uint32_t n = i % b->count;
            int64_t got = ff_open_one(all->opener, out, LEN,
                                      b->out + b->out_at[n], b->out_len[n],
                                      b->key_frame[n], NULL);
            CHECK(got == b->in_len[n] || got == -FF_UNKNOWN_KEY ||
                  got == -FF_AUTH_FAILED);
            continue;
        }
        more.id = 2 + i % 250;
        CHECK_SAME(ff_opener_set_key(all->opener, &more), FF_DONE);
        CHECK_SAME(ff_opener_set_key(all->opener, i % 3 ? &good : &bad),
                   FF_DONE);
        CHECK_SAME(ff_opener_read(all->opener, &facts, slots, 8), FF_DONE);
        ff_error error = ff_opener_drop_key(all->opener, i % 2 ? more.id : 1);
        CHECK(error == FF_DONE || error == FF_NO_SUCH_KEY);
    }
    return NULL;
}

static void test_keys_change_while_frames_open(void)
{
    shared all = {0};
    all.sealers[0] = kit_sealer(INSERTABLE, AES_128, 0, NO_LIMIT);
    all.opener = kit_opener(INSERTABLE, AES_128, 0);
    all.batch = kit_batch_new(64, 64 * 200, 64 * 200);
    kit_append_random(all.batch, 64, LEN, 1);
    CHECK_SAME(ff_seal_batch(all.sealers[0], &all.batch->b, 0, 1), 64);
    run_all(change_keys_while_others_open, &all);
    ff_sealer_free(all.sealers[0]);
    ff_opener_free(all.opener);
    kit_batch_free(all.batch);
}

/* -- rekeying and closing under way -- */

/* A used nonce is a pair of key id and counter here. */
static void *seal_until_closed(void *arg)
{
    shared *all = arg;
    uint32_t me = bump(&all->number);
    uint8_t frame[LEN] = {0}, out[LEN + MAX_GROWTH];
    for (uint32_t i = 0;; i++) {
        if (me == 0 && i < 200) {
            ff_key key = kit_key_of(AES_128, 2 + i);
            ff_range range = {0, NO_LIMIT};
            CHECK_SAME(ff_sealer_rekey(all->sealers[0], &key, &range),
                       FF_DONE);
        } else if (me == 0) {
            ff_sealer_close(all->sealers[0]);
        }
        int64_t got = ff_seal_one(all->sealers[0], out, sizeof out, frame, LEN,
                                  FF_DELTA, NULL);
        if (got == -FF_CLOSED)
            return NULL;
        if (!CHECK_SAME(got, LEN + MAX_GROWTH))
            return NULL;
        uint64_t counter = kit_counter_of(INSERTABLE, out);
        if (counter < 4096)
            note(all, (uint64_t)out[0] << 12 | counter);
    }
}

static void test_rekey_and_close_while_others_seal(void)
{
    shared all = {0};
    want_counters(&all, 256 << 12);
    all.sealers[0] = kit_sealer(INSERTABLE, AES_128, 0, NO_LIMIT);
    run_all(seal_until_closed, &all);
    ff_sealer_free(all.sealers[0]);
    free(all.used);
}

/* -- one batch -- */

static void *seal_the_shared_batch(void *arg)
{
    shared *all = arg;
    for (int i = 0; i < ROUNDS; i++) {
        int64_t got = ff_seal_batch(all->sealers[0], &all->batch->b, 0, 1);
        CHECK(got == PER_BATCH || got == -FF_BATCH_BUSY);
        bump(&all->outcomes[got == PER_BATCH]);
    }
    return NULL;
}

static void test_shared_batch_is_refused_or_runs_whole(void)
{
    shared all = {0};
    all.sealers[0] = kit_sealer(INSERTABLE, AES_128, 0, NO_LIMIT);
    all.batch = kit_batch_new(PER_BATCH, PER_BATCH * 200, PER_BATCH * 200);
    kit_append_random(all.batch, PER_BATCH, LEN, 1);
    run_all(seal_the_shared_batch, &all);
    CHECK_SAME(all.outcomes[0] + all.outcomes[1], NUM_THREADS * ROUNDS);
    CHECK_SAME(kit_next_of(all.sealers[0]), all.outcomes[1] * PER_BATCH);
    kit_batch_free(all.batch);
    ff_sealer_free(all.sealers[0]);
}

int main(void)
{
    RUN(test_one_sealer_in_many_threads_repeats_no_counter);
    RUN(test_one_opener_in_many_threads_opens_each_frame_once);
    RUN(test_many_sealers_in_any_order_do_not_deadlock);
    RUN(test_keys_change_while_frames_open);
    RUN(test_rekey_and_close_while_others_seal);
    RUN(test_shared_batch_is_refused_or_runs_whole);
    return check_report();
}
