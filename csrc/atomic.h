/* atomic.h - the few atomic steps the core needs, per compiler. */
#ifndef FASTFRAME_ATOMIC_H
#define FASTFRAME_ATOMIC_H
#include <stdint.h>

/* ff_flag_take sets a flag and says whether it was free before. */
static inline int ff_flag_take(uint32_t *flag)
{
    return __atomic_exchange_n(flag, 1, __ATOMIC_ACQUIRE) == 0;
}

static inline void ff_flag_release(uint32_t *flag)
{
    __atomic_store_n(flag, 0, __ATOMIC_RELEASE);
}

static inline uint32_t ff_atomic_load(const uint32_t *value)
{
    return __atomic_load_n(value, __ATOMIC_ACQUIRE);
}

static inline void ff_atomic_store(uint32_t *value, uint32_t now)
{
    __atomic_store_n(value, now, __ATOMIC_RELEASE);
}
#endif
