/* span.h - bounds and overlap: the only arithmetic on what callers say. */
#ifndef FASTFRAME_SPAN_H
#define FASTFRAME_SPAN_H
#include <stddef.h>
#include <stdint.h>

/* ff_span_inside: do len bytes at offset at lie within size bytes? The
 * subtraction cannot wrap, where at + len could. */
static inline int ff_span_inside(uint64_t at, uint64_t len, uint64_t size)
{
    return at <= size && len <= size - at;
}

/* ff_span_apart: do two spans share no byte? */
static inline int ff_span_apart(const uint8_t *a, size_t a_len,
                                const uint8_t *b, size_t b_len)
{
    uintptr_t x = (uintptr_t)a, y = (uintptr_t)b;
    if (a_len == 0 || b_len == 0)
        return 1;
    return x <= y ? a_len <= y - x : b_len <= x - y;
}
#endif
