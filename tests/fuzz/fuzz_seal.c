/* fuzz_seal.c - any bytes as a frame to be sealed: what comes of it opens to
 * the frame in its canonical form, the same in place, apart and in a batch, or
 * the frame is refused. */
#include "fuzz.h"

#include "../c/batch_kit.h"

#define FIRST 5
#define MAX_SEALED (2 * FUZZ_LONGEST + ROW_GROWTH)

const int fuzz_eats_sealed = 0;

typedef struct {
    kit_row        row;
    int            kind;
    const uint8_t *frame;
    uint32_t       len;
    int64_t        got;
    uint8_t       *sealed;
} task;

static ff_sealer *sealer_of(const kit_row *row)
{
    const ff_settings settings = row_settings(row, 0);
    const ff_range range = {FIRST, row->facts.counter_max};
    ff_key key = row_key(row, 1);
    ff_sealer *made = NULL;
    key.salt_is_drawn = 1;
    fuzz_must(ff_sealer_new(&made, &settings, &key, &range) == FF_DONE);
    return made;
}

static void seal_apart(task *t)
{
    kit_guarded out = kit_guard(t->len + t->row.facts.growth);
    ff_sealer *sealer = sealer_of(&t->row);
    t->got = ff_seal_one(sealer, out.at, out.len, t->frame, t->len, t->kind,
                         NULL);
    fuzz_must(t->got >= 0 || t->got == -FF_MALFORMED);
    fuzz_must(kit_guards_hold(&out));
    if (t->got < 0) {
        fuzz_must(kit_is_all(out.at, SENTINEL, out.len));
        fuzz_must(kit_next_of(sealer) == FIRST); /* nothing was used */
    } else {
        memcpy(t->sealed, out.at, (size_t)t->got);
    }
    ff_sealer_free(sealer);
    free(out.block);
}

static void seal_over(const task *t)
{
    kit_guarded block = kit_guard(t->len + t->row.facts.growth);
    ff_sealer *sealer = sealer_of(&t->row);
    memcpy(block.at, t->frame, t->len);
    int64_t got = ff_seal_one(sealer, block.at, block.len, block.at, t->len,
                              t->kind, NULL);
    fuzz_must(got == t->got && kit_guards_hold(&block));
    if (got >= 0)
        fuzz_must(memcmp(block.at, t->sealed, (size_t)got) == 0);
    else
        fuzz_must(memcmp(block.at, t->frame, t->len) == 0);
    ff_sealer_free(sealer);
    free(block.block);
}

/* In place an arena keeps less room than some frames grow by. */
static void seal_batches(const task *t)
{
    for (int in_place = 0; in_place < 2; in_place++) {
        ff_sealer *sealer = sealer_of(&t->row);
        kit_batch *batch = kit_batch_new(1, t->len + FF_FRAME_ROOM,
                                         t->len + t->row.facts.growth +
                                             FF_SPARE);
        ff_batch *b = &batch->b;
        fuzz_must(ff_batch_append(b, t->frame, t->len, t->kind, 0, NULL) ==
                  FF_DONE);
        fuzz_must(ff_seal_batch(sealer, b, in_place, 1) >= 0);
        const uint8_t *results = in_place ? b->in : b->out;
        int is_short = in_place && b->status[0] == FF_NO_ROOM;
        fuzz_must(is_short || b->status[0] == (t->got < 0 ? -t->got : FF_OK));
        fuzz_must(b->status[0] != FF_OK ||
                  (b->out_len[0] == t->got &&
                   memcmp(results + b->out_at[0], t->sealed, b->out_len[0]) ==
                       0));
        kit_batch_free(batch);
        ff_sealer_free(sealer);
    }
}

static void open_again(const task *t)
{
    static uint8_t want[2 * FUZZ_LONGEST];
    size_t want_len = row_canonical(&t->row, want, t->frame, t->len);
    const ff_settings settings = row_settings(&t->row, 64);
    const ff_key key = row_key(&t->row, 1);
    for (int told = t->kind;; told = FF_EITHER) {
        ff_opener *opener = NULL;
        kit_guarded out = kit_guard(want_len);
        /* A counter may have been spent on a frame unfit to travel. */
        ff_extra extra = {.counter = FIRST};
        fuzz_must(ff_opener_new(&opener, &settings) == FF_DONE);
        fuzz_must(ff_opener_set_key(opener, &key) == FF_DONE);
        int64_t got = ff_open_one(opener, out.at, want_len, t->sealed,
                                  (size_t)t->got, told, &extra);
        fuzz_must(got == (int64_t)want_len);
        fuzz_must(memcmp(out.at, want, want_len) == 0);
        fuzz_must(kit_guards_hold(&out));
        free(out.block);
        ff_opener_free(opener);
        if (told == FF_EITHER)
            break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t sealed[MAX_SEALED];
    task t = {.sealed = sealed};
    if (size < FUZZ_HEAD || size > FUZZ_LONGEST || !fuzz_row(&t.row, data))
        return 0;
    t.frame = data + FUZZ_HEAD;
    t.len = (uint32_t)size - FUZZ_HEAD;
    t.kind = data[3] & 1;
    seal_apart(&t);
    seal_over(&t);
    seal_batches(&t);
    if (t.got >= 0)
        open_again(&t);
    fuzz_must(num_failures == 0);
    return 0;
}
