/* test_alloc_ratchet.c - memory that lacks while a key moves on: the old key
 * stays in use, nothing leaks, and with memory back the frame comes through.
 *
 * link: --wrap=malloc,calloc,realloc,posix_memalign,free,pthread_mutex_init
 */
#include "rows.h"

#include "alloc_wrap.h"

#define LEN 40
#define MOST 60 /* allocations that one step takes */
#define GENERATION (1 << 24)

static const kit_row jitsi = {.format = JITSI,
                              .schedule = FROM_JITSI,
                              .facts = {.counter_max = 1 << 20}};
static const kit_row dave = {.format = DAVE,
                             .suite = FF_AES_128_GCM_8,
                             .schedule = FROM_DAVE,
                             .facts = {.counter_max = UINT32_MAX}};
static uint8_t frame[LEN];

static int64_t seal(ff_sealer *sealer, uint8_t *out)
{
    return ff_seal_one(sealer, out, LEN + ROW_GROWTH, frame, LEN, 0, NULL);
}

static ff_opener *opener_of(const kit_row *row)
{
    ff_settings settings = row_settings(row, 64);
    const ff_key key = row_key(row, 1);
    ff_opener *made = NULL;
    settings.ratchet_window = 4;
    CHECK_SAME(ff_opener_new(&made, &settings), FF_DONE);
    CHECK_SAME(ff_opener_set_key(made, &key), FF_DONE);
    CHECK_SAME(ff_opener_allow(made, 1000), FF_DONE);
    return made;
}

static int64_t open_it(ff_opener *opener, const uint8_t *sealed, int64_t len)
{
    uint8_t out[LEN];
    int64_t got = ff_open_one(opener, out, LEN, sealed, (size_t)len, 0, NULL);
    CHECK(got == LEN ? memcmp(out, frame, LEN) == 0 : kit_is_all(out, 0, LEN));
    return got;
}

/* fail_at lets the nth allocation fail, or it and all behind it. */
static void fail_at(int n, int and_on)
{
    has_failed = 0;
    fails_on = and_on;
    until_failure = n;
}

static void stop_failing(void)
{
    until_failure = fails_on = 0;
}

static void test_sealer_that_cannot_ratchet_keeps_its_key(void)
{
    uint8_t sealed[LEN + ROW_GROWTH];
    ff_sealer *sealer = row_sealer(&jitsi, 1);
    ff_opener *opener = opener_of(&jitsi);
    ff_sealer_facts facts;
    int n = 1;
    for (; n < MOST; n++) {
        int64_t live = num_live;
        fail_at(n, n % 2);
        ff_error error = ff_sealer_ratchet(sealer);
        stop_failing();
        if (error == FF_DONE)
            break;
        CHECK(error == FF_LIB_MEMORY || error == FF_LIB_CRYPTO);
        CHECK_SAME(num_live, live);
        CHECK_SAME(ERR_peek_error(), 0);
        CHECK_SAME(ff_sealer_read(sealer, &facts), FF_DONE);
        CHECK_SAME(facts.ratchet_step, 0);
        int64_t len = seal(sealer, sealed);
        CHECK_SAME(open_it(opener, sealed, len), LEN);
    }
    CHECK(n > 3 && n < MOST);
    ff_sealer_free(sealer);
    ff_opener_free(opener);
}

static void test_opener_that_cannot_follow_follows_later(void)
{
    uint8_t sealed[LEN + ROW_GROWTH];
    int num_failed = 0;
    for (int n = 1; n < MOST; n++) {
        ff_sealer *sealer = row_sealer(&jitsi, 1);
        ff_opener *opener = opener_of(&jitsi);
        CHECK_SAME(ff_sealer_ratchet(sealer), FF_DONE);
        int64_t len = seal(sealer, sealed);
        fail_at(n, n % 2);
        int64_t got = open_it(opener, sealed, len);
        stop_failing();
        CHECK_SAME(ERR_peek_error(), 0);
        if (got != LEN) {
            num_failed++;
            CHECK_SAME(got, -FF_AUTH_FAILED);
            CHECK_SAME(open_it(opener, sealed, len), LEN);
        }
        ff_sealer_free(sealer);
        ff_opener_free(opener);
    }
    CHECK(num_failed > 3);
}

/* A counter calls for the next key, and it cannot be made: no frame goes out
 * under the last one. */
static void test_generation_that_cannot_be_made_seals_nothing(void)
{
    int num_failed = 0;
    for (int n = 1; n < MOST; n++) {
        uint8_t sealed[LEN + ROW_GROWTH];
        ff_sealer *sealer = row_sealer(&dave, GENERATION - 1);
        ff_opener *opener = opener_of(&dave);
        CHECK(seal(sealer, sealed) > 0);
        memset(sealed, SENTINEL, sizeof sealed);
        fail_at(n, n % 2);
        int64_t len = seal(sealer, sealed);
        stop_failing();
        if (len < 0) {
            num_failed++;
            CHECK_SAME(len, -FF_INTERNAL);
            CHECK(kit_is_all(sealed, SENTINEL, sizeof sealed));
            len = seal(sealer, sealed);
        }
        CHECK(len > 0);
        CHECK_SAME(open_it(opener, sealed, len), LEN);
        ff_sealer_free(sealer);
        ff_opener_free(opener);
    }
    CHECK(num_failed > 3);
}

static void run_all(void)
{
    test_sealer_that_cannot_ratchet_keeps_its_key();
    test_opener_that_cannot_follow_follows_later();
    test_generation_that_cannot_be_made_seals_nothing();
}

static void test_nothing_leaks(void)
{
    run_all(); /* what libcrypto sets up it keeps */
    int64_t live = num_live;
    run_all();
    CHECK_SAME(num_live, live);
}

int main(void)
{
    wrap_openssl();
    RUN(test_sealer_that_cannot_ratchet_keeps_its_key);
    RUN(test_opener_that_cannot_follow_follows_later);
    RUN(test_generation_that_cannot_be_made_seals_nothing);
    RUN(test_nothing_leaks);
    return check_report();
}
