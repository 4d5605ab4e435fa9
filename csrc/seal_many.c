/* seal_many.c - sealing the frames of a batch, on one thread or several. */
#include "loop.h"
#include "sealer.h"

static ff_error lock_sealer(void *member)
{
    return ff_sealer_lock(member);
}

static void unlock_sealer(void *member)
{
    ff_sealer *sealer = member;
    ff_lock_release(&sealer->lock);
}

static ff_error admit(void *member, uint32_t in_len, uint32_t aad_len)
{
    ff_sealer_want(member, in_len + aad_len);
    return ff_sealer_admits(member, in_len, aad_len);
}

static ff_error take_counters(void *member)
{
    return ff_sealer_take(member);
}

/* assign gives a frame the next of the counters taken: 0 if none is left. One
 * that travels as it is needs none. */
static int assign(ff_sealer *sealer, ff_frame *frame)
{
    if (frame->in_len == 0 && sealer->format->passes_empty)
        return 1;
    return ff_sealer_turn(sealer, &frame->counter);
}

static void name_key(const ff_sealer *sealer, ff_frame *frame)
{
    frame->key_id = sealer->key_id;
    frame->names_key = 1;
}

static ff_status run(void *member, ff_frame *frame, ff_status status)
{
    ff_sealer *sealer = member;
    if (status == FF_OK) {
        name_key(sealer, frame);
        status = assign(sealer, frame) ? ff_seal_assigned(sealer, frame)
                                       : FF_KEY_EXHAUSTED;
    }
    ff_sealer_count(sealer, frame, status);
    return status;
}

/* -- many frames on several threads -- */

/* A worker that found itself without a context would lose its frames, whose
 * counters are taken by then. */
static int has_contexts(const ff_sealer *sealer, uint32_t num_workers)
{
    for (uint32_t worker = 0; worker < num_workers; worker++)
        if (!ff_aead_for(sealer->rung.aead, worker))
            return 0;
    return 1;
}

/* A frame that may be sealed anew takes a counter that nobody foresees, and a
 * key that the counter moves on is one for all threads. */
static int can_split(const void *member, uint32_t num_workers)
{
    const ff_sealer *sealer = member;
    return sealer->rule->reseals == FF_RESEALS_NEVER &&
           !sealer->format->facts.names_step &&
           has_contexts(sealer, num_workers);
}

static uint32_t growth(const void *member)
{
    const ff_sealer *sealer = member;
    return ff_growth(sealer->format, sealer->rule);
}

static void take_turn(void *member, ff_frame *frame)
{
    frame->trial->has_counter = (uint32_t)assign(member, frame);
}

static ff_status attempt(void *member, ff_frame *frame)
{
    name_key(member, frame);
    return frame->trial->has_counter ? ff_seal_assigned(member, frame)
                                     : FF_KEY_EXHAUSTED;
}

static ff_status settle(void *member, ff_frame *frame, ff_status status)
{
    ff_sealer_count(member, frame, status);
    return status;
}

static void attempt_all(const ff_crew *crew, uint32_t from, uint32_t to,
                        uint32_t worker);

static const ff_steps sealing = {
    .kind = {lock_sealer, unlock_sealer},
    .admit = admit,
    .ready = take_counters,
    .run = run,
    .splits_in_place = 1,
    .can_split = can_split,
    .growth = growth,
    .take_turn = take_turn,
    .attempt = attempt,
    .attempt_all = attempt_all,
    .settle = settle,
};

static FF_FLATTEN void attempt_all(const ff_crew *crew, uint32_t from,
                                   uint32_t to, uint32_t worker)
{
    ff_loop_attempt(&sealing, crew, from, to, worker);
}

FF_FLATTEN int64_t ff_seal_batch(ff_sealer *sealer, ff_batch *batch,
                                 int in_place, uint32_t workers)
{
    return ff_loop_one(&sealing, sealer, batch, in_place, workers);
}

int64_t ff_seal_many(ff_sealer *const *sealers, size_t num_sealers,
                     ff_batch *batch, int in_place, uint32_t workers)
{
    return ff_loop_many(&sealing, (void *const *)sealers, num_sealers, batch,
                        in_place, workers);
}
