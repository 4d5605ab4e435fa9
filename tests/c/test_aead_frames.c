/* test_aead_frames.c - every suite: bodies in parts, forgeries, undoing. */
#include "aead.h"

#include "kit.h"

#define MAX_LEN 700
#define MAX_PARTS 9

static const uint8_t nonce[FF_NONCE_LEN] = {9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 1, 2};

/* frame: its bytes, sealed in one go, and contexts to do it otherwise. */
typedef struct {
    uint32_t suite;
    size_t   len, tag_len;
    uint8_t  pt[MAX_LEN], ct[MAX_LEN], tag[FF_TAG_LEN], aad[200];
    ff_bytes with[2]; /* all of aad, in two runs */
    ff_aead *by, *to;
} frame;

static ff_aead *context(ff_direction direction, uint32_t suite,
                        const uint8_t *key)
{
    ff_aead *made = NULL;
    CHECK_SAME(ff_aead_new(&made, direction, suite, key), FF_DONE);
    return kit_need(made);
}

static frame make_frame(uint32_t suite, size_t len)
{
    frame f = {.suite = suite, .len = len, .tag_len = ff_suite_tag_len(suite)};
    uint8_t key[FF_KEY_MAX];
    kit_fill(key, sizeof key);
    kit_fill(f.pt, len);
    kit_fill(f.aad, sizeof f.aad);
    f.by = context(FF_FOR_SEAL, suite, key);
    f.to = context(FF_FOR_OPEN, suite, key);
    ff_part whole = {f.ct, f.pt, len};
    CHECK_SAME(ff_aead_seal(f.by, nonce, &(ff_bytes){f.aad, sizeof f.aad}, 1,
                            &whole, 1, f.tag), FF_OK);
    return f;
}

static void cut_aad(frame *f)
{
    size_t at = kit_below(sizeof f->aad + 1);
    f->with[0] = (ff_bytes){at ? f->aad : NULL, at};
    f->with[1] = (ff_bytes){f->aad + at, sizeof f->aad - at};
}

static void free_frame(frame *f)
{
    ff_aead_free(f->by);
    ff_aead_free(f->to);
}

/* cut makes parts of len bytes, some of them empty. */
static size_t cut(ff_part *parts, uint8_t *out, const uint8_t *in, size_t len)
{
    size_t at = 0, count = 0;
    while (count < MAX_PARTS - 1) {
        size_t take = kit_below(4) ? kit_below((uint32_t)(len - at) + 1) : 0;
        parts[count++] = take ? (ff_part){out + at, in + at, take}
                              : (ff_part){NULL, NULL, 0};
        at += take;
    }
    parts[count++] = (ff_part){out + at, in + at, len - at};
    return count;
}

static void test_parts_are_one_stream(void)
{
    for (int round = 0; round < 400; round++) {
        frame f = make_frame((uint32_t)round % FF_NUM_SUITES,
                             kit_below(MAX_LEN + 1));
        uint8_t out[MAX_LEN], tag[FF_TAG_LEN];
        ff_part parts[MAX_PARTS];
        int in_place = round % 2;
        memcpy(out, f.pt, f.len);
        cut_aad(&f);
        size_t count = cut(parts, out, in_place ? out : f.pt, f.len);
        CHECK_SAME(ff_aead_seal(f.by, nonce, f.with, 2, parts, count, tag),
                   FF_OK);
        CHECK(memcmp(out, f.ct, f.len) == 0);
        CHECK(memcmp(tag, f.tag, f.tag_len) == 0);
        cut_aad(&f);
        count = cut(parts, out, in_place ? out : f.ct, f.len);
        CHECK_SAME(ff_aead_open(f.to, nonce, f.with, 2, parts, count, f.tag),
                   FF_OK);
        CHECK(memcmp(out, f.pt, f.len) == 0);
        free_frame(&f);
    }
}

/* A tag of 4 bytes is written with 4 bytes: what stands behind is not ours. */
static void test_only_the_tag_is_written(void)
{
    for (uint32_t suite = 0; suite < FF_NUM_SUITES; suite++) {
        frame f = make_frame(suite, 33);
        kit_guarded tag = kit_guard(f.tag_len), out = kit_guard(33);
        ff_part part = {out.at, f.pt, 33};
        cut_aad(&f);
        CHECK_SAME(ff_aead_seal(f.by, nonce, f.with, 2, &part, 1, tag.at),
                   FF_OK);
        CHECK(memcmp(tag.at, f.tag, f.tag_len) == 0);
        CHECK(kit_guards_hold(&tag) && kit_guards_hold(&out));
        free(tag.block);
        free(out.block);
        free_frame(&f);
    }
}

/* -- forgeries -- */

static void try_forged(frame *f, const uint8_t *iv, uint8_t *at, int bit)
{
    uint8_t out[MAX_LEN];
    ff_part part = {out, f->ct, f->len};
    memset(out, SENTINEL, f->len);
    at[bit / 8] ^= (uint8_t)(1 << bit % 8);
    CHECK_SAME(ff_aead_open(f->to, iv, f->with, 2, &part, 1, f->tag),
               FF_AUTH_FAILED);
    int has_hmac = f->suite >= FF_AES_128_HMAC_80 &&
                   f->suite <= FF_AES_256_HMAC_32;
    if (has_hmac)
        CHECK(kit_is_all(out, SENTINEL, f->len));
    at[bit / 8] ^= (uint8_t)(1 << bit % 8);
}

static void test_one_flipped_bit_anywhere_is_rejected(void)
{
    for (uint32_t suite = 0; suite < FF_NUM_SUITES; suite++) {
        frame f = make_frame(suite, 37);
        uint8_t iv[FF_NONCE_LEN];
        memcpy(iv, nonce, FF_NONCE_LEN);
        cut_aad(&f);
        for (int bit = 0; bit < (int)f.len * 8; bit++)
            try_forged(&f, iv, f.ct, bit);
        for (int bit = 0; bit < (int)f.tag_len * 8; bit++)
            try_forged(&f, iv, f.tag, bit);
        for (int bit = 0; bit < (int)sizeof f.aad * 8; bit++)
            try_forged(&f, iv, f.aad, bit);
        for (int bit = 0; bit < FF_NONCE_LEN * 8; bit++)
            try_forged(&f, iv, iv, bit);
        uint8_t out[37]; /* and the true frame still opens */
        ff_part part = {out, f.ct, f.len};
        CHECK_SAME(ff_aead_open(f.to, iv, f.with, 2, &part, 1, f.tag), FF_OK);
        CHECK(memcmp(out, f.pt, f.len) == 0);
        free_frame(&f);
    }
}

/* The lengths are in what is authenticated: bytes cannot move between them. */
static void test_aad_and_body_do_not_run_together(void)
{
    for (uint32_t suite = 0; suite < FF_NUM_SUITES; suite++) {
        frame f = make_frame(suite, 40);
        uint8_t joined[sizeof f.aad + 40], out[41];
        memcpy(joined, f.aad, sizeof f.aad);
        memcpy(joined + sizeof f.aad, f.ct, 40);
        for (size_t by = 0; by < 3; by++) {
            size_t at = sizeof f.aad - 1 + by;
            ff_bytes with = {joined, at};
            ff_part part = {out, joined + at, sizeof joined - at};
            CHECK_SAME(ff_aead_open(f.to, nonce, &with, 1, &part, 1, f.tag),
                       by == 1 ? FF_OK : FF_AUTH_FAILED);
        }
        free_frame(&f);
    }
}

/* -- undoing -- */

static void test_undo_restores_what_stood_there(void)
{
    for (int round = 0; round < 200; round++) {
        frame f = make_frame((uint32_t)round % FF_NUM_SUITES,
                             1 + kit_below(MAX_LEN));
        uint8_t at[MAX_LEN], tag[FF_TAG_LEN];
        ff_part parts[MAX_PARTS];
        size_t count = cut(parts, at, at, f.len);
        cut_aad(&f);
        memcpy(at, f.ct, f.len);
        f.tag[0] ^= 1;
        CHECK_SAME(ff_aead_open(f.to, nonce, f.with, 2, parts, count, f.tag),
                   FF_AUTH_FAILED);
        CHECK_SAME(ff_aead_undo(f.to, nonce, parts, count), FF_OK);
        CHECK(memcmp(at, f.ct, f.len) == 0);
        f.tag[0] ^= 1; /* another try, and then it may still be opened */
        CHECK_SAME(ff_aead_open(f.to, nonce, f.with, 2, parts, count, f.tag),
                   FF_OK);
        CHECK(memcmp(at, f.pt, f.len) == 0);
        CHECK_SAME(ff_aead_seal(f.by, nonce, f.with, 2, parts, count, tag),
                   FF_OK);
        CHECK(memcmp(at, f.ct, f.len) == 0);
        CHECK_SAME(ff_aead_undo(f.by, nonce, parts, count), FF_OK);
        CHECK(memcmp(at, f.pt, f.len) == 0);
        CHECK_SAME(ff_aead_seal(f.by, nonce, f.with, 2, parts, count, tag),
                   FF_OK);
        CHECK(memcmp(at, f.ct, f.len) == 0);
        CHECK(memcmp(tag, f.tag, f.tag_len) == 0);
        free_frame(&f);
    }
}

int main(void)
{
    RUN(test_parts_are_one_stream);
    RUN(test_only_the_tag_is_written);
    RUN(test_one_flipped_bit_anywhere_is_rejected);
    RUN(test_aad_and_body_do_not_run_together);
    RUN(test_undo_restores_what_stood_there);
    return check_report();
}
