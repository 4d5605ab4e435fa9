/* kit.h - what the C tests share: keys, objects, seeded bytes, guards. */
#ifndef FASTFRAME_TEST_KIT_H
#define FASTFRAME_TEST_KIT_H
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "check.h"
#include "fastframe.h"

/* Numbers follow the lines of formats/registry.def and of suites[] in
 * aead.c; test_inspect.c checks the names. These formats have layouts that
 * tests can know by heart; all of them are in rows.h. */
enum { RAW, INSERTABLE, BARE, NUM_SIMPLE };
enum { AES_128, AES_256, NUM_GCM };

#define GUARD 64
#define SENTINEL 0xA5
#define NO_LIMIT UINT64_MAX
#define MAX_GROWTH (1 + FF_NONCE_LEN + FF_TAG_LEN)

static const uint8_t kit_key[FF_KEY_MAX] = {
    0x3c, 0x51, 0x9e, 0x07, 0xb2, 0x6d, 0xf4, 0x18, 0xa9, 0x43, 0x5f,
    0xe0, 0x72, 0x8b, 0x16, 0xcd, 0x91, 0x2a, 0xd7, 0x64, 0x0e, 0xbb,
    0x35, 0xf8, 0x49, 0xc6, 0x1d, 0x80, 0xea, 0x57, 0x23, 0x9c};
static const uint8_t other_key[FF_KEY_MAX] = {0x42};
static const uint8_t kit_salt[FF_NONCE_LEN] = {0xde, 0xad, 0xbe, 0xef};

/* kit_random is splitmix64: seeded, so that every run does the same. */
static _Thread_local uint64_t kit_seed = 1;

static inline uint64_t kit_random(void)
{
    uint64_t x = kit_seed += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static inline uint32_t kit_below(uint32_t limit)
{
    return (uint32_t)(kit_random() % limit);
}

static inline void kit_fill(uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)kit_random();
}

static inline int kit_is_all(const uint8_t *at, uint8_t value, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (at[i] != value)
            return 0;
    return 1;
}

/* kit_need stops the program: without memory no test says anything. */
static inline void *kit_need(void *memory)
{
    if (!memory)
        abort();
    return memory;
}

/* A guarded buffer has sentinels on both sides, for writes that a sanitizer
 * cannot see because they stay inside one allocation. */
typedef struct {
    uint8_t *block, *at;
    size_t   len;
} kit_guarded;

static inline kit_guarded kit_guard(size_t len)
{
    kit_guarded made = {.len = len};
    made.block = kit_need(malloc(len + 2 * GUARD));
    memset(made.block, SENTINEL, len + 2 * GUARD);
    made.at = made.block + GUARD;
    return made;
}

static inline int kit_guards_hold(const kit_guarded *buffer)
{
    return kit_is_all(buffer->block, SENTINEL, GUARD) &&
           kit_is_all(buffer->at + buffer->len, SENTINEL, GUARD);
}

static inline ff_key kit_key_of(uint32_t suite, uint64_t id)
{
    return (ff_key){.id = id,
                    .key = kit_key,
                    .key_len = ff_suite_key_len(suite),
                    .salt = kit_salt,
                    .suite = suite};
}

static inline ff_sealer *kit_sealer(uint32_t format, uint32_t suite,
                                    uint64_t first, uint64_t last)
{
    ff_sealer *made = NULL;
    const ff_settings settings = {.format = format};
    ff_key key = kit_key_of(suite, 1);
    ff_range range = {first, last};
    CHECK_SAME(ff_sealer_new(&made, &settings, &key, &range), FF_DONE);
    return kit_need(made);
}

static inline ff_opener *kit_opener(uint32_t format, uint32_t suite,
                                    uint32_t window)
{
    ff_opener *made = NULL;
    const ff_settings settings = {.format = format, .window = window};
    ff_key key = kit_key_of(suite, 1);
    CHECK_SAME(ff_opener_new(&made, &settings), FF_DONE);
    CHECK_SAME(ff_opener_set_key(kit_need(made), &key), FF_DONE);
    return made;
}

static inline size_t kit_head_len(uint32_t format)
{
    return format == RAW ? 0 : format == BARE ? FF_NONCE_LEN : FF_NONCE_LEN + 1;
}

/* kit_counter_of reads the counter that a frame shows on the wire. */
static inline uint64_t kit_counter_of(uint32_t format, const uint8_t *sealed)
{
    uint64_t value = 0;
    for (size_t i = kit_head_len(format) - 8; i < kit_head_len(format); i++)
        value = value << 8 | sealed[i];
    return value;
}
#endif
