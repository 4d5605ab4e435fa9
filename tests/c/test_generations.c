/* test_generations.c - DAVE's counters name the generation of their key: every
 * 2^24 frames a new one, followed within window and budget, and none back. */
#include "opener.h"
#include "sealer.h"

#include "rows.h"

#define LEN 30
#define GENERATION (UINT64_C(1) << 24)

static kit_row row = {.format = DAVE,
                      .suite = FF_AES_128_GCM_8,
                      .schedule = FROM_DAVE};
static uint8_t frame[LEN];

static size_t sealed_at(uint8_t *out, uint64_t counter)
{
    ff_sealer *sealer = row_sealer(&row, counter);
    int64_t got = ff_seal_one(sealer, out, LEN + ROW_GROWTH, frame, LEN, 0,
                              NULL);
    ff_sealer_free(sealer);
    CHECK(got > 0);
    return (size_t)got;
}

static ff_opener *opener_of(uint32_t window, uint32_t steps, uint32_t replay)
{
    const ff_settings settings = {
        .format = DAVE, .window = replay, .ratchet_window = window};
    const ff_key key = row_key(&row, 1);
    ff_opener *made = NULL;
    CHECK_SAME(ff_opener_new(&made, &settings), FF_DONE);
    CHECK_SAME(ff_opener_set_key(made, &key), FF_DONE);
    CHECK_SAME(ff_opener_allow(made, steps), FF_DONE);
    return made;
}

/* open_at opens the frame of one counter; spoil turns one of its bits. */
static int64_t open_at(ff_opener *opener, uint64_t counter, int spoil)
{
    uint8_t sealed[LEN + ROW_GROWTH], out[LEN];
    size_t len = sealed_at(sealed, counter);
    sealed[0] ^= (uint8_t)spoil;
    int64_t got = ff_open_one(opener, out, LEN, sealed, len, 0, NULL);
    CHECK(got < 0 ? kit_is_all(out, 0, LEN) || got == -FF_MALFORMED
                  : memcmp(out, frame, LEN) == 0);
    return got;
}

static uint64_t step_of(ff_opener *opener)
{
    ff_opener_facts facts;
    ff_slot_facts slot = {0};
    CHECK_SAME(ff_opener_read(opener, &facts, &slot, 1), FF_DONE);
    return slot.ratchet_step;
}

/* -- sealing -- */

static void test_sealer_changes_its_key_with_the_generation(void)
{
    ff_sealer *sealer = row_sealer(&row, GENERATION - 3);
    ff_opener *opener = opener_of(1, 1, 64);
    for (uint64_t i = GENERATION - 3; i < GENERATION + 3; i++) {
        uint8_t sealed[LEN + ROW_GROWTH], want[sizeof sealed], out[LEN];
        ff_sealer_facts facts;
        int64_t got = ff_seal_one(sealer, sealed, sizeof sealed, frame, LEN, 0,
                                  NULL);
        CHECK_SAME(sealed_at(want, i), got);
        CHECK(memcmp(sealed, want, (size_t)got) == 0);
        CHECK_SAME(ff_sealer_read(sealer, &facts), FF_DONE);
        CHECK_SAME(facts.ratchet_step, i / GENERATION);
        CHECK_SAME(ff_open_one(opener, out, LEN, sealed, (size_t)got, 0, NULL),
                   LEN);
    }
    CHECK_SAME(step_of(opener), 1);
    CHECK_SAME(ff_sealer_ratchet(sealer), FF_NO_RATCHET); /* counters do it */
    ff_opener_free(opener);
    ff_sealer_free(sealer);
}

/* A key that is given as it is has no next one: its counters end there. */
static void test_raw_key_ends_with_its_generation(void)
{
    kit_row raw = row;
    raw.schedule = FROM_RAW;
    uint8_t sealed[LEN + ROW_GROWTH];
    ff_sealer *sealer = row_sealer(&raw, GENERATION - 2);
    memset(sealed, SENTINEL, sizeof sealed);
    for (int i = 0; i < 2; i++)
        CHECK(ff_seal_one(sealer, sealed, sizeof sealed, frame, LEN, 0, NULL) >
              0);
    memset(sealed, SENTINEL, sizeof sealed);
    for (int i = 0; i < 3; i++)
        CHECK_SAME(ff_seal_one(sealer, sealed, sizeof sealed, frame, LEN, 0,
                               NULL), -FF_KEY_EXHAUSTED);
    CHECK(kit_is_all(sealed, SENTINEL, sizeof sealed));
    ff_sealer_free(sealer);
}

static void test_rekey_starts_with_the_first_generation_again(void)
{
    ff_sealer *sealer = row_sealer(&row, 5 * GENERATION);
    ff_key key = row_key(&row, 2);
    ff_range range = {1, UINT32_MAX};
    uint8_t sealed[LEN + ROW_GROWTH], want[sizeof sealed];
    CHECK(ff_seal_one(sealer, sealed, sizeof sealed, frame, LEN, 0, NULL) > 0);
    CHECK_SAME(sealer->rung.secret.step, 5);
    CHECK_SAME(ff_sealer_rekey(sealer, &key, &range), FF_DONE);
    int64_t got = ff_seal_one(sealer, sealed, sizeof sealed, frame, LEN, 0,
                              NULL);
    CHECK_SAME(sealed_at(want, 1), got);
    CHECK(memcmp(sealed, want, (size_t)got) == 0);
    ff_sealer_free(sealer);
}

/* -- opening -- */

static void test_generation_opens_within_window_and_budget(void)
{
    for (uint32_t window = 0; window < 6; window++)
        for (uint32_t budget = 0; budget < 6; budget++)
            for (uint32_t ahead = 0; ahead < 6; ahead++) {
                ff_opener *opener = opener_of(window, budget, 0);
                /* the next one is free if nothing else is left */
                int is_good = ahead <= window && (ahead < 2 || ahead <= budget);
                CHECK_SAME(open_at(opener, 1 + ahead * GENERATION, 0),
                           is_good ? LEN : -FF_AUTH_FAILED);
                CHECK_SAME(step_of(opener), is_good ? ahead : 0);
                if (is_good)
                    CHECK_SAME(opener->steps_left,
                               budget - (ahead < budget ? ahead : budget));
                CHECK(opener->steps_left + (window > 0) >= budget || is_good);
                CHECK_SAME(open_at(opener, 7, 0), LEN); /* the key before */
                ff_opener_free(opener);
            }
}

/* The last generation of all is 255: its steps are made in one go. */
static void test_farthest_generation(void)
{
    ff_opener *opener = opener_of(FF_RATCHET_MAX, 300, 64);
    CHECK_SAME(open_at(opener, UINT32_MAX, 0), LEN);
    CHECK_SAME(step_of(opener), 255);
    CHECK_SAME(opener->steps_left, 300 - 255);
    CHECK_SAME(open_at(opener, 254 * GENERATION, 0), -FF_TOO_OLD);
    ff_opener_free(opener);
}

static void test_last_generation_opens_still_and_older_ones_not(void)
{
    ff_opener *opener = opener_of(8, 8, 0);
    CHECK_SAME(open_at(opener, 1, 0), LEN);
    CHECK_SAME(open_at(opener, GENERATION, 0), LEN);
    CHECK_SAME(open_at(opener, GENERATION - 1, 0), LEN); /* overtaken */
    CHECK_SAME(open_at(opener, 3 * GENERATION, 0), LEN);
    CHECK_SAME(open_at(opener, GENERATION + 5, 0), LEN);
    CHECK_SAME(step_of(opener), 3); /* going back moved nothing back */
    CHECK_SAME(open_at(opener, 2 * GENERATION, 0), -FF_TOO_OLD); /* skipped */
    CHECK_SAME(open_at(opener, GENERATION - 1, 0), -FF_TOO_OLD);
    CHECK_SAME(opener->steps_left, 8 - 3);
    CHECK_SAME(opener->facts.too_old, 2);
    ff_opener_free(opener);
}

/* Whoever forges frames of generations to come moves no key, and pays for the
 * work from a budget that only the clock fills again. */
static void test_forged_generations_change_nothing_but_the_budget(void)
{
    ff_opener *opener = opener_of(200, 20, 64);
    for (int i = 0; i < 10; i++) /* the same one is not derived again */
        CHECK_SAME(open_at(opener, 4 * GENERATION, 1), -FF_AUTH_FAILED);
    CHECK_SAME(opener->steps_left, 20 - 4);
    for (uint64_t g = 5; g < 40; g++)
        CHECK_SAME(open_at(opener, g * GENERATION, 1), -FF_AUTH_FAILED);
    CHECK(opener->steps_left < 16);
    CHECK_SAME(step_of(opener), 0);
    CHECK_SAME(open_at(opener, 1, 0), LEN);
    CHECK_SAME(open_at(opener, 100 * GENERATION, 0), -FF_AUTH_FAILED);
    CHECK_SAME(ff_opener_allow(opener, 100), FF_DONE);
    CHECK_SAME(open_at(opener, 100 * GENERATION, 0), LEN);
    CHECK_SAME(step_of(opener), 100);
    CHECK(opener->steps_left <= 1);
    ff_opener_free(opener);
}

/* Rubbish that has used up the budget must not keep a true sender from moving
 * on: the next generation is always to be had. */
static void test_next_generation_needs_no_budget(void)
{
    ff_opener *opener = opener_of(200, 0, 64);
    for (uint64_t g = 1; g < 9; g++) {
        for (uint64_t far = g; far < 40; far++)
            CHECK_SAME(open_at(opener, far * GENERATION, 1), -FF_AUTH_FAILED);
        CHECK_SAME(open_at(opener, g * GENERATION, 0), LEN);
        CHECK_SAME(step_of(opener), g);
        CHECK_SAME(opener->steps_left, 0);
    }
    ff_opener_free(opener);
}

/* What was derived for a frame that came to nothing serves the next one. */
static void test_derived_generation_is_kept_for_the_true_frame(void)
{
    ff_opener *opener = opener_of(8, 3, 64);
    CHECK_SAME(open_at(opener, 3 * GENERATION, 1), -FF_AUTH_FAILED);
    CHECK_SAME(opener->steps_left, 0);
    CHECK_SAME(open_at(opener, 3 * GENERATION, 0), LEN);
    CHECK_SAME(step_of(opener), 3);
    ff_opener_free(opener);
}

static void test_replays_are_known_across_generations(void)
{
    ff_opener *opener = opener_of(8, 8, 64);
    CHECK_SAME(open_at(opener, GENERATION - 1, 0), LEN);
    CHECK_SAME(open_at(opener, GENERATION, 0), LEN);
    CHECK_SAME(open_at(opener, GENERATION - 1, 0), -FF_REPLAYED);
    CHECK_SAME(open_at(opener, GENERATION, 0), -FF_REPLAYED);
    CHECK_SAME(open_at(opener, GENERATION - 2, 0), LEN);
    CHECK_SAME(open_at(opener, GENERATION - 64, 0), -FF_TOO_OLD);
    ff_opener_free(opener);
}

/* Once it has moved on, an opener knows a key by its mark: taking it for a new
 * one would let old frames in again. */
static void test_key_that_moved_is_known_by_its_mark(void)
{
    for (uint64_t mark = 0; mark < 2; mark++) {
        ff_opener *opener = opener_of(8, 8, 64);
        ff_key key = row_key(&row, 1);
        key.mark = mark;
        CHECK_SAME(ff_opener_drop_key(opener, 1), FF_DONE);
        CHECK_SAME(ff_opener_set_key(opener, &key), FF_DONE);
        CHECK_SAME(open_at(opener, 2 * GENERATION, 0), LEN);
        CHECK_SAME(ff_opener_set_key(opener, &key), FF_DONE);
        CHECK_SAME(step_of(opener), mark ? 2 : 0);
        if (mark)
            CHECK_SAME(open_at(opener, 2 * GENERATION, 0), -FF_REPLAYED);
        key.mark = 77; /* another key of the same bytes */
        CHECK_SAME(ff_opener_set_key(opener, &key), FF_DONE);
        CHECK_SAME(step_of(opener), 0);
        ff_opener_free(opener);
    }
}

int main(void)
{
    kit_fill(frame, LEN);
    CHECK_SAME(ff_format_read(DAVE, 0, &row.facts), FF_DONE);
    RUN(test_sealer_changes_its_key_with_the_generation);
    RUN(test_raw_key_ends_with_its_generation);
    RUN(test_rekey_starts_with_the_first_generation_again);
    RUN(test_generation_opens_within_window_and_budget);
    RUN(test_farthest_generation);
    RUN(test_last_generation_opens_still_and_older_ones_not);
    RUN(test_forged_generations_change_nothing_but_the_budget);
    RUN(test_next_generation_needs_no_budget);
    RUN(test_derived_generation_is_kept_for_the_true_frame);
    RUN(test_replays_are_known_across_generations);
    RUN(test_key_that_moved_is_known_by_its_mark);
    return check_report();
}
