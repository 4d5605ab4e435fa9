/* test_annexb.c - start codes: found as a naive search finds them, and written
 * with four bytes. */
#include "annexb.h"

#include "bytes.h"

#define MAX_LEN 900

/* Lengths around the blocks in which zeros.h searches. */
static const size_t lengths[] = {0,  1,  2,  3,   4,   5,   15,  16,  17, 18,
                                 64, 80, 81, 82,  127, 128, 256, 257, 320,
                                 336, 337, 338, 339, 600, MAX_LEN};
#define NUM_LENGTHS (sizeof lengths / sizeof lengths[0])

/* fill_dense draws from few values, so that start codes are everywhere. */
static void fill_dense(uint8_t *out, size_t len)
{
    static const uint8_t values[] = {0, 0, 0, 1, 1, 2, 3, 255};
    for (size_t i = 0; i < len; i++)
        out[i] = values[kit_below(sizeof values)];
}

static int is_code(const uint8_t *at)
{
    return at[0] == 0 && at[1] == 0 && at[2] == 1;
}

static size_t naive_next(const uint8_t *bytes, size_t len, size_t from)
{
    for (size_t i = from; i + 3 < len; i++)
        if (is_code(bytes + i))
            return i + 3;
    return len;
}

static void compare(const uint8_t *bytes, size_t len)
{
    uint8_t *copy = exact_copy(bytes, len);
    int has_any = 0;
    for (size_t i = 0; i + 2 < len; i++)
        has_any = has_any || is_code(bytes + i);
    CHECK_SAME(ff_annexb_has_start_code(copy, len), has_any);
    for (size_t from = 0; from <= len + 1; from++)
        CHECK_SAME(ff_annexb_next(copy, len, from),
                   naive_next(bytes, len, from));
    free(copy);
}

static void test_dense_bytes_against_a_naive_search(void)
{
    uint8_t bytes[MAX_LEN];
    for (int run = 0; run < 20; run++)
        for (size_t i = 0; i < NUM_LENGTHS; i++) {
            fill_dense(bytes, lengths[i]);
            compare(bytes, lengths[i]);
        }
}

/* One start code at every place, in bytes of which nothing else begins one:
 * no edge of a block may hide it. */
static void test_one_start_code_at_every_place(void)
{
    static const uint8_t fills[] = {0xFF, 0, 1};
    uint8_t bytes[MAX_LEN];
    for (size_t f = 0; f < sizeof fills; f++)
        for (size_t at = 0; at + 3 <= 700; at++) {
            memset(bytes, fills[f], 700);
            bytes[at] = bytes[at + 1] = 0;
            bytes[at + 2] = 1;
            CHECK(ff_annexb_has_start_code(bytes, 700));
            CHECK_SAME(ff_annexb_next(bytes, 700, 0),
                       naive_next(bytes, 700, 0));
            CHECK_SAME(ff_annexb_next(bytes, at + 3, 0), at + 3);
        }
}

static void test_search_from_the_last_unit_goes_on_behind_it(void)
{
    static const uint8_t frame[] = {0, 0, 1, 9, 0, 0, 0, 1, 5, 0, 0, 1};
    CHECK_SAME(ff_annexb_next(frame, sizeof frame, 0), 3);
    CHECK_SAME(ff_annexb_next(frame, sizeof frame, 1), 8);
    CHECK_SAME(ff_annexb_next(frame, sizeof frame, 3), 8);
    CHECK_SAME(ff_annexb_next(frame, sizeof frame, 8), sizeof frame);
    CHECK_SAME(ff_annexb_next(frame, sizeof frame, SIZE_MAX), sizeof frame);
}

static void test_what_begins_clean(void)
{
    static const struct {
        uint8_t bytes[6];
        size_t  len;
        int     want;
    } cases[] = {
        {{0}, 0, 1},                {{0, 0, 1, 9}, 4, 1},
        {{0, 0, 0, 1, 9}, 5, 1},    {{0, 0, 0, 0, 1, 9}, 6, 1},
        {{0, 0, 0, 0, 0, 0}, 6, 1}, {{7, 0, 0, 1, 9}, 5, 0},
        {{0, 1, 9}, 3, 0},          {{0, 0, 2, 0, 0, 1}, 6, 0},
        {{0, 0, 1}, 3, 0},          {{0, 0, 0, 1}, 4, 0},
        {{0, 0, 3, 1, 9}, 5, 0},    {{1}, 1, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        CHECK_SAME(ff_annexb_begins_clean(cases[i].bytes, cases[i].len),
                   cases[i].want);
}

/* -- canonical form -- */

/* naive_canonical writes a fourth byte before every short start code. */
static size_t naive_canonical(uint8_t *out, const uint8_t *in, size_t len)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        if (i + 2 < len && is_code(in + i) && (i == 0 || in[i - 1] != 0))
            out[n++] = 0;
        out[n++] = in[i];
    }
    return n;
}

/* render joins the pieces and checks what holds of every split. */
static size_t render(uint8_t *out, const ff_split *split, const uint8_t *frame,
                     size_t len)
{
    size_t n = 0, clear = 0;
    CHECK(split->num <= FF_PIECES_MAX);
    for (uint32_t i = 0; i < split->num; i++) {
        const ff_piece *it = &split->pieces[i];
        CHECK(it->at <= len && it->len <= len - it->at);
        CHECK(it->lead_len + it->len > 0);
        CHECK(it->is_clear || (it->lead_len == 0 && i + 1 == split->num));
        memcpy(out + n, it->lead, it->lead_len);
        n += it->lead_len;
        memcpy(out + n, frame + it->at, it->len);
        n += it->len;
        clear = it->is_clear ? n : clear;
    }
    CHECK_SAME(split->clear_len, clear);
    CHECK_SAME(split->body_len, n - clear);
    return n;
}

static void test_canonical_form_against_a_naive_one(void)
{
    uint8_t bytes[MAX_LEN], want[2 * MAX_LEN], got[2 * MAX_LEN];
    ff_split split;
    for (int run = 0; run < 3000; run++) {
        size_t len = kit_below(120), clear_len = kit_below(140);
        size_t end = clear_len < len ? clear_len : len;
        fill_dense(bytes, len);
        uint8_t *copy = exact_copy(bytes, len);
        CHECK_SAME(ff_annexb_canonical(&split, copy, len, clear_len), FF_OK);
        size_t n = naive_canonical(want, bytes, end);
        CHECK_SAME(split.clear_len, n);
        memcpy(want + n, bytes + end, len - end);
        CHECK_SAME(render(got, &split, copy, len), n + len - end);
        CHECK(memcmp(got, want, n + len - end) == 0);
        free(copy);
    }
}

static void test_nothing_clear_is_one_piece(void)
{
    static const uint8_t frame[] = {0, 0, 1, 9, 0, 0, 1, 5};
    ff_split split;
    CHECK_SAME(ff_annexb_canonical(&split, frame, sizeof frame, 0), FF_OK);
    CHECK_SAME(split.num, 1);
    CHECK_SAME(split.body_len, sizeof frame);
    CHECK_SAME(ff_annexb_canonical(&split, frame, 0, 0), FF_OK);
    CHECK_SAME(split.num, 0);
    CHECK_SAME(split.clear_len + split.body_len, 0);
}

/* FF_PIECES_MAX start codes leave no room for the body; one less does. */
static void test_more_start_codes_than_fit(void)
{
    uint8_t frame[4 * FF_PIECES_MAX + 8];
    size_t len = 4 * FF_PIECES_MAX + 1;
    ff_split split;
    for (size_t i = 0; i < sizeof frame; i++)
        frame[i] = i % 4 < 2 ? 0 : i % 4 == 2 ? 1 : 9;
    CHECK_SAME(ff_annexb_canonical(&split, frame, len - 5, len - 5), FF_OK);
    CHECK_SAME(split.num, FF_PIECES_MAX - 1);
    CHECK_SAME(ff_annexb_canonical(&split, frame, len - 4, len - 5), FF_OK);
    CHECK_SAME(split.num, FF_PIECES_MAX);
    CHECK_SAME(ff_annexb_canonical(&split, frame, len, len - 1),
               FF_MALFORMED);
    CHECK_SAME(ff_annexb_canonical(&split, frame, len + 7, len + 7),
               FF_MALFORMED);
}

int main(void)
{
    RUN(test_dense_bytes_against_a_naive_search);
    RUN(test_one_start_code_at_every_place);
    RUN(test_search_from_the_last_unit_goes_on_behind_it);
    RUN(test_what_begins_clean);
    RUN(test_canonical_form_against_a_naive_one);
    RUN(test_nothing_clear_is_one_piece);
    RUN(test_more_start_codes_than_fit);
    return check_report();
}
