/* atomic.h - the few atomic steps the core needs, per compiler. */
#ifndef FASTFRAME_ATOMIC_H
#define FASTFRAME_ATOMIC_H
#include <stdint.h>
#if defined(_MSC_VER) && !defined(__clang__)
#include <intrin.h>

/* MSVC has no such builtins in C. These are full barriers: more than is asked. */
#define FF_EXCHANGE(at, now) \
    ((uint32_t)_InterlockedExchange((volatile long *)(at), (long)(now)))
#define FF_LOAD(at) \
    ((uint32_t)_InterlockedOr((volatile long *)(uintptr_t)(at), 0))
#define FF_STORE(at, now) ((void)FF_EXCHANGE(at, now))
#else
#define FF_EXCHANGE(at, now) __atomic_exchange_n(at, now, __ATOMIC_ACQUIRE)
#define FF_LOAD(at) __atomic_load_n(at, __ATOMIC_ACQUIRE)
#define FF_STORE(at, now) __atomic_store_n(at, now, __ATOMIC_RELEASE)
#endif

/* ff_flag_take sets a flag and says whether it was free before. */
static inline int ff_flag_take(uint32_t *flag)
{
    return FF_EXCHANGE(flag, 1) == 0;
}

static inline void ff_flag_release(uint32_t *flag)
{
    FF_STORE(flag, 0);
}

static inline uint32_t ff_atomic_load(const uint32_t *value)
{
    return FF_LOAD(value);
}

static inline void ff_atomic_store(uint32_t *value, uint32_t now)
{
    FF_STORE(value, now);
}
#endif
