/* batch_api.h - many frames in one call: the declarations Python may use.
 *
 * Read after fastframe_api.h, by the C compiler and by cffi alike; its reading
 * rules hold here too.
 */

/* ff_batch describes count frames as a structure of arrays. Where a frame
 * stands is an offset into the arena in (in_at) or, gathered, a pointer
 * (in_ptr); likewise its aad. Each descriptor value is read once, checked,
 * then used. */
typedef struct {
    uint32_t count;
    uint32_t capacity;

    uint8_t              *in;
    size_t                in_size;
    size_t                in_used;  /* bytes handed out by ff_batch_reserve */
    size_t                in_limit; /* bytes of frames and aad it may hand out */
    size_t                in_held;  /* bytes of frames and aad it handed out */
    uint64_t             *in_at;
    uint32_t             *in_len;
    const uint8_t       **in_ptr;

    uint64_t             *aad_at;
    const uint8_t       **aad_ptr;
    uint32_t             *aad_len;

    uint8_t  *out;       /* the arena for results */
    size_t    out_size;
    uint64_t *out_at;  /* written: offset into out (in place: into in) */
    uint32_t *out_len; /* written */

    uint8_t  *key_frame; /* ff_key_frame per frame */
    uint16_t *source;    /* which object of seal_many/open_many */
    uint64_t *counter;   /* seal and open write; raw open reads */
    uint64_t *key_id;    /* written: what the frame names */
    uint8_t  *names_key; /* written: 1 if the frame names a key id */
    uint8_t  *status;    /* written: ff_status per frame */
    uint32_t is_gathered;
    uint32_t has_aad;   /* 0: aad_len is not read */
    uint32_t ran;       /* written: how many frames the last call judged */
    uint32_t turn;      /* written: changes when results go out of date */
    uint32_t bad_index; /* written: the frame a refused call stumbled over */
    uint32_t in_place;  /* written: results stand over their own input */
    uint32_t spent;     /* overwritten in place: refused until cleared */
    uint32_t busy;      /* taken while a call runs */
} ff_batch;

/* ff_seal_batch takes batch->count counters in one step, then seals frame by
 * frame, into batch->out or (in_place) over the frames in their arena. It
 * returns how many frames read FF_OK, or a negated ff_error. A frame that
 * fails keeps its counter spent and does not stop the rest; frames beyond the
 * last counter read FF_KEY_EXHAUSTED. Large batches take more threads than one,
 * workers at most; what comes of it is the same. */
int64_t ff_seal_batch(ff_sealer *sealer, ff_batch *batch, int in_place,
                      uint32_t workers);

/* ff_seal_many is ff_seal_batch with batch->source choosing the sealer. */
int64_t ff_seal_many(ff_sealer *const *sealers, size_t num_sealers,
                     ff_batch *batch, int in_place, uint32_t workers);

/* ff_open_batch judges, opens and commits frame by frame in order, so a
 * duplicate inside one batch is caught. Returns as ff_seal_batch does. */
int64_t ff_open_batch(ff_opener *opener, ff_batch *batch, int in_place,
                      uint32_t workers);
int64_t ff_open_many(ff_opener *const *openers, size_t num_openers,
                     ff_batch *batch, int in_place, uint32_t workers);

/* -- Batches ------------------------------------------------------------- */

/* ff_batch_tables_size gives the bytes that all tables of a batch take. */
size_t ff_batch_tables_size(uint32_t capacity);

/* ff_batch_init lays a batch over memory that the caller keeps: tables (8-byte
 * aligned, ff_batch_tables_size bytes), out, and an arena for frames (in NULL:
 * frames will be gathered). in_limit is how many bytes of frames it may hold. */
ff_error ff_batch_init(ff_batch *batch, uint8_t *tables, uint32_t capacity,
                       uint8_t *out, size_t out_size, uint8_t *in,
                       size_t in_size, size_t in_limit) FF_MUST_USE;

/* ff_batch_gather points the batch at count frames where they stand, all of
 * one ff_key_frame, and ff_batch_gather_aad at as many aads. The pointers are
 * copied, the bytes borrowed until the batch has run. */
ff_error ff_batch_gather(ff_batch *batch, const uint8_t *const *frames,
                         const uint32_t *lens, uint32_t count,
                         int key_frame) FF_MUST_USE;
ff_error ff_batch_gather_aad(ff_batch *batch, const uint8_t *const *aads,
                             const uint32_t *lens) FF_MUST_USE;

/* ff_layout: how an interpreter lays out the objects that hold its bytes:
 * words with their type and length, then the bytes. */
typedef struct {
    uintptr_t type;
    size_t    type_at, len_at, data_at;
} ff_layout;

/* ff_objects_size adds up the lengths of the count objects whose addresses
 * stand at items: FF_BAD_ARGUMENT (negated) if one is of another type,
 * FF_BAD_LENGTH above FF_FRAME_MAX. ff_batch_gather_objects points the batch at
 * what ff_objects_size has found good. */
int64_t ff_objects_size(const ff_layout *layout, uintptr_t items,
                        uint32_t count);
ff_error ff_batch_gather_objects(ff_batch *batch, const ff_layout *layout,
                                 uintptr_t items, uint32_t count,
                                 int key_frame) FF_MUST_USE;

/* ff_batch_reserve makes room for one more frame of len bytes in the arena and
 * returns where it stands, or a negated ff_error. */
int64_t ff_batch_reserve(ff_batch *batch, size_t len, int key_frame,
                         uint32_t source, const ff_extra *extra);

/* ff_batch_append reserves and copies frame there. */
ff_error ff_batch_append(ff_batch *batch, const uint8_t *frame, size_t len,
                         int key_frame, uint32_t source,
                         const ff_extra *extra) FF_MUST_USE;
ff_error ff_batch_clear(ff_batch *batch) FF_MUST_USE;
