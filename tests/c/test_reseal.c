/* test_reseal.c - a DAVE frame of which a start code came by chance is sealed
 * anew under the next counter: here chance is told what to do.
 *
 * link: --wrap=ff_annexb_has_start_code
 */
#include "rows.h"

#include "batch_kit.h"

#define MEDIA 100
#define MAX_LEN (MEDIA + ROW_MEDIA_MAX)
#define MAX_SEALED (MAX_LEN + ROW_GROWTH)
#define GENERATION (1 << 24)

static int num_bad; /* how many sealings are still to come out badly */

int __real_ff_annexb_has_start_code(const uint8_t *bytes, size_t len);
int __wrap_ff_annexb_has_start_code(const uint8_t *bytes, size_t len);

int __wrap_ff_annexb_has_start_code(const uint8_t *bytes, size_t len)
{
    if (num_bad == 0)
        return __real_ff_annexb_has_start_code(bytes, len);
    num_bad--;
    return 1;
}

static kit_row row = {.format = DAVE,
                      .suite = FF_AES_128_GCM_8,
                      .schedule = FROM_DAVE};
static uint8_t frame[MAX_LEN], want[MAX_LEN + 8];
static size_t  len, want_len;

static void set_up(uint32_t codec)
{
    row.codec = codec;
    CHECK_SAME(ff_format_read(DAVE, codec, &row.facts), FF_DONE);
    len = row_frame(&row, frame, FF_KEY, MEDIA);
    want_len = row_canonical(&row, want, frame, len);
}

/* sealed_at gives the frame as it is sealed under one counter at once. */
static size_t sealed_at(uint8_t *out, uint64_t counter)
{
    ff_sealer *sealer = row_sealer(&row, counter);
    int64_t got = ff_seal_one(sealer, out, MAX_SEALED, frame, len, 0, NULL);
    ff_sealer_free(sealer);
    CHECK(got > 0);
    return (size_t)got;
}

static ff_opener *ratcheting_opener(void)
{
    const ff_settings settings = {.format = DAVE, .ratchet_window = 256};
    const ff_key key = row_key(&row, 1);
    ff_opener *made = NULL;
    CHECK_SAME(ff_opener_new(&made, &settings), FF_DONE);
    CHECK_SAME(ff_opener_set_key(made, &key), FF_DONE);
    CHECK_SAME(ff_opener_allow(made, 500), FF_DONE);
    return made;
}

static void check_opens(const uint8_t *sealed, size_t sealed_len)
{
    uint8_t out[MAX_SEALED];
    ff_opener *opener = ratcheting_opener();
    CHECK_SAME(ff_open_one(opener, out, want_len, sealed, sealed_len, 0, NULL),
               want_len);
    CHECK(memcmp(out, want, want_len) == 0);
    ff_opener_free(opener);
}

/* way 0: apart; 1: at the same address; 2: where its bytes come to stand */
static void seal_badly(uint64_t first, int times, int way)
{
    uint8_t expected[MAX_SEALED];
    kit_guarded out = kit_guard(MAX_SEALED);
    ff_sealer *sealer = row_sealer(&row, first);
    int kept = times < FF_RESEALS_MAX ? times : FF_RESEALS_MAX;
    uint64_t counter = first + (uint64_t)kept;
    size_t expected_len = sealed_at(expected, counter);
    uint8_t *from = way == 2 ? out.at + (want_len - len) : out.at;
    if (way > 0)
        memcpy(from, frame, len);
    num_bad = times;
    CHECK_SAME(ff_seal_one(sealer, out.at, MAX_SEALED, way ? from : frame, len,
                           0, NULL), expected_len);
    CHECK_SAME(num_bad, times - kept);
    num_bad = 0;
    CHECK(memcmp(out.at, expected, expected_len) == 0);
    check_opens(out.at, expected_len);
    CHECK_SAME(kit_next_of(sealer), counter + 1);
    CHECK(kit_guards_hold(&out));
    free(out.block);
    ff_sealer_free(sealer);
}

static void test_each_attempt_takes_the_next_counter(void)
{
    for (uint32_t codec = FF_CODEC_h264; codec <= FF_CODEC_h265; codec++)
        for (int way = 0; way < 3; way++)
            for (int times = 0; times < 10; times++) {
                set_up(codec);
                seal_badly(1, times, way);
                seal_badly(126, times, way); /* its nonce grows by a byte */
                seal_badly(16380, times, way);
                seal_badly(GENERATION - 3, times, way); /* and by a key */
                seal_badly(2 * GENERATION - 1, times, way);
            }
}

/* What comes of chance ten times in a row does not come of chance: nobody could
 * open such a frame, so none goes out. */
static void test_attempts_end(void)
{
    set_up(FF_CODEC_h264);
    for (int way = 0; way < 2; way++) {
        ff_sealer *sealer = row_sealer(&row, 1);
        uint8_t out[MAX_SEALED];
        memset(out, SENTINEL, sizeof out);
        memcpy(out, frame, way ? len : 0);
        num_bad = 1000;
        CHECK_SAME(ff_seal_one(sealer, out, MAX_SEALED, way ? out : frame, len,
                               0, NULL), -FF_MALFORMED);
        CHECK_SAME(num_bad, 1000 - FF_RESEALS_MAX - 1);
        num_bad = 0;
        CHECK_SAME(kit_next_of(sealer), 1 + 1 + FF_RESEALS_MAX);
        CHECK(kit_is_all(out, 0, want_len + 12));
        CHECK(ff_seal_one(sealer, out, MAX_SEALED, frame, len, 0, NULL) > 0);
        check_opens(out, want_len + 14); /* the frame itself is good */
        ff_sealer_free(sealer);
    }
}

/* Parameter sets alone stay clear, but tag and nonce stand behind them. */
static void test_frame_that_is_all_clear_is_judged_too(void)
{
    static const uint8_t units[] = {0, 0, 0, 1, 0x67, 0x42, 0xC0, 0x1F,
                                    0, 0, 0, 1, 0x68, 0xCE, 0x3C};
    set_up(FF_CODEC_h264);
    for (int way = 0; way < 2; way++) {
        uint8_t out[MAX_SEALED];
        ff_sealer *sealer = row_sealer(&row, 1);
        memcpy(out, units, sizeof units);
        num_bad = 1;
        CHECK(ff_seal_one(sealer, out, MAX_SEALED, way ? out : units,
                          sizeof units, 0, NULL) > 0);
        CHECK_SAME(num_bad, 0);
        CHECK_SAME(kit_next_of(sealer), 3);
        num_bad = 0;
        ff_sealer_free(sealer);
    }
}

/* Codecs whose packetisers know no start codes are left alone. */
static void test_other_codecs_are_sealed_once(void)
{
    for (uint32_t codec = 0; codec < FF_NUM_CODECS; codec++) {
        if (codec == FF_CODEC_h264 || codec == FF_CODEC_h265)
            continue;
        set_up(codec);
        ff_sealer *sealer = row_sealer(&row, 1);
        uint8_t out[MAX_SEALED];
        num_bad = 3;
        CHECK(ff_seal_one(sealer, out, MAX_SEALED, frame, len, 0, NULL) > 0);
        CHECK_SAME(kit_next_of(sealer), 2);
        CHECK_SAME(num_bad, 3);
        num_bad = 0;
        ff_sealer_free(sealer);
    }
}

/* The last counters of all: a frame that would need one more is not sent. */
static void test_no_counter_beyond_the_last(void)
{
    set_up(FF_CODEC_h264);
    for (int way = 0; way < 2; way++)
        for (uint64_t left = 1; left < 4; left++) {
            uint8_t out[MAX_SEALED];
            ff_sealer *sealer = row_sealer(&row, UINT32_MAX - left + 1);
            ff_sealer_facts facts;
            memset(out, SENTINEL, sizeof out);
            memcpy(out, frame, way ? len : 0);
            num_bad = (int)left;
            CHECK_SAME(ff_seal_one(sealer, out, MAX_SEALED, way ? out : frame,
                                   len, 0, NULL), -FF_KEY_EXHAUSTED);
            CHECK_SAME(num_bad, 0);
            CHECK(kit_is_all(out, 0, want_len + 12));
            CHECK_SAME(ff_sealer_read(sealer, &facts), FF_DONE);
            CHECK_SAME(facts.exhausted, 1);
            CHECK_SAME(facts.key_exhausted, 1);
            CHECK_SAME(ff_seal_one(sealer, out, MAX_SEALED, frame, len, 0,
                                   NULL), -FF_KEY_EXHAUSTED);
            ff_sealer_free(sealer);
        }
    num_bad = 0;
    seal_badly(UINT32_MAX - 2, 2, 0); /* it may take the very last one */
}

/* A longer nonce must not reach beyond the output. */
static void test_output_too_small_for_a_longer_nonce(void)
{
    set_up(FF_CODEC_h264);
    uint8_t expected[MAX_SEALED];
    size_t short_len = sealed_at(expected, 127);
    kit_guarded out = kit_guard(short_len);
    ff_sealer *sealer = row_sealer(&row, 127);
    num_bad = 1;
    CHECK_SAME(ff_seal_one(sealer, out.at, short_len, frame, len, 0, NULL),
               -FF_NO_ROOM);
    CHECK(kit_is_all(out.at, 0, short_len));
    CHECK(kit_guards_hold(&out));
    CHECK_SAME(kit_next_of(sealer), 129);
    num_bad = 0;
    free(out.block);
    ff_sealer_free(sealer);
}

/* -- batches -- */

/* One frame's attempts must not take the counters of those behind it. */
static void test_batch_with_bad_frames_seals_them_all(void)
{
    for (int in_place = 0; in_place < 2; in_place++)
        for (int times = 0; times <= FF_RESEALS_MAX; times++) {
            set_up(times % 2 ? FF_CODEC_h264 : FF_CODEC_h265);
            kit_batch *batch = kit_batch_new(5, 5 * (MAX_LEN + FF_FRAME_ROOM),
                                             5 * (MAX_SEALED + FF_SPARE));
            ff_sealer *sealer = row_sealer(&row, GENERATION - 4);
            uint64_t last = 0;
            for (int i = 0; i < 5; i++)
                CHECK_SAME(ff_batch_append(&batch->b, frame, len, 0, 0, NULL),
                           FF_DONE);
            num_bad = times;
            CHECK_SAME(ff_seal_batch(sealer, &batch->b, in_place, 1), 5);
            num_bad = 0;
            const uint8_t *got = in_place ? batch->b.in : batch->b.out;
            for (int i = 0; i < 5; i++) {
                uint8_t expected[MAX_SEALED];
                uint64_t counter = batch->b.counter[i];
                CHECK(counter > last);
                last = counter;
                CHECK_SAME(batch->b.out_len[i], sealed_at(expected, counter));
                CHECK(memcmp(got + batch->b.out_at[i], expected,
                             batch->b.out_len[i]) == 0);
                check_opens(got + batch->b.out_at[i], batch->b.out_len[i]);
            }
            CHECK_SAME(kit_next_of(sealer), last + 1);
            ff_sealer_free(sealer);
            kit_batch_free(batch);
        }
}

/* Counters reserved on disk: a call that might need more of them than there
 * are takes none. */
static void test_grant_must_hold_for_attempts_too(void)
{
    set_up(FF_CODEC_h264);
    const ff_settings settings = row_settings(&row, 0);
    const ff_key key = row_key(&row, 1);
    uint8_t out[MAX_SEALED];
    for (uint64_t granted = 1; granted < 20; granted++) {
        const ff_range range = {1, granted};
        ff_sealer *sealer = NULL;
        CHECK_SAME(ff_sealer_new(&sealer, &settings, &key, &range), FF_DONE);
        int64_t got = ff_seal_one(sealer, out, sizeof out, frame, len, 0, NULL);
        CHECK(granted > FF_RESEALS_MAX + 1 ? got > 0
                                           : got == -FF_RESERVE_FIRST);
        CHECK_SAME(kit_next_of(sealer), got > 0 ? 2 : 1);
        ff_sealer_free(sealer);
    }
}

int main(void)
{
    RUN(test_each_attempt_takes_the_next_counter);
    RUN(test_attempts_end);
    RUN(test_frame_that_is_all_clear_is_judged_too);
    RUN(test_other_codecs_are_sealed_once);
    RUN(test_no_counter_beyond_the_last);
    RUN(test_output_too_small_for_a_longer_nonce);
    RUN(test_batch_with_bad_frames_seals_them_all);
    RUN(test_grant_must_hold_for_attempts_too);
    return check_report();
}
