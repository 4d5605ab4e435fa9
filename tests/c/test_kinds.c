/* test_kinds.c - key frame or delta: said, read from the bytes, authenticated
 * or found out; and codecs that the receiver need not be told. */
#include "rows.h"

#define MEDIA 50
#define MAX_LEN (MEDIA + ROW_MEDIA_MAX)
#define MAX_SEALED (MAX_LEN + ROW_GROWTH)

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

/* open_fresh opens with an opener that has seen nothing. */
static int64_t open_fresh(const kit_row *row, uint8_t *out, size_t cap,
                          const uint8_t *sealed, size_t len, int kind)
{
    ff_extra extra = {.counter = FIRST_COUNTER};
    ff_opener *opener = row_opener(row, 64);
    int64_t got = ff_open_one(opener, out, cap, sealed, len, kind, &extra);
    ff_opener_free(opener);
    CHECK_SAME(ERR_peek_error(), 0);
    return got;
}

/* is_bound: does a frame open only as what it was sealed as? By a flag of its
 * own, or by how much of it is clear. */
static int is_bound(const kit_row *row)
{
    int is_read = row->codec == FF_CODEC_vp8 || row->codec == FF_CODEC_h264 ||
                  row->codec == FF_CODEC_h265;
    if (row->facts.has_key_flag)
        return !is_read; /* there the bytes say it, and not the caller */
    if (row->format == JITSI)
        return row->codec != FF_CODEC_opus;
    return row->format == LIVEKIT && (row->codec == FF_CODEC_vp8 ||
                                      row->codec == FF_CODEC_none);
}

/* Whoever does not know whether it is a key frame lets the opener find out. */
static void test_kind_of_frame_is_authenticated_or_found_out(const kit_row *row)
{
    uint8_t frame[MAX_LEN], want[MAX_LEN], sealed[MAX_SEALED], out[MAX_LEN];
    for (int kind = FF_DELTA; kind <= FF_KEY; kind++)
        for (int told = FF_DELTA; told <= FF_EITHER; told++) {
            size_t len = row_frame(row, frame, kind, MEDIA);
            size_t want_len = row_canonical(row, want, frame, len);
            len = seal_as(row, sealed, MAX_SEALED, frame, len, kind);
            memset(out, SENTINEL, sizeof out);
            int64_t got = open_fresh(row, out, want_len, sealed, len, told);
            if (told == kind || told == FF_EITHER) {
                CHECK_SAME(got, want_len);
                CHECK(memcmp(out, want, want_len) == 0);
            } else if (got < 0) {
                CHECK_SAME(got, -FF_AUTH_FAILED);
                CHECK(kit_is_all(out, 0, want_len));
            } else {
                CHECK(!is_bound(row));
            }
            CHECK(kit_is_all(out + want_len, SENTINEL, MAX_LEN - want_len));
        }
}

/* Senders may leave it to the codec, too: what cannot be read is a delta. */
static void test_kind_left_to_the_codec_is_read(const kit_row *row)
{
    uint8_t frame[MAX_LEN], sealed[MAX_SEALED], same[MAX_SEALED];
    int can_read = row->codec != FF_CODEC_none && row->codec != FF_CODEC_opus;
    for (int kind = FF_DELTA; kind <= FF_KEY; kind++) {
        size_t len = row_frame(row, frame, kind, MEDIA);
        size_t got = seal_as(row, sealed, MAX_SEALED, frame, len, FF_EITHER);
        CHECK_SAME(seal_as(row, same, MAX_SEALED, frame, len,
                           can_read ? kind : FF_DELTA), got);
        CHECK(memcmp(sealed, same, got) == 0);
    }
}

/* Where the frame says itself what is clear, its receiver need not know the
 * codec, nor be right about it. */
static void test_frames_that_describe_themselves_need_no_codec(
    const kit_row *row)
{
    uint8_t frame[MAX_LEN], want[MAX_SEALED], sealed[MAX_SEALED], out[MAX_LEN];
    kit_row other = *row;
    if (!row->facts.describes_itself)
        return;
    size_t len = row_frame(row, frame, FF_KEY, MEDIA);
    size_t want_len = row_canonical(row, want, frame, len);
    len = seal_as(row, sealed, MAX_SEALED, frame, len, FF_KEY);
    for (other.codec = 0; other.codec < FF_NUM_CODECS; other.codec++) {
        CHECK_SAME(open_fresh(&other, out, want_len, sealed, len, FF_EITHER),
                   want_len);
        CHECK(memcmp(out, want, want_len) == 0);
    }
}

int main(void)
{
    RUN_ROWS(test_kind_of_frame_is_authenticated_or_found_out);
    RUN_ROWS(test_kind_left_to_the_codec_is_read);
    RUN_ROWS(test_frames_that_describe_themselves_need_no_codec);
    return check_report();
}
