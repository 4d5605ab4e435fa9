/* opus.c - Opus: no frame depends on another, and no byte need be readable. */
#include "../codec.h"

const ff_codec ff_codec_opus = {
    .name = "opus",
    .kind = ff_kind_untold,
    .ranges = ff_split_whole,
};
