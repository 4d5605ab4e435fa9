/* bytes.h - frames for the codec tests, in allocations that end with them, so
 * that a sanitizer sees every read past the end. */
#ifndef FASTFRAME_TEST_BYTES_H
#define FASTFRAME_TEST_BYTES_H
#include "hex.h"
#include "kit.h"

static inline uint8_t *exact_room(size_t len)
{
    return kit_need(malloc(len > 0 ? len : 1));
}

static inline uint8_t *exact_copy(const uint8_t *bytes, size_t len)
{
    uint8_t *made = exact_room(len);
    memcpy(made, bytes, len);
    return made;
}

static inline uint8_t *from_hex(const char *text, size_t *len)
{
    uint8_t *made = exact_room(strlen(text) / 2);
    *len = hex_read(made, text);
    return made;
}
#endif
