/* lock.c - one mutex per object, safe to meet again after fork().
 *
 * fork() copies the memory of all threads but only one of them goes on. A
 * mutex that another thread held is then locked for ever. So each lock knows
 * the era (fork generation) it was last good in; in a new era it is made anew
 * if it was free at the fork, and refused for good if it was held.
 */
#include "lock.h"

#include "atomic.h"

static uint32_t era;
static pthread_mutex_t adopting = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t watch_once = PTHREAD_ONCE_INIT;

static void enter_child(void)
{
    ff_atomic_store(&era, era + 1);
    pthread_mutex_init(&adopting, NULL);
}

static void watch_forks(void)
{
    pthread_atfork(NULL, NULL, enter_child);
}

uint32_t ff_fork_era(void)
{
    return ff_atomic_load(&era);
}

ff_error ff_lock_init(ff_lock *lock)
{
    pthread_once(&watch_once, watch_forks);
    lock->era = ff_fork_era();
    lock->held = 0;
    return pthread_mutex_init(&lock->mutex, NULL) == 0 ? FF_DONE
                                                       : FF_LIB_MEMORY;
}

void ff_lock_free(ff_lock *lock)
{
    if (lock->era == ff_fork_era()) /* else undefined: it may be held */
        pthread_mutex_destroy(&lock->mutex);
}

static int adopt(ff_lock *lock, uint32_t now)
{
    int is_good = 1;
    pthread_mutex_lock(&adopting);
    if (ff_atomic_load(&lock->era) != now) {
        is_good = !lock->held && pthread_mutex_init(&lock->mutex, NULL) == 0;
        if (is_good)
            ff_atomic_store(&lock->era, now);
    }
    pthread_mutex_unlock(&adopting);
    return is_good;
}

ff_error ff_lock_acquire(ff_lock *lock)
{
    uint32_t now = ff_fork_era();
    if (ff_atomic_load(&lock->era) != now && !adopt(lock, now))
        return FF_FORKED;
    pthread_mutex_lock(&lock->mutex);
    lock->held = 1;
    return FF_DONE;
}

void ff_lock_release(ff_lock *lock)
{
    lock->held = 0;
    pthread_mutex_unlock(&lock->mutex);
}
