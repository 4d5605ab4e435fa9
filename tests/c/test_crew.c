/* test_crew.c - a batch over several threads comes out as over one: the same
 * counters, bytes, verdicts and counts.
 *
 * link: --wrap=pthread_create,pthread_join,calloc
 */
#include "crew_kit.h"

static void test_crew_seals_as_one_thread_does(const kit_row *row)
{
    if (IS_LEFT_OUT(row))
        return;
    for (int in_place = 0; in_place < 2; in_place++) {
        crew_pair pair = crew_pair_new(row, RESULTS);
        num_threads = 0;
        int64_t ok = ff_seal_batch(pair.one, &pair.a->b, in_place, 1);
        CHECK_SAME(ff_seal_batch(pair.two, &pair.b->b, in_place, WORKERS), ok);
        CHECK_SAME(num_threads, splits(row) ? WORKERS - 1 : 0);
        crew_pair_check(&pair);
        crew_pair_free(&pair);
    }
}

/* What was opened ahead of its turn and turns out to be a replay is zeroed. */
static void test_crew_opens_as_one_thread_does(const kit_row *row)
{
    if (IS_LEFT_OUT(row))
        return;
    kit_batch *batch = receive(row);
    ff_batch *b = &batch->b;
    for (uint32_t window = 0; window < 1u + (uint32_t)is_sample(row); window++) {
        kit_batch *ours = kit_batch_new(COUNT, 0, RESULTS);
        kit_batch *theirs = kit_batch_new(COUNT, 0, RESULTS);
        const uint8_t *at[COUNT];
        for (uint32_t i = 0; i < COUNT; i++)
            at[i] = b->in + b->in_at[i];
        for (int n = 0; n < 2; n++) {
            ff_batch *to = n ? &ours->b : &theirs->b;
            CHECK_SAME(ff_batch_gather(to, at, b->in_len, COUNT, FF_EITHER),
                       FF_DONE);
            memcpy(to->counter, b->counter, COUNT * sizeof *to->counter);
            if (window == 0)
                memcpy(to->key_frame, b->key_frame, COUNT);
        }
        ff_opener *one = row_opener(row, 8 - window * 8);
        ff_opener *two = row_opener(row, 8 - window * 8);
        for (int again = 0; again < 2; again++) { /* then all are replays */
            int64_t ok = ff_open_batch(one, &theirs->b, 0, 1);
            num_threads = 0;
            CHECK_SAME(ff_open_batch(two, &ours->b, 0, WORKERS), ok);
            CHECK_SAME(num_threads, row->facts.names_step ? 0 : WORKERS - 1);
            check_alike(&theirs->b, &ours->b);
            check_openers_alike(one, two);
            for (uint32_t i = 0; i < COUNT; i++)
                if (num_threads > 0 && ours->b.status[i] == FF_REPLAYED)
                    CHECK(kit_is_all(result(&ours->b, i), 0, 9));
        }
        ff_opener_free(one);
        ff_opener_free(two);
        kit_batch_free(ours);
        kit_batch_free(theirs);
    }
    kit_batch_free(batch);
}

/* In place a replay that was opened ahead of its turn would be gone. */
static void test_opening_in_place_takes_one_thread(const kit_row *row)
{
    if (!is_sample(row))
        return;
    kit_batch *batch = receive(row);
    ff_opener *opener = row_opener(row, 64);
    num_threads = 0;
    CHECK(ff_open_batch(opener, &batch->b, 1, WORKERS) > 0);
    CHECK_SAME(num_threads, 0);
    ff_opener_free(opener);
    kit_batch_free(batch);
}

/* What opens a frame depends on those before it where its sender ratchets. */
static void test_keys_that_ratchet_take_one_thread(const kit_row *row)
{
    if (!is_sample(row) || (row->format != LIVEKIT && row->format != JITSI))
        return;
    kit_batch *batch = receive(row);
    ff_settings settings = row_settings(row, 0);
    settings.ratchet_window = 8;
    const ff_key key = row_key(row, 1);
    ff_opener *opener = NULL;
    CHECK_SAME(ff_opener_new(&opener, &settings), FF_DONE);
    CHECK_SAME(ff_opener_set_key(opener, &key), FF_DONE);
    num_threads = 0;
    (void)ff_open_batch(opener, &batch->b, 0, WORKERS);
    CHECK_SAME(num_threads, 0);
    ff_opener_free(opener);
    kit_batch_free(batch);
}

static void test_small_batches_take_one_thread(const kit_row *row)
{
    if (!is_sample(row))
        return;
    kit_batch *batch = kit_batch_new(COUNT, ARENA, RESULTS);
    ff_sealer *sealer = row_sealer(row, FIRST_COUNTER);
    uint8_t frame[100 + ROW_MEDIA_MAX];
    size_t len = row_frame(row, frame, FF_KEY, 100);
    for (uint32_t i = 0; i < COUNT; i++)
        CHECK_SAME(ff_batch_append(&batch->b, frame, len, FF_KEY, 0, NULL),
                   FF_DONE);
    num_threads = 0;
    CHECK_SAME(ff_seal_batch(sealer, &batch->b, 0, UINT32_MAX), COUNT);
    CHECK_SAME(num_threads, 0);
    ff_sealer_free(sealer);
    kit_batch_free(batch);
}

int main(void)
{
    RUN_ROWS(test_crew_seals_as_one_thread_does);
    RUN_ROWS(test_crew_opens_as_one_thread_does);
    RUN_ROWS(test_opening_in_place_takes_one_thread);
    RUN_ROWS(test_keys_that_ratchet_take_one_thread);
    RUN_ROWS(test_small_batches_take_one_thread);
    return check_report();
}
