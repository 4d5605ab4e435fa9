/* test_inspect.c - what a frame claims, and the tables of names. */
#include "kit.h"

static void test_claims_of_each_format(void)
{
    uint8_t frame[21] = {0}, sealed[21 + MAX_GROWTH];
    const uint64_t counter = UINT64_C(0x0102030405060708);
    for (uint32_t format = 0; format < NUM_FORMATS; format++) {
        ff_sealer *sealer = kit_sealer(format, AES_128, counter, NO_LIMIT);
        ff_claim claim;
        int64_t len = ff_seal_one(sealer, sealed, sizeof sealed, frame, 21,
                                  FF_KEY, NULL);
        int shows = format != RAW;
        memset(&claim, SENTINEL, sizeof claim);
        CHECK_SAME(ff_inspect(format, &claim, sealed, (size_t)len), FF_OK);
        CHECK_SAME(claim.names_key, format == INSERTABLE);
        CHECK_SAME(claim.key_id, format == INSERTABLE);
        CHECK_SAME(claim.names_counter, shows);
        CHECK_SAME(claim.names_nonce, shows);
        CHECK_SAME(claim.counter, shows ? counter : 0);
        CHECK_SAME(claim.nonce[0], shows ? kit_salt[0] : 0);
        CHECK_SAME(claim.nonce[11], shows ? 8 : 0);
        CHECK_SAME(claim.header_len, kit_head_len(format));
        CHECK_SAME(claim.body_len, 21);
        CHECK_SAME(claim.tag_len, FF_TAG_LEN);
        CHECK_SAME(claim.trailer_len, 0);
        ff_sealer_free(sealer);
    }
}

static void test_short_long_and_unknown_claim_nothing(void)
{
    uint8_t sealed[MAX_GROWTH] = {1};
    ff_claim claim;
    for (uint32_t format = 0; format < NUM_FORMATS; format++) {
        size_t least = kit_head_len(format) + FF_TAG_LEN;
        for (size_t len = 0; len < least; len++) {
            memset(&claim, SENTINEL, sizeof claim);
            CHECK_SAME(ff_inspect(format, &claim, sealed, len), FF_MALFORMED);
            CHECK(kit_is_all((uint8_t *)&claim, 0, sizeof claim));
        }
        CHECK_SAME(ff_inspect(format, &claim, sealed, least), FF_OK);
        CHECK_SAME(claim.body_len, 0);
        CHECK_SAME(ff_inspect(format, &claim, sealed, SIZE_MAX), FF_MALFORMED);
        CHECK_SAME(ff_inspect(format, &claim, sealed,
                              (size_t)UINT32_MAX + 1 + least), FF_MALFORMED);
    }
    CHECK_SAME(ff_inspect(NUM_FORMATS, &claim, sealed, 29), FF_MALFORMED);
    CHECK_SAME(ff_inspect(UINT32_MAX, &claim, sealed, 29), FF_MALFORMED);
}

/* growth bounds what callers allocate: it must never be too little. */
static void test_growth_is_what_sealing_adds(void)
{
    uint8_t frame[300] = {0}, sealed[300 + MAX_GROWTH];
    for (uint32_t format = 0; format < NUM_FORMATS; format++) {
        ff_format_facts facts;
        CHECK_SAME(ff_format_read(format, &facts), FF_DONE);
        CHECK(facts.growth <= FF_HEADROOM + FF_TAILROOM);
        ff_sealer *sealer = kit_sealer(format, AES_256, 0, NO_LIMIT);
        for (size_t len = 0; len < 300; len++) {
            int64_t got = ff_seal_one(sealer, sealed, len + facts.growth, frame,
                                      len, FF_DELTA, NULL);
            CHECK(got >= (int64_t)(len + facts.growth_min));
            CHECK(got <= (int64_t)(len + facts.growth));
        }
        ff_sealer_free(sealer);
    }
    ff_format_facts none;
    CHECK_SAME(ff_format_read(NUM_FORMATS, &none), FF_BAD_ARGUMENT);
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
    check_name(ff_format_name(RAW), "raw");
    check_name(ff_format_name(INSERTABLE), "insertable");
    check_name(ff_format_name(BARE), "insertable-bare");
    check_name(ff_format_name(NUM_FORMATS), NULL);
    check_name(ff_suite_name(AES_128), "AES-128-GCM");
    check_name(ff_suite_name(AES_256), "AES-256-GCM");
    check_name(ff_suite_name(NUM_SUITES), NULL);
    CHECK_SAME(ff_suite_key_len(AES_128), 16);
    CHECK_SAME(ff_suite_key_len(AES_256), 32);
    CHECK_SAME(ff_suite_key_len(NUM_SUITES), 0);
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
    CHECK_SAME(num, 28);
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
    RUN(test_claims_of_each_format);
    RUN(test_short_long_and_unknown_claim_nothing);
    RUN(test_growth_is_what_sealing_adds);
    RUN(test_names_and_the_numbers_that_the_tests_use);
    RUN(test_every_status_has_one_name_and_text);
    RUN(test_facts_of_the_build);
    return check_report();
}
