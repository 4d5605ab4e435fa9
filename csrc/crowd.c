/* crowd.c - the sealers or openers that share one batch, locked together. */
#include "crowd.h"

#include <stdlib.h>
#include <string.h>

static int by_address(const void *a, const void *b)
{
    uintptr_t x = (uintptr_t) * (void *const *)a;
    uintptr_t y = (uintptr_t) * (void *const *)b;
    return (x > y) - (x < y);
}

static void sort_unique(ff_crowd *crowd)
{
    size_t kept = 0;
    qsort(crowd->used, crowd->num_used, sizeof crowd->used[0], by_address);
    for (size_t i = 0; i < crowd->num_used; i++)
        if (kept == 0 || crowd->used[i] != crowd->used[kept - 1])
            crowd->used[kept++] = crowd->used[i];
    crowd->num_used = kept;
}

static ff_error find_used(ff_crowd *crowd, ff_batch *batch)
{
    uint8_t is_used[FF_SOURCES_MAX];
    crowd->num_used = 0;
    if (!crowd->is_many) {
        crowd->used[crowd->num_used++] = crowd->members[0];
        return FF_DONE;
    }
    if (crowd->num_members == 0 || crowd->num_members > FF_SOURCES_MAX)
        return FF_BAD_SOURCE;
    memset(is_used, 0, crowd->num_members);
    for (uint32_t i = 0; i < batch->count; i++) {
        uint16_t source = batch->source[i];
        if (source >= crowd->num_members) {
            batch->bad_index = i;
            return FF_BAD_SOURCE;
        }
        if (!is_used[source])
            crowd->used[crowd->num_used++] = crowd->members[source];
        is_used[source] = 1;
    }
    sort_unique(crowd);
    return FF_DONE;
}

ff_error ff_crowd_lock(ff_crowd *crowd, const ff_crowd_kind *kind,
                       ff_batch *batch)
{
    ff_error error = find_used(crowd, batch);
    if (error != FF_DONE)
        return error;
    size_t found = crowd->num_used;
    for (crowd->num_used = 0; crowd->num_used < found; crowd->num_used++) {
        error = kind->lock(crowd->used[crowd->num_used]);
        if (error != FF_DONE) {
            ff_crowd_unlock(crowd, kind);
            return error;
        }
    }
    return FF_DONE;
}

void ff_crowd_unlock(ff_crowd *crowd, const ff_crowd_kind *kind)
{
    for (size_t i = crowd->num_used; i > 0; i--)
        kind->unlock(crowd->used[i - 1]);
}
