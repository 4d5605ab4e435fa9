/* test_injected.c - what LiveKit's servers put in a publisher's place, and what
 * its senders put behind their frames: known blank frames, to the bit. */
#include "hex.h"
#include "rows.h"

#include "batch_kit.h"

#define MAX_LEN 400

typedef struct {
    uint8_t at[MAX_LEN];
    size_t  len;
} bytes;

static bytes from_text(const char *text)
{
    bytes made;
    made.len = hex_read(made.at, text);
    return made;
}

static bytes join(bytes a, const bytes *b)
{
    memcpy(a.at + a.len, b->at, b->len);
    a.len += b->len;
    return a;
}

static ff_opener *opener_of(const ff_settings *settings)
{
    ff_opener *made = NULL;
    CHECK_SAME(ff_opener_new(&made, settings), FF_DONE);
    return kit_need(made);
}

static ff_opener_facts facts_of(ff_opener *opener)
{
    ff_opener_facts facts;
    CHECK_SAME(ff_opener_read(opener, &facts, NULL, 0), FF_DONE);
    return facts;
}

static int64_t open_it(const ff_settings *settings, const bytes *frame)
{
    uint8_t out[MAX_LEN];
    ff_opener *opener = opener_of(settings);
    int64_t got = ff_open_one(opener, out, MAX_LEN, frame->at, frame->len,
                              FF_EITHER, NULL);
    ff_opener_facts facts = facts_of(opener);
    CHECK_SAME(facts.frames, got >= 0);
    CHECK_SAME(facts.forwarded + facts.injected, got >= 0);
    CHECK(got < 0 || memcmp(out, frame->at, (size_t)got) == 0);
    ff_opener_free(opener);
    return got;
}

/* -- LiveKit's server-injected frames -- */

/* A mark is drawn for each room. */
static bytes mark(void)
{
    return from_text("4c4b53494600ff");
}

static ff_settings with_mark(void)
{
    bytes it = mark();
    ff_settings made = {.format = LIVEKIT, .sif_len = (uint32_t)it.len};
    memcpy(made.sif, it.at, it.len);
    return made;
}

#define SPS "6742c01f0fd91f88888400000300040000" "0300c83c60c920"
#define PPS "6887cb83cb20"
#define IDR "6588840af26280" "00a7be"
#define CODE "00000001"

/* livekit-server's blank frames: VP8, H.264 unit by unit and as a receiver's
 * depacketiser joins them, Opus silence (77 zeros more). */
static const char *const blanks[] = {
    "1002009d012a0800080000470885858885848802" "02000c0d6000feffab5080",
    SPS, PPS, IDR, CODE SPS CODE PPS CODE IDR, "f8fffe"};

static bytes blank_at(size_t i)
{
    bytes made = from_text(blanks[i]);
    if (made.len == 3) {
        memset(made.at + 3, 0, 77);
        made.len = 80;
    }
    return made;
}

static void test_known_blank_frames_pass(void)
{
    const ff_settings settings = with_mark();
    const bytes end = mark();
    for (size_t i = 0; i < sizeof blanks / sizeof blanks[0]; i++) {
        bytes blank = blank_at(i), marked = join(blank, &end);
        CHECK_SAME(open_it(&settings, &marked), blank.len);
        for (size_t k = 0; k < blank.len; k++) { /* to the bit */
            marked.at[k] ^= 0x20;
            CHECK_SAME(open_it(&settings, &marked), -FF_NOT_ENCRYPTED);
            marked.at[k] ^= 0x20;
        }
        bytes shorter = blank;
        shorter.len -= 1;
        shorter = join(shorter, &end);
        CHECK_SAME(open_it(&settings, &shorter), -FF_NOT_ENCRYPTED);
        CHECK(open_it(&settings, &blank) < 0); /* without its mark */
    }
    bytes empty = {.len = 0}, little = from_text("f8fffe");
    empty = join(empty, &end);
    little = join(little, &end);
    CHECK_SAME(open_it(&settings, &empty), -FF_NOT_ENCRYPTED);
    CHECK_SAME(open_it(&settings, &little), -FF_NOT_ENCRYPTED);
}

static void test_injected_frames_are_counted_as_such(void)
{
    const bytes end = mark();
    bytes blank = blank_at(0), marked = join(blank, &end);
    for (uint32_t forwards = 0; forwards < 2; forwards++) {
        ff_settings settings = with_mark();
        uint8_t out[MAX_LEN];
        settings.forwards_clear = forwards; /* no word of LiveKit's */
        ff_opener *opener = opener_of(&settings);
        for (int i = 0; i < 3; i++)
            CHECK_SAME(ff_open_one(opener, out, MAX_LEN, marked.at, marked.len,
                                   FF_KEY, NULL), blank.len);
        CHECK_SAME(facts_of(opener).injected, 3);
        CHECK_SAME(facts_of(opener).forwarded, 0);
        CHECK_SAME(facts_of(opener).bytes_out, 3 * blank.len);
        ff_opener_free(opener);
    }
}

/* Handed on in place, apart, and never beyond the room there is. */
static void test_plain_frames_keep_to_their_room(void)
{
    const ff_settings settings = with_mark();
    const bytes end = mark();
    bytes blank = blank_at(4), marked = join(blank, &end);
    ff_opener *opener = opener_of(&settings);
    for (int d = -(int)blank.len - 1; d <= (int)marked.len; d++) {
        uint8_t block[3 * MAX_LEN], *in = block + MAX_LEN, *out = in + d;
        int is_apart = d >= (int)marked.len || d + (int)blank.len <= 0;
        memcpy(in, marked.at, marked.len);
        CHECK_SAME(ff_open_one(opener, out, blank.len - 1, in, marked.len, 0,
                               NULL), -FF_NO_ROOM);
        int64_t got = ff_open_one(opener, out, blank.len, in, marked.len, 0,
                                  NULL);
        CHECK_SAME(got, is_apart || d == 0 ? (int64_t)blank.len
                                           : -FF_BAD_OVERLAP);
        CHECK(got < 0 || memcmp(out, blank.at, blank.len) == 0);
    }
    for (int in_place = 0; in_place < 2; in_place++) {
        kit_batch *batch = kit_batch_new(2, 2 * (MAX_LEN + FF_FRAME_ROOM),
                                         2 * (MAX_LEN + FF_SPARE));
        for (int i = 0; i < 2; i++)
            CHECK_SAME(ff_batch_append(&batch->b, marked.at, marked.len, 0, 0,
                                       NULL), FF_DONE);
        CHECK_SAME(ff_open_batch(opener, &batch->b, in_place, 1), 2);
        const uint8_t *got = in_place ? batch->b.in : batch->b.out;
        for (int i = 0; i < 2; i++)
            CHECK(batch->b.out_len[i] == blank.len &&
                  memcmp(got + batch->b.out_at[i], blank.at, blank.len) == 0);
        kit_batch_free(batch);
    }
    ff_opener_free(opener);
}

/* -- LiveKit's frame metadata -- */

static bytes metadata(const char *values, int length)
{
    bytes made = from_text(values);
    for (size_t i = 0; i < made.len; i++)
        made.at[i] ^= 0xFF;
    made.at[made.len++] = (uint8_t)(length ^ 0xFF);
    memcpy(made.at + made.len, "LKTS", 4);
    made.len += 4;
    return made;
}

static bytes sealed_frame(void)
{
    static const kit_row row = {.format = LIVEKIT,
                                .facts = {.counter_max = 1000}};
    bytes made;
    uint8_t frame[50] = {1, 2, 3};
    ff_sealer *sealer = row_sealer(&row, 5);
    int64_t got = ff_seal_one(sealer, made.at, MAX_LEN, frame, 50, 0, NULL);
    CHECK(got > 0);
    made.len = (size_t)got;
    ff_sealer_free(sealer);
    return made;
}

static int64_t open_with_metadata(const bytes *behind, uint32_t strips)
{
    const ff_settings settings = {.format = LIVEKIT, .strips_metadata = strips};
    const ff_key key = kit_key_of(AES_128, 1);
    bytes frame = sealed_frame();
    uint8_t out[MAX_LEN];
    frame = join(frame, behind);
    ff_opener *opener = opener_of(&settings);
    CHECK_SAME(ff_opener_set_key(opener, &key), FF_DONE);
    int64_t got = ff_open_one(opener, out, MAX_LEN, frame.at, frame.len, 0,
                              NULL);
    ff_opener_free(opener);
    return got;
}

static void test_metadata_is_stripped_if_asked(void)
{
    const bytes stamp = metadata("01080011223344556677", 15);
    const bytes none = metadata("", 5), empty = {.len = 0};
    CHECK_SAME(open_with_metadata(&empty, 0), 50);
    CHECK_SAME(open_with_metadata(&empty, 1), 50);
    CHECK_SAME(open_with_metadata(&stamp, 1), 50);
    CHECK_SAME(open_with_metadata(&none, 1), 50);
    CHECK(open_with_metadata(&stamp, 0) < 0); /* 'S' is no key of ours */
    for (int length = 0; length < 256; length++) {
        bytes lying = metadata("01080011223344556677", length);
        int64_t got = open_with_metadata(&lying, 1);
        if (length == 50 + 30 + 15)
            CHECK_SAME(got, 0); /* it says that all of it is metadata */
        else
            CHECK(length == 15 ? got == 50 : got < 0);
    }
}

/* The sender's metadata is outside of the server's mark. */
static void test_metadata_comes_off_before_the_mark_is_sought(void)
{
    ff_settings settings = with_mark();
    const bytes end = mark(), stamp = metadata("0102", 7);
    bytes blank = blank_at(0);
    blank = join(blank, &end);
    blank = join(blank, &stamp);
    CHECK(open_it(&settings, &blank) < 0);
    settings.strips_metadata = 1;
    CHECK_SAME(open_it(&settings, &blank), blank_at(0).len);
}

int main(void)
{
    RUN(test_known_blank_frames_pass);
    RUN(test_injected_frames_are_counted_as_such);
    RUN(test_plain_frames_keep_to_their_room);
    RUN(test_metadata_is_stripped_if_asked);
    RUN(test_metadata_comes_off_before_the_mark_is_sought);
    return check_report();
}
