/* test_senders.c - bounded replay windows per sender, against a naive model. */

#include "kit.h"
#include "senders_kit.h"

#define WIDTH 64

/* The model: a list in the order of last acceptance, newest first, each with
 * every counter it ever saw. Slow and plainly right. */
#define MODEL_COUNTERS 512
typedef struct {
    uint64_t id;
    uint64_t top;
    uint8_t  seen[MODEL_COUNTERS];
} model_sender;

typedef struct {
    model_sender items[FF_SENDERS_MAX];
    uint32_t     count;
} model;

static int model_find(const model *m, uint64_t id)
{
    for (uint32_t i = 0; i < m->count; i++)
        if (m->items[i].id == id)
            return (int)i;
    return -1;
}

static ff_status model_check(const model *m, uint64_t id, uint64_t counter)
{
    int at = model_find(m, id);
    if (at < 0)
        return FF_OK;
    const model_sender *it = &m->items[at];
    if (counter + WIDTH <= it->top)
        return FF_TOO_OLD;
    return it->seen[counter] ? FF_REPLAYED : FF_OK;
}

static void model_accept(model *m, uint64_t id, uint64_t counter)
{
    int at = model_find(m, id);
    model_sender it = {.id = id};
    if (at >= 0)
        it = m->items[at];
    else if (m->count < FF_SENDERS_MAX)
        at = (int)m->count++;
    else
        at = FF_SENDERS_MAX - 1;
    memmove(m->items + 1, m->items, (size_t)at * sizeof *m->items);
    it.seen[counter] = 1;
    it.top = counter > it.top ? counter : it.top;
    m->items[0] = it;
}

static ff_status offer(ff_senders *senders, uint64_t id, uint64_t counter)
{
    ff_status status = kit_ask(senders, id, counter);
    if (status == FF_OK)
        kit_accept(senders, id, counter);
    return status;
}

/* play does the same random operations on both. */
static void play(uint32_t num_ids, const uint64_t *ids, int num_steps)
{
    ff_senders senders;
    model *m = kit_need(calloc(1, sizeof *m));
    CHECK_SAME(ff_senders_init(&senders, WIDTH), FF_DONE);
    for (int i = 0; i < num_steps; i++) {
        uint64_t id = ids[kit_below(num_ids)];
        uint64_t counter = kit_below(MODEL_COUNTERS);
        ff_status want = model_check(m, id, counter);
        CHECK_SAME(offer(&senders, id, counter), want);
        if (want == FF_OK)
            model_accept(m, id, counter);
        CHECK_SAME(senders.count, m->count);
    }
    for (uint32_t i = 0; i < num_ids; i++)
        CHECK_SAME(kit_ask(&senders, ids[i], 3),
                   model_check(m, ids[i], 3));
    ff_senders_free(&senders);
    free(m);
}

static void test_few_senders_agree_with_the_model(void)
{
    uint64_t ids[7];
    for (int i = 0; i < 7; i++)
        ids[i] = kit_random();
    play(7, ids, 5000);
}

static void test_more_senders_than_fit_agree_with_the_model(void)
{
    static uint64_t ids[FF_SENDERS_MAX + 150];
    const uint32_t num = sizeof ids / sizeof ids[0];
    for (uint32_t i = 0; i < num; i++)
        ids[i] = kit_random() >> 32;
    play(num, ids, 15000);
}

/* home gives the index slot that a table of some capacity wants for id. It
 * repeats the hash of senders.c to build the worst case on purpose; were the
 * hash to change, the tests would still hold but collide less. */
static uint32_t home(uint64_t id, uint32_t capacity)
{
    return (uint32_t)(id * UINT64_C(0x9e3779b97f4a7c15) >> 32) &
           (2 * capacity - 1);
}

/* collide finds ids whose home is one of a few slots round the wrap. */
static void collide(uint64_t *out, uint32_t num, uint32_t first, uint32_t span)
{
    uint32_t found = 0;
    for (uint64_t id = 1; found < num; id++) {
        uint32_t at = home(id, FF_SENDERS_MAX);
        if (((at - first) & (2 * FF_SENDERS_MAX - 1)) < span)
            out[found++] = id;
    }
}

static void test_colliding_senders_agree_with_the_model(void)
{
    static uint64_t ids[60];
    collide(ids, 60, 2 * FF_SENDERS_MAX - 3, 1);
    play(60, ids, 6000);
    collide(ids, 60, 2 * FF_SENDERS_MAX - 5, 9);
    play(60, ids, 6000);
}

/* Removing one of a run across the end of the index must not hide others. */
static void test_evicting_among_colliding_senders(void)
{
    static uint64_t ids[FF_SENDERS_MAX + 300];
    const uint32_t num = sizeof ids / sizeof ids[0];
    collide(ids, num, 2 * FF_SENDERS_MAX - 40, 64);
    play(num, ids, 6000);
}

static void test_sender_not_heard_for_longest_goes_first(void)
{
    ff_senders senders;
    CHECK_SAME(ff_senders_init(&senders, WIDTH), FF_DONE);
    for (uint64_t id = 0; id < FF_SENDERS_MAX; id++)
        CHECK_SAME(offer(&senders, id, 7), FF_OK);
    CHECK_SAME(senders.count, FF_SENDERS_MAX);
    CHECK_SAME(offer(&senders, 0, 8), FF_OK); /* 0 is heard, 1 is oldest now */
    CHECK_SAME(offer(&senders, 5000, 7), FF_OK);
    CHECK_SAME(senders.count, FF_SENDERS_MAX);
    CHECK_SAME(kit_ask(&senders, 1, 7), FF_OK); /* forgotten */
    CHECK_SAME(kit_ask(&senders, 0, 7), FF_REPLAYED);
    for (uint64_t id = 2; id < FF_SENDERS_MAX; id++)
        CHECK_SAME(kit_ask(&senders, id, 7), FF_REPLAYED);
    CHECK_SAME(kit_ask(&senders, 5000, 7), FF_REPLAYED);
    ff_senders_free(&senders);
}

/* Only authenticated frames may refresh a sender: anyone can ask. */
static void test_asking_about_a_sender_does_not_refresh_it(void)
{
    ff_senders senders;
    CHECK_SAME(ff_senders_init(&senders, WIDTH), FF_DONE);
    for (uint64_t id = 0; id < FF_SENDERS_MAX; id++)
        kit_accept(&senders, id, 7);
    for (uint64_t id = 0; id < 100000; id++)
        (void)kit_ask(&senders, id, 7);
    CHECK_SAME(senders.count, FF_SENDERS_MAX);
    kit_accept(&senders, 77777, 1);
    CHECK_SAME(kit_ask(&senders, 0, 7), FF_OK);
    CHECK_SAME(kit_ask(&senders, 1, 7), FF_REPLAYED);
    ff_senders_free(&senders);
}

/* Tables grow by moving; every window must come along unchanged. */
static void test_growth_keeps_windows(void)
{
    static const uint32_t widths[] = {1, 64, 1000, 1024};
    for (size_t w = 0; w < 4; w++) {
        ff_senders senders;
        CHECK_SAME(ff_senders_init(&senders, widths[w]), FF_DONE);
        for (uint64_t id = 0; id < FF_SENDERS_MAX; id++) {
            kit_accept(&senders, id << 32, 5000 + id);
            for (uint64_t old = 0; old <= id; old += 1 + id / 16)
                CHECK_SAME(kit_ask(&senders, old << 32, 5000 + old),
                           FF_REPLAYED);
        }
        CHECK_SAME(kit_ask(&senders, 0, 5000 - widths[w]), FF_TOO_OLD);
        ff_senders_free(&senders);
    }
}

/* A sender that comes back after it was pushed out starts with a clean ring,
 * not with the bits of the one whose place it takes. */
static void test_reused_place_has_a_clean_window(void)
{
    ff_senders senders;
    CHECK_SAME(ff_senders_init(&senders, WIDTH), FF_DONE);
    for (uint64_t id = 0; id < 2 * FF_SENDERS_MAX; id++)
        for (uint64_t counter = 0; counter < 8; counter++)
            CHECK_SAME(offer(&senders, id, 100 + counter), FF_OK);
    CHECK_SAME(senders.count, FF_SENDERS_MAX);
    ff_senders_free(&senders);
}

static void test_width_zero_remembers_nothing(void)
{
    ff_senders senders;
    CHECK_SAME(ff_senders_init(&senders, 0), FF_DONE);
    for (int i = 0; i < 100; i++)
        CHECK_SAME(offer(&senders, 1, 1), FF_OK);
    CHECK_SAME(senders.count, 0);
    CHECK(senders.items == NULL && senders.rings == NULL);
    ff_senders_free(&senders);
}

/* The bound that senders.h states for the default width of 1024. */
static void test_full_table_costs_what_the_header_says(void)
{
    size_t per_sender = sizeof(ff_sender) +
                        ff_window_words(1024) * sizeof(uint64_t) +
                        2 * sizeof(uint16_t);
    CHECK(per_sender * FF_SENDERS_MAX < 320 * 1024);
}

int main(void)
{
    RUN(test_few_senders_agree_with_the_model);
    RUN(test_more_senders_than_fit_agree_with_the_model);
    RUN(test_colliding_senders_agree_with_the_model);
    RUN(test_evicting_among_colliding_senders);
    RUN(test_sender_not_heard_for_longest_goes_first);
    RUN(test_asking_about_a_sender_does_not_refresh_it);
    RUN(test_growth_keeps_windows);
    RUN(test_reused_place_has_a_clean_window);
    RUN(test_width_zero_remembers_nothing);
    RUN(test_full_table_costs_what_the_header_says);
    return check_report();
}
