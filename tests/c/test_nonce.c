/* test_nonce.c - salt and counter become the nonce of RFC 5116, 3.2. */
#include "nonce.h"

#include "kit.h"

/* A nonce is the salt XOR the counter, spelled out byte by byte here, where
 * nonce.h works on words. */
static void naive_make(uint8_t *out, const uint8_t *salt, uint64_t counter)
{
    for (int i = 0; i < FF_NONCE_LEN; i++) {
        int shift = 8 * (FF_NONCE_LEN - 1 - i);
        out[i] = salt[i];
        if (shift < 64)
            out[i] ^= (uint8_t)(counter >> shift);
    }
}

static void test_nonce_agrees_with_the_byte_by_byte_form(void)
{
    for (int i = 0; i < 20000; i++) {
        uint8_t salt[FF_NONCE_LEN], got[FF_NONCE_LEN], want[FF_NONCE_LEN];
        uint64_t counter = kit_random() >> kit_below(64);
        kit_fill(salt, sizeof salt);
        ff_nonce_make(got, salt, counter);
        naive_make(want, salt, counter);
        CHECK(memcmp(got, want, sizeof got) == 0);
    }
}

static void test_counter_zero_leaves_the_salt(void)
{
    uint8_t salt[FF_NONCE_LEN], got[FF_NONCE_LEN];
    kit_fill(salt, sizeof salt);
    ff_nonce_make(got, salt, 0);
    CHECK(memcmp(got, salt, sizeof got) == 0);
}

static void test_prefix_salt_reads_prefix_then_counter(void)
{
    static const uint8_t want[] = {0xde, 0xad, 0xbe, 0xef, 1, 2,
                                   3,    4,    5,    6,    7, 8};
    uint8_t got[FF_NONCE_LEN];
    ff_nonce_make(got, kit_salt, UINT64_C(0x0102030405060708));
    CHECK(memcmp(got, want, sizeof got) == 0);
}

static void test_highest_counter_flips_eight_bytes_and_no_more(void)
{
    uint8_t salt[FF_NONCE_LEN], got[FF_NONCE_LEN];
    kit_fill(salt, sizeof salt);
    ff_nonce_make(got, salt, UINT64_MAX);
    CHECK(memcmp(got, salt, 4) == 0);
    for (int i = 4; i < FF_NONCE_LEN; i++)
        CHECK_SAME(got[i] ^ salt[i], 0xff);
}

static void test_nonce_may_be_made_over_its_salt(void)
{
    uint8_t salt[FF_NONCE_LEN], want[FF_NONCE_LEN];
    kit_fill(salt, sizeof salt);
    naive_make(want, salt, 77);
    ff_nonce_make(salt, salt, 77);
    CHECK(memcmp(salt, want, sizeof want) == 0);
}

static void test_integers_are_big_endian_and_touch_their_own_bytes(void)
{
    uint8_t bytes[] = {9, 9, 9, 9, 9, 9, 9, 9, 9, 9};
    ff_store64(bytes + 1, UINT64_C(0x8182838485868788));
    CHECK_SAME(ff_load64(bytes + 1), UINT64_C(0x8182838485868788));
    CHECK_SAME(bytes[0], 9);
    CHECK_SAME(bytes[1], 0x81);
    CHECK_SAME(bytes[8], 0x88);
    CHECK_SAME(bytes[9], 9);
    ff_store32(bytes + 3, UINT32_C(0xfefdfcfb));
    CHECK_SAME(ff_load32(bytes + 3), UINT32_C(0xfefdfcfb));
    CHECK_SAME(bytes[2], 0x82);
    CHECK_SAME(bytes[3], 0xfe);
    CHECK_SAME(bytes[6], 0xfb);
    CHECK_SAME(bytes[7], 0x87);
}

int main(void)
{
    RUN(test_nonce_agrees_with_the_byte_by_byte_form);
    RUN(test_counter_zero_leaves_the_salt);
    RUN(test_prefix_salt_reads_prefix_then_counter);
    RUN(test_highest_counter_flips_eight_bytes_and_no_more);
    RUN(test_nonce_may_be_made_over_its_salt);
    RUN(test_integers_are_big_endian_and_touch_their_own_bytes);
    return check_report();
}
