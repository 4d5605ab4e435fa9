/* fastframe.h - include guard and attributes around fastframe_api.h. */
#ifndef FASTFRAME_H
#define FASTFRAME_H
#include <stddef.h>
#include <stdint.h>
#if defined(__GNUC__)
#define FF_MUST_USE __attribute__((warn_unused_result))
#define FF_FLATTEN __attribute__((flatten)) /* inline all that it calls */
#else
#define FF_MUST_USE
#define FF_FLATTEN
#endif
#include "fastframe_api.h"
#endif
