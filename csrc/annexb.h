/* annexb.h - start codes of H.264 and H.265 byte streams (Annex B of both). */
#ifndef FASTFRAME_ANNEXB_H
#define FASTFRAME_ANNEXB_H
#include "codec.h"

/* ff_annexb_next gives the offset of the next NAL unit (the byte behind a
 * three-byte start code 00 00 01, whatever stands before it) at or after from,
 * len if there is none: a start code with no byte behind it names nothing. */
size_t ff_annexb_next(const uint8_t *bytes, size_t len, size_t from);

/* ff_annexb_find gives the offset of the first NAL unit that is, by its header's
 * first byte, what is looked for; len if there is none. */
size_t ff_annexb_find(const uint8_t *frame, size_t len, int (*is)(uint8_t));

/* ff_annexb_ranges splits a frame into NAL units, each clear up to where body_at
 * says (bytes from the unit's start; len reaches to the frame's end, and what
 * is past the unit's means all of it). Start codes get their fourth byte. */
ff_status ff_annexb_ranges(ff_split *out, const uint8_t *frame, size_t len,
                           size_t (*body_at)(const uint8_t *unit, size_t len));

/* ff_annexb_has_start_code: do the bytes hold 00 00 01 anywhere? */
int ff_annexb_has_start_code(const uint8_t *bytes, size_t len);

/* ff_annexb_begins_clean: is the frame, up to its first start code, nothing
 * but zeros? (LiveKit takes others for no byte stream.) */
int ff_annexb_begins_clean(const uint8_t *frame, size_t len);

/* ff_annexb_canonical splits a frame into clear_len clear bytes, in which each
 * three-byte start code gets a fourth byte in front (every depacketiser of
 * libwebrtc rewrites them so), and the rest, to be encrypted. FF_MALFORMED:
 * more start codes than fit. */
ff_status ff_annexb_canonical(ff_split *out, const uint8_t *frame, size_t len,
                              size_t clear_len);
#endif
