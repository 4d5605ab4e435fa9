/* test_batch_hostile.c - descriptors that lie: the whole call is refused, with
 * the frame named, before anything is touched or any counter is taken. */
#include "rows.h"

#include "batch_kit.h"

#define COUNT 5
#define LEN 64
#define ARENA 2048

static const uint64_t offsets[] = {UINT64_MAX,
                                   UINT64_MAX - LEN + 1,
                                   UINT64_MAX - LEN,
                                   (uint64_t)INT64_MAX + 1,
                                   INT64_MAX,
                                   UINT32_MAX,
                                   ARENA - LEN + 1,
                                   ARENA,
                                   ARENA + 1};
#define NUM_OFFSETS (sizeof offsets / sizeof offsets[0])

typedef struct {
    kit_batch *batch;
    ff_sealer *sealer;
    ff_opener *opener;
} fixture;

static fixture make(void)
{
    fixture f = {kit_batch_new(COUNT, ARENA, ARENA),
                 kit_sealer(RAW, AES_128, 0, NO_LIMIT),
                 kit_opener(RAW, AES_128, 64)};
    ff_batch *b = &f.batch->b;
    b->count = COUNT;
    for (uint32_t i = 0; i < COUNT; i++) {
        b->in_at[i] = 64 + 200 * i;
        b->in_len[i] = LEN;
        b->aad_at[i] = 32;
        b->aad_len[i] = 3;
    }
    return f;
}

/* drop also frees; sealed tells whether the batch may have been changed. */
static void drop(fixture *f)
{
    kit_batch_free(f->batch);
    ff_sealer_free(f->sealer);
    ff_opener_free(f->opener);
}

static void check_untouched(fixture *f)
{
    const ff_batch *b = &f->batch->b;
    CHECK(kit_is_all(b->in, SENTINEL, b->in_size));
    CHECK(kit_is_all(b->out, SENTINEL, b->out_size));
    CHECK_SAME(kit_next_of(f->sealer), 0);
}

/* refuse expects every call to stumble over frame bad. */
static void refuse(fixture *f, ff_error want, uint32_t bad, int in_place)
{
    ff_batch *b = &f->batch->b;
    for (int is_open = 0; is_open < 2; is_open++) {
        memset(b->out_len, SENTINEL, COUNT * sizeof *b->out_len);
        memset(b->status, SENTINEL, COUNT);
        CHECK_SAME(is_open ? ff_open_batch(f->opener, b, in_place, 1)
                           : ff_seal_batch(f->sealer, b, in_place, 1),
                   -(int64_t)want);
        CHECK_SAME(b->bad_index, bad);
        CHECK(kit_is_all(b->status, FF_NOT_RUN, COUNT));
        CHECK(kit_is_all((uint8_t *)b->out_len, 0, COUNT * sizeof *b->out_len));
        CHECK_SAME(b->busy, 0);
        CHECK_SAME(b->spent, 0);
    }
    check_untouched(f);
}

static void test_frame_outside_its_arena(void)
{
    for (size_t i = 0; i < NUM_OFFSETS; i++)
        for (uint32_t bad = 0; bad < COUNT; bad += 2)
            for (int in_place = 0; in_place < 2; in_place++) {
                fixture f = make();
                f.batch->b.in_at[bad] = offsets[i];
                refuse(&f, FF_BAD_SPAN, bad, in_place);
                drop(&f);
            }
}

static void test_frame_at_the_very_end_is_inside(void)
{
    fixture f = make();
    f.batch->b.in_at[2] = ARENA - LEN;
    CHECK_SAME(ff_seal_batch(f.sealer, &f.batch->b, 0, 1), COUNT);
    f.batch->b.in_at[2] = ARENA;
    f.batch->b.in_len[2] = 0;
    CHECK_SAME(ff_seal_batch(f.sealer, &f.batch->b, 0, 1), COUNT);
    drop(&f);
}

/* In place, header and tag are written around the frame: they need room. */
static void test_in_place_needs_room_around_the_frame(void)
{
    for (uint64_t at = 0; at < FF_HEADROOM; at++) {
        fixture f = make();
        f.batch->b.in_at[1] = at;
        refuse(&f, FF_BAD_SPAN, 1, 1);
        drop(&f);
    }
    for (uint64_t short_by = 1; short_by <= FF_TAILROOM; short_by++) {
        fixture f = make();
        f.batch->b.in_at[1] = ARENA - LEN - FF_TAILROOM + short_by;
        refuse(&f, FF_BAD_SPAN, 1, 1);
        drop(&f);
    }
    fixture f = make();
    f.batch->b.in_at[0] = FF_HEADROOM;
    f.batch->b.in_at[4] = ARENA - LEN - FF_TAILROOM;
    CHECK_SAME(ff_seal_batch(f.sealer, &f.batch->b, 1, 1), COUNT);
    drop(&f);
}

static void test_lengths_that_lie(void)
{
    static const uint32_t lengths[] = {UINT32_MAX,    FF_SEALED_MAX + 1,
                                       FF_SEALED_MAX, FF_FRAME_MAX,
                                       INT32_MAX,     ARENA - 64 + 1};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        fixture f = make();
        f.batch->b.in_len[0] = lengths[i];
        refuse(&f, FF_BAD_SPAN, 0, 0);
        refuse(&f, FF_BAD_SPAN, 0, 1);
        f.batch->b.in_len[0] = LEN;
        f.batch->b.aad_len[3] = lengths[i];
        f.batch->b.aad_at[3] = 64;
        refuse(&f, lengths[i] > FF_FRAME_MAX ? FF_BAD_LENGTH : FF_BAD_SPAN, 3,
               0);
        drop(&f);
    }
}

/* How long a sealed frame is was the peer's choice: it costs that frame. A
 * frame to be sealed is the caller's own. */
static void test_gathered_frame_beyond_the_limit(void)
{
    fixture f = make();
    const size_t size = FF_SEALED_MAX + 1;
    uint8_t *big = kit_need(calloc(1, size));
    ff_batch *b = &f.batch->b;
    for (uint32_t i = 0; i < COUNT; i++)
        b->in_ptr[i] = big;
    b->is_gathered = 1;
    b->has_aad = 0;
    b->in_len[2] = FF_SEALED_MAX + 1;
    CHECK_SAME(ff_open_batch(f.opener, b, 0, 1), 0);
    for (uint32_t i = 0; i < COUNT; i++)
        CHECK_SAME(b->status[i], i == 2 ? FF_MALFORMED : FF_AUTH_FAILED);
    b->in_len[2] = FF_FRAME_MAX + 1;
    CHECK_SAME(ff_seal_batch(f.sealer, b, 0, 1), -FF_BAD_LENGTH);
    CHECK_SAME(b->bad_index, 2);
    CHECK_SAME(kit_next_of(f.sealer), 0);
    free(big);
    drop(&f);
}

/* Were the arenas to overlap, one frame's result could fall on the input of
 * the next. */
static void test_overlapping_arenas_are_refused(void)
{
    for (int is_out_first = 0; is_out_first < 2; is_out_first++) {
        fixture f = make();
        ff_batch *b = &f.batch->b;
        uint8_t *out = b->out;
        b->out_size = ARENA / 2;
        b->out = is_out_first ? b->in - ARENA / 2 + 1 : b->in + ARENA - 1;
        CHECK_SAME(ff_seal_batch(f.sealer, b, 0, 1), -FF_BAD_OVERLAP);
        CHECK_SAME(ff_open_batch(f.opener, b, 0, 1), -FF_BAD_OVERLAP);
        b->out = out;
        b->out_size = ARENA;
        check_untouched(&f);
        drop(&f);
    }
}

static void test_aad_outside_the_arena(void)
{
    for (size_t i = 0; i < NUM_OFFSETS; i++) {
        fixture f = make();
        f.batch->b.aad_at[4] = offsets[i];
        f.batch->b.aad_len[4] = LEN;
        refuse(&f, FF_BAD_SPAN, 4, 0);
        drop(&f);
    }
}

static void test_aad_where_the_format_takes_none(void)
{
    fixture f = make();
    ff_sealer_free(f.sealer);
    ff_opener_free(f.opener);
    f.sealer = kit_sealer(INSERTABLE, AES_128, 0, NO_LIMIT);
    f.opener = kit_opener(INSERTABLE, AES_128, 64);
    f.batch->b.aad_len[0] = 0;
    refuse(&f, FF_BAD_AAD, 1, 0);
    f.batch->b.has_aad = 0; /* now aad_len is not read */
    CHECK_SAME(ff_seal_batch(f.sealer, &f.batch->b, 0, 1), COUNT);
    drop(&f);
}

static void test_too_many_frames(void)
{
    fixture f = make();
    f.batch->b.count = FF_BATCH_MAX + 1;
    CHECK_SAME(ff_seal_batch(f.sealer, &f.batch->b, 0, 1), -FF_BAD_ARGUMENT);
    f.batch->b.count = UINT32_MAX;
    CHECK_SAME(ff_open_batch(f.opener, &f.batch->b, 0, 1), -FF_BAD_ARGUMENT);
    f.batch->b.count = COUNT;
    check_untouched(&f);
    drop(&f);
}

static void test_gathered_frames_are_checked_too(void)
{
    fixture f = make();
    uint8_t frame[LEN];
    const uint8_t *near_end = f.batch->b.out + ARENA - 1;
    const uint8_t **at = f.batch->b.in_ptr, **aad = f.batch->b.aad_ptr;
    kit_fill(frame, sizeof frame);
    for (uint32_t i = 0; i < COUNT; i++)
        at[i] = aad[i] = frame;
    f.batch->b.is_gathered = 1;
    refuse(&f, FF_BAD_ARGUMENT, 0, 1); /* no arena to write over */
    at[3] = near_end;
    refuse(&f, FF_BAD_OVERLAP, 3, 0);
    at[3] = f.batch->b.out - LEN + 1;
    refuse(&f, FF_BAD_OVERLAP, 3, 0);
    at[3] = f.batch->b.out - LEN;
    CHECK_SAME(ff_seal_batch(f.sealer, &f.batch->b, 0, 1), COUNT);
    drop(&f);
}

/* A second thread in the same batch is turned away before anything. */
static void test_busy_batch_is_left_alone(void)
{
    fixture f = make();
    ff_batch *b = &f.batch->b, before;
    b->busy = 1;
    before = *b;
    ff_sealer *sealers[] = {f.sealer};
    ff_opener *openers[] = {f.opener};
    memset(b->status, SENTINEL, COUNT);
    CHECK_SAME(ff_seal_batch(f.sealer, b, 0, 1), -FF_BATCH_BUSY);
    CHECK_SAME(ff_open_batch(f.opener, b, 0, 1), -FF_BATCH_BUSY);
    CHECK_SAME(ff_seal_many(sealers, 1, b, 0, 1), -FF_BATCH_BUSY);
    CHECK_SAME(ff_open_many(openers, 1, b, 0, 1), -FF_BATCH_BUSY);
    CHECK_SAME(ff_batch_reserve(b, 1, 0, 0, NULL), -FF_BATCH_BUSY);
    CHECK_SAME(ff_batch_append(b, b->in, 1, 0, 0, NULL), FF_BATCH_BUSY);
    CHECK_SAME(ff_batch_clear(b), FF_BATCH_BUSY);
    CHECK(memcmp(&before, b, sizeof before) == 0);
    CHECK(kit_is_all(b->status, SENTINEL, COUNT));
    check_untouched(&f);
    b->busy = 0;
    drop(&f);
}

/* Kinds beyond the enum must not index past any table. */
static void test_kind_out_of_range_stays_in_bounds(const kit_row *row)
{
    fixture f = make();
    ff_sealer *sealer = row_sealer(row, 1);
    ff_opener *opener = row_opener(row, 64);
    memset(f.batch->b.aad_len, 0, COUNT * sizeof *f.batch->b.aad_len);
    for (uint32_t i = 0; i < COUNT; i++)
        f.batch->b.key_frame[i] = (uint8_t)(60 * i + 3);
    CHECK(ff_seal_batch(sealer, &f.batch->b, 0, 1) >= 0);
    CHECK(ff_open_batch(opener, &f.batch->b, 0, 1) >= 0);
    ff_sealer_free(sealer);
    ff_opener_free(opener);
    drop(&f);
}

int main(void)
{
    RUN(test_frame_outside_its_arena);
    RUN(test_frame_at_the_very_end_is_inside);
    RUN(test_in_place_needs_room_around_the_frame);
    RUN(test_lengths_that_lie);
    RUN(test_gathered_frame_beyond_the_limit);
    RUN(test_overlapping_arenas_are_refused);
    RUN(test_aad_outside_the_arena);
    RUN(test_aad_where_the_format_takes_none);
    RUN(test_too_many_frames);
    RUN(test_gathered_frames_are_checked_too);
    RUN(test_busy_batch_is_left_alone);
    RUN_ROWS(test_kind_out_of_range_stays_in_bounds);
    return check_report();
}
