/* lock.h - one mutex per object, safe to meet again after fork(). */
#ifndef FASTFRAME_LOCK_H
#define FASTFRAME_LOCK_H
#include <pthread.h>

#include "fastframe.h"

typedef struct {
    pthread_mutex_t mutex;
    uint32_t        era;  /* the process generation the mutex belongs to */
    uint32_t        held; /* 1 between acquire and release */
} ff_lock;

/* ff_fork_era counts the fork() calls between the first process and this one.
 * An object remembers it to know whether it was made here. */
uint32_t ff_fork_era(void);

ff_error ff_lock_init(ff_lock *lock);
void ff_lock_free(ff_lock *lock);

/* ff_lock_acquire waits for the lock. It gives FF_FORKED if another thread
 * held the lock when this process was forked off: that thread is gone, and
 * what it was changing is half done for ever. */
ff_error ff_lock_acquire(ff_lock *lock);
void ff_lock_release(ff_lock *lock);
#endif
