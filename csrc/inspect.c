/* inspect.c - what a sealed frame claims, read without any key. */
#include <string.h>

#include "format.h"

ff_status ff_inspect(uint32_t format, ff_claim *out, const uint8_t *sealed,
                     size_t sealed_len)
{
    const ff_format *plan_of = ff_format_at(format);
    ff_plan plan;
    memset(out, 0, sizeof *out);
    if (!plan_of || sealed_len > FF_SEALED_MAX)
        return FF_MALFORMED;
    ff_status status = plan_of->plan_open(&plan, sealed, sealed_len);
    if (status != FF_OK)
        return status;
    const ff_format_facts *facts = &plan_of->facts;
    out->names_key = facts->names_key;
    out->names_nonce = out->names_counter = facts->sends_nonce;
    out->key_id = facts->names_key ? plan.key_id : 0;
    if (facts->sends_nonce) {
        out->counter = plan.counter;
        memcpy(out->nonce, plan.nonce, FF_NONCE_LEN);
    }
    out->header_len = plan.body_at;
    out->body_len = plan.body_len;
    out->tag_len = FF_TAG_LEN;
    out->trailer_len = plan.sealed_len - plan.tag_at - FF_TAG_LEN;
    return FF_OK;
}
