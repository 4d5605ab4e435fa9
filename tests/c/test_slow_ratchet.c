/* test_slow_ratchet.c - PBKDF2 takes milliseconds a step, and all frames behind
 * wait: whatever a frame is, it has one step derived at most. */
#include "opener.h"

#include "rows.h"

#define LEN 40

static kit_row row = {.format = LIVEKIT, .schedule = FROM_PBKDF2};
static uint8_t frame[LEN];

static ff_opener *opener_of(const ff_key *key, uint32_t window, uint32_t steps)
{
    ff_settings settings = row_settings(&row, 0);
    ff_opener *made = NULL;
    settings.ratchet_window = window;
    CHECK_SAME(ff_opener_new(&made, &settings), FF_DONE);
    CHECK_SAME(ff_opener_set_key(made, key), FF_DONE);
    CHECK_SAME(ff_opener_allow(made, steps), FF_DONE);
    return made;
}

static ff_key passphrase(void)
{
    ff_key key = row_key(&row, 1);
    key.key = (const uint8_t *)"a passphrase";
    key.key_len = 12;
    return key;
}

static int64_t open_next(ff_sealer *sealer, ff_opener *opener, int told)
{
    uint8_t sealed[LEN + ROW_GROWTH], out[LEN];
    int64_t got = ff_seal_one(sealer, sealed, sizeof sealed, frame, LEN, FF_KEY,
                              NULL);
    CHECK(got > 0);
    return ff_open_one(opener, out, LEN, sealed, (size_t)got, told, NULL);
}

static ff_sealer *sealer_of(const ff_key *key)
{
    const ff_settings settings = row_settings(&row, 0);
    const ff_range range = {1, 1000};
    ff_sealer *made = NULL;
    CHECK_SAME(ff_sealer_new(&made, &settings, key, &range), FF_DONE);
    return kit_need(made);
}

static void test_opener_follows_step_by_step(void)
{
    const ff_key key = passphrase();
    ff_sealer *sealer = sealer_of(&key);
    ff_opener *opener = opener_of(&key, 5, 10);
    CHECK_SAME(open_next(sealer, opener, FF_KEY), LEN);
    CHECK_SAME(opener->steps_left, 10);
    for (int i = 0; i < 3; i++)
        CHECK_SAME(ff_sealer_ratchet(sealer), FF_DONE);
    CHECK_SAME(open_next(sealer, opener, FF_KEY), -FF_AUTH_FAILED);
    CHECK_SAME(opener->steps_left, 9);
    CHECK_SAME(open_next(sealer, opener, FF_KEY), -FF_AUTH_FAILED);
    CHECK_SAME(opener->steps_left, 8);
    CHECK_SAME(open_next(sealer, opener, FF_KEY), LEN);
    CHECK_SAME(opener->steps_left, 7);
    CHECK_SAME(open_next(sealer, opener, FF_KEY), LEN);
    CHECK_SAME(opener->steps_left, 7);
    ff_sealer_free(sealer);
    ff_opener_free(opener);
}

/* Read as a delta and as a key frame it is still one frame. */
static void test_frame_that_is_read_twice_has_one_step(void)
{
    const ff_key key = passphrase(), other = row_key(&row, 1);
    ff_sealer *sealer = sealer_of(&other);
    ff_opener *opener = opener_of(&key, 5, 10);
    for (uint32_t i = 1; i < 4; i++) {
        CHECK_SAME(open_next(sealer, opener, FF_EITHER), -FF_AUTH_FAILED);
        CHECK_SAME(opener->steps_left, 10 - i);
    }
    ff_sealer_free(sealer);
    ff_opener_free(opener);
}

static void test_no_step_without_a_budget(void)
{
    const ff_key key = passphrase(), other = row_key(&row, 1);
    ff_sealer *sealer = sealer_of(&other);
    ff_opener *opener = opener_of(&key, 5, 1);
    for (int i = 0; i < 50; i++) /* would take seconds */
        CHECK_SAME(open_next(sealer, opener, FF_KEY), -FF_AUTH_FAILED);
    CHECK_SAME(opener->steps_left, 0);
    CHECK_SAME(ff_slots_find(&opener->slots, 1)->num_ahead, 1);
    ff_sealer_free(sealer);
    ff_opener_free(opener);
}

int main(void)
{
    kit_fill(frame, LEN);
    CHECK_SAME(ff_format_read(LIVEKIT, 0, &row.facts), FF_DONE);
    RUN(test_opener_follows_step_by_step);
    RUN(test_frame_that_is_read_twice_has_one_step);
    RUN(test_no_step_without_a_budget);
    return check_report();
}
