/* test_fork.c - what fork() leaves: sealers refuse, openers go on, and nobody
 * waits for a thread that is not there any more.
 *
 * link: --wrap=EVP_CIPHER_CTX_free, to fork in the middle of a close
 */
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "batch_kit.h"
#include "opener.h"
#include "sealer.h"

#define LEN 32
#define FREED_TWICE 77 /* exit code of a child */

/* Under --coverage a child that leaves by _exit would write no counts. */
void __gcov_dump(void) __attribute__((weak));

static ff_sealer *sealer;
static ff_opener *opener;
static uint8_t sealed[LEN + MAX_GROWTH], frame[LEN];

static void set_up(void)
{
    sealer = kit_sealer(INSERTABLE, AES_128, 0, NO_LIMIT);
    opener = kit_opener(INSERTABLE, AES_128, 64);
    CHECK_SAME(ff_seal_one(sealer, sealed, sizeof sealed, frame, LEN, FF_KEY,
                           NULL), sizeof sealed);
}

static void tear_down(void)
{
    ff_sealer_free(sealer);
    ff_opener_free(opener);
}

static int64_t open_it(void)
{
    uint8_t out[LEN];
    return ff_open_one(opener, out, LEN, sealed, sizeof sealed, FF_KEY, NULL);
}

/* in_child runs a test in a forked process and gives its exit code: 0 if it
 * came to its end without a failed check. */
static int in_child(void (*test)(void))
{
    int status = 0;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        uint32_t before = num_failures;
        alarm(MAX_SECONDS / 3); /* before the parent's */
        test();
        if (__gcov_dump)
            __gcov_dump();
        _exit(num_failures != before);
    }
    CHECK(child > 0 && waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* -- sealers -- */

static void every_use_of_a_sealer_is_refused(void)
{
    kit_batch *batch = kit_batch_new(1, 300, 300);
    ff_key key = kit_key_of(AES_128, 1);
    ff_range range = {50, NO_LIMIT};
    kit_append_random(batch, 1, LEN, 1);
    CHECK_SAME(ff_seal_one(sealer, sealed, sizeof sealed, frame, LEN, 0, NULL),
               -FF_FORKED);
    CHECK_SAME(ff_seal_batch(sealer, &batch->b, 0, 1), -FF_FORKED);
    CHECK_SAME(ff_seal_many(&sealer, 1, &batch->b, 1, 1), -FF_FORKED);
    CHECK_SAME(batch->b.status[0], FF_NOT_RUN);
    CHECK_SAME(ff_sealer_rekey(sealer, &key, &range), FF_FORKED);
    CHECK_SAME(ff_sealer_grant(sealer, 0, NO_LIMIT), FF_FORKED);
    CHECK_SAME(ff_sealer_ratchet(sealer), FF_FORKED);
    CHECK_SAME(kit_next_of(sealer), 1); /* reading is harmless */
    ff_sealer_close(sealer);
    CHECK(!sealer->rung.aead); /* and so is wiping */
    ff_sealer_free(sealer);
    kit_batch_free(batch);
}

static void grandchild_is_refused_too(void)
{
    CHECK_SAME(in_child(every_use_of_a_sealer_is_refused), 0);
}

static void fresh_sealer_works(void)
{
    ff_sealer *mine = kit_sealer(INSERTABLE, AES_128, 0, NO_LIMIT);
    CHECK_SAME(ff_seal_one(mine, sealed, sizeof sealed, frame, LEN, 0, NULL),
               sizeof sealed);
    CHECK_SAME(in_child(every_use_of_a_sealer_is_refused), 0);
    ff_sealer_free(mine);
}

static void test_forked_sealer_never_seals(void)
{
    set_up();
    CHECK_SAME(in_child(every_use_of_a_sealer_is_refused), 0);
    CHECK_SAME(in_child(grandchild_is_refused_too), 0);
    CHECK_SAME(in_child(fresh_sealer_works), 0);
    CHECK_SAME(ff_seal_one(sealer, sealed, sizeof sealed, frame, LEN, 0, NULL),
               sizeof sealed); /* the parent goes on */
    CHECK_SAME(kit_next_of(sealer), 2);
    tear_down();
}

/* -- openers -- */

static void opener_goes_on(void)
{
    CHECK_SAME(open_it(), LEN);
    CHECK_SAME(open_it(), -FF_REPLAYED);
    ff_opener_free(opener);
}

static void *open_on_a_thread(void *num_opened)
{
    if (open_it() == LEN)
        __atomic_fetch_add((int *)num_opened, 1, __ATOMIC_RELAXED);
    return NULL;
}

/* Several threads meet the lock of the parent's era at once; one renews it. */
static void threads_of_the_child_share_the_opener(void)
{
    pthread_t threads[8];
    int num_opened = 0;
    for (int i = 0; i < 8; i++)
        CHECK_SAME(pthread_create(&threads[i], NULL, open_on_a_thread,
                                  &num_opened), 0);
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    CHECK_SAME(num_opened, 1);
    ff_opener_free(opener);
}

static void test_opener_works_in_parent_and_child(void)
{
    set_up();
    CHECK_SAME(in_child(opener_goes_on), 0);
    CHECK_SAME(in_child(threads_of_the_child_share_the_opener), 0);
    opener_goes_on();
    ff_sealer_free(sealer);
}

/* -- a lock that was held -- */

static int phase; /* 1: the other thread is where it should be; 2: go on */

static void wait_for(int wanted)
{
    while (__atomic_load_n(&phase, __ATOMIC_ACQUIRE) != wanted)
        usleep(100);
}

static void set_phase(int now)
{
    __atomic_store_n(&phase, now, __ATOMIC_RELEASE);
}

static void *hold_both_locks(void *unused)
{
    CHECK_SAME(ff_opener_lock(opener), FF_DONE);
    CHECK_SAME(ff_sealer_lock(sealer), FF_DONE);
    set_phase(1);
    wait_for(2);
    ff_lock_release(&sealer->lock);
    ff_lock_release(&opener->lock);
    return unused;
}

static void held_objects_are_refused_and_freed(void)
{
    ff_opener_facts facts;
    ff_sealer_facts sealer_facts;
    ff_key key = kit_key_of(AES_128, 1);
    for (int i = 0; i < 3; i++) {
        CHECK_SAME(open_it(), -FF_FORKED);
        CHECK_SAME(ff_opener_set_key(opener, &key), FF_FORKED);
        CHECK_SAME(ff_opener_allow(opener, 1), FF_FORKED);
        CHECK_SAME(ff_opener_drop_key(opener, 1), FF_FORKED);
        CHECK_SAME(ff_opener_read(opener, &facts, NULL, 0), FF_FORKED);
        CHECK_SAME(ff_sealer_read(sealer, &sealer_facts), FF_FORKED);
        ff_opener_close(opener);
        ff_sealer_close(sealer);
    }
    ff_opener_free(opener);
    ff_sealer_free(sealer);
}

static void test_lock_held_at_the_fork_is_refused_for_good(void)
{
    pthread_t holder;
    set_up();
    set_phase(0);
    CHECK_SAME(pthread_create(&holder, NULL, hold_both_locks, NULL), 0);
    wait_for(1);
    CHECK_SAME(in_child(held_objects_are_refused_and_freed), 0);
    set_phase(2);
    pthread_join(holder, NULL);
    CHECK_SAME(open_it(), LEN);
    tear_down();
}

/* -- a close that was under way -- */

static EVP_CIPHER_CTX *freed; /* by a thread that then stands still */
static int is_armed;

void __real_EVP_CIPHER_CTX_free(EVP_CIPHER_CTX *ctx);
void __wrap_EVP_CIPHER_CTX_free(EVP_CIPHER_CTX *ctx);

void __wrap_EVP_CIPHER_CTX_free(EVP_CIPHER_CTX *ctx)
{
    if (ctx && ctx == freed)
        _exit(FREED_TWICE);
    __real_EVP_CIPHER_CTX_free(ctx);
    if (!__atomic_exchange_n(&is_armed, 0, __ATOMIC_ACQ_REL))
        return;
    freed = ctx;
    set_phase(1);
    wait_for(2);
}

static void *close_slowly(void *object)
{
    if (object == sealer)
        ff_sealer_close(sealer);
    else
        ff_opener_close(opener);
    return NULL;
}

static void free_both(void)
{
    ff_opener_free(opener);
    ff_sealer_free(sealer);
}

/* fork_amid_close gives how the child ended that frees what another thread
 * was closing; a finaliser in a forked worker does that. */
static int fork_amid_close(void *object)
{
    pthread_t closer;
    set_phase(0);
    __atomic_store_n(&is_armed, 1, __ATOMIC_RELEASE);
    CHECK_SAME(pthread_create(&closer, NULL, close_slowly, object), 0);
    wait_for(1);
    int code = in_child(free_both);
    freed = NULL;
    set_phase(2);
    pthread_join(closer, NULL);
    return code;
}

static void test_freeing_after_a_fork_amid_close_frees_nothing_twice(void)
{
    set_up();
    CHECK_SAME(fork_amid_close(opener), 0);
    CHECK_SAME(fork_amid_close(sealer), 0);
    tear_down();
}

int main(void)
{
    RUN(test_forked_sealer_never_seals);
    RUN(test_opener_works_in_parent_and_child);
    RUN(test_lock_held_at_the_fork_is_refused_for_good);
    RUN(test_freeing_after_a_fork_amid_close_frees_nothing_twice);
    return check_report();
}
