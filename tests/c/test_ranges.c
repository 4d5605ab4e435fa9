/* test_ranges.c - how codecs split frames for DAVE: ranges and pieces. */
#include "codec.h"

#include "bytes.h"

#define MAX_FRAME 400
#define MAX_RANGES_TEXT 4096

/* Numbers follow the lines of codecs/registry.def. */
enum { NONE, OPUS, VP8, VP9, H264, H265, AV1, NUM_CODECS };

/* render joins the pieces, checks what holds of every split, and lists the
 * clear ranges as "offset+length offset+length". */
static size_t render(uint8_t *out, char *ranges, const ff_split *split,
                     const uint8_t *frame, size_t len)
{
    size_t n = 0, num_clear = 0, from = 0;
    char *first = ranges;
    int was_clear = 0;
    *ranges = 0;
    for (uint32_t i = 0; i <= split->num; i++) {
        ff_piece it = i < split->num ? split->pieces[i] : (ff_piece){0};
        if (was_clear && !it.is_clear)
            ranges += sprintf(ranges, "%s%zu+%zu", ranges > first ? " " : "",
                              from, n - from);
        from = it.is_clear && !was_clear ? n : from;
        was_clear = it.is_clear;
        CHECK(it.at <= len && it.len <= len - it.at);
        CHECK(it.lead_len <= FF_LEAD_MAX && (it.is_clear || !it.lead_len));
        CHECK(i == split->num || it.lead_len + it.len > 0);
        memcpy(out + n, it.lead, it.lead_len);
        memcpy(out + n + it.lead_len, frame + it.at, it.len);
        n += it.lead_len + it.len;
        num_clear += it.is_clear ? it.lead_len + it.len : 0;
    }
    CHECK_SAME(split->clear_len, num_clear);
    CHECK_SAME(split->body_len, n - num_clear);
    return n;
}

typedef struct {
    uint32_t    codec;
    const char *frame, *canonical, *ranges;
} split_case;

/* Sealed by davey 0.1.7: the ranges its footers list, and what it opened. */
static const split_case splits[] = {
    {OPUS, "7822", "7822", ""},
    {VP8, "10020304050607080900aabb", "10020304050607080900aabb", "0+10"},
    {VP8, "110203", "110203", "0+1"},
    {VP9, "8649834200", "8649834200", ""},
    {H264, "0000000167420000000168ce0000000165888401020304",
     "0000000167420000000168ce0000000165888401020304", "0+19"},
    {H264, "ffee00000167420000010921000001418000030102030405000000",
     "00000001674200000001092100000001418000030102030405000000", "0+24"},
    {H264, "0000000141e0aabbcc0000010141b0ddeeff11",
     "0000000141e0aabbcc000000010141b0ddeeff11", "0+6 9+8"},
    {H264, "00000165b8010203000001410000030000030000030000030102030405060708",
     "0000000165b80102030000000141000003000003000003000003010203040506"
     "0708",
     "0+6 9+5"},
    {H264, "00000165000000000000aabbccddeeff00112233",
     "0000000165000000000000aabbccddeeff00112233", "0+5"},
    {H264, "00000165000003000080aabbccddeeff00112233",
     "0000000165000003000080aabbccddeeff00112233", "0+5"},
    {H264, "0000016500000300010a0b0c0dc0ffeeddccbbaa",
     "000000016500000300010a0b0c0dc0ffeeddccbbaa", "0+15"},
    {H264, "0000016742000001680000000165", "0000000167420000000168", "0+11"},
    {H264, "0000016742000001", "000000016742000001", "0+9"},
    {H264, "0000010000016742", "00000001000000016742", "0+10"},
    {H264, "67420165b80102", "", ""},
    {H264, "010203", "010203", ""},
    {H265, "0000000140010c01000001420102000000012601aabbccdd00000102010203",
     "0000000140010c0100000001420102000000012601aabbccdd00000001020102"
     "03",
     "0+21 25+6"},
    {H265, "000001440100000126", "000000014401", "0+6"},
    {H265, "ff0000013e01aabb", "000000013e01aabb", "0+6"},
    {H265, "00000140", "00000140", ""},
    {AV1, "12000a010832021001", "0a0108301001", "0+2 3+1"},
    {AV1, "12000a0108320310aabb", "0a01083010aabb", "0+2 3+1"},
    {AV1, "360085000102030405300a", "3600050102030405300a", "0+3 8+1"},
    {AV1, "0a0108420101720203047a01ff", "0a010872020304", "0+2 3+2"},
    {AV1, "0a81000832810010", "0a01083010", "0+2 3+1"},
    {AV1, "0a00320110", "0a003010", "0+3"},
    {AV1, "36008003aabbcc320110", "36008003aabbcc320110", ""},
    {AV1, "0a0108320510", "0a0108320510", ""},
    {AV1, "10", "10", ""},
    {AV1, "16", "16", ""},
    {AV1, "0a", "0a", ""},
};

/* Frames on which davey 0.1.7 panics: headers longer than their unit or frame
 * are cut there, and sizes no frame can have leave nothing clear. */
static const split_case clamped[] = {
    {NONE, "aabbcc", "aabbcc", ""},
    {VP8, "100203", "100203", "0+3"},
    {H264, "0000016500000141b8aabbccdd", "00000001650000000141b8aabbccdd",
     "0+11"},
    {H264, "0000014180000000016742", "000000014180000000016742", "0+5 6+6"},
    {H264, "00000001410000", "00000001410000", "0+7"},
    {H265, "0000012600000142aabb", "00000001260000000142aabb", "0+12"},
    {H265, "0000010000010201aabb", "00000001000000010201aabb", "0+10"},
    {AV1, "3288808080808080000102030405060708", "300102030405060708", "0+1"},
    {AV1, "328880808080808080000102030405060708",
     "328880808080808080000102030405060708", ""},
    {AV1, "3288808080808080", "3288808080808080", ""},
    {AV1, "32ffffffffffffff7f00", "32ffffffffffffff7f00", ""},
};

static void compare(const split_case *it)
{
    uint8_t canonical[MAX_FRAME];
    char ranges[MAX_RANGES_TEXT];
    size_t len, want_len;
    uint8_t *frame = from_hex(it->frame, &len);
    uint8_t *want = from_hex(it->canonical, &want_len);
    ff_split split;
    CHECK_SAME(ff_codec_at(it->codec)->ranges(&split, frame, len), FF_OK);
    int is_same = render(canonical, ranges, &split, frame, len) == want_len;
    is_same = is_same && memcmp(canonical, want, want_len) == 0;
    if (!CHECK(is_same && strcmp(ranges, it->ranges) == 0))
        fprintf(stderr, "    %s: %s\n", it->frame, ranges);
    free(frame);
    free(want);
}

static void test_ranges_are_those_of_davey(void)
{
    for (size_t i = 0; i < sizeof splits / sizeof splits[0]; i++)
        compare(&splits[i]);
    for (size_t i = 0; i < sizeof clamped / sizeof clamped[0]; i++)
        compare(&clamped[i]);
}

/* AMD's encoder pads sizes, libwebrtc's packetiser writes them anew: AAD must
 * hold them as they will arrive. */
static void test_obu_sizes_take_their_fewest_bytes(void)
{
    static const size_t sizes[] = {1, 127, 128, 16383, 16384, 2097152};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t size = sizes[i], num = 0;
        uint8_t *frame = kit_need(calloc(1, size + 8)), want[5] = {0x32};
        memcpy(frame, (uint8_t[]){0x32, 0x80, 0x80, 0x80, 0x80, 0}, 6);
        frame[size + 6] = 0x30;
        for (size_t left = size; left > 0; left >>= 7, num++) {
            frame[1 + num] |= left & 0x7f;
            want[1 + num] = (uint8_t)(left > 0x7f ? left | 0x80 : left);
        }
        ff_split split;
        CHECK_SAME(ff_codec_at(AV1)->ranges(&split, frame, size + 8), FF_OK);
        CHECK_SAME(split.num, 4);
        CHECK_SAME(split.pieces[0].lead_len, 1 + num);
        CHECK(memcmp(split.pieces[0].lead, want, 1 + num) == 0);
        CHECK_SAME(split.pieces[1].at, 6);
        CHECK_SAME(split.pieces[1].len, size);
        free(frame);
    }
}

static void test_empty_frame_has_no_pieces(void)
{
    for (uint32_t codec = 0; codec < NUM_CODECS; codec++) {
        ff_split split = {.num = 9, .clear_len = 9, .body_len = 9};
        CHECK_SAME(ff_codec_at(codec)->ranges(&split, kit_key, 0), FF_OK);
        CHECK_SAME(split.num + split.clear_len + split.body_len, 0);
    }
}

/* Two pieces for each unit: the table is full, and one unit more is refused. */
static void test_more_units_than_fit(void)
{
    static const struct {
        uint32_t    codec;
        const char *unit;
    } cases[] = {{H264, "00000165b8aaaa"}, {H265, "0000012601aaaa"},
                 {AV1, "3203aaaaaa"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const ff_codec *codec = ff_codec_at(cases[i].codec);
        size_t len, most = FF_PIECES_MAX / 2;
        uint8_t *unit = from_hex(cases[i].unit, &len);
        uint8_t *frame = kit_need(malloc((most + 1) * len));
        ff_split split;
        for (size_t k = 0; k <= most; k++)
            memcpy(frame + k * len, unit, len);
        CHECK_SAME(codec->ranges(&split, frame, most * len), FF_OK);
        CHECK_SAME(split.num, FF_PIECES_MAX);
        CHECK_SAME(codec->ranges(&split, frame, (most + 1) * len),
                   FF_MALFORMED);
        free(unit);
        free(frame);
    }
}

static void test_pieces_are_joined_where_they_meet(void)
{
    static const ff_piece pieces[] = {
        {.at = 0, .len = 4, .is_clear = 1}, {.at = 4, .len = 2, .is_clear = 1},
        {.at = 6, .len = 3},                {.at = 9, .len = 1},
        {.at = 11, .len = 1},               {.at = 12},
        {.at = 12, .len = 1, .is_clear = 1},
        {.at = 13, .len = 1, .is_clear = 1, .lead_len = 1}};
    ff_split split = {0};
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++)
        CHECK(ff_split_add(&split, &pieces[i]));
    CHECK_SAME(split.num, 5);
    CHECK_SAME(split.pieces[0].len, 6);
    CHECK_SAME(split.pieces[1].len, 4);
    CHECK_SAME(split.clear_len, 9);
    CHECK_SAME(split.body_len, 5);
}

/* -- any bytes at all -- */

/* fill_any draws bytes that look like many NAL units or OBUs. */
static void fill_any(uint8_t *out, size_t len)
{
    static const uint8_t values[] = {0,    0,    0,    1,    1,    3,
                                     0x12, 0x32, 0x36, 0x65, 0x67, 0x26,
                                     0x0a, 0x80, 2,    255};
    int is_dense = kit_below(3) > 0;
    for (size_t i = 0; i < len; i++)
        out[i] = is_dense ? values[kit_below(sizeof values)]
                          : (uint8_t)kit_random();
}

static void test_any_bytes_split_within_the_frame(void)
{
    uint8_t bytes[MAX_FRAME], out[2 * MAX_FRAME];
    char text[MAX_RANGES_TEXT];
    for (int run = 0; run < 20000; run++) {
        const ff_codec *codec = ff_codec_at((uint32_t)run % NUM_CODECS);
        size_t len = kit_below(run % 2 ? 24 : MAX_FRAME);
        ff_split split;
        fill_any(bytes, len);
        uint8_t *frame = exact_copy(bytes, len);
        if (codec->ranges(&split, frame, len) == FF_OK)
            (void)render(out, text, &split, frame, len);
        CHECK(memcmp(frame, bytes, len) == 0);
        free(frame);
    }
}

/* A frame of more ranges than any list holds is refused, not cut. */
static void test_list_of_pieces_that_is_full_takes_no_more(void)
{
    ff_split split;
    split.num = split.clear_len = split.body_len = 0;
    for (uint32_t i = 0; i < FF_PIECES_MAX; i++) {
        ff_piece piece = {.at = 2 * i, .len = 1, .is_clear = i % 2 == 0};
        CHECK(ff_split_add(&split, &piece));
    }
    ff_piece more = {.at = 3 * FF_PIECES_MAX, .len = 1,
                     .is_clear = FF_PIECES_MAX % 2 == 0};
    CHECK_SAME(ff_split_add(&split, &more), 0);
    CHECK_SAME(split.num, FF_PIECES_MAX);
}

int main(void)
{
    RUN(test_ranges_are_those_of_davey);
    RUN(test_obu_sizes_take_their_fewest_bytes);
    RUN(test_empty_frame_has_no_pieces);
    RUN(test_more_units_than_fit);
    RUN(test_pieces_are_joined_where_they_meet);
    RUN(test_any_bytes_split_within_the_frame);
    RUN(test_list_of_pieces_that_is_full_takes_no_more);
    return check_report();
}
