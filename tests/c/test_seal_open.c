/* test_seal_open.c - one table of formats and suites, one list of properties
 * for single frames: what is sealed opens, and nothing else does. */
#include "kit.h"

#define MAX_LEN 1500
#define MAX_SEALED (MAX_LEN + MAX_GROWTH)

static uint32_t format, suite; /* the row of the table under test */

static const size_t lengths[] = {0,  1,  15, 16,  17,  31,   32,  33,
                                 63, 64, 65, 255, 256, 1023, 1500};
#define NUM_LENGTHS (sizeof lengths / sizeof lengths[0])

/* sealed gives frame number counter, made by a sealer of its own. */
static size_t seal_as(uint8_t *out, const uint8_t *frame, size_t len, int kind,
                      uint64_t counter)
{
    ff_sealer *sealer = kit_sealer(format, suite, counter, NO_LIMIT);
    int64_t made = ff_seal_one(sealer, out, MAX_SEALED, frame, len, kind, NULL);
    CHECK_SAME(made, len + kit_head_len(format) + FF_TAG_LEN);
    ff_sealer_free(sealer);
    return (size_t)made;
}

static int64_t open_with(ff_opener *opener, uint8_t *out, size_t cap,
                         const uint8_t *sealed, size_t len, int kind,
                         uint64_t counter)
{
    ff_extra extra = {.counter = counter};
    int64_t got = ff_open_one(opener, out, cap, sealed, len, kind, &extra);
    CHECK_SAME(ERR_peek_error(), 0);
    return got;
}

/* open_fresh opens with an opener that has seen nothing. */
static int64_t open_fresh(uint8_t *out, size_t cap, const uint8_t *sealed,
                          size_t len, int kind, uint64_t counter)
{
    ff_opener *opener = kit_opener(format, suite, 64);
    int64_t got = open_with(opener, out, cap, sealed, len, kind, counter);
    ff_opener_free(opener);
    return got;
}

static void test_round_trip_writes_its_own_bytes_only(void)
{
    uint8_t frame[MAX_LEN];
    kit_fill(frame, sizeof frame);
    for (size_t i = 0; i < NUM_LENGTHS; i++)
        for (size_t shift = 0; shift < 9; shift += 3) {
            size_t len = lengths[i] - (lengths[i] > shift ? shift : 0);
            size_t sealed_len = len + kit_head_len(format) + FF_TAG_LEN;
            kit_guarded sealed = kit_guard(sealed_len + shift);
            kit_guarded opened = kit_guard(len + shift);
            CHECK_SAME(seal_as(sealed.at + shift, frame + shift, len, FF_KEY,
                               i), sealed_len);
            CHECK_SAME(open_fresh(opened.at + shift, len, sealed.at + shift,
                                  sealed_len, FF_KEY, i), len);
            CHECK(memcmp(opened.at + shift, frame + shift, len) == 0);
            CHECK(kit_guards_hold(&sealed) && kit_guards_hold(&opened));
            CHECK(kit_is_all(sealed.at, SENTINEL, shift) &&
                  kit_is_all(opened.at, SENTINEL, shift));
            free(sealed.block);
            free(opened.block);
        }
}

static void test_any_flipped_bit_is_rejected_and_the_output_zeroed(void)
{
    uint8_t frame[40], sealed[MAX_SEALED], out[64];
    kit_fill(frame, sizeof frame);
    size_t len = seal_as(sealed, frame, sizeof frame, FF_KEY, 5);
    ff_opener *opener = kit_opener(format, suite, 0);
    for (size_t bit = 0; bit < 8 * len; bit++)
        for (int kind = FF_KEY; kind <= FF_EITHER; kind++) {
            int names_key = format == INSERTABLE && bit < 8;
            memset(out, SENTINEL, sizeof out);
            sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
            CHECK_SAME(open_with(opener, out, sizeof frame, sealed, len, kind,
                                 5),
                       names_key ? -FF_UNKNOWN_KEY : -FF_AUTH_FAILED);
            CHECK(kit_is_all(out, 0, sizeof frame));
            CHECK(kit_is_all(out + sizeof frame, SENTINEL,
                             sizeof out - sizeof frame));
            sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
    CHECK_SAME(open_with(opener, out, 40, sealed, len, FF_KEY, 5), 40);
    ff_opener_free(opener);
}

static void test_frame_cut_at_any_length_is_rejected(void)
{
    uint8_t frame[40], sealed[MAX_SEALED], out[64];
    size_t least = kit_head_len(format) + FF_TAG_LEN;
    kit_fill(frame, sizeof frame);
    size_t len = seal_as(sealed, frame, sizeof frame, FF_DELTA, 5);
    ff_opener *opener = kit_opener(format, suite, 0);
    for (size_t cut = 0; cut < len; cut++) {
        uint8_t *exact = kit_need(malloc(cut + 1));
        memcpy(exact + 1, sealed, cut); /* a sanitizer sees reads behind it */
        memset(out, SENTINEL, sizeof out);
        CHECK_SAME(open_with(opener, out, sizeof out, exact + 1, cut, FF_DELTA,
                             5),
                   cut < least ? -FF_MALFORMED : -FF_AUTH_FAILED);
        size_t body = cut < least ? 0 : cut - least;
        CHECK(kit_is_all(out, 0, body));
        CHECK(kit_is_all(out + body, SENTINEL, sizeof out - body));
        free(exact);
    }
    ff_opener_free(opener);
}

static void test_longer_frame_is_rejected(void)
{
    uint8_t frame[40], sealed[MAX_SEALED] = {0}, out[64];
    kit_fill(frame, sizeof frame);
    size_t len = seal_as(sealed, frame, sizeof frame, FF_DELTA, 5);
    for (size_t more = 1; more < 20; more++) {
        CHECK_SAME(open_fresh(out, sizeof out, sealed, len + more, FF_DELTA, 5),
                   -FF_AUTH_FAILED);
        CHECK(kit_is_all(out, 0, sizeof frame + more));
    }
}

static void test_kind_of_frame_is_authenticated_or_found_out(void)
{
    uint8_t frame[100], sealed[MAX_SEALED], out[100];
    int has_flag = format != RAW;
    kit_fill(frame, sizeof frame);
    for (int kind = FF_DELTA; kind <= FF_KEY; kind++) {
        size_t len = seal_as(sealed, frame, sizeof frame, kind, 9);
        CHECK_SAME(open_fresh(out, sizeof out, sealed, len, kind, 9), 100);
        CHECK_SAME(open_fresh(out, sizeof out, sealed, len, !kind, 9),
                   has_flag ? -FF_AUTH_FAILED : 100);
        CHECK_SAME(kit_is_all(out, 0, sizeof out), has_flag);
        CHECK_SAME(open_fresh(out, sizeof out, sealed, len, FF_EITHER, 9), 100);
        CHECK(memcmp(out, frame, sizeof out) == 0);
    }
}

/* Each attempt starts from the sealed bytes again: opening in place turns
 * them into noise, and trying the other kind must undo that. */
static void test_opening_in_place(void)
{
    uint8_t frame[100], sealed[MAX_SEALED], block[MAX_SEALED];
    const size_t offsets[] = {0, kit_head_len(format)};
    kit_fill(frame, sizeof frame);
    for (int kind = FF_DELTA; kind <= FF_KEY; kind++)
        for (int told = FF_DELTA; told <= FF_EITHER; told++)
            for (int way = 0; way < 2; way++) {
                size_t len = seal_as(sealed, frame, sizeof frame, kind, 9);
                int is_good = told == kind || told == FF_EITHER ||
                              format == RAW;
                memcpy(block, sealed, len);
                CHECK_SAME(open_fresh(block + offsets[way], 100, block, len,
                                      told, 9),
                           is_good ? 100 : -FF_AUTH_FAILED);
                if (is_good)
                    CHECK(memcmp(block + offsets[way], frame, 100) == 0);
                else
                    CHECK(kit_is_all(block + offsets[way], 0, 100));
                CHECK(memcmp(block + len - FF_TAG_LEN,
                             sealed + len - FF_TAG_LEN, FF_TAG_LEN) == 0);
                memcpy(block, sealed, len);
                block[len - 1] ^= 1;
                CHECK_SAME(open_fresh(block + offsets[way], 100, block, len,
                                      told, 9), -FF_AUTH_FAILED);
                CHECK(kit_is_all(block + offsets[way], 0, 100));
            }
}

/* Both ways of sealing in place and every distance that is too near: the
 * bytes are those of sealing apart, or nothing is touched. */
static void test_sealing_at_every_distance(void)
{
    const int len = 50, head = (int)kit_head_len(format);
    const int sealed_len = len + head + FF_TAG_LEN, middle = 200;
    uint8_t frame[50], want[MAX_SEALED], block[500], before[500];
    kit_fill(frame, sizeof frame);
    seal_as(want, frame, sizeof frame, FF_KEY, 3);
    ff_sealer *sealer = NULL;
    for (int d = -sealed_len - 2; d <= len + 2; d++) {
        ff_sealer_facts facts;
        int is_apart = d >= len || d + sealed_len <= 0;
        memset(block, SENTINEL, sizeof block);
        memcpy(block + middle, frame, sizeof frame);
        memcpy(before, block, sizeof block);
        sealer = kit_sealer(format, suite, 3, NO_LIMIT);
        int64_t got = ff_seal_one(sealer, block + middle + d,
                                  (size_t)sealed_len, block + middle,
                                  sizeof frame, FF_KEY, NULL);
        if (is_apart || d == 0 || d == -head) {
            CHECK_SAME(got, sealed_len);
            memcpy(before + middle + d, want, (size_t)sealed_len);
        } else {
            CHECK_SAME(got, -FF_BAD_OVERLAP);
            CHECK_SAME(ff_sealer_read(sealer, &facts), FF_DONE);
            CHECK_SAME(facts.next, 3);
        }
        CHECK(memcmp(block, before, sizeof block) == 0);
        ff_sealer_free(sealer);
    }
}

static void test_opening_at_every_distance(void)
{
    const int len = 50, head = (int)kit_head_len(format);
    const int sealed_len = len + head + FF_TAG_LEN, middle = 200;
    uint8_t frame[50], sealed[MAX_SEALED], block[500], before[500];
    kit_fill(frame, sizeof frame);
    seal_as(sealed, frame, sizeof frame, FF_KEY, 3);
    for (int d = -len - 2; d <= sealed_len + 2; d++) {
        int is_apart = d >= sealed_len || d + len <= 0;
        memset(block, SENTINEL, sizeof block);
        memcpy(block + middle, sealed, (size_t)sealed_len);
        memcpy(before, block, sizeof block);
        int64_t got = open_fresh(block + middle + d, (size_t)len,
                                 block + middle, (size_t)sealed_len, FF_KEY, 3);
        int is_good = is_apart || d == 0 || d == head;
        CHECK_SAME(got, is_good ? len : -FF_BAD_OVERLAP);
        if (is_good)
            memcpy(before + middle + d, frame, sizeof frame);
        CHECK(memcmp(block, before, sizeof block) == 0);
    }
}

static void test_too_small_output_is_refused_untouched(void)
{
    uint8_t frame[33], sealed[MAX_SEALED], out[MAX_SEALED];
    kit_fill(frame, sizeof frame);
    size_t len = seal_as(sealed, frame, sizeof frame, FF_DELTA, 0);
    ff_sealer *sealer = kit_sealer(format, suite, 0, NO_LIMIT);
    ff_opener *opener = kit_opener(format, suite, 64);
    ff_sealer_facts facts;
    memset(out, SENTINEL, sizeof out);
    for (size_t cap = 0; cap < len; cap++)
        CHECK_SAME(ff_seal_one(sealer, out, cap, frame, sizeof frame, 0, NULL),
                   -FF_NO_ROOM);
    for (size_t cap = 0; cap < sizeof frame; cap++)
        CHECK_SAME(open_with(opener, out, cap, sealed, len, 0, 0), -FF_NO_ROOM);
    CHECK(kit_is_all(out, SENTINEL, sizeof out));
    CHECK_SAME(ff_sealer_read(sealer, &facts), FF_DONE);
    CHECK_SAME(facts.next, 0);
    CHECK_SAME(facts.no_room, len);
    CHECK_SAME(open_with(opener, out, sizeof frame, sealed, len, 0, 0), 33);
    ff_sealer_free(sealer);
    ff_opener_free(opener);
}

static void run_row(void)
{
    RUN(test_round_trip_writes_its_own_bytes_only);
    RUN(test_any_flipped_bit_is_rejected_and_the_output_zeroed);
    RUN(test_frame_cut_at_any_length_is_rejected);
    RUN(test_longer_frame_is_rejected);
    RUN(test_kind_of_frame_is_authenticated_or_found_out);
    RUN(test_opening_in_place);
    RUN(test_sealing_at_every_distance);
    RUN(test_opening_at_every_distance);
    RUN(test_too_small_output_is_refused_untouched);
}

int main(void)
{
    for (format = 0; format < NUM_FORMATS; format++)
        for (suite = 0; suite < NUM_SUITES; suite++)
            run_row();
    return check_report();
}
