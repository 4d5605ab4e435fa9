/* h265.c - H.265 byte streams: slices, and the clear start of their headers. */
#include "../annexb.h"

/* NAL unit types (table 7-1): slices of pictures that depend on others, of
 * those that decoding can begin with, and the first that is no slice. */
#define DELTA_LAST 9
#define KEY_FIRST 16
#define KEY_LAST 21
#define NO_SLICE 32
#define HEADER_LEN 2
#define FRAME_MIN 5 /* libdave seals shorter ones whole */

static uint8_t type_of(uint8_t header)
{
    return header >> 1 & 0x3f;
}

static int is_key(uint8_t header)
{
    return type_of(header) >= KEY_FIRST && type_of(header) <= KEY_LAST;
}

static int is_slice(uint8_t header)
{
    return type_of(header) <= DELTA_LAST || is_key(header);
}

static ff_key_frame kind(const uint8_t *frame, size_t len)
{
    size_t at = ff_annexb_find(frame, len, is_slice);
    if (at == len)
        return FF_EITHER;
    return is_key(frame[at]) ? FF_KEY : FF_DELTA;
}

static size_t slice_end(const uint8_t *frame, size_t len)
{
    size_t at = ff_annexb_find(frame, len, is_slice);
    return at < len ? at + 2 : 0;
}

static size_t body_at(const uint8_t *unit, size_t len)
{
    return type_of(unit[0]) < NO_SLICE ? HEADER_LEN : len;
}

static ff_status ranges(ff_split *out, const uint8_t *frame, size_t len)
{
    return len < FRAME_MIN ? ff_split_whole(out, frame, len)
                           : ff_annexb_ranges(out, frame, len, body_at);
}

const ff_codec ff_codec_h265 = {
    .name = "h265",
    .kind = kind,
    .slice_end = slice_end,
    .ranges = ranges,
};
