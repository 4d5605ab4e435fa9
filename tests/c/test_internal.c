/* test_internal.c - libcrypto fails in the middle of a frame: nothing leaves,
 * nothing stays behind, and the next frame is fine.
 *
 * link: --wrap=EVP_CIPHER_fetch,EVP_CipherInit_ex2,EVP_EncryptInit_ex2
 * link: --wrap=EVP_EncryptUpdate,EVP_EncryptFinal_ex,EVP_CIPHER_CTX_get_params
 * link: --wrap=EVP_DecryptInit_ex2,EVP_DecryptUpdate,EVP_CipherUpdate
 * link: --wrap=EVP_MAC_fetch,EVP_MAC_init,EVP_MAC_update,EVP_MAC_final
 */
#include "rows.h"

#include "batch_kit.h"
#include "crypto_wrap.h"

#define MEDIA 48
#define MAX_LEN (MEDIA + ROW_MEDIA_MAX)
#define MAX_SEALED (MAX_LEN + ROW_GROWTH)
#define MOST_STEPS 60 /* of libcrypto's that one frame takes */

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

/* -- making objects -- */

static void test_cipher_that_cannot_be_had_is_an_error(void)
{
    const ff_settings settings = {.format = RAW};
    ff_key key = kit_key_of(AES_128, 1);
    ff_range range = {0, NO_LIMIT};
    ff_opener *opener = kit_opener(RAW, AES_128, 64);
    for (int n = 1; n <= 2; n++) {
        ff_sealer *sealer = NULL;
        until_refusal = n;
        CHECK_SAME(ff_sealer_new(&sealer, &settings, &key, &range),
                   FF_LIB_CRYPTO);
        CHECK(!sealer);
        CHECK_SAME(ERR_peek_error(), 0);
        key.key = other_key;
        until_refusal = n;
        CHECK_SAME(ff_opener_set_key(opener, &key), FF_LIB_CRYPTO);
        CHECK_SAME(ERR_peek_error(), 0);
    }
    until_refusal = 0;
    ff_opener_free(opener);
}

/* -- sealing -- */

static const ff_extra *extra_of(const kit_row *row)
{
    static const ff_extra extra = {.aad = kit_key, .aad_len = 3,
                                   .counter = FIRST_COUNTER};
    return row->facts.takes_aad ? &extra : NULL;
}

static size_t seal_kind(const kit_row *row, uint8_t *out, const uint8_t *frame,
                        size_t len, int kind)
{
    ff_sealer *sealer = row_sealer(row, FIRST_COUNTER);
    int64_t got = ff_seal_one(sealer, out, MAX_SEALED, frame, len, kind,
                              extra_of(row));
    ff_sealer_free(sealer);
    CHECK(got > 0);
    return (size_t)got;
}

static void seal_failing(const kit_row *row, int in_place)
{
    uint8_t frame[MAX_LEN], want[MAX_SEALED], out[MAX_SEALED];
    ff_sealer *sealer = row_sealer(row, FIRST_COUNTER);
    size_t len = row_frame(row, frame, FF_KEY, MEDIA);
    size_t sealed_len = seal_kind(row, want, frame, len, FF_KEY);
    ff_sealer_facts facts;
    int n = 0;
    for (int was_met = 1; was_met && n < MOST_STEPS; n += was_met) {
        uint64_t next = kit_next_of(sealer);
        memset(out, SENTINEL, sizeof out);
        memcpy(out, frame, in_place ? len : 0);
        until_refusal = n + 1;
        int64_t got = ff_seal_one(sealer, out, sizeof out,
                                  in_place ? out : frame, len, FF_KEY,
                                  extra_of(row));
        was_met = disarm();
        CHECK_SAME(got < 0, was_met);
        CHECK(kit_next_of(sealer) > next); /* spent all the same */
        if (!was_met)
            break;
        CHECK_SAME(got, -FF_INTERNAL);
        CHECK(kit_is_all(out, 0, len < sealed_len ? len : sealed_len));
        size_t end = 0;
        while (end < sizeof out && out[end] == 0)
            end++;
        CHECK(kit_is_all(out + end, SENTINEL, sizeof out - end));
    }
    CHECK(n > 3 && n < MOST_STEPS);
    CHECK_SAME(ff_sealer_read(sealer, &facts), FF_DONE);
    CHECK_SAME(facts.internal, n);
    CHECK_SAME(facts.frames, 1);
    ff_sealer_free(sealer);
}

static void test_failed_seal_leaves_nothing_that_could_be_sent(
    const kit_row *row)
{
    seal_failing(row, 0);
    seal_failing(row, 1);
}

/* -- opening -- */

/* frame_pair: a sealed frame and what it opens to. */
typedef struct {
    size_t  len, want_len;
    uint8_t sealed[MAX_SEALED], want[MAX_SEALED];
} frame_pair;

/* open_failing lets each step fail in turn; a key frame that is opened as
 * either kind takes the longest way. */
static void open_failing(const kit_row *row, const frame_pair *pair, int kind,
                         int in_place)
{
    const ff_extra counter = {.counter = FIRST_COUNTER};
    const ff_extra *extra = extra_of(row) ? extra_of(row) : &counter;
    uint8_t out[MAX_SEALED];
    ff_opener *opener = row_opener(row, 64);
    int was_met = 1;
    for (int n = 1; was_met && n < MOST_STEPS; n++) {
        memset(out, SENTINEL, sizeof out);
        memcpy(out, pair->sealed, in_place ? pair->len : 0);
        until_refusal = n;
        int64_t got = ff_open_one(opener, out, pair->want_len,
                                  in_place ? out : pair->sealed, pair->len,
                                  kind, extra);
        was_met = disarm();
        if (got >= 0) { /* perhaps in the second way of reading it */
            CHECK_SAME(got, pair->want_len);
            CHECK(memcmp(out, pair->want, pair->want_len) == 0);
            break;
        }
        CHECK_SAME(got, -FF_INTERNAL);
        CHECK(kit_is_all(out, 0, in_place ? pair->len : pair->want_len));
    }
    CHECK(kit_is_all(out + pair->len, SENTINEL, sizeof out - pair->len));
    ff_opener_free(opener);
}

static void test_failed_open_leaves_zeroes_and_the_frame_may_come_again(
    const kit_row *row)
{
    frame_pair pair;
    uint8_t frame[MAX_LEN];
    for (int kind = FF_DELTA; kind <= FF_KEY; kind++)
        for (int in_place = 0; in_place < 2; in_place++) {
            size_t len = row_frame(row, frame, kind, MEDIA);
            pair.want_len = row_canonical(row, pair.want, frame, len);
            pair.len = seal_kind(row, pair.sealed, frame, len, kind);
            open_failing(row, &pair, kind, in_place);
            open_failing(row, &pair, FF_EITHER, in_place);
        }
}

/* -- batches -- */

static kit_batch *with_frames(const kit_row *row, uint32_t count)
{
    kit_batch *made = kit_batch_new(count, count * (MAX_LEN + FF_FRAME_ROOM),
                                    count * (MAX_SEALED + FF_SPARE));
    for (uint32_t i = 0; i < count; i++) {
        uint8_t frame[MAX_LEN];
        size_t len = row_frame(row, frame, FF_KEY, MEDIA);
        CHECK_SAME(ff_batch_append(&made->b, frame, len, FF_KEY, 0, NULL),
                   FF_DONE);
    }
    return made;
}

static void test_failure_in_a_batch_costs_one_frame(const kit_row *row)
{
    kit_batch *batch = with_frames(row, 5);
    ff_sealer *sealer = row_sealer(row, FIRST_COUNTER);
    ff_opener *opener = row_opener(row, 64);
    until_refusal = 8;
    CHECK_SAME(ff_seal_batch(sealer, &batch->b, 0, 1), 4);
    CHECK(disarm());
    CHECK_SAME(ff_seal_batch(sealer, &batch->b, 0, 1), 5);
    CHECK(batch->b.counter[0] >= FIRST_COUNTER + 5); /* the failed is spent */
    kit_batch *back = kit_gather(batch, 5 * (MAX_SEALED + FF_SPARE));
    until_refusal = 5;
    CHECK_SAME(ff_open_batch(opener, &back->b, 0, 1), 4);
    CHECK(disarm());
    CHECK_SAME(ff_open_batch(opener, &back->b, 0, 1),
               row->facts.has_replay_check ? 1 : 5);
    kit_batch_free(back);
    kit_batch_free(batch);
    ff_sealer_free(sealer);
    ff_opener_free(opener);
}

/* Another thread that writes into the tables of a running batch breaks its
 * own frames and nothing else: each value is checked where it is used. */
static void test_tables_that_change_under_the_call_cost_their_frames(
    const kit_row *row)
{
    ff_sealer *sealer = row_sealer(row, FIRST_COUNTER);
    ff_opener *opener = row_opener(row, 0);
    for (int is_open = 0; is_open < 2; is_open++)
        for (int in_place = 0; in_place < 2; in_place++) {
            kit_batch *batch = with_frames(row, 8);
            CHECK_SAME(ff_seal_batch(sealer, &batch->b, 0, 1), 8);
            kit_batch *back = is_open ? kit_received(batch)
                                      : with_frames(row, 8);
            meddled = &back->b;
            before_each = meddle;
            int64_t ok = is_open ? ff_open_many(&opener, 1, &back->b, in_place, 1)
                                 : ff_seal_many(&sealer, 1, &back->b, in_place, 1);
            before_each = NULL;
            CHECK(!meddled);
            CHECK(ok == 5 || ok == 4); /* frame 6 reads as another kind */
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
    RUN_ROWS(test_failed_seal_leaves_nothing_that_could_be_sent);
    RUN_ROWS(test_failed_open_leaves_zeroes_and_the_frame_may_come_again);
    RUN_ROWS(test_failure_in_a_batch_costs_one_frame);
    RUN_ROWS(test_tables_that_change_under_the_call_cost_their_frames);
    CHECK_SAME(num_left_errors, 0);
    return check_report();
}
