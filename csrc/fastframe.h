/* fastframe.h - both API headers for C: guard, attributes, objects on the heap. */
#ifndef FASTFRAME_H
#define FASTFRAME_H
#include <stddef.h>
#include <stdint.h>
#if defined(__GNUC__)
#define FF_MUST_USE __attribute__((warn_unused_result))
#define FF_FLATTEN __attribute__((flatten)) /* inline all that it calls, */
#define FF_APART __attribute__((noinline))  /* but for what is rare and large */
#else
#define FF_MUST_USE
#define FF_FLATTEN
#define FF_APART
#endif
#include "fastframe_api.h"
#include "batch_api.h"

/* As ff_sealer_init and ff_opener_init, in memory that free gives back. free
 * closes first and allows NULL; no other thread may hold the object then.
 * Python keeps the memory itself: its finalisers may still call. */
ff_error ff_sealer_new(ff_sealer **out, const ff_settings *settings,
                       const ff_key *key, const ff_range *range) FF_MUST_USE;
void ff_sealer_free(ff_sealer *sealer);
ff_error ff_opener_new(ff_opener **out,
                       const ff_settings *settings) FF_MUST_USE;
void ff_opener_free(ff_opener *opener);
#endif
