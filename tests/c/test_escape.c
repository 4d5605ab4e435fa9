/* test_escape.c - emulation prevention: against a byte by byte model, there
 * and back, and never past its room. */
#include "escape.h"

#include "kit.h"

#define MAX_LEN 700
#define ROOM (2 * MAX_LEN) /* a run of zeros grows by half */

static const ff_unescape_rule rules[] = {FF_UNESCAPE_ANY, FF_UNESCAPE_STRICT};

/* -- the model -- */

static size_t naive_escape(uint8_t *out, const uint8_t *in, size_t len,
                           unsigned zeros)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        if (zeros == 2 && in[i] <= 3) {
            out[n++] = 3;
            zeros = 0;
        }
        zeros = in[i] == 0 ? zeros + 1 : 0;
        out[n++] = in[i];
    }
    return n;
}

static size_t naive_unescape(uint8_t *out, const uint8_t *in, size_t len,
                             unsigned zeros, ff_unescape_rule rule)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        int may = rule == FF_UNESCAPE_ANY || (i + 1 < len && in[i + 1] <= 3);
        if (zeros >= 2 && in[i] == 3 && may) {
            zeros = 0;
            continue;
        }
        zeros = in[i] == 0 ? zeros + 1 : 0;
        out[n++] = in[i];
    }
    return n;
}

/* fill_any draws dense bytes, or random ones with zeros strewn in. */
static void fill_any(uint8_t *out, size_t len)
{
    static const uint8_t values[] = {0, 1, 2, 3, 4, 255};
    int is_dense = kit_below(2) == 0;
    for (size_t i = 0; i < len; i++)
        out[i] = is_dense ? values[kit_below(sizeof values)]
                          : (uint8_t)kit_random();
    for (uint32_t i = is_dense ? 8 : 0; len > 4 && i < 8; i++) {
        size_t at = kit_below((uint32_t)len - 3);
        out[at] = out[at + 1] = 0;
        out[at + 2] = (uint8_t)kit_below(6);
    }
}

/* holds_code: is there 00 00 followed by 00, 01 or 02? */
static int holds_code(const uint8_t *bytes, size_t len, unsigned zeros)
{
    for (size_t i = 0; i < len; i++) {
        if (zeros >= 2 && bytes[i] <= 2)
            return 1;
        zeros = bytes[i] == 0 ? zeros + 1 : 0;
    }
    return 0;
}

/* escape_guarded escapes into room for exactly what was counted. */
static kit_guarded escape_guarded(const uint8_t *bytes, size_t len,
                                  unsigned zeros)
{
    size_t count = ff_escape_count(bytes, len, zeros);
    kit_guarded made = kit_guard(len + count);
    memcpy(made.at, bytes, len);
    ff_escape_move(made.at, len, count, zeros);
    CHECK(kit_guards_hold(&made));
    return made;
}

/* -- escaping -- */

static void there_and_back(const uint8_t *bytes, size_t len, unsigned zeros)
{
    uint8_t want[ROOM], back[ROOM];
    kit_guarded got = escape_guarded(bytes, len, zeros);
    CHECK_SAME(got.len, naive_escape(want, bytes, len, zeros));
    CHECK(memcmp(got.at, want, got.len) == 0);
    CHECK(!holds_code(got.at, got.len, zeros));
    for (size_t r = 0; r < 2; r++) {
        CHECK_SAME(ff_unescape_count(got.at, got.len, zeros, rules[r]),
                   got.len - len);
        ff_unescape(back, len, got.at, got.len, zeros, rules[r]);
        CHECK(memcmp(back, bytes, len) == 0);
    }
    free(got.block);
}

static void test_what_was_escaped_comes_back_under_both_rules(void)
{
    uint8_t bytes[MAX_LEN];
    for (int run = 0; run < 3000; run++) {
        size_t len = kit_below(run % 2 ? 40 : MAX_LEN);
        fill_any(bytes, len);
        for (unsigned zeros = 0; zeros <= 2; zeros++)
            there_and_back(bytes, len, zeros);
    }
}

static void test_zeros_alone_grow_by_half(void)
{
    static const uint8_t bytes[MAX_LEN] = {0};
    CHECK_SAME(ff_escape_count(bytes, 100, 0), 49);
    CHECK_SAME(ff_escape_count(bytes, 100, 1), 50);
    CHECK_SAME(ff_escape_count(bytes, 100, 2), 50);
    for (size_t len = 0; len < MAX_LEN; len += 7)
        for (unsigned zeros = 0; zeros <= 2; zeros++)
            there_and_back(bytes, len, zeros);
}

/* Zeros before the run count: without them an 01 at its start would end a
 * start code that began in the clear bytes. */
static void test_zeros_before_the_run(void)
{
    static const uint8_t one[] = {1}, zero_one[] = {0, 1};
    CHECK_SAME(ff_escape_count(one, 1, 0), 0);
    CHECK_SAME(ff_escape_count(one, 1, 1), 0);
    CHECK_SAME(ff_escape_count(one, 1, 2), 1);
    CHECK_SAME(ff_escape_count(zero_one, 2, 0), 0);
    CHECK_SAME(ff_escape_count(zero_one, 2, 1), 1);
    CHECK_SAME(ff_escape_count(zero_one, 2, 2), 1);
}

/* One place that needs an escape, wherever blocks of the search begin. */
static void test_one_escape_at_every_place(void)
{
    uint8_t bytes[MAX_LEN];
    for (size_t at = 0; at + 3 <= MAX_LEN; at++)
        for (uint8_t end = 0; end <= 4; end++) {
            memset(bytes, 0xFF, sizeof bytes);
            bytes[at] = bytes[at + 1] = 0;
            bytes[at + 2] = end;
            CHECK_SAME(ff_escape_count(bytes, sizeof bytes, 0), end <= 3);
            CHECK_SAME(ff_unescape_count(bytes, sizeof bytes, 0,
                                         FF_UNESCAPE_ANY),
                       end == 3);
            CHECK_SAME(ff_unescape_count(bytes, sizeof bytes, 0,
                                         FF_UNESCAPE_STRICT),
                       0);
        }
}

/* A count that does not fit the bytes, as when they change in shared memory
 * between the two calls, is never exceeded. */
static void test_move_never_writes_more_than_the_count(void)
{
    uint8_t bytes[MAX_LEN];
    for (int run = 0; run < 2000; run++) {
        size_t len = kit_below(60), count = kit_below(30);
        kit_guarded room = kit_guard(len + count);
        fill_any(bytes, len);
        memcpy(room.at, bytes, len);
        ff_escape_move(room.at, len, count, kit_below(3));
        CHECK(kit_guards_hold(&room));
        if (count == 0)
            CHECK(memcmp(room.at, bytes, len) == 0);
        free(room.block);
    }
}

/* -- unescaping -- */

/* unescape_at writes out_len bytes shift bytes before the run (0: in place). */
static void unescape_at(const uint8_t *bytes, size_t len, unsigned zeros,
                        ff_unescape_rule rule, size_t shift, size_t out_len)
{
    uint8_t want[MAX_LEN];
    size_t total = naive_unescape(want, bytes, len, zeros, rule);
    size_t num = out_len < total ? out_len : total;
    kit_guarded room = kit_guard(shift + len);
    uint8_t *in = room.at + shift;
    memcpy(in, bytes, len);
    CHECK_SAME(ff_unescape_count(in, len, zeros, rule), len - total);
    ff_unescape(room.at, out_len, in, len, zeros, rule);
    CHECK(memcmp(room.at, want, num) == 0);
    for (size_t i = num; i < shift + len; i++)
        CHECK_SAME(room.at[i], i < shift ? SENTINEL : bytes[i - shift]);
    CHECK(kit_guards_hold(&room));
    free(room.block);
}

static void test_unescaping_in_place_and_down(void)
{
    uint8_t bytes[MAX_LEN];
    for (int run = 0; run < 4000; run++) {
        size_t len = kit_below(run % 4 ? 40 : MAX_LEN);
        unsigned zeros = kit_below(3);
        ff_unescape_rule rule = rules[kit_below(2)];
        fill_any(bytes, len);
        unescape_at(bytes, len, zeros, rule, 0, len);
        unescape_at(bytes, len, zeros, rule, 0, kit_below((uint32_t)len + 1));
        unescape_at(bytes, len, zeros, rule, kit_below(30), len + 5);
        unescape_at(bytes, len, zeros, rule, kit_below(30),
                    kit_below((uint32_t)len + 1));
    }
}

static void test_unescaping_apart_writes_no_further_than_asked(void)
{
    uint8_t bytes[MAX_LEN], want[MAX_LEN];
    for (int run = 0; run < 2000; run++) {
        size_t len = kit_below(60);
        ff_unescape_rule rule = rules[kit_below(2)];
        fill_any(bytes, len);
        size_t total = naive_unescape(want, bytes, len, 1, rule);
        for (size_t num = 0; num <= total; num++) {
            kit_guarded room = kit_guard(num);
            ff_unescape(room.at, num, bytes, len, 1, rule);
            CHECK(memcmp(room.at, want, num) == 0);
            CHECK(kit_guards_hold(&room));
            free(room.block);
        }
    }
}

/* What LiveKit takes out and GetStream leaves: a 03 that no sender of either
 * has put there. */
static void test_the_rules_differ_where_nothing_was_escaped(void)
{
    static const struct {
        uint8_t  bytes[6];
        size_t   len;
        unsigned zeros;
        size_t   any, strict;
    } cases[] = {{{0, 0, 3, 4}, 4, 0, 1, 0},
                 {{0, 0, 3}, 3, 0, 1, 0},
                 {{0, 0, 3, 3}, 4, 0, 1, 1},
                 {{0, 0, 3, 0, 3}, 5, 0, 1, 1},
                 {{0, 0, 0, 3, 1}, 5, 0, 1, 1},
                 {{0, 0, 3, 0, 0, 3}, 6, 0, 2, 1},
                 {{3, 1}, 2, 2, 1, 1},
                 {{3, 9}, 2, 2, 1, 0},
                 {{3, 1}, 2, 1, 0, 0},
                 {{0, 3, 1}, 3, 1, 1, 1},
                 {{0}, 0, 2, 0, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CHECK_SAME(ff_unescape_count(cases[i].bytes, cases[i].len,
                                     cases[i].zeros, FF_UNESCAPE_ANY),
                   cases[i].any);
        CHECK_SAME(ff_unescape_count(cases[i].bytes, cases[i].len,
                                     cases[i].zeros, FF_UNESCAPE_STRICT),
                   cases[i].strict);
    }
}

int main(void)
{
    RUN(test_what_was_escaped_comes_back_under_both_rules);
    RUN(test_zeros_alone_grow_by_half);
    RUN(test_zeros_before_the_run);
    RUN(test_one_escape_at_every_place);
    RUN(test_move_never_writes_more_than_the_count);
    RUN(test_unescaping_in_place_and_down);
    RUN(test_unescaping_apart_writes_no_further_than_asked);
    RUN(test_the_rules_differ_where_nothing_was_escaped);
    return check_report();
}
