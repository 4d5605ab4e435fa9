/* insertable.c - the frame layout of the insertable-streams article.
 *
 *     insertable:       key id 1 || IV 12 || ciphertext || tag 16
 *     insertable-bare:              IV 12 || ciphertext || tag 16
 *
 * AAD is one byte: 1 for a key frame, 0 for a delta frame. The key id is not
 * authenticated by itself; a changed one meets another key and fails there.
 * Ours writes the IV as prefix 4 || counter 8, big-endian. Peers may draw it
 * at random: opening takes any 12 bytes and keys its replay window by the
 * first four.
 */
#include "../format.h"
#include "../nonce.h"

#define PREFIX_LEN 4

static const uint8_t delta_aad[] = {0}, key_aad[] = {1};

static void place(ff_plan *plan, uint32_t head_len, size_t body_len)
{
    plan->aad[FF_DELTA] = delta_aad;
    plan->aad[FF_KEY] = key_aad;
    plan->aad_len = 1;
    plan->body_at = head_len;
    plan->body_len = (uint32_t)body_len;
    plan->tag_at = head_len + (uint32_t)body_len;
    plan->sealed_len = plan->tag_at + FF_TAG_LEN;
}

static void read_iv(ff_plan *plan, const uint8_t *iv)
{
    memcpy(plan->nonce, iv, FF_NONCE_LEN);
    /* From the copy: in shared memory iv itself could change meanwhile, and
     * another counter be judged than is verified. */
    plan->sender = ff_load32(plan->nonce);
    plan->counter = ff_load64(plan->nonce + PREFIX_LEN);
}

/* -- with the key id in front -- */

#define HEAD_LEN (1 + FF_NONCE_LEN)

static void plan_seal(ff_plan *plan, size_t len)
{
    place(plan, HEAD_LEN, len);
    plan->head[0] = (uint8_t)plan->key_id;
    memcpy(plan->head + 1, plan->nonce, FF_NONCE_LEN);
}

static ff_status plan_open(ff_plan *plan, const uint8_t *wire, size_t len)
{
    if (len < HEAD_LEN + FF_TAG_LEN)
        return FF_MALFORMED;
    plan->key_id = wire[0];
    read_iv(plan, wire + 1);
    place(plan, HEAD_LEN, len - HEAD_LEN - FF_TAG_LEN);
    return FF_OK;
}

const ff_format ff_format_insertable = {
    .name = "insertable",
    .facts = {.growth = HEAD_LEN + FF_TAG_LEN,
              .growth_min = HEAD_LEN + FF_TAG_LEN,
              .prefix_len = PREFIX_LEN,
              .sends_nonce = 1,
              .has_key_flag = 1,
              .names_key = 1,
              .key_id_max = UINT8_MAX,
              .counter_max = UINT64_MAX},
    .plan_seal = plan_seal,
    .plan_open = plan_open,
};

/* -- without it: what the article's own worker sends -- */

static void plan_seal_bare(ff_plan *plan, size_t len)
{
    place(plan, FF_NONCE_LEN, len);
    memcpy(plan->head, plan->nonce, FF_NONCE_LEN);
}

static ff_status plan_open_bare(ff_plan *plan, const uint8_t *wire, size_t len)
{
    if (len < FF_NONCE_LEN + FF_TAG_LEN)
        return FF_MALFORMED;
    plan->key_id = 0;
    read_iv(plan, wire);
    place(plan, FF_NONCE_LEN, len - FF_NONCE_LEN - FF_TAG_LEN);
    return FF_OK;
}

const ff_format ff_format_insertable_bare = {
    .name = "insertable-bare",
    .facts = {.growth = FF_NONCE_LEN + FF_TAG_LEN,
              .growth_min = FF_NONCE_LEN + FF_TAG_LEN,
              .prefix_len = PREFIX_LEN,
              .sends_nonce = 1,
              .has_key_flag = 1,
              .key_id_max = UINT64_MAX,
              .counter_max = UINT64_MAX},
    .plan_seal = plan_seal_bare,
    .plan_open = plan_open_bare,
};
