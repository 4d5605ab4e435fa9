/* open_many.c - opening the frames of a batch, on one thread or several. */
#include "loop.h"
#include "mem.h"
#include "opener.h"

static ff_error lock_opener(void *member)
{
    return ff_opener_lock(member);
}

static void unlock_opener(void *member)
{
    ff_opener *opener = member;
    ff_lock_release(&opener->lock);
}

static ff_error admit(void *member, uint32_t in_len, uint32_t aad_len)
{
    (void)in_len; /* the peer's choice */
    return ff_opener_admits(member, aad_len);
}

static ff_error need_nothing(void *member)
{
    (void)member;
    return FF_DONE;
}

/* Overlap, the one call error left, was ruled out for the batch. */
static ff_status batch_status(int outcome)
{
    return outcome < FF_BAD_ARGUMENT ? (ff_status)outcome : FF_INTERNAL;
}

static ff_status run(void *member, ff_frame *frame, ff_status status)
{
    int outcome = status;
    if (status == FF_OK)
        outcome = ff_open_counted(member, frame);
    else
        ff_opener_count(member, NULL, frame, status);
    return batch_status(outcome);
}

/* -- many frames on several threads -- */

/* Where keys ratchet, what opens a frame depends on those before it. In place
 * a frame that turns out to be a replay would be gone. A worker without a
 * context leaves its frames to settle. */
static int can_split(const void *member, uint32_t num_workers)
{
    const ff_opener *opener = member;
    (void)num_workers;
    if (opener->format->facts.names_step)
        return 0;
    for (uint32_t i = 0; i < opener->slots.count; i++)
        if (opener->slots.items[i]->max_ahead > 0)
            return 0;
    return 1;
}

static uint32_t growth(const void *member)
{
    (void)member; /* what is opened never grows */
    return 0;
}

static ff_status attempt(void *member, ff_frame *frame)
{
    ff_slot *slot = NULL;
    return batch_status(ff_open_frame(member, frame, &slot));
}

/* settle judges a frame that was opened ahead of its turn, as run would have:
 * by its counter first, then by its tag. */
static ff_status settle(void *member, ff_frame *frame, ff_status status)
{
    ff_opener *opener = member;
    ff_trial trial = *frame->trial;
    int is_known = trial.slot && (status == FF_OK ||
                                  (status == FF_AUTH_FAILED && opener->is_whole));
    frame->trial = NULL;
    if (!is_known)
        return run(opener, frame, FF_OK);
    ff_senders *senders = &trial.slot->senders;
    ff_sender *sender = ff_senders_find(senders, trial.sender);
    ff_status verdict = ff_senders_check(sender, frame->counter);
    if (verdict != FF_OK && status == FF_OK)
        ff_wipe(frame->out, frame->out_len);
    if (verdict == FF_OK)
        verdict = status;
    if (verdict == FF_OK)
        ff_senders_accept(senders, sender, trial.sender, frame->counter);
    ff_opener_count(opener, trial.slot, frame, verdict);
    return verdict;
}

static void attempt_all(const ff_crew *crew, uint32_t from, uint32_t to,
                        uint32_t worker);

static const ff_steps opening = {
    .kind = {lock_opener, unlock_opener},
    .admit = admit,
    .ready = need_nothing,
    .run = run,
    .can_split = can_split,
    .growth = growth,
    .attempt = attempt,
    .attempt_all = attempt_all,
    .settle = settle,
};

static FF_FLATTEN void attempt_all(const ff_crew *crew, uint32_t from,
                                   uint32_t to, uint32_t worker)
{
    ff_loop_attempt(&opening, crew, from, to, worker);
}

FF_FLATTEN int64_t ff_open_batch(ff_opener *opener, ff_batch *batch,
                                 int in_place, uint32_t workers)
{
    return ff_loop_one(&opening, opener, batch, in_place, workers);
}

int64_t ff_open_many(ff_opener *const *openers, size_t num_openers,
                     ff_batch *batch, int in_place, uint32_t workers)
{
    return ff_loop_many(&opening, (void *const *)openers, num_openers, batch,
                        in_place, workers);
}
