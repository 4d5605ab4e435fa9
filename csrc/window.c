/* window.c - replay window: a ring of bit words (RFC 6479).
 *
 * The ring has one word more than the width needs, so that moving up clears
 * whole words and never shifts.
 */
#include "window.h"

#include <string.h>

uint32_t ff_window_words(uint32_t width)
{
    uint32_t needed = (width + 63) / 64 + 1, words = 1;
    while (words < needed)
        words *= 2; /* a power of two makes the ring index a mask */
    return words;
}

void ff_window_init(ff_window *window, uint64_t *ring, uint32_t width)
{
    window->top = 0;
    window->ring = ring;
    window->width = width;
    window->word_mask = ff_window_words(width) - 1;
    window->is_used = 0;
    memset(ring, 0, (size_t)(window->word_mask + 1) * sizeof *ring);
}

static uint64_t *word_of(const ff_window *window, uint64_t counter)
{
    return &window->ring[(counter / 64) & window->word_mask];
}

ff_status ff_window_check(const ff_window *window, uint64_t counter)
{
    if (!window->is_used || counter > window->top)
        return FF_OK;
    if (window->top - counter >= window->width)
        return FF_TOO_OLD;
    return *word_of(window, counter) >> (counter % 64) & 1 ? FF_REPLAYED
                                                           : FF_OK;
}

static void move_up(ff_window *window, uint64_t counter)
{
    uint64_t from = window->top / 64, to = counter / 64;
    if (to - from > window->word_mask)
        from = to - window->word_mask - 1; /* a jump past the whole ring */
    while (from < to)
        window->ring[++from & window->word_mask] = 0;
    window->top = counter;
}

void ff_window_accept(ff_window *window, uint64_t counter)
{
    if (!window->is_used)
        window->top = counter;
    else if (counter > window->top)
        move_up(window, counter);
    window->is_used = 1;
    *word_of(window, counter) |= (uint64_t)1 << (counter % 64);
}
