/* crew.h - one large batch over several threads. */
#ifndef FASTFRAME_CREW_H
#define FASTFRAME_CREW_H
#include "steps.h"

/* ff_turn: one frame from the time it is loaded until it is judged. Nothing of
 * it is read from the caller's tables again: they may change meanwhile. */
typedef struct {
    ff_frame  frame;
    ff_trial  trial;
    void     *member; /* whose frame it is */
    size_t    at;     /* its place */
    ff_status status; /* what its attempt gave */
} ff_turn;

/* ff_crew: a batch whose members are locked and whose counters are taken. */
typedef struct ff_crew {
    const ff_steps *steps;
    const ff_batch *batch;
    ff_turn        *turns;
    uint32_t        num_turns, num_workers;
} ff_crew;

/* ff_crew_begin says whether a batch is worth more threads than one, at most
 * num_workers: 0 if not, if its members' frames depend on each other, or without
 * the memory for it. Then no frame and no counter has been touched. */
int ff_crew_begin(ff_crew *out, const ff_steps *steps, const ff_crowd *crowd,
                  const ff_batch *batch, uint32_t num_workers);

/* ff_crew_frames does the work and ends what ff_crew_begin has begun; it gives
 * how many frames came out well. */
uint32_t ff_crew_frames(ff_crew *crew);
#endif
