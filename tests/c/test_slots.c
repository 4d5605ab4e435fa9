/* test_slots.c - key slots come, go and are found, against a naive model. */
#include "slots.h"

#include "kit.h"
#include "senders_kit.h"

static const ff_settings settings = {.window = 64};

static ff_error set(ff_slots *slots, uint64_t id, const uint8_t *bytes,
                    uint32_t suite)
{
    ff_key key = {.id = id,
                  .key = bytes,
                  .key_len = ff_suite_key_len(suite),
                  .suite = suite};
    ff_rung rung;
    CHECK_SAME(ff_rung_make(&rung, FF_FOR_OPEN, &key), FF_DONE);
    ff_error error = ff_slots_set(slots, &rung, &key, &settings);
    ff_rung_free(&rung); /* empty if it has moved */
    return error;
}

static void test_empty_table_finds_nothing(void)
{
    ff_slots slots = {0};
    CHECK(!ff_slots_find(&slots, 0));
    CHECK(!ff_slots_find(&slots, UINT64_MAX));
    CHECK_SAME(ff_slots_drop(&slots, 0), FF_NO_SUCH_KEY);
    ff_slots_free(&slots);
}

static void check_order(const ff_slots *slots)
{
    for (uint32_t i = 1; i < slots->count; i++)
        CHECK(slots->items[i - 1]->key_id < slots->items[i]->key_id);
    CHECK(slots->count <= slots->capacity);
}

/* spread turns a small number into an id, the extremes among them. */
static uint64_t spread(uint32_t n)
{
    return n == 0 ? 0 : n == 1 ? UINT64_MAX : n * UINT64_C(0x0123456789abcdef);
}

#define NUM_IDS 90
static void test_random_operations_agree_with_a_naive_table(void)
{
    ff_slots slots = {0};
    uint8_t held[NUM_IDS] = {0};
    for (int i = 0; i < 6000; i++) {
        uint32_t n = kit_below(NUM_IDS);
        if (kit_below(2)) {
            CHECK_SAME(set(&slots, spread(n), kit_key, AES_128), FF_DONE);
            held[n] = 1;
        } else {
            CHECK_SAME(ff_slots_drop(&slots, spread(n)),
                       held[n] ? FF_DONE : FF_NO_SUCH_KEY);
            held[n] = 0;
        }
        n = kit_below(NUM_IDS);
        ff_slot *found = ff_slots_find(&slots, spread(n));
        CHECK_SAME(found != NULL, held[n]);
        CHECK(!found || found->key_id == spread(n));
        check_order(&slots);
    }
    ff_slots_free(&slots);
}

static void test_neighbours_of_an_id_are_not_found(void)
{
    ff_slots slots = {0};
    for (uint64_t id = 10; id < 100; id += 10)
        CHECK_SAME(set(&slots, id, kit_key, AES_128), FF_DONE);
    for (uint64_t id = 0; id < 110; id++)
        CHECK_SAME(ff_slots_find(&slots, id) != NULL,
                   id >= 10 && id < 100 && id % 10 == 0);
    ff_slots_free(&slots);
}

/* A repeated announcement of a key must not let old frames in again. */
static void test_same_key_again_keeps_windows_and_counts(void)
{
    ff_slots slots = {0};
    CHECK_SAME(set(&slots, 5, kit_key, AES_128), FF_DONE);
    ff_slot *slot = kit_need(ff_slots_find(&slots, 5));
    kit_accept(&slot->senders, 1, 100);
    slot->facts.frames = 33;
    CHECK_SAME(set(&slots, 5, kit_key, AES_128), FF_DONE);
    CHECK(ff_slots_find(&slots, 5) == slot);
    CHECK_SAME(kit_ask(&slot->senders, 1, 100), FF_REPLAYED);
    CHECK_SAME(slot->facts.frames, 33);
    ff_slots_free(&slots);
}

/* The longer key begins with the shorter one: only the length differs. */
static void test_another_key_starts_with_fresh_windows(void)
{
    ff_slots slots = {0};
    CHECK_SAME(set(&slots, 5, kit_key, AES_128), FF_DONE);
    for (int round = 0; round < 4; round++) {
        ff_slot *slot = kit_need(ff_slots_find(&slots, 5));
        kit_accept(&slot->senders, 1, 100);
        if (round % 2)
            CHECK_SAME(set(&slots, 5, kit_key, AES_128), FF_DONE);
        else
            CHECK_SAME(set(&slots, 5, kit_key, AES_256), FF_DONE);
        slot = kit_need(ff_slots_find(&slots, 5));
        CHECK_SAME(kit_ask(&slot->senders, 1, 100), FF_OK);
        CHECK_SAME(slots.count, 1);
    }
    CHECK_SAME(set(&slots, 5, other_key, AES_128), FF_DONE);
    ff_slot *slot = kit_need(ff_slots_find(&slots, 5));
    CHECK(memcmp(slot->now.secret.material, other_key, 16) == 0);
    ff_slots_free(&slots);
}

static void test_keys_are_copied_not_borrowed(void)
{
    ff_slots slots = {0};
    uint8_t mine[16];
    memcpy(mine, kit_key, sizeof mine);
    CHECK_SAME(set(&slots, 1, mine, AES_128), FF_DONE);
    memset(mine, 0, sizeof mine);
    CHECK(memcmp(ff_slots_find(&slots, 1)->now.secret.material, kit_key,
                 sizeof mine) == 0);
    ff_slots_free(&slots);
}

/* Without a rung in it nothing of a slot is left behind, nor of the rung in the
 * caller's hands. */
static void test_rung_moves_into_the_slot_or_stays(void)
{
    ff_slots slots = {0};
    ff_key key = kit_key_of(AES_128, 1);
    for (int again = 0; again < 2; again++) {
        ff_rung rung;
        CHECK_SAME(ff_rung_make(&rung, FF_FOR_OPEN, &key), FF_DONE);
        CHECK_SAME(ff_slots_set(&slots, &rung, &key, &settings), FF_DONE);
        CHECK_SAME(rung.aead != NULL, again);
        CHECK_SAME(kit_is_all((uint8_t *)&rung, 0, sizeof rung), !again);
        ff_rung_free(&rung);
        CHECK(kit_is_all((uint8_t *)&rung, 0, sizeof rung));
    }
    ff_slots_free(&slots);
    CHECK(kit_is_all((uint8_t *)&slots, 0, sizeof slots));
}

static void test_slot_filled_last_is_the_first_to_be_tried(void)
{
    ff_slots slots = {0};
    const uint64_t order[] = {5, 1, 9, 3};
    CHECK(!ff_slots_nth(&slots, 0));
    for (int i = 0; i < 4; i++)
        CHECK_SAME(set(&slots, order[i], kit_key, AES_128), FF_DONE);
    for (uint32_t i = 0; i < 4; i++)
        CHECK_SAME(ff_slots_nth(&slots, i)->key_id, order[3 - i]);
    CHECK(!ff_slots_nth(&slots, 4) && !ff_slots_nth(&slots, UINT32_MAX));
    CHECK_SAME(set(&slots, 1, kit_key, AES_128), FF_DONE); /* it is there */
    CHECK_SAME(ff_slots_nth(&slots, 0)->key_id, 3);
    CHECK_SAME(set(&slots, 1, other_key, AES_128), FF_DONE);
    CHECK_SAME(ff_slots_nth(&slots, 0)->key_id, 1);
    CHECK_SAME(ff_slots_drop(&slots, 3), FF_DONE);
    CHECK_SAME(ff_slots_nth(&slots, 1)->key_id, 9);
    CHECK_SAME(ff_slots_nth(&slots, 2)->key_id, 5);
    ff_slots_free(&slots);
}

/* The rungs of a slot by number: the one in use, then those to come. */
static void test_first_rung_to_try_is_the_one_in_use(void)
{
    ff_slots slots = {0};
    uint32_t left = 5;
    CHECK_SAME(set(&slots, 1, kit_key, AES_128), FF_DONE);
    ff_slot *slot = kit_need(ff_slots_find(&slots, 1));
    CHECK(ff_slot_rung(slot, 0, &left) == &slot->now);
    CHECK(!ff_slot_rung(slot, 1, &left)); /* a raw key has no others */
    CHECK_SAME(left, 5);
    ff_slots_free(&slots);
}

static void test_growth_keeps_every_slot(void)
{
    ff_slots slots = {0};
    for (uint64_t id = 600; id > 0; id--)
        CHECK_SAME(set(&slots, id, kit_key, AES_128), FF_DONE);
    check_order(&slots);
    CHECK_SAME(slots.count, 600);
    for (uint64_t id = 1; id <= 600; id++)
        CHECK(ff_slots_find(&slots, id) && ff_slots_find(&slots, id)->now.aead);
    ff_slots_free(&slots);
}

/* The full table is a dummy without contexts, which alone would take 60 MB
 * and most of this program's time. */
static void test_table_is_bounded(void)
{
    ff_slot *rows = kit_need(calloc(FF_SLOTS_MAX, sizeof *rows));
    ff_slots slots = {.count = FF_SLOTS_MAX, .capacity = FF_SLOTS_MAX};
    slots.items = kit_need(calloc(FF_SLOTS_MAX, sizeof *slots.items));
    for (uint32_t i = 0; i < FF_SLOTS_MAX; i++) {
        slots.items[i] = &rows[i];
        rows[i].key_id = i;
    }
    ff_slot **before = slots.items;
    CHECK_SAME(set(&slots, FF_SLOTS_MAX, kit_key, AES_128), FF_BAD_ARGUMENT);
    CHECK_SAME(set(&slots, UINT64_MAX, kit_key, AES_128), FF_BAD_ARGUMENT);
    CHECK(slots.items == before && slots.count == FF_SLOTS_MAX);
    CHECK(ff_slots_find(&slots, FF_SLOTS_MAX - 1) == &rows[FF_SLOTS_MAX - 1]);
    CHECK(!ff_slots_find(&slots, FF_SLOTS_MAX));
    free(slots.items);
    free(rows);
}

int main(void)
{
    RUN(test_empty_table_finds_nothing);
    RUN(test_random_operations_agree_with_a_naive_table);
    RUN(test_neighbours_of_an_id_are_not_found);
    RUN(test_same_key_again_keeps_windows_and_counts);
    RUN(test_another_key_starts_with_fresh_windows);
    RUN(test_keys_are_copied_not_borrowed);
    RUN(test_rung_moves_into_the_slot_or_stays);
    RUN(test_slot_filled_last_is_the_first_to_be_tried);
    RUN(test_first_rung_to_try_is_the_one_in_use);
    RUN(test_growth_keeps_every_slot);
    RUN(test_table_is_bounded);
    return check_report();
}
