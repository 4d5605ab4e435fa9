/* crew.h - one large batch over several threads. */
#ifndef FASTFRAME_CREW_H
#define FASTFRAME_CREW_H
#include "steps.h"

/* ff_crew: a batch whose members are locked and whose counters are taken. */
typedef struct ff_crew {
    const ff_steps *steps;
    const ff_crowd *crowd;
    ff_batch       *batch;
    ff_trial       *trials; /* one for each frame */
    uint32_t        num_workers;
} ff_crew;

/* ff_crew_begin says whether a batch is worth more threads than one, at most
 * num_workers: 0 if not, or if its members' frames depend on each other. Then
 * nothing has changed. */
int ff_crew_begin(ff_crew *out, const ff_steps *steps,
                  const ff_crowd *crowd, ff_batch *batch,
                  uint32_t num_workers);

/* ff_crew_frames does the work and ends what ff_crew_begin has begun; it gives
 * how many frames came out well. */
uint32_t ff_crew_frames(ff_crew *crew);
#endif
