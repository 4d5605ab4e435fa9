/* registry.c - registry.def as a table, looked up by number. */
#include "../codec.h"

#define FF_CODEC(name) extern const ff_codec ff_codec_##name;
#include "registry.def"
#undef FF_CODEC

static const ff_codec *const codecs[] = {
#define FF_CODEC(name) &ff_codec_##name,
#include "registry.def"
#undef FF_CODEC
};
#define NUM_CODECS (sizeof codecs / sizeof codecs[0])

const ff_codec *ff_codec_at(uint32_t codec)
{
    return codec < NUM_CODECS ? codecs[codec] : NULL;
}

const char *ff_codec_name(uint32_t codec)
{
    return codec < NUM_CODECS ? codecs[codec]->name : NULL;
}
