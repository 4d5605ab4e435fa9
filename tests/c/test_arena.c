/* test_arena.c - filling a batch: its tables, its arena. */
#include "batch_kit.h"

#define ARENA 4096

/* -- memory -- */

typedef struct {
    const void *at;
    size_t      size;
} table;

static void test_tables_are_aligned_apart_and_fill_their_memory(void)
{
    for (uint32_t n = 0; n < 70; n++) {
        ff_batch b;
        size_t size = ff_batch_tables_size(n), sum = 0;
        uint64_t *memory = kit_need(calloc(size / 8 + 2, 8));
        CHECK_SAME(ff_batch_init(&b, (uint8_t *)memory, n, NULL, 0, NULL, 0, 0),
                   FF_DONE);
        const table tables[] = {
            {b.in_at, 8},   {b.in_ptr, sizeof(void *)},
            {b.aad_at, 8},  {b.aad_ptr, sizeof(void *)},
            {b.out_at, 8},  {b.counter, 8}, {b.key_id, 8},  {b.in_len, 4},
            {b.aad_len, 4}, {b.out_len, 4}, {b.source, 2},  {b.key_frame, 1},
            {b.names_key, 1},
            {b.status, 1}};
        const size_t num = sizeof tables / sizeof tables[0];
        for (size_t i = 0; i < num; i++) {
            size_t at = (size_t)((const uint8_t *)tables[i].at -
                                 (const uint8_t *)memory);
            CHECK_SAME(at % tables[i].size, 0);
            CHECK(at <= size && n * tables[i].size <= size - at);
            for (size_t j = 0; j < i; j++)
                CHECK(n == 0 || tables[i].at != tables[j].at);
            sum += n * tables[i].size;
        }
        CHECK_SAME(sum, size);
        free(memory);
    }
}

static void test_arguments_of_init_are_checked(void)
{
    ff_batch b;
    uint64_t memory[2] = {0};
    uint8_t *at = (uint8_t *)memory;
    CHECK_SAME(ff_batch_init(&b, at, FF_BATCH_MAX + 1, NULL, 0, NULL, 0, 0),
               FF_BAD_ARGUMENT);
    for (size_t off = 1; off < 8; off++)
        CHECK_SAME(ff_batch_init(&b, at + off, 0, NULL, 0, NULL, 0, 0),
                   FF_BAD_ARGUMENT);
}

/* -- the arena -- */

static void test_frames_stand_apart_with_room_around(void)
{
    kit_batch *batch = kit_batch_new(200, 200 * (90 + FF_FRAME_ROOM), 0);
    uint8_t aad[40];
    size_t end = 0;
    kit_fill(aad, sizeof aad);
    for (uint32_t i = 0; i < 200; i++) {
        ff_extra extra = {aad, kit_below(40), i};
        size_t len = kit_below(50);
        int64_t at = ff_batch_reserve(&batch->b, len, FF_KEY, i, &extra);
        CHECK(at >= 0 && (size_t)at >= end + FF_HEADROOM);
        CHECK_SAME(at % 32, 0);
        size_t aad_at = batch->b.aad_at[i];
        CHECK(aad_at >= (size_t)at + len + FF_TAILROOM);
        CHECK(memcmp(batch->b.in + aad_at, aad, extra.aad_len) == 0);
        end = aad_at + extra.aad_len;
        CHECK_SAME(batch->b.in_used, end);
        CHECK_SAME(batch->b.counter[i], i);
        CHECK_SAME(batch->b.source[i], i);
        CHECK_SAME(batch->b.key_frame[i], FF_KEY);
        CHECK_SAME(batch->b.count, i + 1);
    }
    CHECK(end <= batch->b.in_size);
    CHECK_SAME(ff_batch_reserve(&batch->b, 0, 0, 0, NULL), -FF_BATCH_FULL);
    kit_batch_free(batch);
}

/* FF_FRAME_ROOM is a promise: so much per frame and no more. */
static void test_promised_room_always_suffices(void)
{
    for (int round = 0; round < 200; round++) {
        uint32_t capacity = 1 + kit_below(30);
        size_t limit = kit_below(3000), left = limit;
        kit_batch *batch = kit_batch_new(capacity,
                                         limit + capacity * FF_FRAME_ROOM, 0);
        batch->b.in_limit = limit;
        for (uint32_t i = 0; i + 1 < capacity; i++) {
            size_t len = kit_below((uint32_t)left + 1);
            CHECK(ff_batch_reserve(&batch->b, len, 0, 0, NULL) >= 0);
            left -= len;
        }
        CHECK_SAME(ff_batch_reserve(&batch->b, left + 1, 0, 0, NULL),
                   -FF_BATCH_FULL);
        CHECK(ff_batch_reserve(&batch->b, left, 0, 0, NULL) >= 0);
        kit_batch_free(batch);
    }
}

static void test_limit_counts_frames_and_aad(void)
{
    kit_batch *batch = kit_batch_new(9, ARENA, 0);
    uint8_t aad[60] = {0};
    ff_extra extra = {aad, 60, 0};
    batch->b.in_limit = 100;
    CHECK(ff_batch_reserve(&batch->b, 30, 0, 0, &extra) >= 0);
    CHECK_SAME(ff_batch_reserve(&batch->b, 11, 0, 0, NULL), -FF_BATCH_FULL);
    CHECK(ff_batch_reserve(&batch->b, 10, 0, 0, NULL) >= 0);
    CHECK_SAME(batch->b.in_held, 100);
    CHECK_SAME(ff_batch_clear(&batch->b), FF_DONE);
    CHECK_SAME(batch->b.count + batch->b.in_held + batch->b.in_used, 0);
    CHECK(ff_batch_reserve(&batch->b, 100, 0, 0, NULL) >= 0);
    kit_batch_free(batch);
}

/* A refused frame leaves the batch as it was. */
static void refuse(kit_batch *batch, size_t len, int kind, uint32_t source,
                   const ff_extra *extra, ff_error want)
{
    ff_batch before = batch->b;
    uint8_t byte = 0;
    CHECK_SAME(ff_batch_reserve(&batch->b, len, kind, source, extra),
               -(int64_t)want);
    CHECK_SAME(ff_batch_append(&batch->b, &byte, len, kind, source, extra),
               want);
    CHECK(memcmp(&before, &batch->b, sizeof before) == 0);
    CHECK(kit_is_all(batch->b.in, SENTINEL, batch->b.in_size));
}

static void test_refused_frames_leave_the_batch_as_it_was(void)
{
    kit_batch *batch = kit_batch_new(4, ARENA, 0);
    uint8_t byte = 0;
    ff_extra huge = {&byte, SIZE_MAX, 0}, big = {&byte, FF_FRAME_MAX, 0};
    refuse(batch, FF_SEALED_MAX + 1, 0, 0, NULL, FF_BAD_LENGTH);
    refuse(batch, SIZE_MAX, 0, 0, NULL, FF_BAD_LENGTH);
    refuse(batch, (size_t)UINT32_MAX + 1, 0, 0, NULL, FF_BAD_LENGTH);
    refuse(batch, 1, 0, 0, &huge, FF_BAD_LENGTH);
    refuse(batch, 1, 0, 0, &big, FF_BATCH_FULL);
    refuse(batch, FF_FRAME_MAX, 0, 0, NULL, FF_BATCH_FULL);
    refuse(batch, ARENA, 0, 0, NULL, FF_BATCH_FULL);
    refuse(batch, ARENA - FF_HEADROOM - FF_TAILROOM + 1, 0, 0, NULL,
           FF_BATCH_FULL);
    refuse(batch, 1, -1, 0, NULL, FF_BAD_ARGUMENT);
    refuse(batch, 1, FF_EITHER + 1, 0, NULL, FF_BAD_ARGUMENT);
    refuse(batch, 1, 0, UINT16_MAX + 1, NULL, FF_BAD_ARGUMENT);
    batch->b.spent = 1;
    refuse(batch, 1, 0, 0, NULL, FF_BATCH_SPENT);
    batch->b.spent = 0;
    CHECK_SAME(ff_batch_reserve(&batch->b, ARENA - FF_HEADROOM - FF_TAILROOM,
                                FF_EITHER, UINT16_MAX, NULL), FF_HEADROOM);
    kit_batch_free(batch);
}

static void test_append_copies_the_frame(void)
{
    kit_batch *batch = kit_batch_new(4, ARENA, 0);
    uint8_t frame[100];
    kit_fill(frame, sizeof frame);
    CHECK_SAME(ff_batch_append(&batch->b, frame, 100, 1, 0, NULL), FF_DONE);
    CHECK_SAME(ff_batch_append(&batch->b, NULL, 0, 1, 0, NULL), FF_DONE);
    CHECK(memcmp(batch->b.in + batch->b.in_at[0], frame, 100) == 0);
    CHECK_SAME(batch->b.in_len[1], 0);
    kit_batch_free(batch);
}

int main(void)
{
    RUN(test_tables_are_aligned_apart_and_fill_their_memory);
    RUN(test_arguments_of_init_are_checked);
    RUN(test_frames_stand_apart_with_room_around);
    RUN(test_promised_room_always_suffices);
    RUN(test_limit_counts_frames_and_aad);
    RUN(test_refused_frames_leave_the_batch_as_it_was);
    RUN(test_append_copies_the_frame);
    return check_report();
}
