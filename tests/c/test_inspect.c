/* test_inspect.c - what a frame claims, and the tables of names. */
#include "rows.h"

#define MEDIA 60

/* Where the parts of each format stand, by its specification; head_len of
 * SFrame's is that of a key id of 1 and a counter of two bytes. */
static const struct {
    uint32_t header_len, trailer_len;
    int      names_key, names_counter, names_nonce;
} layouts[NUM_FORMATS] = {
    [RAW] = {0, 0, 0, 0, 0},         [INSERTABLE] = {13, 0, 1, 1, 1},
    [BARE] = {12, 0, 0, 1, 1},       [SFRAME] = {3, 0, 1, 1, 0},
    [LIVEKIT] = {0, 14, 1, 0, 1},    [LIVEKIT_DATA] = {12, 0, 0, 0, 1},
    [JITSI] = {0, 14, 1, 0, 1},      [STREAM] = {0, 20, 1, 1, 1},
    [DAVE] = {0, 5, 0, 1, 1},
};

static uint32_t sum(const ff_claim *claim)
{
    return claim->clear_len + claim->header_len + claim->body_len +
           claim->tag_len + claim->trailer_len + claim->num_escapes +
           claim->extra_len;
}

static void test_claims_of_each_format(const kit_row *row)
{
    const uint64_t counter = 0x0102;
    const ff_settings settings = row_settings(row, 0);
    uint8_t frame[MEDIA + ROW_MEDIA_MAX], sealed[sizeof frame + ROW_GROWTH];
    uint32_t tag_len = (uint32_t)ff_suite_tag_len(row->suite);
    ff_sealer *sealer = row_sealer(row, counter);
    ff_claim claim;
    size_t len = row_frame(row, frame, FF_KEY, MEDIA);
    int64_t got = ff_seal_one(sealer, sealed, sizeof sealed, frame, len, FF_KEY,
                              NULL);
    memset(&claim, SENTINEL, sizeof claim);
    CHECK_SAME(ff_inspect(&settings, tag_len, &claim, sealed, (size_t)got),
               FF_OK);
    CHECK_SAME(claim.names_key, layouts[row->format].names_key);
    CHECK_SAME(claim.key_id, layouts[row->format].names_key);
    CHECK_SAME(claim.names_counter, layouts[row->format].names_counter);
    CHECK_SAME(claim.counter, claim.names_counter ? counter : 0);
    CHECK_SAME(claim.names_nonce, layouts[row->format].names_nonce);
    CHECK_SAME(kit_is_all(claim.nonce, 0, 12), !claim.names_nonce);
    CHECK_SAME(claim.header_len, layouts[row->format].header_len);
    CHECK_SAME(claim.tag_len, tag_len);
    CHECK_SAME(sum(&claim), got);
    CHECK_SAME(claim.is_plain, 0);
    CHECK_SAME(claim.extra_len, 0);
    if (row->format == DAVE) /* two bytes more for each clear range */
        CHECK(claim.trailer_len >= 5 + 2 * claim.num_clear);
    else
        CHECK_SAME(claim.trailer_len, layouts[row->format].trailer_len);
    if (row->format != DAVE)
        CHECK_SAME(claim.num_clear, claim.clear_len > 0);
    CHECK(memcmp(claim.nonce, kit_salt, 4) == 0 || !claim.names_nonce ||
          row->format == DAVE);
    ff_sealer_free(sealer);
}

/* The fewest bytes that may be a frame are its head, tag and tail. */
static void test_short_frames_claim_nothing(const kit_row *row)
{
    uint8_t frame[MEDIA + ROW_MEDIA_MAX], sealed[sizeof frame + ROW_GROWTH];
    const ff_settings settings = row_settings(row, 0);
    uint32_t tag_len = (uint32_t)ff_suite_tag_len(row->suite);
    ff_sealer *sealer = row_sealer(row, FIRST_COUNTER);
    size_t len = row_frame(row, frame, FF_DELTA, MEDIA);
    int64_t got = ff_seal_one(sealer, sealed, sizeof sealed, frame, len,
                              FF_DELTA, NULL);
    for (size_t cut = 0; cut < (size_t)got; cut++) {
        ff_claim claim;
        memset(&claim, SENTINEL, sizeof claim);
        uint8_t *exact = kit_need(malloc(cut + 1));
        memcpy(exact + 1, sealed, cut);
        ff_status status = ff_inspect(&settings, tag_len, &claim, exact + 1,
                                      cut);
        free(exact);
        if (status == FF_OK)
            CHECK_SAME(sum(&claim), claim.is_plain ? 0 : cut);
        else
            CHECK(kit_is_all((uint8_t *)&claim, 0, sizeof claim) ||
                  claim.extra_len <= cut);
        size_t least = layouts[row->format].header_len + tag_len +
                       layouts[row->format].trailer_len;
        if (cut < least && row->format != SFRAME)
            CHECK(status != FF_OK || claim.is_plain);
    }
    ff_sealer_free(sealer);
}

static void test_what_no_frame_can_be_claims_nothing(const kit_row *row)
{
    const uint8_t byte = 1;
    const ff_settings good = row_settings(row, 0);
    ff_settings wrong = good;
    ff_claim claim;
    const size_t huge[] = {SIZE_MAX, (size_t)UINT32_MAX + 60,
                           FF_SEALED_MAX + 1};
    for (int i = 0; i < 3; i++)
        CHECK_SAME(ff_inspect(&good, 16, &claim, &byte, huge[i]), FF_MALFORMED);
    wrong.format = NUM_FORMATS;
    CHECK_SAME(ff_inspect(&wrong, 16, &claim, &byte, 1), FF_MALFORMED);
    wrong = good;
    wrong.codec = FF_NUM_CODECS;
    CHECK_SAME(ff_inspect(&wrong, 16, &claim, &byte, 1), FF_MALFORMED);
    CHECK(kit_is_all((uint8_t *)&claim, 0, sizeof claim));
}

/* Frames do not say how long their tag is: whoever asks says it, and may be
 * wrong. */
static void test_tag_longer_than_the_frame_claims_nothing(const kit_row *row)
{
    static const uint32_t lens[] = {200, 1 << 20, UINT32_MAX - 40,
                                    UINT32_MAX - 20, UINT32_MAX - 13,
                                    UINT32_MAX};
    uint8_t frame[MEDIA + ROW_MEDIA_MAX], sealed[sizeof frame + ROW_GROWTH];
    const ff_settings settings = row_settings(row, 0);
    ff_sealer *sealer = row_sealer(row, FIRST_COUNTER);
    ff_claim claim;
    size_t len = row_frame(row, frame, FF_KEY, MEDIA);
    int64_t got = ff_seal_one(sealer, sealed, sizeof sealed, frame, len, FF_KEY,
                              NULL);
    CHECK(got > 0 && got < 200);
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++)
        CHECK_SAME(ff_inspect(&settings, lens[i], &claim, sealed, (size_t)got),
                   FF_MALFORMED);
    ff_sealer_free(sealer);
}

/* DAVE's footer alone is a frame: with a tag that is not DAVE's it is none. */
static void test_footer_with_another_tag_claims_nothing(const kit_row *row)
{
    uint8_t sealed[ROW_GROWTH];
    const ff_settings settings = row_settings(row, 0);
    if (row->format != DAVE)
        return;
    ff_sealer *sealer = row_sealer(row, FIRST_COUNTER);
    ff_claim claim;
    int64_t got = ff_seal_one(sealer, sealed, sizeof sealed, NULL, 0, 0, NULL);
    CHECK_SAME(got, 8 + 1 + 3);
    for (uint32_t tag_len = 4; tag_len <= FF_TAG_LEN; tag_len++)
        CHECK_SAME(ff_inspect(&settings, tag_len, &claim, sealed, (size_t)got),
                   tag_len <= 8 ? FF_OK : FF_MALFORMED);
    ff_sealer_free(sealer);
}

/* growth bounds what callers allocate: it must never be too little. */
static void test_growth_is_what_sealing_adds(const kit_row *row)
{
    uint8_t frame[300 + ROW_MEDIA_MAX], sealed[sizeof frame + ROW_GROWTH];
    ff_sealer *sealer = row_sealer(row, row->facts.counter_max - 5000);
    for (size_t media = 12; media < 300; media += 3) {
        size_t len = row_frame(row, frame, FF_DELTA, media);
        int64_t got = ff_seal_one(sealer, sealed, len + row->facts.growth,
                                  frame, len, FF_DELTA, NULL);
        CHECK(got <= (int64_t)(len + row->facts.growth));
        if (row->codec != FF_CODEC_av1) /* that drops units */
            CHECK(got >= (int64_t)(len + row->facts.growth_min));
    }
    ff_sealer_free(sealer);
}

/* What a format has no rule for fails closed. */
static void test_codecs_that_formats_refuse(void)
{
    static const uint32_t refused[][2] = {
        {RAW, FF_CODEC_opus},         {RAW, FF_CODEC_h264},
        {INSERTABLE, FF_CODEC_av1},   {BARE, FF_CODEC_av1},
        {SFRAME, FF_CODEC_av1},       {LIVEKIT, FF_CODEC_av1},
        {LIVEKIT_DATA, FF_CODEC_vp8}, {STREAM, FF_CODEC_none},
        {STREAM, FF_CODEC_h265},      {STREAM, FF_CODEC_av1}};
    ff_format_facts facts;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        CHECK_SAME(ff_format_read(refused[i][0], refused[i][1], &facts),
                   FF_BAD_CODEC);
    CHECK_SAME(ff_format_read(RAW, FF_NUM_CODECS, &facts), FF_BAD_ARGUMENT);
    CHECK_SAME(ff_format_read(NUM_FORMATS, 0, &facts), FF_BAD_ARGUMENT);
    CHECK_SAME(ff_format_read(UINT32_MAX, 0, &facts), FF_BAD_ARGUMENT);
}

static void check_name(const char *name, const char *want)
{
    if (want)
        CHECK(name && strcmp(name, want) == 0);
    else
        CHECK(!name);
}

static void test_names_and_the_numbers_that_the_tests_use(void)
{
    static const char *const formats[] = {
        "raw",          "insertable", "insertable-bare",
        "sframe",       "livekit",    "livekit-data",
        "jitsi",        "stream",     "dave"};
    for (uint32_t i = 0; i < NUM_FORMATS; i++)
        check_name(ff_format_name(i), formats[i]);
    check_name(ff_format_name(NUM_FORMATS), NULL);
    check_name(ff_suite_name(AES_128), "AES-128-GCM");
    check_name(ff_suite_name(AES_256), "AES-256-GCM");
    check_name(ff_suite_name(FF_NUM_SUITES), NULL);
    check_name(ff_schedule_name(FROM_DAVE), "dave");
    check_name(ff_codec_name(0), "none");
    check_name(ff_codec_name(UINT32_MAX), NULL);
}

/* Each outcome has a name and a text of its own; no other number has one. */
static void test_every_status_has_one_name_and_text(void)
{
    int num = 0;
    for (int status = -5; status < 2000; status++) {
        const char *name = ff_status_name(status);
        CHECK_SAME(name != NULL, ff_status_text(status) != NULL);
        num += name != NULL;
    }
    CHECK_SAME(num, 30);
    check_name(ff_status_name(FF_AUTH_FAILED), "AUTH_FAILED");
    check_name(ff_status_text(FF_NOT_RUN),
               "the call stopped before this frame");
    check_name(ff_status_name(FF_LIB_CRYPTO), "LIB_CRYPTO");
}

static void test_facts_of_the_build(void)
{
    check_name(ff_version(), "test");
    CHECK(strstr(ff_openssl_version(), "OpenSSL"));
    CHECK(strstr(ff_openssl_built_with(), "OpenSSL"));
    CHECK(ff_openssl_cpu() != NULL);
    CHECK(ff_openssl_is_static() == 0 || ff_openssl_is_static() == 1);
    CHECK_SAME(ff_openssl_has_vaes(), -1);
}

int main(void)
{
    RUN_ROWS(test_claims_of_each_format);
    RUN_ROWS(test_short_frames_claim_nothing);
    RUN_ROWS(test_what_no_frame_can_be_claims_nothing);
    RUN_ROWS(test_tag_longer_than_the_frame_claims_nothing);
    RUN_ROWS(test_footer_with_another_tag_claims_nothing);
    RUN_ROWS(test_growth_is_what_sealing_adds);
    RUN(test_codecs_that_formats_refuse);
    RUN(test_names_and_the_numbers_that_the_tests_use);
    RUN(test_every_status_has_one_name_and_text);
    RUN(test_facts_of_the_build);
    return check_report();
}
