/* crafted.h - sealed H.264 and H.265 frames whose ciphertext is chosen.
 *
 * The keystream of a counter is learnt from one frame; another is then made so
 * that it encrypts to the bytes wanted. Chance would need millions of frames.
 */
#ifndef FASTFRAME_TEST_CRAFTED_H
#define FASTFRAME_TEST_CRAFTED_H
#include "rows.h"

#define CRAFTED_MEDIA 600
#define CRAFTED_LEN (CRAFTED_MEDIA + ROW_MEDIA_MAX)
#define CRAFTED_SEALED (2 * CRAFTED_LEN + ROW_GROWTH)

typedef struct {
    const kit_row *row;
    uint64_t       counter;
    uint32_t       steps; /* that the sender's key has moved on */
    int            is_refused; /* it may be: then sealed_len is 0 */
    ff_claim       claim;
    size_t         len, want_len, sealed_len, run_len;
    size_t         body_at; /* of the frame's bytes to be encrypted */
    uint8_t        frame[CRAFTED_LEN], want[CRAFTED_SEALED];
    uint8_t        sealed[CRAFTED_SEALED];
    uint8_t        run[CRAFTED_SEALED]; /* behind clear_len, not escaped */
} crafted;

static inline int seeds_zeros(const kit_row *row)
{
    return row->format != LIVEKIT;
}

/* naive_zeros: how many zeros stand before the run, as its format counts. */
static inline unsigned naive_zeros(const crafted *c)
{
    const uint8_t *end = c->sealed + c->claim.clear_len;
    if (!seeds_zeros(c->row) || c->claim.clear_len < 2)
        return 0;
    return end[-1] != 0 ? 0 : end[-2] != 0 ? 1 : 2;
}

static inline size_t naive_unescape(uint8_t *out, const uint8_t *in, size_t len,
                                    unsigned zeros, int is_strict)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        int is_escape = zeros >= 2 && in[i] == 3 &&
                        (!is_strict || (i + 1 < len && in[i + 1] <= 3));
        if (!is_escape)
            out[n++] = in[i];
        zeros = is_escape || in[i] != 0 ? 0 : zeros + 1;
    }
    return n;
}

static inline size_t naive_escape(uint8_t *out, const uint8_t *in, size_t len,
                                  unsigned zeros)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        if (zeros >= 2 && in[i] <= 3) {
            out[n++] = 3;
            zeros = 0;
        }
        out[n++] = in[i];
        zeros = in[i] == 0 ? zeros + 1 : 0;
    }
    return n;
}

static inline void crafted_seal(crafted *c)
{
    const ff_settings settings = row_settings(c->row, 0);
    ff_sealer *sealer = row_sealer(c->row, c->counter);
    ff_sealer_facts facts;
    for (uint32_t i = 0; i < c->steps; i++)
        CHECK_SAME(ff_sealer_ratchet(sealer), FF_DONE);
    int64_t got = ff_seal_one(sealer, c->sealed, sizeof c->sealed, c->frame,
                              c->len, FF_KEY, NULL);
    CHECK(got > 0 || (c->is_refused && got == -FF_NO_ROOM));
    CHECK_SAME(ff_sealer_read(sealer, &facts), FF_DONE);
    c->sealed_len = got > 0 ? (size_t)got : 0;
    c->counter = facts.next - 1; /* another, if it was sealed anew */
    ff_sealer_free(sealer);
    if (c->sealed_len == 0)
        return;
    CHECK_SAME(ff_inspect(&settings, (uint32_t)ff_suite_tag_len(c->row->suite),
                          &c->claim, c->sealed, c->sealed_len), FF_OK);
    const uint8_t *run = c->sealed + c->claim.clear_len;
    size_t len = c->sealed_len - c->claim.clear_len;
    c->run_len = naive_unescape(c->run, run, len, naive_zeros(c),
                                seeds_zeros(c->row));
    CHECK_SAME(c->claim.num_escapes, len - c->run_len);
}

/* craft makes a frame whose clear bytes end in so many zeros (one at most in
 * H.264, where the slice's type stands before). It gives 0 if chance had it
 * sealed under another counter than the one it was made for. */
static inline int craft(crafted *c, const kit_row *row, uint64_t counter,
                        const uint8_t *wanted, size_t zeros)
{
    c->row = row;
    c->counter = counter;
    c->len = row_frame(row, c->frame, FF_KEY, CRAFTED_MEDIA);
    c->body_at = row_slice_end(row->codec == FF_CODEC_h265, c->frame, c->len);
    memset(c->frame + c->body_at - zeros, 0, zeros);
    crafted_seal(c);
    uint64_t made_for = c->counter;
    const uint8_t *body = c->run + c->claim.header_len;
    for (size_t i = 0; i < c->len - c->body_at; i++)
        c->frame[c->body_at + i] ^= (uint8_t)(body[i] ^ wanted[i]);
    crafted_seal(c);
    c->want_len = row_canonical(row, c->want, c->frame, c->len);
    if (c->counter != made_for)
        return 0;
    if (c->sealed_len == 0)
        return 1;
    CHECK(memcmp(c->run + c->claim.header_len, wanted, c->len - c->body_at) ==
          0);
    return 1;
}

static inline int64_t crafted_open(const crafted *c, ff_opener *opener,
                                   uint8_t *out, size_t cap, const uint8_t *in)
{
    ff_extra extra = {.counter = c->counter};
    return ff_open_one(opener, out, cap, in, c->sealed_len, FF_KEY, &extra);
}
#endif
