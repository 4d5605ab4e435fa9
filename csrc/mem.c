/* mem.c - wiping and comparing secrets; where OpenSSL's objects stand. */
#include "mem.h"

#include <openssl/crypto.h>
#include <stdlib.h>

void ff_wipe(void *ptr, size_t len)
{
    if (len > 0)
        OPENSSL_cleanse(ptr, len);
}

int ff_equal(const uint8_t *a, const uint8_t *b, size_t len)
{
    return CRYPTO_memcmp(a, b, len) == 0;
}

#if FF_OPENSSL_STATIC && !defined(_WIN32)

/* A GCM context takes some 800 bytes. Where malloc lets one lie across two
 * pages, stores to it are slow: 15 % of the time of a small frame, by luck of
 * each process. Blocks that start at a multiple of 1 kB never do. */
#define CONTEXT_LEAST 512
#define CONTEXT_ALIGN 1024

static void *allocate(size_t len, const char *file, int line)
{
    void *block = NULL;
    (void)file;
    (void)line;
    if (len < CONTEXT_LEAST || len > CONTEXT_ALIGN)
        return malloc(len);
    return posix_memalign(&block, CONTEXT_ALIGN, len) == 0 ? block : NULL;
}

static void *resize(void *block, size_t len, const char *file, int line)
{
    (void)file;
    (void)line;
    return realloc(block, len);
}

static void release(void *block, const char *file, int line)
{
    (void)file;
    (void)line;
    free(block);
}

void ff_mem_align(void)
{
    /* It is refused once anything was allocated; then nothing is lost. */
    (void)CRYPTO_set_mem_functions(allocate, resize, release);
}

#else

void ff_mem_align(void)
{
    /* A libcrypto shared with others keeps the allocator they expect. On
     * Windows, free() cannot take back what was aligned. */
}

#endif
