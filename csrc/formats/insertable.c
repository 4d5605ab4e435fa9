/* insertable.c - the frame layout of the insertable-streams article.
 *
 *     insertable:       key id 1 || IV 12 || ciphertext || tag 16
 *     insertable-bare:              IV 12 || ciphertext || tag 16
 *
 * AAD is one byte: 1 for a key frame, 0 for a delta frame. The key id is not
 * authenticated by itself; a changed one meets another key and fails there.
 * Ours writes the IV as prefix 4 || counter 8, big-endian. Peers may draw it
 * at random: opening takes any 12 bytes and keys its replay window by the
 * first four. With a codec (ours, not the article's) its clear bytes stand in
 * front and are authenticated behind that one byte.
 */
#include "../nonce.h"
#include "rules.h"

#define PREFIX_LEN 4

static const uint8_t kind_aad[] = {0, 1};

static void read_iv(ff_plan *plan, const uint8_t *iv)
{
    /* Each byte is read once: in shared memory iv could change meanwhile, and
     * another counter be judged than is verified. */
    uint32_t prefix = ff_load32(iv);
    uint64_t counter = ff_load64(iv + PREFIX_LEN);
    plan->sender = prefix;
    plan->counter = counter;
    ff_store64(plan->nonce, (uint64_t)prefix << 32 | counter >> 32);
    ff_store32(plan->nonce + 8, (uint32_t)counter);
}

static void set_aad(ff_plan *plan)
{
    plan->aad = &kind_aad[plan->kind == FF_KEY];
    plan->aad_len = 1;
}

/* -- with the key id in front -- */

#define HEAD_LEN (1 + FF_NONCE_LEN)

static ff_status plan_seal(ff_plan *plan, const ff_split *split)
{
    (void)split;
    set_aad(plan);
    ff_nonce_make(plan->nonce, plan->salt, plan->counter);
    plan->head_len = HEAD_LEN;
    plan->head[0] = (uint8_t)plan->key_id;
    memcpy(plan->head + 1, plan->nonce, FF_NONCE_LEN);
    return FF_OK;
}

static ff_status plan_open(ff_plan *plan, const ff_wire *wire)
{
    if (wire->len < HEAD_LEN + plan->tag_len)
        return FF_MALFORMED;
    plan->key_id = wire->head[0];
    plan->head_len = HEAD_LEN;
    read_iv(plan, wire->head + 1);
    set_aad(plan);
    return FF_OK;
}

const ff_format ff_format_insertable = {
    .name = "insertable",
    .facts = {.growth = HEAD_LEN + FF_TAG_LEN,
              .growth_min = HEAD_LEN + FF_TAG_LEN,
              .prefix_len = PREFIX_LEN,
              .salt_len = PREFIX_LEN,
              .sends_nonce = 1,
              .sends_counter = 1,
              .has_replay_check = 1,
              .has_key_flag = 1,
              .names_key = 1,
              .slots_max = FF_SLOTS_MAX,
              .tag_min = FF_TAG_LEN,
              .suites = FF_SUITES_GCM,
              .schedules = FF_SCHEDULES_RAW,
              .key_id_max = UINT8_MAX,
              .counter_max = UINT64_MAX},
    .rules = ff_own_rules,
    .unescape = FF_UNESCAPE_STRICT,
    .seeds_escape = 1,
    .plan_seal = plan_seal,
    .plan_open = plan_open,
};

/* -- without it: what the article's own worker sends -- */

static ff_status plan_seal_bare(ff_plan *plan, const ff_split *split)
{
    (void)split;
    set_aad(plan);
    ff_nonce_make(plan->nonce, plan->salt, plan->counter);
    plan->head_len = FF_NONCE_LEN;
    memcpy(plan->head, plan->nonce, FF_NONCE_LEN);
    return FF_OK;
}

static ff_status plan_open_bare(ff_plan *plan, const ff_wire *wire)
{
    if (wire->len < FF_NONCE_LEN + plan->tag_len)
        return FF_MALFORMED;
    plan->head_len = FF_NONCE_LEN;
    read_iv(plan, wire->head);
    set_aad(plan);
    return FF_OK;
}

const ff_format ff_format_insertable_bare = {
    .name = "insertable-bare",
    .facts = {.growth = FF_NONCE_LEN + FF_TAG_LEN,
              .growth_min = FF_NONCE_LEN + FF_TAG_LEN,
              .prefix_len = PREFIX_LEN,
              .salt_len = PREFIX_LEN,
              .sends_nonce = 1,
              .sends_counter = 1,
              .has_replay_check = 1,
              .has_key_flag = 1,
              .slots_max = 1,
              .tag_min = FF_TAG_LEN,
              .suites = FF_SUITES_GCM,
              .schedules = FF_SCHEDULES_RAW,
              .key_id_max = UINT64_MAX,
              .counter_max = UINT64_MAX},
    .rules = ff_own_rules,
    .unescape = FF_UNESCAPE_STRICT,
    .seeds_escape = 1,
    .plan_seal = plan_seal_bare,
    .plan_open = plan_open_bare,
};
