/* annexb.c - finding start codes, and writing them as peers rebuild them. */
#include "annexb.h"

#include "zeros.h"

/* find_one gives the place of the 01 that ends the next start code, len or
 * more if there is none. */
static size_t find_one(const uint8_t *bytes, size_t len, size_t at)
{
    unsigned zeros = 0;
    while ((at = ff_zeros_next(bytes, len, at, zeros)) < len && bytes[at] != 1)
        zeros = bytes[at++] == 0 ? 2 : 0;
    return at;
}

size_t ff_annexb_next(const uint8_t *bytes, size_t len, size_t from)
{
    size_t one = find_one(bytes, len, from);
    return one < len ? one + 1 : len;
}

int ff_annexb_has_start_code(const uint8_t *bytes, size_t len)
{
    return find_one(bytes, len, 0) < len;
}

int ff_annexb_begins_clean(const uint8_t *frame, size_t len)
{
    size_t first = 0;
    while (first < len && frame[first] == 0)
        first++;
    if (first == len)
        return 1;
    /* As in ff_annexb_next, a start code at the very end is none. */
    return first >= 2 && frame[first] == 1 && len - first > 1;
}

ff_status ff_annexb_canonical(ff_split *out, const uint8_t *frame, size_t len,
                              size_t clear_len)
{
    ff_piece clear = {.is_clear = 1};
    size_t end = clear_len < len ? clear_len : len;
    ff_piece body = {.at = (uint32_t)end, .len = (uint32_t)(len - end)};
    out->num = out->clear_len = out->body_len = 0;
    for (size_t at = find_one(frame, end, 0); at < end;
         at = find_one(frame, end, at + 1)) {
        if (at >= 3 && frame[at - 3] == 0)
            continue; /* it has its fourth byte */
        clear.len = (uint32_t)at - 2 - clear.at;
        if (!ff_split_add(out, &clear))
            return FF_MALFORMED;
        clear.at = (uint32_t)at - 2;
        clear.lead_len = 1;
    }
    clear.len = (uint32_t)end - clear.at;
    if (!ff_split_add(out, &clear) || !ff_split_add(out, &body))
        return FF_MALFORMED;
    return FF_OK;
}

size_t ff_annexb_find(const uint8_t *frame, size_t len, int (*is)(uint8_t))
{
    size_t at = ff_annexb_next(frame, len, 0);
    while (at < len && !is(frame[at]))
        at = ff_annexb_next(frame, len, at);
    return at;
}

/* add_unit adds the NAL unit at at, clear up to body_at. */
static int add_unit(ff_split *out, const uint8_t *frame, size_t at,
                    size_t body_at, size_t end)
{
    int has_four = at > 3 && frame[at - 4] == 0;
    size_t from = at - 3 - (size_t)has_four;
    ff_piece clear = {.at = (uint32_t)from,
                      .len = (uint32_t)(body_at - from),
                      .is_clear = 1,
                      .lead_len = !has_four};
    ff_piece body = {.at = (uint32_t)body_at, .len = (uint32_t)(end - body_at)};
    return ff_split_add(out, &clear) && ff_split_add(out, &body);
}

ff_status ff_annexb_ranges(ff_split *out, const uint8_t *frame, size_t len,
                           size_t (*body_at)(const uint8_t *unit, size_t len))
{
    out->num = out->clear_len = out->body_len = 0;
    size_t at = ff_annexb_next(frame, len, 0);
    while (len - at > 1) { /* libdave drops a last NAL unit of one byte */
        size_t next = ff_annexb_next(frame, len, at), end = len;
        if (next < len)
            end = next - 3 - (frame[next - 4] == 0);
        size_t clear = body_at(frame + at, len - at);
        if (clear > end - at)
            clear = end - at;
        if (!add_unit(out, frame, at, at + clear, end))
            return FF_MALFORMED;
        at = next;
    }
    return FF_OK;
}
