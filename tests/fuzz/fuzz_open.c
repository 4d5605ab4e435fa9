/* fuzz_open.c - any bytes into an opener: one by one, in place, in a batch.
 *
 * The frames of an input are: all of the rest, its two parts, all of it again.
 * fuzz.h has the meaning of the bytes in front.
 */
#include "fuzz.h"

#include "../c/batch_kit.h"

#define NUM_FRAMES 4

const int fuzz_eats_sealed = 1;

typedef struct {
    kit_row        row;
    ff_settings    settings;
    int            kind;
    const uint8_t *at[NUM_FRAMES];
    uint32_t       lens[NUM_FRAMES];
    int64_t        got[NUM_FRAMES]; /* by single calls, apart */
    kit_guarded    out[NUM_FRAMES];
} task;

static ff_opener *opener_of(const task *t)
{
    ff_opener *made = NULL;
    fuzz_must(ff_opener_new(&made, &t->settings) == FF_DONE);
    for (uint64_t id = 0; id < 2; id++) {
        ff_key key = row_key(&t->row, id + (t->row.facts.slots_max < 2));
        if (id < t->row.facts.slots_max)
            fuzz_must(ff_opener_set_key(made, &key) == FF_DONE);
    }
    fuzz_must(ff_opener_allow(made, 4) == FF_DONE);
    return made;
}

/* A rejected output is as it was or zeroed; nobody writes behind it. */
static void open_singly(task *t)
{
    ff_opener *opener = opener_of(t);
    for (int i = 0; i < NUM_FRAMES; i++) {
        kit_guarded *out = &t->out[i];
        *out = kit_guard(t->lens[i]);
        t->got[i] = ff_open_one(opener, out->at, out->len, t->at[i], t->lens[i],
                                t->kind, NULL);
        fuzz_must(t->got[i] <= (int64_t)out->len && kit_guards_hold(out));
        for (size_t k = 0; t->got[i] < 0 && k < out->len; k++)
            fuzz_must(out->at[k] == SENTINEL || out->at[k] == 0);
    }
    ff_opener_free(opener);
}

/* Over itself a frame opens as it does apart. What a cipher was let loose on is
 * gone, and what never got so far stands as it was. */
static void open_over(const task *t)
{
    ff_opener *opener = opener_of(t);
    for (int i = 0; i < NUM_FRAMES; i++) {
        kit_guarded block = kit_guard(t->lens[i]);
        memcpy(block.at, t->at[i], block.len);
        int64_t got = ff_open_one(opener, block.at, block.len, block.at,
                                  block.len, t->kind, NULL);
        fuzz_must(got == t->got[i] && kit_guards_hold(&block));
        if (got >= 0)
            fuzz_must(memcmp(block.at, t->out[i].at, (size_t)got) == 0);
        else
            fuzz_must(memcmp(block.at, t->at[i], block.len) == 0 ||
                      kit_is_all(block.at, 0, block.len));
        free(block.block);
    }
    ff_opener_free(opener);
}

static void check_batch(const task *t, const kit_batch *batch)
{
    const ff_batch *b = &batch->b;
    const uint8_t *results = b->in_place ? b->in : b->out;
    for (int i = 0; i < NUM_FRAMES; i++) {
        int64_t got = t->got[i];
        fuzz_must(b->status[i] == (got < 0 ? -got : FF_OK));
        fuzz_must(b->out_len[i] == (got < 0 ? 0 : got));
        fuzz_must(got < 0 || memcmp(results + b->out_at[i], t->out[i].at,
                                    (size_t)got) == 0);
    }
}

/* A batch judges like single calls, wherever its frames stand. */
static void open_batches(const task *t)
{
    const size_t size = NUM_FRAMES * (FUZZ_LONGEST + FF_FRAME_ROOM);
    for (int way = 0; way < 2; way++) {
        ff_opener *opener = opener_of(t);
        kit_batch *batch = kit_batch_new(NUM_FRAMES, way ? size : 0, size);
        if (way == 0)
            fuzz_must(ff_batch_gather(&batch->b, t->at, t->lens, NUM_FRAMES,
                                      t->kind) == FF_DONE);
        for (int i = 0; way == 1 && i < NUM_FRAMES; i++)
            fuzz_must(ff_batch_append(&batch->b, t->at[i], t->lens[i], t->kind,
                                      0, NULL) == FF_DONE);
        fuzz_must(ff_open_batch(opener, &batch->b, way, 1) >= 0);
        check_batch(t, batch);
        kit_batch_free(batch);
        ff_opener_free(opener);
    }
}

/* What a frame claims need not be true, but must lie within it. */
static void inspect(const task *t)
{
    for (int i = 0; i < NUM_FRAMES; i++) {
        ff_claim c;
        if (ff_inspect(&t->settings, (uint32_t)ff_suite_tag_len(t->row.suite),
                       &c, t->at[i], t->lens[i]) != FF_OK || c.is_plain)
            continue;
        fuzz_must((uint64_t)c.clear_len + c.header_len + c.body_len +
                      c.tag_len + c.trailer_len + c.num_escapes +
                      c.extra_len == t->lens[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    task t = {.kind = 0};
    if (size < FUZZ_HEAD || size > FUZZ_LONGEST || !fuzz_row(&t.row, data))
        return 0;
    const uint8_t *rest = data + FUZZ_HEAD;
    uint32_t len = (uint32_t)size - FUZZ_HEAD, cut = len ? data[4] % len : 0;
    t.settings = fuzz_settings(&t.row, data);
    t.kind = (data[3] >> 6 & 1) + (data[4] & 1);
    t.at[0] = t.at[1] = t.at[3] = rest;
    t.at[2] = rest + cut;
    t.lens[0] = t.lens[3] = len;
    t.lens[1] = cut;
    t.lens[2] = len - cut;
    inspect(&t);
    open_singly(&t);
    open_over(&t);
    open_batches(&t);
    for (int i = 0; i < NUM_FRAMES; i++)
        free(t.out[i].block);
    fuzz_must(num_failures == 0);
    return 0;
}
