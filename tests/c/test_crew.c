/* test_crew.c - a batch over several threads comes out as over one: the same
 * counters, bytes, verdicts and counts.
 *
 * link: --wrap=pthread_create,pthread_join,calloc
 */
#include <pthread.h>

#include "rows.h"

#include "batch_kit.h"

#define COUNT 48
#define MEDIA 8000 /* three workers pay, by the thread cost of tools/test-core */
#define MAX_LEN (MEDIA + ROW_MEDIA_MAX)
#define ARENA (COUNT * (size_t)(MAX_LEN + FF_FRAME_ROOM))
#define RESULTS (COUNT * (size_t)(MAX_LEN + ROW_GROWTH + FF_SPARE))
#define WORKERS 3

static int num_threads, refuses_threads;
static int num_left = -1; /* callocs that succeed; -1: all */
static ff_batch *meddled; /* its tables are written to between the phases */

static void meddle(void)
{
    for (uint32_t i = 0; meddled && i < meddled->count; i++) {
        meddled->counter[i] = meddled->counter[0] + 1000000;
        meddled->in_len[i] = i % 2 ? UINT32_MAX : 7;
        meddled->in_at[i] = i % 3 ? UINT64_MAX : 0;
        meddled->out_at[i] = UINT64_MAX / 2;
        meddled->out_len[i] = INT32_MAX;
        meddled->status[i] = i % 2 ? FF_OK : FF_AUTH_FAILED;
        meddled->key_frame[i] = FF_EITHER;
    }
}

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
                          void *(*start)(void *), void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
                          void *(*start)(void *), void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
                          void *(*start)(void *), void *arg)
{
    num_threads += 1;
    meddle();
    return refuses_threads ? 11 : __real_pthread_create(thread, attr, start,
                                                        arg);
}

int __real_pthread_join(pthread_t thread, void **out);
int __wrap_pthread_join(pthread_t thread, void **out);
int __wrap_pthread_join(pthread_t thread, void **out)
{
    int got = __real_pthread_join(thread, out);
    meddle();
    return got;
}

void *__real_calloc(size_t num, size_t size);
void *__wrap_calloc(size_t num, size_t size);
void *__wrap_calloc(size_t num, size_t size)
{
    /* Workers meet here, but only where none is left to count. */
    if (num_left == 0)
        return NULL;
    if (num_left > 0)
        num_left -= 1;
    return __real_calloc(num, size);
}

/* is_sample: one row of each format is enough where codecs play no part. */
static int is_sample(const kit_row *row)
{
    return row->codec == FF_CODEC_none;
}

/* ThreadSanitizer takes ten times as long. */
#ifdef __SANITIZE_THREAD__
#define IS_LEFT_OUT(row) (!is_sample(row))
#else
#define IS_LEFT_OUT(row) 0
#endif

/* fill puts frames of a row into two batches alike. */
static void fill(const kit_row *row, kit_batch *one, kit_batch *two)
{
    uint8_t *frame = kit_need(malloc(MAX_LEN));
    for (uint32_t i = 0; i < COUNT; i++) {
        int kind = (int)kit_below(2);
        size_t media = i % 7 == 3 ? 12 + kit_below(30) : MEDIA - kit_below(999);
        size_t len = row_frame(row, frame, kind, media);
        CHECK_SAME(ff_batch_append(&one->b, frame, len, kind, 0, NULL), FF_DONE);
        CHECK_SAME(ff_batch_append(&two->b, frame, len, kind, 0, NULL), FF_DONE);
    }
    one->b.in_len[COUNT / 2] = two->b.in_len[COUNT / 2] = 0;
    free(frame);
}

static const uint8_t *result(const ff_batch *b, uint32_t i)
{
    return (b->in_place ? b->in : b->out) + b->out_at[i];
}

static void check_alike(const ff_batch *one, const ff_batch *two)
{
    for (uint32_t i = 0; i < COUNT; i++) {
        CHECK_SAME(two->status[i], one->status[i]);
        CHECK_SAME(two->counter[i], one->counter[i]);
        CHECK_SAME(two->key_id[i], one->key_id[i]);
        CHECK_SAME(two->names_key[i], one->names_key[i]);
        CHECK_SAME(two->out_len[i], one->out_len[i]);
        CHECK(memcmp(result(one, i), result(two, i), one->out_len[i]) == 0);
        if (!two->in_place && two->status[i] == FF_OK)
            CHECK(kit_is_all(result(two, i) + two->out_len[i], 0, FF_SPARE));
    }
}

static void check_sealers_alike(ff_sealer *one, ff_sealer *two)
{
    ff_sealer_facts a, b;
    memset(&a, 0, sizeof a);
    memset(&b, 0, sizeof b);
    CHECK_SAME(ff_sealer_read(one, &a), FF_DONE);
    CHECK_SAME(ff_sealer_read(two, &b), FF_DONE);
    CHECK(memcmp(&a, &b, sizeof a) == 0);
}

static void check_openers_alike(ff_opener *one, ff_opener *two)
{
    ff_opener_facts a, b;
    ff_slot_facts x, y;
    memset(&a, 0, sizeof a);
    memset(&b, 0, sizeof b);
    CHECK_SAME(ff_opener_read(one, &a, &x, 1), FF_DONE);
    CHECK_SAME(ff_opener_read(two, &b, &y, 1), FF_DONE);
    CHECK(memcmp(&a, &b, sizeof a) == 0);
    CHECK(memcmp(&x, &y, sizeof x) == 0);
}

static int splits(const kit_row *row)
{
    return row_rule(row)->reseals == FF_RESEALS_NEVER &&
           !row->facts.names_step;
}

static void test_crew_seals_as_one_thread_does(const kit_row *row)
{
    if (IS_LEFT_OUT(row))
        return;
    for (int in_place = 0; in_place < 2; in_place++) {
        kit_batch *a = kit_batch_new(COUNT, ARENA, RESULTS);
        kit_batch *b = kit_batch_new(COUNT, ARENA, RESULTS);
        ff_sealer *one = row_sealer(row, FIRST_COUNTER);
        ff_sealer *two = row_sealer(row, FIRST_COUNTER);
        fill(row, a, b);
        num_threads = 0;
        int64_t ok = ff_seal_batch(one, &a->b, in_place, 1);
        CHECK_SAME(ff_seal_batch(two, &b->b, in_place, WORKERS), ok);
        CHECK_SAME(num_threads, splits(row) ? WORKERS - 1 : 0);
        check_alike(&a->b, &b->b);
        check_sealers_alike(one, two);
        ff_sealer_free(one);
        ff_sealer_free(two);
        kit_batch_free(a);
        kit_batch_free(b);
    }
}

/* spoil makes of good frames what networks and attackers send. */
static void spoil(ff_batch *b)
{
    b->in[b->in_at[5] + b->in_len[5] / 2] ^= 1;
    b->in_len[9] = 3;
    for (uint32_t i = 20; i < 24; i++) { /* replays, far from their originals */
        b->in_at[i] = b->in_at[i - 20];
        b->in_len[i] = b->in_len[i - 20];
        b->counter[i] = b->counter[i - 20];
        b->key_frame[i] = b->key_frame[i - 20];
    }
    b->in_at[47] = b->in_at[5]; /* what failed once fails again */
    b->in_len[47] = b->in_len[5];
    b->counter[47] = b->counter[5];
}

static kit_batch *receive(const kit_row *row)
{
    kit_batch *a = kit_batch_new(COUNT, ARENA, RESULTS);
    kit_batch *b = kit_batch_new(COUNT, ARENA, RESULTS);
    ff_sealer *sealer = row_sealer(row, FIRST_COUNTER);
    fill(row, a, b);
    CHECK(ff_seal_batch(sealer, &a->b, 0, 1) > COUNT / 2);
    kit_batch *got = kit_received(a);
    spoil(&got->b);
    ff_sealer_free(sealer);
    kit_batch_free(a);
    kit_batch_free(b);
    return got;
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

static void test_without_threads_the_caller_does_all(const kit_row *row)
{
    if (!is_sample(row))
        return;
    refuses_threads = 1;
    test_crew_seals_as_one_thread_does(row);
    test_crew_opens_as_one_thread_does(row);
    refuses_threads = 0;
}

/* The memory for the other workers' contexts and for the turns may be lacking:
 * counters and frames are as if nobody had asked for workers. */
static void test_without_memory_one_thread_seals_all(const kit_row *row)
{
    if (!is_sample(row))
        return;
    for (int num = 0; num < WORKERS; num++) {
        kit_batch *a = kit_batch_new(COUNT, ARENA, RESULTS);
        kit_batch *b = kit_batch_new(COUNT, ARENA, RESULTS);
        ff_sealer *one = row_sealer(row, FIRST_COUNTER);
        ff_sealer *two = row_sealer(row, FIRST_COUNTER);
        fill(row, a, b);
        num_threads = 0;
        int64_t ok = ff_seal_batch(one, &a->b, 0, 1);
        num_left = num;
        CHECK_SAME(ff_seal_batch(two, &b->b, 0, WORKERS), ok);
        num_left = -1;
        CHECK_SAME(num_threads, 0);
        check_alike(&a->b, &b->b);
        check_sealers_alike(one, two);
        ff_sealer_free(one);
        ff_sealer_free(two);
        kit_batch_free(a);
        kit_batch_free(b);
    }
}

/* Workers need places apart, which may take more than the results do. */
static void test_without_room_for_all_places_one_thread_seals(const kit_row *row)
{
    if (!is_sample(row) || !splits(row))
        return;
    kit_batch *a = kit_batch_new(COUNT, ARENA, RESULTS / 2);
    kit_batch *b = kit_batch_new(COUNT, ARENA, RESULTS / 2);
    ff_sealer *one = row_sealer(row, FIRST_COUNTER);
    ff_sealer *two = row_sealer(row, FIRST_COUNTER);
    fill(row, a, b);
    num_threads = 0;
    int64_t ok = ff_seal_batch(one, &a->b, 0, 1);
    CHECK(ok > 0 && ok < COUNT - 1);
    CHECK_SAME(ff_seal_batch(two, &b->b, 0, WORKERS), ok);
    CHECK_SAME(num_threads, 0);
    check_alike(&a->b, &b->b);
    check_sealers_alike(one, two);
    ff_sealer_free(one);
    ff_sealer_free(two);
    kit_batch_free(a);
    kit_batch_free(b);
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
static void test_tables_that_change_meanwhile_change_nothing(const kit_row *row)
{
    if (IS_LEFT_OUT(row) || !splits(row))
        return;
    for (int in_place = 0; in_place < 2; in_place++) {
        kit_batch *a = kit_batch_new(COUNT, ARENA, RESULTS);
        kit_batch *b = kit_batch_new(COUNT, ARENA, RESULTS);
        ff_sealer *one = row_sealer(row, FIRST_COUNTER);
        ff_sealer *two = row_sealer(row, FIRST_COUNTER);
        ff_opener *to = row_opener(row, 64), *other = row_opener(row, 64);
        fill(row, a, b);
        int64_t ok = ff_seal_batch(one, &a->b, in_place, 1);
        kit_batch *back = kit_received(a), *again = kit_received(a);
        meddled = &b->b;
        CHECK_SAME(ff_seal_batch(two, &b->b, in_place, WORKERS), ok);
        check_alike(&a->b, &b->b);
        check_sealers_alike(one, two);
        for (int round = 0; round < 2; round++) { /* then all are replays */
            memcpy(again->b.in_at, back->b.in_at, COUNT * sizeof *back->b.in_at);
            memcpy(again->b.in_len, back->b.in_len,
                   COUNT * sizeof *back->b.in_len);
            memcpy(again->b.counter, a->b.counter,
                   COUNT * sizeof *a->b.counter);
            memcpy(again->b.key_frame, back->b.key_frame, COUNT);
            ok = ff_open_batch(to, &back->b, 0, 1);
            meddled = &again->b;
            CHECK_SAME(ff_open_batch(other, &again->b, 0, WORKERS), ok);
            check_alike(&back->b, &again->b);
            check_openers_alike(to, other);
        }
        meddled = NULL;
        ff_sealer_free(one);
        ff_sealer_free(two);
        ff_opener_free(to);
        ff_opener_free(other);
        kit_batch_free(a);
        kit_batch_free(b);
        kit_batch_free(back);
        kit_batch_free(again);
    }
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
    RUN_ROWS(test_without_threads_the_caller_does_all);
    RUN_ROWS(test_without_memory_one_thread_seals_all);
    RUN_ROWS(test_without_room_for_all_places_one_thread_seals);
    RUN_ROWS(test_workers_without_contexts_cost_no_frame);
    RUN_ROWS(test_tables_that_change_meanwhile_change_nothing);
    RUN_ROWS(test_keys_that_ratchet_take_one_thread);
    RUN_ROWS(test_small_batches_take_one_thread);
    return check_report();
}
