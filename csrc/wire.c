/* wire.c - a sealed frame behind its clear bytes, as if nothing were escaped. */
#include "wire.h"

#include <string.h>

unsigned ff_clear_zeros(const uint8_t *clear, size_t len)
{
    unsigned zeros = 0;
    while (zeros < 2 && zeros < len && clear[len - 1 - zeros] == 0)
        zeros++;
    return zeros;
}

/* read_end unescapes as much of the run's end as gives FF_END_MAX bytes. What
 * is an escape depends on the two bytes before it, so the search can start
 * anywhere. */
static void read_end(ff_run *out, ff_unescape_rule rule, const uint8_t *run,
                     size_t len)
{
    uint8_t some[2 * FF_END_MAX];
    size_t raw = len < sizeof some ? len : sizeof some;
    const uint8_t *from = run + len - raw;
    unsigned zeros = raw == len ? out->zeros
                                : ff_clear_zeros(run, len - raw);
    size_t total = raw - ff_unescape_count(from, raw, zeros, rule);
    size_t kept = total < FF_END_MAX ? total : FF_END_MAX;
    ff_unescape(some, total, from, raw, zeros, rule);
    memcpy(out->end, some + total - kept, kept);
    out->wire.end = out->end + kept;
    out->wire.tail_len = kept;
}

void ff_run_read(ff_run *out, const ff_format *format, int is_escaped,
                 const uint8_t *frame, size_t len, size_t clear_len)
{
    const uint8_t *run = frame + clear_len;
    len -= clear_len;
    out->num_escapes = 0;
    out->zeros = 0;
    out->wire = (ff_wire){.head = run, .head_len = len, .end = run + len,
                          .tail_len = len, .len = len};
    if (!is_escaped)
        return;
    if (format->seeds_escape)
        out->zeros = ff_clear_zeros(frame, clear_len);
    out->first = ff_unescape_next(run, len, 0, out->zeros, format->unescape);
    if (out->first == len)
        return;
    size_t rest = out->first + 1; /* what is taken out breaks a run of zeros */
    out->num_escapes = 1 + ff_unescape_count(run + rest, len - rest, 0,
                                             format->unescape);
    out->wire.len = len - out->num_escapes;
    out->wire.head = out->head;
    out->wire.head_len = out->wire.len < FF_HEADROOM ? out->wire.len
                                                     : FF_HEADROOM;
    ff_unescape(out->head, out->wire.head_len, run, len, out->zeros,
                format->unescape);
    read_end(out, format->unescape, run, len);
}

/* find_body gives the place behind skip bytes of the head, as they travel with
 * escapes of their own, and how many zeros stand before it. */
static size_t find_body(const ff_run *run, const ff_format *format,
                        const uint8_t *bytes, size_t skip, unsigned *zeros)
{
    size_t raw_len = run->wire.len + run->num_escapes, at = 0, from = 0;
    *zeros = run->zeros;
    for (size_t left = skip;;) {
        size_t next = ff_unescape_next(bytes, raw_len, at, *zeros,
                                       format->unescape);
        if (next - at >= left) {
            at += left;
            break;
        }
        left -= next - at;
        from = at = next + 1;
        *zeros = 0;
    }
    unsigned own = ff_clear_zeros(bytes + from, at - from);
    *zeros = own == at - from ? *zeros + own : own;
    *zeros = *zeros < 2 ? *zeros : 2;
    return at;
}

const uint8_t *ff_run_body(const ff_run *run, const ff_format *format,
                           const uint8_t *bytes, size_t skip, uint8_t *out,
                           size_t body_len)
{
    unsigned zeros;
    if (run->first >= skip + body_len) /* GetStream's: in the trailer */
        return bytes + skip;
    size_t at = find_body(run, format, bytes, skip, &zeros);
    size_t raw_len = run->wire.len + run->num_escapes;
    size_t next = ff_unescape_next(bytes, raw_len, at, zeros,
                                   format->unescape);
    if (next >= at + body_len) /* ours: in the counter */
        return bytes + at;
    ff_unescape(out, body_len, bytes + at, raw_len - at, zeros,
                format->unescape);
    return out;
}
