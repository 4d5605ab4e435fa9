/* test_steady.c - once it runs, neither sealing nor opening allocates.
 *
 * link: --wrap=malloc,calloc,realloc,posix_memalign,free,pthread_mutex_init
 */
#include "rows.h"

#include "alloc_wrap.h"
#include "batch_kit.h"

#define MEDIA 300
#define MAX_LEN (MEDIA + ROW_MEDIA_MAX)
#define MAX_SEALED (MAX_LEN + ROW_GROWTH)
#define PER_BATCH 8
#define ROUNDS 60

static uint8_t frame[MAX_LEN], sealed[MAX_SEALED], opened[MAX_SEALED];
static size_t  len;

static void use_single(const kit_row *row, ff_sealer *by, ff_opener *to)
{
    ff_extra extra = {.counter = kit_next_of(by)};
    int64_t got = ff_seal_one(by, sealed, sizeof sealed, frame, len, FF_KEY,
                              NULL);
    CHECK(got > 0);
    sealed[got / 2] ^= 1; /* a rejected frame costs no memory either */
    CHECK_SAME(ff_open_one(to, opened, sizeof opened, sealed, (size_t)got,
                           FF_EITHER, &extra), -FF_AUTH_FAILED);
    sealed[got / 2] ^= 1;
    CHECK(ff_open_one(to, opened, sizeof opened, sealed, (size_t)got, FF_EITHER,
                      &extra) > 0);
    int64_t again = ff_open_one(to, opened, sizeof opened, sealed, (size_t)got,
                                FF_KEY, &extra);
    CHECK(row->facts.has_replay_check ? again == -FF_REPLAYED : again > 0);
}

static void use_batch(ff_sealer *by, ff_opener *to, kit_batch *batch,
                      kit_batch *back)
{
    CHECK_SAME(ff_batch_clear(&batch->b), FF_DONE);
    for (uint32_t i = 0; i < PER_BATCH; i++)
        CHECK_SAME(ff_batch_append(&batch->b, frame, len, FF_KEY, 0, NULL),
                   FF_DONE);
    CHECK_SAME(ff_seal_many(&by, 1, &batch->b, 0, 1), PER_BATCH);
    CHECK_SAME(ff_batch_clear(&back->b), FF_DONE);
    for (uint32_t i = 0; i < PER_BATCH; i++) {
        ff_extra extra = {.counter = batch->b.counter[i]};
        CHECK_SAME(ff_batch_append(&back->b, batch->b.out + batch->b.out_at[i],
                                   batch->b.out_len[i], FF_KEY, 0, &extra),
                   FF_DONE);
    }
    CHECK_SAME(ff_open_batch(to, &back->b, 1, 1), PER_BATCH);
}

/* Before 3.5 OpenSSL copies a digest's state into new memory each time that
 * HMAC starts and ends. */
static int may_allocate(const kit_row *row)
{
    return row_has_hmac(row) && OpenSSL_version_num() < 0x30500000L;
}

static void test_steady_state_allocates_nothing(const kit_row *row)
{
    const size_t size = PER_BATCH * (MAX_SEALED + FF_FRAME_ROOM);
    ff_sealer *by = row_sealer(row, FIRST_COUNTER);
    ff_opener *to = row_opener(row, 1024);
    kit_batch *batch = kit_batch_new(PER_BATCH, size, size);
    kit_batch *back = kit_batch_new(PER_BATCH, size, size);
    len = row_frame(row, frame, FF_KEY, MEDIA);
    use_single(row, by, to);
    use_batch(by, to, batch, back);
    num_allocations = 0;
    int64_t live = num_live;
    for (int i = 0; i < ROUNDS; i++) {
        use_single(row, by, to);
        use_batch(by, to, batch, back);
    }
    CHECK(num_allocations == 0 || may_allocate(row));
    CHECK_SAME(num_live, live);
    kit_batch_free(back);
    kit_batch_free(batch);
    ff_sealer_free(by);
    ff_opener_free(to);
}

/* A sender that ratchets costs its receiver memory once and then no more. */
static void test_ratchets_come_to_a_steady_state_too(void)
{
    kit_row row = {.format = JITSI, .schedule = FROM_JITSI};
    ff_settings settings = {.format = JITSI, .ratchet_window = 4};
    const ff_key key = row_key(&row, 1);
    ff_opener *to = NULL;
    row.facts.counter_max = 1 << 20;
    ff_sealer *by = row_sealer(&row, 1);
    CHECK_SAME(ff_opener_new(&to, &settings), FF_DONE);
    CHECK_SAME(ff_opener_set_key(to, &key), FF_DONE);
    CHECK_SAME(ff_opener_allow(to, UINT32_MAX), FF_DONE);
    len = row_frame(&row, frame, FF_KEY, MEDIA);
    int64_t live = 0;
    for (int i = 0; i < 40; i++) {
        use_single(&row, by, to);
        CHECK_SAME(ff_sealer_ratchet(by), FF_DONE);
        live = i == 10 ? num_live : live;
    }
    use_single(&row, by, to);
    CHECK_SAME(num_live, live);
    ff_sealer_free(by);
    ff_opener_free(to);
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
    RUN_ROWS(test_steady_state_allocates_nothing);
    RUN(test_ratchets_come_to_a_steady_state_too);
    RUN(test_making_objects_is_counted);
    return check_report();
}
