/* livekit_extra.c - what LiveKit's servers and senders put around sealed frames.
 *
 * Frame metadata: type-length-values || length 1 || "LKTS" behind the frame,
 * all but those four letters XORed with FF; length counts everything.
 */
#include <string.h>

#include "livekit.h"

#define MAGIC_LEN 4

size_t ff_livekit_strip(const uint8_t *wire, size_t len)
{
    static const uint8_t magic[MAGIC_LEN] = {'L', 'K', 'T', 'S'};
    if (len <= MAGIC_LEN || memcmp(wire + len - MAGIC_LEN, magic, MAGIC_LEN))
        return len;
    size_t all = wire[len - MAGIC_LEN - 1] ^ 0xFFu;
    return all > MAGIC_LEN && all <= len ? len - all : len;
}

/* The server's blank frames (livekit-server, pkg/sfu): a black VP8 picture of
 * 8 x 8, an H.264 one of 2 x 2 as three NAL units, and Opus silence. */
static const uint8_t vp8[] = {
    0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0x08, 0x00, 0x08, 0x00, 0x00,
    0x47, 0x08, 0x85, 0x85, 0x88, 0x85, 0x84, 0x88, 0x02, 0x02, 0x00,
    0x0c, 0x0d, 0x60, 0x00, 0xfe, 0xff, 0xab, 0x50, 0x80,
};
static const uint8_t h264[] = {
    0x00, 0x00, 0x00, 0x01, /* SPS */
    0x67, 0x42, 0xc0, 0x1f, 0x0f, 0xd9, 0x1f, 0x88, 0x88, 0x84, 0x00, 0x00,
    0x03, 0x00, 0x04, 0x00, 0x00, 0x03, 0x00, 0xc8, 0x3c, 0x60, 0xc9, 0x20,
    0x00, 0x00, 0x00, 0x01, /* PPS */
    0x68, 0x87, 0xcb, 0x83, 0xcb, 0x20,
    0x00, 0x00, 0x00, 0x01, /* IDR slice */
    0x65, 0x88, 0x84, 0x0a, 0xf2, 0x62, 0x80, 0x00, 0xa7, 0xbe,
};
static const uint8_t opus[80] = {0xf8, 0xff, 0xfe};

int ff_livekit_is_blank(const uint8_t *frame, size_t len)
{
    /* With start codes as a depacketiser hands them on, or each unit bare. */
    static const struct { const uint8_t *at; size_t len; } known[] = {
        {vp8, sizeof vp8},   {opus, sizeof opus}, {h264, sizeof h264},
        {h264 + 4, 24},      {h264 + 32, 6},      {h264 + 42, 10},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (len == known[i].len && memcmp(frame, known[i].at, len) == 0)
            return 1;
    return 0;
}
