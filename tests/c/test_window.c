/* test_window.c - the replay window at its edges and against a naive set. */
#include "window.h"

#include "kit.h"

#define MAX UINT64_MAX
#define MAX_WIDTH 65536
#define FAR (UINT64_C(1) << 20)
#define FARTHER (UINT64_C(1) << 40)

typedef struct {
    ff_window window;
    uint64_t *ring;
} fixture;

static fixture make(uint32_t width)
{
    fixture made;
    uint32_t words = ff_window_words(width);
    made.ring = kit_need(malloc(words * sizeof *made.ring));
    memset(made.ring, SENTINEL, words * sizeof *made.ring);
    ff_window_init(&made.window, made.ring, width);
    return made;
}

/* offer asks as open.c does: check first, accept only what passed. */
static ff_status offer(fixture *f, uint64_t counter)
{
    ff_status status = ff_window_check(&f->window, counter);
    if (status == FF_OK)
        ff_window_accept(&f->window, counter);
    return status;
}

/* One numbered step: a counter and what the window says to it. */
typedef struct {
    uint64_t  counter;
    ff_status want;
} step;

static void walk(uint32_t width, const step *steps, size_t num_steps)
{
    fixture f = make(width);
    for (size_t i = 0; i < num_steps; i++)
        if (!CHECK_SAME(offer(&f, steps[i].counter), steps[i].want))
            fprintf(stderr, "    width %u, step %zu\n", width, i + 1);
    free(f.ring);
}
#define WALK(width, steps) walk(width, steps, sizeof steps / sizeof steps[0])

static void test_numbered_steps_of_a_small_ring(void)
{
    static const step steps[] = {
        {0, FF_OK},        {0, FF_REPLAYED},   {1, FF_OK},
        {1, FF_REPLAYED},  {9, FF_OK},         {8, FF_OK},
        {7, FF_OK},        {7, FF_REPLAYED},   {63, FF_OK},
        {64, FF_OK},       {64, FF_REPLAYED},  {63, FF_REPLAYED},
        {0, FF_TOO_OLD},   {1, FF_REPLAYED},   {2, FF_OK},
        {65, FF_OK},       {1, FF_TOO_OLD},    {2, FF_REPLAYED},
        {128, FF_OK},      {65, FF_REPLAYED},  {64, FF_TOO_OLD},
        {66, FF_OK},       {127, FF_OK},       {66, FF_REPLAYED},
        {129, FF_OK},      {65, FF_TOO_OLD},   {66, FF_REPLAYED},
        {191, FF_OK},      {128, FF_REPLAYED}, {127, FF_TOO_OLD},
        {190, FF_OK},      {190, FF_REPLAYED}, {192, FF_OK},
        {129, FF_REPLAYED}, {128, FF_TOO_OLD}, {130, FF_OK}};
    WALK(64, steps);
}

/* A jump of the ring's own size lands on the same words: bits of the old
 * round must not be taken for the new one. */
static void test_far_jumps_leave_no_old_bits(void)
{
    static const step steps[] = {
        {5, FF_OK},           {5 + 128, FF_OK},      {5, FF_TOO_OLD},
        {5 + 128 - 1, FF_OK}, {5 + 256, FF_OK},      {5 + 255, FF_OK},
        {6 + 192, FF_OK},     {5 + 192, FF_TOO_OLD}, {FAR, FF_OK},
        {FAR - 63, FF_OK},    {FAR - 64, FF_TOO_OLD}, {FAR - 1, FF_OK},
        {FARTHER, FF_OK},     {FARTHER - 63, FF_OK},
        {FARTHER - 64, FF_TOO_OLD}, {FARTHER, FF_REPLAYED},
        {FAR, FF_TOO_OLD}};
    WALK(64, steps);
}

static void test_width_one_takes_only_what_rises(void)
{
    static const step steps[] = {
        {0, FF_OK},   {0, FF_REPLAYED},   {1, FF_OK},   {0, FF_TOO_OLD},
        {63, FF_OK},  {62, FF_TOO_OLD},   {64, FF_OK},  {63, FF_TOO_OLD},
        {64, FF_REPLAYED}, {1000, FF_OK}, {999, FF_TOO_OLD},
        {MAX, FF_OK}, {MAX, FF_REPLAYED}, {MAX - 1, FF_TOO_OLD}};
    WALK(1, steps);
}

/* 100 is no multiple of a word: the ring remembers more than it may use. */
static void test_width_that_is_no_multiple_of_a_word(void)
{
    static const step steps[] = {
        {1000, FF_OK},     {901, FF_OK},      {900, FF_TOO_OLD},
        {901, FF_REPLAYED}, {1001, FF_OK},    {901, FF_TOO_OLD},
        {902, FF_OK},      {1100, FF_OK},     {1001, FF_REPLAYED},
        {1000, FF_TOO_OLD}, {1002, FF_OK}};
    WALK(100, steps);
}

static void test_counters_at_the_top_of_the_range(void)
{
    static const step steps[] = {
        {0, FF_OK},          {MAX, FF_OK},         {MAX, FF_REPLAYED},
        {0, FF_TOO_OLD},     {1, FF_TOO_OLD},      {MAX - 1023, FF_OK},
        {MAX - 1024, FF_TOO_OLD}, {MAX - 1023, FF_REPLAYED},
        {MAX - 1, FF_OK},    {MAX - 64, FF_OK},    {MAX - 64, FF_REPLAYED},
        {UINT64_C(1) << 63, FF_TOO_OLD}};
    WALK(1024, steps);
}

/* The first counter may be any, and nothing below it counts as seen. */
static void test_first_counter_may_be_any(void)
{
    static const step from_top[] = {{MAX, FF_OK}, {MAX - 1, FF_OK},
                                    {MAX, FF_REPLAYED}};
    static const step from_middle[] = {{777, FF_OK}, {776, FF_OK},
                                       {0, FF_OK},   {0, FF_REPLAYED},
                                       {777, FF_REPLAYED}};
    WALK(64, from_top);
    WALK(1024, from_middle);
}

static void test_check_changes_nothing(void)
{
    fixture f = make(128);
    uint32_t words = ff_window_words(128);
    uint64_t before[8];
    CHECK(words <= 8);
    CHECK_SAME(ff_window_check(&f.window, MAX), FF_OK);
    CHECK_SAME(offer(&f, 500), FF_OK);
    memcpy(before, f.ring, words * sizeof *before);
    for (uint64_t counter = 300; counter < 2000; counter++)
        (void)ff_window_check(&f.window, counter);
    (void)ff_window_check(&f.window, MAX);
    CHECK(memcmp(before, f.ring, words * sizeof *before) == 0);
    CHECK_SAME(f.window.top, 500);
    free(f.ring);
}

/* The ring must span more than the width, or moving up would clear words
 * that are still remembered; and the mask needs a power of two. */
static void test_ring_sizes(void)
{
    for (uint32_t width = 1; width <= MAX_WIDTH; width++) {
        uint32_t words = ff_window_words(width);
        CHECK((words & (words - 1)) == 0);
        CHECK((words - 1) * 64 >= width);
    }
}

/* -- in bulk, against a set that forgets nothing -- */

#define SPACE 300000

typedef struct {
    uint8_t  seen[SPACE];
    uint64_t top;
    int      is_used;
} naive_set;

static ff_status naive_offer(naive_set *set, uint64_t base, uint64_t counter,
                             uint32_t width)
{
    uint64_t at = counter - base;
    if (set->is_used && at + width <= set->top)
        return FF_TOO_OLD;
    if (set->seen[at])
        return FF_REPLAYED;
    set->seen[at] = 1;
    set->top = set->is_used && set->top > at ? set->top : at;
    set->is_used = 1;
    return FF_OK;
}

/* next_of wanders upwards with jitter, some repeats and some far jumps. */
static uint64_t next_of(uint64_t at, uint32_t width)
{
    switch (kit_below(16)) {
    case 0: return at + kit_below(4 * width + 300);
    case 1: return at - (at < 2 * width ? at : kit_below(2 * width));
    case 2: return at - (at < width ? 0 : width - kit_below(2));
    case 3: return at;
    case 4: return at + (64 - at % 64) - kit_below(2);
    default: return at + kit_below(5) - (at > 3 ? 2 : 0);
    }
}

static void wander(uint32_t width, uint64_t base)
{
    naive_set *set = kit_need(calloc(1, sizeof *set));
    fixture f = make(width);
    uint64_t at = kit_below(1000);
    for (int i = 0; i < 60000 && at < SPACE; i++) {
        if (!CHECK_SAME(offer(&f, base + at),
                        naive_offer(set, base, base + at, width)))
            fprintf(stderr, "    width %u, counter base + %" PRIu64 "\n", width,
                    at);
        at = next_of(set->top > at ? set->top : at, width);
    }
    free(f.ring);
    free(set);
}

static void test_random_orders_against_a_naive_set(void)
{
    static const uint32_t widths[] = {1,   2,    63,   64,   65,
                                      100, 127,  128,  1000, 1023,
                                      1024, 1025, 65535, 65536};
    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++)
        for (int run = 0; run < 4; run++) {
            wander(widths[i], 0);
            wander(widths[i], MAX - SPACE + 1);
            wander(widths[i], UINT32_MAX - 5000);
        }
}

static void test_bulk_orders(void)
{
    const uint64_t num = 3 * MAX_WIDTH;
    fixture f = make(MAX_WIDTH);
    for (uint64_t i = 0; i < num; i += 2)
        CHECK_SAME(offer(&f, i), FF_OK);
    for (uint64_t i = num - 1; i > num - MAX_WIDTH; i -= 2)
        CHECK_SAME(offer(&f, i), FF_OK);
    for (uint64_t i = 0; i < num - MAX_WIDTH; i++)
        CHECK_SAME(offer(&f, i), FF_TOO_OLD);
    for (uint64_t i = num - MAX_WIDTH; i < num; i++)
        CHECK_SAME(offer(&f, i), FF_REPLAYED);
    free(f.ring);
}

int main(void)
{
    RUN(test_numbered_steps_of_a_small_ring);
    RUN(test_far_jumps_leave_no_old_bits);
    RUN(test_width_one_takes_only_what_rises);
    RUN(test_width_that_is_no_multiple_of_a_word);
    RUN(test_counters_at_the_top_of_the_range);
    RUN(test_first_counter_may_be_any);
    RUN(test_check_changes_nothing);
    RUN(test_ring_sizes);
    RUN(test_random_orders_against_a_naive_set);
    RUN(test_bulk_orders);
    return check_report();
}
