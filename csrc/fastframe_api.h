/* fastframe_api.h - every declaration Python may call, and nothing else.
 *
 * Read by the C compiler (through fastframe.h) and, word for word, by cffi
 * (ffi_build.py): no #include, no #if, no attribute but FF_MUST_USE.
 *
 * Reading rules for every function below
 *   - Parameters come as: object, outputs, inputs.
 *   - An ff_error says whether the *call* was well formed. What became of each
 *     frame is in its own ff_status. 0 is success in both.
 *   - When a call fails as a whole, no frame was touched; its batch's results
 *     read FF_NOT_RUN (FF_BATCH_BUSY, FF_BATCH_SPENT: as before).
 *   - A frame whose status is not FF_OK has length 0, and whatever had been
 *     written for it is zeroed. Unverified plaintext is never left behind.
 *   - All buffers are borrowed for the call; keys and salts are copied, so the
 *     caller may wipe its own at once.
 *   - Output and input of one frame do not overlap, or start at the same
 *     address, or the body stands exactly where it will stand in the output.
 *     In place, a frame that fails its tag is gone.
 *
 * Threads
 *   - Every object may be shared. Calls on one sealer or opener wait for each
 *     other; calls on different ones run in parallel.
 *   - An ff_batch is one buffer: a second concurrent user gets FF_BATCH_BUSY
 *     before anything is touched.
 *   - close may come at any time, also twice, also while others call.
 */

#define FF_TAG_LEN 16
#define FF_NONCE_LEN 12
#define FF_KEY_MAX 32
#define FF_FRAME_MAX 16777216  /* EVP takes int lengths; 16 MiB is far inside */
#define FF_SEALED_MAX 16777344 /* FF_FRAME_MAX + FF_FRAME_ROOM */
#define FF_BATCH_MAX 65536
#define FF_SOURCES_MAX 1024
#define FF_SLOTS_MAX 65536
#define FF_WINDOW_MAX 65536
#define FF_SPARE 64     /* zeroed bytes after an output: FFmpeg reads past the end */
#define FF_HEADROOM 32  /* kept before each frame in an arena: the longest header */
#define FF_TAILROOM 64  /* kept behind it: tag, trailer, growth */
#define FF_FRAME_ROOM 128 /* arena bytes one frame may cost beyond its own length */

/* What became of one frame. */
typedef enum {
    FF_OK = 0,
    FF_MALFORMED = 1,
    FF_NOT_ENCRYPTED = 2,
    FF_UNSUPPORTED_VERSION = 3,
    FF_UNKNOWN_KEY = 4,
    FF_AUTH_FAILED = 5,
    FF_REPLAYED = 6,
    FF_TOO_OLD = 7,
    FF_NO_ROOM = 32,
    FF_KEY_EXHAUSTED = 64,
    FF_INTERNAL = 96,
    FF_NOT_RUN = 255
} ff_status;

/* Why a call as a whole was refused. Texts of both: status.def. */
typedef enum {
    FF_DONE = 0,
    FF_BAD_ARGUMENT = 1001,
    FF_BAD_LENGTH = 1002,
    FF_BAD_SPAN = 1003,
    FF_BAD_OVERLAP = 1004,
    FF_BAD_SOURCE = 1005,
    FF_BAD_AAD = 1006,
    FF_BAD_KEY_ID = 1007,
    FF_BATCH_BUSY = 1008,
    FF_BATCH_FULL = 1009,
    FF_BATCH_SPENT = 1010,
    FF_CLOSED = 1011,
    FF_FORKED = 1012,
    FF_RESERVE_FIRST = 1013,
    FF_NO_SUCH_KEY = 1014,
    FF_LIB_MEMORY = 1032,
    FF_LIB_CRYPTO = 1033
} ff_error;

/* FF_EITHER makes open find out. */
typedef enum { FF_DELTA = 0, FF_KEY = 1, FF_EITHER = 2 } ff_key_frame;

typedef struct ff_sealer ff_sealer; /* one key in use, owns its counter */
typedef struct ff_opener ff_opener; /* many key slots and their windows */

/* ff_key: salt is XORed with the counter into the nonce; formats that send the
 * nonce use it as prefix (rest zero). mark is the caller's name for the key,
 * by which ff_sealer_grant knows it. */
typedef struct {
    uint64_t       id;
    uint64_t       mark;
    const uint8_t *key;
    size_t         key_len;
    const uint8_t *salt; /* FF_NONCE_LEN bytes */
} ff_key;

/* ff_range: both ends are included. */
typedef struct { uint64_t first, last; } ff_range;

/* ff_extra: what only some formats take beside the frame; NULL means none. */
typedef struct {
    const uint8_t *aad;
    size_t         aad_len;
    uint64_t       counter; /* open, where the counter travels outside */
} ff_extra;

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

typedef struct {
    uint64_t key_id, mark;
    uint64_t next;      /* the counter of the next frame */
    uint64_t granted;   /* the last counter this sealer may use for now */
    uint32_t exhausted; /* 1: next has wrapped, no counter is left */
    uint32_t closed;
    uint64_t frames, bytes_in, bytes_out, no_room, key_exhausted, internal;
} ff_sealer_facts;

typedef struct {
    uint64_t key_id;
    uint64_t frames, bytes_out, auth_failed, replayed, too_old;
    uint64_t senders; /* replay windows held now */
} ff_slot_facts;

typedef struct {
    uint32_t closed, num_slots;
    uint64_t frames, bytes_in, bytes_out;
    uint64_t malformed, not_encrypted, unsupported_version, unknown_key;
    uint64_t auth_failed, replayed, too_old, no_room, internal;
} ff_opener_facts;

/* ff_claim: what a sealed frame says of itself, unverified. */
typedef struct {
    uint64_t key_id, counter;
    uint32_t names_key, names_counter, names_nonce;
    uint32_t header_len, body_len, tag_len, trailer_len;
    uint8_t  nonce[12];
} ff_claim;

/* -- Sealing ------------------------------------------------------------- */

/* ff_sealer_init makes a sealer in zeroed memory of ff_sealer_size bytes that
 * uses the counters of range, in order. No function takes a nonce: the sealer
 * makes each from salt and counter. */
size_t ff_sealer_size(void);
ff_error ff_sealer_init(ff_sealer *sealer, uint32_t format, uint32_t suite,
                        const ff_key *key, const ff_range *range) FF_MUST_USE;

/* ff_sealer_rekey puts a new key in use for the next frame and wipes the old
 * one. After a failure the old key is still in use. */
ff_error ff_sealer_rekey(ff_sealer *sealer, uint32_t suite, const ff_key *key,
                         const ff_range *range) FF_MUST_USE;

/* ff_sealer_grant moves the last usable counter up, never down, for counters
 * reserved on disk before use; only if the key in use is still mark's. */
ff_error ff_sealer_grant(ff_sealer *sealer, uint64_t mark,
                         uint64_t last) FF_MUST_USE;

/* ff_seal_one seals one frame into out and returns the sealed length, or the
 * negated ff_status or ff_error. A call that returns a negated ff_error, or
 * FF_NO_ROOM, used no counter. extra may be NULL. */
int64_t ff_seal_one(ff_sealer *sealer, uint8_t *out, size_t out_cap,
                    const uint8_t *frame, size_t frame_len, int key_frame,
                    const ff_extra *extra);

/* ff_seal_batch takes batch->count counters in one step, then seals frame by
 * frame, into batch->out or (in_place) over the frames in their arena. It
 * returns how many frames read FF_OK, or a negated ff_error. A frame that
 * fails keeps its counter spent and does not stop the rest; frames beyond the
 * last counter read FF_KEY_EXHAUSTED. */
int64_t ff_seal_batch(ff_sealer *sealer, ff_batch *batch, int in_place);

/* ff_seal_many is ff_seal_batch with batch->source choosing the sealer. */
int64_t ff_seal_many(ff_sealer *const *sealers, size_t num_sealers,
                     ff_batch *batch, int in_place);

/* close wipes the key: later calls get FF_CLOSED. NULL is allowed. */
ff_error ff_sealer_read(ff_sealer *sealer, ff_sealer_facts *out) FF_MUST_USE;
void ff_sealer_close(ff_sealer *sealer);

/* -- Opening ------------------------------------------------------------- */

/* ff_opener_init makes an opener without keys, as ff_sealer_init does. salt (FF_NONCE_LEN bytes) is for
 * formats that send no nonce, else NULL. window: width of each, 0 for none. */
size_t ff_opener_size(void);
ff_error ff_opener_init(ff_opener *opener, uint32_t format,
                        const uint8_t *salt, uint32_t window) FF_MUST_USE;

/* ff_opener_set_key fills a slot; key->salt is not read. Importing the key
 * that a slot already holds keeps its replay windows, so that a repeated
 * announcement of a key does not let old frames in again. */
ff_error ff_opener_set_key(ff_opener *opener, uint32_t suite,
                           const ff_key *key) FF_MUST_USE;
ff_error ff_opener_drop_key(ff_opener *opener, uint64_t key_id) FF_MUST_USE;

/* ff_open_one opens one frame into out and returns its length, or the negated
 * ff_status or ff_error. extra may be NULL. */
int64_t ff_open_one(ff_opener *opener, uint8_t *out, size_t out_cap,
                    const uint8_t *sealed, size_t sealed_len, int key_frame,
                    const ff_extra *extra);

/* ff_open_batch judges, opens and commits frame by frame in order, so a
 * duplicate inside one batch is caught. Returns as ff_seal_batch does. */
int64_t ff_open_batch(ff_opener *opener, ff_batch *batch, int in_place);
int64_t ff_open_many(ff_opener *const *openers, size_t num_openers,
                     ff_batch *batch, int in_place);

ff_error ff_opener_read(ff_opener *opener, ff_opener_facts *out,
                        ff_slot_facts *out_slots,
                        uint32_t max_slots) FF_MUST_USE;
void ff_opener_close(ff_opener *opener);

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
 * one ff_key_frame; ff_batch_gather_at takes numbers, to each of which offset is
 * added, and ff_batch_gather_aad as many aads. The pointers are copied, the
 * bytes borrowed until the batch has run. */
ff_error ff_batch_gather(ff_batch *batch, const uint8_t *const *frames,
                         const uint32_t *lens, uint32_t count,
                         int key_frame) FF_MUST_USE;
ff_error ff_batch_gather_at(ff_batch *batch, const uintptr_t *frames,
                            size_t offset, const uint32_t *lens,
                            uint32_t count, int key_frame) FF_MUST_USE;
ff_error ff_batch_gather_aad(ff_batch *batch, const uint8_t *const *aads,
                             const uint32_t *lens) FF_MUST_USE;

/* ff_batch_reserve makes room for one more frame of len bytes in the arena and
 * returns where it stands, or a negated ff_error. */
int64_t ff_batch_reserve(ff_batch *batch, size_t len, int key_frame,
                         uint32_t source, const ff_extra *extra);

/* ff_batch_append reserves and copies frame there. */
ff_error ff_batch_append(ff_batch *batch, const uint8_t *frame, size_t len,
                         int key_frame, uint32_t source,
                         const ff_extra *extra) FF_MUST_USE;
ff_error ff_batch_clear(ff_batch *batch) FF_MUST_USE;

/* -- Wire formats, codecs, suites ------------------------------------------ */

/* What this build knows, by number from 0; NULL past the end. */
const char *ff_format_name(uint32_t format);
const char *ff_codec_name(uint32_t codec);
const char *ff_suite_name(uint32_t suite);
size_t ff_suite_key_len(uint32_t suite);

/* ff_format_facts: what Python must know of a format to check arguments. */
typedef struct {
    uint32_t growth, growth_min; /* most and fewest bytes sealing adds */
    uint32_t prefix_len;   /* salt bytes that tell senders apart */
    uint32_t sends_nonce;  /* 0: salt is agreed, the counter travels outside */
    uint32_t has_key_flag; /* key or delta is authenticated */
    uint32_t takes_aad;
    uint32_t names_key;    /* 0: one slot only */
    uint64_t key_id_max, counter_max;
} ff_format_facts;
ff_error ff_format_read(uint32_t format, ff_format_facts *out) FF_MUST_USE;

/* ff_inspect reads what one sealed frame claims; nothing is verified. */
ff_status ff_inspect(uint32_t format, ff_claim *out, const uint8_t *sealed,
                     size_t sealed_len) FF_MUST_USE;

/* -- Facts; names and texts of statuses live in C alone -------------------- */

const char *ff_status_name(int status);
const char *ff_status_text(int status);
const char *ff_version(void);
const char *ff_openssl_version(void); /* of the library in use */
const char *ff_openssl_built_with(void);
const char *ff_openssl_cpu(void);     /* OpenSSL's own word on the CPU */
int ff_openssl_is_static(void);
int ff_openssl_has_vaes(void);        /* 1 assembled in, 0 not, -1 unknown */
