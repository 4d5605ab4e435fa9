/* rows.h - every format with every suite and codec: one table for the tests
 * that say what holds of all of them, and frames to put through it.
 *
 * The table is made from the registries, so a new line there is tested at once.
 */
#ifndef FASTFRAME_TEST_ROWS_H
#define FASTFRAME_TEST_ROWS_H
#include "aead.h"
#include "clear.h"
#include "kit.h"
#include "schedule.h"

/* The formats that kit.h leaves out; test_inspect.c checks the names. */
enum { SFRAME = NUM_SIMPLE, LIVEKIT, LIVEKIT_DATA, JITSI, STREAM, DAVE,
       NUM_FORMATS };
enum { FROM_RAW, FROM_SFRAME, FROM_PBKDF2, FROM_HKDF, FROM_JITSI, FROM_DAVE };

#define ROWS_MAX 200
#define ROW_MEDIA_MAX 40  /* what row_frame puts before the media bytes */
#define ROW_GROWTH (255 + FF_PIECES_MAX + FF_ESCAPES_MAX)
#define FIRST_COUNTER 77  /* of row_sealer's; no format counts from there */

typedef struct {
    uint32_t        format, suite, codec, schedule;
    ff_format_facts facts;
} kit_row;

/* rows_fill gives how many rows there are. Of the schedules it takes the last
 * that is quick: they are no matter of framing. */
static inline size_t rows_fill(kit_row out[ROWS_MAX])
{
    size_t num = 0;
    kit_row row;
    for (row.format = 0; ff_format_name(row.format); row.format++)
        for (row.codec = 0; ff_codec_name(row.codec); row.codec++) {
            if (ff_format_read(row.format, row.codec, &row.facts) != FF_DONE)
                continue;
            row.schedule = 0;
            for (uint32_t i = 0; ff_schedule_at(i); i++)
                if (row.facts.schedules >> i & 1 && !ff_schedule_at(i)->is_slow)
                    row.schedule = i;
            for (row.suite = 0; ff_suite_name(row.suite); row.suite++)
                if (row.facts.suites >> row.suite & 1 && num < ROWS_MAX)
                    out[num++] = row;
        }
    CHECK(num > NUM_FORMATS && num < ROWS_MAX);
    return num;
}

/* rows_run runs a test on each row and names those where it fails. */
static inline void rows_run(void (*test)(const kit_row *), const char *name)
{
    static kit_row rows[ROWS_MAX];
    size_t num = rows_fill(rows);
    for (size_t i = 0; i < num; i++) {
        uint32_t before = num_failures;
        alarm(MAX_SECONDS);
        kit_seed = i + 1;
        test(&rows[i]);
        if (num_failures != before)
            fprintf(stderr, "    in %s: %s, %s, %s\n", name,
                    ff_format_name(rows[i].format),
                    ff_suite_name(rows[i].suite),
                    ff_codec_name(rows[i].codec));
    }
}
#define RUN_ROWS(test) rows_run(test, #test)

static inline const ff_clear_rule *row_rule(const kit_row *row)
{
    return ff_clear_rule_of(ff_format_at(row->format), row->codec);
}

/* row_escapes: has it emulation prevention, and frames with slices? */
static inline int row_escapes(const kit_row *row)
{
    return row_rule(row)->escapes && row->codec != FF_CODEC_none;
}

static inline int row_has_hmac(const kit_row *row)
{
    return row->suite >= FF_AES_128_HMAC_80 && row->suite <= FF_AES_256_HMAC_32;
}

static inline ff_settings row_settings(const kit_row *row, uint32_t window)
{
    return (ff_settings){
        .format = row->format, .codec = row->codec, .window = window};
}

static inline ff_key row_key(const kit_row *row, uint64_t id)
{
    ff_key key = kit_key_of(row->suite, id);
    size_t least, most;
    key.schedule = row->schedule;
    CHECK_SAME(ff_schedule_lens(row->schedule, row->suite, &least, &most),
               FF_DONE);
    if (key.key_len < least || key.key_len > most)
        key.key_len = least;
    return key;
}

static inline ff_sealer *row_sealer(const kit_row *row, uint64_t first)
{
    ff_sealer *made = NULL;
    const ff_settings settings = row_settings(row, 0);
    const ff_key key = row_key(row, 1);
    const ff_range range = {first, row->facts.counter_max};
    CHECK_SAME(ff_sealer_new(&made, &settings, &key, &range), FF_DONE);
    return kit_need(made);
}

static inline ff_opener *row_opener(const kit_row *row, uint32_t window)
{
    ff_opener *made = NULL;
    const ff_settings settings = row_settings(row, window);
    const ff_key key = row_key(row, 1);
    CHECK_SAME(ff_opener_new(&made, &settings), FF_DONE);
    CHECK_SAME(ff_opener_set_key(kit_need(made), &key), FF_DONE);
    return made;
}

/* -- frames -- */

static inline size_t row_put(uint8_t *out, const void *bytes, size_t len)
{
    memcpy(out, bytes, len);
    return len;
}

/* row_units writes parameter sets with start codes of both lengths and then a
 * slice; last is the slice's NAL unit header. */
static inline size_t row_units(uint8_t *out, int is_h265, uint8_t last)
{
    static const uint8_t h264[] = {0, 0, 1, 0x67, 0x42, 0xC0, 0x1F, 0, 0,
                                   0, 1, 0x68, 0xCE, 0x3C, 0, 0, 1};
    static const uint8_t h265[] = {0, 0, 1, 0x40, 1, 0x0C, 0,    0, 0, 1,
                                   0x42, 1, 1, 0, 0, 1, 0x44, 1, 0, 0, 1};
    size_t len = is_h265 ? row_put(out, h265, sizeof h265)
                         : row_put(out, h264, sizeof h264);
    out[len++] = last;
    if (is_h265)
        out[len++] = 1;
    return len;
}

/* row_obus writes a temporal delimiter, a sequence header with a padded size
 * and the head of a frame that goes on to the end. */
static inline size_t row_obus(uint8_t *out, int kind)
{
    static const uint8_t obus[] = {0x12, 0, 0x0A, 0x82, 0, 8, 9, 0x30};
    size_t len = row_put(out, obus, sizeof obus);
    if (kind != FF_KEY) { /* no sequence header */
        out[2] = 0x30;
        len = 3;
    }
    out[len++] = kind == FF_KEY ? 0x10 : 0x30;
    return len;
}

/* row_frame writes a frame as the row's codec makes them, of media bytes and at
 * most ROW_MEDIA_MAX before; media 0 makes an empty one. */
static inline size_t row_frame(const kit_row *row, uint8_t *out, int kind,
                               size_t media)
{
    size_t head = 0;
    if (media == 0)
        return 0;
    switch (row->codec) {
    case FF_CODEC_h264:
        head = row_units(out, 0, kind == FF_KEY ? 0x65 : 0x41);
        break;
    case FF_CODEC_h265:
        head = row_units(out, 1, kind == FF_KEY ? 0x26 : 0x02);
        break;
    case FF_CODEC_av1: head = row_obus(out, kind); break;
    default: break;
    }
    kit_fill(out + head, media);
    if (row->codec == FF_CODEC_vp8)
        out[0] = (uint8_t)((out[0] & 0xFE) | (kind != FF_KEY));
    if (row->codec == FF_CODEC_vp9)
        out[0] = kind == FF_KEY ? 0x82 : 0x86;
    if (row->codec == FF_CODEC_h264) /* first_mb 0, type 7, pps_id 0 */
        out[head] = 0x88;
    return head + media;
}

static inline int row_is_start_code(const uint8_t *at)
{
    return at[0] == 0 && at[1] == 0 && at[2] == 1;
}

/* row_slice_end finds the end of what stays clear, reading byte by byte. */
static inline size_t row_slice_end(int is_h265, const uint8_t *frame,
                                   size_t len)
{
    for (size_t i = 0; i + 3 < len; i++) {
        if (!row_is_start_code(frame + i))
            continue;
        uint8_t type = is_h265 ? frame[i + 3] >> 1 & 63 : frame[i + 3] & 31;
        if (is_h265 ? type < 10 || (type > 15 && type < 22)
                    : type == 1 || type == 5)
            return i + 5;
    }
    return 0;
}

/* row_begins_clean: LiveKit takes what begins with anything but a start code
 * for no byte stream. */
static inline int row_begins_clean(const uint8_t *frame, size_t len)
{
    size_t at = 0;
    while (at < len && frame[at] == 0)
        at++;
    return at == len || (at >= 2 && frame[at] == 1 && at + 1 < len);
}

/* row_slice gives how many bytes of a frame reach to the slice by which the
 * row's format finds its clear bytes, 0 without one; perhaps more than len. */
static inline size_t row_slice(const kit_row *row, const uint8_t *frame,
                               size_t len)
{
    int is_h265 = row->codec == FF_CODEC_h265;
    int has_slices = is_h265 || row->codec == FF_CODEC_h264;
    if (row->format == LIVEKIT && (has_slices || row->codec == FF_CODEC_none)) {
        if (!row_begins_clean(frame, len))
            return 0;
        size_t end = row_slice_end(0, frame, len);
        return end > 0 ? end : row_slice_end(1, frame, len);
    }
    return has_slices && row->format != JITSI && row->format != DAVE
               ? row_slice_end(is_h265, frame, len)
               : 0;
}

/* row_canonical writes the form in which a frame comes out again: the same, but
 * for start codes in what stays clear, and for what DAVE takes out. */
static inline size_t row_canonical(const kit_row *row, uint8_t *out,
                                   const uint8_t *frame, size_t len)
{
    size_t n = 0, end = row->format == STREAM ? 0 : row_slice(row, frame, len);
    if (row->format == DAVE) {
        static ff_split split;
        CHECK_SAME(ff_codec_at(row->codec)->ranges(&split, frame, len), FF_OK);
        for (uint32_t i = 0; i < split.num; i++) {
            const ff_piece *it = &split.pieces[i];
            n += row_put(out + n, it->lead, it->lead_len);
            n += row_put(out + n, frame + it->at, it->len);
        }
        return n;
    }
    if (end > len)
        end = 0; /* sealed whole */
    for (size_t i = 0; i < len; i++) {
        if (i + 2 < end && row_is_start_code(frame + i) &&
            (i == 0 || frame[i - 1] != 0))
            out[n++] = 0;
        out[n++] = frame[i];
    }
    return n;
}
#endif
