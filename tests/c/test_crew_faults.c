/* test_crew_faults.c - without threads, memory or room for a crew, and with tables
 * that change under it, all comes out as by one thread.
 *
 * link: --wrap=pthread_create,pthread_join,calloc
 */
#include "crew_kit.h"

#include "sealer.h"

static void test_without_threads_the_caller_seals_all(const kit_row *row)
{
    if (!is_sample(row))
        return;
    crew_pair pair = crew_pair_new(row, RESULTS);
    int64_t ok = ff_seal_batch(pair.one, &pair.a->b, 0, 1);
    refuses_threads = 1;
    CHECK_SAME(ff_seal_batch(pair.two, &pair.b->b, 0, WORKERS), ok);
    refuses_threads = 0;
    crew_pair_check(&pair);
    crew_pair_free(&pair);
}

static void test_without_threads_the_caller_opens_all(const kit_row *row)
{
    kit_batch *batch = is_sample(row) ? receive(row) : NULL;
    if (!batch)
        return;
    ff_opener *one = row_opener(row, 64), *two = row_opener(row, 64);
    int64_t ok = ff_open_batch(one, &batch->b, 0, 1);
    refuses_threads = 1;
    CHECK_SAME(ff_open_batch(two, &batch->b, 0, WORKERS), ok);
    refuses_threads = 0;
    check_openers_alike(one, two);
    ff_opener_free(one);
    ff_opener_free(two);
    kit_batch_free(batch);
}

/* The memory for the other workers' contexts and for the turns may be lacking:
 * counters and frames are as if nobody had asked for workers. */
static void test_without_memory_one_thread_seals_all(const kit_row *row)
{
    if (!is_sample(row))
        return;
    fails_once = 1;
    for (int num = 0; num < WORKERS; num++) {
        crew_pair pair = crew_pair_new(row, RESULTS);
        num_threads = 0;
        int64_t ok = ff_seal_batch(pair.one, &pair.a->b, 0, 1);
        num_left = num;
        CHECK_SAME(ff_seal_batch(pair.two, &pair.b->b, 0, WORKERS), ok);
        CHECK_SAME(num_threads, 0);
        num_left = -1;
        crew_pair_check(&pair);
        crew_pair_free(&pair);
    }
    fails_once = 0;
}

/* places is what a crew needs for all results of a row's frames. */
static size_t places(const kit_row *row)
{
    crew_pair pair = crew_pair_new(row, RESULTS);
    size_t sum = 0;
    for (uint32_t i = 0; i < COUNT; i++)
        sum += pair.b->b.in_len[i] + FF_SPARE +
               ff_growth(pair.two->format, pair.two->rule);
    crew_pair_free(&pair);
    return sum;
}

/* Workers need places apart, which may take more than the results do. */
static void test_without_room_for_all_places_one_thread_seals(const kit_row *row)
{
    if (!is_sample(row) || !splits(row))
        return;
    uint64_t seed = kit_seed;
    for (int lack = 0; lack < 3; lack++) {
        kit_seed = seed; /* the same frames each time */
        size_t all = places(row);
        kit_seed = seed;
        size_t size = lack == 2 ? all / 2 : all - (size_t)lack;
        crew_pair pair = crew_pair_new(row, size);
        num_threads = 0;
        int64_t ok = ff_seal_batch(pair.one, &pair.a->b, 0, 1);
        CHECK(lack < 2 ? ok >= COUNT - 1 : ok < COUNT - 1);
        CHECK_SAME(ff_seal_batch(pair.two, &pair.b->b, 0, WORKERS), ok);
        CHECK_SAME(num_threads, lack ? 0 : WORKERS - 1);
        crew_pair_check(&pair);
        crew_pair_free(&pair);
    }
}

/* What a worker could not open the caller's thread does when its turn comes. */
static void test_workers_without_contexts_cost_no_frame(const kit_row *row)
{
    kit_batch *batch = is_sample(row) ? receive(row) : NULL;
    if (!batch)
        return;
    ff_opener *one = row_opener(row, 64), *two = row_opener(row, 64);
    int64_t ok = ff_open_batch(one, &batch->b, 0, 1);
    num_left = 1;
    CHECK_SAME(ff_open_batch(two, &batch->b, 0, WORKERS), ok);
    num_left = -1;
    check_openers_alike(one, two);
    ff_opener_free(one);
    ff_opener_free(two);
    kit_batch_free(batch);
}

/* Each descriptor is read once: what is written to the tables meanwhile changes
 * no counter, verdict, place or length. */
static void test_tables_that_change_meanwhile_seal_alike(const kit_row *row)
{
    if (IS_LEFT_OUT(row) || !splits(row))
        return;
    for (int in_place = 0; in_place < 2; in_place++) {
        crew_pair pair = crew_pair_new(row, RESULTS);
        int64_t ok = ff_seal_batch(pair.one, &pair.a->b, in_place, 1);
        meddled = &pair.b->b;
        CHECK_SAME(ff_seal_batch(pair.two, &pair.b->b, in_place, WORKERS), ok);
        meddled = NULL;
        crew_pair_check(&pair);
        crew_pair_free(&pair);
    }
}

/* copy_tables makes of a batch whose tables were written to what it was. */
static void copy_tables(ff_batch *to, const ff_batch *from)
{
    memcpy(to->in_at, from->in_at, COUNT * sizeof *from->in_at);
    memcpy(to->in_len, from->in_len, COUNT * sizeof *from->in_len);
    memcpy(to->counter, from->counter, COUNT * sizeof *from->counter);
    memcpy(to->key_frame, from->key_frame, COUNT);
}

static void test_tables_that_change_meanwhile_open_alike(const kit_row *row)
{
    if (IS_LEFT_OUT(row) || !splits(row))
        return;
    crew_pair pair = crew_pair_new(row, RESULTS);
    CHECK(ff_seal_batch(pair.one, &pair.a->b, 0, 1) > 0);
    kit_batch *calm = kit_received(pair.a), *wild = kit_received(pair.a);
    ff_opener *one = row_opener(row, 64), *two = row_opener(row, 64);
    for (int round = 0; round < 2; round++) { /* then all are replays */
        copy_tables(&wild->b, &calm->b);
        int64_t ok = ff_open_batch(one, &calm->b, 0, 1);
        meddled = &wild->b;
        CHECK_SAME(ff_open_batch(two, &wild->b, 0, WORKERS), ok);
        meddled = NULL;
        check_alike(&calm->b, &wild->b);
        check_openers_alike(one, two);
    }
    ff_opener_free(one);
    ff_opener_free(two);
    kit_batch_free(calm);
    kit_batch_free(wild);
    crew_pair_free(&pair);
}

int main(void)
{
    RUN_ROWS(test_without_threads_the_caller_seals_all);
    RUN_ROWS(test_without_threads_the_caller_opens_all);
    RUN_ROWS(test_without_memory_one_thread_seals_all);
    RUN_ROWS(test_without_room_for_all_places_one_thread_seals);
    RUN_ROWS(test_workers_without_contexts_cost_no_frame);
    RUN_ROWS(test_tables_that_change_meanwhile_seal_alike);
    RUN_ROWS(test_tables_that_change_meanwhile_open_alike);
    return check_report();
}
