/* test_codecs.c - what each codec reads from a frame. */
#include "codec.h"

#include "bytes.h"

/* Numbers follow the lines of codecs/registry.def. */
enum { NONE, OPUS, VP8, VP9, H264, H265, AV1, NUM_CODECS };

static void test_registry(void)
{
    static const char *const names[] = {"none", "opus", "vp8", "vp9",
                                        "h264", "h265", "av1"};
    for (uint32_t i = 0; i < NUM_CODECS; i++) {
        const ff_codec *codec = ff_codec_at(i);
        CHECK(strcmp(codec->name, names[i]) == 0);
        CHECK(ff_codec_name(i) == codec->name);
        CHECK(codec->kind && codec->ranges);
        CHECK_SAME(codec->slice_end != NULL, i == H264 || i == H265);
    }
    CHECK(ff_codec_at(NUM_CODECS) == NULL && ff_codec_at(UINT32_MAX) == NULL);
    CHECK(ff_codec_name(NUM_CODECS) == NULL);
}

/* -- key or delta -- */

typedef struct {
    uint32_t     codec;
    const char  *frame;
    ff_key_frame want;
} kind_case;

static const kind_case kinds[] = {
    {NONE, "00", FF_EITHER},
    {OPUS, "78", FF_EITHER},
    {VP8, "10", FF_KEY},
    {VP8, "31", FF_DELTA},
    /* VP9: profiles 0, 1, 2, 3; key, delta, show_existing_frame */
    {VP9, "82", FF_KEY},
    {VP9, "86", FF_DELTA},
    {VP9, "88", FF_DELTA},
    {VP9, "a2", FF_KEY},
    {VP9, "92", FF_KEY},
    {VP9, "96", FF_DELTA},
    {VP9, "b1", FF_KEY},
    {VP9, "b3", FF_DELTA},
    {VP9, "b4", FF_DELTA},
    {VP9, "42", FF_EITHER},
    /* the first slice decides, whatever stands before it */
    {H264, "000001674200000165b8", FF_KEY},
    {H264, "0000000141e00000000165b8", FF_DELTA},
    {H264, "0000000109f000000165", FF_KEY},
    {H264, "000000016742000001680000000106", FF_EITHER},
    {H264, "65b80102", FF_EITHER},
    {H264, "0000000165b8000001", FF_KEY},
    {H264, "00000001", FF_EITHER},
    {H265, "0000000140010000012601", FF_KEY},
    {H265, "0000012001", FF_KEY},
    {H265, "0000012a01", FF_KEY},
    {H265, "0000012c01", FF_EITHER}, /* type 22, reserved */
    {H265, "0000011401", FF_EITHER}, /* type 10, reserved */
    {H265, "0000011201", FF_DELTA},
    {H265, "00000102010000012601", FF_DELTA},
    {H265, "0000014001", FF_EITHER},
    /* AV1: a sequence header; frame_type in a frame (header) */
    {AV1, "12000a0100320130", FF_KEY},
    {AV1, "1200320110", FF_KEY},
    {AV1, "1200320130", FF_DELTA},
    {AV1, "12001a0110", FF_KEY},
    {AV1, "12003a0110", FF_KEY},
    {AV1, "1200320180", FF_DELTA}, /* shows a frame that was sent before */
    {AV1, "320130320110", FF_KEY},
    {AV1, "320130220110", FF_DELTA}, /* and a tile group */
    {AV1, "3010", FF_KEY},
    {AV1, "36080110", FF_KEY},
    {AV1, "1200", FF_EITHER},
    {AV1, "220110", FF_EITHER},
    {AV1, "3200", FF_EITHER},
    {AV1, "320930", FF_EITHER},
    {AV1, "32013012", FF_EITHER},
};

static void test_kinds(void)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        size_t len;
        uint8_t *frame = from_hex(kinds[i].frame, &len);
        if (!CHECK_SAME(ff_codec_at(kinds[i].codec)->kind(frame, len),
                        kinds[i].want))
            fprintf(stderr, "    %s\n", kinds[i].frame);
        free(frame);
    }
    for (uint32_t codec = 0; codec < NUM_CODECS; codec++)
        CHECK_SAME(ff_codec_at(codec)->kind(kit_key, 0), FF_EITHER);
}

/* -- the first slice -- */

static void test_slice_ends(void)
{
    static const struct {
        uint32_t    codec;
        const char *frame;
        size_t      want;
    } cases[] = {
        {H264, "", 0},
        {H264, "41e0", 0},
        {H264, "0000000141e0aabb", 6},
        {H264, "00000141e0aabb", 5},
        {H264, "000001674200000165b8", 10},
        {H264, "0000010900000106000000000141", 15}, /* one past the end */
        {H264, "0000010200000107", 0}, /* a data partition is no slice */
        {H264, "0000010000000141", 9},
        {H265, "0000000140010000012601aabb", 11},
        {H265, "00000001020000000126", 6},
        {H265, "0000012c01", 0},
        {H265, "0000014001", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t len;
        uint8_t *frame = from_hex(cases[i].frame, &len);
        if (!CHECK_SAME(ff_codec_at(cases[i].codec)->slice_end(frame, len),
                        cases[i].want))
            fprintf(stderr, "    %s\n", cases[i].frame);
        free(frame);
    }
}

/* -- any bytes at all -- */

static void test_any_bytes_are_read_within_the_frame(void)
{
    static const uint8_t values[] = {0, 0, 0, 1, 1, 2, 0x12, 0x32, 0x26, 255};
    for (int run = 0; run < 20000; run++) {
        const ff_codec *codec = ff_codec_at((uint32_t)run % NUM_CODECS);
        size_t len = kit_below(run % 2 ? 24 : 400);
        uint8_t *frame = exact_room(len);
        kit_fill(frame, len);
        for (size_t i = 0; run % 3 && i < len; i++)
            frame[i] = values[frame[i] % sizeof values];
        CHECK(codec->kind(frame, len) <= FF_EITHER);
        if (codec->slice_end) {
            size_t end = codec->slice_end(frame, len);
            CHECK(end <= len + 1);
            CHECK_SAME(end > 0, codec->kind(frame, len) != FF_EITHER);
        }
        free(frame);
    }
}

int main(void)
{
    RUN(test_registry);
    RUN(test_kinds);
    RUN(test_slice_ends);
    RUN(test_any_bytes_are_read_within_the_frame);
    return check_report();
}
