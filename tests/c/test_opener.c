/* test_opener.c - keys, replay and odd arguments of single calls. */
#include "opener.h"

#include "kit.h"

#define LEN 20

static uint8_t frame[LEN], out[LEN + MAX_GROWTH];

static ff_opener_facts facts_of(ff_opener *opener)
{
    ff_opener_facts facts;
    CHECK_SAME(ff_opener_read(opener, &facts, NULL, 0), FF_DONE);
    return facts;
}

static size_t seal_as(uint8_t *sealed, uint32_t format, uint64_t counter)
{
    ff_sealer *sealer = kit_sealer(format, AES_128, counter, NO_LIMIT);
    int64_t len = ff_seal_one(sealer, sealed, LEN + MAX_GROWTH, frame, LEN,
                              FF_KEY, NULL);
    ff_sealer_free(sealer);
    CHECK(len > 0);
    return (size_t)len;
}

static int64_t open_it(ff_opener *opener, const uint8_t *sealed, size_t len,
                       uint64_t counter)
{
    ff_extra extra = {.counter = counter};
    return ff_open_one(opener, out, sizeof out, sealed, len, FF_KEY, &extra);
}

static void test_frame_opens_once(void)
{
    uint8_t sealed[LEN + MAX_GROWTH];
    for (uint32_t format = 0; format < NUM_SIMPLE; format++) {
        ff_opener *opener = kit_opener(format, AES_128, 64);
        ff_opener *lax = kit_opener(format, AES_128, 0);
        size_t len = seal_as(sealed, format, 100);
        CHECK_SAME(open_it(opener, sealed, len, 100), LEN);
        memset(out, SENTINEL, sizeof out);
        CHECK_SAME(open_it(opener, sealed, len, 100), -FF_REPLAYED);
        CHECK(kit_is_all(out, 0, LEN)); /* no older frame shows through */
        CHECK(kit_is_all(out + LEN, SENTINEL, sizeof out - LEN));
        for (int i = 0; i < 3; i++)
            CHECK_SAME(open_it(lax, sealed, len, 100), LEN);
        len = seal_as(sealed, format, 100 - 64);
        CHECK_SAME(open_it(opener, sealed, len, 100 - 64), -FF_TOO_OLD);
        CHECK_SAME(facts_of(opener).replayed, 1);
        CHECK_SAME(facts_of(opener).too_old, 1);
        ff_opener_free(opener);
        ff_opener_free(lax);
    }
}

/* A forged high counter would else shut out all real frames that follow, and
 * forged prefixes would push the real senders out. */
static void test_forged_frames_move_no_window(void)
{
    uint8_t sealed[LEN + MAX_GROWTH], forged[LEN + MAX_GROWTH];
    for (uint32_t format = INSERTABLE; format < NUM_SIMPLE; format++) {
        ff_opener *opener = kit_opener(format, AES_128, 64);
        size_t head = kit_head_len(format), len = seal_as(sealed, format, 5);
        ff_slot_facts slot;
        ff_opener_facts facts;
        CHECK_SAME(open_it(opener, sealed, len, 0), LEN);
        for (uint32_t i = 0; i < 3000; i++) {
            seal_as(forged, format, 6);
            forged[head - 8 + i % 8] ^= 0x80;
            forged[head - 12 + i % 4] ^= (uint8_t)(i >> 4 & 1);
            CHECK_SAME(open_it(opener, forged, len, 0), -FF_AUTH_FAILED);
        }
        len = seal_as(sealed, format, 4);
        CHECK_SAME(open_it(opener, sealed, len, 0), LEN);
        CHECK_SAME(open_it(opener, sealed, len, 0), -FF_REPLAYED);
        CHECK_SAME(ff_opener_read(opener, &facts, &slot, 1), FF_DONE);
        CHECK_SAME(slot.senders, 1);
        CHECK_SAME(slot.auth_failed, 3000);
        ff_opener_free(opener);
    }
}

/* Here the counter comes from the caller, who has it from a header that may
 * be forged as well. */
static void test_wrong_counter_beside_a_raw_frame_moves_no_window(void)
{
    uint8_t sealed[LEN + MAX_GROWTH];
    ff_opener *opener = kit_opener(RAW, AES_128, 64);
    size_t len = seal_as(sealed, RAW, 9);
    CHECK_SAME(open_it(opener, sealed, len, UINT64_MAX), -FF_AUTH_FAILED);
    CHECK_SAME(open_it(opener, sealed, len, 9), LEN);
    CHECK_SAME(open_it(opener, sealed, len, 9), -FF_REPLAYED);
    ff_opener_free(opener);
}

static void test_key_of_a_frame_comes_and_goes(void)
{
    uint8_t sealed[LEN + MAX_GROWTH];
    ff_key key = kit_key_of(AES_128, 1);
    for (uint32_t format = 0; format < NUM_SIMPLE; format++) {
        const ff_settings settings = {.format = format, .window = 64};
        ff_opener *opener = NULL;
        size_t len = seal_as(sealed, format, 1);
        CHECK_SAME(ff_opener_new(&opener, &settings), FF_DONE);
        CHECK_SAME(open_it(opener, sealed, len, 1), -FF_UNKNOWN_KEY);
        CHECK_SAME(ff_opener_set_key(opener, &key), FF_DONE);
        CHECK_SAME(open_it(opener, sealed, len, 1), LEN);
        CHECK_SAME(ff_opener_set_key(opener, &key), FF_DONE);
        CHECK_SAME(open_it(opener, sealed, len, 1), -FF_REPLAYED);
        CHECK_SAME(ff_opener_drop_key(opener, 1), FF_DONE);
        CHECK_SAME(ff_opener_drop_key(opener, 1), FF_NO_SUCH_KEY);
        CHECK_SAME(open_it(opener, sealed, len, 1), -FF_UNKNOWN_KEY);
        CHECK_SAME(facts_of(opener).unknown_key, 2);
        ff_opener_free(opener);
    }
}

static void test_arguments_are_checked(void)
{
    ff_opener *opener = (ff_opener *)out;
    const ff_settings wrong[] = {
        {.format = 99},
        {.window = FF_WINDOW_MAX + 1},
        {.ratchet_window = FF_RATCHET_MAX + 1},
        {.sif_len = sizeof wrong->sif + 1},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        CHECK_SAME(ff_opener_new(&opener, &wrong[i]), FF_BAD_ARGUMENT);
    CHECK(!opener);
    const ff_settings codec = {.codec = 1}, no_codec = {.codec = UINT32_MAX};
    CHECK_SAME(ff_opener_new(&opener, &codec), FF_BAD_CODEC);
    CHECK_SAME(ff_opener_new(&opener, &no_codec), FF_BAD_CODEC);
    ff_opener_free(kit_opener(INSERTABLE, AES_128, FF_WINDOW_MAX));
}

static void test_aad_only_where_the_format_takes_it(void)
{
    uint8_t sealed[LEN + MAX_GROWTH] = {0};
    ff_extra extra = {.aad = frame, .aad_len = 1};
    for (uint32_t format = INSERTABLE; format < NUM_SIMPLE; format++) {
        ff_sealer *sealer = kit_sealer(format, AES_128, 0, NO_LIMIT);
        ff_opener *opener = kit_opener(format, AES_128, 0);
        CHECK_SAME(ff_seal_one(sealer, sealed, sizeof sealed, frame, LEN, 0,
                               &extra), -FF_BAD_AAD);
        CHECK_SAME(ff_open_one(opener, out, sizeof out, sealed, sizeof sealed,
                               0, &extra), -FF_BAD_AAD);
        ff_sealer_free(sealer);
        ff_opener_free(opener);
    }
}

static void test_lengths_beyond_the_limit_are_refused(void)
{
    ff_extra extra = {.aad = frame, .aad_len = (size_t)FF_FRAME_MAX + 1};
    ff_sealer *sealer = kit_sealer(RAW, AES_128, 0, NO_LIMIT);
    ff_opener *opener = kit_opener(RAW, AES_128, 0);
    const size_t huge[] = {SIZE_MAX, (size_t)UINT32_MAX + 1 + LEN,
                           FF_SEALED_MAX + 1};
    for (int i = 0; i < 3; i++) {
        CHECK_SAME(ff_seal_one(sealer, out, SIZE_MAX, frame, huge[i], 0, NULL),
                   -FF_BAD_LENGTH);
        CHECK_SAME(ff_open_one(opener, out, SIZE_MAX, frame, huge[i], 0, NULL),
                   -FF_MALFORMED);
    }
    CHECK_SAME(ff_seal_one(sealer, out, sizeof out, frame, LEN, 0, &extra),
               -FF_BAD_LENGTH);
    ff_sealer_free(sealer);
    ff_opener_free(opener);
}

/* What may be sealed can be opened again. */
static void test_longest_frame_round_trips(void)
{
    uint8_t *big = kit_need(calloc(1, FF_FRAME_MAX));
    uint8_t *sealed = kit_need(malloc(FF_FRAME_MAX + MAX_GROWTH));
    big[FF_FRAME_MAX - 1] = 7;
    for (uint32_t format = 0; format < NUM_SIMPLE; format++) {
        ff_sealer *sealer = kit_sealer(format, AES_128, 0, NO_LIMIT);
        ff_opener *opener = kit_opener(format, AES_128, 0);
        int64_t len = ff_seal_one(sealer, sealed, FF_FRAME_MAX + MAX_GROWTH,
                                  big, FF_FRAME_MAX, FF_KEY, NULL);
        CHECK_SAME(len, FF_FRAME_MAX + kit_head_len(format) + FF_TAG_LEN);
        CHECK_SAME(ff_open_one(opener, big, FF_FRAME_MAX, sealed, (size_t)len,
                               FF_KEY, NULL), FF_FRAME_MAX);
        ff_sealer_free(sealer);
        ff_opener_free(opener);
    }
    free(big);
    free(sealed);
}

/* An empty buffer may have no address, and must not be taken for a wish to
 * work in place: that would write around the frame. */
static int null_output_has_no_room(uint32_t format)
{
    ff_sealer *sealer = kit_sealer(format, AES_128, 0, NO_LIMIT);
    ff_opener *opener = kit_opener(format, AES_128, 0);
    kit_guarded in = kit_guard(LEN + MAX_GROWTH);
    uint8_t sealed[LEN + MAX_GROWTH], before[LEN + MAX_GROWTH];
    int64_t seal = ff_seal_one(sealer, NULL, 0, in.at, LEN, FF_KEY, NULL);
    int is_good = kit_guards_hold(&in) && kit_is_all(in.at, SENTINEL, in.len);
    size_t len = seal_as(sealed, format, 0);
    memcpy(before, sealed, len);
    int64_t open = ff_open_one(opener, NULL, 0, sealed, len, FF_KEY, NULL);
    is_good = is_good && memcmp(before, sealed, len) == 0;
    free(in.block);
    ff_sealer_free(sealer);
    ff_opener_free(opener);
    return is_good && seal == -FF_NO_ROOM && open == -FF_NO_ROOM;
}

static void test_null_output_has_no_room(void)
{
    for (uint32_t format = 0; format < NUM_SIMPLE; format++)
        CHECK(null_output_has_no_room(format));
}

/* Whatever a format says of a frame, now or in times to come. */
static ff_status plan_not_encrypted(ff_plan *plan, const ff_wire *wire)
{
    (void)plan;
    return wire->len % 2 ? FF_NOT_ENCRYPTED : FF_UNSUPPORTED_VERSION;
}

static void test_word_of_a_format_reaches_the_caller_and_the_counts(void)
{
    ff_opener *opener = kit_opener(RAW, AES_128, 64);
    ff_format strange = *opener->format;
    strange.plan_open = plan_not_encrypted;
    opener->format = &strange;
    memset(out, SENTINEL, sizeof out);
    CHECK_SAME(open_it(opener, frame, 19, 0), -FF_NOT_ENCRYPTED);
    CHECK_SAME(open_it(opener, frame, 18, 0), -FF_UNSUPPORTED_VERSION);
    CHECK_SAME(open_it(opener, frame, 16, 0), -FF_UNSUPPORTED_VERSION);
    CHECK_SAME(facts_of(opener).not_encrypted, 1);
    CHECK_SAME(facts_of(opener).unsupported_version, 2);
    CHECK(kit_is_all(out, SENTINEL, sizeof out));
    ff_opener_free(opener);
}

static void test_closed_opener_holds_no_key(void)
{
    uint8_t sealed[LEN + MAX_GROWTH];
    ff_opener *opener = kit_opener(RAW, AES_128, 64);
    ff_key key = kit_key_of(AES_128, 1);
    size_t len = seal_as(sealed, RAW, 0);
    CHECK_SAME(open_it(opener, sealed, len, 0), LEN);
    ff_opener_close(opener);
    ff_opener_close(opener);
    CHECK(!opener->slots.items && opener->slots.count == 0);
    CHECK_SAME(open_it(opener, sealed, len, 0), -FF_CLOSED);
    CHECK_SAME(ff_opener_set_key(opener, &key), FF_CLOSED);
    CHECK_SAME(ff_opener_drop_key(opener, 1), FF_CLOSED);
    CHECK_SAME(ff_opener_allow(opener, 1), FF_CLOSED);
    CHECK_SAME(facts_of(opener).closed, 1);
    CHECK_SAME(facts_of(opener).frames, 1);
    ff_opener_free(opener);
    ff_opener_close(NULL);
    ff_opener_free(NULL);
}

int main(void)
{
    kit_fill(frame, sizeof frame);
    RUN(test_frame_opens_once);
    RUN(test_forged_frames_move_no_window);
    RUN(test_wrong_counter_beside_a_raw_frame_moves_no_window);
    RUN(test_key_of_a_frame_comes_and_goes);
    RUN(test_arguments_are_checked);
    RUN(test_aad_only_where_the_format_takes_it);
    RUN(test_lengths_beyond_the_limit_are_refused);
    RUN(test_longest_frame_round_trips);
    RUN(test_null_output_has_no_room);
    RUN(test_word_of_a_format_reaches_the_caller_and_the_counts);
    RUN(test_closed_opener_holds_no_key);
    return check_report();
}
