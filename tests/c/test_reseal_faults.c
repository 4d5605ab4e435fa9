/* test_reseal_faults.c - libcrypto fails while a DAVE frame is sealed anew: no
 * frame goes out, and its plaintext does not stay behind either.
 *
 * link: --wrap=EVP_CIPHER_fetch,EVP_CipherInit_ex2,EVP_EncryptInit_ex2
 * link: --wrap=EVP_EncryptUpdate,EVP_EncryptFinal_ex,EVP_CIPHER_CTX_get_params
 * link: --wrap=EVP_DecryptInit_ex2,EVP_DecryptUpdate,EVP_CipherUpdate
 * link: --wrap=EVP_MAC_fetch,EVP_MAC_init,EVP_MAC_update,EVP_MAC_final
 * link: --wrap=ff_annexb_has_start_code
 */
#include "sealer.h"

#include "rows.h"

#include "batch_kit.h"
#include "crypto_wrap.h"

#define MEDIA 100
#define MAX_LEN (MEDIA + ROW_MEDIA_MAX)
#define MAX_SEALED (MAX_LEN + ROW_GROWTH)
#define MOST_STEPS 60
#define GENERATION (1 << 24)

static int num_bad;

int __real_ff_annexb_has_start_code(const uint8_t *bytes, size_t len);
int __wrap_ff_annexb_has_start_code(const uint8_t *bytes, size_t len);

int __wrap_ff_annexb_has_start_code(const uint8_t *bytes, size_t len)
{
    (void)__real_ff_annexb_has_start_code(bytes, len);
    return num_bad > 0 && num_bad-- > 0;
}

static kit_row row = {.format = DAVE,
                      .suite = FF_AES_128_GCM_8,
                      .codec = FF_CODEC_h264,
                      .schedule = FROM_DAVE};

static void fail_each(uint64_t first, int in_place)
{
    uint8_t frame[MAX_LEN], out[MAX_SEALED];
    size_t len = row_frame(&row, frame, FF_KEY, MEDIA);
    int n = 1;
    for (int was_met = 1; was_met && n < MOST_STEPS; n += was_met) {
        ff_sealer *sealer = row_sealer(&row, first);
        memset(out, SENTINEL, sizeof out);
        memcpy(out, frame, in_place ? len : 0);
        num_bad = 2;
        until_refusal = n;
        int64_t got = ff_seal_one(sealer, out, sizeof out,
                                  in_place ? out : frame, len, 0, NULL);
        was_met = disarm();
        num_bad = 0;
        CHECK_SAME(got < 0, was_met);
        CHECK(got > 0 || got == -FF_INTERNAL);
        CHECK(got > 0 || kit_is_all(out, 0, len));
        CHECK(kit_next_of(sealer) > first);
        ff_sealer_free(sealer);
    }
    CHECK(n > 12 && n < MOST_STEPS);
}

static void test_each_failure_leaves_nothing(void)
{
    for (int in_place = 0; in_place < 2; in_place++) {
        fail_each(1, in_place);
        fail_each(GENERATION - 2, in_place); /* a key is derived in between */
        fail_each(GENERATION - 1, in_place);
    }
    CHECK_SAME(num_left_errors, 0);
}

/* The blocks that a key may encrypt are counted for each attempt. */
static void test_attempts_count_as_blocks(void)
{
    uint8_t frame[MAX_LEN], out[MAX_SEALED];
    size_t len = row_frame(&row, frame, FF_KEY, MEDIA);
    ff_sealer *sealer = row_sealer(&row, 1);
    uint64_t before = sealer->blocks_left;
    CHECK(ff_seal_one(sealer, out, sizeof out, frame, len, 0, NULL) > 0);
    uint64_t cost = before - sealer->blocks_left;
    num_bad = 2;
    CHECK(ff_seal_one(sealer, out, sizeof out, frame, len, 0, NULL) > 0);
    CHECK_SAME(before - sealer->blocks_left, 4 * cost);
    sealer->blocks_left = 2 * cost;
    num_bad = 2;
    CHECK_SAME(ff_seal_one(sealer, out, sizeof out, frame, len, 0, NULL),
               -FF_KEY_EXHAUSTED);
    CHECK(kit_is_all(out, 0, len));
    num_bad = 0;
    ff_sealer_free(sealer);
}

int main(void)
{
    CHECK_SAME(ff_format_read(DAVE, FF_CODEC_h264, &row.facts), FF_DONE);
    RUN(test_each_failure_leaves_nothing);
    RUN(test_attempts_count_as_blocks);
    return check_report();
}
