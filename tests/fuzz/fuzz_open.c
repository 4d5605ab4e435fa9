/* fuzz_open.c - any bytes into an opener, one by one and as a batch.
 *
 * Byte 0 picks format, window and kind; byte 1 says where the rest is cut in
 * two. The frames are: all of the rest, the two parts, and all of it again.
 */
#include "../c/batch_kit.h"

#define NUM_FRAMES 4
#define LONGEST 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint32_t windows[] = {0, 1, 64, 1024};

/* A rejected output is as it was or zeroed; nobody writes behind it. */
static void judge(const kit_guarded *out, int64_t got)
{
    if (got > (int64_t)out->len || !kit_guards_hold(out))
        abort();
    for (size_t i = 0; got < 0 && i < out->len; i++)
        if (out->at[i] != SENTINEL && out->at[i] != 0)
            abort();
}

static void open_all(ff_opener *one, ff_opener *many, int kind,
                     const uint8_t *const *at, const uint32_t *lens)
{
    kit_batch *batch = kit_batch_new(NUM_FRAMES, 0, NUM_FRAMES * LONGEST);
    if (ff_batch_gather(&batch->b, at, lens, NUM_FRAMES, kind) != FF_DONE ||
        ff_open_batch(many, &batch->b, 0) < 0)
        abort();
    for (int i = 0; i < NUM_FRAMES; i++) {
        kit_guarded out = kit_guard(lens[i]);
        int64_t got = ff_open_one(one, out.at, out.len, at[i], lens[i], kind,
                                  NULL);
        judge(&out, got);
        if (batch->b.status[i] != (got < 0 ? -got : FF_OK) ||
            batch->b.out_len[i] != (got < 0 ? 0 : got))
            abort(); /* a batch judges like single calls */
        free(out.block);
    }
    kit_batch_free(batch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > LONGEST)
        return 0;
    uint32_t format = data[0] % NUM_FORMATS, window = windows[data[0] >> 4 & 3];
    const uint8_t *rest = data + 2;
    const uint32_t len = (uint32_t)size - 2, cut = len ? data[1] % len : 0;
    const uint8_t *const at[] = {rest, rest, rest + cut, rest};
    const uint32_t lens[] = {len, cut, len - cut, len};
    ff_opener *one = kit_opener(format, AES_128, window);
    ff_opener *many = kit_opener(format, AES_128, window);
    open_all(one, many, (data[0] >> 6) % 3, at, lens);
    ff_opener_free(one);
    ff_opener_free(many);
    return num_failures ? abort(), 0 : 0;
}
