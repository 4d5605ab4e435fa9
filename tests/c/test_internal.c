/* test_internal.c - libcrypto fails in the middle of a frame: nothing leaves,
 * nothing stays behind, and the next frame is fine.
 *
 * link: --wrap=EVP_CIPHER_fetch,EVP_CipherInit_ex2,EVP_EncryptInit_ex2
 * link: --wrap=EVP_EncryptUpdate,EVP_EncryptFinal_ex,EVP_CIPHER_CTX_get_params
 * link: --wrap=EVP_DecryptInit_ex2,EVP_DecryptUpdate
 */
#include <openssl/evp.h>

#include "batch_kit.h"

#define LEN 48

/* The call that fails does its work first, so that what it wrote is there to
 * be found, and leaves an error in the queue as libcrypto does. */
static int until_failure; /* 1: the next one fails; 0: none does */

static ff_batch *meddled; /* its tables change under the running call */

static void meddle(void)
{
    ff_batch *b = meddled;
    if (!b)
        return;
    meddled = NULL;
    b->in_at[2] = UINT64_MAX;
    b->in_len[3] = b->aad_len[4] = UINT32_MAX;
    b->source[5] = UINT16_MAX;
    b->key_frame[6] = 99;
}

static int may_fail(int result)
{
    meddle();
    if (until_failure == 0 || --until_failure > 0)
        return result;
    ERR_raise(ERR_LIB_EVP, ERR_R_INTERNAL_ERROR);
    return 0;
}

#define PARAMS const OSSL_PARAM *params
#define FAILING(name, parameters, arguments)                                   \
    int __real_##name parameters;                                              \
    int __wrap_##name parameters;                                              \
    int __wrap_##name parameters { return may_fail(__real_##name arguments); }

FAILING(EVP_EncryptInit_ex2,
        (EVP_CIPHER_CTX * c, const EVP_CIPHER *k, const uint8_t *key,
         const uint8_t *iv, PARAMS), (c, k, key, iv, params))
FAILING(EVP_DecryptInit_ex2,
        (EVP_CIPHER_CTX * c, const EVP_CIPHER *k, const uint8_t *key,
         const uint8_t *iv, PARAMS), (c, k, key, iv, params))
FAILING(EVP_CipherInit_ex2,
        (EVP_CIPHER_CTX * c, const EVP_CIPHER *k, const uint8_t *key,
         const uint8_t *iv, int enc, PARAMS), (c, k, key, iv, enc, params))
FAILING(EVP_EncryptUpdate,
        (EVP_CIPHER_CTX * c, uint8_t *out, int *written, const uint8_t *in,
         int len), (c, out, written, in, len))
FAILING(EVP_DecryptUpdate,
        (EVP_CIPHER_CTX * c, uint8_t *out, int *written, const uint8_t *in,
         int len), (c, out, written, in, len))
FAILING(EVP_EncryptFinal_ex, (EVP_CIPHER_CTX * c, uint8_t *out, int *written),
        (c, out, written))
FAILING(EVP_CIPHER_CTX_get_params, (EVP_CIPHER_CTX * c, OSSL_PARAM params[]),
        (c, params))

EVP_CIPHER *__real_EVP_CIPHER_fetch(OSSL_LIB_CTX *c, const char *n,
                                    const char *p);
EVP_CIPHER *__wrap_EVP_CIPHER_fetch(OSSL_LIB_CTX *c, const char *n,
                                    const char *p);

EVP_CIPHER *__wrap_EVP_CIPHER_fetch(OSSL_LIB_CTX *c, const char *n,
                                    const char *p)
{
    return may_fail(1) ? __real_EVP_CIPHER_fetch(c, n, p) : NULL;
}

static int      num_left_errors; /* calls that left the error queue filled */
static uint32_t format;

/* disarm ends an attempt and says whether the failure was met. */
static int disarm(void)
{
    int was_met = until_failure == 0;
    until_failure = 0;
    num_left_errors += ERR_peek_error() != 0;
    ERR_clear_error();
    return was_met;
}

/* -- making objects -- */

static void test_cipher_that_cannot_be_had_is_an_error(void)
{
    ff_key key = kit_key_of(AES_128, 1);
    ff_range range = {0, NO_LIMIT};
    ff_opener *opener = kit_opener(RAW, AES_128, 64);
    for (int n = 1; n <= 2; n++) {
        ff_sealer *sealer = NULL;
        until_failure = n;
        CHECK_SAME(ff_sealer_new(&sealer, RAW, AES_128, &key, &range),
                   FF_LIB_CRYPTO);
        CHECK(!sealer);
        CHECK_SAME(ERR_peek_error(), 0);
        key.key = other_key;
        until_failure = n;
        CHECK_SAME(ff_opener_set_key(opener, AES_128, &key), FF_LIB_CRYPTO);
        CHECK_SAME(ERR_peek_error(), 0);
    }
    ff_opener_free(opener);
}

/* -- sealing -- */

static void test_failed_seal_leaves_nothing_that_could_be_sent(void)
{
    const size_t sealed_len = LEN + kit_head_len(format) + FF_TAG_LEN;
    uint8_t frame[LEN], out[LEN + MAX_GROWTH];
    ff_extra extra = {.aad = frame, .aad_len = 3};
    ff_sealer *sealer = kit_sealer(format, AES_128, 0, NO_LIMIT);
    ff_sealer_facts facts;
    uint64_t used = 0;
    kit_fill(frame, LEN);
    for (int in_place = 0; in_place < 2; in_place++)
        for (int n = 1;; n++, used++) {
            memset(out, SENTINEL, sizeof out);
            memcpy(out, frame, in_place ? LEN : 0);
            until_failure = n;
            int64_t got = ff_seal_one(sealer, out, sizeof out,
                                      in_place ? out : frame, LEN, FF_KEY,
                                      format == RAW ? &extra : NULL);
            if (!disarm()) { /* fewer than n steps: it was sealed */
                CHECK_SAME(got, sealed_len);
                CHECK(n > 4);
                used++;
                break;
            }
            CHECK_SAME(got, -FF_INTERNAL);
            CHECK(kit_is_all(out, 0, sealed_len));
            CHECK_SAME(kit_next_of(sealer), used + 1);
        }
    CHECK_SAME(ff_sealer_read(sealer, &facts), FF_DONE);
    CHECK_SAME(facts.next, used);
    CHECK_SAME(facts.internal, used - 2);
    ff_sealer_free(sealer);
}

/* -- opening -- */

static size_t seal_kind(uint8_t *out, const uint8_t *frame, int kind)
{
    ff_extra extra = {.aad = frame, .aad_len = 3};
    ff_sealer *sealer = kit_sealer(format, AES_128, 0, NO_LIMIT);
    int64_t len = ff_seal_one(sealer, out, LEN + MAX_GROWTH, frame, LEN, kind,
                              format == RAW ? &extra : NULL);
    ff_sealer_free(sealer);
    CHECK(len > LEN);
    return (size_t)len;
}

/* open_failing lets each step fail in turn; a key frame that is opened as
 * either kind takes the longest way. */
static void open_failing(const uint8_t *sealed, size_t len,
                         const uint8_t *frame, int kind, int in_place)
{
    ff_extra extra = {.aad = frame, .aad_len = 3};
    uint8_t out[LEN + MAX_GROWTH];
    ff_opener *opener = kit_opener(format, AES_128, 64);
    int was_met = 1;
    for (int n = 1; was_met && n < 30; n++) {
        memset(out, SENTINEL, sizeof out);
        memcpy(out, sealed, in_place ? len : 0);
        until_failure = n;
        int64_t got = ff_open_one(opener, out, LEN, in_place ? out : sealed,
                                  len, kind, format == RAW ? &extra : NULL);
        was_met = disarm();
        CHECK_SAME(got, was_met ? -FF_INTERNAL : LEN);
        if (was_met)
            CHECK(kit_is_all(out, 0, LEN));
        else
            CHECK(memcmp(out, frame, LEN) == 0);
    }
    CHECK(!was_met);
    ff_opener_free(opener);
}

static void test_failed_open_leaves_zeroes_and_the_frame_may_come_again(void)
{
    uint8_t frame[LEN], sealed[LEN + MAX_GROWTH];
    kit_fill(frame, LEN);
    for (int kind = FF_DELTA; kind <= FF_KEY; kind++)
        for (int in_place = 0; in_place < 2; in_place++) {
            size_t len = seal_kind(sealed, frame, kind);
            open_failing(sealed, len, frame, kind, in_place);
            open_failing(sealed, len, frame, FF_EITHER, in_place);
        }
}

static void test_failure_in_a_batch_costs_one_frame(void)
{
    kit_batch *batch = kit_batch_new(5, 5 * 200, 5 * 200);
    ff_sealer *sealer = kit_sealer(format, AES_128, 0, NO_LIMIT);
    ff_opener *opener = kit_opener(format, AES_128, 64);
    uint8_t frame[LEN] = {1};
    for (int i = 0; i < 5; i++)
        CHECK_SAME(ff_batch_append(&batch->b, frame, LEN, 1, 0, NULL), FF_DONE);
    until_failure = 8;
    CHECK_SAME(ff_seal_batch(sealer, &batch->b, 0), 4);
    CHECK(disarm());
    CHECK_SAME(ff_seal_batch(sealer, &batch->b, 0), 5);
    CHECK_SAME(batch->b.counter[0], 5); /* the failed one's is spent */
    kit_batch *back = kit_gather(batch, 5 * 200);
    until_failure = 5;
    CHECK_SAME(ff_open_batch(opener, &back->b, 0), 4);
    CHECK(disarm());
    CHECK_SAME(ff_open_batch(opener, &back->b, 0), 1);
    kit_batch_free(back);
    kit_batch_free(batch);
    ff_sealer_free(sealer);
    ff_opener_free(opener);
}

/* Another thread that writes into the tables of a running batch breaks its
 * own frames and nothing else: each value is checked where it is used. */
static void test_tables_that_change_under_the_call_cost_their_frames(void)
{
    ff_sealer *sealer = kit_sealer(format, AES_128, 0, NO_LIMIT);
    ff_opener *opener = kit_opener(format, AES_128, 0);
    for (int is_open = 0; is_open < 2; is_open++)
        for (int in_place = 0; in_place < 2; in_place++) {
            kit_batch *batch = kit_batch_new(8, 8 * 200, 8 * 200);
            kit_append_random(batch, 8, LEN, 1);
            CHECK_SAME(ff_seal_batch(sealer, &batch->b, 0), 8);
            kit_batch *back = kit_received(batch);
            meddled = &back->b;
            int64_t ok = is_open ? ff_open_many(&opener, 1, &back->b, in_place)
                                 : ff_seal_many(&sealer, 1, &back->b, in_place);
            CHECK(!meddled);
            CHECK(ok == 5 || (is_open && format != RAW && ok == 4));
            for (int i = 2; i < 5; i++)
                CHECK_SAME(back->b.status[i], FF_INTERNAL);
            kit_batch_free(back);
            kit_batch_free(batch);
        }
    ff_sealer_free(sealer);
    ff_opener_free(opener);
}

int main(void)
{
    RUN(test_cipher_that_cannot_be_had_is_an_error);
    for (format = 0; format < NUM_FORMATS; format++) {
        RUN(test_failed_seal_leaves_nothing_that_could_be_sent);
        RUN(test_failed_open_leaves_zeroes_and_the_frame_may_come_again);
        RUN(test_failure_in_a_batch_costs_one_frame);
        RUN(test_tables_that_change_under_the_call_cost_their_frames);
    }
    CHECK_SAME(num_left_errors, 0);
    return check_report();
}
