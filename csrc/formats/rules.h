/* rules.h - what several formats have in common: suites, schedules, codecs. */
#ifndef FASTFRAME_RULES_H
#define FASTFRAME_RULES_H
#include "../format.h"

/* Bits of ff_format_facts, by the order of the tables they number. */
#define FF_SUITES_GCM_128 0x001u  /* AES-128-GCM */
#define FF_SUITES_GCM 0x003u      /* AES-128-GCM, AES-256-GCM */
#define FF_SUITES_CTR_HMAC 0x0FCu /* the six of RFC 9605 and its extension */
#define FF_SUITES_GCM_8 0x100u    /* AES-128-GCM-8 */

#define FF_SCHEDULES_RAW 0x01u
#define FF_SCHEDULES_SFRAME 0x02u
#define FF_SCHEDULES_LIVEKIT 0x0Cu /* PBKDF2, HKDF */
#define FF_SCHEDULES_JITSI 0x10u
#define FF_SCHEDULES_DAVE 0x20u

/* ff_own_rules: insertable and sframe with a codec. Their peers are ours: the
 * clear bytes are those that libwebrtc's packetisers, its depacketisers and
 * SFUs read, and a frame that has not so many is sealed whole. AV1 has no
 * prefix that would do: its packetiser parses all of a frame. */
extern const ff_clear_rule ff_own_rules[FF_NUM_CODECS];
#endif
