/* test_escapes.c - sealed H.264 and H.265 frames that hold escapes: in the
 * header, in the body, across its ends; in place, apart and in batches. */
#include "crafted.h"

#include "batch_kit.h"

#define NUM_PATTERNS 13
#define PATTERN 96 /* bytes: hold fewer than FF_ESCAPES_MAX */
#define FEW 8 /* the pattern with so few escapes that an arena has room */

/* fill_pattern makes ciphertext that no cipher would: so many bytes of it. */
static void fill_pattern(uint8_t *out, int pattern, size_t len)
{
    static const uint8_t values[] = {0, 0, 0, 0, 0, 3, 4, 255};
    memset(out, 0xFF, CRAFTED_LEN);
    for (size_t i = 0; i < len; i++) {
        uint8_t any = values[kit_below(8)], low = (uint8_t)kit_below(4);
        const uint8_t choice[NUM_PATTERNS] = {
            0, 3, i % 3 == 2 ? 3 : 0, i % 3 == 2, low, any};
        out[i] = pattern < 6 ? choice[pattern] : 0xFF;
    }
    if (pattern == 6) { /* at the very front and end */
        memset(out, 0, 3);
        memset(out + CRAFTED_MEDIA - 5, 0, ROW_MEDIA_MAX + 5);
    }
    if (pattern == 7) /* escaped or not by what zeros stand before */
        memcpy(out, (uint8_t[]){0, 2, 0, 0, 4, 0, 0, 3, 9, 0, 0, 3}, 12);
    if (pattern > FEW) /* one escape before the last byte, or near it */
        memset(out + CRAFTED_MEDIA - pattern + FEW - 2, 0, 3);
    for (size_t i = 40; pattern == FEW && i < 400; i += 90)
        memset(out + i, 0, 3);
}

/* -- what each crafted frame must stand -- */

static void check_wire(const crafted *c)
{
    uint8_t want[CRAFTED_SEALED];
    const uint8_t *run = c->sealed + c->claim.clear_len;
    size_t len = c->sealed_len - c->claim.clear_len;
    CHECK_SAME(naive_escape(want, c->run, c->run_len, naive_zeros(c)), len);
    CHECK(memcmp(run, want, len) == 0);
    for (size_t i = 0; i + 2 < len; i++)
        CHECK(run[i] || run[i + 1] || run[i + 2] > 2);
    CHECK_SAME(row_slice_end(c->row->codec == FF_CODEC_h265, c->sealed,
                             c->sealed_len), c->claim.clear_len);
}

/* forge turns a bit of the tag and escapes the frame anew. */
static crafted forge(const crafted *c)
{
    crafted made = *c;
    made.run[c->run_len - c->claim.trailer_len - 2] ^= 0x40;
    made.sealed_len = c->claim.clear_len +
                      naive_escape(made.sealed + c->claim.clear_len, made.run,
                                   c->run_len, naive_zeros(c));
    return made;
}

static void open_in_place(const crafted *c, ff_opener *opener, int64_t want)
{
    for (int way = 0; way < 2; way++) {
        kit_guarded block = kit_guard(c->sealed_len);
        uint8_t *to = block.at + (way ? c->claim.header_len : 0);
        memcpy(block.at, c->sealed, c->sealed_len);
        CHECK_SAME(crafted_open(c, opener, to, c->want_len, block.at), want);
        if (want >= 0)
            CHECK(memcmp(to, c->want, c->want_len) == 0);
        else
            CHECK(kit_is_all(block.at, 0, c->sealed_len));
        CHECK(kit_guards_hold(&block));
        free(block.block);
    }
}

static void check_open(const crafted *c)
{
    ff_opener *opener = row_opener(c->row, 0);
    kit_guarded out = kit_guard(c->want_len);
    const crafted forged = forge(c);
    CHECK_SAME(crafted_open(c, opener, out.at, c->want_len - 1, c->sealed),
               -FF_NO_ROOM);
    CHECK(kit_is_all(out.at, SENTINEL, c->want_len));
    CHECK_SAME(crafted_open(c, opener, out.at, c->want_len, c->sealed),
               c->want_len);
    CHECK(memcmp(out.at, c->want, c->want_len) == 0);
    CHECK_SAME(crafted_open(&forged, opener, out.at, c->want_len,
                            forged.sealed), -FF_AUTH_FAILED);
    CHECK(kit_is_all(out.at, 0, c->want_len));
    CHECK(kit_guards_hold(&out));
    free(out.block);
    open_in_place(c, opener, (int64_t)c->want_len);
    open_in_place(&forged, opener, -FF_AUTH_FAILED);
    ff_opener_free(opener);
}

static void check_seal_in_place(const crafted *c)
{
    size_t shift = c->want_len - c->len + c->claim.header_len;
    for (int way = 0; way < 2; way++) {
        kit_guarded block = kit_guard(c->sealed_len + c->len);
        uint8_t *from = block.at + (way ? shift : 0);
        ff_sealer *sealer = row_sealer(c->row, c->counter);
        memcpy(from, c->frame, c->len);
        CHECK_SAME(ff_seal_one(sealer, block.at, c->sealed_len, from, c->len,
                               FF_KEY, NULL), c->sealed_len);
        CHECK(memcmp(block.at, c->sealed, c->sealed_len) == 0);
        CHECK(kit_guards_hold(&block));
        ff_sealer_free(sealer);
        free(block.block);
    }
}

static void test_chosen_ciphertext(const kit_row *row)
{
    static crafted c;
    uint8_t wanted[CRAFTED_LEN];
    size_t most_zeros = row->codec == FF_CODEC_h265 ? 2 : 1;
    uint32_t num_crafted = 0, num_escapes = 0;
    for (int pattern = 0; row_escapes(row) && pattern < NUM_PATTERNS; pattern++)
        for (uint64_t i = 1; i < 7; i++) {
            fill_pattern(wanted, pattern, PATTERN);
            if (!craft(&c, row, 100 * i, wanted, i % (most_zeros + 1)))
                continue;
            num_crafted++;
            num_escapes += c.claim.num_escapes;
            check_wire(&c);
            check_open(&c);
            check_seal_in_place(&c);
        }
    CHECK(!row_escapes(row) || num_crafted > 3 * NUM_PATTERNS);
    CHECK(!row_escapes(row) || num_escapes > 9 * num_crafted);
}

/* -- batches -- */

static void open_batches(const crafted *c)
{
    for (int way = 0; way < 3; way++) { /* gathered, from an arena, in place */
        size_t size = c->sealed_len + FF_FRAME_ROOM;
        kit_batch *batch = kit_batch_new(1, way ? size : 0,
                                         c->want_len + FF_SPARE);
        const uint8_t *at[] = {c->sealed};
        const uint32_t lens[] = {(uint32_t)c->sealed_len};
        ff_opener *opener = row_opener(c->row, 0);
        if (way > 0)
            CHECK_SAME(ff_batch_append(&batch->b, c->sealed, c->sealed_len,
                                       FF_KEY, 0, NULL), FF_DONE);
        else
            CHECK_SAME(ff_batch_gather(&batch->b, at, lens, 1, FF_KEY),
                       FF_DONE);
        CHECK_SAME(ff_open_batch(opener, &batch->b, way == 2, 1), 1);
        const uint8_t *got = way == 2 ? batch->b.in : batch->b.out;
        CHECK_SAME(batch->b.out_len[0], c->want_len);
        CHECK(memcmp(got + batch->b.out_at[0], c->want, c->want_len) == 0);
        ff_opener_free(opener);
        kit_batch_free(batch);
    }
}

/* An arena keeps 64 bytes behind a frame: tag, trailer and a few escapes. More
 * escapes cost the frame, not its neighbours. */
static void seal_batches(const crafted *c)
{
    for (int in_place = 0; in_place < 2; in_place++) {
        kit_batch *batch = kit_batch_new(3, 3 * (CRAFTED_LEN + FF_FRAME_ROOM),
                                         3 * (CRAFTED_SEALED + FF_SPARE));
        ff_sealer *sealer = row_sealer(c->row, c->counter);
        for (int i = 0; i < 3; i++)
            CHECK_SAME(ff_batch_append(&batch->b, c->frame, c->len, FF_KEY, 0,
                                       NULL), FF_DONE);
        int64_t ok = ff_seal_batch(sealer, &batch->b, in_place, 1);
        size_t more = c->sealed_len - c->len;
        size_t shift = c->want_len - c->len + c->claim.header_len;
        int fits = !in_place || more <= shift + FF_TAILROOM;
        CHECK_SAME(ok, 2 + fits); /* the others have ordinary ciphertext */
        CHECK_SAME(batch->b.status[0], fits ? FF_OK : FF_NO_ROOM);
        const uint8_t *got = in_place ? batch->b.in : batch->b.out;
        if (fits)
            CHECK(memcmp(got + batch->b.out_at[0], c->sealed, c->sealed_len) ==
                  0);
        ff_sealer_free(sealer);
        kit_batch_free(batch);
    }
}

static void test_chosen_ciphertext_in_batches(const kit_row *row)
{
    static crafted c;
    uint8_t wanted[CRAFTED_LEN];
    for (int pattern = 0; row_escapes(row) && pattern < NUM_PATTERNS; pattern++)
        for (uint64_t i = 1, done = 0; i < 9 && !done; i++) {
            fill_pattern(wanted, pattern, PATTERN);
            done = (uint64_t)craft(&c, row, 50 * i, wanted, 0);
            if (!done)
                continue;
            open_batches(&c);
            seal_batches(&c);
        }
}

/* -- ratchets -- */

/* In place, each key that is tried finds the same ciphertext, escapes undone,
 * whatever the one before has made of it. */
static void test_escaped_frame_under_a_key_to_come(const kit_row *row)
{
    static crafted c;
    uint8_t wanted[CRAFTED_LEN];
    if (row->format != LIVEKIT || !row_escapes(row))
        return;
    for (int pattern = 0; pattern < NUM_PATTERNS; pattern++) {
        ff_settings settings = row_settings(row, 0);
        const ff_key key = row_key(row, 1);
        ff_opener *opener = NULL;
        settings.ratchet_window = 5;
        c.steps = 1 + (uint32_t)pattern % 4;
        fill_pattern(wanted, pattern, PATTERN);
        if (!craft(&c, row, 300, wanted, 0))
            continue;
        const crafted forged = forge(&c);
        CHECK_SAME(ff_opener_new(&opener, &settings), FF_DONE);
        CHECK_SAME(ff_opener_set_key(opener, &key), FF_DONE);
        CHECK_SAME(ff_opener_allow(opener, 50), FF_DONE);
        open_in_place(&forged, opener, -FF_AUTH_FAILED);
        open_in_place(&c, opener, (int64_t)c.want_len);
        ff_opener_free(opener);
    }
    c.steps = 0;
}

/* -- room -- */

/* Only encrypting shows how many escapes there are. A frame that has no room
 * for them is wiped; its counter is not given to another one. */
static void test_no_room_for_escapes_repeats_no_counter(const kit_row *row)
{
    static crafted c;
    uint8_t wanted[CRAFTED_LEN];
    fill_pattern(wanted, FEW, 0);
    if (!row_escapes(row) || !craft(&c, row, 900, wanted, 0))
        return;
    kit_guarded out = kit_guard(c.sealed_len);
    ff_sealer *sealer = row_sealer(row, c.counter);
    for (size_t less = 1; less <= c.claim.num_escapes; less++) {
        uint64_t next = kit_next_of(sealer);
        /* the second one is another frame: its own escapes may be none */
        int64_t got = ff_seal_one(sealer, out.at, c.sealed_len - less, c.frame,
                                  c.len, FF_KEY, NULL);
        CHECK(less > 1 || got == -FF_NO_ROOM);
        CHECK(got > 0 || kit_is_all(out.at, 0, c.sealed_len - less -
                                                   c.claim.num_escapes));
        CHECK(kit_next_of(sealer) > next);
        CHECK(kit_guards_hold(&out));
    }
    ff_sealer_free(sealer);
    free(out.block);
}

/* Chance makes a few of them, if any: a frame with more is none of chance's,
 * and callers have no room for it. */
static void test_more_escapes_than_chance_makes_are_refused(const kit_row *row)
{
    static crafted c;
    uint8_t wanted[CRAFTED_LEN], out[CRAFTED_SEALED];
    if (!row_escapes(row))
        return;
    for (size_t len = 80; len < 200; len += 12) {
        fill_pattern(wanted, 0, len);
        c.is_refused = 1;
        if (!craft(&c, row, 700 + len, wanted, 0))
            continue;
        CHECK(len < 136 || c.sealed_len == 0); /* one for two zeros */
        ff_sealer *sealer = row_sealer(row, c.counter);
        int64_t got = ff_seal_one(sealer, out, sizeof out, c.frame, c.len,
                                  FF_KEY, NULL);
        CHECK_SAME(got, c.sealed_len > 0 ? (int64_t)c.sealed_len : -FF_NO_ROOM);
        CHECK(got > 0 || kit_is_all(out, 0, c.len));
        CHECK_SAME(kit_next_of(sealer), c.counter + 1);
        ff_sealer_free(sealer);
    }
    c.is_refused = 0;
}

int main(void)
{
    RUN_ROWS(test_chosen_ciphertext);
    RUN_ROWS(test_chosen_ciphertext_in_batches);
    RUN_ROWS(test_escaped_frame_under_a_key_to_come);
    RUN_ROWS(test_no_room_for_escapes_repeats_no_counter);
    RUN_ROWS(test_more_escapes_than_chance_makes_are_refused);
    return check_report();
}
