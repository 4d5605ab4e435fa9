/* fuzz.h - what an input means, for the targets and for the driver.
 *
 * Bytes 0 to 2 choose the row (format, codec, suite), byte 3 the settings,
 * byte 4 where the rest is cut in two. The rest is a frame.
 */
#ifndef FASTFRAME_FUZZ_H
#define FASTFRAME_FUZZ_H
#include "../c/rows.h"

#define FUZZ_HEAD 5
#define FUZZ_LONGEST 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* fuzz_eats_sealed: a target's word on what it opens: sealed frames, or frames
 * to be sealed. */
extern const int fuzz_eats_sealed;

/* fuzz_row chooses among what the registries hold; 0 without such a row. */
static inline int fuzz_row(kit_row *out, const uint8_t *data)
{
    uint32_t nth = data[2];
    *out = (kit_row){.format = data[0] % NUM_FORMATS,
                     .codec = data[1] % FF_NUM_CODECS};
    if (ff_format_read(out->format, out->codec, &out->facts) != FF_DONE)
        return 0;
    while (!(out->facts.suites >> out->suite & 1) || nth-- > 0)
        out->suite = (out->suite + 1) % FF_NUM_SUITES;
    /* Bytes as they are, where the format takes them: quick to make. */
    if (!(out->facts.schedules & 1))
        out->schedule = FROM_SFRAME;
    for (uint32_t i = FROM_HKDF; data[3] & 0x80 && i <= FROM_DAVE; i++)
        if (out->facts.schedules >> i & 1)
            out->schedule = i; /* one that ratchets */
    return 1;
}

static inline ff_settings fuzz_settings(const kit_row *row,
                                        const uint8_t *data)
{
    static const uint32_t windows[] = {0, 1, 64, 1024};
    ff_settings made = row_settings(row, windows[data[3] & 3]);
    made.forwards_clear = data[3] >> 2 & 1;
    made.strips_metadata = data[3] >> 3 & 1;
    made.ratchet_window = data[3] >> 4 & 1 ? 3 : 0;
    if (data[3] >> 5 & 1) {
        made.sif_len = 3;
        memcpy(made.sif, "SIF", 3);
    }
    return made;
}

/* fuzz_must stops where libFuzzer and sanitizers look. */
static inline void fuzz_must(int is_true)
{
    if (!is_true)
        abort();
}
#endif
