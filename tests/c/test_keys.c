/* test_keys.c - which keys each format takes, and when an opener takes a key
 * for the one it holds already. */
#include "rows.h"

#define LEN 30

static const uint8_t long_material[FF_SECRET_MAX + 1] = {1, 2, 3};

/* try gives what a sealer and an opener say to a key, which must agree. */
static ff_error try_key(const kit_row *row, const ff_key *key)
{
    const ff_settings settings = row_settings(row, 0);
    const ff_range range = {1, 1};
    ff_sealer *sealer = NULL;
    ff_opener *opener = NULL;
    ff_opener_facts facts;
    ff_error error = ff_sealer_new(&sealer, &settings, key, &range);
    CHECK_SAME(ff_opener_new(&opener, &settings), FF_DONE);
    CHECK_SAME(ff_opener_set_key(opener, key), error);
    CHECK_SAME(ff_opener_read(opener, &facts, NULL, 0), FF_DONE);
    CHECK_SAME(facts.num_slots, error == FF_DONE);
    CHECK_SAME(sealer != NULL, error == FF_DONE);
    ff_sealer_free(sealer);
    ff_opener_free(opener);
    return error;
}

static ff_error want_for(const kit_row *row, const ff_key *key)
{
    size_t least, most;
    if (ff_schedule_lens(key->schedule, key->suite, &least, &most) != FF_DONE)
        return FF_BAD_ARGUMENT;
    int is_good = row->facts.suites >> key->suite & 1 &&
                  row->facts.schedules >> key->schedule & 1 &&
                  key->key_len >= least && key->key_len <= most;
    return !is_good                           ? FF_BAD_ARGUMENT
           : key->id > row->facts.key_id_max ? FF_BAD_KEY_ID
                                              : FF_DONE;
}

/* PBKDF2 takes long: it is tried with one key that is good. */
static void test_suites_schedules_and_lengths(const kit_row *row)
{
    static const size_t lens[] = {0, 1, 15, 16, 17, 32, 48, 96, 256, 257};
    ff_key key = row_key(row, 1);
    key.key = long_material;
    for (key.suite = 0; key.suite <= FF_NUM_SUITES; key.suite++)
        for (key.schedule = 0; key.schedule <= FROM_DAVE + 1; key.schedule++)
            for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
                key.key_len = lens[i];
                ff_error want = want_for(row, &key);
                if (want != FF_DONE || key.schedule != FROM_PBKDF2)
                    CHECK_SAME(try_key(row, &key), want);
            }
}

static void test_key_ids(const kit_row *row)
{
    const uint64_t most = row->facts.key_id_max;
    const uint64_t ids[] = {0, 1, 15, 16, 255, 256, most, most + 1, UINT64_MAX};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        ff_key key = row_key(row, ids[i]);
        CHECK_SAME(try_key(row, &key), want_for(row, &key));
    }
}

static void test_half_a_key_is_refused(const kit_row *row)
{
    const ff_key good = row_key(row, 1);
    ff_key wrong = good;
    wrong.key = NULL;
    CHECK_SAME(try_key(row, &wrong), FF_BAD_ARGUMENT);
    wrong = good;
    wrong.kdf_salt_len = 5; /* with no salt there */
    CHECK_SAME(try_key(row, &wrong), FF_BAD_ARGUMENT);
    wrong.kdf_salt = long_material;
    wrong.kdf_salt_len = FF_KDF_SALT_MAX + 1;
    CHECK_SAME(try_key(row, &wrong), FF_BAD_ARGUMENT);
    wrong.kdf_salt_len = 5; /* only LiveKit's schedules take one */
    CHECK_SAME(try_key(row, &wrong),
               row->schedule == FROM_HKDF ? FF_DONE : FF_BAD_ARGUMENT);
}

/* Where neither frame nor schedule gives the nonce, the key must bring it. */
static void test_openers_ask_for_a_salt_only_if_it_is_used(const kit_row *row)
{
    const ff_settings settings = row_settings(row, 0);
    ff_opener *opener = NULL;
    ff_key key = row_key(row, 1);
    key.salt = NULL;
    CHECK_SAME(ff_opener_new(&opener, &settings), FF_DONE);
    CHECK_SAME(ff_opener_set_key(opener, &key),
               row->format == RAW ? FF_BAD_ARGUMENT : FF_DONE);
    ff_opener_free(opener);
}

/* Where no byte names a key all are tried, so there may be few of them. */
static void test_number_of_slots_is_bounded(const kit_row *row)
{
    if (row->facts.slots_max > 300)
        return;
    const ff_settings settings = row_settings(row, 0);
    ff_opener *opener = NULL;
    ff_opener_facts facts;
    CHECK_SAME(ff_opener_new(&opener, &settings), FF_DONE);
    for (uint64_t id = 0; id <= row->facts.slots_max + 1; id++) {
        ff_key key = row_key(row, id);
        CHECK_SAME(ff_opener_set_key(opener, &key),
                   id < row->facts.slots_max ? FF_DONE : FF_BAD_KEY_ID);
    }
    CHECK_SAME(ff_opener_read(opener, &facts, NULL, 0), FF_DONE);
    CHECK_SAME(facts.num_slots, row->facts.slots_max);
    ff_key again = row_key(row, 0); /* what is there may come again */
    CHECK_SAME(ff_opener_set_key(opener, &again), FF_DONE);
    CHECK_SAME(ff_opener_drop_key(opener, 0), FF_DONE);
    CHECK_SAME(ff_opener_set_key(opener, &again), FF_DONE);
    ff_opener_free(opener);
}

/* -- the same key again -- */

static size_t seal_with(const kit_row *row, const ff_key *key, uint8_t *out)
{
    const ff_settings settings = row_settings(row, 0);
    const ff_range range = {FIRST_COUNTER, row->facts.counter_max};
    uint8_t frame[LEN + ROW_MEDIA_MAX];
    ff_sealer *sealer = NULL;
    CHECK_SAME(ff_sealer_new(&sealer, &settings, key, &range), FF_DONE);
    size_t len = row_frame(row, frame, FF_KEY, LEN);
    int64_t got = ff_seal_one(sealer, out, sizeof frame + ROW_GROWTH, frame,
                              len, FF_KEY, NULL);
    CHECK(got > 0);
    ff_sealer_free(sealer);
    return (size_t)got;
}

static int64_t open_it(ff_opener *opener, const uint8_t *sealed, size_t len)
{
    uint8_t out[LEN + ROW_MEDIA_MAX + ROW_GROWTH];
    ff_extra extra = {.counter = FIRST_COUNTER};
    return ff_open_one(opener, out, sizeof out, sealed, len, FF_KEY, &extra);
}

/* An announcement that is repeated must let no old frame in again. */
static void test_same_key_again_keeps_its_window(const kit_row *row)
{
    uint8_t sealed[LEN + ROW_MEDIA_MAX + ROW_GROWTH];
    ff_key key = row_key(row, 1);
    ff_opener *opener = row_opener(row, 64);
    size_t len = seal_with(row, &key, sealed);
    CHECK(open_it(opener, sealed, len) > 0);
    CHECK_SAME(ff_opener_set_key(opener, &key), FF_DONE);
    int64_t got = open_it(opener, sealed, len);
    if (row->facts.has_replay_check)
        CHECK_SAME(got, -FF_REPLAYED);
    CHECK_SAME(ff_opener_drop_key(opener, 1), FF_DONE);
    CHECK_SAME(ff_opener_set_key(opener, &key), FF_DONE);
    CHECK(open_it(opener, sealed, len) > 0); /* forgotten with its slot */
    ff_opener_free(opener);
}

/* A key under another salt makes other nonces: for the peer, who has the new
 * salt, it is another key, and its frames must open. */
static void test_same_key_with_another_salt_is_another_key(const kit_row *row)
{
    uint8_t sealed[LEN + ROW_MEDIA_MAX + ROW_GROWTH];
    uint8_t salt[FF_NONCE_LEN] = {9, 9, 9, 9};
    ff_key key = row_key(row, 1);
    ff_opener *opener = row_opener(row, 64);
    key.salt = salt;
    CHECK_SAME(ff_opener_set_key(opener, &key), FF_DONE);
    size_t len = seal_with(row, &key, sealed);
    CHECK(open_it(opener, sealed, len) > 0);
    ff_opener_free(opener);
}

static void test_same_key_with_another_kdf_salt_is_another_key(void)
{
    static const kit_row row = {.format = LIVEKIT,
                                .schedule = FROM_HKDF,
                                .facts = {.counter_max = NO_LIMIT >> 9}};
    uint8_t sealed[LEN + ROW_MEDIA_MAX + ROW_GROWTH];
    ff_key key = row_key(&row, 1);
    ff_opener *opener = row_opener(&row, 64);
    const uint32_t lens[] = {0, 1, 2, 3, 2, 1, 0}; /* each begins the next */
    for (int i = 0; i < 7; i++) {
        key.kdf_salt = long_material;
        key.kdf_salt_len = lens[i];
        size_t sealed_len = seal_with(&row, &key, sealed);
        if (i > 0)
            CHECK_SAME(open_it(opener, sealed, sealed_len), -FF_AUTH_FAILED);
        for (int again = 0; again < 2; again++) {
            CHECK_SAME(ff_opener_set_key(opener, &key), FF_DONE);
            CHECK(open_it(opener, sealed, sealed_len) > 0);
        }
    }
    ff_opener_free(opener);
}

int main(void)
{
    RUN_ROWS(test_suites_schedules_and_lengths);
    RUN_ROWS(test_key_ids);
    RUN_ROWS(test_half_a_key_is_refused);
    RUN_ROWS(test_openers_ask_for_a_salt_only_if_it_is_used);
    RUN_ROWS(test_number_of_slots_is_bounded);
    RUN_ROWS(test_same_key_again_keeps_its_window);
    RUN_ROWS(test_same_key_with_another_salt_is_another_key);
    RUN(test_same_key_with_another_kdf_salt_is_another_key);
    return check_report();
}
