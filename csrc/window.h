/* window.h - which counters of one sender were accepted. */
#ifndef FASTFRAME_WINDOW_H
#define FASTFRAME_WINDOW_H
#include "fastframe.h"

typedef struct {
    uint64_t  top;   /* highest counter accepted */
    uint64_t *ring;  /* one bit a counter, word_mask + 1 words, borrowed */
    uint32_t  width; /* counters top - width + 1 .. top are remembered */
    uint32_t  word_mask;
    uint32_t  is_used; /* 0: nothing accepted yet, top means nothing */
} ff_window;

/* ff_window_words gives how many words of ring a width needs. */
uint32_t ff_window_words(uint32_t width);

/* ff_window_init starts empty; ring holds ff_window_words(width) words. */
void ff_window_init(ff_window *window, uint64_t *ring, uint32_t width);

/* ff_window_check says what accept would say and changes nothing: it may be
 * asked about counters nobody has authenticated. */
ff_status ff_window_check(const ff_window *window, uint64_t counter);

/* ff_window_accept records a counter that check let pass. */
void ff_window_accept(ff_window *window, uint64_t counter);
#endif
