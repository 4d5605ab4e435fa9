/* test_reseal_found.c - frames of which something unfit really comes: start
 * codes in DAVE's ciphertext, slices in LiveKit's, a zero at our own end. */
#include "rows.h"

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

/* Nor one that begins in the clear bytes: H.265's header may end in zeros. */
static void test_dave_start_code_across_the_clear_end(const kit_row *row)
{
    static const uint8_t code[] = {0, 0, 1};
    static sent it;
    if (row->format != DAVE || row->codec != FF_CODEC_h265)
        return;
    for (size_t zeros = 1; zeros < 3; zeros++)
        for (int i = 0; i < 50; i++) {
            it.row = row;
            it.len = row_frame(row, it.frame, FF_KEY, MEDIA);
            size_t body = it.len - MEDIA;
            size_t more = row_canonical(row, it.want, it.frame, it.len) -
                          it.len;
            memset(it.frame + body - zeros, 0, zeros);
            it.frame[body] |= 0x80; /* else the frame has that code itself */
            choose(&it, body, more, code + zeros, 3 - zeros, FF_KEY);
            CHECK(it.next > FIRST + 1 || it.frame[body] <= 1);
            CHECK(!starts_outside(&it, body + more) || it.frame[body] <= 1);
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

int main(void)
{
    RUN_ROWS(test_dave_ciphertext_holds_no_start_code);
    RUN_ROWS(test_dave_start_code_across_the_clear_end);
    RUN_ROWS(test_livekit_receiver_finds_no_other_slice);
    RUN_ROWS(test_livekit_start_code_across_the_clear_end);
    RUN_ROWS(test_own_frames_do_not_end_in_a_zero);
    return check_report();
}
