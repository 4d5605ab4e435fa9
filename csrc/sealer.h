/* sealer.h - what a sealer holds; its parts are sealer.c, seal.c and split.c. */
#ifndef FASTFRAME_SEALER_H
#define FASTFRAME_SEALER_H
#include "clear.h"
#include "frame.h"
#include "lock.h"
#include "rung.h"

struct ff_sealer {
    ff_lock              lock; /* guards everything below */
    const ff_format     *format;
    const ff_clear_rule *rule;
    uint32_t             codec;
    uint32_t             era;  /* the process that may seal: see ff_fork_era */
    ff_rung              rung; /* empty once closed */
    uint32_t             tag_len;
    uint32_t             avoids_zero; /* in nonces: the peers' fault */
    uint64_t             key_id;
    uint64_t             mark;
    uint64_t             next;        /* the next counter, if not exhausted */
    uint64_t             last;        /* the last one granted */
    uint64_t             blocks_left; /* of what the suite allows one key */
    uint32_t             is_exhausted;
    uint32_t             is_closed;
    uint64_t             turn;   /* the counters taken for the running call */
    uint64_t             turn_left;
    uint64_t             spare;  /* more, for frames to be sealed anew */
    uint64_t             wanted; /* frames and blocks of the running call */
    uint64_t             wanted_blocks;
    ff_sealer_facts      facts;
};

/* ff_sealer_lock locks a sealer that may seal: not closed, not forked. */
ff_error ff_sealer_lock(ff_sealer *sealer) FF_MUST_USE;

/* ff_sealer_want adds one frame of len bytes (with its aad) to what the running
 * call needs; ff_sealer_take then takes all counters in one step, before the
 * first byte is sealed. It gives FF_RESERVE_FIRST, and takes none, when they
 * are not yet granted; where the key itself has fewer left, the last frames
 * get none. */
void ff_sealer_want(ff_sealer *sealer, uint32_t len);
ff_error ff_sealer_take(ff_sealer *sealer) FF_MUST_USE;

/* ff_sealer_turn gives the next counter of those taken, and after them (for a
 * frame that must be sealed anew) one more if there is one; 0 if not. */
int ff_sealer_turn(ff_sealer *sealer, uint64_t *counter);

/* ff_sealer_climb makes the key the one that a counter calls for. */
ff_status ff_sealer_climb(ff_sealer *sealer, uint64_t counter);

/* ff_sealer_plan makes the plan of a frame whose split, if it has one, has set
 * clear_len, body_len and is_escaped. */
ff_status ff_sealer_plan(const ff_sealer *sealer, uint64_t counter,
                         ff_plan *plan, const ff_split *split);

/* ff_sealer_admits refuses lengths that no frame may have. */
ff_error ff_sealer_admits(const ff_sealer *sealer, uint32_t in_len,
                          uint32_t aad_len) FF_MUST_USE;

/* ff_seal_assigned seals a frame of a batch under the counter it was assigned;
 * ff_batch_load has ruled out that input and output overlap. */
ff_status ff_seal_assigned(ff_sealer *sealer, ff_frame *frame) FF_MUST_USE;

/* ff_sealer_count counts what became of a frame. */
void ff_sealer_count(ff_sealer *sealer, const ff_frame *frame,
                     ff_status status);

/* ff_seal_split seals a frame of which something stays clear or that travels
 * in another form than it came: FF_OK, what became of it, or FF_BAD_OVERLAP.
 * takes (single calls): the counter is taken once all is known to be in order;
 * else it is the frame's. */
int ff_seal_split(ff_sealer *sealer, ff_frame *frame, int takes);
#endif
