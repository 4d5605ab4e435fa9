/* livekit.c - LiveKit's frames, and Jitsi's, which have the same shape.
 *
 *     clear || ciphertext || tag 16 || IV 12 || 12 || key id 1
 *
 * AAD is the clear bytes as sent. What stays clear the frame does not say: it
 * follows from codec and frame kind. The IV is SSRC, timestamp and a count at
 * the peers; receivers take any twelve bytes. There is no counter in it, so
 * there is no replay check.
 *
 * LiveKit's native receiver reads the IV before it undoes the escapes of H.264
 * and H.265: there an IV with two zeros in a row would be read wrong, so ours
 * has no zero byte at all.
 */
#include "../nonce.h"
#include "livekit.h"
#include "rules.h"

#define TAIL_LEN (FF_NONCE_LEN + 2)
/* 255^7: the counters that seven bytes hold if none of them is zero. */
#define NO_ZERO_SPAN UINT64_C(70110209207109375)

/* store_no_zero writes len digits to base 255, each plus 1. */
static void store_no_zero(uint8_t *out, int len, uint64_t value)
{
    for (int i = len; i-- > 0; value /= 255)
        out[i] = (uint8_t)(value % 255 + 1);
}

static void make_nonce(ff_plan *plan)
{
    if (!plan->avoids_zero) {
        ff_nonce_make(plan->nonce, plan->salt, plan->counter);
        return;
    }
    uint64_t start = ff_load64(plan->salt + 4) % NO_ZERO_SPAN;
    store_no_zero(plan->nonce, 5, ff_load32(plan->salt));
    store_no_zero(plan->nonce + 5, 7, (start + plan->counter) % NO_ZERO_SPAN);
}

static ff_status plan_seal(ff_plan *plan, const ff_split *split)
{
    (void)split;
    make_nonce(plan);
    plan->tail_len = TAIL_LEN;
    memcpy(plan->tail, plan->nonce, FF_NONCE_LEN);
    plan->tail[FF_NONCE_LEN] = FF_NONCE_LEN;
    plan->tail[FF_NONCE_LEN + 1] = (uint8_t)plan->key_id;
    return FF_OK;
}

static ff_status plan_open(ff_plan *plan, const ff_wire *wire)
{
    if (wire->len < plan->tag_len + TAIL_LEN)
        return FF_MALFORMED;
    const uint8_t *tail = wire->end - TAIL_LEN;
    if (tail[FF_NONCE_LEN] != FF_NONCE_LEN)
        return FF_MALFORMED;
    plan->key_id = tail[FF_NONCE_LEN + 1];
    memcpy(plan->nonce, tail, FF_NONCE_LEN);
    plan->sender = ff_load32(plan->nonce);
    plan->counter = ff_load64(plan->nonce + 4);
    plan->tail_len = TAIL_LEN;
    return FF_OK;
}

/* -- LiveKit -- */

/* The bytes outrank the label: by slice wherever there is one, and what is not
 * recognised is taken for VP8. AV1 kills the JavaScript sender's stream. */
static const ff_clear_rule rules[FF_NUM_CODECS] = {
    [FF_CODEC_none] = {.how = FF_CLEAR_ANY_SLICE,
                      .key = 10,
                      .delta = 3,
                      .canonical = 1,
                      .escapes = 1,
                      .reseals = FF_RESEALS_SLICE},
    [FF_CODEC_opus] = {.how = FF_CLEAR_FIXED, .key = 1, .delta = 1},
    [FF_CODEC_vp8] = {.how = FF_CLEAR_FIXED, .key = 10, .delta = 3},
    [FF_CODEC_vp9] = {.how = FF_CLEAR_NONE},
    [FF_CODEC_h264] = {.how = FF_CLEAR_ANY_SLICE,
                       .key = 10,
                       .delta = 3,
                       .canonical = 1,
                       .escapes = 1,
                       .reseals = FF_RESEALS_SLICE},
    [FF_CODEC_h265] = {.how = FF_CLEAR_ANY_SLICE,
                       .key = 10,
                       .delta = 3,
                       .canonical = 1,
                       .escapes = 1,
                       .reseals = FF_RESEALS_SLICE},
};


static ff_status look(ff_look *out, const ff_settings *settings,
                      const uint8_t *wire, size_t len)
{
    if (settings->strips_metadata)
        len = ff_livekit_strip(wire, len);
    out->len = len;
    if (len == 0) /* discontinuous audio: nothing was said */
        out->plain = FF_PLAIN_KNOWN;
    if (settings->sif_len == 0 || len < settings->sif_len ||
        memcmp(wire + len - settings->sif_len, settings->sif,
               settings->sif_len) != 0)
        return FF_OK;
    out->len = len - settings->sif_len;
    if (!ff_livekit_is_blank(wire, out->len))
        return FF_NOT_ENCRYPTED;
    out->plain = FF_PLAIN_KNOWN;
    return FF_OK;
}

const ff_format ff_format_livekit = {
    .name = "livekit",
    .facts = {.growth = FF_TAG_LEN + TAIL_LEN,
              .growth_min = FF_TAG_LEN + TAIL_LEN,
              .prefix_len = 4,
              .salt_len = FF_NONCE_LEN,
              .sends_nonce = 1,
              .names_key = 1,
              .slots_max = 256,
              .tag_min = FF_TAG_LEN,
              .suites = FF_SUITES_GCM,
              .schedules = FF_SCHEDULES_LIVEKIT | FF_SCHEDULES_RAW,
              .key_id_max = UINT8_MAX,
              .counter_max = NO_ZERO_SPAN - 1},
    .rules = rules,
    .unescape = FF_UNESCAPE_ANY,
    .passes_empty = 1,
    .plan_seal = plan_seal,
    .plan_open = plan_open,
    .look = look,
};

/* -- LiveKit's data packets: IV 12 || ciphertext || tag 16, key id outside -- */

static ff_status plan_seal_data(ff_plan *plan, const ff_split *split)
{
    (void)split;
    ff_nonce_make(plan->nonce, plan->salt, plan->counter);
    plan->head_len = FF_NONCE_LEN;
    memcpy(plan->head, plan->nonce, FF_NONCE_LEN);
    return FF_OK;
}

static ff_status plan_open_data(ff_plan *plan, const ff_wire *wire)
{
    if (wire->len < FF_NONCE_LEN + plan->tag_len)
        return FF_MALFORMED;
    plan->head_len = FF_NONCE_LEN;
    memcpy(plan->nonce, wire->head, FF_NONCE_LEN);
    return FF_OK;
}

static const ff_clear_rule data_rules[FF_NUM_CODECS] = {
    [FF_CODEC_none] = {.how = FF_CLEAR_NONE},
};

const ff_format ff_format_livekit_data = {
    .name = "livekit-data",
    .facts = {.growth = FF_NONCE_LEN + FF_TAG_LEN,
              .growth_min = FF_NONCE_LEN + FF_TAG_LEN,
              .prefix_len = 4,
              .salt_len = FF_NONCE_LEN,
              .sends_nonce = 1,
              .slots_max = 1,
              .tag_min = FF_TAG_LEN,
              .suites = FF_SUITES_GCM,
              .schedules = FF_SCHEDULES_LIVEKIT | FF_SCHEDULES_RAW,
              .key_id_max = UINT8_MAX,
              .counter_max = UINT64_MAX},
    .rules = data_rules,
    .plan_seal = plan_seal_data,
    .plan_open = plan_open_data,
};

/* -- Jitsi: the kind alone says how much stays clear, whatever the codec -- */

static const ff_clear_rule jitsi_rules[FF_NUM_CODECS] = {
    [FF_CODEC_none] = {.how = FF_CLEAR_FIXED, .key = 10, .delta = 3},
    [FF_CODEC_opus] = {.how = FF_CLEAR_FIXED, .key = 1, .delta = 1},
    [FF_CODEC_vp8] = {.how = FF_CLEAR_FIXED, .key = 10, .delta = 3},
    [FF_CODEC_vp9] = {.how = FF_CLEAR_FIXED, .key = 10, .delta = 3},
    [FF_CODEC_h264] = {.how = FF_CLEAR_FIXED, .key = 10, .delta = 3},
    [FF_CODEC_h265] = {.how = FF_CLEAR_FIXED, .key = 10, .delta = 3},
    [FF_CODEC_av1] = {.how = FF_CLEAR_FIXED, .key = 10, .delta = 3},
};

const ff_format ff_format_jitsi = {
    .name = "jitsi",
    .facts = {.growth = FF_TAG_LEN + TAIL_LEN,
              .growth_min = FF_TAG_LEN + TAIL_LEN,
              .prefix_len = 4,
              .salt_len = FF_NONCE_LEN,
              .sends_nonce = 1,
              .names_key = 1,
              .slots_max = 16,
              .tag_min = FF_TAG_LEN,
              .suites = FF_SUITES_GCM_128,
              .schedules = FF_SCHEDULES_JITSI | FF_SCHEDULES_RAW,
              .key_id_max = 15,
              .counter_max = NO_ZERO_SPAN - 1},
    .rules = jitsi_rules,
    .plan_seal = plan_seal,
    .plan_open = plan_open,
};
