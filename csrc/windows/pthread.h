/* pthread.h - the part of POSIX threads that the core uses, for MSVC.
 *
 * Windows has no fork(), so nothing is told of one; and no signals between
 * threads, so there is none to keep from a thread.
 */
#ifndef FASTFRAME_WINDOWS_PTHREAD_H
#define FASTFRAME_WINDOWS_PTHREAD_H
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include <process.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>

/* -- once -- */

typedef INIT_ONCE pthread_once_t;
#define PTHREAD_ONCE_INIT INIT_ONCE_STATIC_INIT

static inline BOOL CALLBACK ff_once_call(INIT_ONCE *once, void *job, void **out)
{
    (void)once;
    (void)out;
    (*(void (**)(void))job)();
    return TRUE;
}

static inline int pthread_once(pthread_once_t *once, void (*job)(void))
{
    return InitOnceExecuteOnce(once, ff_once_call, &job, NULL) ? 0 : 1;
}

/* -- mutexes: a slim lock needs no freeing and never fails -- */

typedef SRWLOCK pthread_mutex_t;
#define PTHREAD_MUTEX_INITIALIZER SRWLOCK_INIT

static inline int pthread_mutex_init(pthread_mutex_t *mutex, const void *how)
{
    (void)how;
    InitializeSRWLock(mutex);
    return 0;
}

static inline int pthread_mutex_destroy(pthread_mutex_t *mutex)
{
    (void)mutex;
    return 0;
}

static inline int pthread_mutex_lock(pthread_mutex_t *mutex)
{
    AcquireSRWLockExclusive(mutex);
    return 0;
}

static inline int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
    ReleaseSRWLockExclusive(mutex);
    return 0;
}

static inline int pthread_atfork(void (*before)(void), void (*parent)(void),
                                 void (*child)(void))
{
    (void)before;
    (void)parent;
    (void)child;
    return 0;
}

/* -- threads -- */

typedef HANDLE pthread_t;

typedef struct {
    void *(*work)(void *);
    void *arg;
} ff_thread_start;

static inline unsigned __stdcall ff_thread_run(void *given)
{
    ff_thread_start start = *(ff_thread_start *)given;
    free(given);
    start.work(start.arg);
    return 0;
}

static inline int pthread_create(pthread_t *out, const void *how,
                                 void *(*work)(void *), void *arg)
{
    ff_thread_start *start = malloc(sizeof *start);
    (void)how;
    if (!start)
        return 1;
    *start = (ff_thread_start){work, arg};
    *out = (HANDLE)_beginthreadex(NULL, 0, ff_thread_run, start, 0, NULL);
    if (*out)
        return 0;
    free(start);
    return 1;
}

static inline int pthread_join(pthread_t thread, void **result)
{
    (void)result; /* nobody here asks for one */
    WaitForSingleObject(thread, INFINITE);
    return CloseHandle(thread) ? 0 : 1;
}

/* -- signals -- */

typedef int sigset_t;
#undef pthread_sigmask /* MinGW's headers have it without the type */
#ifndef SIG_SETMASK
#define SIG_SETMASK 2
#endif

static inline int sigfillset(sigset_t *set)
{
    *set = 0;
    return 0;
}

static inline int pthread_sigmask(int how, const sigset_t *set, sigset_t *before)
{
    (void)how;
    (void)set;
    if (before)
        *before = 0;
    return 0;
}
#endif
