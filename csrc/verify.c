/* verify.c - one frame through the cipher: decrypted, judged, put in its place.
 *
 * Apart from its input a frame is decrypted straight into its output. In place
 * it is decrypted where it stands and moved only when its tag is good, so that
 * a second key, or another way of reading it, still finds the ciphertext.
 */
#include <string.h>

#include "mem.h"
#include "nonce.h"
#include "opener.h"

/* ff_lists: what the cipher gets of one frame. */
typedef struct {
    uint32_t  num_aad, num_parts;
    ff_bytes *aad;
    ff_part  *parts;
} ff_lists;

/* set_body finds where the ciphertext is and where its plaintext goes first.
 * Escapes are undone there, over themselves or into the output. */
static void set_body(ff_reading *r)
{
    ff_frame *frame = r->frame;
    const ff_plan *plan = &r->plan;
    r->tag = r->run.wire.end - plan->tail_len - plan->tag_len;
    r->body = frame->in + ff_plan_body_at(plan);
    r->work = r->is_over ? (uint8_t *)r->body : frame->out + plan->clear_len;
    if (!r->is_over && plan->clear_len > 0) /* what is verified is handed on */
        memcpy(frame->out, frame->in, plan->clear_len);
    if (r->run.num_escapes == 0)
        return;
    r->body = ff_run_body(&r->run, r->opener->format,
                          frame->in + plan->clear_len, plan->head_len, r->work,
                          plan->body_len);
    if (r->is_over) /* a cipher's input and output are one place, or apart */
        r->work = (uint8_t *)r->body;
}

/* settle_body copies what will be read twice out of memory that somebody else
 * may write to meanwhile. */
static void settle_body(ff_reading *r)
{
    if (r->work == r->body || r->plan.body_len == 0 ||
        !r->slot->reads_twice)
        return;
    memcpy(r->work, r->body, r->plan.body_len);
    r->body = r->work;
}

static void add_aad(ff_lists *lists, const uint8_t *at, size_t len)
{
    lists->aad[lists->num_aad++] = (ff_bytes){at, len};
}

/* list_ranges lists the ranges of a frame that has several clear ones. */
static void list_ranges(const ff_reading *r, ff_lists *lists)
{
    add_aad(lists, r->plan.aad, r->plan.aad_len);
    for (uint32_t i = 0; i < r->split->num; i++) {
        const ff_piece *piece = &r->split->pieces[i];
        uint8_t *work = r->work + piece->at;
        if (piece->is_clear) {
            memmove(work, r->body + piece->at, piece->len);
            add_aad(lists, work, piece->len);
        } else {
            lists->parts[lists->num_parts++] =
                (ff_part){work, r->body + piece->at, piece->len};
        }
    }
    add_aad(lists, r->frame->aad, r->frame->aad_len);
}

/* attempt tries one key. Where the ciphertext was written over, a failure puts
 * it back. */
static ff_status attempt(ff_reading *r, const ff_lists *lists,
                         const ff_rung *rung)
{
    if (!r->opener->format->facts.sends_nonce)
        ff_nonce_make(r->plan.nonce, rung->salt, r->plan.counter);
    ff_aead *aead = ff_aead_for(rung->aead, r->frame->worker);
    if (!aead)
        return FF_INTERNAL;
    ff_status status = ff_aead_open(aead, r->plan.nonce, lists->aad,
                                    lists->num_aad, lists->parts,
                                    lists->num_parts, r->tag);
    if (status == FF_AUTH_FAILED && r->work == r->body &&
        ff_aead_undo(aead, r->plan.nonce, lists->parts,
                     lists->num_parts) != FF_OK)
        return FF_INTERNAL;
    return status;
}

/* attempt_others tries the keys that the sender may have come to by now, once
 * the one it used last has failed. */
static FF_APART ff_status attempt_others(ff_reading *r, const ff_lists *lists)
{
    ff_slot *slot = r->slot;
    ff_status status = FF_AUTH_FAILED;
    uint32_t kept = 0, left = r->opener->steps_left;
    /* A slow derivation holds up every frame behind it: one a frame. */
    if (slot->now.secret.schedule->is_slow) {
        uint32_t most = r->has_derived ? 0 : 1;
        kept = left > most ? left - most : 0;
        left -= kept;
    }
    uint32_t num_ahead = slot->num_ahead;
    const ff_rung *rung = ff_slot_rung(slot, 1, &left);
    for (uint32_t nth = 2; rung; nth++) {
        status = attempt(r, lists, rung);
        if (status != FF_AUTH_FAILED)
            break;
        rung = ff_slot_rung(slot, nth, &left);
    }
    r->opener->steps_left = left + kept;
    r->has_derived |= slot->num_ahead > num_ahead;
    if (status == FF_OK)
        ff_slot_commit(slot, rung);
    return status;
}

/* attempt_named tries the one key that the frame's counter calls for. */
static FF_APART ff_status attempt_named(ff_reading *r, const ff_lists *lists)
{
    int is_past;
    uint64_t step = r->plan.counter >> r->opener->format->facts.step_bits;
    const ff_rung *rung = ff_slot_rung_at(r->slot, step, &r->opener->steps_left,
                                          &is_past);
    if (!rung)
        return is_past ? FF_TOO_OLD : FF_AUTH_FAILED;
    ff_status status = attempt(r, lists, rung);
    if (status == FF_OK)
        ff_slot_commit(r->slot, rung);
    return status;
}

static ff_status attempt_all(ff_reading *r, const ff_lists *lists)
{
    if (r->opener->format->facts.names_step)
        return attempt_named(r, lists);
    ff_status status = attempt(r, lists, &r->slot->now);
    if (status == FF_AUTH_FAILED && r->slot->max_ahead > 0)
        status = attempt_others(r, lists);
    return status;
}

static FF_APART ff_status verify_ranges(ff_reading *r)
{
    ff_bytes aad[FF_PIECES_MAX + 2];
    ff_part parts[FF_PIECES_MAX];
    ff_lists lists = {.aad = aad, .parts = parts};
    list_ranges(r, &lists);
    return attempt_all(r, &lists);
}

static ff_status verify_prefix(ff_reading *r)
{
    const ff_plan *plan = &r->plan;
    const uint8_t *clear = r->is_over ? r->frame->in : r->frame->out;
    ff_bytes aad[] = {{plan->aad, plan->aad_len},
                      {clear, plan->clear_len},
                      {r->frame->aad, r->frame->aad_len}};
    ff_part body = {r->work, r->body, plan->body_len};
    ff_lists lists = {3, 1, aad, &body};
    return attempt_all(r, &lists);
}

ff_status ff_verify(ff_reading *r)
{
    ff_frame *frame = r->frame;
    const ff_plan *plan = &r->plan;
    if (r->is_over) {
        r->spoiled = frame->out;
        r->spoiled_len = plan->clear_len + plan->body_len;
    }
    set_body(r);
    settle_body(r);
    ff_status status = r->split ? verify_ranges(r) : verify_prefix(r);
    uint32_t len = plan->clear_len + plan->body_len;
    if (status != FF_OK) {
        if (!r->is_over) /* in place another way of reading may follow */
            ff_wipe(frame->out, len);
        return status;
    }
    if (r->is_over) {
        memmove(frame->out + plan->clear_len, r->work, plan->body_len);
        memmove(frame->out, frame->in, plan->clear_len);
    }
    frame->out_len = len;
    return FF_OK;
}
