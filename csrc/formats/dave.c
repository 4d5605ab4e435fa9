/* dave.c - the frame layer of Discord's DAVE, version 1.
 *
 *     body || tag 8 || nonce || clear ranges || size 1 || FA FA
 *
 * The body is the frame in its canonical form with its parts in order, some
 * clear and some encrypted; the clear ones are listed as offset and size, each
 * ULEB128, as is the 32-bit nonce (the cipher's nonce is eight zero bytes and
 * it, little-endian). size counts all behind the body. AAD is the clear ranges
 * joined; the list itself is not authenticated, but another list gives other
 * AAD. The nonce's top byte is the generation of the key.
 */
#include "../nonce.h"
#include "rules.h"

#define TAG_LEN 8
#define MARK 0xFA
#define FIXED_LEN 3 /* size and marks */
#define LEAST (TAG_LEN + 1 + FIXED_LEN)
#define ULEB_MAX 5

/* put_uleb appends a value; 0 if there is no room. */
static int put_uleb(ff_plan *plan, uint32_t value)
{
    do {
        if (plan->tail_len >= FF_TAIL_MAX - TAG_LEN - FIXED_LEN)
            return 0;
        uint8_t more = value > 0x7F ? 0x80 : 0;
        plan->tail[plan->tail_len++] = (uint8_t)((value & 0x7F) | more);
        value >>= 7;
    } while (value > 0);
    return 1;
}

/* get_uleb reads a value of 32 bits from bytes at to end; 0 if there is none. */
static int get_uleb(uint32_t *out, const uint8_t *bytes, size_t *at, size_t end)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < ULEB_MAX && *at < end; i++) {
        uint8_t byte = bytes[(*at)++];
        value |= (uint64_t)(byte & 0x7F) << (7 * i);
        if (!(byte & 0x80)) {
            *out = (uint32_t)value;
            return value <= UINT32_MAX;
        }
    }
    return 0;
}

static void make_nonce(ff_plan *plan)
{
    memset(plan->nonce, 0, FF_NONCE_LEN);
    for (int i = 0; i < 4; i++)
        plan->nonce[8 + i] = (uint8_t)(plan->counter >> (8 * i));
}

/* ends_range: is the clear piece i the last one before encrypted bytes? */
static int ends_range(const ff_split *split, uint32_t i)
{
    return i + 1 == split->num || !split->pieces[i + 1].is_clear;
}

static ff_status plan_seal(ff_plan *plan, const ff_split *split)
{
    make_nonce(plan);
    if (!put_uleb(plan, (uint32_t)plan->counter))
        return FF_MALFORMED;
    uint32_t at = 0, from = 0;
    for (uint32_t i = 0; split && i < split->num; i++) {
        const ff_piece *piece = &split->pieces[i];
        at += piece->lead_len + piece->len;
        if (!piece->is_clear)
            from = at;
        else if (!ends_range(split, i))
            continue; /* neighbours are one range */
        else if (!(put_uleb(plan, from) && put_uleb(plan, at - from)))
            return FF_MALFORMED; /* more ranges than the footer can list */
    }
    uint8_t *end = plan->tail + plan->tail_len;
    end[0] = (uint8_t)(TAG_LEN + plan->tail_len + FIXED_LEN);
    end[1] = end[2] = MARK;
    plan->tail_len += FIXED_LEN;
    return FF_OK;
}

/* add_piece: len bytes of the body, from at on. */
static int add_piece(ff_split *split, uint32_t at, uint32_t len, int is_clear)
{
    ff_piece piece = {.at = at, .len = len, .is_clear = (uint8_t)is_clear};
    return len == 0 || ff_split_add(split, &piece);
}

/* read_ranges fills split from the list between at and end. */
static int read_ranges(ff_split *split, const uint8_t *bytes, size_t at,
                       size_t end, uint32_t body_len)
{
    uint32_t done = 0;
    while (at < end) {
        uint32_t from, len;
        if (!get_uleb(&from, bytes, &at, end) ||
            !get_uleb(&len, bytes, &at, end) || from < done ||
            from > body_len || len > body_len - from ||
            !add_piece(split, done, from - done, 0) ||
            !add_piece(split, from, len, 1))
            return 0;
        done = from + len;
    }
    return add_piece(split, done, body_len - done, 0);
}

static ff_status look(ff_look *out, const ff_settings *settings,
                      const uint8_t *wire, size_t len)
{
    static const uint8_t silence[] = {0xF8, 0xFF, 0xFE};
    int is_video = settings->codec != FF_CODEC_none &&
                   settings->codec != FF_CODEC_opus;
    out->len = len;
    out->says_clear = 1;
    if (!is_video && len == sizeof silence &&
        memcmp(wire, silence, sizeof silence) == 0) {
        out->plain = FF_PLAIN_KNOWN; /* sent when somebody falls silent */
        return FF_OK;
    }
    if (len < 2 || wire[len - 1] != MARK || wire[len - 2] != MARK) {
        out->plain = settings->forwards_clear ? FF_PLAIN_FORWARDED : FF_PLAIN_NOT;
        return settings->forwards_clear ? FF_OK : FF_NOT_ENCRYPTED;
    }
    size_t size = len > 2 ? wire[len - FIXED_LEN] : 0;
    if (size < LEAST || size > len)
        return FF_MALFORMED;
    size_t at = len - size + TAG_LEN;
    uint32_t nonce;
    out->tail_len = (uint32_t)size - TAG_LEN;
    out->split->num = out->split->clear_len = out->split->body_len = 0;
    if (!get_uleb(&nonce, wire, &at, len - FIXED_LEN) ||
        !read_ranges(out->split, wire, at, len - FIXED_LEN,
                     (uint32_t)(len - size)))
        return FF_MALFORMED;
    out->counter = nonce;
    return FF_OK;
}

static ff_status plan_open(ff_plan *plan, const ff_wire *wire)
{
    if (wire->len < plan->tag_len + plan->tail_len)
        return FF_MALFORMED;
    make_nonce(plan);
    return FF_OK;
}

static const ff_clear_rule rules[FF_NUM_CODECS] = {
    [FF_CODEC_none] = {.how = FF_CLEAR_RANGES},
    [FF_CODEC_opus] = {.how = FF_CLEAR_RANGES},
    [FF_CODEC_vp8] = {.how = FF_CLEAR_RANGES},
    [FF_CODEC_vp9] = {.how = FF_CLEAR_RANGES},
    [FF_CODEC_h264] = {.how = FF_CLEAR_RANGES,
                       .canonical = 1,
                       .reseals = FF_RESEALS_START_CODE},
    [FF_CODEC_h265] = {.how = FF_CLEAR_RANGES,
                       .canonical = 1,
                       .reseals = FF_RESEALS_START_CODE},
    [FF_CODEC_av1] = {.how = FF_CLEAR_RANGES, .canonical = 1},
};

const ff_format ff_format_dave = {
    .name = "dave",
    .facts = {.growth = FF_TAIL_MAX,
              .growth_min = LEAST,
              .sends_nonce = 1,
              .sends_counter = 1,
              .has_replay_check = 1,
              .describes_itself = 1,
              .names_step = 1,
              .step_bits = 24,
              .slots_max = 8,
              .tag_min = TAG_LEN,
              .suites = FF_SUITES_GCM_8,
              .schedules = FF_SCHEDULES_DAVE | FF_SCHEDULES_RAW,
              .key_id_max = UINT64_MAX,
              .counter_min = 1,
              .counter_max = UINT32_MAX},
    .rules = rules,
    .plan_seal = plan_seal,
    .plan_open = plan_open,
    .look = look,
};
