/* test_known_answers.c - AES-GCM as NIST and an insertable-streams worker
 * compute it.
 *
 * The NIST rows are Count 7 of the sections with a 96-bit IV in CAVS 14.0,
 * gcmEncryptExtIV128.rsp and gcmEncryptExtIV256.rsp, in the public domain. With
 * format raw, a salt equal to the IV and counter 0 the nonce is the IV.
 */
#include "hex.h"
#include "kit.h"

typedef struct {
    const char *key, *iv, *pt, *ct, *aad, *tag; /* hex; NULL means empty */
} row;

static const row rows[] = {
    {.key = "7658cdbb81572a23a78ee4596f844ee9",
     .iv = "1c3baae9b9065961842cbe52",
     .tag = "70c7123fc819aa060ed2d3c159b6ea41"},
    {.key = "66b2473d9e0121666d47633f7008eb1c",
     .iv = "c1716c68a24d57770b867e51",
     .aad = "c20f686317d67e53dd79bae5c46dc111",
     .tag = "9a08616809cf15247dfeb9756ba4f609"},
    {.key = "0047184240a5948ed55701eac2c4c26c",
     .iv = "a3ab8da22648c2453cdef55b",
     .pt = "89ee9502871be15ee4a8c47ab123bfc9",
     .ct = "8b5cb59e7ad2e15c40d5fbcde28a0d17",
     .tag = "538e79f880e2f65c72148f5ade4080a1"},
    {.key = "fad699fe2dfb8a2b955708ff97b15892",
     .iv = "61d9979bb5dd655e826abf68",
     .pt = "ca88d99b2c88b078a9878fcfde",
     .ct = "bfa286323d4904de8cd21389c0",
     .aad = "7c02b7f2e7be357843a86596d7ba3a87e922bb0a982c32a20e809491c634"
            "3cfee2ee92fa2b6f898ee5b77a9ec5719de356c5e7507b1cac49b06e6fd5"
            "311eb9cf7a0c42b5252ca90632296d12ff5316a56253cc6666fb4d0a38f2",
     .tag = "cf3af80df6bde595d6b5a28d6b7112f1"},
    {.key = "6a3408481a54a1d9231142ffb9fd354f",
     .iv = "bb2fdedd1a33321ace0a5c66",
     .pt = "63c934eeea0dca9732734d800034e57616f4d339aedefd515a829300937e"
           "6d5f",
     .ct = "b413a9c842fa51001b8949aa81dfc10408391892eda84785e72574537853"
           "6d24",
     .aad = "448f17c604cb976cb527b3b1f8d40350420c94545d73ab72a3dc10a32cec"
            "537d78a17d32fe073b329e25bb2d538b5bc1",
     .tag = "1e323d12856a644a86f394f96185a07a"},
    {.key = "382697fc2ca220a5d6a700f7fadbaae5",
     .iv = "3fe9d400d10dc33545d6cc5c",
     .pt = "7d187a1fd4d518197c1e843d613797d4a9fa9da6fe9f773b947dcc0023c4"
           "3e917df575baadea90237d95f88c54692ef8be672e",
     .ct = "8e640b879d473d7ce6689175808b925b6ba1177ad8b0c53208e1b7c63038"
           "44f52c8cae5791d0aeceea028dac107fad5e80866c",
     .aad = "a3cd4b0216378918a46252ca16f2ac9775e993f9",
     .tag = "3849e4fefcecb108f83ddc039a21dd91"},
    {.key = "a1114f8749c72b8cef62e7503f1ad921d33eeede32b0b5b8e0d6807aa233"
            "d0ad",
     .iv = "a190ed3ff2e238be56f90bd6",
     .tag = "c8464d95d540fb191156fbbc1608842a"},
    {.key = "fc4875db84819834b1cb43828d2f0ae3473aa380111c2737e82a9ab11fea"
            "1f19",
     .iv = "da6a684d3ff63a2d109decd6",
     .aad = "91b6fa2ab4de44282ffc86c8cde6e7f5",
     .tag = "504e81d2e7877e4dad6f31cdeb07bdbd"},
    {.key = "0400b42897011fc20fd2280a52ef905d6ebf1b055b48c97067bd786d678e"
            "c4ea",
     .iv = "0abfb0a41496b453358409d9",
     .pt = "20c8230191e35f4e9b269d59cf5521f6",
     .ct = "dd8c38087daffbbb3ebb57ebf5ee5f78",
     .tag = "bfb07aa5049ee350ec6fb1397f37087b"},
    {.key = "f70bb950ab56f12f1efc2376d32a59d16ef3ef5969e0106ab40cc314c9b0"
            "c7e8",
     .iv = "3b3b29ba422c2bacafeeb8b3",
     .pt = "029929277043dc0379f152a484",
     .ct = "c0b97d6d1a95d708d6dc7d2b95",
     .aad = "464ac0c84b9ff17a0e7c39a65f89682a89b8787553a6275f0d55effaabef"
            "2114072c739f9831a5d5a5133ae4de14eb51346b318b255a1bff57e50c43"
            "3e1e69a00fe1a8b6f6b621d515d670d89e148f6b65d6eb4c54878cb819ce",
     .tag = "322eb4395bf4d4dd070b8f9f6195f8ee"},
    {.key = "e8d6ab5e514645dd7e051b028f5bfe624c72f44f30279577365aea65d4a8"
            "a819",
     .iv = "30b0d654ee5b79c2cfb24100",
     .pt = "19be7e0feedd402bf4b05995a38e5f423c033de016e3ae83ea8c3c1cba65"
           "8e1e",
     .ct = "8573800c737d2480b2885ce714ac6a15f23287b1d12949a3d76effbe82b5"
           "93bd",
     .aad = "082e534bf860d0061ec2dad34d6b0db8cba1c651f2c705356ff271e47365"
            "b0b18f8ddb3a3c2269b437fb0703c9ad367a",
     .tag = "50110884292151f51213ccb2fe934d88"},
    {.key = "f1f2c5503ebf35ac1373c29e2305e963f89f6ed015a181b70fb549429805"
            "d5d9",
     .iv = "2fb5c6a24f406872755db05c",
     .pt = "b4a2809198035c277637bb1c2927fb5c60b49ef9087c800012d8663d9979"
           "83fcb78d51a054114a24e1e1b5214b58e7dee47195",
     .ct = "f051a3a968278a46630b2894a0d386c18fa034960d8ddd14e88e1071afbb"
           "ca5baf02967c2270117b4fb2bd4cfd032174505f99",
     .aad = "92c1f3489aed90aedafb55562a34b3f4be29e101",
     .tag = "6f1db5293660b6904f7f008e409bdc06"},
};
#define NUM_ROWS (sizeof rows / sizeof rows[0])

/* The layout of insertable.c, computed by pyca/cryptography: AESGCM(0^16) over
 * "hello", IV de ad be ef and counter 1, AAD 01 for a key frame, key id 7. */
static const char *const insertable_frame =
    "07deadbeef0000000000000001a91ee78fded7b4a4d8ade5df7d1f4b4b52f58a943a";

typedef struct {
    uint8_t key[FF_KEY_MAX], iv[FF_NONCE_LEN];
    uint8_t pt[128], want[128 + FF_TAG_LEN], aad[128];
    size_t  key_len, pt_len, aad_len;
} vector;

static vector load(const row *from)
{
    vector v;
    v.key_len = hex_read(v.key, from->key);
    CHECK_SAME(hex_read(v.iv, from->iv), FF_NONCE_LEN);
    v.pt_len = hex_read(v.pt, from->pt);
    v.aad_len = hex_read(v.aad, from->aad);
    CHECK_SAME(hex_read(v.want, from->ct), v.pt_len);
    CHECK_SAME(hex_read(v.want + v.pt_len, from->tag), FF_TAG_LEN);
    return v;
}

static ff_key key_of(const vector *v)
{
    return (ff_key){.key = v->key,
                    .key_len = v->key_len,
                    .salt = v->iv,
                    .suite = v->key_len == 16 ? AES_128 : AES_256};
}

static ff_sealer *sealer_of(const vector *v, uint64_t counter)
{
    ff_sealer *made = NULL;
    const ff_settings settings = {.format = RAW};
    ff_key key = key_of(v);
    ff_range range = {counter, NO_LIMIT};
    CHECK_SAME(ff_sealer_new(&made, &settings, &key, &range), FF_DONE);
    return kit_need(made);
}

static ff_opener *opener_of(const vector *v)
{
    ff_opener *made = NULL;
    const ff_settings settings = {.format = RAW};
    ff_key key = key_of(v);
    CHECK_SAME(ff_opener_new(&made, &settings), FF_DONE);
    CHECK_SAME(ff_opener_set_key(kit_need(made), &key), FF_DONE);
    return made;
}

static void test_sealing_gives_the_published_bytes(void)
{
    for (size_t i = 0; i < NUM_ROWS; i++) {
        vector v = load(&rows[i]);
        uint8_t out[sizeof v.want];
        size_t len = v.pt_len + FF_TAG_LEN;
        ff_extra extra = {.aad = v.aad, .aad_len = v.aad_len};
        ff_sealer *sealer = sealer_of(&v, 0);
        CHECK_SAME(ff_seal_one(sealer, out, len, v.pt, v.pt_len, 0, &extra),
                   len);
        CHECK(memcmp(out, v.want, len) == 0);
        memcpy(out, v.pt, v.pt_len); /* and in place, with the next counter */
        CHECK_SAME(ff_seal_one(sealer, out, len, out, v.pt_len, 0, &extra),
                   len);
        CHECK(memcmp(out, v.want, len) != 0);
        ff_sealer_free(sealer);
    }
}

static void test_opening_takes_the_published_bytes_and_no_other_aad(void)
{
    for (size_t i = 0; i < NUM_ROWS; i++) {
        vector v = load(&rows[i]);
        uint8_t out[sizeof v.pt];
        size_t len = v.pt_len + FF_TAG_LEN;
        ff_extra extra = {.aad = v.aad, .aad_len = v.aad_len};
        ff_opener *opener = opener_of(&v);
        CHECK_SAME(ff_open_one(opener, out, v.pt_len, v.want, len, 0, &extra),
                   v.pt_len);
        CHECK(memcmp(out, v.pt, v.pt_len) == 0);
        extra.aad_len = v.aad_len ? v.aad_len - 1 : 1;
        v.aad[0] = v.aad_len ? v.aad[0] : 0;
        CHECK_SAME(ff_open_one(opener, out, v.pt_len, v.want, len, 0, &extra),
                   -FF_AUTH_FAILED);
        CHECK(kit_is_all(out, 0, v.pt_len));
        ff_opener_free(opener);
    }
}

/* The salt XOR counter rule: the IV is also reached from another salt. */
static void test_counter_is_xored_into_the_nonce(void)
{
    const uint64_t counter = UINT64_C(0x8000000000000501);
    for (size_t i = 0; i < NUM_ROWS; i++) {
        vector v = load(&rows[i]);
        uint8_t out[sizeof v.want];
        ff_extra extra = {.aad = v.aad, .aad_len = v.aad_len};
        v.iv[4] ^= 0x80;
        v.iv[10] ^= 0x05;
        v.iv[11] ^= 0x01;
        ff_sealer *sealer = sealer_of(&v, counter);
        CHECK(ff_seal_one(sealer, out, sizeof out, v.pt, v.pt_len, 0, &extra) >
              0);
        CHECK(memcmp(out, v.want, v.pt_len + FF_TAG_LEN) == 0);
        ff_sealer_free(sealer);
    }
}

static void test_insertable_layout_byte_for_byte(void)
{
    static const uint8_t zero_key[16] = {0};
    uint8_t want[64], out[64];
    size_t len = hex_read(want, insertable_frame);
    ff_key key = {.id = 7, .key = zero_key, .key_len = 16, .salt = kit_salt};
    ff_range range = {1, NO_LIMIT};
    for (uint32_t format = INSERTABLE; format <= BARE; format++) {
        const ff_settings settings = {.format = format};
        ff_sealer *sealer = NULL;
        size_t skip = format == BARE;
        CHECK_SAME(ff_sealer_new(&sealer, &settings, &key, &range), FF_DONE);
        CHECK_SAME(ff_seal_one(sealer, out, sizeof out,
                               (const uint8_t *)"hello", 5, FF_KEY, NULL),
                   len - skip);
        CHECK(memcmp(out, want + skip, len - skip) == 0);
        ff_sealer_free(sealer);
    }
}

int main(void)
{
    RUN(test_sealing_gives_the_published_bytes);
    RUN(test_opening_takes_the_published_bytes_and_no_other_aad);
    RUN(test_counter_is_xored_into_the_nonce);
    RUN(test_insertable_layout_byte_for_byte);
    return check_report();
}
