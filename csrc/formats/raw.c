/* raw.c - nothing on the wire but the AEAD's output.
 *
 *     body || tag
 *
 * The nonce is salt XOR counter; salt, counter and headers (aad) travel
 * outside, as the application likes. One key per opener: no byte names it.
 */
#include "../nonce.h"
#include "rules.h"

static ff_status plan_seal(ff_plan *plan, const ff_split *split)
{
    (void)split;
    ff_nonce_make(plan->nonce, plan->salt, plan->counter);
    return FF_OK;
}

static ff_status plan_open(ff_plan *plan, const ff_wire *wire)
{
    if (wire->len < plan->tag_len)
        return FF_MALFORMED;
    return FF_OK;
}

static const ff_clear_rule rules[FF_NUM_CODECS] = {
    [FF_CODEC_none] = {.how = FF_CLEAR_NONE},
};

const ff_format ff_format_raw = {
    .name = "raw",
    .facts = {.growth = FF_TAG_LEN,
              .growth_min = FF_TAG_LEN,
              .prefix_len = 4,
              .has_replay_check = 1,
              .takes_aad = 1,
              .slots_max = 1,
              .tag_min = FF_TAG_LEN,
              .suites = FF_SUITES_GCM,
              .schedules = FF_SCHEDULES_RAW,
              .key_id_max = UINT64_MAX,
              .counter_max = UINT64_MAX},
    .rules = rules,
    .plan_seal = plan_seal,
    .plan_open = plan_open,
};
