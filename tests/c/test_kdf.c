/* test_kdf.c - HKDF and PBKDF2 give what the RFCs publish, at every edge.
 *
 * link: --wrap=EVP_KDF_fetch,EVP_KDF_derive
 */
#include "kdf.h"

#include <openssl/kdf.h>

#include "hex.h"
#include "kit.h"

/* -- a libcrypto that fails -- */

static int fails_to_fetch, fails_to_derive;

EVP_KDF *__real_EVP_KDF_fetch(OSSL_LIB_CTX *c, const char *n, const char *p);
EVP_KDF *__wrap_EVP_KDF_fetch(OSSL_LIB_CTX *c, const char *n, const char *p);
int __real_EVP_KDF_derive(EVP_KDF_CTX *c, uint8_t *out, size_t len,
                          const OSSL_PARAM *params);
int __wrap_EVP_KDF_derive(EVP_KDF_CTX *c, uint8_t *out, size_t len,
                          const OSSL_PARAM *params);

EVP_KDF *__wrap_EVP_KDF_fetch(OSSL_LIB_CTX *c, const char *n, const char *p)
{
    return __real_EVP_KDF_fetch(c, fails_to_fetch ? "no such thing" : n, p);
}

/* It does its work first, so that there is something to wipe. */
int __wrap_EVP_KDF_derive(EVP_KDF_CTX *c, uint8_t *out, size_t len,
                          const OSSL_PARAM *params)
{
    int result = __real_EVP_KDF_derive(c, out, len, params);
    if (fails_to_derive)
        ERR_raise(ERR_LIB_EVP, ERR_R_INTERNAL_ERROR);
    return fails_to_derive ? 0 : result;
}

/* -- known answers -- */

/* RFC 5869, appendix A, cases 1 to 3. */
static const struct {
    const char *secret, *salt, *info, *extracted, *expanded;
} hkdf_rows[] = {
    {.secret = "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
     .salt = "000102030405060708090a0b0c",
     .info = "f0f1f2f3f4f5f6f7f8f9",
     .extracted = "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7"
                  "c2b3e5",
     .expanded = "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4"
                 "c5bf34007208d5b887185865"},
    {.secret = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e"
               "1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d"
               "3e3f404142434445464748494a4b4c4d4e4f",
     .salt = "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f"
             "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"
             "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
     .info = "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecf"
             "d0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeef"
             "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
     .extracted = "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c1"
                  "5fc244",
     .expanded = "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19af"
                 "a97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9"
                 "aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"},
    {.secret = "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
     .extracted = "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c29"
                  "3ccb04",
     .expanded = "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c73"
                 "8d2d9d201395faa4b61a96c8"},
};

static void test_hkdf_gives_the_published_bytes(void)
{
    for (size_t i = 0; i < sizeof hkdf_rows / sizeof hkdf_rows[0]; i++) {
        uint8_t secret[80], salt[80], info[80], out[82];
        ff_bytes in = {secret, hex_read(secret, hkdf_rows[i].secret)};
        ff_bytes with = {salt, hex_read(salt, hkdf_rows[i].salt)};
        ff_bytes about = {info, hex_read(info, hkdf_rows[i].info)};
        size_t len = strlen(hkdf_rows[i].expanded) / 2;
        CHECK_SAME(ff_hkdf(out, len, FF_SHA256, in, with, about), FF_DONE);
        CHECK(hex_same(out, len, hkdf_rows[i].expanded));
        CHECK_SAME(ff_hkdf_extract(out, FF_SHA256, with, in), FF_DONE);
        CHECK(hex_same(out, 32, hkdf_rows[i].extracted));
        uint8_t again[82];
        CHECK_SAME(ff_hkdf_expand(again, len, FF_SHA256, (ff_bytes){out, 32},
                                  about), FF_DONE);
        CHECK(hex_same(again, len, hkdf_rows[i].expanded));
    }
}

/* Computed by Python's hmac module. */
static void test_hkdf_takes_empty_and_short_inputs(void)
{
    const ff_bytes none = {NULL, 0}, k = {(const uint8_t *)"k", 1};
    uint8_t out[96];
    CHECK_SAME(ff_hkdf_extract(out, FF_SHA256, none, none), FF_DONE);
    CHECK(hex_same(out, 32, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653"
                            "c6c712144292c5ad"));
    CHECK_SAME(ff_hkdf_extract(out, FF_SHA512, none, k), FF_DONE);
    CHECK(hex_same(out, 64, "9e2f9ab448914a244fc831b0982c3c7dde7f86944f92b731"
                            "7816a3768b1ead8c022968a53104d413be0b7012310c1f79"
                            "c33a36c04687cadf647917f6aaf3137e"));
    CHECK_SAME(ff_hkdf_expand(out, 40, FF_SHA256, none, none), FF_DONE);
    CHECK(hex_same(out, 40, "3d7afb663124ecbf2c953f863d4fc8796eeb2d372b64aad5"
                            "8697ec5264649cdb8eb20d0e5acf7134"));
    CHECK_SAME(ff_hkdf_expand(out, 40, FF_SHA512, k, none), FF_DONE);
    CHECK(hex_same(out, 40, "a91d94c4afe17f2aadf3d8fdaed40edbe2c25ac347f3bc14"
                            "dbea25ed4a0564ac8bb244a3c78b2546"));
    CHECK_SAME(ff_hkdf(out, 96, FF_SHA512, none, none, none), FF_DONE);
    CHECK(hex_same(out, 96, "9d73c98e791e80ebe5b4cb45693aa32fdd44b5fa3edab3"
                            "ec82f9d0f4d66905e2215ad0d4ac20fe570da59a5d189f"
                            "dde60e55f283703cd19bc95ebb16fc1c868e8a3872492c"
                            "c6c20921d2971de32674df0806cd9bb9bb1c293d055c99"
                            "8b7f7c9a"));
}

/* RFC 7914, section 11; the last row is Python's hashlib. */
static void test_pbkdf2_gives_the_published_bytes(void)
{
    static const struct {
        const char *password, *salt, *want;
        uint32_t    iterations;
    } rows[] = {
        {"passwd", "salt",
         "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"
         "49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783", 1},
        {"Password", "NaCl",
         "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56"
         "a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d",
         80000},
        {"", "", "f7ce0b653d", 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t out[64];
        size_t len = strlen(rows[i].want) / 2;
        ff_bytes password = {(const uint8_t *)rows[i].password,
                             strlen(rows[i].password)};
        ff_bytes salt = {(const uint8_t *)rows[i].salt, strlen(rows[i].salt)};
        CHECK_SAME(ff_pbkdf2(out, len, password, salt, rows[i].iterations),
                   FF_DONE);
        CHECK(hex_same(out, len, rows[i].want));
    }
}

/* -- failure -- */

static void test_failure_leaves_zeroes_and_no_errors_behind(void)
{
    const ff_bytes k = {(const uint8_t *)"k", 1};
    uint8_t out[32];
    for (int i = 0; i < 4; i++) {
        memset(out, SENTINEL, sizeof out);
        fails_to_fetch = i % 2;
        fails_to_derive = !fails_to_fetch;
        CHECK_SAME(i < 2 ? ff_hkdf(out, 32, FF_SHA256, k, k, k)
                         : ff_pbkdf2(out, 32, k, k, 2), FF_LIB_CRYPTO);
        fails_to_fetch = fails_to_derive = 0;
        CHECK(kit_is_all(out, 0, sizeof out));
        CHECK_SAME(ERR_peek_error(), 0);
    }
    memset(out, SENTINEL, sizeof out);
    CHECK_SAME(ff_pbkdf2(out, 32, k, k, 0), FF_LIB_CRYPTO); /* no rounds */
    CHECK(kit_is_all(out, 0, sizeof out));
}

int main(void)
{
    RUN(test_hkdf_gives_the_published_bytes);
    RUN(test_hkdf_takes_empty_and_short_inputs);
    RUN(test_pbkdf2_gives_the_published_bytes);
    RUN(test_failure_leaves_zeroes_and_no_errors_behind);
    return check_report();
}
