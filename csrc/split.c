/* split.c - sealing a frame of which something stays clear, or that travels in
 * another form than it came: codec, format and escapes brought together.
 *
 * Order: split the frame, write its clear bytes to where they will stand (and
 * in place the others too), authenticate what was written, encrypt, and last
 * of all escape.
 */
#include <string.h>

#include "annexb.h"
#include "mem.h"
#include "sealer.h"
#include "span.h"
#include "wire.h"

/* ff_job: one frame on its way. */
typedef struct {
    ff_sealer *sealer;
    ff_frame  *frame;
    ff_plan    plan;
    uint32_t   shift; /* in place: how far before its input the output starts */
    int        is_over; /* output and input share bytes */
    size_t     cap;
    uint32_t   num_aad, num_parts;
    ff_bytes   aad[FF_PIECES_MAX + 2];
    ff_part    parts[FF_PIECES_MAX];
    ff_split   split;
} ff_job;

static ff_status split_frame(ff_job *job)
{
    const ff_sealer *sealer = job->sealer;
    const ff_frame *frame = job->frame;
    const ff_clear_rule *rule = sealer->rule;
    ff_plan *plan = &job->plan;
    int is_ours = rule->shorts == FF_SHORT_SEALED && rule->how != FF_CLEAR_RANGES;
    ff_key_frame said = frame->key_frame;
    plan->kind = ff_clear_kind(sealer->codec, is_ours ? FF_EITHER : said,
                               frame->in, frame->in_len);
    ff_status status = ff_clear_split(&job->split, plan, rule, sealer->codec,
                                      frame->in, frame->in_len);
    plan->clear_len = job->split.clear_len;
    plan->body_len = job->split.body_len;
    if (rule->how == FF_CLEAR_RANGES) {
        plan->body_len += plan->clear_len;
        plan->clear_len = 0;
    }
    /* Nothing clear tells the receiver what kind it is. */
    if (is_ours && plan->clear_len == 0)
        plan->kind = FF_DELTA;
    return status;
}

/* find_shift: laid out from left to right, no piece may be written over one
 * that was not read yet. */
static uint32_t find_shift(const ff_job *job)
{
    uint32_t at = 0, shift = 0, head_len = job->plan.head_len;
    for (uint32_t i = 0; i < job->split.num; i++) {
        const ff_piece *piece = &job->split.pieces[i];
        if (!piece->is_clear) {
            at += head_len; /* before the first encrypted piece */
            head_len = 0;
        }
        at += piece->lead_len;
        if (piece->len > 0 && at > piece->at && at - piece->at > shift)
            shift = at - piece->at;
        at += piece->len;
    }
    return shift;
}

/* fit finds where the output goes, and whether there is room for it. */
static int fit(ff_job *job)
{
    ff_frame *frame = job->frame;
    uint32_t sealed_len = ff_plan_sealed_len(&job->plan);
    job->shift = find_shift(job);
    if (frame->in_place) { /* in an arena, which keeps room around it */
        uint32_t most = job->shift + frame->in_len + FF_TAILROOM;
        frame->out = (uint8_t *)frame->in - job->shift;
        job->cap = most;
        return job->shift <= FF_HEADROOM && sealed_len <= most ? FF_OK
                                                              : FF_NO_ROOM;
    }
    job->cap = frame->out_cap;
    if (sealed_len > job->cap)
        return FF_NO_ROOM;
    if (frame->in == frame->out + job->shift)
        return FF_OK;
    if (frame->in == frame->out)
        return job->shift + frame->in_len <= job->cap ? FF_OK : FF_NO_ROOM;
    /* Escapes, or another counter's digits, may yet come to it. */
    size_t most = sealed_len + FF_ESCAPES_MAX + FF_HEADROOM;
    most = most < job->cap ? most : job->cap;
    return ff_span_apart(frame->in, frame->in_len, frame->out, most)
               ? FF_OK
               : FF_BAD_OVERLAP;
}

static void add_aad(ff_job *job, const uint8_t *at, size_t len)
{
    job->aad[job->num_aad++] = (ff_bytes){at, len};
}

/* lay_out writes the clear bytes, lists what is authenticated and what is to
 * be encrypted. From the output, so that what is sent is what was verified,
 * also if the caller's frame changes meanwhile. */
static void lay_out(ff_job *job)
{
    const ff_frame *frame = job->frame;
    const uint8_t *in = frame->in;
    uint8_t *out = frame->out;
    int is_over = in == out || in == out + job->shift;
    job->is_over = is_over;
    uint32_t head_len = job->plan.head_len;
    if (in == out && job->shift > 0)
        memmove(out + job->shift, in, frame->in_len);
    if (is_over)
        in = out + job->shift;
    job->num_aad = job->num_parts = 0;
    add_aad(job, job->plan.aad, job->plan.aad_len);
    for (uint32_t i = 0; i < job->split.num; i++) {
        const ff_piece *piece = &job->split.pieces[i];
        if (piece->is_clear) {
            memcpy(out, piece->lead, piece->lead_len);
            memmove(out + piece->lead_len, in + piece->at, piece->len);
            add_aad(job, out, piece->lead_len + piece->len);
        } else {
            out += head_len;
            head_len = 0;
            if (is_over)
                memmove(out, in + piece->at, piece->len);
            job->parts[job->num_parts++] =
                (ff_part){out, is_over ? out : in + piece->at, piece->len};
        }
        out += piece->lead_len + piece->len;
    }
    add_aad(job, frame->aad, frame->aad_len);
}

/* has_false_start: did a start code come of encrypting? Between the clear
 * bytes such a code is the frame's own. */
static int has_false_start(const ff_job *job)
{
    const uint8_t *out = job->frame->out;
    const uint8_t *end = out + ff_plan_sealed_len(&job->plan);
    for (uint32_t i = 0; i < job->num_parts; i++) {
        const uint8_t *from = job->parts[i].out;
        size_t len = job->parts[i].len;
        size_t before = from - out < 2 ? (size_t)(from - out) : 2;
        size_t after = end - (from + len) < 2 ? (size_t)(end - (from + len)) : 2;
        if (ff_annexb_has_start_code(from - before, before + len + after))
            return 1;
    }
    size_t body = job->plan.body_len < 2 ? 0 : job->plan.body_len - 2;
    return ff_annexb_has_start_code(out + body, (size_t)(end - out) - body);
}

/* is_unfit: must this frame not go out as it came? By chance only: under the
 * next counter it will be another. */
static int is_unfit(const ff_job *job)
{
    const ff_clear_rule *rule = job->sealer->rule;
    const ff_plan *plan = &job->plan;
    const uint8_t *out = job->frame->out;
    uint32_t len = ff_plan_sealed_len(plan), clear = plan->clear_len;
    if (rule->reseals == FF_RESEALS_NEVER)
        return 0;
    if (rule->reseals == FF_RESEALS_START_CODE)
        return has_false_start(job);
    if (rule->reseals == FF_RESEALS_ZERO)
        return out[len - 1] == 0;
    if (!plan->is_escaped)
        return ff_clear_slice(rule, job->sealer->codec, out, len) != 0;
    /* Escaping does not look back over where the clear bytes end. */
    return clear >= 2 && ff_annexb_has_start_code(out + clear - 2, 4);
}

static ff_status write_sealed(ff_job *job)
{
    ff_plan *plan = &job->plan;
    uint8_t *head = job->frame->out + plan->clear_len;
    uint8_t *tag = head + plan->head_len + plan->body_len;
    ff_aead *aead = ff_aead_for(job->sealer->rung.aead, job->frame->worker);
    ff_status status = FF_INTERNAL;
    if (aead)
        status = ff_aead_seal(aead, plan->nonce, job->aad, job->num_aad,
                              job->parts, job->num_parts, tag);
    memcpy(head, plan->head, plan->head_len);
    memcpy(tag + plan->tag_len, plan->tail, plan->tail_len);
    return status;
}

/* follow_head moves what is to be encrypted to where a head of another length
 * (a counter of more digits) has it. Formats with a head have one such part. */
static void follow_head(ff_job *job, uint32_t old_len)
{
    ff_part *body = &job->parts[0];
    job->aad[0] = (ff_bytes){job->plan.aad, job->plan.aad_len};
    if (job->num_parts == 0)
        return;
    uint8_t *out = body->out + job->plan.head_len - old_len;
    if (body->in == body->out) {
        memmove(out, body->in, body->len);
        body->in = out;
    }
    body->out = out;
}

/* seal_again takes the next counter for a frame that must not go out as it is.
 * Sealed in place, it first becomes what it was. */
static ff_status seal_again(ff_job *job)
{
    ff_sealer *sealer = job->sealer;
    uint64_t counter;
    if (job->num_parts > 0 && job->parts[0].in == job->parts[0].out &&
        ff_aead_undo(sealer->rung.aead, job->plan.nonce, job->parts,
                     job->num_parts) != FF_OK)
        return FF_INTERNAL;
    uint64_t blocks = job->frame->in_len / 16 + 2;
    uint32_t old_len = job->plan.head_len;
    if (blocks > sealer->blocks_left || !ff_sealer_turn(sealer, &counter))
        return FF_KEY_EXHAUSTED;
    sealer->blocks_left -= blocks;
    ff_status status = ff_sealer_climb(sealer, counter);
    if (status == FF_OK)
        status = ff_sealer_plan(sealer, counter, &job->plan, &job->split);
    if (status != FF_OK)
        return status;
    job->frame->counter = counter;
    if (ff_plan_sealed_len(&job->plan) > job->cap)
        return FF_NO_ROOM;
    if (job->plan.head_len != old_len)
        follow_head(job, old_len);
    return write_sealed(job);
}

static ff_status escape(ff_job *job, uint32_t *len)
{
    const ff_plan *plan = &job->plan;
    uint8_t *out = job->frame->out, *run = out + plan->clear_len;
    unsigned zeros = 0;
    if (job->sealer->format->seeds_escape)
        zeros = ff_clear_zeros(out, plan->clear_len);
    size_t run_len = *len - plan->clear_len;
    size_t count = ff_escape_count(run, run_len, zeros);
    if (count > FF_ESCAPES_MAX || *len + count > job->cap)
        return FF_NO_ROOM;
    ff_escape_move(run, run_len, count, zeros);
    *len += (uint32_t)count;
    return FF_OK;
}

static ff_status run_job(ff_job *job)
{
    ff_frame *frame = job->frame;
    lay_out(job);
    ff_status status = write_sealed(job);
    /* It is no chance any more if it happens again and again (a salt of the
     * caller's with a start code in it): nobody could open that. */
    for (int i = 0; status == FF_OK && is_unfit(job); i++)
        status = i < FF_RESEALS_MAX ? seal_again(job) : FF_MALFORMED;
    uint32_t len = ff_plan_sealed_len(&job->plan);
    if (status == FF_OK && job->plan.is_escaped)
        status = escape(job, &len);
    if (status != FF_OK) { /* what was written is no sealed frame */
        size_t used = job->is_over ? job->shift + frame->in_len : 0;
        used = used > len ? used : len;
        ff_wipe(frame->out, used < job->cap ? used : job->cap);
    }
    frame->out_len = len;
    return status;
}

FF_APART int ff_seal_split(ff_sealer *sealer, ff_frame *frame, int takes)
{
    ff_job job;
    job.sealer = sealer;
    job.frame = frame;
    /* In a batch a frame that fails has used its counter, too. */
    uint64_t counter = takes ? sealer->next : frame->counter;
    frame->counter = counter;
    int outcome = split_frame(&job);
    if (outcome == FF_OK)
        outcome = ff_sealer_climb(sealer, counter);
    if (outcome == FF_OK)
        outcome = ff_sealer_plan(sealer, counter, &job.plan, &job.split);
    if (outcome == FF_OK)
        outcome = fit(&job);
    if (outcome != FF_OK || !takes)
        return outcome == FF_OK ? (int)run_job(&job) : outcome;
    ff_error error = ff_sealer_take(sealer);
    if (error != FF_DONE)
        return (int)error;
    if (sealer->turn_left == 0 || !ff_sealer_turn(sealer, &counter))
        return FF_KEY_EXHAUSTED;
    return run_job(&job);
}
