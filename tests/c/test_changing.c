/* test_changing.c - a frame that another thread writes to while it is sealed or
 * opened: it may come to nothing, but no byte outside is read or written, and
 * what is handed on was verified.
 *
 * link: --wrap=EVP_CIPHER_fetch,EVP_CipherInit_ex2,EVP_EncryptInit_ex2
 * link: --wrap=EVP_EncryptUpdate,EVP_EncryptFinal_ex,EVP_CIPHER_CTX_get_params
 * link: --wrap=EVP_DecryptInit_ex2,EVP_DecryptUpdate,EVP_CipherUpdate
 * link: --wrap=EVP_MAC_fetch,EVP_MAC_init,EVP_MAC_update,EVP_MAC_final
 * link: --wrap=ff_escape_count,ff_unescape_count,ff_annexb_has_start_code
 */
#include "rows.h"

#include "crypto_wrap.h"

#define MEDIA 300
#define MAX_LEN (MEDIA + ROW_MEDIA_MAX)
#define MAX_SEALED (MAX_LEN + ROW_GROWTH)
#define ROUNDS 60

static uint8_t *victim; /* what the other thread writes to */
static size_t   victim_len;
static uint32_t until_change; /* steps; 0: it has happened */

/* change writes what makes most trouble: escapes, start codes, long ranges. */
static void change(void)
{
    static const uint8_t values[] = {0, 0, 0, 3, 1, 0x65, 0xFF, 0xFA};
    if (until_change == 0 || --until_change > 0)
        return;
    for (size_t i = 0; i < victim_len; i++)
        victim[i] = values[kit_below(8)];
}

size_t __real_ff_escape_count(const uint8_t *bytes, size_t len, unsigned zeros);
size_t __wrap_ff_escape_count(const uint8_t *bytes, size_t len, unsigned zeros);
size_t __real_ff_unescape_count(const uint8_t *bytes, size_t len,
                                unsigned zeros, ff_unescape_rule rule);
size_t __wrap_ff_unescape_count(const uint8_t *bytes, size_t len,
                                unsigned zeros, ff_unescape_rule rule);
int __real_ff_annexb_has_start_code(const uint8_t *bytes, size_t len);
int __wrap_ff_annexb_has_start_code(const uint8_t *bytes, size_t len);

size_t __wrap_ff_escape_count(const uint8_t *bytes, size_t len, unsigned zeros)
{
    size_t count = __real_ff_escape_count(bytes, len, zeros);
    change();
    return count;
}

size_t __wrap_ff_unescape_count(const uint8_t *bytes, size_t len,
                                unsigned zeros, ff_unescape_rule rule)
{
    size_t count = __real_ff_unescape_count(bytes, len, zeros, rule);
    change();
    return count;
}

int __wrap_ff_annexb_has_start_code(const uint8_t *bytes, size_t len)
{
    int has = __real_ff_annexb_has_start_code(bytes, len);
    change();
    return has;
}

static void arm(uint8_t *at, size_t len, uint32_t steps)
{
    victim = at;
    victim_len = len;
    until_change = steps;
    before_each = change;
}

static void stand_down(void)
{
    before_each = NULL;
    until_change = 0;
}

/* way 0: the input changes; 1: the output; 2: they are one */
static void seal_changing(const kit_row *row, ff_sealer *sealer, int way,
                          uint32_t steps)
{
    kit_guarded in = kit_guard(MAX_LEN), out = kit_guard(MAX_SEALED);
    uint8_t *from = way == 2 ? out.at : in.at;
    size_t len = row_frame(row, from, FF_KEY, MEDIA);
    arm(way == 0 ? from : out.at, way == 0 ? len : MAX_SEALED, steps);
    int64_t got = ff_seal_one(sealer, out.at, MAX_SEALED, from, len, FF_KEY,
                              NULL);
    stand_down();
    CHECK(got <= MAX_SEALED);
    CHECK(kit_guards_hold(&in) && kit_guards_hold(&out));
    free(in.block);
    free(out.block);
}

static void test_sealing_what_changes(const kit_row *row)
{
    ff_sealer *sealer = row_sealer(row, FIRST_COUNTER);
    uint64_t before = FIRST_COUNTER;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        ff_sealer_facts facts;
        seal_changing(row, sealer, (int)i % 3, 1 + i / 3);
        CHECK_SAME(ff_sealer_read(sealer, &facts), FF_DONE);
        CHECK(facts.next > before); /* each has spent its own */
        before = facts.next;
    }
    ff_sealer_free(sealer);
}

/* open_changing opens apart, where the input changes, or in place. */
static void open_changing(const kit_row *row, const uint8_t *sealed, size_t len,
                          const uint8_t *want, size_t want_len, int over,
                          uint32_t steps)
{
    const ff_extra extra = {.counter = FIRST_COUNTER};
    ff_opener *opener = row_opener(row, 64);
    kit_guarded in = kit_guard(len), out = kit_guard(want_len);
    memcpy(in.at, sealed, len);
    arm(in.at, len, steps);
    int64_t got = ff_open_one(opener, over ? in.at : out.at, want_len, in.at,
                              len, FF_KEY, &extra);
    int was_changed = until_change == 0;
    stand_down();
    CHECK(got <= (int64_t)want_len);
    if (!was_changed)
        CHECK_SAME(got, want_len);
    if (got >= 0 && !over)
        CHECK(memcmp(out.at, want, want_len) == 0);
    for (size_t i = 0; got < 0 && !over && i < want_len; i++)
        CHECK(out.at[i] == 0 || out.at[i] == SENTINEL);
    CHECK(kit_guards_hold(&in) && kit_guards_hold(&out));
    free(in.block);
    free(out.block);
    ff_opener_free(opener);
}

static void open_all(const kit_row *row)
{
    uint8_t frame[MAX_LEN], want[MAX_SEALED], sealed[MAX_SEALED];
    ff_sealer *sealer = row_sealer(row, FIRST_COUNTER);
    size_t len = row_frame(row, frame, FF_KEY, MEDIA);
    size_t want_len = row_canonical(row, want, frame, len);
    int64_t got = ff_seal_one(sealer, sealed, MAX_SEALED, frame, len, FF_KEY,
                              NULL);
    CHECK(got > 0);
    for (uint32_t i = 0; got > 0 && i < ROUNDS; i++)
        open_changing(row, sealed, (size_t)got, want, want_len, (int)i % 2,
                      1 + i / 2);
    ff_sealer_free(sealer);
}

/* Apart, what was verified is what is there: no byte is read again. */
static void test_opening_what_changes(const kit_row *row)
{
    if (!row_has_hmac(row))
        open_all(row);
}

/* HMAC judges before anything is decrypted: what is decrypted then must be what
 * it judged, and not the input read once more. */
static void test_hmac_suites_decrypt_what_they_verified(const kit_row *row)
{
    if (row_has_hmac(row))
        open_all(row);
}

int main(void)
{
    RUN_ROWS(test_sealing_what_changes);
    RUN_ROWS(test_opening_what_changes);
    RUN_ROWS(test_hmac_suites_decrypt_what_they_verified);
    return check_report();
}
