/* clear.h - which bytes of a frame stay clear: a codec's rule in a format. */
#ifndef FASTFRAME_CLEAR_H
#define FASTFRAME_CLEAR_H
#include "format.h"

/* ff_clear_rule_of gives a format's rule for a codec, NULL where it has none. */
const ff_clear_rule *ff_clear_rule_of(const ff_format *format, uint32_t codec);

/* ff_clear_opens_by gives the rule for opening: where frames describe
 * themselves, any codec will do. */
const ff_clear_rule *ff_clear_opens_by(const ff_format *format, uint32_t codec);

/* ff_clear_kind settles what kind a frame is: what the caller says, or else
 * what the codec reads from its bytes, or else a delta. */
ff_key_frame ff_clear_kind(uint32_t codec, ff_key_frame said,
                           const uint8_t *frame, size_t len);

/* ff_clear_slice gives how many bytes reach up to the first slice as the rule
 * has it, 0 without one. */
size_t ff_clear_slice(const ff_clear_rule *rule, uint32_t codec,
                      const uint8_t *frame, size_t len);

/* ff_clear_split splits a frame for sealing by plan->kind and sets is_escaped.
 * FF_MALFORMED: the peers could not open what would come of it. */
ff_status ff_clear_split(ff_split *out, ff_plan *plan,
                         const ff_clear_rule *rule, uint32_t codec,
                         const uint8_t *frame, size_t len);

/* ff_guess: one way to read a sealed frame. */
typedef struct {
    size_t       clear_len;
    ff_key_frame kind;
    int          is_escaped;
} ff_guess;

#define FF_GUESSES_MAX 2

/* ff_clear_guess lists the ways to read a sealed frame, the likely one first:
 * at most two, so a frame never costs more than two tag checks a key. */
uint32_t ff_clear_guess(ff_guess out[FF_GUESSES_MAX], const ff_format *format,
                        const ff_clear_rule *rule, uint32_t codec,
                        ff_key_frame said, const uint8_t *wire, size_t len);
#endif
