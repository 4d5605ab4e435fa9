/* test_clear_policy.c - frames without the mark of their format: forwarded only
 * where the caller's policy has it, and never if they carry the mark. */
#include "hex.h"
#include "rows.h"

#define MAX_LEN 100

/* open_text opens a frame without any key and gives what came of it. */
static int64_t open_text(const ff_settings *settings, const char *text)
{
    uint8_t frame[MAX_LEN], out[MAX_LEN];
    size_t len = hex_read(frame, text);
    ff_opener *opener = NULL;
    ff_opener_facts facts;
    CHECK_SAME(ff_opener_new(&opener, settings), FF_DONE);
    int64_t got = ff_open_one(opener, out, MAX_LEN, frame, len, FF_EITHER,
                              NULL);
    CHECK_SAME(ff_opener_read(opener, &facts, NULL, 0), FF_DONE);
    CHECK_SAME(facts.frames, got >= 0);
    CHECK_SAME(facts.forwarded + facts.injected, got >= 0);
    if (settings->format != LIVEKIT) /* it has no such policy */
        CHECK_SAME(facts.forwarded > 0, got >= 0 && settings->forwards_clear);
    CHECK(got < 0 || memcmp(out, frame, len) == 0);
    ff_opener_free(opener);
    return got;
}

static void test_unmarked_frames_pass_only_by_policy(void)
{
    static const char *const texts[] = {"", "00", "f8fffd", "e2eefe",
                                        "00112233445566778899aabbccddeeff"};
    for (uint32_t format = 0; format < NUM_FORMATS; format++)
        for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
            for (uint32_t forwards = 0; forwards < 2; forwards++) {
                const ff_settings settings = {
                    .format = format,
                    .codec = format == STREAM ? FF_CODEC_opus : FF_CODEC_none,
                    .forwards_clear = forwards};
                int may = format == STREAM || format == DAVE;
                int passes = (format == LIVEKIT && i == 0) || (may && forwards);
                int64_t got = open_text(&settings, texts[i]);
                CHECK_SAME(got >= 0, passes);
                CHECK(!may || forwards || got == -FF_NOT_ENCRYPTED);
            }
}

/* What has the mark is judged, whatever the policy: it is never handed on. */
static void test_marked_frames_never_pass_as_clear(void)
{
    static const struct {
        uint32_t    format;
        const char *text;
        ff_status   want;
    } cases[] = {
        {STREAM, "00112233445566778899aabb00ffe2eefeed",
         FF_UNSUPPORTED_VERSION},
        {STREAM, "02e2eefeed", FF_UNSUPPORTED_VERSION},
        {STREAM, "01e2eefeed", FF_MALFORMED},
        {STREAM, "00112233445566778899aabbccddeeff0011223344556677"
                 "000000010011223344556677000000" "01e2eefeed",
         FF_UNKNOWN_KEY},
        {DAVE, "0011223344556677889900fafa", FF_MALFORMED},
        {DAVE, "00112233445566778899010cfafa", FF_UNKNOWN_KEY},
        {DAVE, "fafa", FF_MALFORMED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (uint32_t forwards = 0; forwards < 2; forwards++) {
            const ff_settings settings = {.format = cases[i].format,
                                          .codec = FF_CODEC_opus,
                                          .forwards_clear = forwards};
            CHECK_SAME(open_text(&settings, cases[i].text),
                       -(int64_t)cases[i].want);
        }
}

/* Discord's servers send three bytes when somebody falls silent. */
static void test_dave_silence_passes_on_audio(void)
{
    for (uint32_t codec = 0; codec < FF_NUM_CODECS; codec++) {
        const ff_settings settings = {.format = DAVE, .codec = codec};
        int is_audio = codec == FF_CODEC_none || codec == FF_CODEC_opus;
        CHECK_SAME(open_text(&settings, "f8fffe"),
                   is_audio ? 3 : -FF_NOT_ENCRYPTED);
    }
    const ff_settings settings = {.format = DAVE};
    CHECK_SAME(open_text(&settings, "f8ffff"), -FF_NOT_ENCRYPTED);
}

int main(void)
{
    RUN(test_unmarked_frames_pass_only_by_policy);
    RUN(test_marked_frames_never_pass_as_clear);
    RUN(test_dave_silence_passes_on_audio);
    return check_report();
}
