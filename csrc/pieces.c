/* pieces.c - the pieces of a frame, as few as they can be. */
#include "codec.h"

static int follows(const ff_piece *piece, const ff_piece *last)
{
    return piece->lead_len == 0 && piece->is_clear == last->is_clear &&
           piece->at == last->at + last->len;
}

int ff_split_add(ff_split *split, const ff_piece *piece)
{
    uint32_t len = piece->lead_len + piece->len;
    ff_piece *end = split->pieces + split->num;
    if (len == 0)
        return 1;
    if (split->num > 0 && follows(piece, end - 1)) {
        end[-1].len += len;
    } else if (split->num < FF_PIECES_MAX) {
        *end = *piece;
        split->num += 1;
    } else {
        return 0;
    }
    *(piece->is_clear ? &split->clear_len : &split->body_len) += len;
    return 1;
}

ff_status ff_split_whole(ff_split *out, const uint8_t *frame, size_t len)
{
    ff_piece body = {.len = (uint32_t)len};
    (void)frame;
    out->num = out->clear_len = out->body_len = 0;
    (void)ff_split_add(out, &body);
    return FF_OK;
}

ff_key_frame ff_kind_untold(const uint8_t *frame, size_t len)
{
    (void)frame;
    (void)len;
    return FF_EITHER;
}
