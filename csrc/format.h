/* format.h - what a wire format supplies, and nothing about keys or ciphers.
 *
 * Every format is one shape:
 *
 *     clear || head || body || tag || tail
 *
 * clear is what the codec's packetisers and SFUs must read, body is
 * ciphertext (where a frame has several clear ranges, with them in between).
 * A format turns bytes into a plan and a plan into bytes. It never sees a key,
 * calls OpenSSL or allocates, so it can be tested and fuzzed by itself. Every
 * guarantee (bounds, zeroing, replay, status) is kept once, by seal.c and
 * open.c.
 */
#ifndef FASTFRAME_FORMAT_H
#define FASTFRAME_FORMAT_H
#include "codec.h"
#include "escape.h"

#define FF_TAIL_MAX 255

/* Ciphertext needs 03 put in some four times in 16 MiB: more than this in one
 * frame does not happen. */
#define FF_ESCAPES_MAX 64

/* The codecs by number, so that a format can have a row for each. */
enum {
#define FF_CODEC(name) FF_CODEC_##name,
#include "codecs/registry.def"
#undef FF_CODEC
    FF_NUM_CODECS
};

/* How a format finds what stays clear of a codec's frames. */
typedef enum {
    FF_CLEAR_REFUSED = 0, /* no rule: fail closed */
    FF_CLEAR_NONE,        /* nothing */
    FF_CLEAR_FIXED,       /* so many bytes of a key frame, so many of a delta */
    FF_CLEAR_SLICE,       /* up to the codec's first slice */
    FF_CLEAR_ANY_SLICE,   /* up to the first of H.264, or else of H.265 */
    FF_CLEAR_RANGES,      /* the codec's ranges; the frame lists them */
} ff_clear_how;

/* What becomes of a frame that is shorter than what should stay clear. */
typedef enum {
    FF_SHORT_REFUSED = 0, /* the peers' receivers could not open it */
    FF_SHORT_CLAMPED,     /* all of it stays clear */
    FF_SHORT_SEALED,      /* none of it does */
} ff_short_frames;

/* What makes a sealed frame unfit to travel, by chance: it is sealed anew under
 * the next counter. */
typedef enum {
    FF_RESEALS_NEVER = 0,
    FF_RESEALS_START_CODE, /* it holds a start code that the frame had not */
    FF_RESEALS_SLICE,      /* the receiver would find another first slice */
    FF_RESEALS_ZERO,       /* it ends in a zero: parsers of NAL units cut it */
} ff_reseals;

typedef struct {
    ff_clear_how    how;
    uint32_t        key, delta; /* bytes; also of frames without a slice */
    ff_short_frames shorts;
    uint8_t         canonical;   /* start codes get four bytes */
    uint8_t         escapes;     /* with a slice: no start code behind it */
    uint8_t         escapes_all; /* without one, too */
    ff_reseals      reseals;
} ff_clear_rule;

/* ff_plan: where the parts of one sealed frame stand and what it names. */
typedef struct {
    uint64_t key_id;
    uint64_t counter;
    uint64_t sender;  /* whose replay window; 0 if there is only one */

    uint32_t clear_len, head_len, body_len, tag_len, tail_len;

    const uint8_t *aad; /* the format's own authenticated bytes */
    uint32_t       aad_len;
    ff_key_frame   kind;
    uint32_t       is_escaped;
    uint32_t       avoids_zero; /* seal: no zero byte may be in the nonce */
    const uint8_t *salt;        /* seal: what the nonce is made of */
    uint8_t        nonce[FF_NONCE_LEN];
    uint8_t        head[FF_HEADROOM];  /* seal: its bytes */
    uint8_t        tail[FF_TAIL_MAX];
} ff_plan;

/* ff_wire: a sealed frame behind its clear bytes, escapes undone. Ends hold
 * enough for any head and tail. */
typedef struct {
    const uint8_t *head; /* the first bytes, head_len of them */
    const uint8_t *end;  /* behind the last byte; tail_len stand before it */
    size_t         head_len, tail_len;
    size_t         len;  /* of all that is behind the clear bytes */
} ff_wire;

/* A frame that was never sealed and is let through. */
typedef enum {
    FF_PLAIN_NOT = 0,
    FF_PLAIN_KNOWN,    /* a server's own, known byte for byte */
    FF_PLAIN_FORWARDED /* any, by the caller's policy */
} ff_plain;

/* ff_look: what the end of a sealed frame says before anything is planned. */
typedef struct {
    size_t    len;        /* without what senders or servers put behind it */
    size_t    clear_len;  /* if the frame says so itself: */
    int       says_clear;
    int       is_escaped; /* with says_clear */
    ff_plain  plain;      /* let through unsealed: len bytes */
    uint32_t  tail_len;   /* given to plan_open, */
    uint64_t  counter;    /* as is this */
    ff_split *split;      /* filled where the frame lists its clear ranges */
} ff_look;

typedef struct {
    const char          *name; /* what Python calls it */
    ff_format_facts      facts;
    const ff_clear_rule *rules; /* FF_NUM_CODECS of them */
    ff_unescape_rule     unescape;
    uint32_t             seeds_escape; /* the clear bytes' last zeros count */
    uint32_t             passes_empty; /* an empty frame travels as it is */

    /* plan_seal fills head, tail, aad (lengths are 0 before) and nonce from the
     * rest of plan. split is what stays clear if that is several ranges. */
    ff_status (*plan_seal)(ff_plan *plan, const ff_split *split);

    /* plan_open reads clear_len, tag_len and kind and fills the rest (zero
     * before) but for body_len: FF_OK, or what is wrong. Without
     * facts.sends_nonce it leaves nonce alone. */
    ff_status (*plan_open)(ff_plan *plan, const ff_wire *wire);

    /* look reads the end of a frame into a zeroed out (but for split); NULL:
     * nothing to see there. */
    ff_status (*look)(ff_look *out, const ff_settings *settings,
                      const uint8_t *wire, size_t len);
} ff_format;

/* ff_format_at gives a registered format by number, NULL past the end. */
const ff_format *ff_format_at(uint32_t format);

/* ff_plan_begin makes a plan ready for plan_open to fill. */
static inline void ff_plan_begin(ff_plan *plan, const ff_format *format,
                                 ff_key_frame kind)
{
    plan->kind = kind;
    plan->tag_len = format->facts.tag_min; /* the least, until a key is known */
    plan->key_id = plan->sender = plan->counter = 0;
    plan->clear_len = plan->head_len = plan->tail_len = plan->aad_len = 0;
    plan->aad = NULL;
}

/* ff_growth gives the most bytes that sealing adds under a rule. */
static inline uint32_t ff_growth(const ff_format *format,
                                 const ff_clear_rule *rule)
{
    /* How many start codes and escapes there are, the frame decides. */
    uint32_t more = rule->canonical || rule->escapes
                        ? FF_PIECES_MAX + FF_ESCAPES_MAX
                        : 0;
    return format->facts.growth + more;
}

static inline uint32_t ff_plan_body_at(const ff_plan *plan)
{
    return plan->clear_len + plan->head_len;
}

static inline uint32_t ff_plan_sealed_len(const ff_plan *plan)
{
    return plan->clear_len + plan->head_len + plan->body_len + plan->tag_len +
           plan->tail_len;
}
#endif
