/* test_ratchet_wiping.c - what a ratchet has passed is gone: no key of an
 * earlier step stays in memory, but for the one before in an opener. */
#include "opener.h"
#include "sealer.h"

#include "rows.h"

#define LEN 40
#define WINDOW 8
#define GENERATION (1 << 24)

static kit_row row; /* format and schedule under test */

static int holds_bytes(const void *where, size_t size, const uint8_t *bytes)
{
    const uint8_t *at = where;
    for (size_t i = 0; i + 16 <= size; i++)
        if (memcmp(at + i, bytes, 16) == 0)
            return 1;
    return 0;
}

/* sealer_at gives one whose key has moved so many steps. */
static ff_sealer *sealer_at(uint32_t step)
{
    if (row.format == DAVE)
        return row_sealer(&row, 1 + (uint64_t)step * GENERATION);
    ff_sealer *made = row_sealer(&row, 1);
    for (uint32_t i = 0; i < step; i++)
        CHECK_SAME(ff_sealer_ratchet(made), FF_DONE);
    return made;
}

static ff_opener *make_opener(void)
{
    ff_settings settings = row_settings(&row, 64);
    const ff_key key = row_key(&row, 1);
    ff_opener *made = NULL;
    settings.ratchet_window = WINDOW;
    CHECK_SAME(ff_opener_new(&made, &settings), FF_DONE);
    CHECK_SAME(ff_opener_set_key(made, &key), FF_DONE);
    CHECK_SAME(ff_opener_allow(made, 100), FF_DONE);
    return made;
}

static int64_t open_from(ff_opener *opener, uint32_t step, int spoil)
{
    uint8_t frame[LEN] = {1}, sealed[LEN + ROW_GROWTH], out[LEN];
    ff_sealer *sealer = sealer_at(step);
    int64_t len = ff_seal_one(sealer, sealed, sizeof sealed, frame, LEN, 0,
                              NULL);
    CHECK(len > 0);
    ff_sealer_free(sealer);
    sealed[20] ^= (uint8_t)spoil;
    return ff_open_one(opener, out, LEN, sealed, (size_t)len, 0, NULL);
}

static void test_passed_keys_are_wiped(void)
{
    ff_opener *opener = make_opener();
    ff_slot *slot = kit_need(ff_slots_find(&opener->slots, 1));
    const size_t size = sizeof *slot->ahead;
    uint8_t first[16], passed[16], used[16];
    memcpy(first, slot->now.secret.material, 16);
    CHECK_SAME(open_from(opener, 2, 1), -FF_AUTH_FAILED);
    memcpy(passed, slot->ahead[0].secret.material, 16);
    memcpy(used, slot->ahead[1].secret.material, 16);
    CHECK_SAME(open_from(opener, 2, 0), LEN);
    CHECK(holds_bytes(&slot->before, sizeof slot->before, first));
    CHECK(holds_bytes(&slot->now, sizeof slot->now, used));
    CHECK(!holds_bytes(slot, sizeof *slot, passed));
    CHECK(!holds_bytes(slot->ahead, WINDOW * size, passed));
    CHECK(!holds_bytes(slot->ahead, WINDOW * size, used));
    CHECK(kit_is_all((uint8_t *)(slot->ahead + slot->num_ahead), 0,
                     (WINDOW - slot->num_ahead) * size));
    CHECK_SAME(open_from(opener, 3, 0), LEN);
    CHECK(!holds_bytes(slot, sizeof *slot, first));
    CHECK(holds_bytes(&slot->before, sizeof slot->before, used));
    ff_opener_free(opener);
}

/* Of the steps that frames name, one is kept; the last one makes room. */
static void test_step_that_came_to_nothing_is_wiped(void)
{
    ff_opener *opener = make_opener();
    ff_slot *slot = kit_need(ff_slots_find(&opener->slots, 1));
    uint8_t named[16];
    CHECK_SAME(open_from(opener, 4, 1), -FF_AUTH_FAILED);
    CHECK_SAME(slot->num_ahead, 2);
    memcpy(named, slot->ahead[1].secret.material, 16);
    CHECK_SAME(open_from(opener, 5, 1), -FF_AUTH_FAILED);
    CHECK_SAME(slot->num_ahead, 2);
    CHECK(!holds_bytes(slot->ahead, WINDOW * sizeof *slot->ahead, named));
    ff_opener_free(opener);
}

static void test_sealer_wipes_its_last_key(void)
{
    uint8_t frame[LEN] = {1}, sealed[LEN + ROW_GROWTH], first[16];
    ff_sealer *sealer = row.format == DAVE ? row_sealer(&row, GENERATION - 1)
                                           : row_sealer(&row, 1);
    memcpy(first, sealer->rung.secret.material, 16);
    for (int i = 0; i < 2; i++)
        CHECK(ff_seal_one(sealer, sealed, sizeof sealed, frame, LEN, 0, NULL) >
              0);
    if (row.format != DAVE) /* there the counter has moved it */
        CHECK_SAME(ff_sealer_ratchet(sealer), FF_DONE);
    CHECK_SAME(sealer->rung.secret.step, 1);
    CHECK(!holds_bytes(sealer, sizeof *sealer, first));
    ff_sealer_close(sealer);
    CHECK(kit_is_all((uint8_t *)&sealer->rung, 0, sizeof sealer->rung));
    ff_sealer_free(sealer);
}

static void run_all(uint32_t format, uint32_t suite, uint32_t schedule)
{
    row = (kit_row){.format = format, .suite = suite, .schedule = schedule};
    CHECK_SAME(ff_format_read(format, 0, &row.facts), FF_DONE);
    RUN(test_passed_keys_are_wiped);
    RUN(test_sealer_wipes_its_last_key);
}

int main(void)
{
    run_all(LIVEKIT, AES_128, FROM_HKDF);
    run_all(LIVEKIT_DATA, AES_256, FROM_HKDF);
    run_all(JITSI, AES_128, FROM_JITSI);
    run_all(DAVE, FF_AES_128_GCM_8, FROM_DAVE);
    RUN(test_step_that_came_to_nothing_is_wiped);
    return check_report();
}
