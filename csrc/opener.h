/* opener.h - what an opener holds; its parts are opener.c, open.c, reading.c,
 * verify.c. */
#ifndef FASTFRAME_OPENER_H
#define FASTFRAME_OPENER_H
#include "clear.h"
#include "frame.h"
#include "lock.h"
#include "slots.h"
#include "wire.h"

struct ff_opener {
    ff_lock              lock; /* guards everything below */
    const ff_format     *format;
    const ff_clear_rule *rule;
    ff_settings          settings;
    ff_slots             slots;
    uint32_t             is_whole;   /* see are_whole */
    uint32_t             steps_left; /* ratchet steps that may be derived */
    uint32_t             is_closed;
    ff_opener_facts      facts;
};

/* ff_opener_lock locks an opener that is not closed. */
ff_error ff_opener_lock(ff_opener *opener) FF_MUST_USE;

/* ff_reading: one way of reading one frame, on its way to being verified. */
typedef struct {
    ff_opener *opener;
    ff_frame  *frame;
    ff_slot   *slot;
    ff_plan    plan;
    ff_run     run;
    uint8_t   *work;      /* where the body's plaintext comes to stand first */
    const uint8_t *body;  /* its ciphertext */
    int        is_over;   /* output and input share bytes */
    uint8_t   *spoiled;   /* then: what the cipher was let loose on, */
    uint32_t   spoiled_len; /* in the output */
    uint32_t   claim_len;   /* the output's length, 0 where it makes no sense */
    int        has_derived; /* this frame has caused a slow derivation */
    ff_split  *split;     /* the clear ranges, where the frame lists them */
    const uint8_t *tag;
} ff_reading;

/* ff_opener_admits refuses aad where the format takes none. */
ff_error ff_opener_admits(const ff_opener *opener,
                          uint32_t aad_len) FF_MUST_USE;

/* ff_open_frame opens one frame under the opener's lock: an ff_status, or
 * FF_BAD_OVERLAP. *out_slot becomes the slot whose key was tried, if any.
 * ff_opener_count counts what became of it; ff_open_counted does both. */
int ff_open_frame(ff_opener *opener, ff_frame *frame, ff_slot **out_slot);
void ff_opener_count(ff_opener *opener, ff_slot *slot, const ff_frame *frame,
                     ff_status status);
int ff_open_counted(ff_opener *opener, ff_frame *frame);

/* ff_open_guessed is ff_open_frame for a frame that may be meant in more than
 * one way. */
int ff_open_guessed(ff_opener *opener, ff_frame *frame, ff_slot **out_slot);

/* ff_verify opens a frame whose plan is made into an output that fits, trying
 * what keys its slot has. Unless it gives FF_OK nothing unverified is left. */
ff_status ff_verify(ff_reading *reading);
#endif
