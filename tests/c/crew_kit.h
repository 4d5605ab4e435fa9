/* crew_kit.h - what the tests of crews share: two of everything, to compare, and
 * a count of the threads that were started. A program that includes it is linked
 * with --wrap=pthread_create,pthread_join,calloc. */
#ifndef FASTFRAME_CREW_KIT_H
#define FASTFRAME_CREW_KIT_H
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
static int fails_once;    /* those after the one that failed succeed again */
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
    if (num_left == 0) {
        if (fails_once)
            num_left = -1;
        return NULL;
    }
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

/* crew_pair: two sealers alike, and the frames of a row in two batches. */
typedef struct {
    kit_batch *a, *b;
    ff_sealer *one, *two;
} crew_pair;

static crew_pair crew_pair_new(const kit_row *row, size_t results)
{
    crew_pair pair = {kit_batch_new(COUNT, ARENA, results),
                      kit_batch_new(COUNT, ARENA, results),
                      row_sealer(row, FIRST_COUNTER),
                      row_sealer(row, FIRST_COUNTER)};
    fill(row, pair.a, pair.b);
    return pair;
}

static void crew_pair_check(const crew_pair *pair)
{
    check_alike(&pair->a->b, &pair->b->b);
    check_sealers_alike(pair->one, pair->two);
}

static void crew_pair_free(const crew_pair *pair)
{
    ff_sealer_free(pair->one);
    ff_sealer_free(pair->two);
    kit_batch_free(pair->a);
    kit_batch_free(pair->b);
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

/* receive gives frames of a row as a sealer makes them, some of them spoilt. */
static kit_batch *receive(const kit_row *row)
{
    crew_pair pair = crew_pair_new(row, RESULTS);
    CHECK(ff_seal_batch(pair.one, &pair.a->b, 0, 1) > COUNT / 2);
    kit_batch *got = kit_received(pair.a);
    spoil(&got->b);
    crew_pair_free(&pair);
    return got;
}
#endif
