/* h264.c - H.264 byte streams: slices, and the clear start of their headers. */
#include "../annexb.h"

#define SLICE 1
#define IDR_SLICE 5
#define FRAME_MIN 4 /* libdave seals shorter ones whole */

static uint8_t type_of(uint8_t header)
{
    return header & 0x1f;
}

static int is_slice(uint8_t header)
{
    return type_of(header) == SLICE || type_of(header) == IDR_SLICE;
}

static ff_key_frame kind(const uint8_t *frame, size_t len)
{
    size_t at = ff_annexb_find(frame, len, is_slice);
    if (at == len)
        return FF_EITHER;
    return type_of(frame[at]) == IDR_SLICE ? FF_KEY : FF_DELTA;
}

static size_t slice_end(const uint8_t *frame, size_t len)
{
    size_t at = ff_annexb_find(frame, len, is_slice);
    return at < len ? at + 2 : 0;
}

/* covering gives how many bytes behind a slice's NAL unit header reach to and
 * with pic_parameter_set_id, the third Exp-Golomb value (7.3.3), which a
 * depacketiser reads.
 *
 * Receivers take any ranges; these are libdave's to the byte. It counts one
 * more where the value ends with its byte, steps over an escaping 03 only if
 * it is not in the midst of a value's bits, reads on into the next NAL unit,
 * and gives up at 32 zeros. */
static size_t covering(const uint8_t *bytes, size_t len)
{
    size_t bit = 0;
    unsigned zeros = 0, num_values = 0;
    while (bit / 8 < len && num_values < 3) {
        const uint8_t *at = bytes + bit / 8;
        if (bit % 8 == 0 && bit >= 16 && at[0] == 3 && at[-1] == 0 &&
            at[-2] == 0) {
            bit += 8;
        } else if (at[0] >> (7 - bit % 8) & 1) {
            bit += 1 + zeros;
            zeros = 0;
            num_values++;
        } else if (++zeros < 32) {
            bit++;
        } else {
            return 0;
        }
    }
    return bit / 8 + 1;
}

static size_t body_at(const uint8_t *unit, size_t len)
{
    return is_slice(unit[0]) ? 1 + covering(unit + 1, len - 1) : len;
}

static ff_status ranges(ff_split *out, const uint8_t *frame, size_t len)
{
    return len < FRAME_MIN ? ff_split_whole(out, frame, len)
                           : ff_annexb_ranges(out, frame, len, body_at);
}

const ff_codec ff_codec_h264 = {
    .name = "h264",
    .kind = kind,
    .slice_end = slice_end,
    .ranges = ranges,
};
