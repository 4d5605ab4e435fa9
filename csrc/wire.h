/* wire.h - a sealed frame behind its clear bytes, as if nothing were escaped. */
#ifndef FASTFRAME_WIRE_H
#define FASTFRAME_WIRE_H
#include "format.h"

/* Enough of an escaped frame's end for any tag and tail of such formats. */
#define FF_END_MAX 64

typedef struct {
    ff_wire  wire;        /* as formats read it */
    size_t   num_escapes; /* bytes that unescaping takes out, */
    size_t   first;       /* the first of them, from the start of the run */
    unsigned zeros;       /* before the run, as the format counts them */
    uint8_t  head[FF_HEADROOM], end[FF_END_MAX]; /* only if there are any */
} ff_run;

/* ff_run_read finds the ends of the bytes behind clear_len. */
void ff_run_read(ff_run *out, const ff_format *format, int is_escaped,
                 const uint8_t *frame, size_t len, size_t clear_len);

/* ff_run_body gives the place of the body_len bytes that stand behind skip
 * bytes of the run. Where there are escapes among them, they are undone into
 * out, which may be anywhere at or before where the bytes are. */
const uint8_t *ff_run_body(const ff_run *run, const ff_format *format,
                           const uint8_t *bytes, size_t skip, uint8_t *out,
                           size_t body_len);

/* ff_clear_zeros counts the zeros that end the clear bytes, two at most. */
unsigned ff_clear_zeros(const uint8_t *clear, size_t len);
#endif
