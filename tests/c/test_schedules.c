/* test_schedules.c - key schedules give the keys that the peers use. */
#include "schedule.h"

#include "hex.h"
#include "kit.h"

/* As in schedules/registry.def. */
enum { RAW_KEY, SFRAME, LIVEKIT_PBKDF2, LIVEKIT_HKDF, JITSI, DAVE, NUM };

static ff_secret secret_of(uint32_t schedule, uint32_t suite,
                           const char *material)
{
    ff_secret made = {.schedule = ff_schedule_at(schedule), .suite = suite};
    made.len = (uint32_t)hex_read(made.material, material);
    return made;
}

static int derives(const ff_secret *secret, const char *want)
{
    ff_derived out;
    return secret->schedule->derive(&out, secret) == FF_DONE &&
           hex_same(out.key, ff_suite_key_len(secret->suite), want);
}

static void test_registry_is_in_order(void)
{
    static const char *const names[] = {"raw",  "sframe", "pbkdf2",
                                        "hkdf", "jitsi",  "dave"};
    for (uint32_t i = 0; i < NUM; i++) {
        const ff_schedule *at = ff_schedule_at(i);
        CHECK(strcmp(ff_schedule_name(i), names[i]) == 0);
        CHECK(at->derive != NULL);
        CHECK_SAME(at->step != NULL, i > SFRAME);
        CHECK_SAME(at->makes_salt, i == SFRAME);
        CHECK_SAME(at->is_slow, i == LIVEKIT_PBKDF2);
        CHECK(at->min_len <= at->max_len && at->max_len <= FF_SECRET_MAX);
        CHECK_SAME(at->max_len == 0, i == RAW_KEY); /* the suite's length */
    }
    CHECK(ff_schedule_at(NUM) == NULL);
    CHECK(ff_schedule_name(NUM) == NULL);
}

static void test_raw_material_is_the_key(void)
{
    for (uint32_t suite = 0; suite < FF_NUM_SUITES; suite++) {
        ff_secret secret = secret_of(RAW_KEY, suite, "");
        ff_derived out;
        secret.len = (uint32_t)ff_suite_key_len(suite);
        kit_fill(secret.material, secret.len);
        CHECK_SAME(secret.schedule->derive(&out, &secret), FF_DONE);
        CHECK(memcmp(out.key, secret.material, secret.len) == 0);
        secret.len -= 1;
        CHECK_SAME(secret.schedule->derive(&out, &secret), FF_BAD_ARGUMENT);
    }
}

/* sframe-wg/sframe@3d07d8ff, test-vectors.json (1 to 5) and
 * test-vectors-aes256.json (6 to 8): base key 00 01 .. 0f, KID 0x123. */
static void test_sframe_gives_the_published_keys_and_salts(void)
{
    static const struct {
        uint32_t    suite;
        const char *key, *salt;
    } rows[] = {
        {FF_AES_128_HMAC_80,
         "3f7d9a7c83ae8e1c8a11ae695ab59314b367e359fadac7b9c46b2bc6f81f46e16b96"
         "f0811868d59402b7e870102720b3",
         "50b29329a04dc0f184ac3168"},
        {FF_AES_128_HMAC_64,
         "e2ec5c797540310483b16bf6e7a570d2a27d192fe869c7ccd8584a8d9dab91549fbe"
         "553f5113461ec6aa83bf3865553e",
         "e68ac8dd3d02fbcd368c5577"},
        {FF_AES_128_HMAC_32,
         "2c5703089cbb8c583475e4fc461d97d18809df79b6d550f78eb6d50ffa80d89211d5"
         "7909934f46f5405e38cd583c69fe",
         "38c16e4f5159700c00c7f350"},
        {FF_AES_128_GCM,
         "d34f547f4ca4f9a7447006fe7fcbf768",
         "75234edefe07819026751816"},
        {FF_AES_256_GCM,
         "d3e27b0d4a5ae9e55df01a70e6d4d28d969b246e2936f4b7a5d9b494da6b9633",
         "84991c167b8cd23c93708ec7"},
        {FF_AES_256_HMAC_80,
         "3c343886ec1c79278836863e00fe934c8894460cfa367ebdc4856b0a9268a4f4fb99"
         "437876819394ef90b10ee12602d023f7128ee50f2314c2cc3cff4c56616d2fe03ad2"
         "a254cc2ed29b2a4d3f2534c0dda9e7c391ad1917ea07aa221dd4b224",
         "e082f7ce012ad30c87c49e3f"},
        {FF_AES_256_HMAC_64,
         "7271d6c6cbccd2e2343d480ebea65718a7bb379eefcf3f8d107c1e2a76e755293a49"
         "7fd9e4e8291b965161987ef4ef24983eabb06cb0a392defaab18654780a39c106ffa"
         "4a47d4183a6e593cd0c1bcab2b9c6dcf049215845bfb7580c4dea80e",
         "46b4367993a314910d4d9f3d"},
        {FF_AES_256_HMAC_32,
         "afe92c81e0df8c00fab619e0559fe5aeefce1ef77789d4c728af1b1c1f2e3552c405"
         "d274415a5291ec075c2d9954c450fbd36682a4e978494808b703ce78b409f9fec29b"
         "91e6e703a75c4131377c80c9d51b8906088092452e2593eb142eea2d",
         "f6de647bac1263524cfb6533"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ff_secret secret = secret_of(SFRAME, rows[i].suite,
                                     "000102030405060708090a0b0c0d0e0f");
        ff_derived out;
        secret.key_id = 0x123;
        CHECK_SAME(secret.schedule->derive(&out, &secret), FF_DONE);
        CHECK(hex_same(out.key, ff_suite_key_len(rows[i].suite), rows[i].key));
        CHECK(hex_same(out.salt, FF_NONCE_LEN, rows[i].salt));
    }
}

/* livekit-client@2.23.0's worker, one row per session. */
static void test_livekit_gives_the_keys_of_its_worker(void)
{
    static const struct {
        uint32_t    schedule, suite;
        const char *salt, *material, *key;
    } rows[] = {
        {LIVEKIT_PBKDF2, FF_AES_128_GCM, NULL,
         "666173746672616d6520746573742070617373706872617365",
         "e9e20fe8b93247b540e740498212a75f"},
        {LIVEKIT_PBKDF2, FF_AES_128_GCM, NULL,
         "70c3a4737377c3b6726420e29883",
         "610db8c332e7c0b57adbbf3de6187d3e"},
        {LIVEKIT_PBKDF2, FF_AES_256_GCM, NULL,
         "666173746672616d6520746573742070617373706872617365",
         "e9e20fe8b93247b540e740498212a75f5dae36c191a737aa4304917f19833f84"},
        {LIVEKIT_HKDF, FF_AES_128_GCM, NULL,
         "000102030405060708090a0b0c0d0e0f",
         "4086b4641064e1ae8b63d4eb83ad3e7e"},
        {LIVEKIT_HKDF, FF_AES_128_GCM, NULL,
         "c8c9cacbcccdcecfd0d1d2d3d4d5d6d7",
         "fd73038d0325563af3cb18ef1e228cd0"},
        {LIVEKIT_HKDF, FF_AES_256_GCM, NULL,
         "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
         "6d0dd7b3d6f4efde47ab9a9e15abde7635c45a13bddf5da15eed01f40178d328"},
        {LIVEKIT_HKDF, FF_AES_128_GCM, "my-own-salt",
         "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
         "3b4f263a1e17651984c6323179282320"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ff_secret secret = secret_of(rows[i].schedule, rows[i].suite,
                                     rows[i].material);
        if (rows[i].salt) {
            secret.kdf_salt_len = (uint32_t)strlen(rows[i].salt);
            memcpy(secret.kdf_salt, rows[i].salt, secret.kdf_salt_len);
        }
        CHECK(derives(&secret, rows[i].key));
    }
}

/* -- ratchets -- */

#define NUM_STEPS 4
typedef struct {
    const char *material, *key;
} rung;

/* livekit-client@2.23.0's worker: a sender that ratchets. */
static const rung pbkdf2_rungs[NUM_STEPS] = {
    {"666173746672616d6520746573742070617373706872617365",
     "e9e20fe8b93247b540e740498212a75f"},
    {"e9e20fe8b93247b540e740498212a75f5dae36c191a737aa4304917f19833f84",
     "6d306fef311228dc080ad4cfb5d937ec"},
    {"6d306fef311228dc080ad4cfb5d937ec6bc341d409801755d8173ae8f2e24971",
     "de744e943951f0ceb8587999b59702e0"},
    {"de744e943951f0ceb8587999b59702e0b2b67922fe3820f5fff984da2d904a8e",
     "a5804f2aaeef819c97c8073905603e9f"},
};
static const rung hkdf_rungs[NUM_STEPS] = {
    {"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
     "6d0dd7b3d6f4efde47ab9a9e15abde76"},
    {"6d0dd7b3d6f4efde47ab9a9e15abde7635c45a13bddf5da15eed01f40178d328",
     "bd83f159cff92bfaf55d2d2409c21221"},
    {"bd83f159cff92bfaf55d2d2409c21221da4b6f1d036dc2826e24f14ace70e8cc",
     "9ff4c538fc78315617b77e6dfff19068"},
    {"9ff4c538fc78315617b77e6dfff19068716e8df2ffec2f74a063a4bdcb42539b",
     "7528e14bcd1322d6a2bf946805350efc"},
};
/* jitsi/lib-jitsi-meet@01daa07c, modules/e2ee/Context.ts. */
static const rung jitsi_rungs[NUM_STEPS] = {
    {"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
     "0c0ad9b4d1b64fa17d88099f0747ad0f"},
    {"9cd33ec25c547bf5cfe62de2a08f9b767369d9eeff69fa4964abecf1cbea2a71",
     "fa39c9ee33e42c2f57590a194c1701fd"},
    {"e347bf02dd1314e4039f15930bc322037d002123ea8a8e2f8543cdc86ba5afd1",
     "0bc8a25b903f88f87c1b08542fcdccf3"},
    {"83437c4bdd839139a266711f281babfcbd072fc93bd84f3c3eb2513e2186a24c",
     "a38109a911c2415d6e7773b2cd2f3a29"},
};
/* davey 0.1.7 for the first; the others follow RFC 9420, 9.1, and were
 * computed by an independent implementation. */
static const rung dave_rungs[NUM_STEPS] = {
    {"29f59b08ae14481451d60d1d2213905a",
     "b573655f34ef0c0551569e0edb55a876"},
    {"ef86bb7c2d9e41fb941f9d16924151ced9bb527713e570f39e546f6dc835d966",
     "53e99e2f097ff36e8c98a52b77c239f4"},
    {"072e1081a7ef161988ca3bd1577f98d3826337c99c32f33921fef2709194c330",
     "2e3c46e5e66d7373afa875f0c8f524de"},
    {"197f5fd64dce7d1812e525a1d6930d10fdc91bb85bb8e8ef44a66f710dcdd107",
     "b76e0dc030c446202ce1c9bf8e8e446b"},
};

static void climb(uint32_t schedule, const rung *rungs)
{
    ff_secret secret = secret_of(schedule, FF_AES_128_GCM, rungs[0].material);
    memset(secret.material + secret.len, SENTINEL, FF_SECRET_MAX - secret.len);
    for (uint32_t i = 0; i < NUM_STEPS; i++) {
        CHECK_SAME(secret.step, i);
        CHECK(hex_same(secret.material, secret.len, rungs[i].material));
        CHECK(derives(&secret, rungs[i].key));
        CHECK_SAME(secret.schedule->step(&secret), FF_DONE);
        /* A longer material that came before has left nothing. */
        CHECK_SAME(secret.len, 32);
        CHECK(kit_is_all(secret.material + 32, 0, FF_SECRET_MAX - 32));
    }
}

static void test_ratchets_follow_the_peers(void)
{
    climb(LIVEKIT_PBKDF2, pbkdf2_rungs);
    climb(LIVEKIT_HKDF, hkdf_rungs);
    climb(JITSI, jitsi_rungs);
    climb(DAVE, dave_rungs);
}

static void test_another_dave_sender(void)
{
    ff_secret secret = secret_of(DAVE, FF_AES_128_GCM_8,
                                 "80685c729b0ffad67d6eaaaaaa34682d");
    CHECK(derives(&secret, "4b3e926fb47215363802c905f1c58f9b"));
}

/* -- what is refused -- */

static void refused(uint32_t schedule, uint32_t suite)
{
    ff_secret secret = secret_of(schedule, suite, "000102030405060708090a0b"
                                                  "0c0d0e0f");
    ff_derived out;
    CHECK_SAME(secret.schedule->derive(&out, &secret), FF_BAD_ARGUMENT);
}

static void test_suites_without_a_derivation_are_refused(void)
{
    refused(RAW_KEY, FF_NUM_SUITES);
    refused(SFRAME, FF_AES_128_GCM_8); /* IANA knows no such suite */
    refused(SFRAME, FF_NUM_SUITES);
    refused(DAVE, FF_AES_256_GCM);
}

/* An option that changes nothing would pass for one that does. */
static void test_salt_is_refused_where_the_peer_has_none(void)
{
    for (uint32_t i = 0; i < NUM; i++) {
        ff_secret secret = secret_of(i, FF_AES_128_GCM,
                                     "000102030405060708090a0b0c0d0e0f");
        ff_derived out;
        int is_livekit = i == LIVEKIT_PBKDF2 || i == LIVEKIT_HKDF;
        secret.kdf_salt_len = 1;
        CHECK_SAME(secret.schedule->derive(&out, &secret),
                   is_livekit ? FF_DONE : FF_BAD_ARGUMENT);
    }
}

static void test_dave_generation_stays_within_32_bits(void)
{
    ff_secret secret = secret_of(DAVE, FF_AES_128_GCM, dave_rungs[1].material);
    ff_derived out;
    secret.step = UINT32_MAX;
    CHECK_SAME(secret.schedule->derive(&out, &secret), FF_DONE);
    CHECK_SAME(secret.schedule->step(&secret), FF_DONE);
    ff_secret before = secret;
    CHECK_SAME(secret.schedule->derive(&out, &secret), FF_BAD_ARGUMENT);
    CHECK_SAME(secret.schedule->step(&secret), FF_BAD_ARGUMENT);
    CHECK(memcmp(&before, &secret, sizeof secret) == 0);
}

int main(void)
{
    RUN(test_registry_is_in_order);
    RUN(test_raw_material_is_the_key);
    RUN(test_sframe_gives_the_published_keys_and_salts);
    RUN(test_livekit_gives_the_keys_of_its_worker);
    RUN(test_ratchets_follow_the_peers);
    RUN(test_another_dave_sender);
    RUN(test_suites_without_a_derivation_are_refused);
    RUN(test_salt_is_refused_where_the_peer_has_none);
    RUN(test_dave_generation_stays_within_32_bits);
    return check_report();
}
