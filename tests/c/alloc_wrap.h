/* alloc_wrap.h - counts allocations and lets chosen ones fail.
 *
 * For programs linked with --wrap for malloc, calloc, realloc, posix_memalign,
 * free and pthread_mutex_init. Include it once.
 */
#ifndef FASTFRAME_TEST_ALLOC_WRAP_H
#define FASTFRAME_TEST_ALLOC_WRAP_H
#include <errno.h>
#include <pthread.h>

#include <openssl/crypto.h>

#include "kit.h"

static int64_t num_allocations, num_live;
static int64_t until_failure; /* 1: the next one fails; 0: none does */
static int     fails_on;      /* all after the first failure fail as well */
static int     has_failed;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *at, size_t size);
int __real_posix_memalign(void **out, size_t alignment, size_t size);
void __real_free(void *at);
int __real_pthread_mutex_init(pthread_mutex_t *m, const pthread_mutexattr_t *a);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *at, size_t size);
int __wrap_posix_memalign(void **out, size_t alignment, size_t size);
void __wrap_free(void *at);
int __wrap_pthread_mutex_init(pthread_mutex_t *m, const pthread_mutexattr_t *a);

static int should_fail(void)
{
    num_allocations += 1;
    if (until_failure == 0 || --until_failure > 0)
        return 0;
    has_failed = 1;
    until_failure = fails_on;
    return 1;
}

static void *counted(void *made)
{
    num_live += made != NULL;
    return made;
}

void *__wrap_malloc(size_t size)
{
    return should_fail() ? NULL : counted(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
    return should_fail() ? NULL : counted(__real_calloc(count, size));
}

void *__wrap_realloc(void *at, size_t size)
{
    if (should_fail())
        return NULL;
    num_live -= at != NULL;
    return counted(__real_realloc(at, size));
}

int __wrap_posix_memalign(void **out, size_t alignment, size_t size)
{
    if (should_fail() || __real_posix_memalign(out, alignment, size) != 0)
        return ENOMEM;
    num_live += 1;
    return 0;
}

void __wrap_free(void *at)
{
    num_live -= at != NULL;
    __real_free(at);
}

int __wrap_pthread_mutex_init(pthread_mutex_t *m, const pthread_mutexattr_t *a)
{
    return should_fail() ? ENOMEM : __real_pthread_mutex_init(m, a);
}

#if FF_OPENSSL_STATIC

/* The linker has turned libcrypto's own calls here already. */
static inline void wrap_openssl(void)
{
}

#else

/* A shared libcrypto is out of the linker's reach; it has a hook instead. */
static void *openssl_malloc(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return __wrap_malloc(size);
}

static void *openssl_realloc(void *at, size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return __wrap_realloc(at, size);
}

static void openssl_free(void *at, const char *file, int line)
{
    (void)file;
    (void)line;
    __wrap_free(at);
}

/* wrap_openssl comes before anything that makes libcrypto allocate. */
static inline void wrap_openssl(void)
{
    CHECK(CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc,
                                   openssl_free));
}

#endif
#endif
