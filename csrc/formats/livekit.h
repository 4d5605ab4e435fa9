/* livekit.h - what LiveKit's servers and senders put around sealed frames. */
#ifndef FASTFRAME_LIVEKIT_H
#define FASTFRAME_LIVEKIT_H
#include <stddef.h>
#include <stdint.h>

/* ff_livekit_strip gives the length of a frame without the metadata that a
 * sender may have put behind it (never authenticated). */
size_t ff_livekit_strip(const uint8_t *wire, size_t len);

/* ff_livekit_is_blank: is this one of the blank frames that servers send in a
 * publisher's place? */
int ff_livekit_is_blank(const uint8_t *frame, size_t len);
#endif
