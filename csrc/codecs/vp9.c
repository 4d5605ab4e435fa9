/* vp9.c - VP9: the uncompressed header says key or delta (VP9 spec, 6.2). */
#include "../codec.h"

#define MARKER 2 /* the two bits that begin every frame */
#define SHOW_EXISTING 8
#define NOT_KEY 4

/*     marker 2 | profile, low bit first 2 | only in profile 3: zero 1 |
 *     show_existing_frame 1 | frame_type 1, 0 for a key frame
 */
static ff_key_frame kind(const uint8_t *frame, size_t len)
{
    if (len == 0 || frame[0] >> 6 != MARKER)
        return FF_EITHER;
    uint8_t head = frame[0];
    if ((head & 0x30) == 0x30)
        head = (uint8_t)(head << 1); /* profile 3 has the zero in between */
    return (head & (SHOW_EXISTING | NOT_KEY)) == 0 ? FF_KEY : FF_DELTA;
}

const ff_codec ff_codec_vp9 = {
    .name = "vp9",
    .kind = kind,
    .ranges = ff_split_whole, /* packets' descriptors say all there is to know */
};
