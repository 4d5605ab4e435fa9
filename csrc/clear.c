/* clear.c - which bytes of a frame stay clear: a codec's rule in a format. */
#include "clear.h"

#include "annexb.h"

const ff_clear_rule *ff_clear_rule_of(const ff_format *format, uint32_t codec)
{
    if (codec >= FF_NUM_CODECS || format->rules[codec].how == FF_CLEAR_REFUSED)
        return NULL;
    return &format->rules[codec];
}

static ff_key_frame read_kind(uint32_t codec, const uint8_t *frame, size_t len)
{
    return len > 0 ? ff_codec_at(codec)->kind(frame, len) : FF_EITHER;
}

const ff_clear_rule *ff_clear_opens_by(const ff_format *format, uint32_t codec)
{
    static const ff_clear_rule nothing = {.how = FF_CLEAR_NONE};
    const ff_clear_rule *rule = ff_clear_rule_of(format, codec);
    if (!rule && format->facts.describes_itself && codec < FF_NUM_CODECS)
        return &nothing;
    return rule;
}

ff_key_frame ff_clear_kind(uint32_t codec, ff_key_frame said,
                           const uint8_t *frame, size_t len)
{
    if (said == FF_EITHER)
        said = read_kind(codec, frame, len);
    return said == FF_KEY ? FF_KEY : FF_DELTA;
}

static size_t fixed_len(const ff_clear_rule *rule, ff_key_frame kind)
{
    return kind == FF_KEY ? rule->key : rule->delta;
}

size_t ff_clear_slice(const ff_clear_rule *rule, uint32_t codec,
                      const uint8_t *frame, size_t len)
{
    if (rule->how == FF_CLEAR_SLICE)
        return ff_codec_at(codec)->slice_end(frame, len);
    /* As LiveKit reads it: the bytes outrank the label, H.264 first, and what
     * begins with anything but a start code is no byte stream. */
    if (!ff_annexb_begins_clean(frame, len))
        return 0;
    size_t end = ff_codec_at(FF_CODEC_h264)->slice_end(frame, len);
    return end > 0 ? end : ff_codec_at(FF_CODEC_h265)->slice_end(frame, len);
}

/* -- sealing -- */

/* split_prefix splits after clear_len bytes, or as the rule has it for a frame
 * shorter than that. */
static ff_status split_prefix(ff_split *out, const ff_clear_rule *rule,
                              const uint8_t *frame, size_t len,
                              size_t clear_len, int is_canonical)
{
    if (clear_len > len) {
        if (rule->shorts == FF_SHORT_REFUSED)
            return FF_MALFORMED;
        clear_len = rule->shorts == FF_SHORT_CLAMPED ? len : 0;
    }
    out->num = out->clear_len = out->body_len = 0;
    if (is_canonical && clear_len > 0)
        return ff_annexb_canonical(out, frame, len, clear_len);
    ff_piece clear = {.len = (uint32_t)clear_len, .is_clear = 1};
    ff_piece body = {.at = clear.len, .len = (uint32_t)len - clear.len};
    if (clear.len > 0)
        ff_split_add(out, &clear);
    if (body.len > 0)
        ff_split_add(out, &body);
    return FF_OK;
}

ff_status ff_clear_split(ff_split *out, ff_plan *plan,
                         const ff_clear_rule *rule, uint32_t codec,
                         const uint8_t *frame, size_t len)
{
    size_t slice = 0;
    plan->is_escaped = 0;
    switch (rule->how) {
    case FF_CLEAR_RANGES:
        return ff_codec_at(codec)->ranges(out, frame, len);
    case FF_CLEAR_SLICE:
    case FF_CLEAR_ANY_SLICE:
        slice = ff_clear_slice(rule, codec, frame, len);
        break;
    default: break;
    }
    if (slice == 0) {
        plan->is_escaped = rule->escapes_all;
        return split_prefix(out, rule, frame, len, fixed_len(rule, plan->kind),
                            0);
    }
    /* LiveKit's scanner passes over a NAL unit in the last three bytes, but
     * finds it once a trailer stands behind. */
    if (rule->how == FF_CLEAR_ANY_SLICE && slice + 2 > len)
        return FF_MALFORMED;
    int is_whole = slice > len && rule->shorts == FF_SHORT_SEALED;
    plan->is_escaped = is_whole ? rule->escapes_all : rule->escapes;
    return split_prefix(out, rule, frame, len, slice, rule->canonical);
}

/* -- opening -- */

/* guess_fixed: the length depends on the kind, and on whether the frame was
 * long enough to have any of it clear. */
static uint32_t guess_fixed(ff_guess out[FF_GUESSES_MAX],
                            const ff_format *format,
                            const ff_clear_rule *rule, ff_key_frame said,
                            size_t len)
{
    size_t least = format->facts.growth_min;
    size_t room = len > least ? len - least : 0; /* of the frame, at most */
    ff_key_frame kind = said == FF_KEY ? FF_KEY : FF_DELTA;
    size_t first = fixed_len(rule, kind);
    if (rule->shorts == FF_SHORT_SEALED) {
        size_t most = rule->key > rule->delta ? rule->key : rule->delta;
        uint32_t num = 0;
        if (first <= room)
            out[num++] = (ff_guess){.clear_len = first, .kind = kind};
        if (num == 0 || (most > 0 && len < most + format->facts.growth))
            out[num++] = (ff_guess){.kind = FF_DELTA};
        return num;
    }
    ff_key_frame other = kind == FF_KEY ? FF_DELTA : FF_KEY;
    size_t second = fixed_len(rule, other);
    first = first < room ? first : room;
    second = second < room ? second : room;
    out[0] = (ff_guess){.clear_len = first, .kind = kind};
    out[1] = (ff_guess){.clear_len = second, .kind = other};
    return first == second ? 1 : 2;
}

uint32_t ff_clear_guess(ff_guess out[FF_GUESSES_MAX], const ff_format *format,
                        const ff_clear_rule *rule, uint32_t codec,
                        ff_key_frame said, const uint8_t *wire, size_t len)
{
    int is_known = said != FF_EITHER;
    size_t slice = 0;
    if (rule->how == FF_CLEAR_NONE || rule->how == FF_CLEAR_RANGES) {
        out[0] = (ff_guess){.kind = said == FF_KEY ? FF_KEY : FF_DELTA};
        out[1] = (ff_guess){.kind = FF_KEY};
        return is_known || !format->facts.has_key_flag ? 1 : 2;
    }
    if (rule->how != FF_CLEAR_FIXED)
        slice = ff_clear_slice(rule, codec, wire, len);
    if (slice > 0) {
        out[0] = (ff_guess){.clear_len = slice < len ? slice : len,
                            .kind = ff_clear_kind(codec, FF_EITHER, wire, len),
                            .is_escaped = rule->escapes};
        return 1;
    }
    if (rule->shorts == FF_SHORT_SEALED || !is_known)
        said = read_kind(codec, wire, len);
    uint32_t num = guess_fixed(out, format, rule, said, len);
    out[0].is_escaped = rule->escapes_all;
    if (num > 1 && is_known && rule->shorts != FF_SHORT_SEALED)
        num = 1;
    return num;
}
