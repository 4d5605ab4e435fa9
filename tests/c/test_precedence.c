/* test_precedence.c - which of several things that are wrong with a frame its
 * status names, and that the right way of reading it wins over the others. */
#include "opener.h"

#include "rows.h"

#define MEDIA 40
#define MAX_SEALED (MEDIA + ROW_MEDIA_MAX + ROW_GROWTH)

typedef struct {
    size_t  len, want_len;
    uint8_t sealed[MAX_SEALED], want[MAX_SEALED];
} pair;

static pair seal_at(const kit_row *row, uint64_t counter, uint64_t id)
{
    const ff_settings settings = row_settings(row, 0);
    const ff_key key = row_key(row, id);
    const ff_range range = {counter, row->facts.counter_max};
    pair made = {.len = 0};
    uint8_t frame[MEDIA + ROW_MEDIA_MAX];
    ff_sealer *sealer = NULL;
    size_t len = row_frame(row, frame, FF_KEY, MEDIA);
    made.want_len = row_canonical(row, made.want, frame, len);
    CHECK_SAME(ff_sealer_new(&sealer, &settings, &key, &range), FF_DONE);
    int64_t got = ff_seal_one(sealer, made.sealed, MAX_SEALED, frame, len,
                              FF_KEY, NULL);
    CHECK(got > 0);
    made.len = got > 0 ? (size_t)got : 0;
    ff_sealer_free(sealer);
    return made;
}

static int64_t open_at(ff_opener *opener, const pair *frame, size_t cap,
                       uint64_t counter)
{
    uint8_t out[MAX_SEALED];
    const ff_extra extra = {.counter = counter};
    return ff_open_one(opener, out, cap, frame->sealed, frame->len, FF_KEY,
                       &extra);
}

/* spoil turns a bit of the tag, or of the body right before it. */
static pair spoil(const kit_row *row, pair frame)
{
    const ff_settings settings = row_settings(row, 0);
    ff_claim claim;
    CHECK_SAME(ff_inspect(&settings, (uint32_t)ff_suite_tag_len(row->suite),
                          &claim, frame.sealed, frame.len), FF_OK);
    size_t end = claim.trailer_len + claim.num_escapes;
    frame.sealed[frame.len - end - 2] ^= 0x40;
    return frame;
}

/* Too short comes before unknown, unknown before replayed, replayed before
 * room, room before the tag: each is cheaper to find out than the next, and
 * none of those before the tag changes anything. */
static void test_order_of_what_is_found_out(const kit_row *row)
{
    ff_opener *opener = row_opener(row, 64), *bare = row_opener(row, 64);
    int replays = row->facts.has_replay_check != 0;
    pair first = seal_at(row, 100, 1), second = seal_at(row, 200, 1);
    pair forged = spoil(row, first), forged_new = spoil(row, second);
    CHECK_SAME(ff_opener_drop_key(bare, 1), FF_DONE);
    CHECK_SAME(open_at(bare, &first, MAX_SEALED, 100), -FF_UNKNOWN_KEY);
    CHECK_SAME(open_at(bare, &first, 0, 100), -FF_UNKNOWN_KEY);
    pair cut = first;
    cut.len = 3;
    int64_t got = open_at(bare, &cut, MAX_SEALED, 100);
    CHECK(got == -FF_MALFORMED || got == -FF_NOT_ENCRYPTED);
    CHECK_SAME(open_at(opener, &cut, MAX_SEALED, 100), got);
    CHECK_SAME(open_at(opener, &first, 0, 100), -FF_NO_ROOM);
    CHECK_SAME(open_at(opener, &forged, 0, 100), -FF_NO_ROOM);
    CHECK_SAME(open_at(opener, &forged, MAX_SEALED, 100), -FF_AUTH_FAILED);
    CHECK_SAME(open_at(opener, &first, MAX_SEALED, 100), first.want_len);
    CHECK_SAME(open_at(opener, &forged, MAX_SEALED, 100),
               replays ? -FF_REPLAYED : -FF_AUTH_FAILED);
    CHECK_SAME(open_at(opener, &second, MAX_SEALED, 200), second.want_len);
    CHECK_SAME(open_at(opener, &forged, MAX_SEALED, 100),
               replays ? -FF_TOO_OLD : -FF_AUTH_FAILED);
    CHECK_SAME(open_at(opener, &forged_new, MAX_SEALED, 200),
               replays ? -FF_REPLAYED : -FF_AUTH_FAILED);
    ff_opener_free(bare);
    ff_opener_free(opener);
}

static void test_each_status_is_counted_once(const kit_row *row)
{
    ff_opener *opener = row_opener(row, 64);
    ff_opener_facts facts;
    ff_slot_facts slot;
    pair good = seal_at(row, 100, 1), forged = spoil(row, good);
    CHECK_SAME(open_at(opener, &forged, MAX_SEALED, 100), -FF_AUTH_FAILED);
    CHECK_SAME(open_at(opener, &good, 1, 100), -FF_NO_ROOM);
    CHECK_SAME(open_at(opener, &good, MAX_SEALED, 100), good.want_len);
    CHECK_SAME(ff_opener_read(opener, &facts, &slot, 1), FF_DONE);
    CHECK_SAME(facts.auth_failed, 1);
    CHECK_SAME(facts.no_room, 1);
    CHECK_SAME(facts.frames, 1);
    CHECK_SAME(facts.bytes_in, good.len);
    CHECK_SAME(facts.bytes_out, good.want_len);
    CHECK_SAME(facts.malformed + facts.not_encrypted + facts.unknown_key +
                   facts.unsupported_version + facts.replayed +
                   facts.too_old + facts.internal + facts.injected +
                   facts.forwarded, 0);
    CHECK_SAME(slot.frames, 1);
    CHECK_SAME(slot.auth_failed, 1);
    ff_opener_free(opener);
}

/* -- keys that no byte names -- */

/* With several keys each is tried, the newest first, apart and in place; a
 * replay under any of them says more than failures under the others. */
static void test_unnamed_keys_are_all_tried(const kit_row *row)
{
    if (row->facts.names_key || row->facts.slots_max < 4)
        return;
    const ff_settings settings = row_settings(row, 64);
    uint8_t material[4][16] = {{1}, {2}, {3}, {4}};
    ff_opener *opener = NULL;
    CHECK_SAME(ff_opener_new(&opener, &settings), FF_DONE);
    for (uint64_t id = 0; id < 3; id++) {
        ff_key key = row_key(row, id);
        key.key = material[id];
        CHECK_SAME(ff_opener_set_key(opener, &key), FF_DONE);
    }
    for (uint64_t id = 0; id < 4; id++)
        for (int over = 0; over < 2; over++) {
            ff_key key = row_key(row, id);
            const ff_range range = {50 + 10 * id + (uint64_t)over, 1000};
            uint8_t frame[MEDIA + ROW_MEDIA_MAX], sealed[MAX_SEALED];
            uint8_t out[MAX_SEALED], copy[MAX_SEALED];
            ff_sealer *sealer = NULL;
            key.key = material[id];
            CHECK_SAME(ff_sealer_new(&sealer, &settings, &key, &range),
                       FF_DONE);
            size_t len = row_frame(row, frame, FF_KEY, MEDIA);
            size_t want_len = row_canonical(row, copy, frame, len);
            int64_t got = ff_seal_one(sealer, sealed, MAX_SEALED, frame, len,
                                      FF_KEY, NULL);
            CHECK(got > 0);
            memcpy(copy, sealed, (size_t)got);
            CHECK_SAME(ff_open_one(opener, over ? sealed : out, want_len,
                                   sealed, (size_t)got, FF_KEY, NULL),
                       id < 3 ? (int64_t)want_len : -FF_AUTH_FAILED);
            CHECK_SAME(ff_open_one(opener, out, want_len, copy, (size_t)got,
                                   FF_KEY, NULL),
                       id < 3 ? -FF_REPLAYED : -FF_AUTH_FAILED);
            ff_sealer_free(sealer);
        }
    ff_opener_free(opener);
}

/* -- frames that may be read in two ways -- */

/* A VP8 frame of a few bytes is sealed whole in SFrame. Its first byte may say
 * that there are clear ones; read so, it names another key, has another header
 * and meets other bounds, none of which is the true frame's matter. way 0: over
 * the frame; 1: where its body stands. */
static void open_short(const kit_row *row, uint64_t counter, size_t len,
                       int way)
{
    const ff_settings settings = row_settings(row, 64);
    const uint64_t id = kit_below(300);
    const ff_range range = {counter, row->facts.counter_max};
    uint8_t frame[16], sealed[MAX_SEALED], forged[MAX_SEALED];
    ff_key key = row_key(row, id);
    ff_sealer *sealer = NULL;
    ff_opener *opener = NULL;
    kit_fill(frame, sizeof frame);
    CHECK_SAME(ff_sealer_new(&sealer, &settings, &key, &range), FF_DONE);
    CHECK_SAME(ff_opener_new(&opener, &settings), FF_DONE);
    for (uint64_t i = 0; i < 8; i++) { /* the keys it may be taken to name */
        ff_key more = row_key(row, i);
        CHECK_SAME(ff_opener_set_key(opener, &more), FF_DONE);
    }
    CHECK_SAME(ff_opener_set_key(opener, &key), FF_DONE);
    int64_t got = ff_seal_one(sealer, sealed, MAX_SEALED, frame, len, FF_KEY,
                              NULL);
    size_t head = (size_t)got - len - ff_suite_tag_len(row->suite);
    memcpy(forged, sealed, (size_t)got);
    forged[got - 1] ^= 1;
    int64_t bad = ff_open_one(opener, forged + (way ? head : 0), len, forged,
                              (size_t)got, FF_EITHER, NULL);
    CHECK(bad == -FF_AUTH_FAILED || bad == -FF_NO_ROOM);
    CHECK_SAME(ff_open_one(opener, sealed + (way ? head : 0), len, sealed,
                           (size_t)got, FF_EITHER, NULL), len);
    CHECK(memcmp(sealed + (way ? head : 0), frame, len) == 0);
    ff_sealer_free(sealer);
    ff_opener_free(opener);
}

static void test_true_reading_of_a_short_frame_wins(const kit_row *row)
{
    if (row->format != SFRAME || row->codec != FF_CODEC_vp8)
        return;
    for (uint64_t i = 0; i < 400; i++)
        open_short(row, 1 + kit_random() % (i < 200 ? 300 : 1 << 20),
                   1 + i % 9, (int)i % 2);
}

int main(void)
{
    RUN_ROWS(test_order_of_what_is_found_out);
    RUN_ROWS(test_each_status_is_counted_once);
    RUN_ROWS(test_unnamed_keys_are_all_tried);
    RUN_ROWS(test_true_reading_of_a_short_frame_wins);
    return check_report();
}
