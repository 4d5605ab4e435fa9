/* status.c - names and texts of statuses and errors, from status.def. */
#include "fastframe.h"

const char *ff_status_name(int status)
{
    switch (status) {
#define FF_STATUS(name, text) case FF_##name: return #name;
#define FF_ERROR(name, text) FF_STATUS(name, text)
#include "status.def"
#undef FF_ERROR
#undef FF_STATUS
    default: return NULL;
    }
}

const char *ff_status_text(int status)
{
    switch (status) {
#define FF_STATUS(name, text) case FF_##name: return text;
#define FF_ERROR(name, text) FF_STATUS(name, text)
#include "status.def"
#undef FF_ERROR
#undef FF_STATUS
    default: return NULL;
    }
}

const char *ff_version(void)
{
    return FF_VERSION;
}
