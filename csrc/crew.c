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

#include "span.h"

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

static uint64_t work_of(const ff_batch *batch)
{
    uint64_t work = 0;
    for (uint32_t i = 0; i < batch->count; i++)
        work += (uint64_t)batch->in_len[i] + FRAME_COST;
    return work;
}

/* has_places gives each frame a place, all that it might take: 0 if that is more
 * than there is. */
static int has_places(const ff_crew *crew)
{
    ff_batch *batch = crew->batch;
    size_t at = 0;
    for (uint32_t i = 0; i < batch->count; i++) {
        void *member = ff_member_of(crew->crowd, batch, i);
        size_t most = (size_t)batch->in_len[i] + crew->steps->growth(member);
        if (!ff_span_inside(at, most + FF_SPARE, batch->out_size))
            return 0;
        batch->out_at[i] = at;
        at += most + FF_SPARE;
    }
    return 1;
}

static int can_split(const ff_crew *crew)
{
    const ff_steps *steps = crew->steps;
    if (crew->batch->in_place && !steps->splits_in_place)
        return 0;
    for (size_t i = 0; i < crew->crowd->num_used; i++)
        if (!steps->can_split(crew->crowd->used[i]))
            return 0;
    return crew->batch->in_place || has_places(crew);
}

int ff_crew_begin(ff_crew *out, const ff_steps *steps, const ff_crowd *crowd,
                  ff_batch *batch, uint32_t num_workers)
{
    uint64_t most = work_of(batch) / FF_THREAD_COST;
    if (num_workers > FF_WORKERS_MAX)
        num_workers = FF_WORKERS_MAX;
    if (num_workers > most)
        num_workers = (uint32_t)most;
    *out = (ff_crew){steps, crowd, batch, NULL, num_workers};
    if (num_workers < 2 || !can_split(out))
        return 0;
    out->trials = calloc(batch->count, sizeof *out->trials);
    return out->trials != NULL; /* without memory: one thread */
}

/* load reads a frame whose place was handed out. */
static ff_status load(const ff_crew *crew, uint32_t i, ff_frame *frame)
{
    ff_batch *batch = crew->batch;
    ff_status status = FF_INTERNAL;
    if (ff_batch_load(batch, i, frame) == FF_DONE)
        status = ff_batch_place(batch, batch->out_at[i], frame);
    frame->trial = &crew->trials[i];
    return status;
}

static void take_turns(const ff_crew *crew)
{
    ff_batch *batch = crew->batch;
    for (uint32_t i = 0; i < batch->count; i++) {
        ff_frame frame;
        if (load(crew, i, &frame) != FF_OK)
            continue;
        crew->steps->take_turn(ff_member_of(crew->crowd, batch, i), &frame);
        batch->counter[i] = frame.counter;
    }
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
    const ff_batch *batch = crew->batch;
    uint64_t all = work_of(batch), done = 0;
    uint32_t at = 0;
    for (uint32_t n = 0; n < crew->num_workers; n++) {
        uint64_t due = all * (n + 1) / crew->num_workers;
        shifts[n] = (shift){.crew = crew, .worker = n, .from = at};
        while (at < batch->count && done < due)
            done += (uint64_t)batch->in_len[at++] + FRAME_COST;
        shifts[n].to = at;
    }
    shifts[crew->num_workers - 1].to = batch->count;
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

/* settle_all judges all frames in their order, as one thread would have. */
static uint32_t settle_all(const ff_crew *crew)
{
    ff_batch *batch = crew->batch;
    uint32_t ok = 0;
    for (uint32_t i = 0; i < batch->count; i++) {
        ff_frame frame;
        size_t at = batch->out_at[i];
        ff_status before = (ff_status)batch->status[i];
        (void)load(crew, i, &frame); /* if it fails now, it has failed before */
        frame.out_len = batch->out_len[i];
        frame.key_id = batch->key_id[i];
        frame.names_key = batch->names_key[i];
        void *member = ff_member_of(crew->crowd, batch, i);
        ff_status status = crew->steps->settle(member, &frame, before);
        if (status != before)
            ff_batch_store(batch, i, at, &frame, status);
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
    free(crew->trials);
    return ok;
}
