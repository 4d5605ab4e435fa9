/* test_ratchets.c - LiveKit's and Jitsi's senders move their keys on without a
 * word: openers follow within window and budget, and nobody else moves them.
 */
#include "opener.h"
#include "sealer.h"

#include "rows.h"

#define LEN 40
#define FAR 70 /* steps; openers keep no more than FF_AHEAD_MAX of them */

static kit_row row; /* format and schedule under test */
static uint8_t frame[LEN];
static ff_sealer *by[FAR + 1]; /* one for each step */

/* sealed_by seals with the key that has moved so many steps. */
static size_t sealed_by(uint8_t *out, uint32_t step)
{
    int64_t got = ff_seal_one(by[step], out, LEN + ROW_GROWTH, frame, LEN, 0,
                              NULL);
    CHECK(got > 0);
    return (size_t)got;
}

static void make_sealers(uint32_t num)
{
    for (uint32_t i = 0; i <= num; i++) {
        by[i] = row_sealer(&row, 1000 * i);
        for (uint32_t k = 0; k < i; k++)
            CHECK_SAME(ff_sealer_ratchet(by[i]), FF_DONE);
    }
}

static void free_sealers(uint32_t num)
{
    for (uint32_t i = 0; i <= num; i++)
        ff_sealer_free(by[i]);
}

static ff_opener *opener_of(uint32_t window, uint32_t steps)
{
    ff_settings settings = row_settings(&row, 64);
    const ff_key key = row_key(&row, 1);
    ff_opener *made = NULL;
    settings.ratchet_window = window;
    CHECK_SAME(ff_opener_new(&made, &settings), FF_DONE);
    CHECK_SAME(ff_opener_set_key(made, &key), FF_DONE);
    CHECK_SAME(ff_opener_allow(made, steps), FF_DONE);
    return made;
}

static ff_slot *slot_of(ff_opener *opener)
{
    return kit_need(ff_slots_find(&opener->slots, 1));
}

static uint64_t step_of(ff_opener *opener)
{
    ff_opener_facts facts;
    ff_slot_facts slot = {0};
    CHECK_SAME(ff_opener_read(opener, &facts, &slot, 1), FF_DONE);
    CHECK_SAME(slot.ratchet_step, slot_of(opener)->now.secret.step);
    return slot.ratchet_step;
}

static int64_t open_from(ff_opener *opener, uint32_t step, int spoil, int over)
{
    uint8_t sealed[LEN + ROW_GROWTH], apart[LEN];
    size_t len = sealed_by(sealed, step);
    uint8_t *out = over ? sealed : apart;
    sealed[20] ^= (uint8_t)spoil;
    int64_t got = ff_open_one(opener, out, LEN, sealed, len, 0, NULL);
    CHECK(got == LEN ? memcmp(out, frame, LEN) == 0 : kit_is_all(out, 0, LEN));
    return got;
}

static void test_steps_open_within_window_and_budget(void)
{
    make_sealers(5);
    for (uint32_t window = 0; window < 6; window++)
        for (uint32_t budget = 0; budget < 6; budget++)
            for (uint32_t ahead = 0; ahead < 6; ahead++) {
                ff_opener *opener = opener_of(window, budget);
                /* the next key is free if nothing else is left */
                int is_good = ahead <= window && (ahead < 2 || ahead <= budget);
                CHECK_SAME(open_from(opener, ahead, 0, (int)budget % 2),
                           is_good ? LEN : -FF_AUTH_FAILED);
                CHECK_SAME(step_of(opener), is_good ? ahead : 0);
                uint32_t used = is_good ? ahead : window; /* all tried */
                CHECK_SAME(opener->steps_left,
                           budget - (used < budget ? used : budget));
                CHECK_SAME(open_from(opener, 0, 0, 0), LEN);
                ff_opener_free(opener);
            }
    free_sealers(5);
}

static void test_window_ends_where_openers_keep_no_more(void)
{
    make_sealers(FAR);
    ff_opener *opener = opener_of(FF_RATCHET_MAX, 1000);
    CHECK_SAME(open_from(opener, FAR, 0, 0), -FF_AUTH_FAILED);
    CHECK_SAME(slot_of(opener)->num_ahead, FF_AHEAD_MAX);
    CHECK_SAME(opener->steps_left, 1000 - FF_AHEAD_MAX);
    CHECK_SAME(open_from(opener, FF_AHEAD_MAX, 0, 1), LEN);
    CHECK_SAME(step_of(opener), FF_AHEAD_MAX);
    CHECK_SAME(open_from(opener, FAR, 0, 0), LEN); /* now it is near */
    ff_opener_free(opener);
    free_sealers(FAR);
}

/* Frames overtake each other; two keys back none does. */
static void test_last_key_opens_still_and_older_ones_not(void)
{
    make_sealers(5);
    ff_opener *opener = opener_of(5, 100);
    for (int i = 0; i < 5; i++) {
        CHECK_SAME(open_from(opener, 0, 0, i % 2), LEN);
        CHECK_SAME(step_of(opener), 0);
    }
    CHECK_SAME(open_from(opener, 3, 0, 1), LEN);
    CHECK_SAME(open_from(opener, 0, 0, 1), LEN);
    CHECK_SAME(open_from(opener, 3, 0, 0), LEN);
    CHECK_SAME(step_of(opener), 3); /* going back moved nothing back */
    CHECK_SAME(open_from(opener, 4, 0, 0), LEN);
    CHECK_SAME(open_from(opener, 3, 0, 1), LEN);
    CHECK_SAME(open_from(opener, 0, 0, 1), -FF_AUTH_FAILED);
    CHECK_SAME(open_from(opener, 2, 0, 0), -FF_AUTH_FAILED); /* passed over */
    ff_opener_free(opener);
    free_sealers(5);
}

/* Rubbish makes an opener derive what it may once, and then only check tags. */
static void test_forged_frames_move_no_key(void)
{
    make_sealers(5);
    ff_opener *opener = opener_of(5, 3);
    for (int i = 0; i < 50; i++)
        CHECK_SAME(open_from(opener, (uint32_t)i % 5, 1, i % 2),
                   -FF_AUTH_FAILED);
    CHECK_SAME(opener->steps_left, 0);
    CHECK_SAME(slot_of(opener)->num_ahead, 3);
    CHECK_SAME(step_of(opener), 0);
    CHECK_SAME(ff_opener_allow(opener, 100), FF_DONE);
    for (int i = 0; i < 50; i++)
        CHECK_SAME(open_from(opener, (uint32_t)i % 5, 1, i % 2),
                   -FF_AUTH_FAILED);
    CHECK_SAME(opener->steps_left, 98); /* five are known, once for all */
    CHECK_SAME(open_from(opener, 2, 0, 1), LEN);
    CHECK_SAME(opener->steps_left, 98);
    CHECK_SAME(step_of(opener), 2);
    CHECK_SAME(opener->facts.auth_failed, 100);
    ff_opener_free(opener);
    free_sealers(5);
}

/* Rubbish that has used up the budget must not keep a true sender from moving
 * on, one step at a time. */
static void test_next_key_needs_no_budget(void)
{
    make_sealers(5);
    ff_opener *opener = opener_of(5, 0);
    for (uint32_t step = 1; step < 6; step++) {
        for (uint32_t i = 0; i < 6; i++)
            CHECK_SAME(open_from(opener, i, 1, 0), -FF_AUTH_FAILED);
        CHECK_SAME(slot_of(opener)->num_ahead, 1);
        CHECK_SAME(open_from(opener, step, 0, 1), LEN);
        CHECK_SAME(step_of(opener), step);
    }
    ff_opener_free(opener);
    free_sealers(5);
}

/* Imported once more, a key starts where it is said to start: a sender that has
 * begun anew could not be followed otherwise. */
static void test_key_imported_again_starts_anew(void)
{
    make_sealers(2);
    for (uint64_t mark = 0; mark < 2; mark++) {
        ff_opener *opener = opener_of(4, 4);
        ff_key key = row_key(&row, 1);
        key.mark = mark;
        CHECK_SAME(ff_opener_set_key(opener, &key), FF_DONE);
        CHECK_SAME(open_from(opener, 2, 0, 0), LEN);
        CHECK_SAME(step_of(opener), 2);
        CHECK_SAME(ff_opener_set_key(opener, &key), FF_DONE);
        CHECK_SAME(step_of(opener), 0);
        CHECK_SAME(open_from(opener, 0, 0, 0), LEN);
        ff_opener_free(opener);
    }
    free_sealers(2);
}

static void test_sealer_goes_on_counting(void)
{
    ff_sealer *sealer = row_sealer(&row, 1);
    ff_sealer_facts facts;
    uint64_t next = sealer->next;
    for (uint64_t i = 1; i < 4; i++) {
        CHECK_SAME(ff_sealer_ratchet(sealer), FF_DONE);
        CHECK_SAME(ff_sealer_read(sealer, &facts), FF_DONE);
        CHECK_SAME(facts.ratchet_step, i);
    }
    CHECK_SAME(facts.next, next);
    CHECK_SAME(facts.key_id, 1);
    ff_sealer_close(sealer);
    CHECK_SAME(ff_sealer_ratchet(sealer), FF_CLOSED);
    ff_sealer_free(sealer);
}

static void test_keys_without_a_ratchet(void)
{
    ff_sealer *sealer = kit_sealer(RAW, AES_128, 0, NO_LIMIT);
    CHECK_SAME(ff_sealer_ratchet(sealer), FF_NO_RATCHET);
    CHECK_SAME(ff_sealer_ratchet(sealer), FF_NO_RATCHET);
    uint8_t out[FF_TAG_LEN];
    CHECK_SAME(ff_seal_one(sealer, out, sizeof out, out, 0, 0, NULL), 16);
    ff_sealer_free(sealer);
}

static void run_all(uint32_t format, uint32_t schedule)
{
    row = (kit_row){.format = format, .suite = AES_128, .schedule = schedule};
    CHECK_SAME(ff_format_read(format, 0, &row.facts), FF_DONE);
    RUN(test_steps_open_within_window_and_budget);
    RUN(test_window_ends_where_openers_keep_no_more);
    RUN(test_last_key_opens_still_and_older_ones_not);
    RUN(test_forged_frames_move_no_key);
    RUN(test_next_key_needs_no_budget);
    RUN(test_key_imported_again_starts_anew);
    RUN(test_sealer_goes_on_counting);
}

int main(void)
{
    kit_fill(frame, LEN);
    run_all(LIVEKIT, FROM_HKDF);
    run_all(LIVEKIT_DATA, FROM_HKDF);
    run_all(JITSI, FROM_JITSI);
    RUN(test_keys_without_a_ratchet);
    return check_report();
}
