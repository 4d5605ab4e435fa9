/* test_no_repeats.c - no nonce twice: single calls, batches in place and apart,
 * calls that fail and ratchets in between, in every format.
 *
 * One and the same frame is sealed over and over. Were a nonce to come again
 * under a key, so would the ciphertext.
 */
#include "rows.h"

#include "batch_kit.h"

#define MEDIA 40
#define PER_BATCH 7
#define ROUNDS 60
#define MOST (ROUNDS * (2 + 2 * PER_BATCH))
#define MAX_LEN (MEDIA + ROW_MEDIA_MAX)
#define MAX_SEALED (MAX_LEN + ROW_GROWTH)

/* seen: the start of a frame's ciphertext, and its IV where it is sent. */
typedef struct {
    uint8_t body[16], nonce[FF_NONCE_LEN];
} seen;

typedef struct {
    const kit_row *row;
    ff_sealer     *sealer;
    kit_batch     *batch;
    uint8_t        frame[MAX_LEN];
    size_t         len;
    seen           all[MOST];
    size_t         num;
} record;

static void note(record *r, const uint8_t *sealed, size_t len)
{
    const ff_settings settings = row_settings(r->row, 0);
    ff_claim claim;
    CHECK_SAME(ff_inspect(&settings,
                          (uint32_t)ff_suite_tag_len(r->row->suite), &claim,
                          sealed, len), FF_OK);
    /* DAVE's clear ranges stand in its body: its end is encrypted. */
    size_t at = len - claim.trailer_len - claim.tag_len - claim.num_escapes -
                sizeof r->all[0].body;
    if (r->num == MOST)
        return;
    memcpy(r->all[r->num].body, sealed + at, sizeof r->all[0].body);
    memcpy(r->all[r->num].nonce, claim.nonce, FF_NONCE_LEN);
    r->num++;
    int has_no_zero = r->row->format == LIVEKIT && row_rule(r->row)->escapes;
    CHECK(!has_no_zero || !memchr(claim.nonce, 0, FF_NONCE_LEN));
}

static void seal_singly(record *r, int in_place)
{
    uint8_t out[MAX_SEALED];
    memcpy(out, r->frame, r->len);
    int64_t got = ff_seal_one(r->sealer, out, MAX_SEALED,
                              in_place ? out : r->frame, r->len, FF_KEY, NULL);
    if (CHECK(got > 0))
        note(r, out, (size_t)got);
    if (kit_below(3) == 0) /* a call that fails in between */
        CHECK(ff_seal_one(r->sealer, out, kit_below((uint32_t)r->len),
                          r->frame, r->len, FF_KEY, NULL) < 0);
}

static void seal_in_batch(record *r, int in_place)
{
    ff_batch *b = &r->batch->b;
    CHECK_SAME(ff_batch_clear(b), FF_DONE);
    for (int i = 0; i < PER_BATCH; i++)
        CHECK_SAME(ff_batch_append(b, r->frame, r->len, FF_KEY, 0, NULL),
                   FF_DONE);
    b->out_size = kit_below(3) ? r->batch->out.len : r->batch->out.len / 3;
    CHECK(ff_seal_batch(r->sealer, b, in_place, 1) > 0);
    for (uint32_t i = 0; i < PER_BATCH; i++)
        if (b->status[i] == FF_OK)
            note(r, (in_place ? b->in : b->out) + b->out_at[i], b->out_len[i]);
}

static int compare_bodies(const void *a, const void *b)
{
    return memcmp(((const seen *)a)->body, ((const seen *)b)->body, 16);
}

static int compare_nonces(const void *a, const void *b)
{
    return memcmp(((const seen *)a)->nonce, ((const seen *)b)->nonce,
                  FF_NONCE_LEN);
}

static void check_all_differ(record *r, int is_one_key)
{
    qsort(r->all, r->num, sizeof *r->all, compare_bodies);
    for (size_t i = 1; i < r->num; i++)
        CHECK(compare_bodies(&r->all[i - 1], &r->all[i]) != 0);
    if (!r->row->facts.sends_nonce || !is_one_key)
        return;
    qsort(r->all, r->num, sizeof *r->all, compare_nonces);
    for (size_t i = 1; i < r->num; i++)
        CHECK(compare_nonces(&r->all[i - 1], &r->all[i]) != 0);
}

static void seal_all_ways(record *r, int ratchets)
{
    for (int i = 0; i < ROUNDS; i++) {
        seal_singly(r, 0);
        seal_in_batch(r, 0);
        seal_singly(r, 1);
        seal_in_batch(r, 1);
        if (ratchets && i % 16 == 15)
            CHECK_SAME(ff_sealer_ratchet(r->sealer), FF_DONE);
    }
    CHECK(r->num > MOST / 2);
}

static record *make(const kit_row *row, uint64_t first)
{
    static record made;
    const ff_settings settings = row_settings(row, 0);
    const ff_range range = {first, row->facts.counter_max};
    static uint8_t salt[FF_NONCE_LEN];
    ff_key key = row_key(row, 1);
    kit_fill(salt, row->facts.salt_len);
    key.salt = salt;
    key.salt_is_drawn = 1;
    made.row = row;
    made.num = 0;
    made.len = row_frame(row, made.frame, FF_KEY, MEDIA);
    made.batch = kit_batch_new(PER_BATCH, PER_BATCH * (MAX_LEN + FF_FRAME_ROOM),
                               PER_BATCH * (MAX_SEALED + FF_SPARE));
    CHECK_SAME(ff_sealer_new(&made.sealer, &settings, &key, &range), FF_DONE);
    return &made;
}

static void drop(record *r)
{
    kit_batch_free(r->batch);
    ff_sealer_free(r->sealer);
}

/* The first counters, those where bytes carry, and in DAVE the next key's. */
static void test_no_nonce_twice(const kit_row *row)
{
    const uint64_t firsts[] = {row->facts.counter_min, 0xFFF0, 0xFFFF00};
    for (int i = 0; i < 3; i++) {
        record *r = make(row, firsts[i]);
        seal_all_ways(r, 0);
        check_all_differ(r, 1);
        drop(r);
    }
}

/* Counters go on over a ratchet: so would the ciphertext differ even if two
 * steps had one key. */
static void test_no_nonce_twice_over_ratchets(const kit_row *row)
{
    const ff_schedule *schedule = ff_schedule_at(row->schedule);
    if (!schedule->step || row->facts.names_step)
        return;
    record *r = make(row, row->facts.counter_min);
    seal_all_ways(r, 1);
    check_all_differ(r, 1);
    drop(r);
}

int main(void)
{
    RUN_ROWS(test_no_nonce_twice);
    RUN_ROWS(test_no_nonce_twice_over_ratchets);
    return check_report();
}
