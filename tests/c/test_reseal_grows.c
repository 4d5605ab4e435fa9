/* test_reseal_grows.c - an SFrame frame that ended in a zero is sealed anew
 * under a counter that takes a byte more in its header. */
#include "rows.h"

#include "batch_kit.h"

#define MEDIA 30
#define MAX_LEN (MEDIA + ROW_MEDIA_MAX)
#define MAX_SEALED (MAX_LEN + ROW_GROWTH)

/* sent: a frame, and what it opens to. */
typedef struct {
    const kit_row *row;
    size_t         len, want_len, sealed_len;
    uint8_t        frame[MAX_LEN], want[MAX_SEALED], sealed[MAX_SEALED];
} sent;

static void check_opens(const sent *it)
{
    uint8_t out[MAX_SEALED];
    ff_opener *opener = row_opener(it->row, 0);
    CHECK_SAME(ff_open_one(opener, out, it->want_len, it->sealed,
                           it->sealed_len, FF_KEY, NULL), it->want_len);
    CHECK(memcmp(out, it->want, it->want_len) == 0);
    ff_opener_free(opener);
}

/* find gives a frame that is not sealed under counter first but under the next
 * one, as direct calls with that would seal it. */
static sent *find(const kit_row *row, uint64_t first)
{
    static sent it;
    uint64_t next = first + 1;
    it.row = row;
    for (int i = 0; i < 5000 && next != first + 2; i++) {
        ff_sealer *sealer = row_sealer(row, first);
        it.len = row_frame(row, it.frame, FF_KEY, MEDIA);
        it.want_len = row_canonical(row, it.want, it.frame, it.len);
        CHECK(ff_seal_one(sealer, it.sealed, MAX_SEALED, it.frame, it.len,
                          FF_KEY, NULL) > 0);
        next = kit_next_of(sealer);
        ff_sealer_free(sealer);
    }
    CHECK_SAME(next, first + 2); /* one in 256 is */
    ff_sealer *direct = row_sealer(row, first + 1);
    it.sealed_len = (size_t)ff_seal_one(direct, it.sealed, MAX_SEALED, it.frame,
                                        it.len, FF_KEY, NULL);
    ff_sealer_free(direct);
    return &it;
}

/* way 0: apart; 1: at the same address; 2: where its body stands at first */
static void seal_and_grow(const sent *it, uint64_t first, int way)
{
    const ff_settings settings = row_settings(it->row, 0);
    ff_claim claim;
    CHECK_SAME(ff_inspect(&settings,
                          (uint32_t)ff_suite_tag_len(it->row->suite), &claim,
                          it->sealed, it->sealed_len), FF_OK);
    size_t shift = it->want_len - it->len + claim.header_len - 1;
    kit_guarded in = kit_guard(it->len), out = kit_guard(it->sealed_len);
    uint8_t *from = way == 0 ? in.at : out.at + (way == 2 ? shift : 0);
    ff_sealer *sealer = row_sealer(it->row, first);
    memcpy(from, it->frame, it->len);
    CHECK_SAME(ff_seal_one(sealer, out.at, it->sealed_len, from, it->len,
                           FF_KEY, NULL), it->sealed_len);
    CHECK(memcmp(out.at, it->sealed, it->sealed_len) == 0);
    CHECK(kit_guards_hold(&in) && kit_guards_hold(&out));
    ff_sealer_free(sealer);
    free(in.block);
    free(out.block);
}

static void batch_and_grow(const sent *it, uint64_t first, int in_place)
{
    kit_batch *batch = kit_batch_new(1, MAX_LEN + FF_FRAME_ROOM,
                                     MAX_SEALED + FF_SPARE);
    ff_sealer *sealer = row_sealer(it->row, first);
    CHECK_SAME(ff_batch_append(&batch->b, it->frame, it->len, FF_KEY, 0, NULL),
               FF_DONE);
    CHECK_SAME(ff_seal_batch(sealer, &batch->b, in_place, 1), 1);
    const uint8_t *got = in_place ? batch->b.in : batch->b.out;
    CHECK_SAME(batch->b.out_len[0], it->sealed_len);
    CHECK(memcmp(got + batch->b.out_at[0], it->sealed, it->sealed_len) == 0);
    ff_sealer_free(sealer);
    kit_batch_free(batch);
}

/* SFrame's header holds the counter in as few bytes as it takes: sealed anew, a
 * frame may need one more in front of what is encrypted. */
static void test_header_that_grows_on_the_way(const kit_row *row)
{
    static const uint64_t firsts[] = {7, 255, 65535};
    if (row->format != SFRAME || row_rule(row)->reseals == FF_RESEALS_NEVER)
        return;
    for (int i = 0; i < 3; i++) {
        const sent *it = find(row, firsts[i]);
        for (int way = 0; way < 3; way++)
            seal_and_grow(it, firsts[i], way);
        for (int in_place = 0; in_place < 2; in_place++)
            batch_and_grow(it, firsts[i], in_place);
        check_opens(it);
    }
}

/* Of a frame whose all is clear, only tag and header are sealed anew. */
static void test_frame_that_is_all_clear_grows_too(const kit_row *row)
{
    static const uint8_t unit[] = {0, 0, 0, 1, 0x65};
    static sent it;
    int num_grown = 0;
    if (row->format != SFRAME || row->codec != FF_CODEC_h264)
        return;
    for (int i = 0; i < 256 && num_grown == 0; i++)
        for (uint64_t first = 7; first < 256; first += 248) {
            ff_sealer *sealer = row_sealer(row, first);
            it.row = row;
            it.len = sizeof unit + 1;
            memcpy(it.frame, unit, sizeof unit);
            it.frame[sizeof unit] = (uint8_t)i;
            it.want_len = row_canonical(row, it.want, it.frame, it.len);
            int64_t got = ff_seal_one(sealer, it.sealed, MAX_SEALED, it.frame,
                                      it.len, FF_KEY, NULL);
            it.sealed_len = got > 0 ? (size_t)got : 0;
            num_grown += kit_next_of(sealer) > first + 1;
            check_opens(&it);
            ff_sealer_free(sealer);
        }
    CHECK(num_grown > 0 || row->suite != AES_128); /* by chance, as it is */
}

int main(void)
{
    RUN_ROWS(test_header_that_grows_on_the_way);
    RUN_ROWS(test_frame_that_is_all_clear_grows_too);
    return check_report();
}
