/* rules.c - what stays clear where the format is ours to define. */
#include "rules.h"

const ff_clear_rule ff_own_rules[FF_NUM_CODECS] = {
    [FF_CODEC_none] = {.how = FF_CLEAR_NONE},
    [FF_CODEC_opus] = {.how = FF_CLEAR_NONE},
    [FF_CODEC_vp8] = {.how = FF_CLEAR_FIXED,
                      .key = 10,
                      .delta = 3,
                      .shorts = FF_SHORT_SEALED},
    [FF_CODEC_vp9] = {.how = FF_CLEAR_NONE},
    [FF_CODEC_h264] = {.how = FF_CLEAR_SLICE,
                       .shorts = FF_SHORT_SEALED,
                       .canonical = 1,
                       .escapes = 1,
                       .escapes_all = 1,
                       .reseals = FF_RESEALS_ZERO},
    [FF_CODEC_h265] = {.how = FF_CLEAR_SLICE,
                       .shorts = FF_SHORT_SEALED,
                       .canonical = 1,
                       .escapes = 1,
                       .escapes_all = 1,
                       .reseals = FF_RESEALS_ZERO},
};
