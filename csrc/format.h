/* format.h - what a wire format supplies, and nothing about keys or ciphers.
 *
 * A format turns bytes into a plan and a plan into bytes. It never sees a key,
 * calls OpenSSL or allocates, so it can be tested and fuzzed by itself. Every
 * guarantee (bounds, zeroing, replay, status) is kept once, by seal.c and
 * open.c.
 */
#ifndef FASTFRAME_FORMAT_H
#define FASTFRAME_FORMAT_H
#include "fastframe.h"

/* ff_plan: where the parts of one sealed frame stand and what it names. */
typedef struct {
    uint64_t       key_id;
    uint64_t       counter;
    uint64_t       sender;  /* whose replay window; 0 if there is only one */
    const uint8_t *aad[2];  /* the format's own authenticated bytes, for a
                               delta and for a key frame */
    uint32_t       aad_len;
    uint32_t       body_at; /* ciphertext, in the sealed frame */
    uint32_t       body_len;
    uint32_t       tag_at;
    uint32_t       sealed_len;
    uint8_t        nonce[FF_NONCE_LEN];
    uint8_t        head[FF_HEADROOM]; /* seal: the body_at bytes in front */
} ff_plan;

typedef struct {
    const char     *name; /* what Python calls it */
    ff_format_facts facts;

    /* plan_seal reads key_id, counter and nonce from plan and fills the rest
     * for a frame of len bytes. */
    void (*plan_seal)(ff_plan *plan, size_t len);

    /* plan_open fills plan from len wire bytes: FF_OK, or what is wrong with
     * them. Without facts.sends_nonce it leaves nonce and counter alone. */
    ff_status (*plan_open)(ff_plan *plan, const uint8_t *wire, size_t len);
} ff_format;

/* ff_format_at gives a registered format by number, NULL past the end. */
const ff_format *ff_format_at(uint32_t format);
#endif
