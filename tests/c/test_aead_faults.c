/* test_aead_faults.c - a frame allocates nothing; memory or libcrypto failing
 * at any point is an error, and the next frame is fine.
 *
 * link: --wrap=malloc,calloc,realloc,posix_memalign,free,pthread_mutex_init
 * link: --wrap=EVP_CIPHER_fetch,EVP_CipherInit_ex2,EVP_CipherUpdate
 * link: --wrap=EVP_EncryptInit_ex2,EVP_EncryptUpdate,EVP_EncryptFinal_ex
 * link: --wrap=EVP_DecryptInit_ex2,EVP_DecryptUpdate,EVP_CIPHER_CTX_get_params
 * link: --wrap=EVP_MAC_fetch,EVP_MAC_init,EVP_MAC_update,EVP_MAC_final
 */
#include "aead.h"

#include "alloc_wrap.h"
#include "crypto_wrap.h"

#define LEN 100

/* -- one frame and all that is done with it -- */

static uint32_t suite;
static ff_aead *by, *to;
static uint8_t  pt[LEN], ct[LEN], at[LEN], tag[FF_TAG_LEN];

static const uint8_t  nonce[FF_NONCE_LEN] = {1};
static const uint8_t  metadata[300];
static const ff_bytes aad[] = {{nonce, 5}, {NULL, 0},
                               {metadata, sizeof metadata}};

static ff_status seal(void)
{
    const ff_part parts[] = {{ct, pt, 30}, {ct + 30, pt + 30, LEN - 30}};
    return ff_aead_seal(by, nonce, aad, 3, parts, 2, tag);
}

static ff_status open(void)
{
    const ff_part parts[] = {{at, ct, 30}, {at + 30, ct + 30, LEN - 30}};
    return ff_aead_open(to, nonce, aad, 3, parts, 2, tag);
}

static ff_status undo_seal(void)
{
    const ff_part part = {ct, ct, LEN};
    return ff_aead_undo(by, nonce, &part, 1);
}

static ff_status undo_open(void)
{
    const ff_part part = {at, at, LEN};
    return ff_aead_undo(to, nonce, &part, 1);
}

static void make_contexts(void)
{
    CHECK_SAME(ff_aead_new(&by, FF_FOR_SEAL, suite, kit_key), FF_DONE);
    CHECK_SAME(ff_aead_new(&to, FF_FOR_OPEN, suite, kit_key), FF_DONE);
}

static void free_contexts(void)
{
    ff_aead_free(by);
    ff_aead_free(to);
}

static int has_hmac(void)
{
    return suite >= FF_AES_128_HMAC_80 && suite <= FF_AES_256_HMAC_32;
}

static void use_once(void)
{
    CHECK_SAME(seal(), FF_OK);
    tag[0] ^= 1;
    CHECK_SAME(open(), FF_AUTH_FAILED);
    CHECK_SAME(undo_open(), FF_OK);
    tag[0] ^= 1;
    CHECK_SAME(open(), FF_OK);
    CHECK(memcmp(at, pt, LEN) == 0);
    CHECK_SAME(undo_seal(), FF_OK);
    CHECK(memcmp(ct, pt, LEN) == 0);
}

/* -- memory -- */

/* Before 3.5 OpenSSL copies a digest's state into new memory each time that
 * HMAC starts and ends (OSSL_FUNC_digest_copyctx is new there). */
static int mac_allocates(void)
{
    return OpenSSL_version_num() < 0x30500000L;
}

static void test_frames_allocate_nothing(void)
{
    for (suite = 0; suite < FF_NUM_SUITES; suite++) {
        make_contexts();
        use_once();
        num_allocations = 0;
        for (int i = 0; i < 100; i++)
            use_once();
        if (!has_hmac() || !mac_allocates())
            CHECK_SAME(num_allocations, 0);
        free_contexts();
    }
}

static void test_each_failed_allocation_is_an_error_and_leaks_nothing(void)
{
    for (suite = 0; suite < FF_NUM_SUITES; suite++) {
        int64_t live = num_live;
        has_failed = 1;
        for (int64_t n = 1; has_failed; n++) {
            has_failed = 0;
            until_failure = n;
            ff_error error = ff_aead_new(&by, FF_FOR_SEAL, suite, kit_key);
            until_failure = 0;
            CHECK_SAME(error == FF_DONE, by != NULL);
            CHECK(has_failed || error == FF_DONE);
            CHECK_SAME(ERR_peek_error(), 0);
            ff_aead_free(by);
            CHECK_SAME(num_live, live);
        }
    }
}

/* -- libcrypto -- */

/* refuse_each lets the first call into libcrypto fail, then the second, until
 * it gets by without meeting the failure. */
static void refuse_each(ff_status (*call)(void), int at_least)
{
    int num_refused = 0;
    for (int n = 1;; n++) {
        until_refusal = n;
        ff_status status = call();
        int is_met = until_refusal == 0;
        until_refusal = 0;
        ERR_clear_error();
        CHECK_SAME(status, is_met ? FF_INTERNAL : FF_OK);
        if (!is_met)
            break;
        num_refused += 1;
        CHECK_SAME(call(), FF_OK);
    }
    CHECK(num_refused >= at_least);
}

static void test_each_refusal_is_internal_and_passes(void)
{
    for (suite = 0; suite < FF_NUM_SUITES; suite++) {
        make_contexts();
        refuse_each(seal, 6); /* IV, aad, two parts, end, tag */
        refuse_each(open, 4);
        refuse_each(undo_seal, 2);
        refuse_each(undo_open, has_hmac() ? 0 : 2);
        use_once();
        free_contexts();
    }
}

static void test_each_refusal_in_new_is_an_error(void)
{
    for (suite = 0; suite < FF_NUM_SUITES; suite++) {
        int64_t live = num_live;
        int is_met = 1;
        for (int n = 1; is_met; n++) {
            until_refusal = n;
            ff_error error = ff_aead_new(&by, FF_FOR_SEAL, suite, kit_key);
            is_met = until_refusal == 0;
            until_refusal = 0;
            CHECK_SAME(ERR_peek_error(), 0);
            CHECK_SAME(error == FF_DONE, by != NULL);
            /* A probe that fails is an answer, not an error. */
            CHECK(error == FF_DONE || (is_met && error == FF_LIB_CRYPTO));
            CHECK(!is_met || n > 2 || error == FF_LIB_CRYPTO);
            ff_aead_free(by);
            CHECK_SAME(num_live, live);
        }
    }
}

/* Without the probe each MAC but the first would be wrong, on both sides alike:
 * only a peer would notice. */
static void test_mac_is_right_where_libcrypto_cannot_restart_it(void)
{
    for (suite = 0; suite < FF_NUM_SUITES; suite++) {
        uint8_t want[FF_TAG_LEN];
        make_contexts();
        CHECK_SAME(seal(), FF_OK);
        memcpy(want, tag, FF_TAG_LEN);
        free_contexts();
        forgets_restart = 1;
        make_contexts();
        for (int i = 0; i < 3; i++) {
            CHECK_SAME(seal(), FF_OK);
            CHECK(memcmp(tag, want, FF_TAG_LEN) == 0);
            use_once();
        }
        free_contexts();
        forgets_restart = 0;
    }
}

int main(void)
{
    wrap_openssl();
    kit_fill(pt, LEN);
    for (suite = 0; suite < FF_NUM_SUITES; suite++) { /* libcrypto's caches */
        make_contexts();
        use_once();
        free_contexts();
    }
    RUN(test_frames_allocate_nothing);
    RUN(test_each_failed_allocation_is_an_error_and_leaks_nothing);
    RUN(test_each_refusal_is_internal_and_passes);
    RUN(test_each_refusal_in_new_is_an_error);
    RUN(test_mac_is_right_where_libcrypto_cannot_restart_it);
    return check_report();
}
