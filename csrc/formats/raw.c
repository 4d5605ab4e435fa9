/* raw.c - nothing on the wire but the AEAD's output.
 *
 *     body || tag 16
 *
 * The nonce is salt XOR counter; salt, counter and headers (aad) travel
 * outside, as the application likes. One key per opener: no byte names it.
 */
#include "../format.h"

static void plan_seal(ff_plan *plan, size_t len)
{
    plan->aad[FF_DELTA] = plan->aad[FF_KEY] = NULL;
    plan->aad_len = 0;
    plan->body_at = 0;
    plan->body_len = (uint32_t)len;
    plan->tag_at = (uint32_t)len;
    plan->sealed_len = (uint32_t)len + FF_TAG_LEN;
}

static ff_status plan_open(ff_plan *plan, const uint8_t *wire, size_t len)
{
    (void)wire;
    if (len < FF_TAG_LEN)
        return FF_MALFORMED;
    plan->key_id = 0;
    plan->sender = 0;
    plan_seal(plan, len - FF_TAG_LEN);
    return FF_OK;
}

const ff_format ff_format_raw = {
    .name = "raw",
    .facts = {.growth = FF_TAG_LEN,
              .growth_min = FF_TAG_LEN,
              .prefix_len = 4,
              .takes_aad = 1,
              .key_id_max = UINT64_MAX,
              .counter_max = UINT64_MAX},
    .plan_seal = plan_seal,
    .plan_open = plan_open,
};
