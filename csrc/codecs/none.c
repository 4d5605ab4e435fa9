/* none.c - a frame of no known kind: nothing can be read from it, and nothing
 * of it stays clear. */
#include "../codec.h"

const ff_codec ff_codec_none = {
    .name = "none",
    .kind = ff_kind_untold,
    .ranges = ff_split_whole,
};
