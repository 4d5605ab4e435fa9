/* registry.c - registry.def as a table, looked up by number. */
#include "../schedule.h"

#define FF_SCHEDULE(name) extern const ff_schedule ff_schedule_##name;
#include "registry.def"
#undef FF_SCHEDULE

static const ff_schedule *const schedules[] = {
#define FF_SCHEDULE(name) &ff_schedule_##name,
#include "registry.def"
#undef FF_SCHEDULE
};
#define NUM_SCHEDULES (sizeof schedules / sizeof schedules[0])

const ff_schedule *ff_schedule_at(uint32_t schedule)
{
    return schedule < NUM_SCHEDULES ? schedules[schedule] : NULL;
}

const char *ff_schedule_name(uint32_t schedule)
{
    return schedule < NUM_SCHEDULES ? schedules[schedule]->name : NULL;
}
