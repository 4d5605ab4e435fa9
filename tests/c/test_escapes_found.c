/* test_escapes_found.c - escapes as they come about: in headers and trailers by
 * the counter, in ciphertext by chance, found by search. */
#include "rows.h"

#define BIG 20000 /* bytes: about one such frame in 200 needs an escape */
#define SMALL 60
#define MAX_SEALED (BIG + ROW_MEDIA_MAX + ROW_GROWTH)

static uint8_t frame[BIG + ROW_MEDIA_MAX], want[BIG + ROW_MEDIA_MAX + 40];
static uint8_t sealed[MAX_SEALED], block[MAX_SEALED];

/* pair: a sealer and an opener of one key. */
typedef struct {
    ff_sealer *by;
    ff_opener *to;
} pair;

static pair make(const kit_row *row, const ff_key *key, uint64_t first)
{
    const ff_settings settings = row_settings(row, 0);
    const ff_range range = {first, row->facts.counter_max};
    pair made;
    CHECK_SAME(ff_sealer_new(&made.by, &settings, key, &range), FF_DONE);
    CHECK_SAME(ff_opener_new(&made.to, &settings), FF_DONE);
    CHECK_SAME(ff_opener_set_key(made.to, key), FF_DONE);
    return made;
}

static void drop(pair *p)
{
    ff_sealer_free(p->by);
    ff_opener_free(p->to);
}

/* open_both opens a sealed frame apart and over itself. */
static void open_both(const pair *p, size_t len, size_t want_len,
                      const ff_claim *claim)
{
    for (int way = 0; way < 3; way++) {
        uint8_t *out = block + (way == 2 ? claim->header_len : 0);
        memcpy(block, sealed, len);
        int64_t got = ff_open_one(p->to, out, want_len, way ? block : sealed,
                                  len, FF_KEY, NULL);
        CHECK_SAME(got, want_len);
        CHECK(memcmp(out, want, want_len) == 0);
    }
}

/* seal_next seals one more frame of so many bytes and gives its escapes. */
static uint32_t seal_next(const kit_row *row, const pair *p, size_t media)
{
    const ff_settings settings = row_settings(row, 0);
    ff_claim claim;
    size_t len = row_frame(row, frame, FF_KEY, media);
    size_t want_len = row_canonical(row, want, frame, len);
    int64_t got = ff_seal_one(p->by, sealed, sizeof sealed, frame, len, FF_KEY,
                              NULL);
    if (!CHECK(got > 0))
        return 0;
    CHECK_SAME(ff_inspect(&settings, (uint32_t)ff_suite_tag_len(row->suite),
                          &claim, sealed, (size_t)got), FF_OK);
    if (media < BIG || claim.num_escapes > 0)
        open_both(p, (size_t)got, want_len, &claim);
    return claim.num_escapes;
}

/* Key ids, counters and salts with zeros in every place: the escape may be the
 * header's last byte but one, its last, or the first of the body. */
static void test_every_header_with_zeros_opens(const kit_row *row)
{
    static const uint64_t values[] = {
        1, 2, 3, 4, 255, 256, 257, 0x10000, 0x10001, 0x1000001, 0x1000002,
        0x1000100, 0x10000FF, 0x2000003, 0x100000001, 0x10000000000,
        0x10000000003};
    static const uint8_t salts[][FF_NONCE_LEN] = {
        {0}, {1}, {9, 9, 9, 0}, {9, 9, 0, 0}, {9, 0, 0, 1}, {0, 0, 0, 3},
        {9, 9, 9, 9, 9, 9, 9, 0}, {9, 9, 9, 9, 9, 9, 0, 0}};
    const size_t num = sizeof values / sizeof values[0];
    size_t all = row->suite <= AES_256 ? num * num : num; /* keys take long */
    for (size_t i = 0; row_escapes(row) && i < all; i++) {
        ff_key key = row_key(row, values[i / num]);
        uint64_t first = values[i % num];
        key.salt = salts[i % 8];
        if (key.id > row->facts.key_id_max)
            key.id = i % 2;
        if (first > row->facts.counter_max - 9)
            first = 1 + i % 7;
        pair p = make(row, &key, first);
        for (int k = 0; k < 4; k++) /* ciphers go over long frames in bulk */
            (void)seal_next(row, &p, i % 16 || k ? SMALL : 30 * SMALL);
        drop(&p);
    }
}

/* Nothing is made up here: the frames of a stream, until one needs escapes. */
static void test_escapes_by_chance(const kit_row *row)
{
    if (!row_escapes(row) || row->suite > AES_256)
        return;
    uint8_t salt[FF_NONCE_LEN]; /* so that no header needs one */
    memset(salt, 0x77, sizeof salt);
    ff_key key = row_key(row, 0x42);
    key.salt = salt;
    pair p = make(row, &key, 0x70717273);
    int num_frames = 0;
    while (seal_next(row, &p, BIG) == 0 && num_frames < 4000)
        num_frames++;
    CHECK(num_frames > 0 && num_frames < 4000);
    drop(&p);
}

int main(void)
{
    RUN_ROWS(test_every_header_with_zeros_opens);
    RUN_ROWS(test_escapes_by_chance);
    return check_report();
}
