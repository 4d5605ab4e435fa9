/* vp8.c - VP8: the frame tag says key or delta (RFC 6386, 9.1). */
#include "../codec.h"

/* What depacketisers read of the payload: the tag's first byte, and of a key
 * frame the start code and the size too (RFC 7741, 4.3). */
#define DELTA_CLEAR 1
#define KEY_CLEAR 10

static ff_key_frame kind(const uint8_t *frame, size_t len)
{
    if (len == 0)
        return FF_EITHER;
    return (frame[0] & 1) == 0 ? FF_KEY : FF_DELTA;
}

static ff_status ranges(ff_split *out, const uint8_t *frame, size_t len)
{
    uint32_t rule = kind(frame, len) == FF_KEY ? KEY_CLEAR : DELTA_CLEAR;
    uint32_t end = rule < len ? rule : (uint32_t)len;
    ff_piece clear = {.len = end, .is_clear = 1};
    ff_piece body = {.at = end, .len = (uint32_t)len - end};
    out->num = out->clear_len = out->body_len = 0;
    (void)ff_split_add(out, &clear);
    (void)ff_split_add(out, &body);
    return FF_OK;
}

const ff_codec ff_codec_vp8 = {.name = "vp8", .kind = kind, .ranges = ranges};
