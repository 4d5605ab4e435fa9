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
#define FF_KEY_MAX 96  /* AES-256-CTR with HMAC-SHA-512 */
#define FF_FRAME_MAX 16777216  /* EVP takes int lengths; 16 MiB is far inside */
#define FF_SEALED_MAX 16778240 /* FF_FRAME_MAX + 1024 */
#define FF_BATCH_MAX 65536
#define FF_SOURCES_MAX 1024
#define FF_WORKERS_MAX 64
#define FF_SLOTS_MAX 65536
#define FF_WINDOW_MAX 65536
#define FF_RATCHET_MAX 256
#define FF_SPARE 64     /* zeroed bytes after an output: FFmpeg reads past the end */
#define FF_HEADROOM 32  /* kept before each frame in an arena: the longest header */
#define FF_TAILROOM 64  /* kept behind it: tag, trailer, growth */
#define FF_RESEALS_MAX 10 /* times that one frame is sealed anew */
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
    FF_BAD_CODEC = 1015,
    FF_NO_RATCHET = 1016,
    FF_LIB_MEMORY = 1032,
    FF_LIB_CRYPTO = 1033
} ff_error;

/* FF_EITHER makes open find out. */
typedef enum { FF_DELTA = 0, FF_KEY = 1, FF_EITHER = 2 } ff_key_frame;

typedef struct ff_sealer ff_sealer; /* one key in use, owns its counter */
typedef struct ff_opener ff_opener; /* many key slots and their windows */

/* ff_settings: what a sealer or opener is made for; zeros are good defaults.
 * All but the first two concern openers. */
typedef struct {
    uint32_t format, codec;
    uint32_t window;          /* width of each replay window, 0 for none */
    uint32_t ratchet_window;  /* steps that a sender may be ahead */
    uint32_t forwards_clear;  /* hand on frames without the format's mark */
    uint32_t strips_metadata; /* LiveKit's frame metadata, behind the frame */
    uint32_t sif_len;         /* of LiveKit's mark of server-injected frames */
    uint8_t  sif[64];
} ff_settings;

/* ff_key: key material, and what a schedule makes of it (ff_schedule_name).
 * salt is XORed with the counter into the nonce; formats that send the nonce
 * use it as prefix (rest zero); schedules that make a salt do not read it. If
 * salt_is_drawn the caller does not care which nonces come of it. mark is the
 * caller's name for the key, by which ff_sealer_grant knows it. */
typedef struct {
    uint64_t       id;
    uint64_t       mark;
    const uint8_t *key;
    size_t         key_len;
    const uint8_t *salt; /* FF_NONCE_LEN bytes */
    uint32_t       salt_is_drawn;
    uint32_t       suite, schedule;
    uint32_t       kdf_salt_len; /* 0: the schedule's own */
    const uint8_t *kdf_salt;
} ff_key;

/* ff_range: both ends are included. */
typedef struct { uint64_t first, last; } ff_range;

/* ff_extra: what only some formats take beside the frame; NULL means none. */
typedef struct {
    const uint8_t *aad;
    size_t         aad_len;
    uint64_t       counter; /* open, where the counter travels outside */
} ff_extra;

typedef struct {
    uint64_t key_id, mark;
    uint64_t next;      /* the counter of the next frame */
    uint64_t granted;   /* the last counter this sealer may use for now */
    uint32_t exhausted; /* 1: next has wrapped, no counter is left */
    uint32_t closed;
    uint64_t ratchet_step;
    uint64_t frames, bytes_in, bytes_out;
    uint64_t malformed, no_room, key_exhausted, internal;
} ff_sealer_facts;

typedef struct {
    uint64_t key_id;
    uint64_t frames, bytes_out, auth_failed, replayed, too_old;
    uint64_t senders; /* replay windows held now */
    uint64_t ratchet_step;
} ff_slot_facts;

typedef struct {
    uint32_t closed, num_slots;
    uint64_t frames, bytes_in, bytes_out;
    uint64_t malformed, not_encrypted, unsupported_version, unknown_key;
    uint64_t auth_failed, replayed, too_old, no_room, internal;
    uint64_t injected;  /* frames with status OK that a server had made */
    uint64_t forwarded; /* OK by policy, though not encrypted */
} ff_opener_facts;

/* ff_claim: what a sealed frame says of itself, unverified. */
typedef struct {
    uint64_t key_id, counter;
    uint32_t names_key, names_counter, names_nonce;
    uint32_t clear_len, header_len, body_len, tag_len, trailer_len;
    uint32_t num_clear;  /* clear ranges; 1 where clear_len stand in front */
    uint32_t num_escapes, extra_len; /* bytes a server has put behind */
    uint32_t is_plain;   /* a server's own frame */
    uint8_t  nonce[12];
} ff_claim;

/* -- Sealing ------------------------------------------------------------- */

/* ff_sealer_init makes a sealer in zeroed memory of ff_sealer_size bytes that
 * uses the counters of range, in order. No function takes a nonce: the sealer
 * makes each from salt and counter. */
size_t ff_sealer_size(void);
ff_error ff_sealer_init(ff_sealer *sealer, const ff_settings *settings,
                        const ff_key *key, const ff_range *range) FF_MUST_USE;

/* ff_sealer_rekey puts a new key in use for the next frame and wipes the old
 * one. After a failure the old key is still in use. */
ff_error ff_sealer_rekey(ff_sealer *sealer, const ff_key *key,
                         const ff_range *range) FF_MUST_USE;

/* ff_sealer_ratchet moves the key one step forward, under the same key id; the
 * counter goes on. FF_NO_RATCHET: its schedule has none. */
ff_error ff_sealer_ratchet(ff_sealer *sealer) FF_MUST_USE;

/* ff_sealer_grant moves the last usable counter up, never down, for counters
 * reserved on disk before use; only if the key in use is still mark's. */
ff_error ff_sealer_grant(ff_sealer *sealer, uint64_t mark,
                         uint64_t last) FF_MUST_USE;

/* ff_sealer_need gives how many counters must be granted for so many frames:
 * a few more where some must be sealed anew. What is not used is not taken. */
uint64_t ff_sealer_need(const ff_sealer *sealer, uint64_t frames);

/* ff_seal_one seals one frame into out and returns the sealed length, or the
 * negated ff_status or ff_error. A call that returns a negated ff_error used no
 * counter, nor one that gives FF_NO_ROOM, unless escapes were what had no room.
 * extra may be NULL. */
int64_t ff_seal_one(ff_sealer *sealer, uint8_t *out, size_t out_cap,
                    const uint8_t *frame, size_t frame_len, int key_frame,
                    const ff_extra *extra);

/* close wipes the key: later calls get FF_CLOSED. NULL is allowed. */
ff_error ff_sealer_read(ff_sealer *sealer, ff_sealer_facts *out) FF_MUST_USE;
void ff_sealer_close(ff_sealer *sealer);

/* -- Opening ------------------------------------------------------------- */

/* ff_opener_init makes an opener without keys, as ff_sealer_init does. */
size_t ff_opener_size(void);
ff_error ff_opener_init(ff_opener *opener,
                        const ff_settings *settings) FF_MUST_USE;

/* ff_opener_set_key fills a slot. Importing the key that a slot already holds
 * keeps its replay windows and ratchet, so that a repeated announcement of a
 * key does not let old frames in again. */
ff_error ff_opener_set_key(ff_opener *opener, const ff_key *key) FF_MUST_USE;
ff_error ff_opener_drop_key(ff_opener *opener, uint64_t key_id) FF_MUST_USE;

/* ff_opener_allow sets how many ratchet steps frames may still cause to be
 * derived; 0 at first. The clock is the caller's: it bounds them per second. */
ff_error ff_opener_allow(ff_opener *opener, uint32_t steps) FF_MUST_USE;

/* ff_open_one opens one frame into out and returns its length, or the negated
 * ff_status or ff_error. extra may be NULL. */
int64_t ff_open_one(ff_opener *opener, uint8_t *out, size_t out_cap,
                    const uint8_t *sealed, size_t sealed_len, int key_frame,
                    const ff_extra *extra);

ff_error ff_opener_read(ff_opener *opener, ff_opener_facts *out,
                        ff_slot_facts *out_slots,
                        uint32_t max_slots) FF_MUST_USE;
void ff_opener_close(ff_opener *opener);

/* -- Wire formats, codecs, suites ------------------------------------------ */

/* What this build knows, by number from 0; NULL past the end. */
const char *ff_format_name(uint32_t format);
const char *ff_codec_name(uint32_t codec);
const char *ff_suite_name(uint32_t suite);
const char *ff_schedule_name(uint32_t schedule);
size_t ff_suite_key_len(uint32_t suite);
size_t ff_suite_tag_len(uint32_t suite);

/* ff_schedule_lens gives how many bytes of key material a schedule takes. */
ff_error ff_schedule_lens(uint32_t schedule, uint32_t suite,
                          size_t *out_least, size_t *out_most) FF_MUST_USE;

/* ff_format_facts: what Python must know of a format to check arguments. */
typedef struct {
    uint32_t growth, growth_min; /* most and fewest bytes sealing adds */
    uint32_t prefix_len;   /* salt bytes that tell senders apart */
    uint32_t salt_len;     /* salt bytes drawn for each key */
    uint32_t sends_nonce;  /* 0: salt is agreed or derived */
    uint32_t sends_counter; /* 0: it travels outside */
    uint32_t has_replay_check;
    uint32_t has_key_flag; /* key or delta is authenticated by itself */
    uint32_t takes_aad;
    uint32_t describes_itself; /* opening needs no codec */
    uint32_t names_key;    /* 0: no byte of a frame says which key */
    uint32_t names_step;   /* the counter's bits from step_bits on say which */
    uint32_t step_bits;    /* ratchet step a frame's key is at */
    uint32_t slots_max;
    uint32_t tag_min;      /* bytes of the shortest tag */
    uint32_t suites, schedules; /* bit n: it takes number n */
    uint64_t key_id_max, counter_min, counter_max;
} ff_format_facts;

/* ff_format_read gives the facts of a format with a codec. FF_BAD_CODEC: it has
 * no rule for it, and out only holds for opening if it describes itself. */
ff_error ff_format_read(uint32_t format, uint32_t codec,
                        ff_format_facts *out) FF_MUST_USE;

/* ff_inspect reads what one sealed frame claims; nothing is verified. */
ff_status ff_inspect(const ff_settings *settings, uint32_t tag_len,
                     ff_claim *out, const uint8_t *sealed,
                     size_t sealed_len) FF_MUST_USE;

/* -- Key derivation: HKDF (RFC 5869), PBKDF2-HMAC-SHA256 (RFC 8018) --------- */

typedef enum { FF_SHA256 = 0, FF_SHA512 = 1 } ff_hash;

/* ff_bytes: borrowed bytes; len 0 allows a NULL at. */
typedef struct { const uint8_t *at; size_t len; } ff_bytes;

/* ff_hkdf_extract writes as many bytes as the digest has. An empty salt means
 * that many zeros. ff_hkdf_expand writes out_len bytes under a pseudorandom
 * key; ff_hkdf does one after the other. */
ff_error ff_hkdf_extract(uint8_t *out, ff_hash hash, ff_bytes salt,
                         ff_bytes secret) FF_MUST_USE;
ff_error ff_hkdf_expand(uint8_t *out, size_t out_len, ff_hash hash,
                        ff_bytes key, ff_bytes info) FF_MUST_USE;
ff_error ff_hkdf(uint8_t *out, size_t out_len, ff_hash hash, ff_bytes secret,
                 ff_bytes salt, ff_bytes info) FF_MUST_USE;
ff_error ff_pbkdf2(uint8_t *out, size_t out_len, ff_bytes password,
                   ff_bytes salt, uint32_t iterations) FF_MUST_USE;

/* -- Facts; names and texts of statuses live in C alone -------------------- */

const char *ff_status_name(int status);
const char *ff_status_text(int status);
const char *ff_version(void);
const char *ff_openssl_version(void); /* of the library in use */
const char *ff_openssl_built_with(void);
const char *ff_openssl_cpu(void);     /* OpenSSL's own word on the CPU */
int ff_openssl_is_static(void);
int ff_openssl_has_vaes(void);        /* 1 assembled in, 0 not, -1 unknown */
