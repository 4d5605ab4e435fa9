/* test_reject.c - one table of formats, suites and codecs: a frame that was
 * changed, cut or lengthened anywhere never opens, and leaves zeroes. */
#include "rows.h"

#define MEDIA 40
#define MAX_LEN (MEDIA + ROW_MEDIA_MAX)
#define MAX_SEALED (MAX_LEN + ROW_GROWTH)

/* fixture: one sealed frame, what it opens to, and an opener without replay
 * window, so that it can be tried again and again. */
typedef struct {
    const kit_row *row;
    ff_opener     *opener;
    size_t         len, want_len;
    uint8_t        sealed[MAX_SEALED], want[MAX_LEN + ROW_GROWTH];
} fixture;

static fixture make(const kit_row *row, int kind)
{
    fixture f = {.row = row, .opener = row_opener(row, 0)};
    uint8_t frame[MAX_LEN];
    size_t len = row_frame(row, frame, kind, MEDIA);
    f.want_len = row_canonical(row, f.want, frame, len);
    ff_sealer *sealer = row_sealer(row, FIRST_COUNTER);
    int64_t got = ff_seal_one(sealer, f.sealed, MAX_SEALED, frame, len, kind,
                              NULL);
    CHECK(got > 0);
    f.len = got > 0 ? (size_t)got : 0;
    ff_sealer_free(sealer);
    return f;
}

/* drop checks that the frame as it was opens still: no forgery has done any
 * harm to key, window or budget. */
static void drop(fixture *f, int kind)
{
    uint8_t out[sizeof f->want];
    ff_extra extra = {.counter = FIRST_COUNTER};
    CHECK_SAME(ff_open_one(f->opener, out, sizeof out, f->sealed, f->len, kind,
                           &extra), f->want_len);
    CHECK(memcmp(out, f->want, f->want_len) == 0);
    ff_opener_free(f->opener);
}

/* open_apart opens len bytes that end with their allocation, and counts how
 * many bytes of the output read zero; behind them nothing was written. */
static int64_t open_apart(const fixture *f, const uint8_t *bytes, size_t len,
                          int kind, size_t *num_zero, uint8_t *out)
{
    ff_extra extra = {.counter = FIRST_COUNTER};
    uint8_t *exact = kit_need(malloc(len + 1));
    memcpy(exact + 1, bytes, len);
    memset(out, SENTINEL, sizeof f->want);
    int64_t got = ff_open_one(f->opener, out, sizeof f->want, exact + 1, len,
                              kind, &extra);
    CHECK_SAME(ERR_peek_error(), 0);
    size_t at = 0, most = sizeof f->want;
    while (got < 0 && at < most && out[at] == 0)
        at++;
    CHECK(got >= 0 || kit_is_all(out + at, SENTINEL, most - at));
    *num_zero = at;
    free(exact);
    return got;
}

static int is_rejected(int64_t got)
{
    return got == -FF_AUTH_FAILED || got == -FF_UNKNOWN_KEY ||
           got == -FF_MALFORMED || got == -FF_NOT_ENCRYPTED ||
           got == -FF_UNSUPPORTED_VERSION;
}

/* is_flag: GetStream's mark of escapes is not authenticated; where none are in
 * the frame it makes no difference. */
static int is_flag(const fixture *f, size_t bit)
{
    return f->row->format == STREAM && bit == 8 * (f->len - 7);
}

static void flip(fixture *f, size_t bit, int kind)
{
    uint8_t out[sizeof f->want];
    size_t num_zero;
    uint8_t mask = (uint8_t)(0x80 >> bit % 8);
    f->sealed[bit / 8] ^= mask;
    int64_t got = open_apart(f, f->sealed, f->len, kind, &num_zero, out);
    f->sealed[bit / 8] ^= mask;
    if (got >= 0 && is_flag(f, bit)) {
        CHECK_SAME(got, f->want_len);
        CHECK(memcmp(out, f->want, f->want_len) == 0);
        return;
    }
    if (!CHECK(is_rejected(got)))
        fprintf(stderr, "    bit %zu gives %" PRId64 "\n", bit, got);
    /* A header may read longer than it is, and an escape come or go. */
    if (got == -FF_AUTH_FAILED || got == -FF_UNKNOWN_KEY)
        CHECK(num_zero + FF_HEADROOM >= f->want_len);
}

static void test_any_flipped_bit_is_rejected_and_the_output_zeroed(
    const kit_row *row)
{
    for (int kind = FF_DELTA; kind <= FF_KEY; kind++) {
        fixture f = make(row, kind);
        for (size_t bit = 0; bit < 8 * f.len; bit++) {
            flip(&f, bit, kind);
            flip(&f, bit, FF_EITHER);
        }
        drop(&f, kind);
    }
}

static void test_frame_cut_at_any_length_is_rejected(const kit_row *row)
{
    uint8_t out[sizeof ((fixture *)NULL)->want];
    for (int kind = FF_DELTA; kind <= FF_KEY; kind++) {
        fixture f = make(row, kind);
        for (size_t cut = 0; cut < f.len; cut++)
            for (int from = 0; from < 2; from++) { /* its front or its end */
                const uint8_t *at = f.sealed + (from ? f.len - cut : 0);
                size_t num_zero;
                int64_t got = open_apart(&f, at, cut, kind, &num_zero, out);
                if (cut == 0 && row->format == LIVEKIT)
                    CHECK_SAME(got, 0); /* nothing was said */
                else
                    CHECK(is_rejected(got));
                CHECK(num_zero <= cut);
            }
        drop(&f, kind);
    }
}

static void test_longer_frame_is_rejected(const kit_row *row)
{
    uint8_t longer[MAX_SEALED + 20], out[sizeof ((fixture *)NULL)->want];
    fixture f = make(row, FF_KEY);
    size_t num_zero;
    for (size_t more = 1; more < 20; more++) {
        memcpy(longer, f.sealed, f.len);
        kit_fill(longer + f.len, more);
        CHECK(is_rejected(open_apart(&f, longer, f.len + more, FF_KEY,
                                     &num_zero, out)));
        kit_fill(longer, more);
        memcpy(longer + more, f.sealed, f.len);
        CHECK(is_rejected(open_apart(&f, longer, f.len + more, FF_KEY,
                                     &num_zero, out)));
    }
    drop(&f, FF_KEY);
}

/* Two frames under one key: no part of one may be put into the other. */
static void test_parts_of_two_frames_do_not_mix(const kit_row *row)
{
    uint8_t frame[MAX_LEN], second[MAX_SEALED], mixed[MAX_SEALED];
    uint8_t out[sizeof ((fixture *)NULL)->want];
    fixture f = make(row, FF_KEY);
    ff_sealer *sealer = row_sealer(row, FIRST_COUNTER + 40);
    size_t num_zero, len = row_frame(row, frame, FF_KEY, MEDIA);
    int64_t got = ff_seal_one(sealer, second, MAX_SEALED, frame, len, FF_KEY,
                              NULL);
    CHECK(got > 0);
    for (size_t cut = 1; got == (int64_t)f.len && cut < f.len; cut++) {
        memcpy(mixed, f.sealed, cut);
        memcpy(mixed + cut, second + cut, f.len - cut);
        if (memcmp(mixed, f.sealed, f.len) == 0 ||
            memcmp(mixed, second, f.len) == 0)
            continue; /* they are alike before or behind */
        CHECK(is_rejected(open_apart(&f, mixed, f.len, FF_KEY, &num_zero,
                                     out)));
    }
    ff_sealer_free(sealer);
    drop(&f, FF_KEY);
}

/* One bit of the key is as good as all of them, and a dropped key is gone. */
static void test_frame_of_another_key_is_rejected(const kit_row *row)
{
    uint8_t out[sizeof ((fixture *)NULL)->want];
    fixture f = make(row, FF_KEY);
    ff_opener *good = f.opener, *bad = row_opener(row, 0);
    ff_key key = row_key(row, 1);
    uint8_t material[FF_KEY_MAX];
    size_t num_zero;
    memcpy(material, key.key, key.key_len);
    material[key.key_len - 1] ^= 1;
    key.key = material;
    CHECK_SAME(ff_opener_set_key(bad, &key), FF_DONE);
    f.opener = bad;
    CHECK_SAME(open_apart(&f, f.sealed, f.len, FF_KEY, &num_zero, out),
               -FF_AUTH_FAILED);
    CHECK_SAME(num_zero, f.want_len);
    CHECK_SAME(ff_opener_drop_key(bad, 1), FF_DONE);
    CHECK_SAME(open_apart(&f, f.sealed, f.len, FF_KEY, &num_zero, out),
               -FF_UNKNOWN_KEY);
    CHECK(num_zero >= f.want_len); /* how long its tag is nobody knows */
    ff_opener_free(bad);
    f.opener = good;
    drop(&f, FF_KEY);
}

int main(void)
{
    RUN_ROWS(test_any_flipped_bit_is_rejected_and_the_output_zeroed);
    RUN_ROWS(test_frame_cut_at_any_length_is_rejected);
    RUN_ROWS(test_longer_frame_is_rejected);
    RUN_ROWS(test_parts_of_two_frames_do_not_mix);
    RUN_ROWS(test_frame_of_another_key_is_rejected);
    return check_report();
}
