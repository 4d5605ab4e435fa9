/* registry.c - registry.def as a table, looked up by number. */
#include "../fastframe.h"

static const char *const codecs[] = {
#define FF_CODEC(name) #name,
#include "registry.def"
#undef FF_CODEC
};

const char *ff_codec_name(uint32_t codec)
{
    return codec < sizeof codecs / sizeof codecs[0] ? codecs[codec] : NULL;
}
