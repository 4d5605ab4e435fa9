/* objects.c - an interpreter's own bytes objects, read where they stand.
 *
 * Borrowing a buffer by way of the interpreter costs as much as sealing 100
 * bytes. Python tells how its objects are laid out (ff_layout), and has tried
 * it before anything here is used; nobody here knows its headers.
 */
#include <string.h>

#include "frame.h"

/* word reads one machine word of an object. */
static uintptr_t word(uintptr_t object, size_t at)
{
    uintptr_t value;
    memcpy(&value, (const uint8_t *)object + at, sizeof value);
    return value;
}

static uintptr_t nth(uintptr_t items, uint32_t i)
{
    return word(items, i * sizeof(uintptr_t));
}

int64_t ff_objects_size(const ff_layout *layout, uintptr_t items,
                        uint32_t count)
{
    size_t size = 0;
    for (uint32_t i = 0; i < count; i++) {
        uintptr_t object = nth(items, i);
        if (word(object, layout->type_at) != layout->type)
            return -FF_BAD_ARGUMENT;
        size_t len = word(object, layout->len_at);
        if (len > FF_FRAME_MAX - size)
            return -FF_BAD_LENGTH;
        size += len;
    }
    return (int64_t)size;
}

ff_error ff_batch_gather_objects(ff_batch *batch, const ff_layout *layout,
                                 uintptr_t items, uint32_t count,
                                 int key_frame)
{
    ff_error error = ff_gather_begin(batch, count, key_frame);
    if (error != FF_DONE)
        return error;
    for (uint32_t i = 0; i < count; i++) {
        uintptr_t object = nth(items, i);
        batch->in_ptr[i] = (const uint8_t *)object + layout->data_at;
        batch->in_len[i] = (uint32_t)word(object, layout->len_at);
    }
    ff_gather_end(batch, count, key_frame);
    return FF_DONE;
}
