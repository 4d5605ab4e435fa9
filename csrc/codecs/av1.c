/* av1.c - AV1: the OBUs of a frame, their headers clear (AV1 spec, 5.3). */
#include "../codec.h"

/* obu_type (6.2.2); those that libwebrtc's packetiser drops are removed. */
#define SEQUENCE_HEADER 1
#define TEMPORAL_DELIMITER 2
#define FRAME_HEADER 3
#define FRAME 6
#define REDUNDANT_HEADER 7
#define TILE_LIST 8
#define PADDING 15

#define HAS_EXTENSION 4
#define HAS_SIZE 2
#define LEB128_MAX 8 /* bytes of a size (4.10.5) */

/*     header 1 | extension 0 or 1 | size, if it has one | payload          */
typedef struct {
    uint8_t header, extension;
    size_t  payload_at, end;
} obu;

/* read_leb128 gives the place behind a LEB128 number, 0 if it has no end. */
static size_t read_leb128(const uint8_t *frame, size_t len, size_t at,
                          uint64_t *value)
{
    *value = 0;
    for (unsigned i = 0; i < LEB128_MAX && at < len; i++) {
        uint8_t byte = frame[at++];
        *value |= (uint64_t)(byte & 0x7f) << 7 * i;
        if (byte < 0x80)
            return at;
    }
    return 0;
}

static uint8_t type_of(const obu *unit)
{
    return unit->header >> 3 & 0xf;
}

/* read_obu reads the OBU at at; 0 if it reaches outside the frame. */
static int read_obu(obu *out, const uint8_t *frame, size_t len, size_t at)
{
    uint64_t size;
    out->header = frame[at++];
    out->extension = 0;
    if (out->header & HAS_EXTENSION && at < len)
        out->extension = frame[at++];
    else if (out->header & HAS_EXTENSION)
        return 0;
    if (at == len) /* even if nothing else is due: libdave says so too */
        return 0;
    size = len - at;
    if (out->header & HAS_SIZE)
        at = read_leb128(frame, len, at, &size);
    if (at == 0 || size > len - at)
        return 0;
    out->payload_at = at;
    out->end = at + (size_t)size;
    return 1;
}

/* is_key_header: show_existing_frame is 0, and so is frame_type (5.9.2). */
static int is_key_header(uint8_t first)
{
    return (first & 0xe0) == 0;
}

static ff_key_frame kind(const uint8_t *frame, size_t len)
{
    ff_key_frame found = FF_EITHER;
    obu unit;
    for (size_t at = 0; at < len; at = unit.end) {
        if (!read_obu(&unit, frame, len, at))
            return FF_EITHER;
        uint8_t type = type_of(&unit);
        if (type == SEQUENCE_HEADER)
            return FF_KEY;
        if (type != FRAME_HEADER && type != FRAME && type != REDUNDANT_HEADER)
            continue;
        if (unit.payload_at == unit.end)
            return FF_EITHER;
        if (is_key_header(frame[unit.payload_at]))
            return FF_KEY;
        found = FF_DELTA;
    }
    return found;
}

static int is_removed(const obu *unit)
{
    uint8_t type = type_of(unit);
    return type == TEMPORAL_DELIMITER || type == TILE_LIST || type == PADDING;
}

/* add_obu writes the header anew: a size in its fewest bytes, as a packetiser
 * would; none for the OBU that ends the frame, as the sealed one goes on
 * behind it. */
static int add_obu(ff_split *out, const obu *unit, int is_last)
{
    uint32_t len = (uint32_t)(unit->end - unit->payload_at);
    ff_piece head = {.is_clear = 1};
    ff_piece body = {.at = (uint32_t)unit->payload_at, .len = len};
    head.lead[head.lead_len++] =
        is_last ? unit->header & (uint8_t)~HAS_SIZE : unit->header;
    if (unit->header & HAS_EXTENSION)
        head.lead[head.lead_len++] = unit->extension;
    if (!is_last) {
        for (; len > 0x7f; len >>= 7)
            head.lead[head.lead_len++] = (uint8_t)(len | 0x80);
        head.lead[head.lead_len++] = (uint8_t)len;
    }
    return ff_split_add(out, &head) && ff_split_add(out, &body);
}

/* ranges seals a frame that is no row of OBUs whole, as libdave does. */
static ff_status ranges(ff_split *out, const uint8_t *frame, size_t len)
{
    ff_piece whole = {.len = (uint32_t)len};
    obu unit;
    out->num = out->clear_len = out->body_len = 0;
    for (size_t at = 0; at < len; at = unit.end) {
        if (!read_obu(&unit, frame, len, at)) {
            out->num = out->clear_len = out->body_len = 0;
            (void)ff_split_add(out, &whole);
            return FF_OK;
        }
        if (!is_removed(&unit) && !add_obu(out, &unit, unit.end == len))
            return FF_MALFORMED;
    }
    return FF_OK;
}

const ff_codec ff_codec_av1 = {.name = "av1", .kind = kind, .ranges = ranges};
