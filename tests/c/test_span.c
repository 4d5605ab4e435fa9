/* test_span.c - bounds and overlap, with numbers that would wrap. */
#include "span.h"

#include "kit.h"

/* The model: 128-bit sums cannot wrap, so the plain formula is right. */
__extension__ typedef unsigned __int128 wide;

static int naive_inside(uint64_t at, uint64_t len, uint64_t size)
{
    return (wide)at + len <= size;
}

static int naive_apart(uintptr_t a, size_t a_len, uintptr_t b, size_t b_len)
{
    return a_len == 0 || b_len == 0 || (wide)a + a_len <= b ||
           (wide)b + b_len <= a;
}

static const uint64_t edges[] = {0,
                                 1,
                                 2,
                                 63,
                                 64,
                                 65,
                                 UINT32_MAX - 1,
                                 UINT32_MAX,
                                 (uint64_t)UINT32_MAX + 1,
                                 INT64_MAX,
                                 (uint64_t)INT64_MAX + 1,
                                 UINT64_MAX - 64,
                                 UINT64_MAX - 1,
                                 UINT64_MAX};
#define NUM_EDGES (sizeof edges / sizeof edges[0])

static void test_inside_at_every_edge(void)
{
    for (size_t a = 0; a < NUM_EDGES; a++)
        for (size_t l = 0; l < NUM_EDGES; l++)
            for (size_t s = 0; s < NUM_EDGES; s++)
                CHECK_SAME(ff_span_inside(edges[a], edges[l], edges[s]),
                           naive_inside(edges[a], edges[l], edges[s]));
}

/* at + len wraps to 0 here, which a plain sum would let pass. */
static void test_wrapping_offset_is_outside(void)
{
    CHECK(!ff_span_inside(UINT64_MAX, 1, 100));
    CHECK(!ff_span_inside(UINT64_MAX - 15, 16, 100));
    CHECK(!ff_span_inside(1, UINT64_MAX, 100));
    CHECK(!ff_span_inside(UINT64_MAX, UINT64_MAX, 100));
    CHECK(ff_span_inside(UINT64_MAX, 0, UINT64_MAX));
    CHECK(ff_span_inside(100, 0, 100));
    CHECK(!ff_span_inside(101, 0, 100));
}

static void check_apart(uintptr_t a, size_t a_len, uintptr_t b, size_t b_len)
{
    CHECK_SAME(ff_span_apart((const uint8_t *)a, a_len, (const uint8_t *)b,
                             b_len),
               naive_apart(a, a_len, b, b_len));
}

static void test_apart_for_every_small_pair(void)
{
    const uintptr_t base = 4096;
    for (uintptr_t a = base; a < base + 12; a++)
        for (uintptr_t b = base; b < base + 12; b++)
            for (size_t a_len = 0; a_len < 8; a_len++)
                for (size_t b_len = 0; b_len < 8; b_len++)
                    check_apart(a, a_len, b, b_len);
}

/* Spans that would run over the end of the address space overlap all that
 * stands above their start. */
static void test_apart_near_the_end_of_the_address_space(void)
{
    const uintptr_t top = UINTPTR_MAX;
    for (uintptr_t back = 0; back < 6; back++)
        for (size_t len = 0; len < 8; len++) {
            check_apart(top - back, len, top - 3, 2);
            check_apart(top - 3, 2, top - back, len);
            check_apart(64, SIZE_MAX, top - back, len);
            check_apart(top - back, len, 64, SIZE_MAX - 100);
        }
}

int main(void)
{
    RUN(test_inside_at_every_edge);
    RUN(test_wrapping_offset_is_outside);
    RUN(test_apart_for_every_small_pair);
    RUN(test_apart_near_the_end_of_the_address_space);
    return check_report();
}
