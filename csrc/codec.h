/* codec.h - what a codec says of a frame, and nothing about wire formats.
 *
 * A codec reads the bytes of one encoded frame. It never writes them, sees no
 * key and allocates nothing. Which of its rules applies is the format's word.
 */
#ifndef FASTFRAME_CODEC_H
#define FASTFRAME_CODEC_H
#include "fastframe.h"

#define FF_LEAD_MAX 11
#define FF_PIECES_MAX 256

/* ff_piece: lead_len literal bytes (only if clear), then len bytes of the
 * frame, from at on. */
typedef struct {
    uint32_t at, len;
    uint8_t  is_clear;
    uint8_t  lead_len;
    uint8_t  lead[FF_LEAD_MAX];
} ff_piece;

/* ff_split: a frame in its canonical form, as what a depacketiser would
 * rebuild: pieces in order, some to stay clear, some to be encrypted. */
typedef struct {
    uint32_t num;
    uint32_t clear_len, body_len; /* bytes of both kinds, leads included */
    ff_piece pieces[FF_PIECES_MAX];
} ff_split;

typedef struct ff_codec {
    const char *name; /* what Python calls it */

    /* kind reads from the bytes whether it is a key frame; FF_EITHER where
     * they do not tell. */
    ff_key_frame (*kind)(const uint8_t *frame, size_t len);

    /* slice_end gives how many bytes reach up to and with the first slice
     * header's start (its NAL unit header's first byte and one more); 0
     * without a slice. NULL: no NAL units. It may be more than len. */
    size_t (*slice_end)(const uint8_t *frame, size_t len);

    /* ranges splits a frame with several clear ranges (DAVE's rule).
     * FF_MALFORMED: more pieces than fit. */
    ff_status (*ranges)(ff_split *out, const uint8_t *frame, size_t len);
} ff_codec;

/* ff_split_add appends a piece and joins it to the last one where it can; 0 if
 * there is no room. */
int ff_split_add(ff_split *split, const ff_piece *piece);

/* For codecs of which nothing need be readable: the whole frame as one body. */
ff_status ff_split_whole(ff_split *out, const uint8_t *frame, size_t len);

/* For codecs whose bytes do not tell: FF_EITHER. */
ff_key_frame ff_kind_untold(const uint8_t *frame, size_t len);

/* ff_codec_at gives a registered codec by number, NULL past the end. */
const ff_codec *ff_codec_at(uint32_t codec);
#endif
