/* drive.c - feeds fuzz_open.c without clang: seeded random bytes, and valid
 * frames whole, mutated and cut. The same inputs in every run. */
#include "../c/kit.h"

#define MAX_LEN 600
#define NUM_INPUTS 60000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static ff_sealer *sealers[NUM_FORMATS];

/* make_frame seals a random frame for the format that selector picks. */
static size_t make_frame(uint8_t *out, uint8_t selector)
{
    uint8_t frame[MAX_LEN];
    size_t len = kit_below(MAX_LEN);
    kit_fill(frame, len);
    int64_t made = ff_seal_one(sealers[selector % NUM_FORMATS], out,
                               MAX_LEN + MAX_GROWTH, frame, len,
                               (int)kit_below(2), NULL);
    CHECK(made > 0);
    return (size_t)made;
}

static void mutate(uint8_t *frame, size_t *len)
{
    for (uint32_t i = kit_below(4); i > 0; i--)
        frame[kit_below((uint32_t)*len)] ^= (uint8_t)(1 << kit_below(8));
    if (kit_below(4) == 0)
        *len = kit_below((uint32_t)*len + 1);
}

static size_t make_input(uint8_t *out)
{
    size_t len = kit_below(MAX_LEN);
    out[0] = (uint8_t)kit_random();
    out[1] = (uint8_t)kit_random();
    if (kit_below(3) == 0) {
        kit_fill(out + 2, len);
        return len + 2;
    }
    len = make_frame(out + 2, out[0]);
    if (kit_below(3) > 0)
        mutate(out + 2, &len);
    return len + 2;
}

int main(void)
{
    for (uint32_t format = 0; format < NUM_FORMATS; format++)
        sealers[format] = kit_sealer(format, AES_128, 0, NO_LIMIT);
    for (int i = 0; i < NUM_INPUTS; i++) {
        uint8_t input[2 + MAX_LEN + MAX_GROWTH];
        size_t len = make_input(input);
        uint8_t *exact = kit_need(malloc(len)); /* reads behind it are seen */
        memcpy(exact, input, len);
        CHECK_SAME(LLVMFuzzerTestOneInput(exact, len), 0);
        free(exact);
    }
    for (uint32_t format = 0; format < NUM_FORMATS; format++)
        ff_sealer_free(sealers[format]);
    return check_report();
}
