/* registry.c - registry.def as a table, looked up by number. */
#include "../format.h"

#define FF_FORMAT(name) extern const ff_format ff_format_##name;
#include "registry.def"
#undef FF_FORMAT

static const ff_format *const formats[] = {
#define FF_FORMAT(name) &ff_format_##name,
#include "registry.def"
#undef FF_FORMAT
};
#define NUM_FORMATS (sizeof formats / sizeof formats[0])

const ff_format *ff_format_at(uint32_t format)
{
    return format < NUM_FORMATS ? formats[format] : NULL;
}

const char *ff_format_name(uint32_t format)
{
    return format < NUM_FORMATS ? formats[format]->name : NULL;
}

ff_error ff_format_read(uint32_t format, uint32_t codec, ff_format_facts *out)
{
    if (format >= NUM_FORMATS || codec >= FF_NUM_CODECS)
        return FF_BAD_ARGUMENT;
    const ff_clear_rule *rule = &formats[format]->rules[codec];
    *out = formats[format]->facts;
    if (formats[format]->look) /* what was never sealed may be handed on */
        out->growth_min = 0;
    if (rule->how == FF_CLEAR_REFUSED)
        return FF_BAD_CODEC;
    out->growth = ff_growth(formats[format], rule);
    return FF_DONE;
}
