/* test_aead.c - the table of suites, and what each gives for known input. */
#include "aead.h"

#include "hex.h"
#include "kit.h"

static ff_aead *context(ff_direction direction, uint32_t suite,
                        const uint8_t *key)
{
    ff_aead *made = NULL;
    CHECK_SAME(ff_aead_new(&made, direction, suite, key), FF_DONE);
    return kit_need(made);
}

static void test_table_of_suites(void)
{
    static const struct {
        const char *name;
        size_t      key_len, tag_len;
    } rows[] = {
        {"AES-128-GCM", 16, 16},
        {"AES-256-GCM", 32, 16},
        {"AES_128_CTR_HMAC_SHA256_80", 48, 10},
        {"AES_128_CTR_HMAC_SHA256_64", 48, 8},
        {"AES_128_CTR_HMAC_SHA256_32", 48, 4},
        {"AES_256_CTR_HMAC_SHA512_80", 96, 10},
        {"AES_256_CTR_HMAC_SHA512_64", 96, 8},
        {"AES_256_CTR_HMAC_SHA512_32", 96, 4},
        {"AES-128-GCM-8", 16, 8},
    };
    ff_aead *made;
    for (uint32_t i = 0; i < FF_NUM_SUITES; i++) {
        CHECK(strcmp(ff_suite_name(i), rows[i].name) == 0);
        CHECK_SAME(ff_suite_key_len(i), rows[i].key_len);
        CHECK_SAME(ff_suite_tag_len(i), rows[i].tag_len);
        CHECK_SAME(ff_suite_max_blocks(i), INT64_C(1) << 48);
    }
    CHECK(ff_suite_name(FF_NUM_SUITES) == NULL);
    CHECK_SAME(ff_suite_key_len(FF_NUM_SUITES), 0);
    CHECK_SAME(ff_suite_tag_len(FF_NUM_SUITES), 0);
    CHECK_SAME(ff_suite_max_blocks(FF_NUM_SUITES), 0);
    CHECK_SAME(ff_aead_new(&made, FF_FOR_SEAL, FF_NUM_SUITES, kit_key),
               FF_BAD_ARGUMENT);
    CHECK(made == NULL);
    ff_aead_free(NULL);
}

/* -- known answers -- */

typedef struct {
    uint32_t    suite;
    const char *nonce, *aad, *pt, *sealed, *key; /* key NULL: 00 01 02 .. */
} row;

/* HMAC: sframe-wg/sframe@3d07d8ff, test-vectors.json, aes_ctr_hmac and
 * aes_256_ctr_hmac. GCM: NIST CAVS 14.0, more of which is in
 * test_known_answers.c. GCM-8: frame "opus" of davey 0.1.7. */
#define RFC_NONCE "101112131415161718191a1b"
#define RFC_AAD "4945544620534672616d65205747"
#define RFC_PT "64726166742d696574662d736672616d652d656e63"
static const row rows[] = {
    {FF_AES_128_HMAC_80, RFC_NONCE, RFC_AAD, RFC_PT,
     "6339af04ada1d064688a442b8dc69d5b6bfa40f4bef0583e8081069cc60705", NULL},
    {FF_AES_128_HMAC_64, RFC_NONCE, RFC_AAD, RFC_PT,
     "6339af04ada1d064688a442b8dc69d5b6bfa40f4be6e93b7da076927bb", NULL},
    {FF_AES_128_HMAC_32, RFC_NONCE, RFC_AAD, RFC_PT,
     "6339af04ada1d064688a442b8dc69d5b6bfa40f4be09480509", NULL},
    {FF_AES_256_HMAC_80, RFC_NONCE, RFC_AAD, RFC_PT,
     "f861831490fa37f8e284a1994021589564a23bf3050eb0e0ace45930d53a7f", NULL},
    {FF_AES_256_HMAC_64, RFC_NONCE, RFC_AAD, RFC_PT,
     "f861831490fa37f8e284a1994021589564a23bf30508ee5fb61b88f889", NULL},
    {FF_AES_256_HMAC_32, RFC_NONCE, RFC_AAD, RFC_PT,
     "f861831490fa37f8e284a1994021589564a23bf305131a979b", NULL},
    {FF_AES_128_GCM, "a3ab8da22648c2453cdef55b", "",
     "89ee9502871be15ee4a8c47ab123bfc9",
     "8b5cb59e7ad2e15c40d5fbcde28a0d17538e79f880e2f65c72148f5ade4080a1",
     "0047184240a5948ed55701eac2c4c26c"},
    {FF_AES_256_GCM, "a190ed3ff2e238be56f90bd6", "", "",
     "c8464d95d540fb191156fbbc1608842a",
     "a1114f8749c72b8cef62e7503f1ad921d33eeede32b0b5b8e0d6807aa233d0ad"},
    {FF_AES_128_GCM_8, "000000000000000001000000", "",
     "782291d8cdc310411e7ec27378a661c935187c07e4d5636e9bc3c400b27244b8cd3a97"
     "f11ae651070506a68a02f0e161af37f86cb9078738c370f07e8d",
     "16a3512ecf7f775397f6d9bfa8da312e4d411bcc625815ada9f83bb27de5521df4f119"
     "b10c923c427c645aae5c74fb88dd0b77950f8a3e8df3a536b94f40e20b32cf09e86f",
     "b573655f34ef0c0551569e0edb55a876"},
};

static void test_known_answers(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const row *r = &rows[i];
        uint8_t key[FF_KEY_MAX], iv[FF_NONCE_LEN], aad[64], pt[128], want[128];
        uint8_t out[128];
        for (size_t k = 0; k < FF_KEY_MAX; k++)
            key[k] = (uint8_t)k;
        if (r->key)
            CHECK_SAME(hex_read(key, r->key), ff_suite_key_len(r->suite));
        size_t len = hex_read(pt, r->pt), all = hex_read(want, r->sealed);
        ff_bytes with = {aad, hex_read(aad, r->aad)};
        CHECK_SAME(hex_read(iv, r->nonce), FF_NONCE_LEN);
        CHECK_SAME(all, len + ff_suite_tag_len(r->suite));
        ff_aead *by = context(FF_FOR_SEAL, r->suite, key);
        ff_aead *to = context(FF_FOR_OPEN, r->suite, key);
        for (int again = 0; again < 3; again++) { /* a context is kept */
            ff_part seal = {out, pt, len}, open = {out, want, len};
            CHECK_SAME(ff_aead_seal(by, iv, &with, 1, &seal, 1, out + len),
                       FF_OK);
            CHECK(memcmp(out, want, all) == 0);
            CHECK_SAME(ff_aead_open(to, iv, &with, 1, &open, 1, want + len),
                       FF_OK);
            CHECK(memcmp(out, pt, len) == 0);
        }
        ff_aead_free(by);
        ff_aead_free(to);
    }
}

int main(void)
{
    RUN(test_table_of_suites);
    RUN(test_known_answers);
    return check_report();
}
