/* test_gather.c - pointing a batch at frames where they stand. */
#include "batch_kit.h"

#define ARENA 4096

static void test_gathering_points_at_frames(void)
{
    kit_batch *batch = kit_batch_new(3, 0, ARENA), *arena;
    uint8_t frame[8] = {0};
    const uint8_t *at[] = {frame, frame + 1, frame + 2, frame};
    const uint32_t lens[] = {3, 2, 1, 1};
    CHECK_SAME(ff_batch_gather(&batch->b, at, lens, 3, FF_KEY), FF_DONE);
    CHECK(memcmp(batch->b.in_ptr, at, 3 * sizeof *at) == 0);
    CHECK(memcmp(batch->b.in_len, lens, 3 * sizeof *lens) == 0);
    CHECK(kit_is_all(batch->b.key_frame, FF_KEY, 3));
    CHECK_SAME(ff_batch_gather_aad(&batch->b, at, lens), FF_DONE);
    CHECK(batch->b.aad_ptr[1] == frame + 1 && batch->b.aad_len[1] == 2);
    CHECK_SAME(batch->b.has_aad, 1);
    CHECK_SAME(ff_batch_gather(&batch->b, at, lens, 4, 0), FF_BAD_ARGUMENT);
    CHECK_SAME(ff_batch_gather(&batch->b, at, lens, 1, 3), FF_BAD_ARGUMENT);
    CHECK_SAME(ff_batch_gather(&batch->b, at, lens, 1, -1), FF_BAD_ARGUMENT);
    CHECK_SAME(ff_batch_reserve(&batch->b, 0, 0, 0, NULL), -FF_BATCH_FULL);
    arena = kit_batch_new(3, ARENA, 0);
    CHECK_SAME(ff_batch_gather(&arena->b, at, lens, 1, 0), FF_BAD_ARGUMENT);
    CHECK_SAME(ff_batch_gather_aad(&arena->b, at, lens), FF_BAD_ARGUMENT);
    kit_batch_free(arena);
    kit_batch_free(batch);
}

/* object: what an interpreter's bytes object may look like. */
typedef struct {
    uintptr_t refs, type;
    size_t    len;
    uint8_t   data[16];
} object;

static const ff_layout layout = {.type = 77,
                                 .type_at = offsetof(object, type),
                                 .len_at = offsetof(object, len),
                                 .data_at = offsetof(object, data)};

static void test_gathering_reads_objects(void)
{
    const object a = {1, 77, 3, "abc"}, b = {1, 77, 0, ""};
    const uintptr_t items[] = {(uintptr_t)&a, (uintptr_t)&b};
    kit_batch *batch = kit_batch_new(2, 0, ARENA);
    CHECK_SAME(ff_objects_size(&layout, (uintptr_t)items, 2), 3);
    CHECK_SAME(ff_batch_gather_objects(&batch->b, &layout, (uintptr_t)items, 2,
                                       FF_EITHER), FF_DONE);
    CHECK_SAME(batch->b.count, 2);
    CHECK(batch->b.in_ptr[0] == a.data && batch->b.in_len[0] == 3);
    CHECK(batch->b.in_ptr[1] == b.data && batch->b.in_len[1] == 0);
    CHECK(kit_is_all(batch->b.key_frame, FF_EITHER, 2));
    CHECK_SAME(ff_batch_gather_objects(&batch->b, &layout, (uintptr_t)items, 3,
                                       FF_KEY), FF_BAD_ARGUMENT);
    kit_batch_free(batch);
}

/* An object of another type may have anything where bytes have their length. */
static void test_objects_of_another_type_are_refused(void)
{
    const object good = {1, 77, 3, "abc"}, bad = {1, 78, 3, "abc"};
    const uintptr_t items[] = {(uintptr_t)&good, (uintptr_t)&bad};
    CHECK_SAME(ff_objects_size(&layout, (uintptr_t)items, 1), 3);
    CHECK_SAME(ff_objects_size(&layout, (uintptr_t)items, 2), -FF_BAD_ARGUMENT);
    CHECK_SAME(ff_objects_size(&layout, 0, 0), 0);
}

static void test_objects_longer_than_a_frame_are_refused(void)
{
    const object most = {1, 77, FF_FRAME_MAX, ""}, more = {1, 77, 1, ""};
    const object huge = {1, 77, SIZE_MAX, ""};
    const uintptr_t items[] = {(uintptr_t)&most, (uintptr_t)&more};
    const uintptr_t wraps[] = {(uintptr_t)&more, (uintptr_t)&huge};
    CHECK_SAME(ff_objects_size(&layout, (uintptr_t)items, 1), FF_FRAME_MAX);
    CHECK_SAME(ff_objects_size(&layout, (uintptr_t)items, 2), -FF_BAD_LENGTH);
    CHECK_SAME(ff_objects_size(&layout, (uintptr_t)wraps, 2), -FF_BAD_LENGTH);
}

/* The pointers of an earlier gathering may be gone by now: only those of this
 * one may be read. */
static void test_gathering_anew_forgets_the_aad_of_before(void)
{
    kit_batch *batch = kit_batch_new(1, 0, ARENA);
    const uint8_t byte = 0, *at[] = {&byte};
    const uint32_t one[] = {1};
    for (int is_cleared = 0; is_cleared < 2; is_cleared++) {
        CHECK_SAME(ff_batch_gather(&batch->b, at, one, 1, 0), FF_DONE);
        CHECK_SAME(ff_batch_gather_aad(&batch->b, at, one), FF_DONE);
        if (is_cleared)
            CHECK_SAME(ff_batch_clear(&batch->b), FF_DONE);
        CHECK_SAME(ff_batch_gather(&batch->b, at, one, 1, 0), FF_DONE);
        CHECK(batch->b.has_aad == 0);
    }
    kit_batch_free(batch);
}

/* A call that runs on another thread reads the pointers meanwhile. */
static void test_busy_batch_gathers_nothing(void)
{
    kit_batch *batch = kit_batch_new(1, 0, ARENA);
    const uint8_t byte = 0, *at[] = {&byte};
    const uint32_t one[] = {1};
    batch->b.busy = 1;
    CHECK_SAME(ff_batch_gather(&batch->b, at, one, 1, 0), FF_BATCH_BUSY);
    CHECK_SAME(ff_batch_gather_objects(&batch->b, &layout, 0, 0, 0),
               FF_BATCH_BUSY);
    CHECK_SAME(ff_batch_gather_aad(&batch->b, at, one), FF_BATCH_BUSY);
    batch->b.busy = 0;
    kit_batch_free(batch);
}

int main(void)
{
    RUN(test_gathering_points_at_frames);
    RUN(test_gathering_reads_objects);
    RUN(test_objects_of_another_type_are_refused);
    RUN(test_objects_longer_than_a_frame_are_refused);
    RUN(test_gathering_anew_forgets_the_aad_of_before);
    RUN(test_busy_batch_gathers_nothing);
    return check_report();
}
