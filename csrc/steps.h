/* steps.h - what sealing and opening supply to the loop over a batch. */
#ifndef FASTFRAME_STEPS_H
#define FASTFRAME_STEPS_H
#include "crowd.h"
#include "frame.h"

struct ff_crew;

typedef struct ff_steps {
    ff_crowd_kind kind;

    /* admit refuses the call for a frame that member cannot take. */
    ff_error (*admit)(void *member, uint32_t in_len, uint32_t aad_len);

    /* ready is called once per member when all frames are admitted. */
    ff_error (*ready)(void *member);

    /* run does the work and counts what became of the frame; unless status is
     * FF_OK already, it only counts. */
    ff_status (*run)(void *member, ff_frame *frame, ff_status status);

    /* On several threads (crew.c) run is taken apart. can_split says whether
     * member's frames can be, by so many threads; growth is the most bytes a
     * result is longer. */
    int splits_in_place;
    int (*can_split)(const void *member, uint32_t num_workers);
    uint32_t (*growth)(const void *member);

    /* take_turn does for a frame what depends on those before it; NULL: nothing
     * does. */
    void (*take_turn)(void *member, ff_frame *frame);

    /* attempt changes nothing but the frame, its results and its trial;
     * attempt_all is ff_loop_attempt over these steps. */
    ff_status (*attempt)(void *member, ff_frame *frame);
    void (*attempt_all)(const struct ff_crew *crew, uint32_t from, uint32_t to,
                        uint32_t worker);

    /* settle judges what attempt gave, in the frames' order, and counts it. */
    ff_status (*settle)(void *member, ff_frame *frame, ff_status status);
} ff_steps;

/* ff_member_of gives whose frame i is. A source that has changed since
 * ff_crowd_lock and names nobody now gets one that is locked. */
static inline void *ff_member_of(const ff_crowd *crowd, const ff_batch *batch,
                                 uint32_t i)
{
    if (!crowd->is_many)
        return crowd->members[0];
    uint16_t source = batch->source[i];
    return source < crowd->num_members ? crowd->members[source]
                                       : crowd->used[0];
}
#endif
