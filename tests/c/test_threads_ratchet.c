/* test_threads_ratchet.c - keys that move on while many threads seal and open:
 * each frame is whole, under one key or the next.
 *
 * Meant to run under ThreadSanitizer as well, with fewer rounds there.
 */
#include <pthread.h>

#include "rows.h"

#ifdef __SANITIZE_THREAD__
#define ROUNDS 300
#else
#define ROUNDS 2000
#endif
#define NUM_THREADS 5
#define LEN 40
#define WINDOW 30 /* steps; one thread makes fewer before another opens */

typedef struct {
    ff_sealer *sealer;
    ff_opener *opener;
    ff_key     key;
    uint32_t   number; /* of the next thread to start */
    uint32_t   num_opened;
    uint8_t    frame[LEN];
} shared;

static void run_all(void *(*work)(void *), shared *all)
{
    pthread_t threads[NUM_THREADS];
    for (int i = 0; i < NUM_THREADS; i++)
        CHECK_SAME(pthread_create(&threads[i], NULL, work, all), 0);
    for (int i = 0; i < NUM_THREADS; i++)
        CHECK_SAME(pthread_join(threads[i], NULL), 0);
}

static void move_on(shared *all, uint32_t round)
{
    ff_opener_facts facts;
    ff_slot_facts slot;
    if (round % 50 == 0)
        CHECK_SAME(ff_sealer_ratchet(all->sealer), FF_DONE);
    CHECK_SAME(ff_opener_allow(all->opener, 100), FF_DONE);
    CHECK_SAME(ff_opener_read(all->opener, &facts, &slot, 1), FF_DONE);
    ff_key other = all->key; /* its neighbour comes and goes */
    other.id = 2;
    CHECK_SAME(ff_opener_set_key(all->opener, &other), FF_DONE);
    if (round % 2)
        CHECK_SAME(ff_opener_drop_key(all->opener, 2), FF_DONE);
}

static void *seal_and_open(void *arg)
{
    shared *all = arg;
    uint8_t sealed[LEN + ROW_GROWTH], out[LEN];
    int is_mover = __atomic_fetch_add(&all->number, 1, __ATOMIC_RELAXED) == 0;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        if (is_mover)
            move_on(all, i);
        int64_t len = ff_seal_one(all->sealer, sealed, sizeof sealed,
                                  all->frame, LEN, FF_DELTA, NULL);
        if (!CHECK(len > 0))
            break;
        int64_t got = ff_open_one(all->opener, out, LEN, sealed, (size_t)len,
                                  FF_DELTA, NULL);
        if (got == LEN) {
            CHECK(memcmp(out, all->frame, LEN) == 0);
            __atomic_fetch_add(&all->num_opened, 1, __ATOMIC_RELAXED);
        } else { /* two keys behind by the time it was opened */
            CHECK_SAME(got, -FF_AUTH_FAILED);
            CHECK(kit_is_all(out, 0, LEN));
        }
    }
    return NULL;
}

static void test_keys_move_on_under_many_threads(void)
{
    const kit_row row = {.format = JITSI,
                         .schedule = FROM_JITSI,
                         .facts = {.counter_max = 1 << 20}};
    ff_settings settings = {.format = JITSI, .ratchet_window = WINDOW};
    shared all = {.key = row_key(&row, 1)};
    kit_fill(all.frame, LEN);
    all.sealer = row_sealer(&row, 0);
    CHECK_SAME(ff_opener_new(&all.opener, &settings), FF_DONE);
    CHECK_SAME(ff_opener_set_key(all.opener, &all.key), FF_DONE);
    run_all(seal_and_open, &all);
    CHECK(all.num_opened > NUM_THREADS * ROUNDS / 2);
    ff_sealer_free(all.sealer);
    ff_opener_free(all.opener);
}

int main(void)
{
    RUN(test_keys_move_on_under_many_threads);
    return check_report();
}
