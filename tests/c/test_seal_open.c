/* test_seal_open.c - one table of formats, suites and codecs, one list of
 * properties for single frames: what is sealed opens again, anywhere. */
#include "rows.h"

#define MAX_LEN (1500 + ROW_MEDIA_MAX)
#define MAX_SEALED (MAX_LEN + ROW_GROWTH)
#define MEDIA 50
#define MIDDLE 700 /* of a block with room on both sides of a frame */
#define BLOCK 1500

/* seal_as gives a frame made by a sealer of its own. */
static size_t seal_as(const kit_row *row, uint8_t *out, size_t cap,
                      const uint8_t *frame, size_t len, int kind)
{
    ff_sealer *sealer = row_sealer(row, FIRST_COUNTER);
    int64_t made = ff_seal_one(sealer, out, cap, frame, len, kind, NULL);
    ff_sealer_free(sealer);
    CHECK(made > 0 && (size_t)made <= cap);
    CHECK_SAME(ERR_peek_error(), 0);
    return made > 0 ? (size_t)made : 0;
}

static int64_t open_with(ff_opener *opener, uint8_t *out, size_t cap,
                         const uint8_t *sealed, size_t len, int kind)
{
    ff_extra extra = {.counter = FIRST_COUNTER};
    int64_t got = ff_open_one(opener, out, cap, sealed, len, kind, &extra);
    CHECK_SAME(ERR_peek_error(), 0);
    return got;
}

/* open_fresh opens with an opener that has seen nothing. */
static int64_t open_fresh(const kit_row *row, uint8_t *out, size_t cap,
                          const uint8_t *sealed, size_t len, int kind)
{
    ff_opener *opener = row_opener(row, 64);
    int64_t got = open_with(opener, out, cap, sealed, len, kind);
    ff_opener_free(opener);
    return got;
}

static ff_claim claim_of(const kit_row *row, const uint8_t *sealed, size_t len)
{
    ff_claim claim;
    const ff_settings settings = row_settings(row, 0);
    CHECK_SAME(ff_inspect(&settings, (uint32_t)ff_suite_tag_len(row->suite),
                          &claim, sealed, len), FF_OK);
    return claim;
}

static void round_trip(const kit_row *row, size_t media, size_t shift)
{
    uint8_t frame[MAX_LEN + 9], want[MAX_SEALED], whole[MAX_SEALED];
    size_t len = row_frame(row, frame + shift, FF_KEY, media);
    size_t want_len = row_canonical(row, want, frame + shift, len);
    size_t sealed_len = seal_as(row, whole, MAX_SEALED, frame + shift, len,
                                FF_KEY);
    kit_guarded sealed = kit_guard(sealed_len + shift);
    kit_guarded opened = kit_guard(want_len + shift);
    CHECK(sealed_len <= len + row->facts.growth);
    CHECK_SAME(seal_as(row, sealed.at + shift, sealed_len, frame + shift, len,
                       FF_KEY), sealed_len);
    CHECK(memcmp(sealed.at + shift, whole, sealed_len) == 0);
    CHECK_SAME(open_fresh(row, opened.at + shift, want_len, sealed.at + shift,
                          sealed_len, FF_KEY), want_len);
    CHECK(memcmp(opened.at + shift, want, want_len) == 0);
    CHECK(kit_guards_hold(&sealed) && kit_guards_hold(&opened));
    CHECK(kit_is_all(sealed.at, SENTINEL, shift) &&
          kit_is_all(opened.at, SENTINEL, shift));
    free(sealed.block);
    free(opened.block);
}

static void test_round_trip_writes_its_own_bytes_only(const kit_row *row)
{
    static const size_t media[] = {16, 17,  31,  32,  33,   63,
                                   64, 255, 256, 257, 1023, 1500};
    for (size_t i = 0; i < sizeof media / sizeof media[0]; i++)
        for (size_t shift = 0; shift < 9; shift += 3)
            round_trip(row, media[i], shift);
}

/* An empty frame is sealed, travels as it is, or is refused: it never reads
 * as something else. */
static void test_empty_frame(const kit_row *row)
{
    uint8_t sealed[ROW_GROWTH];
    ff_sealer *sealer = row_sealer(row, FIRST_COUNTER);
    ff_sealer_facts facts;
    int64_t len = ff_seal_one(sealer, sealed, sizeof sealed, NULL, 0, FF_KEY,
                              NULL);
    CHECK_SAME(ff_sealer_read(sealer, &facts), FF_DONE);
    int uses = row->format != LIVEKIT && row->format != JITSI;
    CHECK(facts.next >= FIRST_COUNTER + (uint64_t)uses);
    if (row->format == JITSI) {
        CHECK_SAME(len, -FF_MALFORMED); /* the peers' streams break on it */
    } else {
        CHECK_SAME(len > 0, uses);
        CHECK_SAME(open_fresh(row, NULL, 0, len ? sealed : NULL, (size_t)len,
                              FF_KEY), 0);
    }
    ff_sealer_free(sealer);
}

/* Each attempt starts from the sealed bytes again: opening in place turns
 * them into noise, and trying another way of reading must undo that. */
static void open_in_place(const kit_row *row, int kind, int told, int way)
{
    uint8_t frame[MAX_LEN], want[MAX_LEN], sealed[MAX_SEALED];
    uint8_t block[MAX_SEALED];
    size_t len = row_frame(row, frame, kind, MEDIA);
    size_t want_len = row_canonical(row, want, frame, len);
    len = seal_as(row, sealed, MAX_SEALED, frame, len, kind);
    uint8_t *out = block;
    if (way > 0)
        out += claim_of(row, sealed, len).header_len;
    memset(block, SENTINEL, sizeof block);
    memcpy(block, sealed, len);
    int64_t got = open_fresh(row, out, want_len, block, len, told);
    if (told == kind || told == FF_EITHER)
        CHECK_SAME(got, want_len);
    if (got >= 0)
        CHECK(memcmp(out, want, want_len) == 0);
    else
        CHECK(kit_is_all(block, 0, len)); /* what failed its tag is gone */
    CHECK(kit_is_all(block + len, SENTINEL, sizeof block - len));
    memcpy(block, sealed, len);
    block[len / 2] ^= 1;
    CHECK_SAME(open_fresh(row, out, want_len, block, len, told),
               -FF_AUTH_FAILED);
    CHECK(kit_is_all(block, 0, len));
    CHECK(kit_is_all(block + len, SENTINEL, sizeof block - len));
}

static void test_opening_in_place(const kit_row *row)
{
    for (int kind = FF_DELTA; kind <= FF_KEY; kind++)
        for (int told = FF_DELTA; told <= FF_EITHER; told++)
            for (int way = 0; way < 2; way++)
                open_in_place(row, kind, told, way);
}

/* Sealing in place, at the one distance where the body stays put, and at every
 * distance that is too near: the bytes are those of sealing apart, or nothing
 * is touched and no counter is used. */
static void test_sealing_at_every_distance(const kit_row *row)
{
    static uint8_t block[BLOCK], before[BLOCK];
    uint8_t frame[MAX_LEN], want[MAX_SEALED];
    int len = (int)row_frame(row, frame, FF_KEY, MEDIA), num_good = 0;
    int sealed_len = (int)seal_as(row, want, MAX_SEALED, frame, (size_t)len,
                                  FF_KEY);
    ff_claim claim = claim_of(row, want, (size_t)sealed_len);
    int plain_len = sealed_len - (int)claim.num_escapes;
    for (int d = -sealed_len - 2; d <= len + 2; d++) {
        ff_sealer *sealer = row_sealer(row, FIRST_COUNTER);
        ff_sealer_facts facts;
        memset(block, SENTINEL, BLOCK);
        memcpy(block + MIDDLE, frame, (size_t)len);
        memcpy(before, block, BLOCK);
        int64_t got = ff_seal_one(sealer, block + MIDDLE + d,
                                  (size_t)sealed_len, block + MIDDLE,
                                  (size_t)len, FF_KEY, NULL);
        CHECK_SAME(ff_sealer_read(sealer, &facts), FF_DONE);
        if (got == -FF_BAD_OVERLAP)
            CHECK_SAME(facts.next, FIRST_COUNTER);
        else if (CHECK_SAME(got, sealed_len))
            memcpy(before + MIDDLE + d, want, (size_t)sealed_len);
        CHECK(memcmp(block, before, BLOCK) == 0);
        if (d == 0 || d >= len || d + sealed_len <= 0)
            CHECK_SAME(got, sealed_len);
        else if (d + plain_len > 0) /* else only escapes reach so far */
            num_good += got == sealed_len;
        ff_sealer_free(sealer);
    }
    CHECK(num_good <= 1);
    if (claim.header_len > 0)
        CHECK_SAME(num_good, 1);
}

static void test_opening_at_every_distance(const kit_row *row)
{
    static uint8_t block[BLOCK];
    uint8_t frame[MAX_LEN], want[MAX_LEN], sealed[MAX_SEALED];
    size_t len = row_frame(row, frame, FF_KEY, MEDIA);
    int want_len = (int)row_canonical(row, want, frame, len);
    int sealed_len = (int)seal_as(row, sealed, MAX_SEALED, frame, len, FF_KEY);
    int head = (int)claim_of(row, sealed, (size_t)sealed_len).header_len;
    for (int d = -want_len - 2; d <= sealed_len + 2; d++) {
        int is_apart = d >= sealed_len || d + want_len <= 0;
        uint8_t *out = block + MIDDLE + d;
        memset(block, SENTINEL, BLOCK);
        memcpy(block + MIDDLE, sealed, (size_t)sealed_len);
        int64_t got = open_fresh(row, out, (size_t)want_len, block + MIDDLE,
                                 (size_t)sealed_len, FF_KEY);
        if (is_apart || d == 0 || d == head) {
            CHECK_SAME(got, want_len);
            CHECK(memcmp(out, want, (size_t)want_len) == 0);
            memset(out, SENTINEL, (size_t)want_len);
        } else {
            CHECK_SAME(got, -FF_BAD_OVERLAP);
        }
        if (got < 0 || is_apart)
            CHECK(memcmp(block + MIDDLE, sealed, (size_t)sealed_len) == 0);
        memset(block + MIDDLE, SENTINEL, (size_t)sealed_len);
        CHECK(kit_is_all(block, SENTINEL, BLOCK));
    }
}

static void test_too_small_output_is_refused_untouched(const kit_row *row)
{
    uint8_t frame[MAX_LEN], want[MAX_LEN], sealed[MAX_SEALED], out[MAX_SEALED];
    size_t len = row_frame(row, frame, FF_DELTA, MEDIA);
    size_t want_len = row_canonical(row, want, frame, len);
    size_t sealed_len = seal_as(row, sealed, MAX_SEALED, frame, len, FF_DELTA);
    ff_sealer *sealer = row_sealer(row, FIRST_COUNTER);
    ff_opener *opener = row_opener(row, 64);
    ff_sealer_facts facts;
    size_t most = sealed_len - claim_of(row, sealed, sealed_len).num_escapes;
    memset(out, SENTINEL, sizeof out);
    for (size_t cap = 0; cap < most; cap++)
        CHECK_SAME(ff_seal_one(sealer, out, cap, frame, len, 0, NULL),
                   -FF_NO_ROOM);
    for (size_t cap = 0; cap < want_len; cap++)
        CHECK_SAME(open_with(opener, out, cap, sealed, sealed_len, 0),
                   -FF_NO_ROOM);
    CHECK(kit_is_all(out, SENTINEL, sizeof out));
    CHECK_SAME(ff_sealer_read(sealer, &facts), FF_DONE);
    CHECK_SAME(facts.next, FIRST_COUNTER);
    CHECK_SAME(facts.no_room, most);
    CHECK_SAME(open_with(opener, out, want_len, sealed, sealed_len, 0),
               want_len);
    ff_sealer_free(sealer);
    ff_opener_free(opener);
}

/* The queue is the thread's: what others left there is theirs to read. */
static void test_errors_of_others_stay_in_the_queue(const kit_row *row)
{
    uint8_t frame[MAX_LEN], sealed[MAX_SEALED], opened[MAX_SEALED];
    size_t len = row_frame(row, frame, FF_KEY, MEDIA);
    size_t sealed_len = seal_as(row, sealed, MAX_SEALED, frame, len, FF_KEY);
    ff_opener *opener = row_opener(row, 64);
    ff_extra extra = {.counter = FIRST_COUNTER};
    sealed[sealed_len / 2] ^= 1;
    ERR_raise(ERR_LIB_USER, 77);
    (void)ff_open_one(opener, opened, MAX_SEALED, sealed, sealed_len, FF_KEY,
                      &extra);
    CHECK_SAME(ERR_GET_REASON(ERR_get_error()), 77);
    CHECK_SAME(ERR_peek_error(), 0);
    ff_opener_free(opener);
}

int main(void)
{
    RUN_ROWS(test_round_trip_writes_its_own_bytes_only);
    RUN_ROWS(test_empty_frame);
    RUN_ROWS(test_opening_in_place);
    RUN_ROWS(test_sealing_at_every_distance);
    RUN_ROWS(test_opening_at_every_distance);
    RUN_ROWS(test_too_small_output_is_refused_untouched);
    RUN_ROWS(test_errors_of_others_stay_in_the_queue);
    return check_report();
}
