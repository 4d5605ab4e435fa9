/* test_steady.c - once it runs, neither sealing nor opening allocates.
 *
 * link: --wrap=malloc,calloc,realloc,posix_memalign,free,pthread_mutex_init
 */
#include "alloc_wrap.h"
#include "batch_kit.h"

#define LEN 300
static uint8_t frame[LEN], sealed[LEN + MAX_GROWTH], opened[LEN];

static void use_single(uint32_t format, ff_sealer *by, ff_opener *to)
{
    ff_extra extra = {.counter = kit_next_of(by)};
    int64_t len = ff_seal_one(by, sealed, sizeof sealed, frame, LEN, 1, NULL);
    CHECK(len > LEN);
    sealed[len - 1] ^= 1; /* a rejected frame costs no memory either */
    CHECK_SAME(ff_open_one(to, opened, LEN, sealed, (size_t)len, FF_EITHER,
                           &extra), -FF_AUTH_FAILED);
    sealed[len - 1] ^= 1;
    CHECK_SAME(ff_open_one(to, opened, LEN, sealed, (size_t)len, FF_EITHER,
                           &extra), LEN);
    CHECK_SAME(ff_open_one(to, opened, LEN, sealed, (size_t)len,
                           format == RAW ? FF_DELTA : FF_KEY, &extra),
               -FF_REPLAYED);
}

static void use_batch(ff_sealer *by, ff_opener *to, kit_batch *batch,
                      kit_batch *back)
{
    CHECK_SAME(ff_batch_clear(&batch->b), FF_DONE);
    for (uint32_t i = 0; i < 16; i++)
        CHECK_SAME(ff_batch_append(&batch->b, frame, LEN, 1, 0, NULL), FF_DONE);
    CHECK_SAME(ff_seal_many(&by, 1, &batch->b, 0), 16);
    CHECK_SAME(ff_batch_clear(&back->b), FF_DONE);
    for (uint32_t i = 0; i < 16; i++) {
        ff_extra extra = {.counter = batch->b.counter[i]};
        CHECK_SAME(ff_batch_append(&back->b, batch->b.out + batch->b.out_at[i],
                                   batch->b.out_len[i], 1, 0, &extra), FF_DONE);
    }
    CHECK_SAME(ff_open_batch(to, &back->b, 1), 16);
}

static void test_steady_state_allocates_nothing(void)
{
    for (uint32_t format = 0; format < NUM_FORMATS; format++) {
        ff_sealer *by = kit_sealer(format, AES_128, 0, NO_LIMIT);
        ff_opener *to = kit_opener(format, AES_128, 1024);
        kit_batch *batch = kit_batch_new(16, 16 * 500, 16 * 500);
        kit_batch *back = kit_batch_new(16, 16 * 500, 16 * 500);
        use_single(format, by, to);
        use_batch(by, to, batch, back);
        num_allocations = 0;
        for (int i = 0; i < 1000; i++) {
            use_single(format, by, to);
            use_batch(by, to, batch, back);
        }
        CHECK_SAME(num_allocations, 0);
        kit_batch_free(back);
        kit_batch_free(batch);
        ff_sealer_free(by);
        ff_opener_free(to);
    }
}

/* The tests above prove something only if the counting works. */
static void test_making_objects_is_counted(void)
{
    num_allocations = 0;
    ff_sealer_free(kit_sealer(RAW, AES_128, 0, NO_LIMIT));
    CHECK(num_allocations >= 3); /* ours, the lock and libcrypto's */
}

int main(void)
{
    wrap_openssl();
    RUN(test_steady_state_allocates_nothing);
    RUN(test_making_objects_is_counted);
    return check_report();
}
