"""Known answers for the self-test.

The GCM ones are NIST's (CAVP, CAVS 14.0, gcmEncryptExtIV128.rsp and
gcmEncryptExtIV256.rsp, Count 0 of each pair of lengths named). Those of the
insertable format were computed with an independent implementation on
pyca/cryptography, for want of a peer that publishes any.
"""

from __future__ import annotations

from fastframe.cli.answer import Answer
from fastframe.cli.answers_peers import PEERS

_NIST = (
    Answer(
        "NIST GCM-128, no text, 16 bytes of AAD",
        "raw",
        "AES-128-GCM",
        key="77be63708971c4e240d1cb79e8d77feb",
        iv="e0e00f19fed7ba0136a797f3",
        aad="7a43ec1d9c0a5a78a0b16533a6213cab",
        frame="",
        sealed="209fcc8d3675ed938e9c7166709dd946",
    ),
    Answer(
        "NIST GCM-128, 32 bytes, no AAD",
        "raw",
        "AES-128-GCM",
        key="9971071059abc009e4f2bd69869db338",
        iv="07a9a95ea3821e9c13c63251",
        frame="f54bc3501fed4f6f6dfb5ea80106df0bd836e6826225b75c0222f6e859b35983",
        sealed="0556c159f84ef36cb1602b4526b12009c775611bffb64dc0d9ca9297cd2c6a01"
        "7870d9117f54811a346970f1de090c41",
    ),
    Answer(
        "NIST GCM-128, 51 bytes, 90 of AAD",
        "raw",
        "AES-128-GCM",
        key="2c1f21cf0f6fb3661943155c3e3d8492",
        iv="23cb5ff362e22426984d1907",
        aad="5d3624879d35e46849953e45a32a624d6a6c536ed9857c613b572b0333e701557a713e3f"
        "010ecdf9a6bd6c9e3e44b065208645aff4aabee611b391528514170084ccf587177f4488"
        "f33cfb5e979e42b6e1cfc0a60238982a7aec",
        frame="42f758836986954db44bf37c6ef5e4ac0adaf38f27252a1b82d02ea949c8a1a2dbc0d68b"
        "5615ba7c1220ff6510e259f06655d8",
        sealed="81824f0e0d523db30d3da369fdc0d60894c7a0a20646dd015073ad2732bd989b14a222b6"
        "ad57af43e1895df9dca2a5344a62cc57a3ee28136e94c74838997ae9823f3a",
    ),
    Answer(
        "NIST GCM-256, no text, 16 bytes of AAD",
        "raw",
        "AES-256-GCM",
        key="78dc4e0aaf52d935c3c01eea57428f00ca1fd475f5da86a49c8dd73d68c8e223",
        iv="d79cf22d504cc793c3fb6c8a",
        aad="b96baa8c1c75a671bfb2d08d06be5f36",
        frame="",
        sealed="3e5d486aa2e30b22e040b85723a06e76",
    ),
    Answer(
        "NIST GCM-256, 32 bytes, no AAD",
        "raw",
        "AES-256-GCM",
        key="268ed1b5d7c9c7304f9cae5fc437b4cd3aebe2ec65f0d85c3918d3d3b5bba89b",
        iv="9ed9d8180564e0e945f5e5d4",
        frame="fe29a40d8ebf57262bdb87191d01843f4ca4b2de97d88273154a0b7d9e2fdb80",
        sealed="791a4a026f16f3a5ea06274bf02baab469860abde5e645f3dd473a5acddeecfc"
        "05b2b74db0662550435ef1900e136b15",
    ),
    Answer(
        "NIST GCM-256, 51 bytes, 90 of AAD",
        "raw",
        "AES-256-GCM",
        key="148579a3cbca86d5520d66c0ec71ca5f7e41ba78e56dc6eebd566fed547fe691",
        iv="b08a5ea1927499c6ecbfd4e0",
        aad="e4f963f015ffbb99ee3349bbaf7e8e8e6c2a71c230a48f9d59860a29091d2747e01a5ca5"
        "72347e247d25f56ba7ae8e05cde2be3c97931292c02370208ecd097ef692687fecf2f419"
        "d3200162a6480a57dad408a0dfeb492e2c5d",
        frame="9d0b15fdf1bd595f91f8b3abc0f7dec927dfd4799935a1795d9ce00c9b879434420fe42c"
        "275a7cd7b39d638fb81ca52b49dc41",
        sealed="2097e372950a5e9383c675e89eea1c314f999159f5611344b298cda45e62843716f215f8"
        "2ee663919c64002a5c198d7878fd3fadbecdb0d5c2224d804d2886ff9a5760",
    ),
)

_INSERTABLE_KEY = "000102030405060708090a0b0c0d0e0f"
_INSERTABLE = (
    Answer(
        "insertable, a key frame of 50 bytes",
        "insertable",
        "AES-128-GCM",
        key=_INSERTABLE_KEY,
        iv="2c70e12b7a0646f92279f427",
        frame="5042019d012a80026801000102030405060708090a0b0c0d0e0f101112131415"
        "161718191a1b1c1d1e1f2021222324252627",
        sealed="002c70e12b7a0646f92279f42735d280ebe7705e3259bc975d0cfd7b524acfc9"
        "4441cb11dabd95635a6338239a1772247d822930befee381d34172f0f8b9f8767baf33ca"
        "32e099fca6f5db06340194",
        key_frame=True,
    ),
    Answer(
        "insertable, a delta frame, key id 7",
        "insertable",
        "AES-128-GCM",
        key=_INSERTABLE_KEY,
        iv="4f4a9410ffcdf895c4adb880",
        frame="b1c704000102030405060708090a0b0c0d0e0f10111213",
        sealed="074f4a9410ffcdf895c4adb880d27acc0403bf568ce239d81933763c81f5959e"
        "ffd1ead2c9f1d2a88e25ea4a1f8f3796c4ee9b38",
        key_id=7,
    ),
    Answer(
        "insertable, an empty frame, key id 255",
        "insertable",
        "AES-128-GCM",
        key=_INSERTABLE_KEY,
        iv="2e1cfa82b035c26cbbbdae63",
        frame="",
        sealed="ff2e1cfa82b035c26cbbbdae63977d98175153a24a2534f7ba0d37b9ed",
        key_id=255,
    ),
    Answer(
        "insertable, one byte, key id 1",
        "insertable",
        "AES-128-GCM",
        key=_INSERTABLE_KEY,
        iv="9bf22ae741e999e8c49b804c",
        frame="78",
        sealed="019bf22ae741e999e8c49b804c0fa716f9913328d7f60a0d1d178730084e",
        key_id=1,
    ),
)

# The bare format is the same without the key id in front.
_BARE = tuple(
    Answer(
        answer.name.replace("insertable", "insertable-bare").partition(", key id")[0],
        "insertable-bare",
        answer.suite,
        key=answer.key,
        iv=answer.iv,
        frame=answer.frame,
        sealed=answer.sealed[2:],
        key_frame=answer.key_frame,
    )
    for answer in _INSERTABLE
)

ANSWERS = _NIST + _INSERTABLE + _BARE + PEERS
