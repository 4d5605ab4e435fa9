"""Known answers of the formats that other programs speak.

Each frame was made by the peer's own code: SFrame's are the official vectors
of RFC 9605 and of its 256-bit extension; LiveKit's and Element Call's came out
of livekit-client 2.23.0, Jitsi's out of lib-jitsi-meet, DAVE's out of davey
0.1.7; GetStream's stand in its specification. tests/vectors names the versions.
"""

from __future__ import annotations

from fastframe.cli.answer import Answer

PEERS = (
    Answer(
        "SFrame suite 1",
        "sframe",
        "AES_128_CTR_HMAC_SHA256_80",
        key="000102030405060708090a0b0c0d0e0f",
        iv="000000000000000000004567",
        frame="64726166742d696574662d736672616d652d656e63",
        sealed="9901234567449408b6f490086165b9d6f62b24ae1a59a56486b4ae8ed036b88912e24f1"
        "1",
        key_id=291,
        aad="4945544620534672616d65205747",
    ),
    Answer(
        "SFrame suite 2",
        "sframe",
        "AES_128_CTR_HMAC_SHA256_64",
        key="000102030405060708090a0b0c0d0e0f",
        iv="000000000000000000004567",
        frame="64726166742d696574662d736672616d652d656e63",
        sealed="99012345673f31438db4d09434e43afa0f8a2f00867a2be085046a9f5cb4f101d607",
        key_id=291,
        aad="4945544620534672616d65205747",
    ),
    Answer(
        "SFrame suite 3",
        "sframe",
        "AES_128_CTR_HMAC_SHA256_32",
        key="000102030405060708090a0b0c0d0e0f",
        iv="000000000000000000004567",
        frame="64726166742d696574662d736672616d652d656e63",
        sealed="990123456717fc8af28a5a695afcfc6c8df6358a17e26b2fcb3bae32e443",
        key_id=291,
        aad="4945544620534672616d65205747",
    ),
    Answer(
        "SFrame suite 4",
        "sframe",
        "AES-128-GCM",
        key="000102030405060708090a0b0c0d0e0f",
        iv="000000000000000000004567",
        frame="64726166742d696574662d736672616d652d656e63",
        sealed="9901234567b7412c2513a1b66dbb48841bbaf17f598751176ad847681a69c6d0b091c07"
        "018ce4adb34eb",
        key_id=291,
        aad="4945544620534672616d65205747",
    ),
    Answer(
        "SFrame suite 5",
        "sframe",
        "AES-256-GCM",
        key="000102030405060708090a0b0c0d0e0f",
        iv="000000000000000000004567",
        frame="64726166742d696574662d736672616d652d656e63",
        sealed="990123456794f509d36e9beacb0e261d99c7d1e972f1fed787d4049f17ca21353c1cc24"
        "d56ceabced279",
        key_id=291,
        aad="4945544620534672616d65205747",
    ),
    Answer(
        "SFrame suite 6",
        "sframe",
        "AES_256_CTR_HMAC_SHA512_80",
        key="000102030405060708090a0b0c0d0e0f",
        iv="000000000000000000004567",
        frame="64726166742d696574662d736672616d652d656e63",
        sealed="9901234567b369e03ec6467ad505ddc84914115069280c5c797555be6e32cde6ac25bc9"
        "e",
        key_id=291,
        aad="4945544620534672616d65205747",
    ),
    Answer(
        "SFrame suite 7",
        "sframe",
        "AES_256_CTR_HMAC_SHA512_64",
        key="000102030405060708090a0b0c0d0e0f",
        iv="000000000000000000004567",
        frame="64726166742d696574662d736672616d652d656e63",
        sealed="990123456797cb5644d8831ff8bdc080249990b24b569144cab2a87be22c20d97976",
        key_id=291,
        aad="4945544620534672616d65205747",
    ),
    Answer(
        "SFrame suite 8",
        "sframe",
        "AES_256_CTR_HMAC_SHA512_32",
        key="000102030405060708090a0b0c0d0e0f",
        iv="000000000000000000004567",
        frame="64726166742d696574662d736672616d652d656e63",
        sealed="9901234567112a94a288b85b49ffef1d279f2830165c39d76cac8884011c",
        key_id=291,
        aad="4945544620534672616d65205747",
    ),
    Answer(
        "livekit, vp8-key-exactly-10",
        "livekit",
        "AES-128-GCM",
        key="666173746672616d6520746573742070617373706872617365",
        iv="1234567a00016b490000eb4a",
        frame="5042019d012a80026801",
        sealed="5042019d012a800268016c21c8f6b417741a8125fce78884d5ee1234567a00016b49000"
        "0eb4a0c00",
        codec="vp8",
        key_frame=True,
    ),
    Answer(
        "livekit, opus-toc-only",
        "livekit",
        "AES-128-GCM",
        key="666173746672616d6520746573742070617373706872617365",
        iv="2222222300000780ffff8781",
        frame="78",
        sealed="7876a96d7518cf1d6b849d502c441424a82222222300000780ffff87810c00",
        codec="opus",
    ),
    Answer(
        "livekit, h264-sps-only",
        "livekit",
        "AES-128-GCM",
        key="666173746672616d6520746573742070617373706872617365",
        iv="4444444900015f900000df91",
        frame="000000016742c01f0fd91f888884000003000400000300c83c60c920000000016887cb83"
        "cb20",
        sealed="000000016742c01f0fd9e0b9bc97bcfc889ca123bf4f52e684adca5a4648866daee62e9"
        "f84d0462d7c78b9e86b9294b72e95c0fb74fb4444444900015f900000df910c00",
        codec="h264",
        key_frame=True,
    ),
    Answer(
        "element-call, opus",
        "element-call",
        "AES-128-GCM",
        key="c8c9cacbcccdcecfd0d1d2d3d4d5d6d7",
        iv="22222222000003c0ffff83c1",
        frame="786314de91eee9d5ef857d065afcdd0282f5bc5f6889ec298e193572966b2179d3686ef0"
        "49059bea532b61bed3099fcf2293d82b4424929f3967cfad47",
        sealed="78f8098cdbe6093d83c4a9e661d23c5cc9a85b820cb6b0fa2e0227c3f23aae107fb0fc7"
        "eeac5d133955409f164e784f977a70bb9026427c0fc7d58eeb8b57238e7efd75d3b271f68"
        "b9dfd9eee522222222000003c0ffff83c10cc8",
        key_id=200,
        codec="opus",
    ),
    Answer(
        "livekit-data, a packet",
        "livekit-data",
        "AES-128-GCM",
        key="000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
        iv="000102030405060708090a0b",
        frame="68656c6c6f2064617461206368616e6e656c",
        sealed="000102030405060708090a0b9d296110315fbcedbf6d36c75c2ebd57d33d05dcc0b2b52"
        "ac24bcb1b78b353559cee",
        key_id=2,
        kdf="hkdf",
    ),
    Answer(
        "jitsi, opus",
        "jitsi",
        "AES-128-GCM",
        key="000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
        iv="22222222000003c000007fff",
        frame="7818d7ab2facaf942223af122713925fd21906bf70dc2f456833b18eda2b30d5e08991fb"
        "716722da7a19df1cd03de7e1438066b4c80fc74ee5639cf1e1",
        sealed="7870b92e4e319da16668c5f0e980dd4185d014df4558115291347b69e805ff9998f904b"
        "f4139851ee30e9eee59ba8add7b9e3d25489b64a523155943e297a5eb058ed6893ab90ccb"
        "f3f5239bc822222222000003c000007fff0c00",
        codec="opus",
    ),
    Answer(
        "stream, opus",
        "stream",
        "AES-128-GCM",
        key="000102030405060708090a0b0c0d0e0f",
        iv="111111111111111100000001",
        frame="78aabbccdd",
        sealed="78d02bf795e85c0bed034f7b282ca617cf76d57eb000000001111111111111111100000"
        "101e2eefeed",
        codec="opus",
    ),
    Answer(
        "stream, vp8-keyframe",
        "stream",
        "AES-128-GCM",
        key="000102030405060708090a0b0c0d0e0f",
        iv="111111111111111100000001",
        frame="10111213141516171819aabb",
        sealed="10111213141516171819d02b0484ce4aa2b21a4a83cbfe2ed6511c68000000011111111"
        "11111111100000a01e2eefeed",
        codec="vp8",
        key_frame=True,
    ),
    Answer(
        "stream, h264-idr",
        "stream",
        "AES-128-GCM",
        key="000102030405060708090a0b0c0d0e0f",
        iv="111111111111111100000001",
        frame="00000001658884deadbe",
        sealed="000000016588fe4e96f631df11f57a43ed2003eaad0c5d6db6320000030001111111111"
        "111111100800601e2eefeed",
        codec="h264",
        key_frame=True,
    ),
    Answer(
        "dave, opus",
        "dave",
        "AES-128-GCM-8",
        key="29f59b08ae14481451d60d1d2213905a",
        iv="000000000000000001000000",
        frame="782291d8cdc310411e7ec27378a661c935187c07e4d5636e9bc3c400b27244b8cd3a97f1"
        "1ae651070506a68a02f0e161af37f86cb9078738c370f07e8d",
        sealed="16a3512ecf7f775397f6d9bfa8da312e4d411bcc625815ada9f83bb27de5521df4f119b"
        "10c923c427c645aae5c74fb88dd0b77950f8a3e8df3a536b94f40e20b32cf09e86f010cfa"
        "fa",
        codec="opus",
    ),
    Answer(
        "dave, vp8-delta",
        "dave",
        "AES-128-GCM-8",
        key="29f59b08ae14481451d60d1d2213905a",
        iv="000000000000000004000000",
        frame="31979464a52b2b803afb03c5338aebdc8c3b678358f3d8935a75e844a88c9bf5ba0162c8"
        "dbd2f4e2f0bd83cf2184c78f346df30e7bde5d918d33f08169",
        sealed="3133d68ca6fa3825059c7fdda7d6b4f397008e09ecf913fa62b143087cae842b2e70a5b"
        "4dbc0e26802fb48c0fbec02ae7194b6aea341570cb88d1c8ba055aa6b908e60d3b6040001"
        "0efafa",
        codec="vp8",
    ),
    Answer(
        "dave, av1-padded-leb",
        "dave",
        "AES-128-GCM-8",
        key="29f59b08ae14481451d60d1d2213905a",
        iv="00000000000000000e000000",
        frame="3285007af439b6693214568f9ce8baeaa746f8a5380ceb12c382a5e05e28",
        sealed="320567fd83d421307573d666c1a07bdbbdd93ef191d1fabe52533ebcc7974264404540b"
        "00e0002070110fafa",
        codec="av1",
        opened="32057af439b66930568f9ce8baeaa746f8a5380ceb12c382a5e05e28",
    ),
)
