/* test_reseal_found.c - frames of which something unfit really comes: start
 * codes in DAVE's ciphertext, slices in LiveKit's, a zero at our own end. */
#include "rows.h"

#include "batch_kit.h"

#define MEDIA 200
#define MAX_LEN (MEDIA + ROW_MEDIA_MAX)
#define MAX_SEALED (MAX_LEN + ROW_GROWTH)
#define FIRST 1000

/* sent: a frame as it was sealed, from counter FIRST on. */
typedef struct {
    const kit_row *row;
    size_t         len, want_len, sealed_len;
    uint64_t       next; /* of the sealer, behind it */
    uint8_t        frame[MAX_LEN], want[MAX_SEALED], sealed[MAX_SEALED];
} sent;

static void seal(sent *it, int kind)
{
    const ff_settings settings = row_settings(it->row, 0);
    const ff_range range = {FIRST, it->row->facts.counter_max};
    ff_key key = row_key(it->row, 1);
    ff_sealer *sealer = NULL;
    ff_sealer_facts facts;
    key.salt_is_drawn = 1;
    CHECK_SAME(ff_sealer_new(&sealer, &settings, &key, &range), FF_DONE);
    int64_t got = ff_seal_one(sealer, it->sealed, MAX_SEALED, it->frame,
                              it->len, kind, NULL);
    CHECK(got > 0);
    it->sealed_len = got > 0 ? (size_t)got : 0;
    CHECK_SAME(ff_sealer_read(sealer, &facts), FF_DONE);
    it->next = facts.next;
    it->want_len = row_canonical(it->row, it->want, it->frame, it->len);
    ff_sealer_free(sealer);
}

static void check_opens(const sent *it, int kind)
{
    uint8_t out[MAX_SEALED];
    ff_opener *opener = row_opener(it->row, 0);
    CHECK_SAME(ff_open_one(opener, out, it->want_len, it->sealed,
                           it->sealed_len, kind, NULL), it->want_len);
    CHECK(memcmp(out, it->want, it->want_len) == 0);
    ff_opener_free(opener);
}

/* choose makes len bytes of the frame, from at on, encrypt to wanted; what is
 * clear before them grows by more bytes on its way. */
static void choose(sent *it, size_t at, size_t more, const uint8_t *wanted,
                   size_t len, int kind)
{
    seal(it, kind);
    if (it->next != FIRST + 1)
        return; /* resealed already */
    for (size_t i = 0; i < len; i++)
        it->frame[at + i] ^= it->sealed[at + more + i] ^ wanted[i];
    seal(it, kind);
}

/* -- DAVE -- */

/* starts_outside finds a start code that reaches into what is not clear. */
static int starts_outside(const sent *it, size_t clear)
{
    for (size_t i = clear > 2 ? clear - 2 : 0; i + 2 < it->sealed_len; i++)
        if (row_is_start_code(it->sealed + i))
            return 1;
    return 0;
}

static void test_dave_ciphertext_holds_no_start_code(const kit_row *row)
{
    static const uint8_t code[] = {0, 0, 1};
    static ff_split split;
    static sent it;
    if (row->format != DAVE || row_rule(row)->reseals == FF_RESEALS_NEVER)
        return;
    for (int i = 0; i < 400; i++) {
        it.row = row;
        it.len = row_frame(row, it.frame, FF_KEY, MEDIA);
        size_t want_len = row_canonical(row, it.want, it.frame, it.len);
        CHECK_SAME(ff_codec_at(row->codec)->ranges(&split, it.frame, it.len),
                   FF_OK);
        size_t body = split.pieces[split.num - 1].at;
        size_t more = want_len - it.len, room = it.len - body;
        size_t at = i % 4 == 0   ? 0
                    : i % 4 == 1 ? room - 3
                                 : kit_below((uint32_t)room - 3);
        choose(&it, body + at, more, code, 3, FF_KEY);
        CHECK(it.next > FIRST + 1);
        CHECK(!starts_outside(&it, body + more));
        check_opens(&it, FF_KEY);
    }
}

/* -- LiveKit -- */

static void choose_slice(const kit_row *row, const char *units, size_t head,
                         uint8_t header)
{
    static sent it;
    const uint8_t slice[] = {0, 0, 1, header, 0x88};
    for (size_t at = 10; at < 60; at += 7) {
        it.row = row;
        it.len = 80;
        kit_fill(it.frame, it.len);
        memcpy(it.frame, units, head);
        choose(&it, at, 0, slice, sizeof slice, FF_KEY);
        CHECK(it.next > FIRST + 1);
        check_opens(&it, FF_KEY);
        check_opens(&it, FF_EITHER);
    }
}

/* Without a slice ten bytes stay clear, and a slice in the ciphertext would be
 * taken for the end of what does. */
static void test_livekit_receiver_finds_no_other_slice(const kit_row *row)
{
    if (row->format != LIVEKIT ||
        row_rule(row)->reseals == FF_RESEALS_NEVER)
        return;
    choose_slice(row, "\0\0\0\1\147\102", 6, 0x65);
    choose_slice(row, "\0\0\1\147\102", 5, 0x41);
    choose_slice(row, "\0\0\0\1\100\1", 6, 0x26);
    choose_slice(row, "\0\0\1\102\1", 5, 0x02);
}

/* Escapes do not look back: a start code could begin in the clear bytes. */
static void test_livekit_start_code_across_the_clear_end(const kit_row *row)
{
    static const uint8_t units[] = {0, 0, 0, 1, 0, 0}; /* H.265, type 0 */
    static const uint8_t wanted[] = {1, 0x65, 0x88, 1};
    static sent it;
    if (row->format != LIVEKIT || row->codec != FF_CODEC_h265)
        return;
    for (int i = 0; i < 20; i++) {
        it.row = row;
        it.len = 80;
        kit_fill(it.frame, it.len);
        memcpy(it.frame, units, sizeof units);
        choose(&it, sizeof units, 0, wanted, sizeof wanted, FF_DELTA);
        CHECK(it.next > FIRST + 1);
        check_opens(&it, FF_DELTA);
    }
}

/* -- our own -- */

static void test_own_frames_do_not_end_in_a_zero(const kit_row *row)
{
    static sent it;
    uint64_t num_resealed = 0;
    if (row_rule(row)->reseals != FF_RESEALS_ZERO)
        return;
    for (int i = 0; i < 1500; i++) {
        it.row = row;
        it.len = row_frame(row, it.frame, FF_KEY, 30);
        seal(&it, FF_KEY);
        CHECK(it.sealed[it.sealed_len - 1] != 0);
        num_resealed += it.next > FIRST + 1;
        if (it.next > FIRST + 1)
            check_opens(&it, FF_KEY);
    }
    CHECK(num_resealed > 0 && num_resealed < 50); /* one in 256 */
}

/* -- headers that grow -- */

/* find gives a frame that is not sealed under counter first but under the next
 * one, as direct calls with that would seal it. */
static sent *find(const kit_row *row, uint64_t first)
{
    static sent it;
    uint64_t next = first + 1;
    it.row = row;
    for (int i = 0; i < 5000 && next != first + 2; i++) {
        ff_sealer *sealer = row_sealer(row, first);
        it.len = row_frame(row, it.frame, FF_KEY, 30);
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
    CHECK_SAME(ff_seal_batch(sealer, &batch->b, in_place), 1);
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
        check_opens(it, FF_KEY);
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
            check_opens(&it, FF_KEY);
            ff_sealer_free(sealer);
        }
    CHECK(num_grown > 0 || row->suite != AES_128); /* by chance, as it is */
}

int main(void)
{
    RUN_ROWS(test_dave_ciphertext_holds_no_start_code);
    RUN_ROWS(test_livekit_receiver_finds_no_other_slice);
    RUN_ROWS(test_livekit_start_code_across_the_clear_end);
    RUN_ROWS(test_own_frames_do_not_end_in_a_zero);
    RUN_ROWS(test_header_that_grows_on_the_way);
    RUN_ROWS(test_frame_that_is_all_clear_grows_too);
    return check_report();
}
