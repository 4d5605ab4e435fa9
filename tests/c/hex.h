/* hex.h - bytes from hexadecimal text, as published vectors are written. */
#ifndef FASTFRAME_TEST_HEX_H
#define FASTFRAME_TEST_HEX_H
#include <string.h>

#include "check.h"

static inline uint8_t hex_digit(char c)
{
    return (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* hex_read gives how many bytes it wrote; NULL is empty. */
static inline size_t hex_read(uint8_t *out, const char *text)
{
    size_t len = text ? strlen(text) / 2 : 0;
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)(hex_digit(text[2 * i]) << 4 |
                           hex_digit(text[2 * i + 1]));
    return len;
}

/* hex_same compares len bytes with text, whose length must fit. */
static inline int hex_same(const uint8_t *at, size_t len, const char *text)
{
    uint8_t want[256];
    return strlen(text) == 2 * len && len <= sizeof want &&
           hex_read(want, text) == len && memcmp(at, want, len) == 0;
}
#endif
