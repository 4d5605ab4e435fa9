/* stream.c - GetStream's frames, version 1.
 *
 *     clear || ciphertext || tag 16 || trailer 20
 *
 * Trailer: counter 4 || IV prefix 8 || key index 1 || flag and clear length 2
 * || version 1 || magic 4. The IV is prefix || counter. AAD is the clear bytes.
 * The trailer is not authenticated, but whatever is changed in it breaks the
 * tag or is not recognised. With the flag, all behind the clear bytes is
 * escaped; the last seven bytes never are (SPEC.md, "trailer").
 */
#include "../nonce.h"
#include "rules.h"

#define TRAILER_LEN 20
#define PREFIX_LEN 8
#define FIXED_LEN 7 /* the bytes at the end that read the same when escaped */
#define VERSION 1
#define FLAG 0x8000u
#define CLEAR_MAX 0x7FFFu

static const uint8_t magic[] = {0xE2, 0xEE, 0xFE, 0xED};

static ff_status plan_seal(ff_plan *plan, const ff_split *split)
{
    (void)split;
    if (plan->clear_len > CLEAR_MAX)
        return FF_MALFORMED;
    uint32_t clear = plan->clear_len | (plan->is_escaped ? FLAG : 0);
    uint8_t *tail = plan->tail;
    plan->tail_len = TRAILER_LEN;
    memcpy(plan->nonce, plan->salt, PREFIX_LEN);
    ff_store32(plan->nonce + PREFIX_LEN, (uint32_t)plan->counter);
    memcpy(tail, plan->nonce + PREFIX_LEN, 4);
    memcpy(tail + 4, plan->nonce, PREFIX_LEN);
    tail[12] = (uint8_t)plan->key_id;
    tail[13] = (uint8_t)(clear >> 8);
    tail[14] = (uint8_t)clear;
    tail[15] = VERSION;
    memcpy(tail + 16, magic, sizeof magic);
    return FF_OK;
}

static ff_status look(ff_look *out, const ff_settings *settings,
                      const uint8_t *wire, size_t len)
{
    out->len = len;
    out->says_clear = 1;
    if (len < 1 + sizeof magic ||
        memcmp(wire + len - sizeof magic, magic, sizeof magic) != 0) {
        out->plain = settings->forwards_clear ? FF_PLAIN_FORWARDED : FF_PLAIN_NOT;
        return settings->forwards_clear ? FF_OK : FF_NOT_ENCRYPTED;
    }
    /* These five bytes keep their place in every version to come. */
    if (wire[len - sizeof magic - 1] != VERSION)
        return FF_UNSUPPORTED_VERSION;
    if (len < TRAILER_LEN)
        return FF_MALFORMED;
    const uint8_t *fixed = wire + len - FIXED_LEN;
    uint32_t clear = (uint32_t)fixed[0] << 8 | fixed[1];
    out->is_escaped = (clear & FLAG) != 0;
    out->clear_len = clear & CLEAR_MAX;
    return out->clear_len <= len - TRAILER_LEN ? FF_OK : FF_MALFORMED;
}

static ff_status plan_open(ff_plan *plan, const ff_wire *wire)
{
    if (wire->len < plan->tag_len + TRAILER_LEN)
        return FF_MALFORMED;
    const uint8_t *tail = wire->end - TRAILER_LEN;
    memcpy(plan->nonce, tail + 4, PREFIX_LEN);
    memcpy(plan->nonce + PREFIX_LEN, tail, 4);
    plan->sender = ff_load64(plan->nonce);
    plan->counter = ff_load32(plan->nonce + PREFIX_LEN);
    plan->key_id = tail[12];
    plan->tail_len = TRAILER_LEN;
    return FF_OK;
}

/* Unlabelled video has no rule: how much of it must stay clear, and whether to
 * escape, both depend on the codec. */
static const ff_clear_rule rules[FF_NUM_CODECS] = {
    [FF_CODEC_opus] = {.how = FF_CLEAR_FIXED,
                       .key = 1,
                       .delta = 1,
                       .shorts = FF_SHORT_CLAMPED},
    [FF_CODEC_vp8] = {.how = FF_CLEAR_FIXED,
                      .key = 10,
                      .delta = 3,
                      .shorts = FF_SHORT_CLAMPED},
    [FF_CODEC_vp9] = {.how = FF_CLEAR_FIXED,
                      .key = 10,
                      .delta = 3,
                      .shorts = FF_SHORT_CLAMPED},
    [FF_CODEC_h264] = {.how = FF_CLEAR_SLICE,
                       .shorts = FF_SHORT_CLAMPED,
                       .escapes = 1},
};

const ff_format ff_format_stream = {
    .name = "stream",
    .facts = {.growth = FF_TAG_LEN + TRAILER_LEN,
              .growth_min = FF_TAG_LEN + TRAILER_LEN,
              .prefix_len = PREFIX_LEN,
              .salt_len = PREFIX_LEN,
              .sends_nonce = 1,
              .sends_counter = 1,
              .has_replay_check = 1,
              .describes_itself = 1,
              .names_key = 1,
              .slots_max = 256,
              .tag_min = FF_TAG_LEN,
              .suites = FF_SUITES_GCM,
              .schedules = FF_SCHEDULES_RAW,
              .key_id_max = UINT8_MAX,
              .counter_min = 1,
              .counter_max = UINT32_MAX},
    .rules = rules,
    .unescape = FF_UNESCAPE_STRICT,
    .seeds_escape = 1,
    .plan_seal = plan_seal,
    .plan_open = plan_open,
    .look = look,
};
