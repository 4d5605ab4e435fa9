/* reading.c - one sealed frame, from what it claims to what it holds.
 *
 * A frame may be meant in more than one way (its kind is not known, or it may
 * have been too short to have clear bytes) and under more than one key (where
 * it names none). Each is tried, within bounds, and judged alike.
 */
#include <string.h>

#include "mem.h"
#include "opener.h"
#include "span.h"

/* -- what a frame claims -- */

/* read_plan reads a frame in one of the ways that it may be meant. */
static ff_status read_plan(ff_reading *r, const ff_look *look,
                           const ff_guess *guess)
{
    const ff_format *format = r->opener->format;
    ff_plan *plan = &r->plan;
    ff_frame *frame = r->frame;
    ff_run_read(&r->run, format, guess->is_escaped, frame->in, look->len,
                guess->clear_len);
    ff_plan_begin(plan, format, guess->kind);
    plan->clear_len = (uint32_t)guess->clear_len;
    plan->tail_len = look->tail_len;
    plan->counter = format->facts.sends_counter ? look->counter
                                                : frame->counter;
    return format->plan_open(plan, &r->run.wire);
}

/* measure settles what depends on the length of the tag. */
static ff_status measure(ff_reading *r, uint32_t tag_len)
{
    ff_plan *plan = &r->plan;
    plan->tag_len = tag_len;
    size_t rest = plan->head_len + plan->tag_len + plan->tail_len;
    r->claim_len = 0;
    if (r->run.wire.len < rest)
        return FF_MALFORMED;
    plan->body_len = (uint32_t)(r->run.wire.len - rest);
    r->claim_len = plan->clear_len + plan->body_len;
    return FF_OK;
}

/* place finds where the output stands: in place in an arena it is opened over
 * itself. FF_OK, FF_NO_ROOM or FF_BAD_OVERLAP. */
static int place(ff_reading *r)
{
    ff_frame *frame = r->frame;
    uint32_t len = r->claim_len;
    if (frame->in_place) {
        frame->out = (uint8_t *)frame->in + r->plan.head_len;
        r->is_over = 1;
        return FF_OK;
    }
    r->is_over = !frame->is_apart &&
                 !ff_span_apart(frame->in, frame->in_len, frame->out, len);
    if (r->is_over && frame->out != frame->in &&
        frame->out != frame->in + r->plan.head_len)
        return FF_BAD_OVERLAP;
    return frame->out_cap < len ? FF_NO_ROOM : FF_OK;
}

/* -- under a key -- */

static ff_status judge_and_verify(ff_reading *r)
{
    ff_senders *senders = &r->slot->senders;
    uint64_t id = r->plan.sender, counter = r->plan.counter;
    if (r->frame->trial) { /* judged when its turn comes */
        *r->frame->trial = (ff_trial){.slot = r->slot, .sender = id};
        return ff_verify(r);
    }
    ff_sender *sender = ff_senders_find(senders, id);
    ff_status status = ff_senders_check(sender, counter);
    if (status != FF_OK)
        return status;
    status = ff_verify(r);
    if (status == FF_OK)
        ff_senders_accept(senders, sender, id, counter);
    return status;
}

/* open_under opens a frame whose plan is made under one key, if it is held. */
static int open_under(ff_reading *r, ff_slot *slot)
{
    r->slot = slot;
    if (!slot) {
        (void)measure(r, r->plan.tag_len); /* for what is to be zeroed */
        return FF_UNKNOWN_KEY;
    }
    int outcome = (int)measure(r, slot->tag_len);
    if (outcome == FF_OK)
        outcome = place(r);
    return outcome == FF_OK ? (int)judge_and_verify(r) : outcome;
}

/* -- in several ways, or under several keys -- */

/* tell says how much an outcome tells about a frame that was read in several
 * ways or under several keys. */
static int tell(int outcome)
{
    switch (outcome) {
    case FF_OK: return 8;
    case FF_INTERNAL: return 7;
    case FF_REPLAYED:
    case FF_TOO_OLD: return 6;
    case FF_AUTH_FAILED: return 5;
    case FF_UNKNOWN_KEY: return 2;
    case FF_MALFORMED: return 1;
    default: return 3; /* no room, or an overlap, in this way of reading */
    }
}

/* ff_verdict: the outcome that tells most so far, and of which reading it is. */
typedef struct {
    int      outcome; /* -1: none yet */
    int      has_plan;
    ff_slot *slot;
    uint64_t key_id, counter;
    uint32_t claim_len;
} ff_verdict;

static int is_settled(const ff_verdict *verdict)
{
    return verdict->outcome == FF_OK || verdict->outcome == FF_INTERNAL;
}

static void judge(ff_verdict *verdict, const ff_reading *r, int outcome,
                  int has_plan)
{
    if (verdict->outcome >= 0 && tell(outcome) <= tell(verdict->outcome))
        return;
    verdict->outcome = outcome;
    verdict->has_plan = has_plan;
    if (!has_plan)
        return;
    verdict->slot = r->slot;
    verdict->key_id = r->plan.key_id;
    verdict->counter = r->plan.counter;
    verdict->claim_len = r->claim_len;
}

/* open_reading tries a plan under the slot it names, or where it names none
 * under each, the one filled last first. */
static void open_reading(ff_reading *r, ff_verdict *verdict)
{
    ff_opener *opener = r->opener;
    int names_key = (int)opener->format->facts.names_key;
    for (uint32_t nth = 0; !is_settled(verdict); nth++) {
        if (nth > 0 && names_key)
            break;
        ff_slot *slot = names_key
                            ? ff_slots_find(&opener->slots, r->plan.key_id)
                            : ff_slots_nth(&opener->slots, nth);
        if (!slot && nth > 0)
            break;
        judge(verdict, r, open_under(r, slot), 1);
        if (!slot)
            break;
    }
}

/* open_guessing tries a frame in the ways that it may be meant. */
static int open_guessing(ff_reading *r, const ff_look *look,
                         ff_slot **out_slot)
{
    ff_guess guesses[FF_GUESSES_MAX];
    ff_verdict verdict = {.outcome = -1};
    const ff_opener *opener = r->opener;
    ff_frame *frame = r->frame;
    ff_key_frame said = (ff_key_frame)frame->key_frame;
    uint32_t num = 1;
    if (look->says_clear)
        guesses[0] = (ff_guess){look->clear_len, said, look->is_escaped};
    else
        num = ff_clear_guess(guesses, opener->format, opener->rule,
                             opener->settings.codec, said, frame->in,
                             look->len);
    for (uint32_t i = 0; i < num && !is_settled(&verdict); i++) {
        ff_status status = read_plan(r, look, &guesses[i]);
        if (status == FF_OK)
            open_reading(r, &verdict);
        else
            judge(&verdict, r, (int)status, 0);
    }
    if (verdict.has_plan) {
        *out_slot = verdict.slot;
        frame->key_id = verdict.key_id;
        frame->names_key = opener->format->facts.names_key;
        frame->counter = verdict.counter;
        frame->claim_len = verdict.claim_len;
    }
    return verdict.outcome;
}

/* hand_on gives out a frame that was never sealed: a server's own, which is
 * known byte for byte, or any where the caller's policy has it. */
static int hand_on(ff_opener *opener, ff_frame *frame, const ff_look *look)
{
    size_t len = look->len;
    if (frame->trial) /* it is counted, and so waits for its turn */
        return FF_NOT_RUN;
    frame->claim_len = (uint32_t)len;
    if (frame->in_place)
        frame->out = (uint8_t *)frame->in;
    else if (frame->out_cap < len)
        return FF_NO_ROOM;
    else if (frame->out != frame->in &&
             !ff_span_apart(frame->in, frame->in_len, frame->out, len))
        return FF_BAD_OVERLAP;
    if (len > 0) /* an empty frame may have no address */
        memmove(frame->out, frame->in, len);
    frame->out_len = (uint32_t)len;
    if (look->plain == FF_PLAIN_FORWARDED)
        opener->facts.forwarded += 1;
    else
        opener->facts.injected += 1;
    return FF_OK;
}

/* open_looking opens a frame of a format that looks at the end first. */
static FF_APART int open_looking(ff_reading *r, ff_slot **out_slot)
{
    ff_split split;
    ff_look look = {.len = r->frame->in_len, .split = &split};
    const ff_opener *opener = r->opener;
    const ff_format *format = opener->format;
    ff_status status = format->look(&look, &opener->settings, r->frame->in,
                                    r->frame->in_len);
    if (status != FF_OK)
        return (int)status;
    if (look.plain != FF_PLAIN_NOT)
        return hand_on(r->opener, r->frame, &look);
    if (opener->rule->how == FF_CLEAR_RANGES)
        r->split = &split;
    int outcome = open_guessing(r, &look, out_slot);
    r->split = NULL;
    return outcome;
}

FF_APART int ff_open_guessed(ff_opener *opener, ff_frame *frame,
                             ff_slot **out_slot)
{
    ff_reading r; /* large, and filled as far as it is used */
    r.opener = opener;
    r.frame = frame;
    r.split = NULL;
    r.is_over = 0;
    r.spoiled_len = 0;
    r.has_derived = 0;
    /* A length is the peer's choice, so this is the frame's fault, not the
     * call's. */
    if (frame->in_len > FF_SEALED_MAX)
        return FF_MALFORMED;
    ff_look look = {.len = frame->in_len};
    int outcome = opener->format->look ? open_looking(&r, out_slot)
                                       : open_guessing(&r, &look, out_slot);
    /* What the cipher has been over is no frame any more. */
    if (outcome != FF_OK && r.spoiled_len > 0) {
        ff_wipe((uint8_t *)frame->in, frame->in_len);
        ff_wipe(r.spoiled, r.spoiled_len);
    }
    return outcome;
}
