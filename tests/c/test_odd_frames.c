/* test_odd_frames.c - frames shorter than what should stay clear, without a
 * slice, or made of nothing but start codes: sealed so that they open again,
 * or refused before any counter is used. */
#include "hex.h"
#include "rows.h"

#define MAX_LEN 64
#define MAX_OUT (MAX_LEN * 2)
#define MAX_SEALED (MAX_OUT + ROW_GROWTH)
#define NUM_RANDOM 600

/* pair: what frames of one row go through. */
typedef struct {
    const kit_row *row;
    ff_sealer     *by;
    ff_opener     *to;
    int            is_drawn;
} pair;

/* sealer_of makes one with a salt that was drawn, or that the caller insists
 * on. */
static ff_sealer *sealer_of(const kit_row *row, uint64_t first, int is_drawn)
{
    const ff_settings settings = row_settings(row, 0);
    const ff_range range = {first, row->facts.counter_max};
    ff_key key = row_key(row, 1);
    ff_sealer *made = NULL;
    key.salt_is_drawn = (uint32_t)is_drawn;
    CHECK_SAME(ff_sealer_new(&made, &settings, &key, &range), FF_DONE);
    return kit_need(made);
}

static pair make(const kit_row *row, int is_drawn)
{
    return (pair){row, sealer_of(row, 1, is_drawn), row_opener(row, 0),
                  is_drawn};
}

static void drop(pair *p)
{
    ff_sealer_free(p->by);
    ff_opener_free(p->to);
}

static uint64_t next_of(ff_sealer *sealer)
{
    ff_sealer_facts facts;
    CHECK_SAME(ff_sealer_read(sealer, &facts), FF_DONE);
    return facts.next;
}

/* is_sampled: which bytes are clear is no matter of suites; a long tag and a
 * short one will do. */
static int is_sampled(const kit_row *row)
{
    return row->suite <= AES_256 || row->suite == FF_AES_128_HMAC_32 ||
           row->suite == FF_AES_128_GCM_8;
}

/* is_refused: would the peers' receivers fail to open what came of it? */
static int is_refused(const kit_row *row, const uint8_t *frame, size_t len,
                      int kind)
{
    size_t clear = kind == FF_KEY ? 10 : 3;
    if (row->codec == FF_CODEC_opus)
        clear = 1;
    if (row->format == JITSI)
        return len < clear;
    if (row->format != LIVEKIT || row->codec == FF_CODEC_vp9 || len == 0)
        return 0;
    size_t slice = row_slice(row, frame, len);
    return slice > 0 ? slice + 2 > len : len < clear;
}

static void open_all_ways(const pair *p, const uint8_t *sealed, size_t len,
                          uint64_t counter, int kind, const uint8_t *want,
                          size_t want_len)
{
    const ff_extra extra = {.counter = counter};
    const ff_settings settings = row_settings(p->row, 0);
    uint32_t tag_len = (uint32_t)ff_suite_tag_len(p->row->suite);
    ff_claim claim; /* of what it may be read as, one way makes sense */
    CHECK_SAME(ff_inspect(&settings, tag_len, &claim, sealed, len), FF_OK);
    for (int told = kind;; told = FF_EITHER) {
        for (int way = 0; way < 2; way++) {
            kit_guarded block = kit_guard(len), out = kit_guard(want_len);
            uint8_t *to = way == 0 ? out.at : block.at;
            memcpy(block.at, sealed, len);
            CHECK_SAME(ff_open_one(p->to, to, want_len, block.at, len, told,
                                   &extra), want_len);
            CHECK(memcmp(to, want, want_len) == 0);
            CHECK(kit_guards_hold(&block) && kit_guards_hold(&out));
            free(block.block);
            free(out.block);
        }
        if (told == FF_EITHER)
            break;
    }
}

static void try_frame(const pair *p, const uint8_t *frame, size_t len, int kind)
{
    uint8_t want[MAX_OUT], over[MAX_SEALED];
    uint64_t counter = next_of(p->by);
    kit_guarded sealed = kit_guard(MAX_SEALED);
    int64_t got = ff_seal_one(p->by, sealed.at, MAX_SEALED, frame, len, kind,
                              NULL);
    CHECK(kit_guards_hold(&sealed));
    if (is_refused(p->row, frame, len, kind)) {
        CHECK_SAME(got, -FF_MALFORMED);
        CHECK_SAME(next_of(p->by), counter);
        CHECK(kit_is_all(sealed.at, SENTINEL, MAX_SEALED));
    } else if (got == -FF_MALFORMED && !p->is_drawn) {
        /* Whatever its counter: the salt itself reads as a slice. */
        CHECK(p->row->format == LIVEKIT && next_of(p->by) > counter);
        CHECK(kit_is_all(sealed.at, 0, len));
    } else if (CHECK(got >= 0)) {
        size_t want_len = row_canonical(p->row, want, frame, len);
        counter = next_of(p->by) - (got > 0);
        open_all_ways(p, sealed.at, (size_t)got, counter, kind, want, want_len);
        ff_sealer *twin = sealer_of(p->row, counter, p->is_drawn);
        memcpy(over, frame, len);
        CHECK_SAME(ff_seal_one(twin, over, MAX_SEALED, over, len, kind, NULL),
                   got);
        CHECK(memcmp(over, sealed.at, (size_t)got) == 0);
        ff_sealer_free(twin);
    }
    free(sealed.block);
}

/* -- frames of every small length -- */

static void test_every_small_length(const kit_row *row)
{
    pair p = make(row, 1);
    for (size_t len = 0; is_sampled(row) && len < 34; len++)
        for (int first = 0; first < 4; first++) /* VP8: key and delta */
            for (int kind = FF_DELTA; kind <= FF_KEY; kind++) {
                uint8_t frame[MAX_LEN];
                kit_fill(frame, sizeof frame);
                frame[0] = (uint8_t)((frame[0] & 0xFC) | first);
                try_frame(&p, frame, len, kind);
            }
    drop(&p);
}

/* -- NAL units in odd places -- */

static const char *const units[] = {
    "000001", "00000001", "0000000001", "00000165", "0000016588",
    "000001658801", "00000165880102", "0000000165", "000000016588",
    "00000001658801", "000001676742", "00000001674200000168ce3c",
    "0000016742000001658841", "00000141", "000001419a", "000001419a01",
    "0000012601", "000001260102", "0000014001000001260102030405",
    "0000010201aabbccddeeff", "ff00000165884141414141414141414141",
    "0000026588000001658841424344", "000000000000000000000000",
    "65880102030405060708090a0b0c0d", "00000165000000", "0000016500000001",
    "000001650000000165aabbccdd", "00000141000000000000000000000000",
    "0000010100000105aabb", "000001090000010600000167000001680000016588aabb",
    "1200", "12000a0100", "0a0b000000", "3200", "320130", "10aabbcc",
    "0000017c0000017c0000017c0000014100aabbcc", "0000010000010000010165aabb"};

static void test_units_in_odd_places(const kit_row *row)
{
    pair p = make(row, 1);
    const size_t num = is_sampled(row) ? sizeof units / sizeof units[0] : 0;
    for (size_t i = 0; i < num; i++)
        for (size_t more = 0; more < 20; more += more < 3 ? 1 : 8)
            for (int kind = FF_DELTA; kind <= FF_KEY; kind++) {
                uint8_t frame[MAX_LEN];
                size_t len = hex_read(frame, units[i]);
                kit_fill(frame + len, more);
                try_frame(&p, frame, len + more, kind);
            }
    drop(&p);
}

/* fill_dense draws bytes of which start codes, slices and OBUs come. */
static void fill_dense(uint8_t *out, size_t len)
{
    static const uint8_t values[] = {0,    0,    0,    1,    1,    3,
                                     0x65, 0x41, 0x67, 0x26, 0x02, 0x12,
                                     0x0A, 0x32, 0x80, 0xFF};
    for (size_t i = 0; i < len; i++)
        out[i] = values[kit_below(sizeof values)];
}

static void try_dense(const kit_row *row, int is_drawn)
{
    pair p = make(row, is_drawn);
    for (int i = 0; is_sampled(row) && i < NUM_RANDOM; i++) {
        uint8_t frame[MAX_LEN];
        size_t len = kit_below(i % 2 ? 12 : MAX_LEN);
        fill_dense(frame, len);
        if (kit_below(2) && len > 3)
            memcpy(frame, (uint8_t[]){0, 0, 1}, 3);
        try_frame(&p, frame, len, (int)kit_below(2));
    }
    drop(&p);
}

static void test_dense_bytes(const kit_row *row)
{
    try_dense(row, 1);
}

/* The bytes of a counter may look like a slice as well as any others: then the
 * frame is refused, which costs its counters. */
static void test_dense_bytes_under_a_salt_that_is_given(const kit_row *row)
{
    try_dense(row, 0);
}

int main(void)
{
    RUN_ROWS(test_every_small_length);
    RUN_ROWS(test_units_in_odd_places);
    RUN_ROWS(test_dense_bytes);
    RUN_ROWS(test_dense_bytes_under_a_salt_that_is_given);
    return check_report();
}
