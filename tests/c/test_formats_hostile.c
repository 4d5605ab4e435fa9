/* test_formats_hostile.c - formats alone with bytes that no sender writes: cut
 * off, too long, out of order, and at random. */
#include "hex.h"
#include "rows.h"
#include "wire.h"

#define MAX_WIRE 400

/* read_wire does as open.c does, up to the cipher; what it finds must lie
 * within the bytes, which end with their allocation. */
static ff_status read_wire(const ff_settings *settings, const uint8_t *bytes,
                           size_t len, ff_plan *plan)
{
    const ff_format *format = ff_format_at(settings->format);
    static ff_split split;
    ff_look look = {.len = len, .split = &split};
    ff_run run;
    uint8_t *exact = kit_need(malloc(len + 1));
    memcpy(exact + 1, bytes, len);
    ff_status status = FF_OK;
    if (format->look)
        status = format->look(&look, settings, exact + 1, len);
    *plan = (ff_plan){.tag_len = format->facts.tag_min};
    if (status == FF_OK && look.plain == FF_PLAIN_NOT) {
        CHECK(look.len <= len && look.clear_len <= look.len);
        ff_run_read(&run, format, look.is_escaped, exact + 1, look.len,
                    look.clear_len);
        plan->clear_len = (uint32_t)look.clear_len;
        plan->tail_len = look.tail_len;
        plan->counter = look.counter;
        status = format->plan_open(plan, &run.wire);
        uint32_t rest = plan->head_len + plan->tag_len + plan->tail_len;
        CHECK(status != FF_OK || rest <= run.wire.len);
        if (settings->format == DAVE && status == FF_OK)
            CHECK_SAME(split.clear_len + split.body_len, run.wire.len - rest);
    }
    free(exact);
    return status;
}

static ff_status read_hex(uint32_t format, const char *text, ff_plan *plan)
{
    uint8_t wire[MAX_WIRE];
    const ff_settings settings = {.format = format};
    return read_wire(&settings, wire, hex_read(wire, text), plan);
}

/* -- SFrame's header; behind it four zeros, a tag of the shortest suite -- */

static void test_sframe_header_is_read_strictly(void)
{
    static const struct {
        const char *wire;
        ff_status   want;
        uint64_t    key_id, counter;
    } cases[] = {
        {"0000000000", FF_OK, 0, 0},
        {"7500000000", FF_OK, 7, 5},
        {"800800000000", FF_OK, 8, 0},
        {"800700000000", FF_MALFORMED, 0, 0}, /* fits the config byte */
        {"080700000000", FF_MALFORMED, 0, 0},
        {"80ff00000000", FF_OK, 255, 0},
        {"9000ff00000000", FF_MALFORMED, 0, 0}, /* a byte too many */
        {"90010000000000", FF_OK, 256, 0},
        {"0900ff00000000", FF_MALFORMED, 0, 0},
        {"09010000000000", FF_OK, 0, 256},
        {"ff0100000000000000020000000000000300000000", FF_OK,
         UINT64_C(1) << 56, UINT64_C(2) << 56 | 3},
        {"ff0000000000000001020000000000000300000000", FF_MALFORMED, 0, 0},
        {"ff0100000000000000000000000000000300000000", FF_MALFORMED, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ff_plan plan;
        CHECK_SAME(read_hex(SFRAME, cases[i].wire, &plan), cases[i].want);
        if (cases[i].want == FF_OK) {
            CHECK_SAME(plan.key_id, cases[i].key_id);
            CHECK_SAME(plan.counter, cases[i].counter);
            CHECK_SAME(plan.aad_len, plan.head_len);
        }
        char cut[64]; /* every shorter one lacks a byte somewhere */
        size_t len = strlen(cases[i].wire);
        for (size_t to = 0; to < len && cases[i].want == FF_OK; to += 2) {
            snprintf(cut, sizeof cut, "%.*s", (int)to, cases[i].wire);
            CHECK_SAME(read_hex(SFRAME, cut, &plan), FF_MALFORMED);
        }
    }
}

/* -- LiveKit and Jitsi: any IV length but 12 is none of ours -- */

static void test_livekit_iv_has_twelve_bytes(void)
{
    for (uint32_t format = LIVEKIT; format <= JITSI; format += JITSI - LIVEKIT)
        for (int iv_len = 0; iv_len < 256; iv_len++) {
            uint8_t wire[100] = {0};
            const ff_settings settings = {.format = format};
            ff_plan plan;
            wire[98] = (uint8_t)iv_len;
            wire[99] = 0xEE;
            CHECK_SAME(read_wire(&settings, wire, 100, &plan),
                       iv_len == 12 ? FF_OK : FF_MALFORMED);
            if (iv_len == 12)
                CHECK_SAME(plan.key_id, 0xEE);
        }
}

/* -- GetStream: mark and version keep their place for ever -- */

static void test_stream_tells_no_mark_from_a_new_version(void)
{
    uint8_t wire[60] = {0};
    const ff_settings settings = {.format = STREAM};
    ff_plan plan;
    hex_read(wire + 60 - 5, "01e2eefeed");
    CHECK_SAME(read_wire(&settings, wire, 60, &plan), FF_OK);
    for (size_t len = 0; len < 60; len++) /* its end, of every length */
        CHECK_SAME(read_wire(&settings, wire + 60 - len, len, &plan),
                   len < 5    ? FF_NOT_ENCRYPTED
                   : len < 36 ? FF_MALFORMED
                              : FF_OK);
    for (int version = 0; version < 256; version++) {
        wire[55] = (uint8_t)version;
        for (size_t len = 5; len < 60; len += 11)
            CHECK(version == 1 ||
                  read_wire(&settings, wire + 60 - len, len, &plan) ==
                      FF_UNSUPPORTED_VERSION);
    }
    for (int i = 56; i < 60; i++) {
        wire[i] ^= 1;
        CHECK_SAME(read_wire(&settings, wire, 60, &plan), FF_NOT_ENCRYPTED);
        wire[i] ^= 1;
    }
}

static void test_stream_clear_length_stays_inside(void)
{
    uint8_t wire[60] = {0};
    const ff_settings settings = {.format = STREAM};
    ff_plan plan;
    hex_read(wire + 60 - 5, "01e2eefeed");
    for (uint32_t clear = 0; clear < 0x10000; clear += clear < 64 ? 1 : 251) {
        wire[53] = (uint8_t)(clear >> 8);
        wire[54] = (uint8_t)clear;
        uint32_t len = clear & 0x7FFF; /* the top bit is a flag */
        CHECK_SAME(read_wire(&settings, wire, 60, &plan),
                   len <= 60 - 36 ? FF_OK : FF_MALFORMED);
    }
}

/* -- DAVE's footer: tag 8 | nonce | ranges | size | FA FA -- */

#define TAG "1122334455667788"
#define ZEROS "000000000000000000000000000000000000"
#define BODY "aaaaaaaaaaaaaaaaaaaa" /* ten bytes */

static const struct {
    const char *wire;
    ff_status   want;
    uint64_t    counter;
} footers[] = {
    {BODY TAG "010cfafa", FF_OK, 1},
    {TAG "010cfafa", FF_OK, 1}, /* nothing but a footer */
    {BODY TAG "010cfafb", FF_NOT_ENCRYPTED, 0},
    {BODY TAG "010cfbfa", FF_NOT_ENCRYPTED, 0},
    {"fafa", FF_MALFORMED, 0},
    {"fa", FF_NOT_ENCRYPTED, 0},
    {"", FF_NOT_ENCRYPTED, 0},
    {"0cfafa", FF_MALFORMED, 0},
    {BODY TAG "010bfafa", FF_MALFORMED, 0}, /* too small to be one */
    {BODY TAG "0100fafa", FF_MALFORMED, 0},
    {BODY TAG "0117fafa", FF_MALFORMED, 0}, /* longer than the frame */
    {BODY TAG "01fffafa", FF_MALFORMED, 0},
    {ZEROS "0118fafa", FF_MALFORMED, 0}, /* though all would parse */
    {BODY TAG "800dfafa", FF_MALFORMED, 0}, /* a nonce without its end */
    {BODY TAG "810dfafa", FF_MALFORMED, 0},
    {BODY TAG "81000dfafa", FF_OK, 1}, /* in more bytes than it takes */
    {BODY TAG "ffffffff0f10fafa", FF_OK, 0xFFFFFFFF},
    {BODY TAG "ffffffff1f10fafa", FF_MALFORMED, 0}, /* 33 bits */
    {BODY TAG "808080808000" "11fafa", FF_MALFORMED, 0},
    /* ranges: offset and size */
    {BODY TAG "0100030efafa", FF_OK, 1},
    {BODY TAG "01000a0efafa", FF_OK, 1},        /* all of the body */
    {BODY TAG "01000b0efafa", FF_MALFORMED, 0}, /* and one byte more */
    {BODY TAG "010a000efafa", FF_OK, 1},
    {BODY TAG "010b000efafa", FF_MALFORMED, 0},
    {BODY TAG "01000d" "0dfafa", FF_MALFORMED, 0}, /* half a range */
    {BODY TAG "0100030403" "10fafa", FF_OK, 1},
    {BODY TAG "0100030303" "10fafa", FF_OK, 1}, /* they may touch */
    {BODY TAG "0100030203" "10fafa", FF_MALFORMED, 0}, /* not overlap */
    {BODY TAG "0104030003" "10fafa", FF_MALFORMED, 0}, /* nor go back */
    {BODY TAG "0101ffffffff0f" "13fafa", FF_MALFORMED, 0},
    {BODY TAG "01ffffffff0f01" "13fafa", FF_MALFORMED, 0},
    {BODY TAG "0105fbffffff0f" "13fafa", FF_MALFORMED, 0}, /* wraps to 0 */
};

static void test_dave_footer_is_judged_by_its_fields(void)
{
    for (size_t i = 0; i < sizeof footers / sizeof footers[0]; i++) {
        ff_plan plan;
        ff_status got = read_hex(DAVE, footers[i].wire, &plan);
        if (!CHECK_SAME(got, footers[i].want))
            fprintf(stderr, "    %s\n", footers[i].wire);
        if (footers[i].want == FF_OK)
            CHECK_SAME(plan.counter, footers[i].counter);
    }
}

/* As many ranges as a footer holds, each of one byte with one between. */
static void test_dave_takes_as_many_ranges_as_fit(void)
{
    const ff_settings settings = {.format = DAVE};
    for (size_t num = 0; num <= (255 - 8 - 1 - 3) / 2; num++) {
        uint8_t wire[600] = {0};
        size_t len = 255 + 8, from = len;
        wire[len++] = 1;
        for (size_t i = 0; i < num; i++) {
            /* the last ones go back */
            wire[len++] = (uint8_t)(i < 64 ? 2 * i : 127);
            wire[len++] = 1;
        }
        size_t size = len - from + 8 + 3;
        wire[len++] = (uint8_t)size;
        wire[len++] = 0xFA;
        wire[len++] = 0xFA;
        ff_plan plan;
        CHECK_SAME(read_wire(&settings, wire, len, &plan),
                   num <= 65 ? FF_OK : FF_MALFORMED);
    }
}

/* -- any bytes at all -- */

static void test_any_bytes_are_read_within_the_frame(void)
{
    static const uint8_t ends[][7] = {{0x80, 3, 1, 0xE2, 0xEE, 0xFE, 0xED},
                                      {0, 0, 0, 1, 20, 0xFA, 0xFA},
                                      {0, 0, 0, 0, 0, 12, 1}};
    for (int i = 0; i < 60000; i++) {
        uint8_t wire[MAX_WIRE];
        ff_settings settings = {.format = (uint32_t)i % NUM_FORMATS,
                                .codec = kit_below(FF_NUM_CODECS),
                                .strips_metadata = kit_below(2)};
        size_t len = kit_below(i % 2 ? 48 : MAX_WIRE);
        kit_fill(wire, len);
        for (size_t k = 0; i % 3 == 0 && k < len; k++)
            wire[k] &= 3; /* escapes, short ulebs */
        if (len > 7 && kit_below(2))
            memcpy(wire + len - 7, ends[kit_below(3)], 7);
        if (len > 7 && kit_below(4) == 0)
            wire[len - 3] = (uint8_t)kit_random();
        ff_plan plan;
        ff_status status = read_wire(&settings, wire, len, &plan);
        CHECK(status == FF_OK || status == FF_MALFORMED ||
              status == FF_NOT_ENCRYPTED || status == FF_UNSUPPORTED_VERSION);
    }
}

int main(void)
{
    RUN(test_sframe_header_is_read_strictly);
    RUN(test_livekit_iv_has_twelve_bytes);
    RUN(test_stream_tells_no_mark_from_a_new_version);
    RUN(test_stream_clear_length_stays_inside);
    RUN(test_dave_footer_is_judged_by_its_fields);
    RUN(test_dave_takes_as_many_ranges_as_fit);
    RUN(test_any_bytes_are_read_within_the_frame);
    return check_report();
}
