/* inspect.c - what a sealed frame claims, read without any key. */
#include <string.h>

#include "clear.h"
#include "wire.h"

static uint32_t count_clear(const ff_split *split)
{
    uint32_t num = 0;
    for (uint32_t i = 0; i < split->num; i++)
        num += split->pieces[i].is_clear;
    return num;
}

static void fill(ff_claim *out, const ff_format *format, const ff_plan *plan,
                 const ff_run *run)
{
    const ff_format_facts *facts = &format->facts;
    out->names_key = facts->names_key;
    out->names_nonce = facts->sends_nonce;
    out->names_counter = facts->sends_counter;
    out->key_id = plan->key_id;
    if (facts->sends_counter)
        out->counter = plan->counter;
    if (facts->sends_nonce)
        memcpy(out->nonce, plan->nonce, FF_NONCE_LEN);
    out->clear_len = plan->clear_len;
    out->header_len = plan->head_len;
    out->tag_len = plan->tag_len;
    out->trailer_len = plan->tail_len;
    out->body_len = (uint32_t)(run->wire.len - plan->head_len - plan->tag_len -
                               plan->tail_len);
    out->num_escapes = (uint32_t)run->num_escapes;
}

ff_status ff_inspect(const ff_settings *settings, uint32_t tag_len,
                     ff_claim *out, const uint8_t *sealed, size_t sealed_len)
{
    const ff_format *format = ff_format_at(settings->format);
    ff_split split;
    ff_look look = {.len = sealed_len, .split = &split};
    ff_guess guesses[FF_GUESSES_MAX];
    memset(out, 0, sizeof *out);
    if (!format || sealed_len > FF_SEALED_MAX || tag_len > FF_TAG_LEN)
        return FF_MALFORMED;
    const ff_clear_rule *rule = ff_clear_opens_by(format, settings->codec);
    split.num = 0;
    if (!rule)
        return FF_MALFORMED;
    if (format->look) {
        ff_status status = format->look(&look, settings, sealed, sealed_len);
        if (status != FF_OK)
            return status;
        out->extra_len = (uint32_t)(sealed_len - look.len);
        out->is_plain = look.plain != FF_PLAIN_NOT;
        if (look.plain != FF_PLAIN_NOT)
            return FF_OK;
    }
    uint32_t num = 1;
    guesses[0] = (ff_guess){look.clear_len, FF_DELTA, look.is_escaped};
    if (!look.says_clear)
        num = ff_clear_guess(guesses, format, rule, settings->codec, FF_EITHER,
                             sealed, look.len);
    ff_plan plan;
    ff_run run;
    ff_status status = FF_MALFORMED;
    for (uint32_t i = 0; i < num && status != FF_OK; i++) {
        ff_run_read(&run, format, guesses[i].is_escaped, sealed, look.len,
                    guesses[i].clear_len);
        plan = (ff_plan){.clear_len = (uint32_t)guesses[i].clear_len,
                         .tag_len = tag_len,
                         .tail_len = look.tail_len,
                         .counter = look.counter};
        status = format->plan_open(&plan, &run.wire);
    }
    if (status != FF_OK)
        return status;
    fill(out, format, &plan, &run);
    out->num_clear = rule->how == FF_CLEAR_RANGES ? count_clear(&split)
                                                  : plan.clear_len > 0;
    return FF_OK;
}
