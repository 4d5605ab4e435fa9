/* drive.c - feeds a target without clang: seeded random bytes, frames as codecs
 * make them and sealed frames, whole, mutated and cut. Each run does the same.
 *
 * Usage: fuzz_... [inputs [seed]]
 */
#include "fuzz.h"

#define MEDIA_MAX 600
#define LEN_MAX (MEDIA_MAX + ROW_MEDIA_MAX)
#define INPUT_MAX (FUZZ_HEAD + LEN_MAX + ROW_GROWTH)
#define NUM_INPUTS 20000

static kit_row   rows[ROWS_MAX];
static size_t    num_rows;
static ff_sealer *sealers[ROWS_MAX];

static void make_sealers(void)
{
    num_rows = rows_fill(rows);
    for (size_t i = 0; i < num_rows; i++) {
        uint8_t head[FUZZ_HEAD] = {0};
        kit_row row;
        head[0] = (uint8_t)rows[i].format;
        head[1] = (uint8_t)rows[i].codec;
        CHECK(fuzz_row(&row, head)); /* for its quick schedule */
        rows[i].schedule = row.schedule;
        sealers[i] = row_sealer(&rows[i], 1);
    }
}

/* choose_head makes the bytes by which fuzz_row finds the row again. */
static void choose_head(uint8_t *out, const kit_row *row)
{
    out[0] = (uint8_t)row->format;
    out[1] = (uint8_t)row->codec;
    for (uint32_t i = 0; i < row->suite; i++)
        out[2] = (uint8_t)(out[2] + (row->facts.suites >> i & 1));
    out[3] = (uint8_t)kit_random();
    if (kit_below(4))
        out[3] &= 0x7F;
    out[4] = (uint8_t)kit_random();
}

/* fill_dense draws from the bytes that parsers look for. */
static void fill_dense(uint8_t *out, size_t len)
{
    static const uint8_t values[] = {0,    0,    0,    1,    1,    3,
                                     0x65, 0x41, 0x67, 0x26, 0x02, 0x12,
                                     0x0A, 0x32, 0xFA, 0xFF};
    for (size_t i = 0; i < len; i++)
        out[i] = values[kit_below(sizeof values)];
}

static size_t make_frame(uint8_t *out, const kit_row *row)
{
    size_t len = kit_below(kit_below(2) ? 30 : MEDIA_MAX);
    uint32_t choice = kit_below(4);
    if (choice == 0)
        fill_dense(out, len);
    else if (choice == 1)
        kit_fill(out, len);
    else
        len = row_frame(row, out, (int)kit_below(2), len);
    return len;
}

/* seal uses a sealer of its own where the counter travels outside: the target
 * opens all such frames as the first. */
static size_t seal(size_t nth, uint8_t *out, const uint8_t *frame, size_t len)
{
    int is_first = rows[nth].format == RAW;
    ff_sealer *sealer = is_first ? row_sealer(&rows[nth], 0) : sealers[nth];
    int64_t got = ff_seal_one(sealer, out, LEN_MAX + ROW_GROWTH - 8, frame, len,
                              (int)kit_below(2), NULL);
    if (is_first)
        ff_sealer_free(sealer);
    return got > 0 ? (size_t)got : 0;
}

/* add_ends puts on what formats look for at the end of a frame. */
static size_t add_ends(uint8_t *out, size_t len)
{
    static const char *const ends[] = {"SIF", "\xFA\xFA", "\xE2\xEE\xFE\xED",
                                       "\xF9LKTS", "\x0C\x01"};
    const char *end = ends[kit_below(5)];
    memcpy(out + len, end, strlen(end));
    return len + strlen(end);
}

static void mutate(uint8_t *out, size_t *len)
{
    for (uint32_t i = kit_below(4); *len > 0 && i > 0; i--)
        out[kit_below((uint32_t)*len)] ^= (uint8_t)(1 << kit_below(8));
    if (*len > 0 && kit_below(4) == 0) {
        size_t at = kit_below((uint32_t)*len), most = *len - at;
        fill_dense(out + at, most < 6 ? most : 6);
    }
    if (kit_below(4) == 0)
        *len = kit_below((uint32_t)*len + 1);
    if (kit_below(8) == 0)
        *len = add_ends(out, *len);
}

static size_t make_input(uint8_t *out)
{
    size_t nth = kit_below((uint32_t)num_rows), len;
    uint8_t frame[LEN_MAX], *rest = out + FUZZ_HEAD;
    memset(out, 0, FUZZ_HEAD);
    choose_head(out, &rows[nth]);
    len = make_frame(rest, &rows[nth]);
    if (fuzz_eats_sealed && kit_below(5) > 0) {
        memcpy(frame, rest, len);
        len = seal(nth, rest, frame, len);
    }
    if (kit_below(3) > 0)
        mutate(rest, &len);
    return FUZZ_HEAD + len;
}

int main(int argc, char **argv)
{
    long num = argc > 1 ? atol(argv[1]) : NUM_INPUTS;
    kit_seed = argc > 2 ? (uint64_t)atol(argv[2]) : 1;
    make_sealers();
    for (long i = 0; i < num; i++) {
        uint8_t input[INPUT_MAX + 16];
        size_t len = make_input(input);
        uint8_t *exact = kit_need(malloc(len)); /* reads behind it are seen */
        memcpy(exact, input, len);
        CHECK_SAME(LLVMFuzzerTestOneInput(exact, len), 0);
        free(exact);
    }
    for (size_t i = 0; i < num_rows; i++)
        ff_sealer_free(sealers[i]);
    return check_report();
}
