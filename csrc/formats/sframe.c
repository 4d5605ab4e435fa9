/* sframe.c - SFrame, RFC 9605.
 *
 *     header 1 to 17 || ciphertext || tag
 *
 * The header is one config byte (X KKK Y CCC), then the key id (KID) if it is
 * not in KKK, then the counter (CTR) if it is not in CCC (section 4.3). It is
 * authenticated as it was received, never as it would be written again. The
 * nonce is the key's salt XOR CTR (4.4.3). With a codec (ours) its clear bytes
 * stand in front and open the application's metadata.
 *
 * Reading is strict: a KID or CTR of 0 to 7 in its long form, or with leading
 * zero bytes, is MALFORMED. Section 4.3 has senders take the fewest bytes, so
 * nobody who follows it sends such a header.
 */
#include "../nonce.h"
#include "rules.h"

#define SHORT_MAX 7 /* fits the config byte */
#define HEAD_MAX 17
#define TAG_MIN 4

/* put appends value in as few bytes as it takes and gives the three bits (and
 * the flag above them) that go into the config byte. */
static uint8_t put(ff_plan *plan, uint64_t value)
{
    if (value <= SHORT_MAX)
        return (uint8_t)value;
    uint32_t num = 1;
    while (num < 8 && value >> (8 * num) != 0)
        num++;
    for (uint32_t i = num; i-- > 0;)
        plan->head[plan->head_len++] = (uint8_t)(value >> (8 * i));
    return (uint8_t)(8 | (num - 1));
}

/* get reads a value by its four bits: 0 if it is cut off or not in its
 * shortest form. */
static int get(ff_plan *plan, uint64_t *out, uint8_t bits, size_t len)
{
    *out = bits & SHORT_MAX;
    if (!(bits & 8))
        return 1;
    uint32_t num = (bits & 7) + 1u;
    if (len - plan->head_len < num)
        return 0;
    const uint8_t *from = plan->head + plan->head_len;
    plan->head_len += num;
    *out = 0;
    for (uint32_t i = 0; i < num; i++)
        *out = *out << 8 | from[i];
    return from[0] != 0 && *out > SHORT_MAX;
}

static ff_status plan_seal(ff_plan *plan, const ff_split *split)
{
    (void)split;
    plan->head_len = 1;
    uint8_t key_bits = put(plan, plan->key_id);
    uint8_t counter_bits = put(plan, plan->counter);
    plan->head[0] = (uint8_t)(key_bits << 4 | counter_bits);
    plan->aad = plan->head;
    plan->aad_len = plan->head_len;
    ff_nonce_make(plan->nonce, plan->salt, plan->counter);
    return FF_OK;
}

static ff_status plan_open(ff_plan *plan, const ff_wire *wire)
{
    size_t len = wire->head_len < HEAD_MAX ? wire->head_len : HEAD_MAX;
    if (len < 1)
        return FF_MALFORMED;
    /* A copy: in shared memory the bytes could change between being read here
     * and being verified. */
    memcpy(plan->head, wire->head, len);
    plan->head_len = 1;
    if (!get(plan, &plan->key_id, plan->head[0] >> 4, len) ||
        !get(plan, &plan->counter, plan->head[0] & 15, len) ||
        wire->len < plan->head_len + plan->tag_len)
        return FF_MALFORMED;
    plan->aad = plan->head;
    plan->aad_len = plan->head_len;
    return FF_OK;
}

const ff_format ff_format_sframe = {
    .name = "sframe",
    .facts = {.growth = HEAD_MAX + FF_TAG_LEN,
              .growth_min = 1 + TAG_MIN,
              .sends_counter = 1,
              .has_replay_check = 1,
              .takes_aad = 1,
              .names_key = 1,
              .slots_max = FF_SLOTS_MAX,
              .tag_min = TAG_MIN,
              .suites = FF_SUITES_GCM | FF_SUITES_CTR_HMAC,
              .schedules = FF_SCHEDULES_SFRAME,
              .key_id_max = UINT64_MAX,
              .counter_max = UINT64_MAX},
    .rules = ff_own_rules,
    .unescape = FF_UNESCAPE_STRICT,
    .seeds_escape = 1,
    .plan_seal = plan_seal,
    .plan_open = plan_open,
};
