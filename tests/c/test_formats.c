/* test_formats.c - what each format plans, alone: every byte of head and tail,
 * nonce and authenticated bytes, and that it reads back what it wrote. */
#include "hex.h"
#include "rows.h"
#include "wire.h"

#define BODY 20

static const uint8_t salt[FF_NONCE_LEN] = {0xA0, 0xA1, 0xA2, 0xA3, 0xA4, 0xA5,
                                           0xA6, 0xA7, 0xA8, 0xA9, 0xAA, 0xAB};

static ff_plan planned(uint32_t format, uint64_t key_id, uint64_t counter)
{
    return (ff_plan){.key_id = key_id,
                     .counter = counter,
                     .body_len = BODY,
                     .tag_len = ff_format_at(format)->facts.tag_min,
                     .kind = FF_KEY,
                     .salt = salt};
}

/* wants: what a plan must hold, in hexadecimal; NULL is empty. */
typedef struct {
    uint32_t    format;
    uint64_t    key_id, counter;
    const char *nonce, *aad, *head, *tail;
} wants;

#define COUNTER UINT64_C(0x0102030405060708)
/* Nonces: salt XOR the counter, right-aligned; GetStream's is eight bytes of
 * salt and a counter of four, DAVE's a counter of four, little-endian. */
#define XORED "a0a1a2a3a5a7a5a3adafada3"
#define LOW "a0a1a2a3a4a5a6a7a8a9aaab"

static const wants plans[] = {
    {RAW, 9, COUNTER, XORED, NULL, NULL, NULL},
    {INSERTABLE, 0xFE, COUNTER, XORED, "01", "fe" XORED, NULL},
    {BARE, 9, COUNTER, XORED, "01", XORED, NULL},
    {LIVEKIT, 200, COUNTER, XORED, NULL, NULL, XORED "0cc8"},
    {LIVEKIT, 0, 0, LOW, NULL, NULL, LOW "0c00"},
    {LIVEKIT_DATA, 9, COUNTER, XORED, NULL, XORED, NULL},
    {JITSI, 15, COUNTER, XORED, NULL, NULL, XORED "0c0f"},
    {STREAM, 255, 1, "a0a1a2a3a4a5a6a700000001", NULL, NULL,
     "00000001a0a1a2a3a4a5a6a7ff000001e2eefeed"},
    {STREAM, 0, 0xFFFFFFFE, "a0a1a2a3a4a5a6a7fffffffe", NULL, NULL,
     "fffffffea0a1a2a3a4a5a6a700000001e2eefeed"},
    {DAVE, 5, 1, "000000000000000001000000", NULL, NULL, "010cfafa"},
    {DAVE, 5, 0x80, "000000000000000080000000", NULL, NULL, "80010dfafa"},
    {DAVE, 5, 0xFFFFFFFF, "0000000000000000ffffffff", NULL, NULL,
     "ffffffff0f10fafa"},
    /* SFrame: X KKK Y CCC (RFC 9605, 4.3), the salt from the key's schedule */
    {SFRAME, 0, 0, LOW, "00", "00", NULL},
    {SFRAME, 7, 7, "a0a1a2a3a4a5a6a7a8a9aaac", "77", "77", NULL},
    {SFRAME, 8, 0, LOW, "8008", "8008", NULL},
    {SFRAME, 0, 8, "a0a1a2a3a4a5a6a7a8a9aaa3", "0808", "0808", NULL},
    {SFRAME, 255, 256, "a0a1a2a3a4a5a6a7a8a9abab", "89ff0100", "89ff0100",
     NULL},
    {SFRAME, 256, 255, "a0a1a2a3a4a5a6a7a8a9aa54", "980100ff", "980100ff",
     NULL},
    {SFRAME, UINT64_MAX, COUNTER, XORED,
     "ffffffffffffffffff0102030405060708",
     "ffffffffffffffffff0102030405060708", NULL},
};

static int holds(const uint8_t *at, size_t len, const char *want)
{
    return want && len > 0 ? hex_same(at, len, want) : !want && len == 0;
}

static void test_every_field_stands_where_it_should(void)
{
    for (size_t i = 0; i < sizeof plans / sizeof plans[0]; i++) {
        const wants *it = &plans[i];
        ff_plan plan = planned(it->format, it->key_id, it->counter);
        CHECK_SAME(ff_format_at(it->format)->plan_seal(&plan, NULL), FF_OK);
        int is_good = holds(plan.nonce, FF_NONCE_LEN, it->nonce) &&
                      holds(plan.aad, plan.aad_len, it->aad) &&
                      holds(plan.head, plan.head_len, it->head) &&
                      holds(plan.tail, plan.tail_len, it->tail);
        if (!CHECK(is_good))
            fprintf(stderr, "    row %zu\n", i);
    }
}

/* An insertable frame's kind is its AAD. */
static void test_kind_is_authenticated_where_the_format_says_so(void)
{
    for (uint32_t format = 0; format < NUM_FORMATS; format++)
        for (int kind = FF_DELTA; kind <= FF_KEY; kind++) {
            ff_plan plan = planned(format, 1, 1);
            int has_flag = format == INSERTABLE || format == BARE;
            plan.kind = (ff_key_frame)kind;
            CHECK_SAME(ff_format_at(format)->plan_seal(&plan, NULL), FF_OK);
            CHECK_SAME(ff_format_at(format)->facts.has_key_flag, has_flag);
            if (has_flag)
                CHECK(plan.aad_len == 1 && plan.aad[0] == kind);
        }
}

/* -- GetStream's flag and clear length -- */

static void test_stream_writes_its_clear_length(void)
{
    static const struct {
        uint32_t    clear_len, is_escaped;
        ff_status   status;
        const char *bytes;
    } cases[] = {{0, 0, FF_OK, "0000"},       {0, 1, FF_OK, "8000"},
                 {10, 0, FF_OK, "000a"},      {0x1234, 1, FF_OK, "9234"},
                 {0x7FFF, 0, FF_OK, "7fff"},  {0x7FFF, 1, FF_OK, "ffff"},
                 {0x8000, 0, FF_MALFORMED, ""}, {1 << 20, 1, FF_MALFORMED, ""}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ff_plan plan = planned(STREAM, 1, 1);
        plan.clear_len = cases[i].clear_len;
        plan.is_escaped = cases[i].is_escaped;
        ff_status got = ff_format_at(STREAM)->plan_seal(&plan, NULL);
        CHECK_SAME(got, cases[i].status);
        if (got == FF_OK)
            CHECK(hex_same(plan.tail + 13, 2, cases[i].bytes));
    }
}

/* -- DAVE's ranges -- */

static void add(ff_split *split, uint32_t at, uint32_t len, int is_clear,
                uint8_t lead_len)
{
    ff_piece piece = {.at = at, .len = len, .is_clear = (uint8_t)is_clear,
                      .lead_len = lead_len};
    CHECK(ff_split_add(split, &piece));
}

static void test_dave_lists_clear_ranges(void)
{
    static ff_split split;
    ff_plan plan = planned(DAVE, 1, 7);
    split.num = split.clear_len = split.body_len = 0;
    add(&split, 0, 3, 1, 1); /* four bytes, one of them put in front */
    add(&split, 3, 200, 0, 0);
    add(&split, 203, 129, 1, 0);
    add(&split, 400, 1, 1, 0); /* something was taken out before */
    add(&split, 401, 9, 0, 0);
    add(&split, 410, 1, 1, 2);
    CHECK_SAME(ff_format_at(DAVE)->plan_seal(&plan, &split), FF_OK);
    /* nonce 7 | 0, 4 | 204, 130 | 343, 3 | size 8 + 10 + 3 | FA FA */
    CHECK(hex_same(plan.tail, plan.tail_len,
                   "070004cc018201d7020315fafa"));
}

/* One byte counts all behind the body: no more than 244 bytes of nonce and
 * ranges fit. */
static void test_dave_refuses_more_ranges_than_fit(void)
{
    static ff_split split;
    split.num = split.clear_len = split.body_len = 0;
    int num_good = 0;
    for (uint32_t i = 0; i < FF_PIECES_MAX / 2; i++) {
        ff_plan plan = planned(DAVE, 1, 7);
        add(&split, 10 * i, 1, 1, 0);
        add(&split, 10 * i + 1, 1, 0, 0);
        ff_status got = ff_format_at(DAVE)->plan_seal(&plan, &split);
        CHECK(got == FF_OK || got == FF_MALFORMED);
        if (got == FF_OK) {
            CHECK_SAME(plan.tail[plan.tail_len - 3], 8 + plan.tail_len);
            num_good++;
        }
    }
    ff_plan full = planned(DAVE, 1, 7);
    full.tail_len = FF_TAIL_MAX; /* no room even for the nonce */
    CHECK_SAME(ff_format_at(DAVE)->plan_seal(&full, NULL), FF_MALFORMED);
    /* offsets below 128 take one byte, and there are 64 of them */
    CHECK_SAME(num_good, 64 + (244 - 1 - 64 * 2) / 3);
}

/* -- IVs without a zero byte, for H.264 and H.265 in LiveKit -- */

static void test_no_byte_of_such_an_iv_is_zero(void)
{
    const ff_format *format = ff_format_at(LIVEKIT);
    const uint64_t most = format->facts.counter_max;
    for (int i = 0; i < 20000; i++) {
        uint8_t drawn[FF_NONCE_LEN] = {0};
        ff_plan plan = planned(LIVEKIT, 1, kit_random() % (most + 1));
        if (i % 4) /* else all zero */
            kit_fill(drawn, sizeof drawn);
        if (i % 4 == 2)
            memset(drawn, 0xFF, sizeof drawn);
        plan.salt = drawn;
        plan.avoids_zero = 1;
        CHECK_SAME(format->plan_seal(&plan, NULL), FF_OK);
        CHECK(!memchr(plan.nonce, 0, FF_NONCE_LEN));
    }
}

/* meets_itself: were start and counter added before they are brought into
 * range, the sum could wrap, and counters so far apart would share a nonce. */
static int meets_itself(const uint8_t *from, uint64_t span)
{
    ff_plan one = planned(LIVEKIT, 1, 0);
    ff_plan two = planned(LIVEKIT, 1, (UINT64_MAX % span + 1) % span);
    one.salt = two.salt = from;
    one.avoids_zero = two.avoids_zero = 1;
    CHECK_SAME(ff_format_at(LIVEKIT)->plan_seal(&one, NULL), FF_OK);
    CHECK_SAME(ff_format_at(LIVEKIT)->plan_seal(&two, NULL), FF_OK);
    return memcmp(one.nonce, two.nonce, FF_NONCE_LEN) == 0;
}

/* The nonces of one salt differ wherever its counters do: at the ends of the
 * range, where digits carry, and where the start wraps. */
static void test_such_ivs_do_not_repeat(void)
{
    const ff_format *format = ff_format_at(LIVEKIT);
    const uint64_t most = format->facts.counter_max;
    static uint64_t seen[8 * 300];
    uint8_t high[FF_NONCE_LEN];
    memset(high, 0xFF, sizeof high); /* starts late, so that it wraps */
    const uint64_t starts[] = {0, 254, 255 * 255 - 9, most / 2, most - 299};
    const uint8_t *const salts[] = {salt, high, kit_salt};
    for (size_t s = 0; s < 3; s++) {
        size_t num = 0;
        for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++)
            for (uint64_t k = 0; k < 300; k++) {
                ff_plan plan = planned(LIVEKIT, 1, starts[i] + k);
                plan.salt = salts[s];
                plan.avoids_zero = 1;
                CHECK_SAME(format->plan_seal(&plan, NULL), FF_OK);
                memcpy(&seen[num++], plan.nonce + 4, 8);
            }
        CHECK(!meets_itself(salts[s], most + 1));
        for (size_t i = 300; i < num; i++) /* the first two runs overlap */
            for (size_t j = 0; j < i; j++)
                CHECK(seen[i] != seen[j] || (i < 600 && i - j == 300 - 254));
    }
}

/* -- reading back -- */

static void test_what_is_planned_reads_back(void)
{
    for (size_t i = 0; i < sizeof plans / sizeof plans[0]; i++) {
        const wants *it = &plans[i];
        const ff_format *format = ff_format_at(it->format);
        const ff_format_facts *facts = &format->facts;
        const ff_settings settings = {.format = it->format};
        ff_plan plan = planned(it->format, it->key_id, it->counter);
        static ff_split split;
        ff_look look = {.split = &split};
        ff_run run;
        uint8_t wire[300];
        CHECK_SAME(format->plan_seal(&plan, NULL), FF_OK);
        kit_fill(wire, sizeof wire);
        size_t len = ff_plan_sealed_len(&plan);
        memcpy(wire, plan.head, plan.head_len);
        memcpy(wire + len - plan.tail_len, plan.tail, plan.tail_len);
        look.len = len;
        if (format->look)
            CHECK_SAME(format->look(&look, &settings, wire, len), FF_OK);
        ff_run_read(&run, format, look.is_escaped, wire, look.len,
                    look.clear_len);
        ff_plan read = {.tag_len = plan.tag_len,
                        .tail_len = look.tail_len,
                        .counter = look.counter,
                        .kind = FF_KEY};
        CHECK_SAME(format->plan_open(&read, &run.wire), FF_OK);
        CHECK_SAME(read.key_id, facts->names_key ? it->key_id : 0);
        /* With this salt insertable's IV reads as another counter. */
        CHECK(!facts->sends_counter || read.counter == it->counter ||
              it->format <= BARE);
        CHECK(!facts->sends_nonce ||
              memcmp(read.nonce, plan.nonce, FF_NONCE_LEN) == 0);
        CHECK_SAME(read.head_len, plan.head_len);
        CHECK_SAME(read.tail_len, plan.tail_len);
        CHECK(holds(read.aad, read.aad_len, it->aad));
    }
}

int main(void)
{
    RUN(test_every_field_stands_where_it_should);
    RUN(test_kind_is_authenticated_where_the_format_says_so);
    RUN(test_stream_writes_its_clear_length);
    RUN(test_dave_lists_clear_ranges);
    RUN(test_dave_refuses_more_ranges_than_fit);
    RUN(test_no_byte_of_such_an_iv_is_zero);
    RUN(test_such_ivs_do_not_repeat);
    RUN(test_what_is_planned_reads_back);
    return check_report();
}
