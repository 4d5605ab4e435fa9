/* crowd.h - the sealers or openers that share one batch, locked together. */
#ifndef FASTFRAME_CROWD_H
#define FASTFRAME_CROWD_H
#include "fastframe.h"

typedef struct {
    ff_error (*lock)(void *member);
    void (*unlock)(void *member);
} ff_crowd_kind;

typedef struct {
    void *const *members;
    size_t       num_members;
    int          is_many; /* 0: one member, batch->source is not read */
    size_t       num_used;
    void        *used[FF_SOURCES_MAX]; /* those with frames, by address */
} ff_crowd;

/* ff_crowd_lock finds the members that the batch names and locks each once,
 * in the order of their addresses, so that two calls cannot wait for each
 * other. On failure nothing stays locked. */
ff_error ff_crowd_lock(ff_crowd *crowd, const ff_crowd_kind *kind,
                       ff_batch *batch) FF_MUST_USE;
void ff_crowd_unlock(ff_crowd *crowd, const ff_crowd_kind *kind);
#endif
