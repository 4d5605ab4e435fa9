/* mem.h - wiping and comparing secrets; where OpenSSL's objects stand. */
#ifndef FASTFRAME_MEM_H
#define FASTFRAME_MEM_H
#include <stddef.h>
#include <stdint.h>

/* ff_wipe zeroes len bytes in a way the compiler keeps. */
void ff_wipe(void *ptr, size_t len);

/* ff_equal compares in time that depends on len only. */
int ff_equal(const uint8_t *a, const uint8_t *b, size_t len);

/* ff_mem_align, called before OpenSSL's first allocation, makes a libcrypto of
 * our own (linked static) keep each cipher context within one page. */
void ff_mem_align(void);
#endif
