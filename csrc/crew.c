/* crew.c - one large batch over several threads.
 *
 * Each thread takes a run of frames, with cipher contexts of its own. What
 * depends on order the caller's thread does alone: before, counters and places
 * are handed out; after, what was opened ahead of its turn is judged, frame by
 * frame. So counters, verdicts and bytes are those of one thread.
 *
 * The threads live as long as the call. A pool that outlived it would have to
 * survive fork() and the end of the process, to save some 30 us of calls that
 * take ten times as long.
 */
#include "crew.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* Work is counted in bytes. A frame takes as long by itself as so many bytes
 * do, and a thread pays from so much work on (measured: docs/performance.md;
 * tests set it lower). */
#define FRAME_COST 1600
#ifndef FF_THREAD_COST
#define FF_THREAD_COST (2 << 20)
#endif

typedef struct {
    const ff_crew *crew;
    uint32_t       worker, from, to;
    pthread_t      thread;
    int            is_started;
} shift;

/* -- before -- */

static uint64_t cost_of(uint32_t in_len)
{
    return (uint64_t)in_len + FRAME_COST;
}

static uint64_t work_of(const ff_batch *batch)
{
    uint64_t work = 0;
    for (uint32_t i = 0; i < batch->count; i++)
        work += cost_of(batch->in_len[i]);
    return work;
}

static int can_split(const ff_crew *crew, const ff_crowd *crowd)
{
    const ff_steps *steps = crew->steps;
    if (crew->batch->in_place && !steps->splits_in_place)
        return 0;
    for (size_t i = 0; i < crowd->num_used; i++)
        if (!steps->can_split(crowd->used[i], crew->num_workers))
            return 0;
    return 1;
}

/* load reads a frame and gives it all the place that it might take, from *at
 * on: 0 if that is more than there is, or if the tables have changed since they
 * were checked. */
static int load(const ff_crew *crew, const ff_crowd *crowd, uint32_t i,
                size_t *at)
{
    const ff_batch *batch = crew->batch;
    ff_turn *turn = &crew->turns[i];
    ff_frame *frame = &turn->frame;
    turn->member = ff_member_of(crowd, batch, i);
    turn->at = *at;
    if (ff_batch_load(batch, i, frame) != FF_DONE ||
        ff_batch_place(batch, *at, frame) != FF_OK)
        return 0;
    frame->trial = &turn->trial;
    if (batch->in_place)
        return 1;
    size_t most = (size_t)frame->in_len + crew->steps->growth(turn->member);
    if (most > frame->out_cap)
        return 0;
    frame->out_cap = most; /* what lies behind is another's */
    *at += most + FF_SPARE;
    return 1;
}

static int load_all(const ff_crew *crew, const ff_crowd *crowd)
{
    size_t at = 0;
    for (uint32_t i = 0; i < crew->num_turns; i++)
        if (!load(crew, crowd, i, &at))
            return 0;
    return 1;
}

int ff_crew_begin(ff_crew *out, const ff_steps *steps, const ff_crowd *crowd,
                  const ff_batch *batch, uint32_t num_workers)
{
    uint64_t most = work_of(batch) / FF_THREAD_COST;
    if (num_workers > FF_WORKERS_MAX)
        num_workers = FF_WORKERS_MAX;
    if (num_workers > most)
        num_workers = (uint32_t)most;
    *out = (ff_crew){steps, batch, NULL, batch->count, num_workers};
    if (num_workers < 2 || !can_split(out, crowd))
        return 0;
    out->turns = calloc(out->num_turns, sizeof *out->turns);
    if (!out->turns) /* without memory: one thread */
        return 0;
    if (load_all(out, crowd))
        return 1;
    free(out->turns);
    return 0;
}

static void take_turns(const ff_crew *crew)
{
    for (uint32_t i = 0; i < crew->num_turns; i++)
        crew->steps->take_turn(crew->turns[i].member, &crew->turns[i].frame);
}

/* -- meanwhile -- */

static void *work(void *arg)
{
    const shift *own = arg;
    own->crew->steps->attempt_all(own->crew, own->from, own->to, own->worker);
    return NULL;
}

/* plan_shifts gives each worker about as much to do as the others. */
static void plan_shifts(const ff_crew *crew, shift *shifts)
{
    uint64_t all = 0, done = 0;
    uint32_t at = 0;
    for (uint32_t i = 0; i < crew->num_turns; i++)
        all += cost_of(crew->turns[i].frame.in_len);
    for (uint32_t n = 0; n < crew->num_workers; n++) {
        uint64_t due = all * (n + 1) / crew->num_workers;
        shifts[n] = (shift){.crew = crew, .worker = n, .from = at};
        while (at < crew->num_turns && done < due)
            done += cost_of(crew->turns[at++].frame.in_len);
        shifts[n].to = at;
    }
}

/* start gives a shift a thread, or none where the system has no more. Signals
 * are for the threads that the process knows. */
static void start(shift *one)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    one->is_started = pthread_create(&one->thread, NULL, work, one) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void run_shifts(const ff_crew *crew)
{
    shift shifts[FF_WORKERS_MAX];
    plan_shifts(crew, shifts);
    for (uint32_t n = 1; n < crew->num_workers; n++)
        start(&shifts[n]);
    work(&shifts[0]);
    for (uint32_t n = 1; n < crew->num_workers; n++)
        if (shifts[n].is_started)
            pthread_join(shifts[n].thread, NULL);
        else
            work(&shifts[n]);
}

/* -- after -- */

/* settle_all judges all frames in their order, as one thread would have, and
 * only now writes the caller's tables. */
static uint32_t settle_all(const ff_crew *crew)
{
    ff_batch view;
    uint32_t ok = 0;
    memcpy(&view, crew->batch, offsetof(ff_batch, busy));
    for (uint32_t i = 0; i < crew->num_turns; i++) {
        ff_turn *turn = &crew->turns[i];
        ff_frame *frame = &turn->frame;
        frame->worker = 0; /* what is done again the caller does */
        ff_status status = crew->steps->settle(turn->member, frame,
                                               turn->status);
        ff_batch_store(&view, i, turn->at, frame, status);
        ok += status == FF_OK;
    }
    return ok;
}

uint32_t ff_crew_frames(ff_crew *crew)
{
    if (crew->steps->take_turn)
        take_turns(crew);
    run_shifts(crew);
    uint32_t ok = settle_all(crew);
    free(crew->turns);
    return ok;
}
